//! Faults and invariants: many seeds of a zone, and one big mesh.

use std::collections::BTreeMap;
use std::time::Duration;
use takt_mesh_proto::node::NodeOptions;
use takt_mesh_sim::faults::Fault;
use takt_mesh_sim::load::Load;
use takt_mesh_sim::scenario::mesh;
use takt_mesh_sim::world::{Event, World};
use takt_plant::MonoTime;

fn at(ms: u64) -> MonoTime {
    MonoTime::from_ns(ms * 1_000_000)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Small batches and short waits, so that a few seconds hold many vouchers and checkpoints.
fn options() -> NodeOptions {
    NodeOptions {
        batch: 24,
        settle_every: ms(1500),
        upkeep_every: ms(250),
        checkpoint_entries: 4,
        ..NodeOptions::default()
    }
}

/// One run: a quiet second, two seconds of faults, then everything heals and settles.
fn run(seed: u64, n: usize, (hot_permille, n_wants): (usize, usize), faults: bool) -> World {
    let load = Load::new(n, hot_permille, 1.3, 0.2, (at(0), at(3_000)));
    let mut world = mesh(seed, n, 6, 12, options(), load);
    world.checks.seed = seed;
    if faults {
        world.plan_manners();
        world.plan_faults(ms(1000), ms(3200));
    }
    world.release((1, 1), 6, 0, n_wants);
    world.release((1, 2), 3, 0, n_wants);
    world.start();
    world.run(ms(3300));
    for wait in [0, 1200, 1200] {
        world.after(ms(wait), 0, Event::Fault(Fault::SettleAll));
        world.run(ms(wait + 600));
    }
    world.run(ms(5000));
    world.checks.finish(&world.gateways);
    world
}

fn seeds(n: u64) -> Vec<u64> {
    match std::env::var("TAKT_SEED") {
        Ok(seed) => vec![seed.parse().expect("TAKT_SEED is a number")],
        Err(_) => (1..=if is_long() { n * 20 } else { n }).collect(),
    }
}

fn is_long() -> bool {
    std::env::var_os("TAKT_LONG").is_some()
}

#[test]
fn invariants_hold_under_faults() {
    let (mut n_channels, mut n_counted, mut n_events, mut n_checkpoints, mut n_installed) = (0, 0, 0, 0, 0);
    let mut alarms = BTreeMap::new();
    for seed in seeds(200) {
        let world = run(seed, 200, (50, 20), true);
        let counted = world.checks.counted();
        n_channels += counted.0;
        n_counted += counted.1;
        n_events += world.n_events;
        n_checkpoints += world.checks.n_checkpoints;
        n_installed +=
            world.gateways.iter().filter_map(|g| g.node.as_ref()).filter(|n| !n.installed().is_empty()).count();
        world.checks.alarms.iter().for_each(|(word, n)| *alarms.entry(*word).or_insert(0) += n);
    }
    println!(
        "{n_channels} channels, {n_counted} requests counted, {n_events} events, {n_checkpoints} checkpoints, \
         {n_installed} models installed, alarms {alarms:?}"
    );
    assert!(n_counted > 0 && n_checkpoints > 0 && n_installed > 0, "the runs did something");
}

#[test]
fn ten_thousand_gateways_in_one_process() {
    let n = 10_000;
    let world = run(1, n, (2, 50), true);
    let (n_channels, n_counted) = world.checks.counted();
    println!("{n} gateways: {n_channels} channels, {n_counted} requests counted, {} events", world.n_events);
    assert!(n_counted > 0, "the run did something");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let facts = |seed| {
        let world = run(seed, 60, (100, 10), true);
        (world.n_events, world.checks.counted(), world.checks.alarms.clone())
    };
    assert_eq!(facts(7), facts(7));
    assert_ne!(facts(7), facts(8));
}
