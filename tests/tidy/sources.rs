//! The project's own Rust files.

use std::path::{Path, PathBuf};

/// One file of the product or its tools.
pub(crate) struct Source {
    /// Path from the repository's root.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
}

impl Source {
    /// The lines before the file's unit tests.
    pub(crate) fn product(&self) -> impl Iterator<Item = &str> {
        self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"))
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).expect("tests/ lies in the root").to_owned()
}

/// Every Rust file outside tests and build folders.
pub(crate) fn sources() -> Vec<Source> {
    let root = root();
    let skip = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        matches!(name.as_str(), "target" | "node_modules" | ".git" | "fuzz" | "examples" | "benches")
            || (name == "tests" && path.parent() != Some(&root) && path.is_dir())
            || path == root.join("tests/tidy")
            || path == root.join("tests/e2e")
            || path == root.join("tests/faults")
    };
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().filter_entry(|e| !skip(e.path())) {
        let entry = entry.expect("the repository can be read");
        if entry.path().extension().is_some_and(|e| e == "rs") {
            let path = entry.path().strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(entry.path()).expect("a source file is UTF-8");
            found.push(Source { path, text });
        }
    }
    assert!(found.len() > 20, "found only {} source files", found.len());
    found
}
