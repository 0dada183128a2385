//! A PLC that is silent, refuses, is late, answers somebody else's question or nonsense: no value of it
//! is judged, nothing is written on it, and when it comes back the fail-safe value goes first.

use crate::faulty::{Bench, FAULTY, GOOD, IMPATIENT, PATIENCE};
use crate::verdicts::check_books;
use takt_tests::process::wait_until;

const PLACE: u64 = 220;
const LEVEL: &str = r#"
write = { connection = "plc", register = "holding:220" }
value = { pass = 1, fail = 2, inconclusive = 3 }
fail_safe = 9
"#;

/// The quality of a tag, as the API shows it, and its value.
fn tag(bench: &Bench, id: &str) -> (String, Option<f64>) {
    let all = bench.gateway.json("/api/v1/tags?line=press");
    let tags = all["tags"].as_array().expect("a list of tags").clone();
    let tag = tags.iter().find(|tag| tag["id"] == id).unwrap_or_else(|| panic!("there is a tag {id}: {all}")).clone();
    (tag["quality"].as_str().expect("a quality").to_owned(), tag["value"].as_f64())
}

/// Puts the PLC into a mode, shows it a faulty part meanwhile, and brings it back.
fn check(bench: &mut Bench, mode: &str) {
    wait_until("a good part passes", PATIENCE, || {
        bench.judged(GOOD);
        (bench.values_at(PLACE).last() == Some(&1)).then_some(())
    });
    assert_eq!(bench.tell(mode), "ok");
    wait_until(&format!("{mode}: no value is good any more"), PATIENCE, || {
        let (quality, value) = tag(bench, "oil");
        assert!(value.is_none_or(|oil| [5.0, 10.0].contains(&oil)), "{mode}: {value:?} is another question's answer");
        (quality == "bad").then_some(())
    });
    let n_before = bench.writes().len();
    bench.part(FAULTY);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let meanwhile = bench.writes().split_off(n_before);
    let verdicts: Vec<_> = meanwhile.iter().filter(|w| w.address == PLACE && w.value != 9).collect();
    assert!(verdicts.is_empty(), "{mode}: no verdict on what cannot be read: {verdicts:?}");
    assert_eq!(bench.tell("good"), "ok");
    wait_until(&format!("{mode}: the part is found and fails"), PATIENCE, || {
        (bench.values_at(PLACE).last() == Some(&2)).then_some(())
    });
    let after: Vec<u64> =
        bench.writes().split_off(n_before).iter().filter(|w| w.address == PLACE).map(|w| w.value).collect();
    assert!(!after.contains(&1), "{mode}: a faulty part never passes: {after:?}");
    check_books(&bench.gateway);
}

#[test]
fn a_plc_that_misbehaves_gets_no_verdict_on_what_it_did_not_say() {
    let mut bench = Bench::armed(IMPATIENT, LEVEL);
    for mode in ["silent", "refuse 4", "late 1500", "wrong-transaction", "wrong-unit", "short", "garbage", "drop"] {
        check(&mut bench, mode);
    }
    // The whole device gone, and back at the same place.
    assert_eq!(bench.tell("close"), "ok");
    bench.wait_link("down");
    let n_before = bench.writes().len();
    assert_eq!(bench.tell("open"), "ok");
    bench.wait_link("up");
    wait_until("it is written to", PATIENCE, || (bench.writes().len() > n_before).then_some(()));
    let first = bench.writes()[n_before].clone();
    assert_eq!((first.address, first.value), (PLACE, 9), "the fail-safe value goes first");
    check(&mut bench, "silent");
}
