//! What deserves a second look in a learned baseline, as sentences with a number in each.

use super::options::Limits;
use super::report::Report;

/// Drift between the halves of the training rows, in standard deviations, that is worth a note.
const DRIFT_NOTED: f64 = 1.0;
/// Share of outliers in a column that is worth a note.
const OUTLIERS_NOTED: f64 = 0.01;
/// Times the expected false alarms that are worth a note.
const ALARMS_NOTED: f64 = 3.0;
/// Independent rows per column below which a covariance is uncertain.
const INDEPENDENT_PER_COLUMN: f64 = 5.0;

/// The notes of a report.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if !report.constant.is_empty() {
        notes.push(format!(
            "Constant in training, so without a part in the scores: {}. A change of theirs will not be seen.",
            report.constant.join(", ")
        ));
    }
    if report.limits.spe.is_none() {
        notes.push("No SPE: the components take in all the variance, so only T² is judged.".to_owned());
    }
    if report.is_exact {
        notes.push(
            "Columns follow each other exactly, so the limit of SPE is what rounding makes: any break of their \
             relation fails. If a relation holds only by chance in these rows, leave out one of its columns."
                .to_owned(),
        );
    }
    if matches!(report.rule, Limits::Quantile(_)) && report.limit_set.is_empty() {
        notes.push(
            "The limits come from the training rows themselves, whose scores are a little too small; \
             rows of another day make better limits."
                .to_owned(),
        );
    }
    notes.extend(alarms(report));
    notes.extend(rows(report));
    notes
}

/// False alarms far from what the theory promised.
fn alarms(report: &Report) -> Option<String> {
    let Limits::Theory { confidence, .. } = report.rule else { return None };
    let (seen, rows) = report.limit_beyond.map_or((report.training_beyond, "training rows"), |b| (b, "limit set"));
    let worst = seen.t2.max(seen.spe.unwrap_or(0.0));
    let expected = 1.0 - confidence;
    (worst > ALARMS_NOTED * expected).then(|| {
        format!(
            "{:.2} % of the {rows} lie beyond a limit that theory sets for {:.2} %: these rows are not normal and \
             independent; limits by rank or quantile would fit them.",
            100.0 * worst,
            100.0 * expected
        )
    })
}

/// What the rows themselves show.
fn rows(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    let quality = &report.quality;
    let needed = INDEPENDENT_PER_COLUMN * report.eigenvalues.len() as f64;
    if quality.n_independent() < needed {
        notes.push(format!(
            "{} rows follow each other so closely that they tell as much as {:.0} independent ones; {needed:.0} \
             would be good for {} columns. Learn from a longer period.",
            quality.n_rows,
            quality.n_independent(),
            report.eigenvalues.len()
        ));
    }
    let named = |pick: &dyn Fn(&super::quality::ColumnQuality) -> Option<String>| {
        let texts: Vec<String> = quality.columns.iter().filter_map(pick).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let drift = |c: &super::quality::ColumnQuality| {
        (c.drift.abs() > DRIFT_NOTED).then(|| format!("{} ({:+.1} deviations)", c.role, c.drift))
    };
    if let Some(text) = named(&drift) {
        notes.push(format!("Drifts between the first and the second half: {text}. Is the whole period good?"));
    }
    let outliers = |c: &super::quality::ColumnQuality| {
        let share = c.n_outliers as f64 / quality.n_rows as f64;
        (share > OUTLIERS_NOTED).then(|| format!("{} ({:.1} %)", c.role, 100.0 * share))
    };
    if let Some(text) = named(&outliers) {
        notes.push(format!("Far from the median unusually often: {text}. Look for steps or sensor faults."));
    }
    notes
}
