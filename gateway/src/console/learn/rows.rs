//! Rows of good production from a CSV file.

use crate::learn::Taken;
use anyhow::{Context, Result, bail};
use ndarray::Array2;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use takt_models::baseline::{Column, Source};

/// Largest table in cells: 400 MB of numbers. A baseline needs a hundred rows a column, not millions.
const CELLS_MAX: usize = 50_000_000;

/// Which rows of which file.
#[derive(Debug, clap::Args)]
pub(super) struct FromCsv {
    /// Learn from the rows of this file; its first row names the columns.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Only these rows, counted from 0, such as 0..480; -480.. are the last 480.
    #[arg(long, value_name = "A..B", allow_hyphen_values = true, requires = "csv")]
    rows: Option<RowRange>,
    /// Only these columns, in this order; names with a range such as xmeas_{1..41} stand for many.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', requires = "csv")]
    columns: Vec<String>,
    /// All columns but these.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', conflicts_with = "columns", requires = "csv")]
    except: Vec<String>,
    /// The character between two cells.
    #[arg(long, default_value = ",", value_parser = delimiter, value_name = "CHAR")]
    delimiter: u8,
    /// Rows that set the limits, with the same columns.
    #[arg(long, value_name = "FILE")]
    limit_csv: Option<PathBuf>,
    /// Only these rows of the limit set.
    #[arg(long, value_name = "A..B", allow_hyphen_values = true, requires = "limit_csv")]
    limit_rows: Option<RowRange>,
}

/// Named columns of numbers.
#[derive(Debug)]
struct Table {
    names: Vec<String>,
    /// Rows × columns.
    rows: Array2<f64>,
}

/// Rows from one number on, before another; negative numbers count from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowRange {
    from: Option<i64>,
    to: Option<i64>,
}

impl FromCsv {
    /// Whether this way was asked for.
    pub fn is_asked(&self) -> bool {
        self.csv.is_some()
    }

    /// The rows to learn from, and those that set the limits.
    pub fn take(&self) -> Result<Taken> {
        let path = self.csv.as_deref().context("name the file with --csv")?;
        let wanted = Wanted::of(&self.columns, &self.except);
        let training = read(path, self.delimiter, &wanted, self.rows)?;
        let limit_set = match &self.limit_csv {
            None => None,
            Some(path) => {
                let same = Wanted::These(training.names.clone());
                Some(read(path, self.delimiter, &same, self.limit_rows)?.rows)
            }
        };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Ok(Taken {
            columns: training.names.iter().map(|name| Column::new(name.as_str(), "")).collect(),
            rows: training.rows,
            limit_set,
            source: Source::Frame,
            from: self.rows.map_or_else(|| name.to_string(), |rows| format!("{name}, rows {rows}")),
            model: None,
            left_out: None,
            look: None,
        })
    }
}

/// Which columns are wanted.
enum Wanted {
    These(Vec<String>),
    AllBut(Vec<String>),
}

impl Wanted {
    fn of(columns: &[String], except: &[String]) -> Self {
        let all = |names: &[String]| names.iter().flat_map(|name| expand(name.trim())).collect();
        if columns.is_empty() { Self::AllBut(all(except)) } else { Self::These(all(columns)) }
    }

    /// Their places in a header, with their names.
    fn places(&self, header: &[String], path: &Path) -> Result<Vec<(usize, String)>> {
        let (Self::These(named) | Self::AllBut(named)) = self;
        let place = |name: &String| {
            let found = header.iter().position(|column| column == name);
            let missing = || format!("{} has no column '{name}'; it has {}", path.display(), header.join(", "));
            Ok((found.with_context(missing)?, name.clone()))
        };
        let named = named.iter().map(place).collect::<Result<Vec<_>>>()?;
        Ok(match self {
            Self::These(_) => named,
            Self::AllBut(_) => {
                let all = header.iter().cloned().enumerate();
                all.filter(|(i, _)| !named.iter().any(|(but, _)| but == i)).collect()
            }
        })
    }
}

