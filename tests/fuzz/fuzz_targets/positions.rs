//! Where a check stood, as the journal kept it: decoded, and a windower that goes on from there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use takt_fuzz::damage;
use takt_fuzz::position::Position;
use takt_fuzz::windower::{Context, Fate, Windower, WindowerOptions};
use takt_plant::{Align, Edge, Frame, Join, TriggerSpan, GroupSlot, MonoTime, Reading, TagSlot, Value, WallTime, WindowSpec};

fn options(kind: u8) -> WindowerOptions {
    let ms = Duration::from_millis;
    let spec = match kind % 4 {
        0 => WindowSpec::Frame,
        1 => WindowSpec::Count { size: 4, hop: 2 },
        2 => WindowSpec::Time {
            span: ms(4),
            hop: ms(2),
            step: ms(1),
            align: Align::Epoch,
            join: Join::Hold,
            max_age: ms(10),
        },
        _ => {
            let collect = TriggerSpan { before: ms(2), after: ms(1) };
            WindowSpec::Trigger { tag: TagSlot(0), edge: Edge::Change, collect, max_age: collect.length() }
        }
    };
    WindowerOptions {
        spec,
        inputs: vec![TagSlot(0), TagSlot(1)],
        lateness: Duration::from_millis(5),
        silence: Duration::from_secs(1),
        n_samples_max: 64,
    }
}

fn frame(i: i64) -> Frame {
    Frame {
        group: GroupSlot(0),
        tags: [TagSlot(0), TagSlot(1)].into(),
        readings: [Reading::Good(Value::Integer(i)), Reading::Good(Value::Real(0.5))].into(),
        at: WallTime::from_ns(i * 1_000_000),
        arrived_at: WallTime::from_ns(i * 1_000_000),
        arrived: MonoTime::from_ns(i.unsigned_abs() * 1_000_000),
    }
}

fn push(windower: &mut Windower, i: i64) {
    windower.push(&frame(i), Context { in_production: true, recipe: None });
    // More windows than this cannot come of one frame of this test.
    for _ in 0..100 {
        let Some(window) = windower.take() else { return };
        windower.judged(&window.key, Fate::Judged);
        windower.recycle(window);
    }
}

/// A windower in the middle of its work.
fn worked(kind: u8) -> Windower {
    let mut windower = Windower::new(options(kind)).expect("options");
    for i in 0..7 {
        push(&mut windower, i);
    }
    windower
}

fuzz_target!(|bytes: &[u8]| {
    let [kind, how, rest @ ..] = bytes else { return };
    let position = if how & 1 == 0 {
        Position::decode(rest)
    } else {
        let windower = worked(*kind).snapshot();
        let mut bytes = Position { windower, memories: vec![None], seq: 7, arrived_ns: 9 }.encode();
        damage(&mut bytes, rest);
        Position::decode(&bytes)
    };
    let Some(position) = position else { return };
    let Ok(mut windower) = Windower::restore(options(*kind), position.windower, (0..7).map(frame)) else { return };
    for i in 7..20 {
        push(&mut windower, i);
    }
    let _ = windower.snapshot();
});
