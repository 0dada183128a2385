//! A configuration document, TOML or JSON by its first byte: read, or refused with places and hints;
//! what is read has a canonical text that means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use takt_config::{Source, canonical, difference, digest, read};
use takt_fuzz as _;

const GOOD: &str = include_str!("../../../config/documents/tests/good.toml");

fuzz_target!(|bytes: &[u8]| {
    let Some((notation, text)) = bytes.split_first() else { return };
    let name = if notation & 1 == 0 { "a.toml" } else { "a.json" };
    let source = match Source::from_bytes(name, text) {
        Ok(source) => source,
        Err(problem) => return assert!(!problem.hint.is_empty()),
    };
    let _ = difference(&source, &Source::new("good.toml", GOOD));
    let alone = canonical(&source);
    match read(std::slice::from_ref(&source)) {
        Ok(_) => {
            let text = alone.expect("a document that resolves has no problem of its own");
            let again = Source::new("again.toml", text.as_str());
            assert!(read(std::slice::from_ref(&again)).is_ok(), "a canonical text reads back");
            let twice = canonical(&again).expect("a canonical text is a document");
            assert_eq!(digest(&twice), digest(&text), "canonical means once and for all");
        }
        Err(problems) => {
            for problem in problems.iter() {
                assert!(problem.place.line >= 1 && !problem.what.is_empty() && !problem.hint.is_empty(), "{problem}");
            }
        }
    }
});
