//! Rows to frames.

use crate::intake::Reject;
use crate::replay::plan::{Plan, PlannedTime};
use csv::ByteRecord;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{Doubt, Frame, MonoTime, Reading, WallTime};

/// Longest piece of a row that a reject shows.
const FIRST_BYTES_MAX: usize = 64;

/// Reads the rows of one file. Pure: time is an argument.
#[derive(Debug, Clone)]
pub struct Codec {
    plan: Plan,
    file: String,
    began: WallTime,
}

/// Where and when a row stands.
#[derive(Debug, Clone, Copy)]
pub struct RowPlace {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Its source time; `None` where it has no readable one.
    pub stamp: Option<WallTime>,
    /// When it was delivered, by the wall clock.
    pub arrived_at: WallTime,
    /// When it was delivered, by the monotonic clock.
    pub arrived: MonoTime,
}

impl Codec {
    /// A codec for a plan; `file` names the file in rejects, and rows without a time are laid out
    /// from `began`.
    pub fn new(plan: Plan, file: String, began: WallTime) -> Self {
        Self { plan, file, began }
    }

    /// The source time of a row, the `number`-th from 0, where it has a readable one.
    pub fn stamp(&self, row: &ByteRecord, number: u64) -> Option<WallTime> {
        match &self.plan.time {
            PlannedTime::Cell(cell, stamp) => stamp.text(&String::from_utf8_lossy(row.get(*cell)?)).ok(),
            PlannedTime::Every(every) => {
                let ns = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX).saturating_mul(number);
                Some(self.began.plus(Duration::from_nanos(ns)))
            }
            PlannedTime::Arrival => None,
        }
    }

    /// Reads one row: a frame per group, or a reject where the row is too short; both where it has no readable
    /// time. An empty cell is missing, a text where a number belongs is a fault that keeps the text.
    pub fn decode(&self, row: &ByteRecord, place: RowPlace, out: &mut Vec<Frame>, rejects: &mut Vec<Reject>) {
        let RowPlace { stamp, arrived_at, arrived, .. } = place;
        if row.len() < self.plan.n_cells_min {
            let why = format!(
                "the row has {} cells, but {} are mapped; check the delimiter and the row",
                row.len(),
                self.plan.n_cells_min
            );
            return rejects.push(self.reject(row.as_slice(), why, place));
        }
        let is_doubtful = self.plan.time != PlannedTime::Arrival && stamp.is_none();
        if let (true, PlannedTime::Cell(cell, _)) = (is_doubtful, &self.plan.time) {
            let why = "there is no time of the stated format; the arrival time stands in: check the column of the \
                       time and its format";
            rejects.push(self.reject(row.get(*cell).unwrap_or_default(), why.to_owned(), place));
        }
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

    fn reject(&self, bytes: &[u8], why: String, place: RowPlace) -> Reject {
        Reject {
            from: format!("{} line {}", self.file, place.line),
            why,
            first_bytes: bytes[..bytes.len().min(FIRST_BYTES_MAX)].to_vec(),
            n_bytes: bytes.len(),
            arrived_at: place.arrived_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Conversion;
    use crate::replay::options::{Column, GroupColumns, Options, RowTime, Speed, TagColumn, TimeColumn};
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
            time: time.map_or(RowTime::Arrival, |name| RowTime::Column(TimeColumn { column: named(name), stamp })),
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
        let codec = Codec::new(plan, "rows.csv".into(), ARRIVED);
        let row = ByteRecord::from(row);
        let stamp = codec.stamp(&row, 0);
        let place = RowPlace { line: 9, stamp, arrived_at: ARRIVED, arrived: MonoTime::from_ns(6) };
        codec.decode(&row, place, &mut frames, &mut rejects);
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
        let (frames, rejects) = decode(&["later", "1", "Bad"]);
        assert_eq!((frames[0].at, &frames[0].readings[..]), (ARRIVED, &[fault("Bad"), doubt(1)][..]));
        assert_eq!((rejects[0].from.as_str(), &rejects[0].first_bytes[..]), ("rows.csv line 9", &b"later"[..]));
        let (frames, rejects) = decode(&["1970-01-01 00:00:01", "1"]);
        assert!(frames.is_empty());
        assert_eq!((rejects[0].from.as_str(), rejects[0].n_bytes), ("rows.csv line 9", 20));
    }

    #[test]
    fn rows_without_a_time_are_laid_out_from_the_start() {
        let every = Duration::from_millis(20);
        let options = Options { time: RowTime::Every(every), ..options(None, &["a"], Speed::Factor(2.0)) };
        let codec = Codec::new(Plan::new(&options, &header()).unwrap(), "rows.csv".into(), ARRIVED);
        let row = ByteRecord::from(vec!["", "1", "2"]);
        let stamps = [0, 1, 50].map(|number| codec.stamp(&row, number));
        assert_eq!(stamps, [0, 20, 1_000].map(|ms| Some(ARRIVED.plus(Duration::from_millis(ms)))));
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
