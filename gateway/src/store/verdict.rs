//! Verdicts as rows: what is searched stands in columns, the rest in one body with names by number.

use super::bytes::{Corrupt, Cursor, put_f64, put_int, put_part, put_uint};
use super::entry::{CheckSlot, WriteKind, WriteOutcome, WriteResult};
use super::names::{NameKind, Names};
use super::reading::{get_readings, put_readings};
use crate::record::{LatencySplit, VerdictRecord};
use std::sync::Arc;
use takt_plant::{Inconclusive, Outcome, OutputId, Reading, Score, VerdictKey, WallTime, WindowKey};

/// A verdict as its table holds it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VerdictRow {
    /// Rises by one per verdict of the store, over all checks: the order of paging.
    pub id: i64,
    /// The check's number.
    pub check: u32,
    /// The epoch.
    pub epoch: u32,
    /// The number within epoch and check.
    pub seq: u64,
    /// When it was given, ns.
    pub at_ns: i64,
    /// 0 pass, 1 fail, 2 inconclusive.
    pub outcome: u8,
    /// The part, as text.
    pub part: Option<String>,
    /// Everything else.
    pub body: Vec<u8>,
    /// What became of its writes.
    pub writes: Vec<u8>,
}

/// A verdict as the store gives it back.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVerdict {
    /// Its place in the order of all verdicts, for paging.
    pub id: i64,
    /// Its check.
    pub check: CheckSlot,
    /// The verdict.
    pub record: VerdictRecord,
    /// What became of its writes, in order.
    pub writes: Vec<StoredWrite>,
}

impl StoredVerdict {
    /// From the verdict to the confirmation of its value on the slowest of its outputs, in
    /// microseconds; zero where none was confirmed.
    pub fn write_us(&self) -> u32 {
        let confirmed =
            self.writes.iter().filter(|w| w.kind == WriteKind::Verdict && w.outcome == WriteOutcome::Confirmed);
        confirmed.map(|w| w.write_us).max().unwrap_or(self.record.latency.write_us)
    }
}

/// A write as the store gives it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWrite {
    /// The output.
    pub output: OutputId,
    /// What it was for.
    pub kind: WriteKind,
    /// What became of it.
    pub outcome: WriteOutcome,
    /// From the verdict to the end of the write, in microseconds.
    pub write_us: u32,
    /// What was written; empty for a write from before that was kept.
    pub value: String,
    /// Where; empty where it is not known.
    pub target: String,
}

/// The number of an outcome in its column.
pub fn outcome_number(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Pass => 0,
        Outcome::Fail => 1,
        Outcome::Inconclusive(_) => 2,
    }
}

/// Makes a row of a verdict.
pub fn verdict_row(id: i64, record: &VerdictRecord, names: &mut Names) -> VerdictRow {
    let check = names.check(&record.key.line, &record.key.check);
    let line = names.line_of_check(check).expect("the check was just named");
    let window = &record.key.window;
    let mut body = Vec::with_capacity(96);
    if let Outcome::Inconclusive(why) = &record.outcome {
        put_inconclusive(&mut body, why);
    }
    put_int(&mut body, window.from.as_ns());
    put_int(&mut body, window.to.as_ns().wrapping_sub(window.from.as_ns()));
    put_uint(&mut body, u64::from(window.n));
    let part: Vec<Reading> = window.part.iter().cloned().map(Reading::Good).collect();
    put_uint(&mut body, part.len() as u64);
    put_readings(&mut body, &part);
    put_uint(&mut body, record.scores.len() as u64);
    for score in &record.scores {
        put_uint(&mut body, u64::from(names.id(NameKind::Score, 0, &score.name)));
        put_f64(&mut body, score.value);
        put_f64(&mut body, score.limit);
    }
    put_uint(&mut body, record.contributions.len() as u64);
    for (tag, share) in &record.contributions {
        put_uint(&mut body, u64::from(names.id(NameKind::Tag, line, tag.as_str())));
        put_f64(&mut body, *share);
    }
    put_uint(&mut body, record.model.as_ref().map_or(0, |m| u64::from(names.model(m))));
    let l = &record.latency;
    for us in [l.queue_us, l.features_us, l.inference_us, l.write_us, l.total_us] {
        put_uint(&mut body, u64::from(us));
    }
    put_uint(&mut body, u64::from(names.id(NameKind::Gateway, 0, record.executed_by.as_str())));
    VerdictRow {
        id,
        check: check.0,
        epoch: record.key.epoch,
        seq: record.key.seq,
        at_ns: record.at.as_ns(),
        outcome: outcome_number(&record.outcome),
        part: window.part.as_ref().map(ToString::to_string),
        body,
        writes: Vec::new(),
    }
}

