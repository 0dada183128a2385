//! The report as text for a terminal or a log.

use super::options::{Components, Limits, SpeTheory, T2Theory};
use super::report::{Beyond, Contributors, Report};
use super::scores::Scores;
use std::fmt::{self, Write};

/// Contributors that the text names.
const NAMED_MAX: usize = 8;

impl Report {
    /// The report as text, some twenty lines.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out).expect("writing to a string never fails");
        out
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let limit_rows = match self.limit_set.len() {
            0 => String::new(),
            n => format!(", {n} rows in the limit set"),
        };
        writeln!(out, "Baseline from {} rows of {} columns{limit_rows}", self.training.len(), self.columns.len())?;
        writeln!(
            out,
            "  components     {} of {}, {:.1} % of the variance ({})",
            self.n_components,
            self.eigenvalues.len(),
            100.0 * self.variance_share,
            chosen_by(self.components)
        )?;
        writeln!(out, "  limits         {} ({})", limits_text(&self.limits), rule_text(self.rule))?;
        writeln!(out, "  false alarms   training {}", beyond_text(&self.training_beyond))?;
        if let Some(beyond) = &self.limit_beyond {
            writeln!(out, "                 limit set {}", beyond_text(beyond))?;
        }
        writeln!(out, "  highest T²     {}", contributors_text(&self.t2_contributors))?;
        if let Some(contributors) = &self.spe_contributors {
            writeln!(out, "  highest SPE    {}", contributors_text(contributors))?;
        }
        writeln!(out, "  rows           {}", self.rows_text())?;
        for note in &self.notes {
            writeln!(out, "  note           {note}")?;
        }
        Ok(())
    }

    fn rows_text(&self) -> String {
        let outliers: usize = self.quality.columns.iter().map(|c| c.n_outliers).sum();
        let drift = self.quality.columns.iter().max_by(|a, b| a.drift.abs().total_cmp(&b.drift.abs()));
        let drift =
            drift.map_or_else(String::new, |c| format!("; largest drift {:+.2} deviations in {}", c.drift, c.role));
        format!("{outliers} outliers; worth {:.0} independent rows{drift}", self.quality.n_independent())
    }
}

fn chosen_by(components: Components) -> String {
    match components {
        Components::Fixed(_) => "as asked for".to_owned(),
        Components::VarianceShare(share) => format!("fewest for {:.0} %", 100.0 * share),
        Components::ParallelAnalysis { n_sets, seed } => format!("parallel analysis, {n_sets} sets, seed {seed}"),
        Components::AllNonConstant => "no reduction".to_owned(),
    }
}

/// How the limits were set, in words.
pub(super) fn rule_text(rule: Limits) -> String {
    match rule {
        Limits::Theory { confidence, t2, spe } => format!(
            "theory at {} %: {}, {}",
            trimmed(100.0 * confidence),
            match t2 {
                T2Theory::NewRow => "F for a new row",
                T2Theory::KnownMean => "F with known mean",
            },
            match spe {
                SpeTheory::JacksonMudholkar => "Jackson-Mudholkar",
                SpeTheory::Box => "Box",
            }
        ),
        Limits::Rank(1) => "largest of the limit set".to_owned(),
        Limits::Rank(rank) => format!("number {rank} from the top of the limit set"),
        Limits::Quantile(quantile) => format!("{} % quantile", trimmed(100.0 * quantile)),
    }
}

fn limits_text(limits: &Scores) -> String {
    match limits.spe {
        Some(spe) if spe < 1e-3 => format!("T² {:.4}, SPE {spe:.1e}", limits.t2),
        Some(spe) => format!("T² {:.4}, SPE {spe:.4}", limits.t2),
        None => format!("T² {:.4}", limits.t2),
    }
}

fn beyond_text(beyond: &Beyond) -> String {
    let mut text = format!("T² {:.2} %", 100.0 * beyond.t2);
    if let Some(spe) = beyond.spe {
        let _ = write!(text, ", SPE {:.2} %, either {:.2} %", 100.0 * spe, 100.0 * beyond.either);
    }
    text
}

fn contributors_text(contributors: &Contributors) -> String {
    let named = contributors.shares.iter().take(NAMED_MAX).filter(|(_, share)| *share >= 0.01);
    let texts: Vec<String> = named.map(|(role, share)| format!("{role} {:.0} %", 100.0 * share)).collect();
    let rows = match (contributors.beyond, contributors.n_rows) {
        (false, _) => "the highest row, within the limit".to_owned(),
        (true, 1) => "one row beyond the limit".to_owned(),
        (true, n) => format!("{n} rows beyond the limit"),
    };
    format!("{} (mean share in {rows})", texts.join(", "))
}

/// A percentage without trailing zeros and without the rounding of 100 · 0.999.
fn trimmed(percent: f64) -> String {
    let text = format!("{percent:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
