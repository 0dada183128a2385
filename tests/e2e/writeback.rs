//! Write-back end to end, with what a PLC may answer: pulses, refusals, read-back, limits, and the
//! fail-safe value when there is no verdict to act on.

use crate::faulty::{Bench, FAULTY, GOOD, HEARTBEAT, IMPATIENT, LEARNED, PATIENCE, PATIENT};
use crate::parts::{learn, path, text};
use crate::verdicts::check_books;
use std::time::Duration;
use takt_tests::process::wait_until;
use takt_tests::python;

/// A level on a register whose values tell what was meant.
const LEVEL: &str = r#"
write = { connection = "plc", register = "holding:220" }
value = { pass = 1, fail = 2, inconclusive = 3 }
fail_safe = 9
"#;
const PLACE: u64 = 220;

#[test]
fn a_pulse_is_taken_back_and_a_second_fail_prolongs_it() {
    let mut bench = Bench::armed(
        PATIENT,
        r#"
write = { connection = "plc", register = "coil:10" }
mode = "pulse"
duration = "2s"
value = { pass = false, fail = true, inconclusive = true }
fail_safe = true
"#,
    );
    let wait = |bench: &Bench, values: &[u64]| {
        wait_until(&format!("the coil goes {values:?}"), PATIENCE, || (bench.values_at(10) == values).then_some(()));
    };
    bench.judged(GOOD);
    // Nobody knows what the coil held before: the first verdict is written whatever it is.
    wait(&bench, &[0]);
    bench.judged(GOOD);
    assert_eq!(bench.values_at(10), [0], "a pass makes no pulse");
    bench.part(FAULTY);
    wait(&bench, &[0, 1, 0]);
    bench.part(FAULTY);
    wait(&bench, &[0, 1, 0, 1]);
    // Well inside the pulse, but so late that its own end would follow at once.
    std::thread::sleep(Duration::from_millis(1_200));
    bench.part(FAULTY);
    wait(&bench, &[0, 1, 0, 1, 1, 0]);
    let writes: Vec<_> = bench.writes().into_iter().filter(|write| write.address == 10).collect();
    let lasted_ms = writes[5].at_ms - writes[4].at_ms;
    assert!(lasted_ms > 1_000, "the pulse of the last fail lasted {lasted_ms} ms; the one before had 800 ms left");
    bench.judged(GOOD);
    assert_eq!(bench.values_at(10).len(), 6, "nothing else was written");
    check_books(&bench.gateway);
}

#[test]
fn a_refused_write_shows_its_exception_code_and_is_not_repeated() {
    let mut bench = Bench::armed(PATIENT, LEVEL);
    bench.part(GOOD);
    bench.wait_outcome("confirmed", 1);
    wait_until("the stored verdict says how long its write took", PATIENCE, || {
        let page = bench.gateway.json("/api/v1/verdicts?line=press");
        let write_us = page["verdicts"][0]["latency_us"]["write"].as_u64()?;
        (page["verdicts"][0]["verdict"] == "pass" && write_us > 0).then_some(())
    });
    let kept = bench.gateway.json("/api/v1/events");
    let of_output = |event: &&serde_json::Value| event["kind"] == "output.fail_safe";
    let n = kept["events"].as_array().expect("a list").iter().filter(of_output).count();
    assert!(n >= 1, "the fail-safe value on connecting is an event: {kept}");
    assert_eq!(bench.tell("refuse-writes 4"), "ok");
    bench.part(FAULTY);
    let output = bench.wait_outcome("refused", 2);
    wait_until("the last write says why", PATIENCE, || {
        let last = bench.output()["last"].clone();
        let why = last["why"].as_str().unwrap_or_default().to_owned();
        (last["outcome"] == "refused" && why.contains("exception 04")).then_some(())
    });
    assert_eq!(output["writes"]["confirmed"], 1, "{output}");
    let status = bench.gateway.run_ok(&["status"]);
    assert!(status.contains("refused"), "{status}");
    let wait = |bench: &Bench, values: &[u64]| {
        let what = "every verdict once, refused or not, and the fail-safe value behind it";
        wait_until(&format!("{what}: {values:?}"), PATIENCE, || (once(bench) == values).then_some(()));
    };
    bench.part(FAULTY);
    wait(&bench, &[1, 2, 9, 2, 9]);
    assert_eq!(bench.tell("good"), "ok");
    bench.part(GOOD);
    wait(&bench, &[1, 2, 9, 2, 9, 1]);
    check_books(&bench.gateway);
}

