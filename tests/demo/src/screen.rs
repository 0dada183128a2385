//! What the demo says: lines that stay, and one line at the bottom that moves where there is a terminal.

use crate::plant::Tally;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// Without a terminal, the tally is said once in so many parts.
const TALLY_EVERY: u64 = 25;

/// The screen.
pub(crate) struct Screen {
    bar: ProgressBar,
    is_terminal: bool,
}

impl Screen {
    /// A screen with nothing at its bottom.
    pub(crate) fn new() -> Self {
        Self { bar: ProgressBar::hidden(), is_terminal: std::io::stderr().is_terminal() }
    }

    /// Says something that stays.
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| println!("{text}"));
    }

    /// Says that the next act begins.
    pub(crate) fn act(&self, text: &str) {
        self.say(&format!("\n▶ {text}"));
    }

    /// Begins a progress bar over `n` parts.
    pub(crate) fn begin_learning(&mut self, n: u64, product: u16) {
        let look = format!("  {{bar:30}} learning: {{pos}} of {{len}} good parts of product {product}  ({{eta}} left)");
        self.set(ProgressBar::new(n), &look);
    }

    /// Moves the progress bar.
    pub(crate) fn learned(&self, n: u64, of: u64, product: u16) {
        self.bar.set_position(n.min(of));
        if !self.is_terminal && n > 0 && n.is_multiple_of(of.div_ceil(4)) {
            println!("  learning: {n} of {of} good parts of product {product}");
        }
    }

    /// Begins a line that shows that something is going on.
    pub(crate) fn begin_waiting(&mut self, what: &str) {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        self.set(bar, "  {spinner} {msg}");
        self.bar.set_message(what.to_owned());
    }

    /// Begins the tally's line.
    pub(crate) fn begin_tally(&mut self) {
        self.set(ProgressBar::new_spinner(), "  {spinner} {msg}");
    }

    /// Shows the tally.
    pub(crate) fn tally(&self, tally: &Tally, now: &str) {
        let Tally { n_parts, n_faulty, n_found, n_missed, n_false, .. } = tally;
        let text = format!(
            "{n_parts} parts · {n_faulty} faulty: {n_found} found, {n_missed} missed · {n_false} false rejects · {now}"
        );
        if !self.is_terminal && *n_parts > 0 && n_parts.is_multiple_of(TALLY_EVERY) {
            println!("  … {text}");
        }
        self.bar.set_message(text);
        self.bar.tick();
    }

    /// Takes the moving line away.
    pub(crate) fn clear(&mut self) {
        self.bar.finish_and_clear();
        self.bar = ProgressBar::hidden();
    }

    fn set(&mut self, bar: ProgressBar, look: &str) {
        self.clear();
        self.bar = bar;
        if let Ok(style) = ProgressStyle::with_template(look) {
            self.bar.set_style(style);
        }
    }
}
