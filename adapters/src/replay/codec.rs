//! Rows to frames.

use crate::intake::Reject;
use crate::replay::plan::Plan;
use csv::ByteRecord;
use std::sync::Arc;
use takt_plant::{Doubt, Frame, MonoTime, Reading, WallTime};

/// Longest piece of a row that a reject shows.
const FIRST_BYTES_MAX: usize = 64;

/// Reads the rows of one file. Pure: time is an argument.
#[derive(Debug, Clone)]
pub struct Codec {
    plan: Plan,
    file: String,
}

impl Codec {
    /// A codec for a plan; `file` names the file in rejects.
    pub fn new(plan: Plan, file: String) -> Self {
        Self { plan, file }
    }

    /// The source time of a row, where it has a readable one.
    pub fn stamp(&self, row: &ByteRecord) -> Option<WallTime> {
        let (cell, stamp) = self.plan.time.as_ref()?;
        stamp.text(&String::from_utf8_lossy(row.get(*cell)?)).ok()
    }

    /// Reads one row: a frame per group, or a reject where the row is too short. An empty cell is
    /// missing, a text where a number belongs is a fault that keeps the text.
    pub fn decode(
        &self,
        row: &ByteRecord,
        line: u64,
        arrived_at: WallTime,
        arrived: MonoTime,
        out: &mut Vec<Frame>,
        rejects: &mut Vec<Reject>,
    ) {
        if row.len() < self.plan.n_cells_min {
            let why = format!(
                "the row has {} cells, but {} are mapped; check the delimiter and the row",
                row.len(),
                self.plan.n_cells_min
            );
            let bytes = row.as_slice();
            return rejects.push(Reject {
                from: format!("{} line {line}", self.file),
                why,
                first_bytes: bytes[..bytes.len().min(FIRST_BYTES_MAX)].to_vec(),
                n_bytes: bytes.len(),
                arrived_at,
            });
        }
        let stamp = self.stamp(row);
        let is_doubtful = self.plan.time.is_some() && stamp.is_none();
        for group in &self.plan.groups {
            let reading = |(cell, conversion): &(usize, crate::convert::Conversion)| {
                let text = String::from_utf8_lossy(row.get(*cell).unwrap_or_default());
                match conversion.text(&text) {
                    Reading::Good(value) if is_doubtful => Reading::Uncertain(value, Doubt::ArrivalTime),
                    reading => reading,
                }
            };
            out.push(Frame {
                group: group.group,
                tags: Arc::clone(&group.tags),
                readings: group.cells.iter().map(reading).collect(),
                at: stamp.unwrap_or(arrived_at),
                arrived_at,
                arrived,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Conversion;
    use crate::replay::options::{Column, GroupColumns, Options, Speed, TagColumn, TimeColumn};
    use crate::replay::plan::InvalidColumns;
    use crate::stamp::{StampFormat, StampReader};
    use takt_plant::{Fault, GroupSlot, TagSlot, Value};

    const ARRIVED: WallTime = WallTime::from_ns(5);

    fn options(time: Option<&str>, columns: &[&str], speed: Speed) -> Options {
        let named = |name: &str| match name.parse() {
            Ok(number) => Column::Number(number),
            Err(_) => Column::Named(name.to_owned()),
        };
        let tag = |name: &&str| TagColumn { column: named(name), conversion: Conversion::default() };
        let stamp = StampReader::new(StampFormat::Iso, None).unwrap();
        Options {
            path: "rows.csv".into(),
            delimiter: b';',
            has_header: true,
            time: time.map(|name| TimeColumn { column: named(name), stamp }),
            groups: vec![GroupColumns {
                group: GroupSlot(2),
                tags: (0..u32::try_from(columns.len()).unwrap()).map(TagSlot).collect(),
                columns: columns.iter().map(tag).collect(),
            }],
            speed,
            ahead_max: 1,
        }
    }

    fn header() -> Vec<String> {
        ["time", "a", "b"].map(str::to_owned).to_vec()
    }

    fn decode(row: &[&str]) -> (Vec<Frame>, Vec<Reject>) {
        let plan = Plan::new(&options(Some("time"), &["b", "2"], Speed::Max), &header()).unwrap();
        let (mut frames, mut rejects) = (vec![], vec![]);
        let codec = Codec::new(plan, "rows.csv".into());
        codec.decode(&ByteRecord::from(row), 9, ARRIVED, MonoTime::from_ns(6), &mut frames, &mut rejects);
        (frames, rejects)
    }

    fn check(row: &[&str], at: WallTime, expected: [Reading; 2]) {
        let (frames, rejects) = decode(row);
        assert_eq!((frames.len(), rejects.len()), (1, 0), "{row:?}");
        assert_eq!((frames[0].at, &frames[0].readings[..]), (at, &expected[..]), "{row:?}");
    }

    #[test]
    fn rows_become_frames() {
        let good = |v| Reading::Good(Value::Integer(v));
        let doubt = |v| Reading::Uncertain(Value::Integer(v), Doubt::ArrivalTime);
        let fault = |text: &str| Reading::Bad(Fault::Text(Arc::from(text)));
        let at = WallTime::from_ns(1_000_000_000);
        check(&["1970-01-01 00:00:01", "1", "2"], at, [good(2), good(1)]);
        check(&["1970-01-01 00:00:01", "", "Scan Timeout"], at, [fault("Scan Timeout"), Reading::Bad(Fault::Missing)]);
        check(&["later", "1", "Bad"], ARRIVED, [fault("Bad"), doubt(1)]);
        let (frames, rejects) = decode(&["1970-01-01 00:00:01", "1"]);
        assert!(frames.is_empty());
        assert_eq!((rejects[0].from.as_str(), rejects[0].n_bytes), ("rows.csv line 9", 20));
    }

    #[test]
    fn columns_that_are_not_there_are_named_at_once() {
        let wrong = Plan::new(&options(Some("when"), &["c", "0", "a"], Speed::Factor(0.0)), &header()).unwrap_err();
        assert!(matches!(wrong[0], InvalidColumns::Missing { .. }), "{wrong:?}");
        assert_eq!(wrong[2..], [InvalidColumns::Number, InvalidColumns::Speed]);
        let no_time = Plan::new(&options(None, &["a"], Speed::Factor(1.0)), &header()).unwrap_err();
        assert_eq!(no_time, [InvalidColumns::Speed]);
        assert_eq!(Plan::new(&options(None, &[], Speed::Max), &header()).unwrap_err(), [InvalidColumns::NoTags]);
        assert_eq!(Plan::new(&options(None, &["a"], Speed::Max), &[]).unwrap_err(), [InvalidColumns::Number]);
    }
}
