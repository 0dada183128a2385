//! Tags of a line as a table, one a row: out as CSV, and in again with an error for each wrong cell (B39).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};
use std::collections::HashMap;
use takt_config::{Notation, Problem, Problems, Source, canonical, form, form_text, tags_as_written};
use takt_plant::LineId;
use utoipa::ToSchema;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Real,
    Flag,
    /// Numbers with blanks between.
    Numbers,
    /// Lower or upper end of a range under a key of two.
    Low,
    High,
}

/// A column: its name, where its value stands in a tag (`/source/…` or `/…`), and what it is.
struct Column {
    name: &'static str,
    in_source: bool,
    key: &'static str,
    kind: Kind,
}

const fn tag(name: &'static str, key: &'static str, kind: Kind) -> Column {
    Column { name, in_source: false, key, kind }
}

const fn source(name: &'static str, key: &'static str, kind: Kind) -> Column {
    Column { name, in_source: true, key, kind }
}

/// Every column, in the order in which they are written. Where a name differs from the document's key, it
/// is because a table has no levels.
const COLUMNS: [Column; 32] = [
    tag("id", "id", Kind::Text),
    tag("unit", "unit", Kind::Text),
    source("connection", "connection", Kind::Text),
    source("register", "register", Kind::Text),
    source("type", "type", Kind::Text),
    source("order", "order", Kind::Text),
    source("bit", "bit", Kind::Whole),
    source("length", "length", Kind::Whole),
    source("unit_id", "unit", Kind::Whole),
    source("every", "every", Kind::Text),
    source("topic", "topic", Kind::Text),
    source("value", "value", Kind::Text),
    source("time", "time", Kind::Text),
    source("time_format", "time_format", Kind::Text),
    source("time_zone", "time_zone", Kind::Text),
    source("format", "format", Kind::Text),
    source("qos", "qos", Kind::Whole),
    source("each", "each", Kind::Text),
    source("columns", "columns", Kind::Flag),
    source("endian", "endian", Kind::Text),
    source("header_bytes", "header_bytes", Kind::Whole),
    source("step", "step", Kind::Text),
    source("column", "column", Kind::Text),
    source("scale", "scale", Kind::Real),
    source("offset", "offset", Kind::Real),
    source("sentinels", "sentinels", Kind::Numbers),
    tag("range_low", "range", Kind::Low),
    tag("range_high", "range", Kind::High),
    tag("chart_low", "scale", Kind::Low),
    tag("chart_high", "scale", Kind::High),
    tag("export", "export", Kind::Text),
    // Kept last: a column for people, which nothing reads.
    tag("comment", "", Kind::Text),
];

/// Rows that are wrong at most: one slip in a column makes many.
const ERRORS_MAX: usize = 200;

/// What is wrong with a cell or row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowError {
    /// The line of the file, from 1; the names of the columns stand in line 1.
    pub line: u64,
    /// The column.
    pub column: Option<String>,
    /// The tag of this row.
    pub tag: Option<String>,
    /// What is wrong.
    pub error: String,
    /// What to try.
    pub hint: String,
}

/// A table that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TagTable {
    /// Tags as documents write them.
    pub tags: Vec<Value>,
    /// The line of the file in which each stands.
    rows: HashMap<String, u64>,
}

/// The tags of a line as CSV, those of groups one by one; `None` where the document has no such line.
///
/// # Errors
/// The problems that the document has by itself.
pub fn tags_to_csv(document: &Source, line: &LineId) -> Result<Option<String>, Problems> {
    let Some(tags) = tags_as_written(document, line)? else { return Ok(None) };
    let used: Vec<&Column> =
        COLUMNS.iter().filter(|c| c.name == "id" || tags.iter().any(|tag| cell(tag, c).is_some())).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = writer.write_record(used.iter().map(|column| column.name));
    let rows = tags.iter().map(|tag| writer.write_record(used.iter().map(|c| cell(tag, c).unwrap_or_default())));
    let written: Result<Vec<()>, csv::Error> = std::iter::once(header).chain(rows.collect::<Vec<_>>()).collect();
    written.expect("every row has as many cells as the header");
    let bytes = writer.into_inner().expect("memory takes every byte");
    Ok(Some(String::from_utf8(bytes).expect("made from texts")))
}

fn cell(tag: &Value, column: &Column) -> Option<String> {
    let table = if column.in_source { tag.get("source")? } else { tag };
    let value = table.get(column.key)?;
    match column.kind {
        Kind::Low => value.get(0).map(plain),
        Kind::High => value.get(1).map(plain),
        Kind::Numbers => Some(value.as_array()?.iter().map(plain).collect::<Vec<_>>().join(" ")),
        _ => Some(plain(value)),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Reads a table of tags. The separator is a comma, a semicolon or a tab, as the first line has it.
///
/// # Errors
/// Every cell that cannot be, by line and column.
pub fn tags_from_csv(text: &str) -> Result<TagTable, Vec<RowError>> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|d| first.bytes().filter(|b| b == d).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut errors = Vec::new();
    let columns = header(&mut reader, &mut errors);
    let (mut table, mut record) = (TagTable::default(), csv::StringRecord::new());
    while errors.len() < ERRORS_MAX {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) if record.iter().all(str::is_empty) => {}
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                let tag = row(&record, &columns, line, &mut errors);
                errors.extend(table.doubled(&tag, line));
                table.tags.push(tag);
            }
            Err(error) => {
                errors.push(wrong(line, None, None, error.to_string(), "save the table as CSV in UTF-8"));
                break;
            }
        }
    }
    if errors.is_empty() { Ok(table) } else { Err(errors) }
}

