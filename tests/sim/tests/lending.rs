//! The lending table: the share of deadlines met under each policy, by the real core.
//!
//! 1,000 gateways with one executor each and 24 known peers, runs lognormal with mean 8 ms, deadline
//! 60 ms, one gateway in five hot. Utilisation is estimated by the core, as a gateway must.

use std::time::Duration;
use takt_mesh_proto::lending::{Admission, Choice, LendingOptions, Rank};
use takt_mesh_proto::limits::OWN_WAITING_MAX;
use takt_mesh_proto::node::NodeOptions;
use takt_mesh_sim::load::Load;
use takt_mesh_sim::scenario::mesh;
use takt_plant::MonoTime;

const LOADS: [(&str, f64, f64); 3] = [("normal", 1.25, 0.45), ("tight", 1.6, 0.65), ("overload", 2.5, 0.70)];

/// Policies of the table that the core can still be told to follow, and its own last.
fn policies() -> Vec<(&'static str, LendingOptions)> {
    let plain = LendingOptions {
        advert_every: Duration::from_secs(1),
        lends_while_borrowing: false,
        local_permille: 700,
        ..LendingOptions::default()
    };
    let all = LendingOptions {
        admission: Admission::All,
        rank: Rank::Arrival,
        borrowed_max: OWN_WAITING_MAX,
        tries: 1,
        ..plain.clone()
    };
    let predicted = LendingOptions { admission: Admission::Predicted, rank: Rank::Deadline, ..plain.clone() };
    let spare = LendingOptions { admission: Admission::Spare, fill_permille: 900, ..predicted.clone() };
    vec![
        ("no lending", LendingOptions { borrows: false, lends: false, rank: Rank::Arrival, ..plain }),
        (
            "no lending, own queue as below",
            LendingOptions { borrows: false, lends: false, ..LendingOptions::default() },
        ),
        ("least loaded by advert, admit all", LendingOptions { choice: Choice::LeastLoaded, ..all.clone() }),
        ("two choices, admit all", all),
        ("two choices, EDF, admission", predicted),
        ("the same + spare tokens", spare),
        ("this program", LendingOptions::default()),
    ]
}

/// Met deadlines in percent, of borrowers (hot) and of lenders' own (cold).
fn met(policy: &LendingOptions, (hot, cold): (f64, f64), n: usize, seconds: u64) -> (f64, f64) {
    let at = |s: u64| MonoTime::from_ns(s * 1_000_000_000);
    // Two seconds go by before anything counts, so that estimates and queues are those of a running plant.
    let mut load = Load::new(n, 200, hot, cold, (at(0), at(2 + seconds)));
    load.all_mesh = true;
    let options = NodeOptions { lending: policy.clone(), ..NodeOptions::default() };
    let mut world = mesh(1, n, 24, 4_000, options, load);
    world.links.encode = false;
    world.checks.watch = false;
    world.checks.count_from = at(2);
    world.start();
    world.run_until(at(2 + seconds).plus(Duration::from_millis(100)));
    let share = |range: std::ops::Range<usize>| {
        let (mut n, mut met) = (0, 0);
        for g in range {
            n += world.checks.met[g].n;
            met += world.checks.met[g].met;
        }
        100.0 * met as f64 / n as f64
    };
    (share(0..n / 5), share(n / 5..n))
}

fn table(n: usize, seconds: u64, rows: impl Fn(&str) -> bool) -> Vec<(&'static str, Vec<(f64, f64)>)> {
    let mut found = Vec::new();
    println!("| policy | {} |", LOADS.map(|(name, ..)| name).join(" | "));
    for (name, policy) in policies().into_iter().filter(|(name, _)| rows(name)) {
        let row: Vec<(f64, f64)> = LOADS.iter().map(|(_, hot, cold)| met(&policy, (*hot, *cold), n, seconds)).collect();
        let cells: Vec<String> = row.iter().map(|(hot, cold)| format!("{hot:.1} / {cold:.1}")).collect();
        println!("| {name} | {} |", cells.join(" | "));
        found.push((name, row));
    }
    found
}

/// The bar: borrowers above the row with spare tokens that knew the true utilisation, lenders within a
/// point of not lending at all.
fn check(found: &[(&str, Vec<(f64, f64)>)]) {
    let row = |name: &str| &found.iter().find(|(n, _)| *n == name).expect("a row of the table").1;
    let bar = [99.1, 94.5, 52.7];
    let alone = row("no lending");
    for (i, (hot, cold)) in row("this program").iter().enumerate() {
        assert!(*hot >= bar[i], "borrowers under {}: {hot:.2}, wanted {}", LOADS[i].0, bar[i]);
        assert!(*cold >= alone[i].1 - 1.0, "lenders under {}: {cold:.2}, alone {:.2}", LOADS[i].0, alone[i].1);
    }
}

#[test]
fn lending_helps_borrowers_and_harms_no_lender() {
    if std::env::var_os("TAKT_LONG").is_some() {
        check(&table(1000, 20, |_| true));
    } else {
        // The same loads on a smaller mesh for a shorter time; the two rows that are compared.
        check(&table(200, 6, |name| ["no lending", "this program"].contains(&name)));
    }
}
