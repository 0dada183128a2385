//! Random lives of a line: rates, jitter, lateness, repeats, steps back, gaps, idling, recipes, bad readings.

use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use takt_models::windower::{Context, WindowerOptions};
use takt_plant::{
    Align, Edge, Fault, Frame, GroupSlot, Join, MonoTime, Reading, TagSlot, TriggerSpan, Value, WallTime, WindowSpec,
};

pub const TRIGGER: TagSlot = TagSlot(3);

/// What happens next on the line.
#[derive(Debug, Clone)]
pub enum Step {
    Frame(Frame, Context),
    Poll(MonoTime),
}

/// Tags of each group: two inputs, one input, trigger alone, nothing of this check, input with trigger.
const GROUPS: [&[u32]; 5] = [&[0, 1], &[2], &[3], &[9], &[0, 1, 3]];

pub fn options(spec: WindowSpec, lateness: u64, silence: u64) -> WindowerOptions {
    WindowerOptions {
        spec,
        inputs: vec![TagSlot(1), TagSlot(0), TagSlot(2)],
        lateness: Duration::from_nanos(lateness),
        silence: Duration::from_nanos(silence),
        n_samples_max: 100_000,
    }
}

pub fn any_count() -> impl Strategy<Value = WindowSpec> {
    (1u32..6, 1u32..8).prop_map(|(size, hop)| WindowSpec::Count { size, hop })
}

pub fn any_time() -> impl Strategy<Value = WindowSpec> {
    (1u64..5, 1u64..12, 1u64..9, any::<bool>(), any::<bool>(), 0u64..40).prop_map(
        |(step, n, hop, is_epoch, is_linear, max_age)| WindowSpec::Time {
            span: Duration::from_nanos(step * n),
            hop: Duration::from_nanos(hop),
            step: Duration::from_nanos(step),
            align: if is_epoch { Align::Epoch } else { Align::First },
            join: if is_linear { Join::Linear } else { Join::Hold },
            max_age: Duration::from_nanos(max_age),
        },
    )
}

pub fn any_trigger() -> impl Strategy<Value = WindowSpec> {
    let edge = prop_oneof![Just(Edge::Change), Just(Edge::Rising), Just(Edge::Falling)];
    (edge, prop_oneof![Just(0u64), 1u64..30], prop_oneof![Just(0u64), 1u64..30]).prop_map(|(edge, before, after)| {
        let collect = TriggerSpan { before: Duration::from_nanos(before), after: Duration::from_nanos(after) };
        WindowSpec::Trigger { tag: TRIGGER, edge, collect, max_age: collect.length() }
    })
}

/// A lateness and a silence that matter at the script's pace.
pub fn any_patience() -> impl Strategy<Value = (u64, u64)> {
    (prop_oneof![Just(0u64), 1u64..8, 20u64..60], 1u64..60)
}

/// What one step is made of before the clocks are added up.
#[derive(Debug, Clone)]
struct Draw {
    /// A poll instead of a frame, this long after the last step.
    poll: Option<u64>,
    group: usize,
    ahead: i64,
    wait: u64,
    cells: [u8; 4],
    context: u8,
}

pub fn any_script(n_max: usize) -> impl Strategy<Value = Vec<Step>> {
    (0i64..500, prop::collection::vec(any_draw(), 1..n_max)).prop_map(|(start, draws)| steps(start, &draws))
}

fn any_draw() -> impl Strategy<Value = Draw> {
    let ahead = prop_oneof![
        30 => 0i64..5,
        10 => Just(0i64),
        8 => -6i64..0,
        2 => -60i64..-6,
        2 => 5i64..80,
        1 => 200i64..3_000,
    ];
    let poll = prop_oneof![6 => Just(None), 1 => (0u64..90).prop_map(Some)];
    let context = prop_oneof![20 => Just(0u8), 2 => Just(1u8), 1 => Just(2u8), 1 => Just(3u8)];
    (poll, 0usize..GROUPS.len(), ahead, 0u64..6, any::<[u8; 4]>(), context)
        .prop_map(|(poll, group, ahead, wait, cells, context)| Draw { poll, group, ahead, wait, cells, context })
}

fn steps(start: i64, draws: &[Draw]) -> Vec<Step> {
    let tags: Vec<Arc<[TagSlot]>> =
        GROUPS.iter().map(|group| group.iter().map(|tag| TagSlot(*tag)).collect()).collect();
    let (mut at, mut mono) = (start, 0);
    let mut context = Context { in_production: true, recipe: Some(0) };
    let mut steps = Vec::new();
    for draw in draws {
        if let Some(wait) = draw.poll {
            mono += wait;
            steps.push(Step::Poll(MonoTime::from_ns(mono)));
            continue;
        }
        at += draw.ahead;
        mono += draw.wait;
        match draw.context {
            0 => context.in_production = true,
            1 => context.in_production = false,
            2 => context.recipe = Some(u32::from(draw.cells[0] % 2)),
            _ => context.recipe = None,
        }
        let readings = tags[draw.group].iter().zip(draw.cells).map(|(tag, cell)| reading(*tag, cell)).collect();
        let frame = Frame {
            group: GroupSlot(u32::try_from(draw.group).unwrap()),
            tags: Arc::clone(&tags[draw.group]),
            readings,
            at: WallTime::from_ns(at),
            arrived_at: WallTime::from_ns(1_000_000 + i64::try_from(mono).unwrap()),
            arrived: MonoTime::from_ns(mono),
        };
        steps.push(Step::Frame(frame, context));
    }
    steps
}

fn reading(tag: TagSlot, cell: u8) -> Reading {
    match cell {
        250.. => Reading::Bad(Fault::Timeout),
        245..250 => Reading::Bad(Fault::Text("Bad".into())),
        _ if tag == TRIGGER => Reading::Good(Value::Integer(i64::from(cell / 50))),
        _ => Reading::number(f64::from(cell) / 8.0),
    }
}