#[test]
fn a_read_back_that_differs_is_shown_and_stops_the_heartbeat() {
    let mut bench = Bench::armed(PATIENT, &format!("{LEVEL}read_back = true\n"));
    bench.part(GOOD);
    bench.wait_outcome("confirmed", 1);
    assert_eq!(bench.tell("ignore-writes"), "ok");
    bench.part(FAULTY);
    bench.wait_outcome("differs", 2);
    wait_until("what was found is shown", PATIENCE, || {
        let last = bench.output()["last"].clone();
        (last["outcome"] == "differs" && last["value"] == "9" && last["why"].as_str()?.contains('1')).then_some(())
    });
    // A gate that does not move must not be taken for one that has an answer.
    let n_beats = bench.values_at(HEARTBEAT).len();
    bench.part(FAULTY);
    wait_until("it is tried", PATIENCE, || (once(&bench) == [1, 2, 9, 2, 9]).then_some(()));
    assert_eq!(bench.values_at(HEARTBEAT).len(), n_beats, "no heartbeat while the device takes nothing");
    assert_eq!(bench.tell("good"), "ok");
    bench.part(FAULTY);
    wait_until("the heartbeat goes on", PATIENCE, || (bench.values_at(HEARTBEAT).len() > n_beats).then_some(()));
    wait_until("what is not there as it was meant is not left so", PATIENCE, || {
        (once(&bench) == [1, 2, 9, 2, 9, 2]).then_some(())
    });
    check_books(&bench.gateway);
}

#[test]
fn an_unknown_outcome_is_said_and_nothing_is_repeated() {
    let mut bench = Bench::armed(&format!("{IMPATIENT}\nconnections_max = 2\nwrite_connection = true"), LEVEL);
    bench.part(GOOD);
    bench.wait_outcome("confirmed", 1);
    // Asked now: the PLC sees the end of a connection only when it looks again, and late it looks late.
    let counts: serde_json::Value = serde_json::from_str(&bench.tell("counts")).expect("JSON");
    assert_eq!(counts["connections_max"], 2, "never more connections than the document allows: {counts}");
    // Carried out, but answered after everybody's patience: the next part's write must be another one.
    assert_eq!(bench.tell("late 1500"), "ok");
    bench.part(FAULTY);
    wait_until("the outcome is unknown", PATIENCE, || {
        let writes = bench.output()["writes"].clone();
        (writes["timed_out"].as_u64() >= Some(1) || writes["disconnected"].as_u64() >= Some(1)).then_some(())
    });
    assert_eq!(bench.tell("good"), "ok");
    bench.wait_link("up");
    bench.judged(GOOD);
    let verdicts: Vec<u64> = bench.values_at(PLACE).into_iter().filter(|value| *value != 9).collect();
    assert!(verdicts.iter().filter(|value| **value == 2).count() <= 1, "the fail is not repeated: {verdicts:?}");
    check_books(&bench.gateway);
}