/// Reads a row.
///
/// # Errors
/// [`Corrupt`] when the body does not fit, or a number has no name.
pub fn verdict_of(row: &VerdictRow, names: &Names) -> Result<StoredVerdict, Corrupt> {
    let check = CheckSlot(row.check);
    let (line_id, check_id) = names.check_names(check).ok_or(Corrupt("check's name"))?;
    let mut cursor = Cursor::new(&row.body);
    let outcome = match row.outcome {
        0 => Outcome::Pass,
        1 => Outcome::Fail,
        2 => Outcome::Inconclusive(get_inconclusive(&mut cursor)?),
        _ => return Err(Corrupt("outcome")),
    };
    let window = get_window(&mut cursor)?;
    let mut scores = Vec::new();
    for _ in 0..cursor.count(17, "scores")? {
        let name = names.text(cursor.small("score's name")?, NameKind::Score).ok_or(Corrupt("score's name"))?.0;
        scores.push(Score { name: Arc::clone(name), value: cursor.f64("score")?, limit: cursor.f64("limit")? });
    }
    let mut contributions = Vec::new();
    for _ in 0..cursor.count(9, "contributions")? {
        let tag = names.tag_name(cursor.small("tag's name")?).ok_or(Corrupt("tag's name"))?;
        contributions.push((tag, cursor.f64("contribution")?));
    }
    let model = match cursor.small("model")? {
        0 => None,
        id => Some(names.model_stamp(id).ok_or(Corrupt("model"))?),
    };
    let mut us = || cursor.small("latency");
    let latency =
        LatencySplit { queue_us: us()?, features_us: us()?, inference_us: us()?, write_us: us()?, total_us: us()? };
    let executed_by = names.gateway_name(cursor.small("gateway")?).ok_or(Corrupt("gateway's name"))?;
    let key = VerdictKey { line: line_id, check: check_id, epoch: row.epoch, seq: row.seq, window };
    let at = WallTime::from_ns(row.at_ns);
    let record = VerdictRecord { key, outcome, at, scores, contributions, model, latency, executed_by };
    Ok(StoredVerdict { id: row.id, check, record, writes: get_writes(&row.writes)? })
}

fn get_window(cursor: &mut Cursor<'_>) -> Result<WindowKey, Corrupt> {
    let from = cursor.int("window start")?;
    let to = from.wrapping_add(cursor.int("window end")?);
    let n = cursor.small("window length")?;
    let n_parts = cursor.count(2, "part")?;
    let part = get_readings(cursor, n_parts)?.first().and_then(Reading::value).cloned();
    Ok(WindowKey { from: WallTime::from_ns(from), to: WallTime::from_ns(to), n, part })
}

fn put_inconclusive(out: &mut Vec<u8>, why: &Inconclusive) {
    let (number, texts): (u8, [&str; 2]) = match why {
        Inconclusive::MissingData { input } => (0, [input, ""]),
        Inconclusive::BadReading { input, why } => (1, [input, why]),
        Inconclusive::NoModel => (2, ["", ""]),
        Inconclusive::UnknownRecipe => (3, ["", ""]),
        Inconclusive::ModelError { why } => (4, [why, ""]),
        Inconclusive::NotFinite { score } => (5, [score, ""]),
        Inconclusive::Overload => (6, ["", ""]),
        Inconclusive::Deadline => (7, ["", ""]),
        Inconclusive::Evidence => (8, ["", ""]),
        Inconclusive::Segment => (9, ["", ""]),
        Inconclusive::Samples { why } => (10, [why, ""]),
    };
    out.push(number);
    texts.iter().for_each(|t| put_part(out, t.as_bytes()));
}

fn get_inconclusive(cursor: &mut Cursor<'_>) -> Result<Inconclusive, Corrupt> {
    let number = cursor.byte("reason")?;
    let first = cursor.text("reason")?.to_string();
    let second = cursor.text("reason")?.to_string();
    Ok(match number {
        0 => Inconclusive::MissingData { input: first },
        1 => Inconclusive::BadReading { input: first, why: second },
        2 => Inconclusive::NoModel,
        3 => Inconclusive::UnknownRecipe,
        4 => Inconclusive::ModelError { why: first },
        5 => Inconclusive::NotFinite { score: first },
        6 => Inconclusive::Overload,
        7 => Inconclusive::Deadline,
        8 => Inconclusive::Evidence,
        9 => Inconclusive::Segment,
        10 => Inconclusive::Samples { why: first },
        _ => return Err(Corrupt("reason")),
    })
}

