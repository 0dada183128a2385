//! The baseline learner: from rows of good production to an ordinary model package whose ONNX graph does scaling,
//! T², SPE and each tag's contributions.
//!
//! ```
//! use ndarray::Array2;
//! use takt_models::baseline::{Column, Components, LearnOptions, Limits, learn};
//!
//! let rows = Array2::from_shape_fn((60, 3), |(i, j)| ((i * (7 + j) + j * j) % 13) as f64);
//! let columns = ["force", "speed", "power"].map(|role| Column::new(role, "")).to_vec();
//! let options = LearnOptions {
//!     components: Components::Fixed(2),
//!     limits: Limits::theory(0.99),
//!     ..LearnOptions::new(columns)
//! };
//! let learned = learn(&options, rows.view(), None)?;
//! assert!(learned.limits.t2 > 9.0 && learned.limits.spe.is_some());
//! println!("{}", learned.report.text());
//! # Ok::<(), takt_models::baseline::LearnError>(())
//! ```
//!
//! [`learn`] fits a [`Plane`] in f64 and sets the limits; [`graph()`] draws it as ONNX; [`Learned::pack`] adds the
//! manifest and test vectors. Test vectors are synthetic: training rows never travel with a model.

mod components;
mod eigen;
mod error;
mod figure;
mod fit;
mod graph;
mod learn;
mod limits;
mod moments;
mod notes;
mod options;
mod packing;
mod proto;
mod quality;
mod random;
mod report;
mod scores;
mod text;
mod vectors;

pub use eigen::Eigen;
pub use error::{BadCell, LearnError, RowSet};
pub use figure::{InvalidFigure, Theme, contributions_svg, png};
pub use fit::{Explained, Plane};
pub use graph::{Batch, INPUT, SCORES, SPE_CONTRIBUTIONS, T2_CONTRIBUTIONS, graph};
pub use learn::{Learned, learn};
pub use limits::{spe_by_theory, t2_by_theory};
pub use moments::Moments;
pub use options::{Column, Components, Divisor, LearnOptions, Limits, SpeTheory, T2Theory};
pub use packing::{Packing, Source};
pub use quality::{ColumnQuality, OUTLIER_DEVIATIONS, RowsQuality};
pub use report::{Beyond, Contributors, Report};
pub use scores::Scores;
pub use vectors::made_up_windows;
