//! Scores over time: one panel per score, the limit across it, rows beyond the limit marked.

use super::canvas::{HEADING_PX, Ink, LABEL_PX, Sheet, Theme, WIDTH_PX, X_LABELS_PX, Y_LABELS_PX, drawn, figure, text};
use crate::baseline::report::{Beyond, Report};
use crate::baseline::scores::Scores;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const PANEL_PX: u32 = 340;
/// Points along the time axis; of more rows each group shows its smallest and its largest score.
const POINTS_MAX: usize = 1_200;
/// The axis ends at this many limits; higher rows are marked at the edge.
const LIMITS_SHOWN: f64 = 3.0;

/// One score of all rows.
struct Series<'a> {
    name: &'a str,
    /// What its numbers are.
    unit: &'a str,
    values: Vec<f64>,
    limit: f64,
    beyond: Vec<f64>,
}

/// Draws the figure.
pub(super) fn draw(report: &Report, theme: Theme) -> String {
    let all = || report.training.iter().chain(&report.limit_set);
    let series = |(name, unit), pick: fn(&Scores) -> Option<f64>, share: fn(&Beyond) -> Option<f64>| {
        let beyond = [Some(&report.training_beyond), report.limit_beyond.as_ref()];
        let limit = pick(&report.limits)?;
        let shares = beyond.into_iter().flatten().filter_map(share);
        Some(Series { name, unit, values: all().filter_map(pick).collect(), limit, beyond: shares.collect() })
    };
    let panels = [
        series(("T²", "T² (a pure number)"), |s| Some(s.t2), |b| Some(b.t2)),
        series(("SPE", "SPE (squared std deviations)"), |s| s.spe, |b| b.spe),
    ];
    let panels: Vec<Series> = panels.into_iter().flatten().collect();
    let height = PANEL_PX * panels.len() as u32;
    figure("Scores over time with their limits", (WIDTH_PX, height), theme, |sheet| {
        for (area, series) in sheet.split_evenly((panels.len(), 1)).iter().zip(&panels) {
            panel(area, series, report.training.len());
        }
    })
}

fn panel(area: &Sheet<'_>, series: &Series<'_>, n_training: usize) {
    let (n, limit) = (series.values.len() as f64, series.limit);
    let highest = series.values.iter().copied().fold(limit, f64::max);
    let top = highest.min(LIMITS_SHOWN * limit) * 1.06;
    let heading = heading(series, n_training);
    for (words, x, px, ink) in [(series.name, 78, HEADING_PX, Ink::Text), (&heading, 128, LABEL_PX, Ink::Muted)] {
        drawn(area.draw(&Text::new(words.to_owned(), (x, 10), text(px, ink, HPos::Left, VPos::Top))));
    }
    let mut chart = drawn(
        ChartBuilder::on(area)
            .margin_top(56)
            .margin_right(16)
            .margin_left(8)
            .margin_bottom(8)
            .x_label_area_size(X_LABELS_PX)
            .y_label_area_size(Y_LABELS_PX)
            .build_cartesian_2d(0.0..n, 0.0..top),
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
            .x_desc("row, in the order in which the rows were given")
            .y_desc(series.unit)
            .x_labels(10)
            .y_labels(6)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| number(*y))
            .draw(),
    );
    let line = envelope(&series.values).into_iter().map(|(x, y)| (x, y.min(top)));
    drawn(chart.draw_series(LineSeries::new(line, Ink::Good.colour().stroke_width(1))));
    if (n_training as f64) < n {
        let x = n_training as f64;
        drawn(chart.draw_series([PathElement::new([(x, 0.0), (x, top)], Ink::Axis.colour())]));
        let (at, _) = chart.backend_coord(&(x, top));
        let (left, _) = area.get_base_pixel();
        for (words, x, side) in [("training", at - left - 6, HPos::Right), ("limit set", at - left + 6, HPos::Left)] {
            drawn(area.draw(&Text::new(words, (x, 36), text(LABEL_PX, Ink::Muted, side, VPos::Top))));
        }
    }
    let dashes = [(0.0, limit), (n, limit)];
    drawn(chart.draw_series(DashedLineSeries::new(dashes, 7, 4, Ink::Limit.colour().stroke_width(2))));
    let (_, at) = chart.backend_coord(&(0.0, limit));
    let (left, above) = area.get_base_pixel();
    let named = format!("limit {}", number(limit));
    let (right, at) = (chart.backend_coord(&(n, limit)).0 - left - 6, at - above - 4);
    let beyond = (0..).map(f64::from).zip(&series.values).filter(|(_, value)| **value > limit);
    drawn(
        chart.draw_series(
            thinned(beyond.collect())
                .into_iter()
                .map(|(x, value)| Circle::new((x, value.min(top)), 3, Ink::Beyond.colour().filled())),
        ),
    );
    // On paper of its own, or the rows would run through the words.
    let wide = 8 * named.chars().count() as i32;
    drawn(area.draw(&Rectangle::new([(right - wide, at - 17), (right + 4, at)], Ink::Paper.colour().filled())));
    drawn(area.draw(&Text::new(named, (right, at), text(LABEL_PX, Ink::Text, HPos::Right, VPos::Bottom))));
}

