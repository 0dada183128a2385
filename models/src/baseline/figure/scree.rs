//! Eigenvalues as bars, those kept set apart, with the random ones that parallel analysis compared them with.

use super::canvas::{HEADING_PX, Ink, LABEL_PX, Theme, WIDTH_PX, X_LABELS_PX, Y_LABELS_PX, drawn, figure, text};
use super::scores::number;
use crate::baseline::report::Report;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const SIZE_PX: (u32, u32) = (WIDTH_PX, 400);
/// Eigenvalues shown; the rest are smaller still.
const BARS_MAX: usize = 60;

/// Draws the figure.
pub(super) fn draw(report: &Report, theme: Theme) -> String {
    let values = &report.eigenvalues[..report.eigenvalues.len().min(BARS_MAX)];
    let (n, top) = (values.len() as f64, values[0].max(1.0) * 1.06);
    figure("Eigenvalues", SIZE_PX, theme, |sheet| {
        let heading = |words: &str, at, px, ink| Text::new(words.to_owned(), at, text(px, ink, HPos::Left, VPos::Top));
        drawn(sheet.draw(&heading("Eigenvalues", (78, 10), HEADING_PX, Ink::Text)));
        drawn(sheet.draw(&heading(&detail(report), (196, 12), LABEL_PX, Ink::Muted)));
        let mut chart = drawn(
            ChartBuilder::on(sheet)
                .margin_top(44)
                .margin_right(16)
                .margin_left(8)
                .margin_bottom(8)
                .x_label_area_size(X_LABELS_PX)
                .y_label_area_size(Y_LABELS_PX)
                .build_cartesian_2d(0.5..n + 0.5, 0.0..top),
        );
        drawn(
            chart
                .configure_mesh()
                .disable_x_mesh()
                .bold_line_style(Ink::Grid.colour())
                .light_line_style(TRANSPARENT)
                .axis_style(Ink::Axis.colour())
                .label_style(text(LABEL_PX, Ink::Muted, HPos::Left, VPos::Top))
                .axis_desc_style(text(LABEL_PX, Ink::Text, HPos::Center, VPos::Top))
                .x_desc("component, largest first")
                .y_desc("eigenvalue (squared std deviations)")
                .x_labels(values.len().min(20))
                .x_label_formatter(&|x| format!("{x:.0}"))
                .y_label_formatter(&|y| number(*y))
                .y_labels(6)
                .draw(),
        );
        drawn(chart.draw_series(values.iter().enumerate().map(|(k, value)| {
            let ink = if k < report.n_components { Ink::Good } else { Ink::Rest };
            let x = k as f64 + 1.0;
            Rectangle::new([(x - 0.36, 0.0), (x + 0.36, *value)], ink.colour().filled())
        })));
        if let Some(random) = &report.random_eigenvalues {
            let line = (1..).map(f64::from).zip(random.iter().copied()).take(values.len());
            drawn(chart.draw_series(LineSeries::new(line, Ink::Limit.colour().stroke_width(2))));
        }
    })
}

fn detail(report: &Report) -> String {
    let mut detail = format!(
        "{} of {} kept (blue, on the left)  ·  {:.1} % of the variance",
        report.n_components,
        report.eigenvalues.len(),
        100.0 * report.variance_share
    );
    if report.random_eigenvalues.is_some() {
        detail.push_str("  ·  line: mean of random rows");
    }
    if report.eigenvalues.len() > BARS_MAX {
        detail.push_str(&format!("  ·  first {BARS_MAX} shown"));
    }
    detail
}
