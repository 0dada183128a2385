//! A journal row: everything of one group commit as bytes.
//!
//! Sections in order, each with its count before it: frames (in the order in which they came),
//! verdicts, writes, marks, positions, confirmations, events.

use super::bytes::{Corrupt, Cursor, put_int, put_part, put_uint};
use super::chunk::StoredFrame;
use super::entry::{CheckSlot, Confirmation, ConnectionSlot, Digest, Entry, Event, WriteResult};
use super::names::Names;
use super::reading::{get_readings, put_readings};
use super::verdict::{VerdictRow, put_write, verdict_row};
use std::collections::BTreeMap;
use takt_plant::{Frame, GroupSlot, LineId, WallTime};

const VERSION: u8 = 1;

/// What a commit holds besides its frames. In this form it waits for its folding.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tail {
    /// Verdicts with their final numbers.
    pub verdicts: Vec<VerdictRow>,
    /// Check, seq and encoded outcome of writes.
    pub writes: Vec<(u32, u64, Vec<u8>)>,
    /// Consumed messages.
    pub marks: Vec<(ConnectionSlot, Digest)>,
    /// The newest position of each check.
    pub positions: BTreeMap<CheckSlot, Vec<u8>>,
    /// What brokers confirmed.
    pub confirmed: Vec<Confirmation>,
    /// What happened.
    pub events: Vec<Event>,
}

impl Tail {
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty()
            && self.writes.is_empty()
            && self.marks.is_empty()
            && self.positions.is_empty()
            && self.confirmed.is_empty()
            && self.events.is_empty()
    }

    /// Takes everything of a later commit.
    pub fn append(&mut self, mut later: Self) {
        self.verdicts.append(&mut later.verdicts);
        self.writes.append(&mut later.writes);
        self.marks.append(&mut later.marks);
        self.positions.append(&mut later.positions);
        self.confirmed.append(&mut later.confirmed);
        self.events.append(&mut later.events);
    }
}

/// Gathers entries into one tail and gives verdicts their numbers.
pub fn gather<'a>(entries: impl Iterator<Item = &'a Entry>, next_verdict: &mut i64, names: &mut Names) -> Tail {
    let mut tail = Tail::default();
    for entry in entries {
        for record in &entry.verdicts {
            tail.verdicts.push(verdict_row(*next_verdict, record, names));
            *next_verdict += 1;
        }
        tail.writes.extend(entry.writes.iter().map(write_row));
        tail.marks.extend_from_slice(&entry.marks);
        tail.positions.extend(entry.positions.iter().cloned());
        tail.confirmed.extend_from_slice(&entry.confirmed);
        tail.events.extend_from_slice(&entry.events);
    }
    tail
}

fn write_row(write: &WriteResult) -> (u32, u64, Vec<u8>) {
    let mut bytes = Vec::new();
    put_write(&mut bytes, write);
    (write.check.0, write.seq, bytes)
}

/// Writes a row of frames that the pipeline handed in.
pub fn encode<'a>(frames: impl Iterator<Item = &'a Frame> + Clone, tail: &Tail) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_uint(&mut out, frames.clone().count() as u64);
    let mut readings = Vec::new();
    for frame in frames {
        put_frame(&mut out, &mut readings, frame.group, (frame.at, frame.arrived_at), &frame.readings);
    }
    put_tail(&mut out, tail);
    out
}

/// Writes a row of frames that move from older rows to this one.
pub fn encode_carried(frames: &[(GroupSlot, Vec<StoredFrame>)]) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_uint(&mut out, frames.iter().map(|(_, f)| f.len() as u64).sum());
    let mut readings = Vec::new();
    for (group, frames) in frames {
        for frame in frames {
            put_frame(&mut out, &mut readings, *group, (frame.at, frame.arrived_at), &frame.readings);
        }
    }
    put_tail(&mut out, &Tail::default());
    out
}

fn put_frame(
    out: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
    group: GroupSlot,
    (at, arrived_at): (WallTime, WallTime),
    readings: &[takt_plant::Reading],
) {
    scratch.clear();
    scratch.extend_from_slice(&at.as_ns().to_le_bytes());
    put_int(scratch, arrived_at.as_ns().wrapping_sub(at.as_ns()));
    put_uint(scratch, readings.len() as u64);
    put_readings(scratch, readings);
    put_uint(out, u64::from(group.0));
    put_part(out, scratch);
}

