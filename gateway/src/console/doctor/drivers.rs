//! What a device needs on the box beside the pack: drivers and vendors' libraries, each by name.
//!
//! ONNX Runtime names the first library that it misses; whoever sets a box up wants to know all of
//! them, and the package that brings each. What a provider is linked to is asked of `ldd`, the
//! loader's own words; what it opens only when a graph needs it stands in [`LATER`].

use std::path::{Path, PathBuf};
use std::process::Command;
use takt_models::package::{OpenVinoDevice, Provider};

/// Libraries by the beginning of their name, and what brings them (packages of NVIDIA's and Intel's
/// repositories for Debian and Ubuntu).
const BRINGS: [(&str, &str); 12] = [
    ("libcuda.", "an NVIDIA driver, 580 or newer"),
    ("libcudart.", "CUDA 13: cuda-libraries-13-0"),
    ("libcublas", "CUDA 13: cuda-libraries-13-0"),
    ("libcurand.", "CUDA 13: cuda-libraries-13-0"),
    ("libcufft.", "CUDA 13: cuda-libraries-13-0"),
    ("libnvrtc.", "CUDA 13: cuda-libraries-13-0"),
    ("libcudnn", "cuDNN 9: libcudnn9-cuda-13"),
    ("libnvinfer", "TensorRT 10: libnvinfer10, libnvinfer-plugin10"),
    ("libnvonnxparser", "TensorRT 10: libnvonnxparsers10"),
    ("libOpenCL.", "Intel's graphics driver: intel-opencl-icd"),
    ("libze_loader.", "Level Zero: libze1"),
    ("libze_intel_npu.", "Intel's NPU driver: intel-level-zero-npu"),
];

/// Libraries that a provider opens by name only when it starts or a graph needs them, so that
/// nothing is linked to them (read off the pinned packs).
const LATER: [(Provider, &[&str]); 4] = [
    (Provider::Cuda, &["libcudnn.so.9", "libcufft.so.12", "libnvrtc.so.13"]),
    (Provider::TensorRt, &["libnvinfer_plugin.so.10"]),
    (Provider::OpenVino(OpenVinoDevice::Gpu), &["libOpenCL.so.1"]),
    (Provider::OpenVino(OpenVinoDevice::Npu), &["libze_loader.so.1", "libze_intel_npu.so.1"]),
];

/// What the kernel shows when the device and its driver are there, by any of these paths.
const SHOWN_BY_KERNEL: [(Provider, &[&str], &str); 4] = [
    (Provider::Cuda, &["/dev/nvidia0", "/dev/nvhost-gpu", "/dev/dxg"], "an NVIDIA GPU"),
    (Provider::TensorRt, &["/dev/nvidia0", "/dev/nvhost-gpu", "/dev/dxg"], "an NVIDIA GPU"),
    (Provider::OpenVino(OpenVinoDevice::Gpu), &["/dev/dri/renderD128", "/dev/dxg"], "graphics"),
    (Provider::OpenVino(OpenVinoDevice::Npu), &["/dev/accel/accel0"], "an NPU"),
];

/// Everything that a device lacks on this box, each with what brings it; nothing when all is there
/// or nothing is known.
pub(super) fn missing(provider: Provider, library: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for (_, paths, what) in SHOWN_BY_KERNEL.iter().filter(|(of, ..)| *of == provider) {
        if !paths.iter().any(|path| Path::new(path).exists()) {
            found.push(format!("{what}: the kernel shows no {}", paths[0]));
        }
    }
    let beside = beside(library, provider);
    let linked = beside.iter().flat_map(|file| linked_and_missing(file));
    let later = LATER.iter().filter(|(of, _)| *of == provider).flat_map(|(_, names)| *names);
    let search = Search::of(library);
    let later = later.filter(|name| !search.finds(name)).map(|name| (*name).to_owned());
    let mut names: Vec<String> = linked.chain(later).collect();
    names.sort();
    names.dedup();
    found.extend(names.iter().map(|name| with_what_brings_it(name)));
    found
}

/// The provider's own libraries beside the runtime's.
fn beside(library: &Path, provider: Provider) -> Vec<PathBuf> {
    let names: &[&str] = match provider {
        Provider::Cuda => &["libonnxruntime_providers_cuda.so"],
        // TensorRT gives the nodes that it cannot take to CUDA.
        Provider::TensorRt => &["libonnxruntime_providers_tensorrt.so", "libonnxruntime_providers_cuda.so"],
        _ => &[],
    };
    names.iter().map(|name| library.with_file_name(name)).filter(|file| file.exists()).collect()
}

/// What the loader would not find for a library, by `ldd` (ld.so(8)); nothing where there is no `ldd`.
fn linked_and_missing(library: &Path) -> Vec<String> {
    let said = Command::new("ldd").env("LC_ALL", "C").arg(library).output();
    let text = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default();
    not_found(&text)
}

fn not_found(text: &str) -> Vec<String> {
    let name = |line: &str| line.trim().strip_suffix("=> not found").map(|name| name.trim().to_owned());
    text.lines().filter_map(name).collect()
}

/// Where the loader looks for a library that is opened by name.
struct Search {
    folders: Vec<PathBuf>,
    /// The loader's cache, as `ldconfig -p` prints it.
    cache: String,
}

impl Search {
    fn of(library: &Path) -> Self {
        let written = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&written).collect();
        folders.extend(library.parent().map(Path::to_owned));
        let printed = ["ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig"]
            .iter()
            .find_map(|program| Command::new(program).arg("-p").output().ok());
        let cache = printed.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default();
        Self { folders, cache }
    }

    fn finds(&self, name: &str) -> bool {
        let cached = self.cache.lines().any(|line| line.trim().split(' ').next() == Some(name));
        cached || self.folders.iter().any(|folder| folder.join(name).exists())
    }
}

fn with_what_brings_it(name: &str) -> String {
    match BRINGS.iter().find(|(start, _)| name.starts_with(start)) {
        Some((_, brings)) => format!("{name} ({brings})"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_loader_misses_is_read_and_named() {
        let text = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibcublasLt.so.13 => not found\n\
                    \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\tlibcuda.so.1 => not found\n";
        let names = not_found(text);
        assert_eq!(names, ["libcublasLt.so.13", "libcuda.so.1"]);
        assert_eq!(with_what_brings_it(&names[0]), "libcublasLt.so.13 (CUDA 13: cuda-libraries-13-0)");
        assert_eq!(with_what_brings_it(&names[1]), "libcuda.so.1 (an NVIDIA driver, 580 or newer)");
        assert_eq!(with_what_brings_it("libother.so.2"), "libother.so.2");
    }

    #[test]
    fn every_library_that_is_opened_later_has_a_package() {
        for name in LATER.iter().flat_map(|(_, names)| *names) {
            assert!(with_what_brings_it(name).contains('('), "{name}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_library_beside_the_runtime_is_found_and_one_that_nobody_has_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("libtakt-test.so.1"), "").expect("writes");
        let search = Search::of(&dir.path().join("libonnxruntime.so"));
        assert!(search.finds("libtakt-test.so.1") && !search.finds("libtakt-test.so.2"));
    }
}