fn header(reader: &mut csv::Reader<&[u8]>, errors: &mut Vec<RowError>) -> Vec<Option<&'static Column>> {
    let names = reader.headers().cloned().unwrap_or_default();
    let known = || COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
    if !names.iter().any(|name| name == "id") {
        errors.push(wrong(1, Some("id"), None, "there is no column 'id'", format!("the columns are {}", known())));
    }
    let find = |name: &str| COLUMNS.iter().find(|column| column.name == name);
    for name in names.iter().filter(|name| !name.is_empty() && find(name).is_none()) {
        let shown: String = name.chars().take(60).collect();
        errors.push(wrong(1, Some(&shown), None, "this column is not known", format!("the columns are {}", known())));
    }
    names.iter().map(find).collect()
}

fn row(
    record: &csv::StringRecord,
    columns: &[Option<&'static Column>],
    line: u64,
    errors: &mut Vec<RowError>,
) -> Value {
    let mut own = Map::new();
    let mut source = Map::new();
    let place = columns.iter().position(|column| column.is_some_and(|c| c.name == "id"));
    let id = place.and_then(|i| record.get(i)).filter(|id| !id.is_empty()).map(str::to_owned);
    if id.is_none() && place.is_some() {
        errors.push(wrong(line, Some("id"), None, "this row has no id", "name the tag"));
    }
    if record.len() > columns.len() {
        let hint = "put a text that holds the separator in double quotes";
        errors.push(wrong(line, None, id.as_deref(), "this row has more cells than there are columns", hint));
    }
    for (column, cell) in columns.iter().zip(record).filter_map(|(column, cell)| Some(((*column)?, cell))) {
        if cell.is_empty() || column.key.is_empty() {
            continue;
        }
        match read(column.kind, cell) {
            Ok(value) => put(if column.in_source { &mut source } else { &mut own }, column, value),
            Err(hint) => {
                let shown: String = cell.chars().take(60).collect();
                errors.push(wrong(line, Some(column.name), id.as_deref(), format!("'{shown}' cannot be"), hint));
            }
        }
    }
    own.insert("source".into(), Value::Object(source));
    Value::Object(own)
}

fn put(table: &mut Map<String, Value>, column: &Column, value: Value) {
    let end = match column.kind {
        Kind::Low => 0,
        Kind::High => 1,
        _ => {
            table.insert(column.key.into(), value);
            return;
        }
    };
    // An end that is not written stays null, and the document says that a number is missing there.
    let range = table.entry(column.key).or_insert_with(|| json!([null, null]));
    range[end] = value;
}

fn read(kind: Kind, cell: &str) -> Result<Value, &'static str> {
    let number = |text: &str| -> Option<Value> {
        if let Ok(whole) = text.parse::<i64>() {
            return Some(whole.into());
        }
        text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number)
    };
    match kind {
        Kind::Text => Ok(cell.into()),
        Kind::Whole => cell.parse::<u32>().map(Value::from).map_err(|_| "write a whole number"),
        Kind::Real | Kind::Low | Kind::High => number(cell).ok_or("write a number with a point, such as 0.1"),
        Kind::Flag => match cell {
            "true" | "1" | "yes" => Ok(true.into()),
            "false" | "0" | "no" => Ok(false.into()),
            _ => Err("write true or false"),
        },
        Kind::Numbers => {
            let all: Option<Vec<Value>> = cell.split_whitespace().map(number).collect();
            all.map(Value::from).ok_or("write numbers with blanks between, such as 32767 -1")
        }
    }
}

fn wrong(
    line: u64,
    column: Option<&str>,
    tag: Option<&str>,
    error: impl Into<String>,
    hint: impl Into<String>,
) -> RowError {
    let own = |text: Option<&str>| text.map(str::to_owned);
    RowError { line, column: own(column), tag: own(tag), error: error.into(), hint: hint.into() }
}

impl TagTable {
    /// That a tag of this name stands in an earlier row.
    fn doubled(&mut self, tag: &Value, line: u64) -> Option<RowError> {
        let id = tag["id"].as_str()?;
        let first = self.rows.insert(id.to_owned(), line)?;
        let error = format!("the tag '{id}' stands already in line {first}");
        Some(wrong(line, Some("id"), Some(id), error, "give one of the two another id"))
    }

