//! The archive: a gzipped tar, written from a list of files and read into a folder, never more than its
//! manifest announces.

use super::error::BackupError;
use super::folder::Folder;
use super::manifest::{self, FileEntry, Manifest};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// What may come after the last file: the tar's end, padded to a record of any usual size.
const TAIL_BYTES_MAX: u64 = 1 << 20;

/// Size and digest of a file.
pub(super) fn entry(place: &str, file: &Path) -> Result<FileEntry, BackupError> {
    let mut hasher = blake3::Hasher::new();
    let hashed = File::open(file).and_then(|file| hasher.update_reader(file).map(|hasher| hasher.count()));
    let n_bytes = hashed.map_err(BackupError::disk("read", file))?;
    Ok(FileEntry { path: place.to_owned(), n_bytes, blake3: hasher.finalize().to_hex().to_string() })
}

/// Writes the manifest and the files, in this order.
pub(super) fn write(manifest: &Manifest, files: &[(String, PathBuf)], to: impl Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(BufWriter::with_capacity(1 << 16, to), Compression::fast()));
    let text = serde_json::to_vec_pretty(manifest)?;
    archive.append_data(&mut header(text.len() as u64), manifest::NAME, text.as_slice())?;
    for ((place, path), entry) in files.iter().zip(&manifest.files) {
        // A file that grew since its digest was taken shows when the backup is read.
        let file = File::open(path)?.take(entry.n_bytes);
        archive.append_data(&mut header(entry.n_bytes), place, file)?;
    }
    archive.into_inner()?.finish()?.into_inner()?.flush()
}

fn header(n_bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(n_bytes);
    header
}

/// Reads an archive into a folder; gives its manifest. Every file is there, and is what the manifest says.
pub(super) fn read(from: impl Read, into: &Folder, free: impl Fn() -> u64) -> Result<Manifest, BackupError> {
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::with_capacity(1 << 16, from)));
    let mut entries = archive.entries().map_err(cut)?;
    let mut first = entries.next().ok_or_else(|| BackupError::unfit("it is empty"))?.map_err(cut)?;
    if first.path_bytes().as_ref() != manifest::NAME.as_bytes() {
        return Err(BackupError::unfit(format!("it does not begin with {}", manifest::NAME)));
    }
    let mut text = Vec::new();
    first.by_ref().take(manifest::BYTES_MAX).read_to_end(&mut text).map_err(cut)?;
    let manifest = Manifest::read(&text)?;
    let (needed, free) = (manifest.n_bytes(), free());
    if needed > free {
        return Err(BackupError::Room { needed, free, folder: into.path().to_path_buf() });
    }
    let mut missing: BTreeSet<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    for entry in entries {
        let mut entry = entry.map_err(cut)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let known = manifest.files.iter().find(|file| file.path == path && missing.contains(path.as_str()));
        let known = known.filter(|file| entry.header().entry_type().is_file() && entry.size() == file.n_bytes);
        let Some(file) = known else {
            return Err(BackupError::unfit(format!("the file '{}' is not what is announced", path.escape_debug())));
        };
        take(&mut entry, file, &into.file(&file.path)?)?;
        missing.remove(file.path.as_str());
    }
    // The checksum of the whole stands at its very end.
    let tail = io::copy(&mut archive.into_inner().take(TAIL_BYTES_MAX), &mut io::sink()).map_err(cut)?;
    match missing.first() {
        Some(path) => Err(BackupError::unfit(format!("'{path}' is missing"))),
        None if tail >= TAIL_BYTES_MAX => Err(BackupError::unfit("something follows its end")),
        None => Ok(manifest),
    }
}

fn take(entry: &mut impl Read, file: &FileEntry, to: &Path) -> Result<(), BackupError> {
    let mut hasher = blake3::Hasher::new();
    let mut written = File::create(to).map_err(BackupError::disk("make", to))?;
    let mut part = vec![0; 1 << 16];
    loop {
        let n = entry.read(&mut part).map_err(cut)?;
        if n == 0 {
            break;
        }
        hasher.update(&part[..n]);
        written.write_all(&part[..n]).map_err(BackupError::disk("write", to))?;
    }
    written.sync_all().map_err(BackupError::disk("write", to))?;
    match hasher.finalize().to_hex().as_str() == file.blake3 && hasher.count() == file.n_bytes {
        true => Ok(()),
        false => Err(BackupError::unfit(format!("'{}' is damaged", file.path))),
    }
}

fn cut(why: io::Error) -> BackupError {
    match why.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::unfit("it is cut off"),
        _ => BackupError::unfit(format!("it is damaged ({why})")),
    }
}
