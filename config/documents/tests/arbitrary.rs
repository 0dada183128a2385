//! Whatever stands in a document: it is read or refused, and nothing panics.

use proptest::prelude::*;
use takt_config::{Problem, Source, canonical, difference, read};

const GOOD: &str = include_str!("good.toml");
const JSON: &str = include_str!("../../examples/line.json");

/// Reads a document in every way that there is.
fn check(name: &str, bytes: &[u8]) {
    let source = match Source::from_bytes(name, bytes) {
        Ok(source) => source,
        Err(problem) => return told(&problem),
    };
    let alone = canonical(&source);
    let _ = difference(&source, &Source::new("good.toml", GOOD));
    match read(std::slice::from_ref(&source)) {
        Ok(_) => {
            let text = alone.expect("a document that resolves has no problem of its own");
            let again = read(&[Source::new("again.toml", text.as_str())]);
            assert!(again.is_ok(), "a canonical text reads back: {again:?}\n{text}");
        }
        Err(problems) => problems.iter().for_each(told),
    }
}

/// A problem says where it is and what to try.
fn told(problem: &Problem) {
    assert!(problem.place.line >= 1 && problem.place.column >= 1, "{problem}");
    assert!(!problem.what.is_empty() && !problem.hint.is_empty(), "{problem}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), json in any::<bool>()) {
        check(if json { "a.json" } else { "a.toml" }, &bytes);
    }

    #[test]
    fn characters_of_the_notations(text in "[\\[\\]{}=:,.\"'#\\\\\\-+ \n\ta-z0-9é]{0,120}", json in any::<bool>()) {
        check(if json { "a.json" } else { "a.toml" }, text.as_bytes());
    }

    #[test]
    fn a_good_document_with_a_piece_replaced(
        from in 0..GOOD.len().min(JSON.len()),
        length in 0..40_usize,
        by in "[\\[\\]{}=:,.\"a-z0-9 \n-]{0,12}",
        json in any::<bool>(),
    ) {
        let (name, good) = if json { ("a.json", JSON) } else { ("a.toml", GOOD) };
        let to = (from + length).min(good.len());
        let mut text = good.as_bytes().to_vec();
        text.splice(from..to, by.bytes());
        check(name, &text);
    }

    #[test]
    fn a_value_of_another_sort(line in 0..40_usize, value in "(true|-?[0-9]{1,25}|[0-9]\\.[0-9]e[0-9]{1,4}|nan|inf|\"[a-z*{}.0-9:/]{0,8}\"|\\[\\]|\\{\\}|\\[[0-9], \"a\"\\]|1979-05-27|\\{ kind = 3, id = \\[\\] \\})") {
        let replaced = |(i, text): (usize, &str)| match text.split_once(" = ") {
            Some((key, _)) if i == line => format!("{key} = {value}\n"),
            _ => format!("{text}\n"),
        };
        let text: String = GOOD.lines().enumerate().map(replaced).collect();
        check("a.toml", text.as_bytes());
    }
}

#[test]
fn deep_and_long_documents_are_refused_in_bounded_time() {
    for (name, text) in [
        ("a.toml", format!("a = {}", "[".repeat(100_000))),
        ("a.toml", format!("a{} = 1", ".a".repeat(100_000))),
        ("a.toml", format!("[{}a]", "a.".repeat(100_000))),
        ("a.toml", "[[lines]]\n".repeat(20_000)),
        ("a.toml", format!("name = \"{}\"", "x".repeat(1_000_000))),
        (
            "a.toml",
            "[[lines]]\nid = \"a\"\n[[lines.tag_groups]]\nnames = [\"x_{0..4294967295}\"]\nsource = {}\n".into(),
        ),
        ("a.json", "[".repeat(100_000)),
        ("a.json", "{\"a\":".repeat(100_000)),
        ("a.json", format!("{{\"lines\":[{}{{}}]}}", "{},".repeat(20_000))),
    ] {
        let problems = read(&[Source::new(name, text.as_str())]).expect_err("no document");
        assert!(!problems.is_empty());
        problems.iter().for_each(told);
    }
}
