//! What the learner is told: columns, scaling, how many components, which limits.

/// One column of the rows that the baseline learns from: a tag's role, or a feature's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name by which a line binds it; unique within one baseline.
    pub role: String,
    /// The unit of its values; empty for a number without unit.
    pub unit: String,
}

impl Column {
    /// A column by its role and unit.
    pub fn new(role: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { role: role.into(), unit: unit.into() }
    }
}

/// The divisor of the standard deviation that scales a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Divisor {
    /// n − 1 ("ddof = 1"): the sample's standard deviation.
    #[default]
    Sample,
    /// n ("ddof = 0"): the population's standard deviation.
    Population,
}

impl Divisor {
    /// The divisor for `n_rows` rows.
    pub fn of(self, n_rows: usize) -> f64 {
        match self {
            Self::Sample => n_rows as f64 - 1.0,
            Self::Population => n_rows as f64,
        }
    }
}

/// How many principal components span the plane of good production.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Components {
    /// Exactly so many.
    Fixed(usize),
    /// The fewest whose eigenvalues reach this share of the variance, such as 0.85.
    VarianceShare(f64),
    /// Horn's parallel analysis: those whose eigenvalue exceeds the mean eigenvalue of the same rank
    /// of uncorrelated normal rows of the same size (J. L. Horn, Psychometrika 30 (1965) 179–185).
    ParallelAnalysis {
        /// Sets of random rows that are averaged, such as 100.
        n_sets: usize,
        /// Seed of the random rows: the same seed gives the same count.
        seed: u64,
    },
    /// No reduction: T² over all non-constant columns, and no SPE.
    AllNonConstant,
}

/// The form of the T² limit by theory; a is the number of components, n of training rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum T2Theory {
    /// A new row, mean and covariance both estimated from the training rows:
    /// a(n−1)(n+1)/(n(n−a))·F(a, n−a). N. D. Tracy, J. C. Young, R. L. Mason, J. Quality Technology 24
    /// (1992) 88–95, eq. 10; used by Chiang, Russell, Braatz (Springer 2001), ch. 4.
    #[default]
    NewRow,
    /// The mean is known, the covariance estimated with n−1 degrees of freedom: a(n−1)/(n−a)·F(a, n−a).
    /// J. E. Jackson, A User's Guide to Principal Components (Wiley 1991), ch. 1.7.
    KnownMean,
}

/// The form of the SPE limit by theory, from the eigenvalues that the plane leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpeTheory {
    /// J. E. Jackson, G. S. Mudholkar, Technometrics 21 (1979) 341–349, eq. 3.
    #[default]
    JacksonMudholkar,
    /// g·χ²(h) with g = θ₂/θ₁ and h = θ₁²/θ₂. G. E. P. Box, Ann. Math. Statist. 25 (1954) 290–302, theorem 3.1.
    Box,
}

/// Where the control limits come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limits {
    /// By the distribution of the scores of normal, independent rows.
    Theory {
        /// Share of good rows within the limit, such as 0.99: one minus the false-alarm rate.
        confidence: f64,
        /// Form of the T² limit.
        t2: T2Theory,
        /// Form of the SPE limit.
        spe: SpeTheory,
    },
    /// The rank-th largest score of the limit set: 1 is the largest. Without a limit set it is an error.
    Rank(usize),
    /// The quantile of the limit set's scores, with linear interpolation between order statistics (type 7 of
    /// R. J. Hyndman, Y. Fan, The American Statistician 50 (1996) 361–365). Without a limit set the training
    /// rows stand in, which the report says: their scores are a little too small.
    Quantile(f64),
}

impl Limits {
    /// Limits by theory in their usual forms.
    pub fn theory(confidence: f64) -> Self {
        Self::Theory { confidence, t2: T2Theory::default(), spe: SpeTheory::default() }
    }
}

/// What [`learn`](super::learn) is told beside the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnOptions {
    /// One per column of the rows, in their order.
    pub columns: Vec<Column>,
    /// Scaling of the columns.
    pub divisor: Divisor,
    /// How many components.
    pub components: Components,
    /// Where the limits come from.
    pub limits: Limits,
}

impl LearnOptions {
    /// The usual choice: sample scaling, 85 % of the variance, theory limits at 99.9 %.
    pub fn new(columns: Vec<Column>) -> Self {
        Self {
            columns,
            divisor: Divisor::Sample,
            components: Components::VarianceShare(0.85),
            limits: Limits::theory(0.999),
        }
    }
}
