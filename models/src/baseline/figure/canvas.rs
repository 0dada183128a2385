//! The sheet that figures are drawn on: colours for light and dark pages, text sizes, the frame of the SVG.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The page that a figure stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// A light page.
    Light,
    /// A dark page.
    Dark,
    /// What the reader's system prefers.
    #[default]
    Auto,
}

/// What a colour is for. Each has one value for light pages and one for dark ones, and no two share a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Paper,
    Text,
    Muted,
    Grid,
    Axis,
    Good,
    Rest,
    Beyond,
    Limit,
}

impl Ink {
    const ALL: [Self; 9] = [
        Self::Paper,
        Self::Text,
        Self::Muted,
        Self::Grid,
        Self::Axis,
        Self::Good,
        Self::Rest,
        Self::Beyond,
        Self::Limit,
    ];

    /// Light and dark value, as 0xRRGGBB. Contrast to the paper: text above 12:1, muted above 4.5:1, marks above 3:1.
    /// Marks have the blue and the vermilion that people with any colour vision tell apart (M. Okabe, K. Ito, Color
    /// Universal Design, 2008), and nothing is said by colour alone: limits are dashed and named, rows beyond are dots.
    fn pair(self) -> [u32; 2] {
        match self {
            Self::Paper => [0xFDFDFC, 0x1B1C1E],
            Self::Text => [0x1D2126, 0xECEEF0],
            Self::Muted => [0x5C6570, 0x9DA7B3],
            Self::Grid => [0xE6E8EB, 0x2E3136],
            Self::Axis => [0xA9B0B8, 0x5A626C],
            Self::Good => [0x0072B2, 0x56B4E9],
            Self::Rest => [0xB4BEC9, 0x6B7889],
            Self::Beyond => [0xD55E00, 0xE69F00],
            Self::Limit => [0x2B2F36, 0xD6DADF],
        }
    }

    /// The colour on a light page; dark pages replace it in the finished SVG.
    pub(super) fn colour(self) -> RGBColor {
        let [light, _] = self.pair();
        RGBColor((light >> 16) as u8, (light >> 8) as u8, light as u8)
    }
}

/// Size of headings, in pixels.
pub(super) const HEADING_PX: f64 = 17.0;
/// Size of labels, in pixels.
pub(super) const LABEL_PX: f64 = 14.0;
/// Room below a chart for its numbers and what they count.
pub(super) const X_LABELS_PX: u32 = 46;
/// Room beside a chart for its numbers and what they measure.
pub(super) const Y_LABELS_PX: u32 = 70;
/// Width of a figure: a page's, or a screen's without its borders.
pub(super) const WIDTH_PX: u32 = 1200;
/// The SVG backend divides every size by this.
const BACKEND_DIVIDES: f64 = 1.24;

/// The drawing area of a figure.
pub(super) type Sheet<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws a figure of this size, in pixels, and gives the SVG.
pub(super) fn figure(title: &str, size: (u32, u32), theme: Theme, draw: impl FnOnce(&Sheet<'_>)) -> String {
    let mut svg = String::new();
    let sheet = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    drawn(sheet.fill(&Ink::Paper.colour()));
    draw(&sheet);
    drawn(sheet.present());
    drop(sheet);
    dress(&svg, title, theme)
}

/// Takes the result of a drawing call.
pub(super) fn drawn<T, E: std::error::Error + Send + Sync>(result: Result<T, DrawingAreaErrorKind<E>>) -> T {
    result.unwrap_or_else(|e| unreachable!("drawing into a string fails on no device: {e}"))
}

/// A text style of this size and colour, anchored at this corner.
pub(super) fn text<'a>(px: f64, ink: Ink, h: HPos, v: VPos) -> TextStyle<'a> {
    ("sans-serif", px * BACKEND_DIVIDES).into_font().color(&ink.colour()).pos(Pos::new(h, v))
}

/// Adds title and theme to a finished SVG.
fn dress(svg: &str, title: &str, theme: Theme) -> String {
    let hex = |value: u32| format!("#{value:06X}");
    let (head, body) = svg.split_once('>').unwrap_or((svg, ""));
    let extra = match theme {
        Theme::Auto => Ink::ALL.map(Ink::pair).map(|[light, dark]| {
            let (light, dark) = (hex(light), hex(dark));
            format!("[fill=\"{light}\"]{{fill:{dark}}}[stroke=\"{light}\"]{{stroke:{dark}}}")
        }),
        Theme::Light | Theme::Dark => Default::default(),
    };
    let style = match theme {
        Theme::Auto => format!("<style>@media (prefers-color-scheme:dark){{{}}}</style>", extra.concat()),
        Theme::Light | Theme::Dark => String::new(),
    };
    let body = match theme {
        Theme::Dark => Ink::ALL
            .map(Ink::pair)
            .iter()
            .fold(body.to_owned(), |body, [light, dark]| body.replace(&hex(*light), &hex(*dark))),
        Theme::Light | Theme::Auto => body.to_owned(),
    };
    format!("{head} role=\"img\"><title>{title}</title>{style}{body}")
}
