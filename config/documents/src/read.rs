//! Reading documents: every problem of every document, or all of them resolved.

use crate::place::At;
use crate::problem::{Problem, ProblemKind, Problems};
use crate::resolve::resolve;
use crate::resolved::Resolved;
use crate::source::{DOCUMENT_BYTES_MAX, Source};
use crate::tree::{Node, SyntaxError, parse};
use crate::written::decode::{Collector, Written};
use crate::written::document::Document;

/// Errors of notation that one document reports at most: one slip can make many.
const SYNTAX_PROBLEMS_MAX: usize = 20;

/// A document as written, with everything that is wrong with it by itself.
pub(crate) struct ReadDocument {
    pub tree: Node,
    pub document: Option<At<Document>>,
    pub problems: Vec<Problem>,
    broken: bool,
}

/// Reads all documents together.
///
/// # Errors
/// Every problem of every document, by file and line; then nothing is resolved.
pub fn read(sources: &[Source]) -> Result<Resolved, Problems> {
    let mut problems = Problems::default();
    let mut documents = Vec::with_capacity(sources.len());
    let mut broken = false;
    for source in sources {
        let one = read_one(source);
        broken |= one.broken;
        problems.extend(one.problems);
        documents.extend(one.document);
    }
    let (resolved, wrong) = resolve(&documents);
    // What a broken document was about to say is not known, so nothing is called missing.
    let certain = |p: &Problem| !broken || !matches!(p.kind, ProblemKind::Missing | ProblemKind::Reference);
    problems.extend(wrong.into_iter().filter(certain));
    problems.or(resolved)
}

/// Reads one document, without looking at any other.
pub(crate) fn read_one(source: &Source) -> ReadDocument {
    let mut collector = Collector::new(source);
    if source.text.len() > DOCUMENT_BYTES_MAX {
        let what = format!("the document has {} bytes; at most {DOCUMENT_BYTES_MAX} are read", source.text.len());
        collector.report(ProblemKind::Syntax, &(0..0), what, "write many tags as [[lines.tag_groups]], or split it");
        let tree = Node::empty_table();
        return ReadDocument { tree, document: None, problems: collector.into_problems(), broken: true };
    }
    let (tree, errors) = parse(source);
    let document = collector.at::<Document>(&tree);
    let found = collector.into_problems();
    let broken = !errors.is_empty();
    let problems = if broken { certain(source, errors, found) } else { found };
    ReadDocument { tree, document, problems, broken }
}

/// The errors of notation, and of the other problems those that do not follow from them.
fn certain(source: &Source, errors: Vec<SyntaxError>, found: Vec<Problem>) -> Vec<Problem> {
    let mut collector = Collector::new(source);
    for error in errors.into_iter().take(SYNTAX_PROBLEMS_MAX) {
        let hint = "correct the notation here; texts stand in quotes, and each key once";
        collector.report(ProblemKind::Syntax, &error.span, error.what, hint);
    }
    let mut problems = collector.into_problems();
    let lines: Vec<u32> = problems.iter().map(|p| p.place.line).collect();
    let stays = |p: &Problem| p.kind != ProblemKind::Missing && !lines.contains(&p.place.line);
    problems.extend(found.into_iter().filter(stays));
    problems
}

/// The tree of a document without problems of its own, its keys in the order of their declaration.
pub(crate) fn tidy_tree(source: &Source) -> Result<Node, Problems> {
    let mut one = read_one(source);
    Document::tidy(&mut one.tree);
    one.problems.into_iter().collect::<Problems>().or(one.tree)
}