/// A write's kind and outcome share a byte: kind × step + outcome. Writes of before there were kinds
/// are of the first.
const KINDS_STEP: u8 = 16;
/// Marks in that byte that value and target follow: they do since they are kept.
const SAYS_WHAT: u8 = 128;

/// Appends the end of a write to a verdict's writes.
pub fn put_write(out: &mut Vec<u8>, write: &WriteResult) {
    let (number, text): (u8, &str) = match &write.outcome {
        WriteOutcome::Confirmed => (0, ""),
        WriteOutcome::DryRun => (1, ""),
        WriteOutcome::Refused(why) => (2, why),
        WriteOutcome::TimedOut => (3, ""),
        WriteOutcome::Differs(found) => (4, found),
    };
    let kind = match write.kind {
        WriteKind::Verdict => 0,
        WriteKind::Answer => 1,
        WriteKind::FailSafe => 2,
        WriteKind::Release => 3,
    };
    put_part(out, write.output.as_str().as_bytes());
    out.push(SAYS_WHAT | (kind * KINDS_STEP + number));
    put_part(out, text.as_bytes());
    put_uint(out, u64::from(write.write_us));
    put_part(out, write.value.as_bytes());
    put_part(out, write.target.as_bytes());
}

fn get_writes(bytes: &[u8]) -> Result<Vec<StoredWrite>, Corrupt> {
    let mut cursor = Cursor::new(bytes);
    let mut writes = Vec::new();
    while !cursor.is_empty() {
        let output = OutputId::new(cursor.text("output")?).map_err(|_| Corrupt("output"))?;
        let marked = cursor.byte("write outcome")?;
        let number = marked & !SAYS_WHAT;
        let text = cursor.text("write outcome")?.to_string();
        let kind = match number / KINDS_STEP {
            0 => WriteKind::Verdict,
            1 => WriteKind::Answer,
            2 => WriteKind::FailSafe,
            3 => WriteKind::Release,
            _ => return Err(Corrupt("write kind")),
        };
        let outcome = match number % KINDS_STEP {
            0 => WriteOutcome::Confirmed,
            1 => WriteOutcome::DryRun,
            2 => WriteOutcome::Refused(text),
            3 => WriteOutcome::TimedOut,
            4 => WriteOutcome::Differs(text),
            _ => return Err(Corrupt("write outcome")),
        };
        let write_us = cursor.small("write time")?;
        let (value, target) = match marked & SAYS_WHAT {
            0 => (String::new(), String::new()),
            _ => (cursor.text("write value")?.to_string(), cursor.text("write target")?.to_string()),
        };
        writes.push(StoredWrite { output, kind, outcome, write_us, value, target });
    }
    Ok(writes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ModelStamp;
    use takt_plant::{CheckId, GatewayId, LineId, TagId, Value};

    fn record(outcome: Outcome, part: Option<Value>) -> VerdictRecord {
        let window = WindowKey { from: WallTime::from_ns(-5), to: WallTime::from_ns(7), n: 3, part };
        let line = LineId::new("press-3").unwrap();
        let check = CheckId::new("stroke").unwrap();
        VerdictRecord {
            key: VerdictKey { line, check, epoch: 2, seq: u64::from(u32::MAX) + 7, window },
            outcome,
            at: WallTime::from_ns(1_700_000_000_123_456_789),
            scores: vec![Score { name: Arc::from("t2"), value: 0.1 + 0.2, limit: f64::INFINITY }],
            contributions: vec![(TagId::new("force").unwrap(), 0.75), (TagId::new("vibration").unwrap(), 0.25)],
            model: Some(Arc::new(ModelStamp { name: "m".into(), version: "1".into(), digest: "b3:1".into() })),
            latency: LatencySplit { queue_us: 1, features_us: 2, inference_us: 3, write_us: 4, total_us: 5_000_000 },
            executed_by: GatewayId::new("here").unwrap(),
        }
    }

    #[test]
    fn every_outcome_comes_back() {
        let text = || "why".to_string();
        let outcomes = [
            Outcome::Pass,
            Outcome::Fail,
            Outcome::Inconclusive(Inconclusive::MissingData { input: text() }),
            Outcome::Inconclusive(Inconclusive::BadReading { input: "a".into(), why: text() }),
            Outcome::Inconclusive(Inconclusive::NoModel),
            Outcome::Inconclusive(Inconclusive::UnknownRecipe),
            Outcome::Inconclusive(Inconclusive::ModelError { why: text() }),
            Outcome::Inconclusive(Inconclusive::NotFinite { score: text() }),
            Outcome::Inconclusive(Inconclusive::Overload),
            Outcome::Inconclusive(Inconclusive::Deadline),
            Outcome::Inconclusive(Inconclusive::Evidence),
            Outcome::Inconclusive(Inconclusive::Segment),
            Outcome::Inconclusive(Inconclusive::Samples { why: text() }),
        ];
        let parts = [None, Some(Value::Integer(17)), Some(Value::Text(Arc::from("P-17"))), Some(Value::Flag(true))];
        for (i, outcome) in outcomes.into_iter().enumerate() {
            let record = record(outcome, parts[i % parts.len()].clone());
            let mut names = Names::default();
            let row = verdict_row(9, &record, &mut names);
            assert_eq!(row.part, record.key.window.part.as_ref().map(ToString::to_string));
            assert_eq!(verdict_of(&row, &names).unwrap().record, record);
        }
    }

    #[test]
    fn the_slowest_confirmed_write_is_the_verdict_s() {
        let record = record(Outcome::Pass, None);
        let mut names = Names::default();
        let mut row = verdict_row(1, &record, &mut names);
        let output = OutputId::new("reject").unwrap();
        assert_eq!(verdict_of(&row, &names).unwrap().write_us(), record.latency.write_us);
        for (kind, outcome, write_us) in [
            (WriteKind::Verdict, WriteOutcome::Confirmed, 900),
            (WriteKind::Verdict, WriteOutcome::Confirmed, 1_200),
            (WriteKind::Verdict, WriteOutcome::TimedOut, 500_000),
            (WriteKind::Release, WriteOutcome::Confirmed, 60_000),
        ] {
            let (check, seq, output) = (CheckSlot(row.check), row.seq, output.clone());
            let (value, target) = ("true".to_owned(), "coil:10".to_owned());
            put_write(&mut row.writes, &WriteResult { check, seq, output, kind, outcome, write_us, value, target });
        }
        assert_eq!(verdict_of(&row, &names).unwrap().write_us(), 1_200);
    }

    #[test]
    fn writes_come_back_in_order() {
        let outcomes = [
            WriteOutcome::Confirmed,
            WriteOutcome::DryRun,
            WriteOutcome::Refused("exception 02".into()),
            WriteOutcome::TimedOut,
            WriteOutcome::Differs("0".into()),
        ];
        let kinds = [WriteKind::Verdict, WriteKind::Answer, WriteKind::FailSafe, WriteKind::Release];
        let output = OutputId::new("reject").unwrap();
        let mut bytes = Vec::new();
        let mut written = Vec::new();
        for (i, outcome) in outcomes.iter().enumerate() {
            for kind in kinds {
                let (outcome, write_us, output) = (outcome.clone(), i as u32, output.clone());
                let (check, value, target) = (CheckSlot(1), i.to_string(), "holding:7".to_owned());
                let write = WriteResult { check, seq: 1, output, kind, outcome, write_us, value, target };
                put_write(&mut bytes, &write);
                written.push((kind, outcomes[i].clone(), i.to_string()));
            }
        }
        let back = get_writes(&bytes).unwrap();
        assert_eq!(back.iter().map(|w| (w.kind, w.outcome.clone(), w.value.clone())).collect::<Vec<_>>(), written);
        assert!(back.iter().all(|write| write.target == "holding:7"));
        assert!(get_writes(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn a_write_from_before_value_and_target_were_kept_is_read() {
        let mut bytes = Vec::new();
        put_part(&mut bytes, b"reject");
        bytes.push(2 * KINDS_STEP + 3);
        put_part(&mut bytes, b"");
        put_uint(&mut bytes, 900);
        let back = get_writes(&bytes).unwrap();
        assert_eq!(
            (back[0].kind, &back[0].outcome, back[0].write_us),
            (WriteKind::FailSafe, &WriteOutcome::TimedOut, 900)
        );
        assert_eq!((back[0].value.as_str(), back[0].target.as_str()), ("", ""));
    }
}
