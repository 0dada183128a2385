//! Tidy: how the code reads, measured. Each limit stands in the style guide of the project.

mod layers;
mod shape;
mod sources;

use sources::{Source, sources};

/// No source file is longer, tests apart.
const FILE_LINES_MAX: usize = 500;
/// Half of the files are not longer.
const FILE_LINES_MEDIAN_MAX: usize = 150;
/// No function is longer, tests apart.
const FN_LINES_MAX: usize = 70;

/// Words that say nothing: not used as module or type names.
const EMPTY_WORDS: [&str; 8] = ["state", "data", "info", "manager", "handler", "service", "util", "common"];

fn check(rule: &str, findings: Vec<String>) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

fn lines_where(test: impl Fn(&Source, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources() {
        for (i, line) in source.product().enumerate() {
            if test(&source, line) {
                found.push(format!("{}:{}: {}", source.path, i + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn every_file_opens_with_its_job() {
    let silent = sources().into_iter().filter(|s| !s.text.starts_with("//! "));
    check("a file begins with a `//! ` line that says its job", silent.map(|s| s.path).collect());
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<(usize, String)> = sources().into_iter().map(|s| (s.product().count(), s.path)).collect();
    lengths.sort();
    let long = lengths.iter().filter(|(n, _)| *n > FILE_LINES_MAX);
    check("a file has at most 500 lines", long.map(|(n, path)| format!("{path}: {n}")).collect());
    let median = lengths[lengths.len() / 2].0;
    assert!(median <= FILE_LINES_MEDIAN_MAX, "the median file has {median} lines, at most {FILE_LINES_MEDIAN_MAX}");
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for source in sources() {
        long.extend(shape::functions_over(&source, FN_LINES_MAX));
    }
    check("a function has at most 70 lines", long);
}

#[test]
fn nothing_unwraps_outside_tests() {
    check("no unwrap outside tests", lines_where(|_, line| line.contains(".unwrap()")));
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = ["todo!(", "unimplemented!(", "FIXME", "XXX"];
    check("nothing unfinished", lines_where(|_, line| marks.iter().any(|m| line.contains(m))));
}

#[test]
fn every_channel_is_bounded() {
    let unbounded = ["unbounded_channel", "mpsc::channel()", "flume::unbounded", "async_channel::unbounded"];
    check("no unbounded channel", lines_where(|_, line| unbounded.iter().any(|m| line.contains(m))));
}

#[test]
fn names_say_something() {
    let declares = |line: &str, word: &str| {
        let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        matches!(words.next(), Some("mod" | "struct" | "enum" | "trait" | "type"))
            && words.next().is_some_and(|name| name.eq_ignore_ascii_case(word))
    };
    check(
        "no module or type has a name that says nothing",
        lines_where(|_, line| EMPTY_WORDS.iter().any(|word| declares(line, word))),
    );
}

#[test]
fn no_module_cycle() {
    check("modules of a crate import each other in one direction only", shape::module_cycles(&sources()));
}

#[test]
fn layers_point_down() {
    check("each crate takes only what lies below it", layers::violations());
}

#[test]
fn pure_crates_stay_pure() {
    check("no runtime or serialisation in the pure crates", layers::impure());
}

#[test]
fn one_tls_provider() {
    check("rustls with ring is the only TLS and crypto provider", layers::crypto());
}

#[test]
fn no_path_of_a_machine() {
    let place =
        |line: &str| ["\"/work/", "\"/root/", "\"/home/", " /work/", " /root/"].iter().any(|p| line.contains(p));
    check("no path of one machine in the sources", lines_where(|_, line| place(line)));
}

#[test]
fn the_architecture_page_lists_what_exists() {
    let root = sources::root();
    let page = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let missing = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.contains('/') && !word.contains([' ', ':', '{', '*', '<', '$']) && !word.starts_with('/'))
        .filter(|word| !root.join(word.trim_end_matches('/')).exists())
        .map(String::from)
        .collect();
    check("ARCHITECTURE.md names only paths that exist", missing);
}
