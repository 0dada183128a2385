//! Lengths of functions and the directions of imports, read off the text.

use crate::sources::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Functions longer than `limit` lines, as `path:line: n`.
pub(crate) fn functions_over(source: &Source, limit: usize) -> Vec<String> {
    let lines: Vec<&str> = source.product().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        if !is_function(body) {
            continue;
        }
        let close =
            |l: &&str| l.len() == indent + 1 && l.trim_start() == "}" && l.len() - l.trim_start().len() == indent;
        let end = lines[start..].iter().position(close).unwrap_or(0);
        if end + 1 > limit {
            found.push(format!("{}:{}: {} lines", source.path, start + 1, end + 1));
        }
    }
    found
}

fn is_function(body: &str) -> bool {
    let mut words = body.split_whitespace().map(|w| w.split('(').next().unwrap_or(w));
    words.find(|w| !matches!(*w, "pub" | "const" | "async" | "unsafe")).is_some_and(|w| w == "fn")
}

/// Pairs of top-level modules of one crate that reach each other, as `crate: a -> b -> a`.
pub(crate) fn module_cycles(sources: &[Source]) -> Vec<String> {
    let mut crates: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for source in sources {
        let Some((krate, rest)) = source.path.split_once("/src/") else { continue };
        let from = rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs").to_owned();
        if matches!(from.as_str(), "lib" | "main") {
            continue;
        }
        let edges = crates.entry(krate.to_owned()).or_default().entry(from.clone()).or_default();
        edges.extend(imports(source).into_iter().filter(|to| *to != from));
    }
    let mut found = Vec::new();
    for (krate, graph) in &crates {
        for start in graph.keys() {
            if reaches(graph, start, start) {
                found.push(format!("{krate}: {start} reaches itself"));
            }
        }
    }
    found
}

fn imports(source: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let text: String = source.product().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    for part in text.split("crate::").skip(1) {
        if let Some(list) = part.strip_prefix('{') {
            let list = list.split("};").next().unwrap_or(list);
            let mut depth = 0;
            let mut word = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.extend(first_module(&std::mem::take(&mut word))),
                    c => word.push(c),
                }
            }
            found.extend(first_module(&word));
        } else {
            found.extend(first_module(part));
        }
    }
    found
}

fn first_module(path: &str) -> Option<String> {
    let word: String = path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    word.starts_with(|c: char| c.is_lowercase()).then_some(word)
}

fn reaches(graph: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = graph.get(from).into_iter().flatten().map(String::as_str).collect();
    while let Some(module) = open.pop() {
        if module == to {
            return true;
        }
        if seen.insert(module) {
            open.extend(graph.get(module).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

#[test]
fn a_long_function_is_found() {
    let body = "    line();\n".repeat(80);
    let source =
        Source { path: "a.rs".into(), text: format!("//! A.\npub async fn long() {{\n{body}}}\nfn short() {{\n}}\n") };
    assert_eq!(functions_over(&source, 70), vec!["a.rs:2: 82 lines".to_owned()]);
}

#[test]
fn a_cycle_is_found() {
    let file = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let cycle = [file("x/src/a.rs", "use crate::b::B;"), file("x/src/b/c.rs", "use crate::{a::A, d};")];
    assert_eq!(module_cycles(&cycle).len(), 2);
    let line = [file("x/src/a.rs", "use crate::b::B;"), file("x/src/b.rs", "use crate::d;")];
    assert!(module_cycles(&line).is_empty());
}
