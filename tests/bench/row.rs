//! One promise and what was seen of it, as a line that `cargo xtask bench` collects into its table.

/// One promise, measured.
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// The limit that was measured beside it in the same run.
    pub(crate) against: String,
    /// What was promised.
    pub(crate) target: String,
    /// What was seen: median and spread.
    pub(crate) seen: String,
    /// Whether the promise holds; `None` where there is only a report.
    pub(crate) holds: Option<bool>,
}

impl Row {
    /// A figure without a promise.
    pub(crate) fn report(what: &str, seen: String) -> Self {
        Self { what: what.into(), against: "–".into(), target: "report".into(), seen, holds: None }
    }

    /// Prints it, tab-separated.
    pub(crate) fn print(&self) {
        let holds = match self.holds {
            Some(true) => "yes",
            Some(false) => "no",
            None => "–",
        };
        println!("row\t{}\t{}\t{}\t{}\t{holds}", self.what, self.against, self.target, self.seen);
    }
}
