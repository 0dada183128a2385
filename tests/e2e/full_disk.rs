//! A full disk and an armed output: the PLC is answered, also after a restart on the full disk, nothing is
//! written twice, and what was disarmed stays so.

use crate::box_faults::Disk;
use crate::faulty::{Bench, FAULTY, GOOD, LEARNED, OUTPUT, PATIENCE, PATIENT};
use crate::parts::learn;
use crate::verdicts::check_books;
use takt_tests::gateway::Gateway;
use takt_tests::process::wait_until;

const PLACE: u64 = 220;
const LEVEL: &str = r#"
write = { connection = "plc", register = "holding:220" }
value = { pass = 1, fail = 2, inconclusive = 3 }
fail_safe = 9
"#;

/// Shows parts; each verdict is written once, whatever was written before.
fn parts(bench: &mut Bench, written: &mut Vec<u64>) {
    for (part, value) in [(GOOD, 1), (FAULTY, 2), (GOOD, 1)] {
        bench.part(part);
        written.push(value);
        let verdicts =
            |bench: &Bench| bench.values_at(PLACE).into_iter().filter(|value| *value != 9).collect::<Vec<_>>();
        wait_until(&format!("{written:?} are written; {}", bench.output()), PATIENCE, || {
            (verdicts(bench) == *written).then_some(())
        });
    }
    check_books(&bench.gateway);
}

fn wait_unwritable(bench: &Bench, wanted: bool) {
    wait_until(&format!("the store is unwritable: {wanted}"), PATIENCE, || {
        let is = bench.gateway.json("/api/v1/status")["store"]["standing"] == "unwritable";
        (is == wanted).then_some(())
    });
}

#[test]
fn the_plc_is_answered_on_a_full_disk_and_after_a_restart_on_it() {
    let Some(disk) = Disk::new("48m") else { return };
    let mut bench = Bench::with(Gateway::on(disk.path(), ""), PATIENT, LEARNED, LEVEL);
    learn(&bench.gateway);
    bench.gateway.start_ready();
    bench.gateway.run_ok(&["output", "arm", OUTPUT]);
    let mut written = Vec::new();
    parts(&mut bench, &mut written);
    disk.fill();
    wait_unwritable(&bench, true);
    parts(&mut bench, &mut written);
    // Once from what is left of a run that could not write, once from what is left of that.
    for _ in 0..2 {
        assert_eq!(bench.gateway.stop(), Some(0), "it ends");
        bench.gateway.start_ready();
        wait_unwritable(&bench, true);
        let (_, ready) = bench.gateway.get("/readyz").expect("it answers");
        assert!(ready.contains("store"), "the store is named: {ready}");
        assert_eq!(bench.output()["armed"], true, "{}", bench.output());
        parts(&mut bench, &mut written);
    }
    disk.empty();
    wait_unwritable(&bench, false);
    parts(&mut bench, &mut written);
    assert_eq!(bench.gateway.stop(), Some(0), "a clean end");
    // What a clean end leaves cannot be opened for writing on a full disk.
    disk.fill();
    bench.gateway.start_ready();
    wait_unwritable(&bench, true);
    parts(&mut bench, &mut written);
    disk.empty();
    wait_unwritable(&bench, false);
    parts(&mut bench, &mut written);
    assert_eq!(bench.gateway.stop(), Some(0), "a clean end");
}

#[test]
fn an_output_whose_arming_cannot_be_recorded_stays_a_dry_run() {
    let Some(disk) = Disk::new("48m") else { return };
    let mut bench = Bench::with(Gateway::on(disk.path(), ""), PATIENT, LEARNED, LEVEL);
    learn(&bench.gateway);
    bench.gateway.start_ready();
    disk.fill();
    wait_unwritable(&bench, true);
    let refused = bench.gateway.run(&["output", "arm", OUTPUT]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("is not armed"), "{said}");
    bench.judged(FAULTY);
    assert_eq!(bench.output()["armed"], false, "{}", bench.output());
    assert!(bench.values_at(PLACE).is_empty(), "a dry run writes nothing");
    disk.empty();
    wait_unwritable(&bench, false);
    bench.gateway.run_ok(&["output", "arm", OUTPUT]);
    assert_eq!(bench.output()["armed"], true, "{}", bench.output());
    assert_eq!(bench.gateway.stop(), Some(0), "a clean end");
}

#[test]
fn a_disarm_on_a_full_disk_outlives_a_kill() {
    let Some(disk) = Disk::new("48m") else { return };
    let mut bench = Bench::with(Gateway::on(disk.path(), ""), PATIENT, LEARNED, LEVEL);
    learn(&bench.gateway);
    bench.gateway.start_ready();
    bench.gateway.run_ok(&["output", "arm", OUTPUT]);
    bench.gateway.kill();
    bench.gateway.start_ready();
    assert_eq!(bench.output()["armed"], true, "what is armed stays armed: {}", bench.output());
    parts(&mut bench, &mut Vec::new());
    disk.fill();
    wait_unwritable(&bench, true);
    bench.gateway.run_ok(&["output", "disarm", OUTPUT]);
    let n_written = bench.values_at(PLACE).len();
    for _ in 0..2 {
        bench.gateway.kill();
        bench.gateway.start_ready();
        assert_eq!(bench.output()["armed"], false, "{}", bench.output());
        bench.judged(FAULTY);
        assert_eq!(bench.values_at(PLACE).len(), n_written, "a dry run writes nothing");
    }
    disk.empty();
    wait_unwritable(&bench, false);
    bench.gateway.run_ok(&["output", "arm", OUTPUT]);
    bench.gateway.kill();
    bench.gateway.start_ready();
    assert_eq!(bench.output()["armed"], true, "{}", bench.output());
    assert_eq!(bench.gateway.stop(), Some(0), "a clean end");
}

/// A flag that cannot be taken away stands for a disk that lets go of nothing.
#[test]
fn a_disarm_that_cannot_be_kept_says_so_until_it_is() {
    let Some(disk) = Disk::new("48m") else { return };
    let mut bench = Bench::with(Gateway::on(disk.path(), ""), PATIENT, LEARNED, LEVEL);
    learn(&bench.gateway);
    bench.gateway.start_ready();
    bench.gateway.run_ok(&["output", "arm", OUTPUT]);
    disk.fill();
    wait_unwritable(&bench, true);
    let flag = disk.path().join("data/armed").join(OUTPUT.replace('/', "+"));
    std::fs::remove_file(&flag).expect("the flag is up");
    std::fs::create_dir_all(flag.join("stuck")).expect("a folder needs no room here");
    let told = bench.gateway.run(&["output", "disarm", OUTPUT]);
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(!told.status.success() && said.contains("only until the gateway starts again"), "{said}");
    assert_eq!(bench.output()["armed"], false, "it is in dry run at once: {}", bench.output());
    let alarm = |bench: &Bench| {
        let alarms = bench.gateway.json("/api/v1/alarms")["alarms"].as_array().cloned().unwrap_or_default();
        alarms.into_iter().find(|alarm| alarm["kind"] == "arming" && alarm["holds"] == true)
    };
    wait_until("an alarm shows it", PATIENCE, || alarm(&bench));
    disk.empty();
    wait_until("it is kept as soon as it can be", PATIENCE, || alarm(&bench).is_none().then_some(()));
    bench.gateway.kill();
    bench.gateway.start_ready();
    assert_eq!(bench.output()["armed"], false, "{}", bench.output());
    assert_eq!(bench.gateway.stop(), Some(0), "a clean end");
}
