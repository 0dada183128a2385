//! The windower against a slow obvious model, over restarts, within its bounds, and case by case.

#![expect(clippy::unwrap_used, reason = "a test stops where its data is wrong")]

mod bounds;
mod cases;
mod model;
mod script;

use model::Model;
use proptest::prelude::*;
use script::{Step, any_count, any_patience, any_script, any_time, any_trigger, options};
use std::time::Duration;
use takt_models::windower::{Fate, Snapshot, Window, Windower};
use takt_plant::{DropReason, Frame, WindowSpec};

/// NaN is not equal to itself, but a missing cell equals a missing cell.
fn text(windows: &[Window]) -> Vec<String> {
    windows.iter().map(|window| format!("{window:?}")).collect()
}

fn drain(windower: &mut Windower) -> Vec<Window> {
    std::iter::from_fn(|| windower.take()).collect()
}

/// Every window, and the books after every call, are those of the model. Each seventh window gets no
/// verdict; fates are told one call late, so that windows are on their way in between.
fn check(spec: WindowSpec, (lateness, silence): (u64, u64), script: &[Step]) {
    let options = options(spec.clone(), lateness, silence);
    let mut model = Model::new(spec, options.inputs.clone(), i64::try_from(lateness).unwrap(), silence);
    let mut windower = Windower::new(options).unwrap();
    let mut n_known = 0;
    let mut on_their_way: Vec<(usize, Window)> = Vec::new();
    for (i, step) in script.iter().enumerate() {
        match step {
            Step::Frame(frame, context) => {
                windower.push(frame, *context);
                model.push(frame, *context);
            }
            Step::Poll(now) => {
                windower.poll(*now);
                model.poll(*now);
                assert!(windower.next_wake().is_none_or(|wake| wake > *now), "step {i}: nothing stays overdue");
            }
        }
        let found = drain(&mut windower);
        assert_eq!(text(&found), text(&model.windows[n_known..]), "step {i}: {step:?}");
        assert_eq!(windower.books(), model.books(), "step {i}: {step:?}");
        for (index, window) in on_their_way.drain(..) {
            let reason = (index % 7 == 6).then_some(DropReason::Overload);
            assert!(windower.judged(&window.key, reason.map_or(Fate::Judged, Fate::Dropped)));
            model.judge(index, reason);
            windower.recycle(window);
        }
        assert_eq!(windower.books(), model.books(), "step {i}, after judging");
        assert!(windower.books().close());
        on_their_way = (n_known..).zip(found).collect();
        n_known = model.windows.len();
    }
}

