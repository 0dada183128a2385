//! Contribution bars: which columns make up a score.

use super::canvas::{HEADING_PX, Ink, LABEL_PX, Sheet, Theme, WIDTH_PX, drawn, figure, text};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const PANEL_WIDTH_PX: i32 = WIDTH_PX as i32 / 2;
const HEAD_PX: i32 = 48;
const BAR_PX: i32 = 26;
/// Bars in a panel; the other columns are one line of text.
const BARS_MAX: usize = 12;
/// Room for the names of the columns.
const NAMES_PX: i32 = 190;
/// Characters of a name that fit there.
const NAME_CHARS_MAX: usize = 20;
/// Room for the percentages.
const SHARES_PX: i32 = 70;

/// Contribution bars of one score: column and share, largest first.
pub fn contributions_svg(heading: &str, shares: &[(String, f64)], theme: Theme) -> String {
    draw(&[(heading.to_owned(), shares)], theme)
}

/// Draws panels side by side.
pub(super) fn draw(panels: &[(String, &[(String, f64)])], theme: Theme) -> String {
    let n_bars = panels.iter().map(|(_, shares)| shares.len().min(BARS_MAX)).max().unwrap_or(0) as i32;
    let n_rests = i32::from(panels.iter().any(|(_, shares)| shares.len() > BARS_MAX));
    let size = ((PANEL_WIDTH_PX * panels.len() as i32) as u32, (HEAD_PX + BAR_PX * (n_bars + n_rests) + 12) as u32);
    figure("Contributions", size, theme, |sheet| {
        for (area, (heading, shares)) in sheet.split_evenly((1, panels.len())).iter().zip(panels) {
            let style = text(HEADING_PX, Ink::Text, HPos::Left, VPos::Top);
            drawn(area.draw(&Text::new(heading.clone(), (16, 12), style)));
            let (shown, rest) = shares.split_at(shares.len().min(BARS_MAX));
            bars(area, shown);
            if !rest.is_empty() {
                let share: f64 = rest.iter().map(|(_, share)| share).sum();
                let words = format!("{} other columns: {:.1} %", rest.len(), 100.0 * share);
                let at = (NAMES_PX, HEAD_PX + BARS_MAX as i32 * BAR_PX + BAR_PX / 2);
                drawn(area.draw(&Text::new(words, at, text(LABEL_PX, Ink::Muted, HPos::Left, VPos::Center))));
            }
        }
    })
}

fn bars(area: &Sheet<'_>, rows: &[(String, f64)]) {
    let longest = rows.iter().map(|(_, share)| *share).fold(1e-9, f64::max);
    let room = f64::from(PANEL_WIDTH_PX - NAMES_PX - SHARES_PX - 16);
    for (i, (name, share)) in (0..).zip(rows) {
        let (top, middle) = (HEAD_PX + i * BAR_PX + 3, HEAD_PX + i * BAR_PX + BAR_PX / 2);
        let end = NAMES_PX + (room * share / longest).round() as i32;
        let bar =
            Rectangle::new([(NAMES_PX, top), (end.max(NAMES_PX + 1), top + BAR_PX - 6)], Ink::Good.colour().filled());
        drawn(area.draw(&bar));
        let label = text(LABEL_PX, Ink::Text, HPos::Right, VPos::Center);
        drawn(area.draw(&Text::new(shortened(name), (NAMES_PX - 8, middle), label)));
        let label = text(LABEL_PX, Ink::Muted, HPos::Left, VPos::Center);
        drawn(area.draw(&Text::new(format!("{:.1} %", 100.0 * share), (end + 6, middle), label)));
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let start: String = name.chars().take(NAME_CHARS_MAX - 1).collect();
    format!("{start}…")
}