fn read(path: &Path, delimiter: u8, wanted: &Wanted, range: Option<RowRange>) -> Result<Table> {
    let name = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_path(path)
        .with_context(|| format!("{name} cannot be read; check the path"))?;
    let header: Vec<String> =
        reader.headers()?.iter().map(|cell| cell.trim_start_matches('\u{feff}').to_owned()).collect();
    if header.iter().all(|cell| cell.parse::<f64>().is_ok()) {
        bail!("the first row of {name} holds numbers; it must name the columns");
    }
    let places = wanted.places(&header, path)?;
    let mut cells = Vec::new();
    let mut n_rows = 0;
    for record in reader.records() {
        let record = record.with_context(|| format!("{name} is no table of cells; check --delimiter"))?;
        for (place, column) in &places {
            let cell = record.get(*place).unwrap_or_default();
            cells.push(number(cell).with_context(|| {
                let row = n_rows;
                format!("{name}, row {row}, column {column}: '{cell}' is no number; leave the row out with --rows or the column with --except")
            }));
        }
        n_rows += 1;
        if cells.len() > CELLS_MAX {
            bail!("{name} has more than {CELLS_MAX} cells; take fewer columns with --columns, or split the file");
        }
    }
    let kept = range.unwrap_or(RowRange { from: None, to: None }).of(n_rows);
    let kept = kept.with_context(|| format!("{name} has {n_rows} rows, so --rows names none of them"))?;
    let n = places.len();
    // Only a cell that is taken has to be a number.
    let taken = cells.drain(kept.start * n..kept.end * n).collect::<Result<Vec<f64>>>()?;
    let rows = Array2::from_shape_vec((kept.len(), n), taken).expect("each row has one cell a column");
    Ok(Table { names: places.into_iter().map(|(_, name)| name).collect(), rows })
}

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [one] if one.is_ascii() => Ok(*one),
        _ => Err("write one character, or \\t for a tab".into()),
    }
}

/// `a_{1..3}` as `a_1`, `a_2`, `a_3`; any other name as it is.
fn expand(name: &str) -> Vec<String> {
    let parts = name.split_once('{').and_then(|(before, rest)| {
        let (range, after) = rest.split_once('}')?;
        let (from, to) = range.split_once("..")?;
        Some((before, from.parse::<u32>().ok()?, to.parse::<u32>().ok()?, after))
    });
    match parts {
        Some((before, from, to, after)) if from <= to => (from..=to).map(|i| format!("{before}{i}{after}")).collect(),
        _ => vec![name.to_owned()],
    }
}

impl RowRange {
    /// The rows of a table; `None` where there are none.
    fn of(self, n_rows: usize) -> Option<std::ops::Range<usize>> {
        let n = i64::try_from(n_rows).ok()?;
        let place = |at: i64| usize::try_from(if at < 0 { n + at } else { at }.clamp(0, n)).ok();
        let (from, to) = (place(self.from.unwrap_or(0))?, place(self.to.unwrap_or(n))?);
        (from < to).then_some(from..to)
    }
}

impl FromStr for RowRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "write A..B with rows counted from 0, such as 0..480, or -480.. for the last 480".to_owned();
        let (from, to) = text.split_once("..").ok_or_else(expected)?;
        let end = |text: &str| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| expected()),
        };
        Ok(Self { from: end(from)?, to: end(to)? })
    }
}

impl std::fmt::Display for RowRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = |end: Option<i64>| end.map(|at| at.to_string()).unwrap_or_default();
        write!(f, "{}..{}", end(self.from), end(self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_count_from_both_ends() {
        let cases = [
            ("0..3", Some(0..3)),
            ("..", Some(0..10)),
            ("-4..", Some(6..10)),
            ("2..-2", Some(2..8)),
            ("-100..4", Some(0..4)),
            ("5..5", None),
            ("12..", None),
        ];
        for (text, rows) in cases {
            assert_eq!(text.parse::<RowRange>().expect("a range").of(10), rows, "{text}");
        }
        assert!("all".parse::<RowRange>().is_err());
    }

    #[test]
    fn a_range_in_a_name_stands_for_many() {
        assert_eq!(expand("x_{9..11}.rms"), ["x_9.rms", "x_10.rms", "x_11.rms"]);
        assert_eq!(expand("x_{a}"), ["x_{a}"]);
        assert_eq!(expand("plain"), ["plain"]);
    }
}
