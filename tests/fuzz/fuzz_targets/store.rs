//! Bytes from the store's tables, after a power cut, a bad sector or a hand that meant well: as they
//! are, or as a valid chunk or row of the journal with some bytes changed. The first byte chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use takt_adapters::Ticket;
use takt_fuzz::damage;
use takt_fuzz::record::{LatencySplit, ModelStamp, VerdictRecord};
use takt_fuzz::store::chunk::{Block, ChunkView, OpenChunk};
use takt_fuzz::store::entry::{CheckSlot, ConnectionSlot, Entry, Event, WriteKind, WriteOutcome, WriteResult};
use takt_fuzz::store::names::Names;
use takt_fuzz::store::row::{self, gather};
use takt_fuzz::store::verdict::{verdict_of, verdict_row};
use takt_plant::{
    Fault, Frame, GroupSlot, Inconclusive, MonoTime, Outcome, Reading, Score, TagSlot, Value, VerdictKey, WallTime,
    WindowKey,
};

fn readings(i: i64) -> Vec<Reading> {
    let text = |text: &str| Reading::Good(Value::Text(Arc::from(text)));
    vec![
        Reading::Good(Value::Real(i as f64 * 0.1)),
        Reading::Good(Value::Integer(i)),
        if i % 7 == 0 { Reading::Bad(Fault::Missing) } else { Reading::Good(Value::Flag(i % 2 == 0)) },
        if i % 5 == 0 { Reading::Bad(Fault::Text(Arc::from("Scan Timeout"))) } else { text("part") },
    ]
}

fn chunk() -> (Vec<u8>, Vec<u8>) {
    let mut open = OpenChunk::default();
    for i in 0..40 {
        open.push(WallTime::from_ns(i * 1_000_003), WallTime::from_ns(i * 1_000_003 + 7), &readings(i));
    }
    let sealed = open.seal();
    (sealed.body, sealed.blocks)
}

fn record() -> VerdictRecord {
    VerdictRecord {
        key: VerdictKey {
            line: "line".parse().expect("an id"),
            check: "check".parse().expect("an id"),
            epoch: 1,
            seq: 7,
            window: WindowKey {
                from: WallTime::from_ns(5),
                to: WallTime::from_ns(9),
                n: 3,
                part: Some(Value::Text(Arc::from("p-1"))),
            },
        },
        outcome: Outcome::Inconclusive(Inconclusive::NoModel),
        at: WallTime::from_ns(10),
        scores: vec![Score { name: Arc::from("t2"), value: 1.5, limit: 2.0 }],
        contributions: vec![("force".parse().expect("an id"), 0.75)],
        model: Some(Arc::new(ModelStamp { name: "m".into(), version: "1.0.0".into(), digest: "b3:0".into() })),
        latency: LatencySplit { queue_us: 1, features_us: 2, inference_us: 3, write_us: 4, total_us: 10 },
        executed_by: "box".parse().expect("an id"),
    }
}

fn entry() -> Entry {
    let frame = Frame {
        group: GroupSlot(3),
        tags: (0..4).map(TagSlot).collect(),
        readings: readings(3).into(),
        at: WallTime::from_ns(1),
        arrived_at: WallTime::from_ns(2),
        arrived: MonoTime::from_ns(2),
    };
    let outcome = WriteOutcome::Refused("no".into());
    Entry {
        ticket: Ticket(1),
        frames: vec![frame],
        marks: vec![(ConnectionSlot(1), [9; 16])],
        verdicts: vec![Arc::new(record())],
        positions: vec![(CheckSlot(2), vec![1, 2, 3])],
        events: vec![Event {
            at: WallTime::from_ns(3),
            who: "me".into(),
            what: "output.arm".into(),
            line: None,
            text: "armed".into(),
        }],
        writes: vec![WriteResult { check: CheckSlot(2), seq: 7, output: "reject".parse().expect("an id"), kind: WriteKind::Verdict, outcome, write_us: 9, value: "1".into(), target: "coil:1".into() }],
        ..Entry::default()
    }
}

fn read_chunk(body: &[u8], blocks: &[u8]) {
    if let Ok(view) = ChunkView::new(body) {
        let _ = view.arrived_ns();
        for i in 0..view.n_columns().min(8) {
            if let Ok(column) = view.column(i) {
                let _ = column.readings();
                column.each_number(|_, _| {});
            }
        }
        if view.n_columns() <= 64 {
            let _ = view.frames();
        }
    }
    let _ = Block::decode(blocks);
}

fn read_row(bytes: &[u8], names: &Names) {
    if let Ok(row) = row::decode(bytes, |_| true) {
        for verdict in &row.tail.verdicts {
            let _ = verdict_of(verdict, names);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let mut names = Names::default();
    let entry = entry();
    match kind % 5 {
        0 => read_chunk(rest, rest),
        1 => read_row(rest, &names),
        2 => {
            let (mut body, mut blocks) = chunk();
            let (of_body, of_blocks) = rest.split_at(rest.len() / 2);
            damage(&mut body, of_body);
            damage(&mut blocks, of_blocks);
            read_chunk(&body, &blocks);
        }
        3 => {
            let tail = gather([&entry].into_iter(), &mut 1, &mut names);
            let mut row = row::encode(entry.frames.iter(), &tail);
            damage(&mut row, rest);
            read_row(&row, &names);
        }
        _ => {
            let mut row = verdict_row(1, &record(), &mut names);
            let (of_body, of_writes) = rest.split_at(rest.len() / 2);
            damage(&mut row.body, of_body);
            row.writes = of_writes.to_vec();
            row.outcome = *kind % 3;
            let _ = verdict_of(&row, &names);
        }
    }
});
