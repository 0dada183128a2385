//! Reading documents: every problem of every document, or all of them resolved.

use crate::place::At;
use crate::problem::{Problem, ProblemKind, Problems};
use crate::resolve::{Found, resolve};
use crate::resolved::{Output, Resolved};
use crate::source::{DOCUMENT_BYTES_MAX, Source};
use crate::tree::{Node, SyntaxError, parse};
use crate::written::decode::{Collector, Written};
use crate::written::document::Document;
use std::collections::HashSet;
use std::sync::Arc;

/// Errors of notation that one document reports at most: one slip can make many.
const SYNTAX_PROBLEMS_MAX: usize = 20;

/// A document as written, with everything that is wrong with it by itself.
pub(crate) struct ReadDocument {
    pub(crate) tree: Node,
    pub(crate) document: Option<At<Document>>,
    pub(crate) problems: Vec<Problem>,
    /// Keys that are not called missing, because something else was said about them.
    told: HashSet<Arc<str>>,
    broken: bool,
}

/// Reads all documents together.
///
/// # Errors
/// Every problem of every document, by file and line; then nothing is resolved.
pub fn read(sources: &[Source]) -> Result<Resolved, Problems> {
    let Seen { resolved, problems, .. } = see(sources, Problems::default());
    problems.or(resolved)
}

/// What could be read of documents, and what is wrong with them. Only for stages that look for more
/// problems: where there is one, nothing of it may be brought into force.
#[derive(Debug)]
pub struct Seen {
    /// What could be resolved. A tag's slot means nothing while there is a problem.
    pub resolved: Resolved,
    /// Outputs of checks that could not be resolved.
    pub outputs: Vec<Output>,
    /// What is wrong so far, not in order.
    pub problems: Problems,
}

/// Reads all documents together as far as they can be read; `unread` is what is wrong with those that
/// could not even be opened.
pub fn see(sources: &[Source], unread: Problems) -> Seen {
    let mut broken = !unread.is_empty();
    let mut problems = unread;
    let mut documents = Vec::with_capacity(sources.len());
    let mut told = HashSet::new();
    for source in sources {
        let one = read_one(source);
        broken |= one.broken;
        told.extend(one.told);
        problems.extend(one.problems);
        documents.extend(one.document);
    }
    let Found { resolved, outputs, problems: wrong } = resolve(&documents);
    // What a broken document was about to say is not known, so nothing is called missing.
    let certain = |p: &Problem| match p.kind {
        ProblemKind::Missing => !broken && !told.contains(&p.place.key),
        ProblemKind::Reference => !broken,
        _ => true,
    };
    problems.extend(wrong.into_iter().filter(certain));
    Seen { resolved, outputs, problems }
}

/// Reads one document, without looking at any other.
pub(crate) fn read_one(source: &Source) -> ReadDocument {
    let mut collector = Collector::new(source);
    if source.text.len() > DOCUMENT_BYTES_MAX {
        let what = format!("the document has {} bytes; at most {DOCUMENT_BYTES_MAX} are read", source.text.len());
        collector.report(ProblemKind::Syntax, &(0..0), what, "write many tags as [[lines.tag_groups]], or split it");
        let (problems, _) = collector.into_problems();
        return ReadDocument {
            tree: Node::empty_table(),
            document: None,
            problems,
            told: HashSet::new(),
            broken: true,
        };
    }
    let (tree, errors) = parse(source);
    let document = collector.at::<Document>(&tree);
    let (found, meant) = collector.into_problems();
    let mut told: HashSet<Arc<str>> = meant.into_iter().map(Arc::from).collect();
    told.extend(found.iter().filter(|p| p.kind != ProblemKind::Missing).map(|p| p.place.key.clone()));
    let slips = syntax_problems(source, errors);
    let broken = !slips.is_empty();
    let on_a_slip = |p: &Problem| slips.iter().any(|slip| slip.place.line == p.place.line);
    // Of the other problems those count that do not follow from a slip or from each other.
    let certain = |p: &Problem| match p.kind {
        ProblemKind::Missing => !broken && !told.contains(&p.place.key),
        _ => !on_a_slip(p),
    };
    let mut problems: Vec<Problem> = found.into_iter().filter(certain).collect();
    problems.extend(slips);
    ReadDocument { tree, document, problems, told, broken }
}

fn syntax_problems(source: &Source, errors: Vec<SyntaxError>) -> Vec<Problem> {
    let mut collector = Collector::new(source);
    for error in errors.into_iter().take(SYNTAX_PROBLEMS_MAX) {
        let hint = "correct the notation here; texts stand in quotes, and each key once";
        collector.report(ProblemKind::Syntax, &error.span, error.what, hint);
    }
    collector.into_problems().0
}

/// The tree of a document without problems of its own, its keys in the order of their declaration.
pub(crate) fn tidy_tree(source: &Source) -> Result<Node, Problems> {
    let mut one = read_one(source);
    Document::tidy(&mut one.tree);
    one.problems.into_iter().collect::<Problems>().or(one.tree)
}