#[test]
fn the_rate_holds_passes_back_and_limits_are_checked_before() {
    let mut bench = Bench::armed(PATIENT, &format!("{LEVEL}rate = \"1/h\"\nmin = 0\nmax = 10\n"));
    let wait = |bench: &Bench, values: &[u64]| {
        wait_until(&format!("{values:?} are written; {}", bench.output()), PATIENCE, || {
            (bench.values_at(PLACE) == values).then_some(())
        });
    };
    bench.part(GOOD);
    wait(&bench, &[1]);
    bench.part(FAULTY);
    wait(&bench, &[1, 2]);
    // An hour is beyond its deadline.
    bench.part(GOOD);
    wait(&bench, &[1, 2, 9]);
    bench.wait_outcome("withheld", 1);
    wait_until("an alarm says so", PATIENCE, || {
        let alarms = bench.gateway.json("/api/v1/alarms");
        let text = |alarm: &serde_json::Value| alarm["text"].as_str().unwrap_or_default().contains("rate limit");
        alarms["alarms"].as_array()?.iter().any(|alarm| alarm["kind"] == "write" && text(alarm)).then_some(())
    });
    bench.part(FAULTY);
    wait(&bench, &[1, 2, 9, 2]);
    check_books(&bench.gateway);
    let wide = Bench::new(PATIENT, LEARNED, &format!("{LEVEL}max = 5\n"));
    let refused = wide.gateway.run(&["run"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(78), "{said}");
    assert!(said.contains("9 is outside") && said.contains("could never be written"), "{said}");
}

#[test]
fn a_pass_that_comes_too_soon_is_written_when_the_rate_allows_it() {
    let mut bench = Bench::armed(PATIENT, &format!("{LEVEL}rate = \"20/min\"\n"));
    for (part, values) in [(GOOD, &[1][..]), (FAULTY, &[1, 2]), (GOOD, &[1, 2, 1])] {
        bench.part(part);
        wait_until(&format!("{values:?} are written; {}", bench.output()), PATIENCE, || {
            (bench.values_at(PLACE) == values).then_some(())
        });
    }
    let writes: Vec<_> = bench.writes().into_iter().filter(|write| write.address == PLACE).collect();
    let waited_ms = writes[2].at_ms - writes[1].at_ms;
    assert!(waited_ms >= 2_900, "the pass followed the fail after {waited_ms} ms; the rate is one in 3 s");
    check_books(&bench.gateway);
}

#[test]
fn a_device_that_takes_nothing_gets_the_fail_safe_value_until_it_takes_it() {
    let mut bench = Bench::armed(PATIENT, LEVEL);
    bench.part(GOOD);
    bench.wait_outcome("confirmed", 1);
    assert_eq!(bench.tell("refuse-writes 4"), "ok");
    bench.part(FAULTY);
    bench.wait_outcome("refused", 4);
    let (n_beats, n_verdicts) = (bench.values_at(HEARTBEAT).len(), bench.n_verdicts());
    bench.wait_outcome("refused", 6);
    assert_eq!(bench.values_at(HEARTBEAT).len(), n_beats, "no heartbeat while the device takes nothing");
    assert_eq!(once(&bench), [1, 2, 9]);
    // The machine halts on the lost heartbeat: no further part comes.
    assert_eq!(bench.tell("good"), "ok");
    wait_until("the heartbeat goes on", PATIENCE, || (bench.values_at(HEARTBEAT).len() > n_beats).then_some(()));
    assert_eq!((once(&bench), bench.n_verdicts()), (vec![1, 2, 9], n_verdicts));
    let n_written = bench.values_at(PLACE).len();
    bench.part(GOOD);
    wait_until("the next part is answered", PATIENCE, || (bench.values_at(PLACE).last() == Some(&1)).then_some(()));
    assert_eq!(bench.values_at(PLACE).len(), n_written + 1, "what was taken is not written again");
    check_books(&bench.gateway);
}

#[test]
fn an_orderly_stop_leaves_the_fail_safe_value() {
    // The writes at the end find the connection in its pause.
    let mut bench = Bench::armed(&format!("{PATIENT}\npause_between_requests = \"20ms\""), LEVEL);
    bench.part(GOOD);
    bench.wait_outcome("confirmed", 1);
    wait_until("the heartbeat moves", PATIENCE, || (!bench.values_at(HEARTBEAT).is_empty()).then_some(()));
    assert_eq!(bench.gateway.stop(), Some(0), "a clean end");
    assert_eq!(bench.values_at(PLACE), [1, 9]);
    let last = bench.writes().pop().expect("something was written");
    assert_eq!((last.address, last.value), (PLACE, 9), "and no heartbeat after it");
    // A device that says nothing does not hold up the end.
    bench.gateway.start_ready();
    bench.judged(GOOD);
    assert_eq!(bench.tell("silent"), "ok");
    assert_eq!(bench.gateway.stop(), Some(0), "an end in bounded time");
}

/// What was written, the fail-safe value that was tried again and again only once.
fn once(bench: &Bench) -> Vec<u64> {
    let mut values = bench.values_at(PLACE);
    values.dedup_by(|value, before| (*value, *before) == (9, 9));
    values
}

#[test]
fn without_a_model_the_fail_safe_value_stands_and_the_heartbeat_stands_still() {
    let mut bench = Bench::new(PATIENT, LEARNED, LEVEL);
    bench.gateway.start_connected();
    bench.gateway.run_ok(&["output", "arm", crate::faulty::OUTPUT]);
    bench.judged(GOOD);
    bench.judged(FAULTY);
    wait_until("both parts get the fail-safe value", PATIENCE, || (bench.values_at(PLACE).len() >= 2).then_some(()));
    assert!(bench.values_at(PLACE).iter().all(|value| *value == 9), "{:?}", bench.values_at(PLACE));
    assert!(bench.values_at(HEARTBEAT).is_empty(), "no model, no heartbeat");
    // A model that arrives while the line runs ends it.
    learn(&bench.gateway);
    wait_until("the heartbeat moves", PATIENCE, || (!bench.values_at(HEARTBEAT).is_empty()).then_some(()));
    bench.part(FAULTY);
    wait_until("the verdict is written", PATIENCE, || (bench.values_at(PLACE).last() == Some(&2)).then_some(()));
    check_books(&bench.gateway);
}

/// Judged by a model that takes seconds for a force of 400, and cannot read one above 1,000.
fn slow(deadline: &str) -> Bench {
    let connection = format!("{PATIENT}\nconnections_max = 2\nwrite_connection = true");
    let mut bench = Bench::new(&connection, &format!("model = \"slow\"\ndeadline = \"{deadline}\""), LEVEL);
    let config = std::fs::read_to_string(bench.gateway.config()).expect("a document");
    let names = "names = [\"force\", \"power\", \"oil\"]";
    let config = config.replace(names, &format!("{names}\nrange = [0, 1000]"));
    std::fs::write(bench.gateway.config(), config).expect("it can be written");
    let folder = path(&bench.gateway, "slow");
    assert!(python::script("slow_model.py").arg(&folder).status().expect("Python runs").success());
    let package = path(&bench.gateway, "slow.takt");
    bench.gateway.run_ok(&["model", "pack", text(&folder), "--output", text(&package)]);
    bench.gateway.run_ok(&["model", "install", text(&package), "--activate"]);
    bench.gateway.start_ready();
    bench.gateway.run_ok(&["output", "arm", crate::faulty::OUTPUT]);
    bench
}

#[test]
fn an_older_pass_takes_no_newer_verdicts_place() {
    let mut bench = slow("60s");
    bench.part(GOOD);
    wait_until("a part passes", PATIENCE, || (bench.values_at(PLACE) == [1]).then_some(()));
    let n_verdicts = bench.n_verdicts();
    bench.part([400, 20, 5]);
    wait_until("the slow part is seen", PATIENCE, || {
        let all = bench.gateway.json("/api/v1/tags?line=press");
        let part = all["tags"].as_array()?.iter().find(|tag| tag["id"] == "part")?.clone();
        (part["value"] == 1_002).then_some(())
    });
    // Its sensor is read as nothing, so it needs no model.
    bench.part([2_000, 20, 5]);
    wait_until("the next part is answered", PATIENCE, || (bench.values_at(PLACE) == [1, 3]).then_some(()));
    wait_until("the slow part is judged", PATIENCE, || (bench.n_verdicts() == n_verdicts + 2).then_some(()));
    assert_eq!(bench.check()["verdicts"]["pass"], 2, "{}", bench.check());
    let why = wait_until("its record says why nothing was written", PATIENCE, || {
        let page = bench.gateway.json("/api/v1/verdicts?line=press");
        let slow = page["verdicts"].as_array()?.iter().find(|verdict| verdict["part"] == 1_002)?;
        let at = format!("/api/v1/verdicts/press/part/{}/{}", slow["epoch"], slow["seq"]);
        Some(bench.gateway.json(&at)["writes"][0]["why"].as_str()?.to_owned())
    });
    assert!(why.contains("newer part"), "{why}");
    assert_eq!(bench.values_at(PLACE), [1, 3], "the part that could not be read is not let pass");
    // What stands there is right: nothing is wrong with the output.
    assert_eq!(bench.output()["writes"]["withheld"].as_u64().unwrap_or_default(), 0, "{}", bench.output());
    check_books(&bench.gateway);
}

#[test]
fn a_late_verdict_gives_the_fail_safe_value_and_stops_the_heartbeat() {
    let mut bench = slow("1s");
    let until = |bench: &mut Bench, value: u64| {
        wait_until(&format!("{value} is written"), PATIENCE, || {
            bench.judged(GOOD);
            (bench.values_at(PLACE).last() == Some(&value)).then_some(())
        });
    };
    until(&mut bench, 1);
    wait_until("the heartbeat moves", PATIENCE, || (bench.values_at(HEARTBEAT).len() > 2).then_some(()));
    let n_before = bench.writes().len();
    // For this force the model takes seconds.
    bench.judged([400, 20, 5]);
    wait_until("the fail-safe value is written", PATIENCE, || {
        (bench.values_at(PLACE).last() == Some(&9)).then_some(())
    });
    assert!(bench.check()["verdicts"]["reasons"]["deadline"].as_u64() >= Some(1), "{}", bench.check());
    until(&mut bench, 1);
    let n_beats = bench.values_at(HEARTBEAT).len();
    wait_until("the heartbeat goes on", PATIENCE, || (bench.values_at(HEARTBEAT).len() > n_beats).then_some(()));
    let writes = bench.writes();
    let late = writes[n_before..].iter().skip_while(|write| (write.address, write.value) != (PLACE, 9));
    let behind: Vec<_> = late.take_while(|write| (write.address, write.value) != (PLACE, 1)).collect();
    assert!(behind.iter().all(|write| write.address == PLACE), "no heartbeat while it is late: {behind:?}");
    check_books(&bench.gateway);
}
