//! The real data: where it lies, and its files as matrices.

use flate2::read::GzDecoder;
use ndarray::{Array2, Axis};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The folder of real data: `TAKT_DATA`, else `shared/data` beside the repository.
pub fn folder() -> PathBuf {
    let folder = std::env::var_os("TAKT_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    assert!(folder.is_dir(), "no data at {}; set TAKT_DATA to the folder that holds tep/ and skab/", folder.display());
    folder
}

/// The text of a gzipped file of that folder.
pub fn text(name: &str) -> String {
    let path = folder().join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text
}

/// Rows of numbers between blanks.
pub fn matrix(text: &str) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.split_whitespace().map(|n| n.parse().expect("a number")).collect())
        .collect();
    from_rows(&rows)
}

/// A matrix of rows of equal length.
pub fn from_rows(rows: &[Vec<f64>]) -> Array2<f64> {
    let mut all = Array2::zeros((0, rows[0].len()));
    for row in rows {
        all.push(Axis(0), ndarray::aview1(row)).expect("rows of equal length");
    }
    all
}