fn put_tail(out: &mut Vec<u8>, tail: &Tail) {
    put_uint(out, tail.verdicts.len() as u64);
    for row in &tail.verdicts {
        put_verdict(out, row);
    }
    put_uint(out, tail.writes.len() as u64);
    for (check, seq, bytes) in &tail.writes {
        put_uint(out, u64::from(*check));
        put_uint(out, *seq);
        put_part(out, bytes);
    }
    put_uint(out, tail.marks.len() as u64);
    for (connection, digest) in &tail.marks {
        put_uint(out, u64::from(connection.0));
        out.extend_from_slice(digest);
    }
    put_uint(out, tail.positions.len() as u64);
    for (check, bytes) in &tail.positions {
        put_uint(out, u64::from(check.0));
        put_part(out, bytes);
    }
    put_uint(out, tail.confirmed.len() as u64);
    for c in &tail.confirmed {
        for v in [u64::from(c.connection.0), u64::from(c.check.0), u64::from(c.epoch), c.seq] {
            put_uint(out, v);
        }
    }
    put_uint(out, tail.events.len() as u64);
    for event in &tail.events {
        put_int(out, event.at.as_ns());
        let line = event.line.as_ref().map_or("", LineId::as_str);
        for text in [event.who.as_str(), &event.what, line, &event.text] {
            put_part(out, text.as_bytes());
        }
    }
}

fn put_verdict(out: &mut Vec<u8>, row: &VerdictRow) {
    put_int(out, row.id);
    for v in [u64::from(row.check), u64::from(row.epoch), row.seq, u64::from(row.outcome)] {
        put_uint(out, v);
    }
    put_int(out, row.at_ns);
    put_uint(out, u64::from(row.part.is_some()));
    put_part(out, row.part.as_deref().unwrap_or("").as_bytes());
    put_part(out, &row.body);
}

/// A journal row that is read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// The frames that were asked for, in the order in which they came.
    pub frames: Vec<(GroupSlot, StoredFrame)>,
    /// Everything else.
    pub tail: Tail,
}

/// Reads a row; frames only of the groups that are wanted.
///
/// # Errors
/// [`Corrupt`] when the bytes are not such a row.
pub fn decode(bytes: &[u8], wanted: impl Fn(GroupSlot) -> bool) -> Result<Row, Corrupt> {
    let mut cursor = Cursor::new(bytes);
    if cursor.byte("journal row")? != VERSION {
        return Err(Corrupt("version of the journal row"));
    }
    let mut frames = Vec::new();
    for _ in 0..cursor.count(2, "frames")? {
        let group = GroupSlot(cursor.small("group")?);
        let part = cursor.part("frame")?;
        if wanted(group) {
            frames.push((group, get_frame(part)?));
        }
    }
    let tail = get_tail(&mut cursor)?;
    if cursor.is_empty() { Ok(Row { frames, tail }) } else { Err(Corrupt("end of the journal row")) }
}

fn get_frame(part: &[u8]) -> Result<StoredFrame, Corrupt> {
    let mut cursor = Cursor::new(part);
    let at = i64::from_le_bytes(cursor.word("source time")?);
    let arrived = at.wrapping_add(cursor.int("arrival time")?);
    let n = cursor.small("readings")?;
    let readings = get_readings(&mut cursor, n)?;
    Ok(StoredFrame { at: WallTime::from_ns(at), arrived_at: WallTime::from_ns(arrived), readings })
}

