//! A missing, wrong or old ONNX Runtime library is an error that says what to do, and a later
//! attempt with the right one works.
//!
//! A program of its own, because a process loads the library once.

#[path = "onnx/kit.rs"]
#[allow(dead_code, reason = "other test programs use other parts of the kit")]
mod kit;

use std::path::{Path, PathBuf};
use std::process::Command;
use takt_models::onnx::{Pack, Runtime, RuntimeError};

fn check(library: &Path, expected: &[&str]) {
    let error = Runtime::load(library, Pack::Cpu).expect_err("must be refused");
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let said = format!("{error} {cause}");
    for e in expected.iter().chain(&["cargo xtask setup"]) {
        assert!(said.contains(e), "expected '{e}' in: {said}");
    }
}

/// A library that calls itself ONNX Runtime of some version, and is nothing else.
fn pretender(dir: &Path, version: &str) -> PathBuf {
    let source = dir.join("pretender.c");
    let text = format!(
        "struct Base {{ const void *(*api)(unsigned); const char *(*version)(void); }};\n\
         static const void *api(unsigned v) {{ (void)v; return 0; }}\n\
         static const char *version(void) {{ return \"{version}\"; }}\n\
         static struct Base base = {{ api, version }};\n\
         const struct Base *OrtGetApiBase(void) {{ return &base; }}\n"
    );
    std::fs::write(&source, text).expect("writes");
    let library = dir.join("libonnxruntime.so.old");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    assert!(built.expect("a C compiler links Rust programs too").success());
    library
}

#[test]
fn every_bad_library_is_named_and_a_good_one_still_loads() {
    let dir = tempfile::tempdir().expect("a folder");
    let missing = dir.path().join("nowhere/libonnxruntime.so");
    check(&missing, &["was not found at", &missing.display().to_string()]);
    check(Path::new("libonnxruntime-that-is-not-here.so"), &["was not found at"]);
    check(dir.path(), &["was not found at"]);

    let text = dir.path().join("libonnxruntime.so");
    std::fs::write(&text, "not a library").expect("writes");
    check(&text, &["not usable as ONNX Runtime 1.24 or newer", "failed to load"]);

    let whole = std::fs::read(kit::library()).expect("the library");
    let cut = dir.path().join("libonnxruntime.so.cut");
    std::fs::write(&cut, &whole[..whole.len() / 3]).expect("writes");
    check(&cut, &["is cut off: it needs at least"]);

    check(&pretender(dir.path(), "1.19.2"), &["not usable as ONNX Runtime 1.24 or newer", "got '1.19.2'"]);

    // A plug-in that is not there: the stock library has none beside it.
    let plain = dir.path().join("libonnxruntime.so.plain");
    std::fs::copy(kit::library(), &plain).expect("copies");
    let error = Runtime::load(&plain, Pack::Qnn).expect_err("no plug-in").to_string();
    assert!(error.contains("libonnxruntime_providers_qnn.so cannot be used"), "{error}");
    assert!(error.contains("cargo xtask setup --provider qnn"), "{error}");

    let runtime = Runtime::load(&plain, Pack::Cpu).expect("the right one loads after all that");
    assert!(runtime.build().contains("ORT Build Info"), "{}", runtime.build());
    assert!(matches!(Runtime::load(&missing, Pack::Cpu), Err(RuntimeError::AlreadyLoaded { .. })));
}
