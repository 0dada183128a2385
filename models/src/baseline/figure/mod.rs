//! The report's figures as SVG: scores over time, eigenvalues, contribution bars. For light and dark pages.

mod bars;
mod canvas;
mod png;
mod scores;
mod scree;

pub use bars::contributions_svg;
pub use canvas::Theme;
pub use png::{InvalidFigure, png};

use super::report::{Contributors, Report};

impl Report {
    /// Scores over time with their limits: the training rows, then the limit set.
    pub fn scores_svg(&self, theme: Theme) -> String {
        scores::draw(self, theme)
    }

    /// Eigenvalues, those kept set apart, with what random rows would give where parallel analysis chose.
    pub fn eigenvalues_svg(&self, theme: Theme) -> String {
        scree::draw(self, theme)
    }

    /// What makes T² and SPE high where they are, by column.
    pub fn contributions_svg(&self, theme: Theme) -> String {
        let mut panels = vec![(heading("T²", &self.t2_contributors), self.t2_contributors.shares.as_slice())];
        if let Some(spe) = &self.spe_contributors {
            panels.push((heading("SPE", spe), spe.shares.as_slice()));
        }
        bars::draw(&panels, theme)
    }
}

fn heading(score: &str, contributors: &Contributors) -> String {
    match (contributors.beyond, contributors.n_rows) {
        (false, _) => format!("Share of {score}, highest row (within the limit)"),
        (true, 1) => format!("Share of {score}, the row beyond its limit"),
        (true, n) => format!("Mean share of {score}, {n} rows beyond its limit"),
    }
}