/// Split anywhere, carried over by a snapshot and the journal's frames: the same windows, keys and books.
fn check_restart(spec: WindowSpec, (lateness, silence): (u64, u64), script: &[Step], split: usize) {
    let options = options(spec, lateness, silence);
    let mut whole = Windower::new(options.clone()).unwrap();
    let mut part = Windower::new(options.clone()).unwrap();
    let mut journal: Vec<Frame> = Vec::new();
    for (i, step) in script.iter().enumerate() {
        let Step::Frame(frame, context) = step else { continue };
        if i == split % script.len() {
            let text = serde_json::to_string(&part.snapshot()).unwrap();
            let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
            assert!(snapshot.is_settled());
            let oldest = part.oldest_needed();
            let first = journal.iter().position(|frame| oldest.is_some_and(|oldest| frame.arrived_at >= oldest));
            let tail = journal[first.unwrap_or(journal.len())..].to_vec();
            part = Windower::restore(options.clone(), snapshot, tail.into_iter()).unwrap();
            assert_eq!(part.books(), whole.books(), "right after the restart");
            assert_eq!(part.oldest_needed(), oldest);
        }
        let found = [&mut whole, &mut part].map(|windower| {
            windower.push(frame, *context);
            let windows = drain(windower);
            windows.iter().for_each(|window| assert!(windower.judged(&window.key, Fate::Judged)));
            windows
        });
        assert_eq!(text(&found[1]), text(&found[0]), "step {i}");
        assert_eq!(part.books(), whole.books(), "step {i}");
        assert_eq!(part.tally(), whole.tally(), "step {i}");
        journal.push(frame.clone());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frame_windows_are_those_of_the_model(patience in any_patience(), script in any_script(60)) {
        check(WindowSpec::Frame, patience, &script);
    }

    #[test]
    fn count_windows_are_those_of_the_model(spec in any_count(), patience in any_patience(), script in any_script(90)) {
        check(spec, patience, &script);
    }

    #[test]
    fn time_windows_are_those_of_the_model(spec in any_time(), patience in any_patience(), script in any_script(60)) {
        check(spec, patience, &script);
    }

    #[test]
    fn trigger_windows_are_those_of_the_model(
        spec in any_trigger(), patience in any_patience(), script in any_script(90)
    ) {
        check(spec, patience, &script);
    }

    #[test]
    fn a_restart_changes_no_count_window(
        spec in any_count(), patience in any_patience(), script in any_script(60), split in 0usize..60
    ) {
        check_restart(spec, patience, &script, split);
    }

    #[test]
    fn a_restart_changes_no_time_window(
        spec in any_time(), patience in any_patience(), script in any_script(60), split in 0usize..60
    ) {
        check_restart(spec, patience, &script, split);
    }

    #[test]
    fn a_restart_changes_no_trigger_window(
        spec in any_trigger(), patience in any_patience(), script in any_script(60), split in 0usize..60
    ) {
        check_restart(spec, patience, &script, split);
    }

    #[test]
    fn a_journal_that_lost_frames_loses_the_open_windows_and_says_so(
        spec in prop_oneof![any_count(), any_time(), any_trigger()],
        patience in any_patience(),
        script in any_script(60),
    ) {
        bounds::check_lost_journal(spec, patience, &script);
    }

    #[test]
    fn the_ring_keeps_its_bound_and_the_books_close(
        spec in prop_oneof![any_count(), any_time(), any_trigger()],
        patience in any_patience(),
        script in any_script(120),
        n_samples_max in 12usize..20,
    ) {
        let options = takt_models::windower::WindowerOptions { n_samples_max, ..options(spec, patience.0, patience.1) };
        bounds::check_bound(options, &script);
    }
}

#[test]
fn options_that_contradict_themselves_are_refused() {
    use takt_models::windower::OptionsError;
    let refused = |spec| Windower::new(options(spec, 0, 0)).err();
    assert_eq!(refused(WindowSpec::Count { size: 0, hop: 1 }), Some(OptionsError::ZeroCount));
    assert_eq!(refused(WindowSpec::Count { size: 1, hop: 0 }), Some(OptionsError::ZeroCount));
    let too_large = OptionsError::TooLarge { n_rows: 100_001, n_samples_max: 100_000 };
    assert_eq!(refused(WindowSpec::Count { size: 100_001, hop: 1 }), Some(too_large));
    let time = |span, hop, step| WindowSpec::Time {
        span: Duration::from_nanos(span),
        hop: Duration::from_nanos(hop),
        step: Duration::from_nanos(step),
        align: takt_plant::Align::Epoch,
        join: takt_plant::Join::Hold,
        max_age: Duration::ZERO,
    };
    assert_eq!(refused(time(10, 0, 1)), Some(OptionsError::Duration));
    assert_eq!(refused(time(10, 1, 3)), Some(OptionsError::UnevenStep { span_ns: 10, step_ns: 3 }));
    assert_eq!(refused(time(u64::MAX, 1, 1)), Some(OptionsError::Duration));
    assert_eq!(refused(time(10, 1, 5)), None);
    assert_eq!(refused(time(20_000, 1, 1)), Some(OptionsError::TooManyHops { n_hops: 20_000 }));
    let none = takt_models::windower::WindowerOptions { inputs: vec![], ..options(WindowSpec::Frame, 0, 0) };
    assert_eq!(Windower::new(none).err(), Some(OptionsError::NoInputs));
}
