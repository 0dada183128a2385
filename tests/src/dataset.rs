//! Real industrial data from `TAKT_DATA`, else `../shared/data` beside the repository. Its absence
//! is a failure, not a skip.

use flate2::read::GzDecoder;
use std::io::Read;
use std::path::PathBuf;

/// The path of a file of the data.
///
/// # Panics
/// When it is not there.
pub fn path(name: &str) -> PathBuf {
    let root = std::env::var_os("TAKT_DATA").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let path = root.unwrap_or_else(beside).join(name);
    assert!(path.exists(), "the test data is missing: {} (set TAKT_DATA to its folder)", path.display());
    path
}

/// The text of a gzip file of the data.
pub fn text(name: &str) -> String {
    let file = std::fs::File::open(path(name)).expect("the data can be read");
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("the data is gzip and UTF-8");
    text
}

/// A matrix of blank-separated numbers, one row per line.
pub fn matrix(name: &str) -> Vec<Vec<f64>> {
    let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("{name}: '{word}' is a number"));
    text(name).lines().map(|line| line.split_whitespace().map(number).collect()).collect()
}

/// The Tennessee Eastman Process.
pub mod tep {
    use super::{matrix, path};

    /// Names of its 52 variables in the order of the columns.
    pub fn names() -> Vec<String> {
        let measured = (1..=41).map(|i| format!("xmeas_{i}"));
        measured.chain((1..=11).map(|i| format!("xmv_{i}"))).collect()
    }

    /// The training rows: the last 480 of d00, which is stored transposed.
    pub fn training() -> Vec<Vec<f64>> {
        let columns = matrix("tep/d00.dat.gz");
        assert_eq!((columns.len(), columns[0].len()), (52, 500), "d00 is stored transposed");
        (20..500).map(|row| columns.iter().map(|column| column[row]).collect()).collect()
    }

    /// A test run: 960 rows, the fault from row 161 on.
    pub fn test_run(fault: u32) -> Vec<Vec<f64>> {
        let rows = matrix(&format!("tep/d{fault:02}_te.dat.gz"));
        assert_eq!((rows.len(), rows[0].len()), (960, 52));
        rows
    }

    /// The public faults with their reference missed-detection rates of T² and SPE.
    pub fn reference() -> Vec<(u32, f64, f64)> {
        let mut reader = csv::Reader::from_path(path("tep/faults_and_reference.csv")).expect("the table can be read");
        let record = |row: csv::StringRecord| {
            let cell = |i: usize| row[i].parse::<f64>().expect("a number");
            (row[0].parse().expect("a fault's number"), cell(4), cell(5))
        };
        reader.records().map(|row| record(row.expect("a row"))).collect()
    }
}