/// What stands above a panel.
fn heading(series: &Series<'_>, n_training: usize) -> String {
    let mut detail = String::from("dots: rows beyond the limit");
    let n_limit = series.values.len() - n_training;
    let sets = [(n_training, "training rows"), (n_limit, "rows of the limit set")];
    for (share, (n, words)) in series.beyond.iter().zip(sets) {
        detail.push_str(&format!("  ·  {:.2} % of {n} {words} beyond", 100.0 * share));
    }
    let n_above = series.values.iter().filter(|v| **v > LIMITS_SHOWN * series.limit).count();
    if n_above > 0 {
        detail.push_str(&format!("  ·  {n_above} above the chart"));
    }
    detail
}

/// The values with their places; of each group of a long series the smallest and the largest.
fn envelope(values: &[f64]) -> Vec<(f64, f64)> {
    if values.len() <= POINTS_MAX {
        return (0..).map(f64::from).zip(values.iter().copied()).collect();
    }
    let size = values.len().div_ceil(POINTS_MAX / 2);
    let ends = values.chunks(size).enumerate().flat_map(|(i, group)| {
        let x = (i * size) as f64 + group.len() as f64 / 2.0;
        let low = group.iter().copied().fold(f64::INFINITY, f64::min);
        [(x, low), (x, group.iter().copied().fold(f64::NEG_INFINITY, f64::max))]
    });
    ends.collect()
}

/// The highest rows beyond a limit, at most as many as the line has points.
fn thinned(mut beyond: Vec<(f64, &f64)>) -> Vec<(f64, f64)> {
    beyond.sort_by(|a, b| b.1.total_cmp(a.1));
    beyond.into_iter().take(POINTS_MAX).map(|(x, value)| (x, *value)).collect()
}

/// A number of an axis or a limit: three figures, no trailing zeros, an exponent only where a reader needs it.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 => 0,
        size if !(1e-3..1e6).contains(&size) => return format!("{value:.1e}"),
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_series_keeps_its_extremes() {
        let values: Vec<f64> = (0..100_000).map(|i| if i == 70_001 { 9.0 } else { 1.0 }).collect();
        let points = envelope(&values);
        assert!(points.len() <= POINTS_MAX + 2);
        assert!(points.iter().any(|(x, y)| *y == 9.0 && (x - 70_001.0).abs() < 200.0));
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in
            [(0.0, "0"), (20.0, "20"), (28.907, "28.9"), (1234.5, "1234"), (0.5, "0.5"), (2e-9, "2.0e-9")]
        {
            assert_eq!(number(value), text);
        }
    }
}
