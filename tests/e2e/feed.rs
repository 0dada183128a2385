//! Rows published as messages, and their verdicts awaited.

use crate::verdicts::{Verdict, read};
use std::time::Duration;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

/// A named cell of a row, as it stands in JSON.
pub(crate) type Cell = (String, String);

/// A message with a time stamp in text and some fields.
pub(crate) fn message(at: &str, cells: &[Cell]) -> String {
    let fields: Vec<String> = cells.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{\"ts\":\"{at}\",{}}}", fields.join(","))
}

/// Verdicts of one consumer, awaited.
pub(crate) struct Verdicts<'a> {
    consumer: &'a Subscriber,
    pub(crate) seen: Vec<Verdict>,
}

impl<'a> Verdicts<'a> {
    pub(crate) fn of(consumer: &'a Subscriber) -> Self {
        Self { consumer, seen: Vec::new() }
    }

    /// Waits for `n` verdicts, then a little longer: more than `n` would be wrong too.
    pub(crate) fn wait(&mut self, n: usize, within: Duration) {
        wait_until(&format!("{n} verdicts, {} so far", self.seen.len()), within, || {
            self.seen.extend(self.consumer.take().iter().map(read));
            (self.seen.len() >= n).then_some(())
        });
        std::thread::sleep(Duration::from_millis(300));
        self.seen.extend(self.consumer.take().iter().map(read));
        assert_eq!(self.seen.len(), n, "exactly one verdict each");
    }
}