fn get_tail(cursor: &mut Cursor<'_>) -> Result<Tail, Corrupt> {
    let mut tail = Tail::default();
    for _ in 0..cursor.count(8, "verdicts")? {
        tail.verdicts.push(get_verdict(cursor)?);
    }
    for _ in 0..cursor.count(3, "writes")? {
        tail.writes.push((cursor.small("check")?, cursor.uint("seq")?, cursor.part("write")?.to_vec()));
    }
    for _ in 0..cursor.count(17, "marks")? {
        let connection = ConnectionSlot(cursor.small("connection")?);
        let digest = cursor.take(16, "mark")?.try_into().expect("take gave sixteen bytes");
        tail.marks.push((connection, digest));
    }
    for _ in 0..cursor.count(2, "positions")? {
        tail.positions.insert(CheckSlot(cursor.small("check")?), cursor.part("position")?.to_vec());
    }
    for _ in 0..cursor.count(4, "confirmations")? {
        tail.confirmed.push(Confirmation {
            connection: ConnectionSlot(cursor.small("connection")?),
            check: CheckSlot(cursor.small("check")?),
            epoch: cursor.small("epoch")?,
            seq: cursor.uint("seq")?,
        });
    }
    for _ in 0..cursor.count(5, "events")? {
        let at = WallTime::from_ns(cursor.int("event time")?);
        let mut text = || cursor.text("event").map(String::from);
        let (who, what, line, text) = (text()?, text()?, text()?, text()?);
        tail.events.push(Event { at, who, what, line: LineId::new(&line).ok(), text });
    }
    Ok(tail)
}

fn get_verdict(cursor: &mut Cursor<'_>) -> Result<VerdictRow, Corrupt> {
    let id = cursor.int("verdict")?;
    let check = cursor.small("check")?;
    let epoch = cursor.small("epoch")?;
    let seq = cursor.uint("seq")?;
    let outcome = cursor.small("outcome")?;
    let at_ns = cursor.int("verdict time")?;
    let has_part = cursor.uint("part")? != 0;
    let part = cursor.text("part")?;
    let body = cursor.part("verdict body")?.to_vec();
    let part = has_part.then(|| part.to_string());
    Ok(VerdictRow { id, check, epoch, seq, at_ns, outcome, part, body, writes: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::{Fault, MonoTime, Reading, TagSlot, Value};

    fn frame(group: u32, readings: Vec<Reading>) -> Frame {
        Frame {
            group: GroupSlot(group),
            tags: (0..readings.len()).map(|i| TagSlot(i as u32)).collect(),
            readings: readings.into_boxed_slice(),
            at: WallTime::from_ns(1_000),
            arrived_at: WallTime::from_ns(900),
            arrived: MonoTime::from_ns(0),
        }
    }

    fn tail() -> Tail {
        let verdict =
            VerdictRow { id: 4, check: 5, seq: 6, part: Some(String::new()), body: vec![1], ..VerdictRow::default() };
        Tail {
            verdicts: vec![verdict],
            writes: vec![(5, 6, vec![9])],
            marks: vec![(ConnectionSlot(2), [7; 16])],
            positions: [(CheckSlot(5), vec![1, 2, 3])].into(),
            confirmed: vec![Confirmation { connection: ConnectionSlot(2), check: CheckSlot(5), epoch: 1, seq: 6 }],
            events: vec![Event {
                at: WallTime::from_ns(-1),
                who: "anna".into(),
                what: "output.arm".into(),
                line: LineId::new("press-3").ok(),
                text: "reject".into(),
            }],
        }
    }

    #[test]
    fn a_row_comes_back_and_keeps_the_order_of_groups() {
        let frames = [
            frame(1, vec![Reading::number(1.5), Reading::Bad(Fault::Timeout)]),
            frame(2, vec![Reading::Good(Value::Integer(7))]),
            frame(1, vec![Reading::number(2.5), Reading::number(3.5)]),
        ];
        let bytes = encode(frames.iter(), &tail());
        let row = decode(&bytes, |_| true).unwrap();
        assert_eq!(row.frames.iter().map(|f| f.0.0).collect::<Vec<_>>(), [1, 2, 1]);
        assert_eq!(row.frames[0].1.readings, frames[0].readings);
        assert_eq!(row.tail, tail());
        assert_eq!(decode(&bytes, |g| g.0 == 2).unwrap().frames.len(), 1);
    }

    #[test]
    fn every_shortened_row_is_refused() {
        let frames = [frame(1, vec![Reading::number(1.5)])];
        let bytes = encode(frames.iter(), &tail());
        for n in 0..bytes.len() {
            assert!(decode(&bytes[..n], |_| true).is_err(), "{n} of {} bytes", bytes.len());
        }
    }
}
