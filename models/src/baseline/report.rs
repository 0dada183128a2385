//! What an engineer reads before trusting a baseline: how well it fits, what it would alarm on, what to look into.

use super::fit::Plane;
use super::options::{Column, Components, LearnOptions, Limits};
use super::quality::RowsQuality;
use super::scores::Scores;
use ndarray::{Array1, ArrayView2};

/// Share of rows that lie beyond their limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beyond {
    /// Share with T² above its limit.
    pub t2: f64,
    /// Share with SPE above its limit; `None` without SPE.
    pub spe: Option<f64>,
    /// Share with either.
    pub either: f64,
}

impl Beyond {
    /// Of scored rows.
    pub fn of(rows: &[Scores], limits: &Scores) -> Self {
        let share =
            |pick: &dyn Fn(&Scores) -> bool| rows.iter().filter(|s| pick(s)).count() as f64 / rows.len().max(1) as f64;
        Self {
            t2: share(&|s| s.t2 > limits.t2),
            spe: limits.spe.map(|limit| share(&|s| s.spe.is_some_and(|spe| spe > limit))),
            either: share(&|s| s.beyond(limits)),
        }
    }
}

/// Which columns make up a score where it is high.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributors {
    /// Rows looked at: those beyond the limit, or the one with the highest score when none is.
    pub n_rows: usize,
    /// Whether those rows are beyond the limit.
    pub beyond: bool,
    /// Column and its mean share of the score, largest first; the shares sum to 1, or to 0 where every score is 0.
    pub shares: Vec<(String, f64)>,
}

/// The report of one baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The columns.
    pub columns: Vec<Column>,
    /// Roles of the columns that are constant and so have no part in the scores.
    pub constant: Vec<String>,
    /// How the components were chosen.
    pub components: Components,
    /// How the limits were set.
    pub rule: Limits,
    /// Components kept.
    pub n_components: usize,
    /// Share of the variance inside the plane.
    pub variance_share: f64,
    /// Whether columns follow each other exactly, so that SPE's limit is the largest that rounding makes.
    pub is_exact: bool,
    /// All eigenvalues, largest first.
    pub eigenvalues: Vec<f64>,
    /// Mean eigenvalues of random rows, when parallel analysis chose.
    pub random_eigenvalues: Option<Vec<f64>>,
    /// The limits.
    pub limits: Scores,
    /// Scores of the training rows.
    pub training: Vec<Scores>,
    /// Scores of the limit set; empty without one.
    pub limit_set: Vec<Scores>,
    /// Training rows beyond the limits: false alarms, since all were good.
    pub training_beyond: Beyond,
    /// Rows of the limit set beyond the limits; `None` without a limit set.
    pub limit_beyond: Option<Beyond>,
    /// What makes T² high.
    pub t2_contributors: Contributors,
    /// What makes SPE high; `None` without SPE.
    pub spe_contributors: Option<Contributors>,
    /// A look at the training rows.
    pub quality: RowsQuality,
    /// What deserves a second look, as sentences.
    pub notes: Vec<String>,
}

/// All that a report is made of.
pub(super) struct Evidence<'a> {
    pub options: &'a LearnOptions,
    pub plane: &'a Plane,
    pub limits: Scores,
    pub training: ArrayView2<'a, f64>,
    pub scored: Vec<Scores>,
    pub limit_set: Option<ArrayView2<'a, f64>>,
    pub scored_set: Option<Vec<Scores>>,
}

impl Report {
    pub(super) fn of(evidence: Evidence<'_>) -> Self {
        let Evidence { options, plane, limits, training, .. } = &evidence;
        let roles: Vec<&str> = options.columns.iter().map(|c| c.role.as_str()).collect();
        let constant = (0..roles.len()).filter(|i| !plane.varying.contains(i)).map(|i| roles[i].to_owned());
        Self {
            columns: options.columns.clone(),
            constant: constant.collect(),
            components: options.components,
            rule: options.limits,
            n_components: plane.n_components,
            variance_share: plane.variance_share(),
            is_exact: plane.is_exact(),
            eigenvalues: plane.eigen.values.to_vec(),
            random_eigenvalues: plane.random_eigenvalues.clone(),
            limits: *limits,
            training_beyond: Beyond::of(&evidence.scored, limits),
            limit_beyond: evidence.scored_set.as_deref().map(|set| Beyond::of(set, limits)),
            t2_contributors: evidence.contributors(&roles, Side::T2, limits.t2),
            spe_contributors: limits.spe.map(|limit| evidence.contributors(&roles, Side::Spe, limit)),
            quality: RowsQuality::of(&options.columns, *training),
            training: evidence.scored,
            limit_set: evidence.scored_set.unwrap_or_default(),
            notes: Vec::new(),
        }
    }
}

/// Which score a contribution belongs to.
#[derive(Clone, Copy)]
enum Side {
    T2,
    Spe,
}

impl Side {
    fn score(self, scores: &Scores) -> f64 {
        match self {
            Self::T2 => scores.t2,
            Self::Spe => scores.spe.unwrap_or(0.0),
        }
    }
}

/// Rows beyond a limit that are looked at for contributors, the highest first: enough for a mean.
const EXPLAINED_ROWS_MAX: usize = 1_000;

impl Evidence<'_> {
    fn contributors(&self, roles: &[&str], side: Side, limit: f64) -> Contributors {
        let mut rows: Vec<(f64, usize)> = self.all_scores().map(|s| side.score(s)).zip(0..).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let n_beyond = rows.iter().take_while(|(score, _)| *score > limit).count().min(EXPLAINED_ROWS_MAX);
        rows.truncate(n_beyond.max(1));
        let mut mean = Array1::<f64>::zeros(roles.len());
        for (score, row) in &rows {
            let explained = self.plane.explain(self.row(*row));
            let parts = match side {
                Side::T2 => explained.t2_contributions,
                Side::Spe => explained.spe_contributions,
            };
            // Columns that follow each other exactly may leave nothing at all off the plane.
            if *score > 0.0 {
                mean += &(parts / (*score * rows.len() as f64));
            }
        }
        let mut shares: Vec<(String, f64)> = roles.iter().map(|r| (*r).to_owned()).zip(mean).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        Contributors { n_rows: rows.len(), beyond: n_beyond > 0, shares }
    }

    fn all_scores(&self) -> impl Iterator<Item = &Scores> {
        self.scored.iter().chain(self.scored_set.iter().flatten())
    }

    fn row(&self, i: usize) -> ndarray::ArrayView1<'_, f64> {
        match (self.limit_set.as_ref(), i.checked_sub(self.training.nrows())) {
            (Some(set), Some(beyond)) => set.row(beyond),
            _ => self.training.row(i),
        }
    }
}
