//! A model package from somebody: the archive as bytes, or a manifest and a vector in a well-made one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use takt_fuzz::package::{Digest, Package};
use tar::{EntryType, Header};

/// An archive with the header that the reader wants, around texts that it may not want.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in entries {
        let mut header = Header::new_ustar();
        header.set_path(name).expect("a short name");
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    if kind & 1 == 0 {
        let _ = Package::open(rest);
        return;
    }
    // The manifest, a NUL, the vector. The listing of digests is made right, or nothing would get past it.
    let cut = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
    let (manifest, vector) = (&rest[..cut], rest.get(cut + 1..).unwrap_or_default());
    let mut manifest = String::from_utf8_lossy(manifest).into_owned();
    if let Some(at) = manifest.find("[files]") {
        manifest.truncate(at);
    }
    let (graph, vector) = (b"graph".as_slice(), vector);
    manifest.push_str(&format!(
        "\n[files]\n\"model.onnx\" = \"{}\"\n\"vectors/0001.json\" = \"{}\"\n",
        Digest::of(graph),
        Digest::of(vector)
    ));
    let made = archive(&[("model.toml", manifest.as_bytes()), ("model.onnx", graph), ("vectors/0001.json", vector)]);
    if let Ok(package) = Package::open(&made) {
        let again = Package::pack(package.manifest(), package.model(), package.vectors()).expect("packs what it opened");
        let opened = Package::open(&again).expect("opens what it packed");
        assert_eq!(opened.manifest(), package.manifest());
    }
});
