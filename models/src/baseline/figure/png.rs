//! A figure as PNG: the SVG itself, drawn with a font that the program carries, so that a box without
//! fonts gives the same picture.
//!
//! The font is Ubuntu Light as egui ships it (Ubuntu Font Licence 1.0, which allows embedding). Nothing
//! but resvg draws text into a picture without the system's fonts and a browser.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// Pixels of the picture for one of the SVG: sharp in print and on dense screens.
const SCALE: f32 = 2.0;

/// A text that is no figure of ours.
#[derive(Debug, thiserror::Error)]
#[error("this is no figure that can be drawn: {0}; report it with the rows that were learned from")]
pub struct InvalidFigure(String);

/// Draws an SVG that this module made for light paper.
///
/// # Errors
/// The text is no SVG.
pub fn png(svg: &str) -> Result<Vec<u8>, InvalidFigure> {
    let mut options = Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().next().and_then(|face| face.families.first()).map(|(name, _)| name.clone());
    fonts.set_sans_serif_family(family.ok_or_else(|| InvalidFigure("its font is missing".to_owned()))?);
    let tree = Tree::from_str(svg, &options).map_err(|e| InvalidFigure(e.to_string()))?;
    let size = tree.size().to_int_size().scale_by(SCALE);
    let sheet = size.and_then(|size| Pixmap::new(size.width(), size.height()));
    let mut sheet = sheet.ok_or_else(|| InvalidFigure("it has no size".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut sheet.as_mut());
    sheet.encode_png().map_err(|e| InvalidFigure(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Theme, contributions_svg};

    /// The picture of a PNG, and where it is not paper.
    fn pixels(svg: &str) -> Pixmap {
        Pixmap::decode_png(&png(svg).expect("a figure")).expect("a PNG")
    }

    #[test]
    fn the_text_of_a_figure_is_drawn() {
        let shares = [("ram_force".to_owned(), 0.75), ("öl²".to_owned(), 0.25)];
        let svg = contributions_svg("Share of T²", &shares, Theme::Light);
        let with = pixels(&svg);
        // The same without what stands in its text elements.
        let (mut without, mut rest) = (String::new(), svg.as_str());
        while let Some((before, text)) = rest.split_once("<text") {
            let (_, after) = text.split_once("</text>").expect("a text ends");
            without.push_str(before);
            rest = after;
        }
        without.push_str(rest);
        let bare = pixels(&without);
        let (_, width) = svg.split_once("width=\"").expect("it says its size");
        let width: u32 = width.split('"').next().and_then(|width| width.parse().ok()).expect("in pixels");
        assert_eq!((with.width(), with.height()), (2 * width, bare.height()));
        let n_other = with.pixels().iter().zip(bare.pixels()).filter(|(a, b)| a != b).count();
        // Two names, their numbers and a heading of 17 px, at twice the size.
        assert!((2_000..100_000).contains(&n_other), "{n_other} pixels are of text");
        assert!(bare.pixels().iter().any(|pixel| *pixel != bare.pixels()[0]), "bars are drawn as well");
    }

    #[test]
    fn what_is_no_figure_is_told() {
        let said = png("<html>").expect_err("no SVG").to_string();
        assert!(said.contains("no figure that can be drawn"), "{said}");
    }
}
