//! Verdicts as a consumer reads them, and what must always hold of them.

use serde_json::Value;
use std::collections::BTreeMap;
use takt_tests::gateway::Gateway;
use takt_tests::subscriber::Message;

/// What the tests look at in a verdict.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
    pub(crate) outcome: String,
    pub(crate) reason: Option<String>,
    pub(crate) part: Value,
    pub(crate) scores: BTreeMap<String, (f64, f64)>,
    pub(crate) window: Value,
    pub(crate) tags: Vec<String>,
}

/// Reads a verdict message.
pub(crate) fn read(message: &Message) -> Verdict {
    let body = &message.payload;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let score = |value: &Value| {
        let number = |key: &str| value[key].as_f64().unwrap_or(f64::NAN);
        (number("value"), number("limit"))
    };
    Verdict {
        epoch: body["epoch"].as_u64().unwrap_or_else(|| panic!("a verdict has an epoch: {body}")),
        seq: body["seq"].as_u64().unwrap_or_else(|| panic!("a verdict has a seq: {body}")),
        outcome: text(&body["verdict"]).expect("a verdict has an outcome"),
        reason: text(&body["reason"]),
        part: body["part"].clone(),
        scores: body["scores"].as_object().into_iter().flatten().map(|(k, v)| (k.clone(), score(v))).collect(),
        window: body["window"].clone(),
        tags: body["contributions"].as_array().into_iter().flatten().filter_map(|c| text(&c["tag"])).collect(),
    }
}

/// The verdicts by number, repetitions left out: a consumer knows one by its number, and it is on the
/// same window.
pub(crate) fn once(verdicts: &[Verdict]) -> Vec<Verdict> {
    let mut seen: BTreeMap<u64, Verdict> = BTreeMap::new();
    for verdict in verdicts {
        let first = seen.entry(verdict.seq).or_insert_with(|| verdict.clone());
        assert_eq!(first.window, verdict.window, "number {} is one window", verdict.seq);
    }
    seen.into_values().collect()
}

/// Exactly one verdict per number, without gap, in order.
pub(crate) fn check_sequence(verdicts: &[Verdict], first: u64) {
    for (verdict, expected) in verdicts.iter().zip(first..) {
        assert_eq!(verdict.seq, expected, "seq rises by one");
    }
}

/// The books of every check close: received = judged + dropped + waiting.
pub(crate) fn check_books(gateway: &Gateway) -> Value {
    let status = gateway.json("/api/v1/status");
    let lines = status["lines"].as_array().expect("lines").clone();
    assert!(!lines.is_empty(), "there are lines: {status}");
    for check in lines.iter().flat_map(|line| line["checks"].as_array().cloned().unwrap_or_default()) {
        let books = &check["books"];
        let n = |key: &str| books[key].as_u64().unwrap_or_else(|| panic!("books have {key}: {check}"));
        assert_eq!(n("received"), n("judged") + n("waiting") + n("dropped"), "the books close: {books}");
    }
    status
}