    /// The document with these tags in place of all the tags and tag groups of a line; in the notation that
    /// it has. `None` where it has no such line.
    ///
    /// # Errors
    /// The problems that the document has by itself, before the change.
    pub fn into_document(&self, document: &Source, line: &LineId) -> Result<Option<String>, Problems> {
        let mut form = form(document)?;
        let lines = form.get_mut("lines").and_then(Value::as_array_mut).into_iter().flatten();
        let mut found = lines.filter(|l| l["id"].as_str() == Some(line.as_str()));
        let Some(Value::Object(table)) = found.next() else { return Ok(None) };
        table.remove("tag_groups");
        table.insert("tags".into(), self.tags.clone().into());
        let text = form_text(&form);
        if document.notation == Notation::Json {
            return Ok(Some(text));
        }
        // What is wrong with the new tags is told by whoever reads the text, whatever its notation.
        let json = Source { notation: Notation::Json, ..Source::new(&document.name, text.clone()) };
        Ok(Some(canonical(&json).unwrap_or(text)))
    }

    /// The row that a problem of the document stands for; `None` for a problem elsewhere.
    pub fn row_error(&self, problem: &Problem, line: &LineId) -> Option<RowError> {
        let key = problem.place.key.strip_prefix(&format!("lines[{line}].tags["))?;
        let (name, key) = key.split_once(']')?;
        let row = *self.rows.get(name)?;
        let key = key.trim_start_matches('.');
        let (in_source, key) = key.strip_prefix("source.").map_or((false, key), |key| (true, key));
        let key = key.split(['.', '[']).next().unwrap_or_default();
        let column = COLUMNS.iter().find(|c| c.in_source == in_source && c.key == key && !key.is_empty());
        let column = column.map(|column| column.name);
        Some(wrong(row, column, Some(name), problem.what.clone(), problem.hint.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"plc:502\"\n[[lines]]\nid = \"press\"\n\
        [[lines.tags]]\nid = \"force\"\nunit = \"kN\"\nrange = [0, 5000]\nsource = { connection = \"plc\", register = \"400001\", type = \"f32\", scale = 0.1, sentinels = [-1, 32767] }\n\
        [[lines.tag_groups]]\nnames = [\"t_{1..2}\"]\nsource = { connection = \"plc\", register = \"holding:10\", every = \"1s\" }\n";

    fn line() -> LineId {
        LineId::new("press").expect("a name")
    }

    #[test]
    fn what_goes_out_comes_in_again() {
        let document = Source::new("press", LINE);
        let csv = tags_to_csv(&document, &line()).expect("good").expect("the line");
        let expected = "id,unit,connection,register,type,every,scale,sentinels,range_low,range_high\n\
                        force,kN,plc,400001,f32,,0.1,-1 32767,0,5000\n\
                        t_1,,plc,holding:10,,1s,,,,\nt_2,,plc,holding:11,,1s,,,,\n";
        assert_eq!(csv, expected);
        let table = tags_from_csv(&csv).expect("a good table");
        let after = table.into_document(&document, &line()).expect("good").expect("the line");
        assert!(after.starts_with("[[connections]]") && !after.contains("tag_groups"), "{after}");
        let again = tags_to_csv(&Source::new("press", after), &line()).expect("good").expect("the line");
        assert_eq!(again, csv);
        assert_eq!(tags_to_csv(&document, &LineId::new("other").expect("a name")), Ok(None));
    }

    #[test]
    fn each_wrong_cell_has_its_row() {
        let check = |text: &str, expected: &[(u64, Option<&str>)]| {
            let errors = tags_from_csv(text).expect_err("a wrong table");
            let found: Vec<_> = errors.iter().map(|e| (e.line, e.column.as_deref())).collect();
            assert_eq!(found, expected, "{text:?}: {errors:?}");
            assert!(errors.iter().all(|e| !e.hint.is_empty()), "{errors:?}");
        };
        check("id;bit;scale\na;x;1\nb;3;0,5\n;1;1\n", &[(2, Some("bit")), (3, Some("scale")), (4, Some("id"))]);
        check("name,unit\na,b\n", &[(1, Some("id")), (1, Some("name"))]);
        check("id,unit\na,b,c\n", &[(2, None)]);
        check("", &[(1, Some("id"))]);
        check("id\na\nb\na\n", &[(4, Some("id"))]);
    }

    #[test]
    fn what_the_document_says_of_a_tag_is_told_by_row() {
        let text = "id,connection,register\n\nforce,plc,holding:1\noil,pcl,holding:2\n";
        let table = tags_from_csv(text).expect("read");
        let text = table.into_document(&Source::new("press", LINE), &line()).expect("good").expect("the line");
        let problems = takt_config::read(&[Source::new("press", text)]).expect_err("no such connection");
        let rows: Vec<_> = problems.iter().filter_map(|p| table.row_error(p, &line())).collect();
        assert_eq!((rows.len(), rows[0].line, rows[0].column.as_deref()), (1, 4, Some("connection")), "{problems}");
    }
}
