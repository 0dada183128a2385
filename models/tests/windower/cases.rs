//! Cases that a plant knows: each a short script and what must come of it.

use std::sync::Arc;
use std::time::Duration;
use takt_models::windower::{Context, Fate, GAP_WINDOWS_MAX, HoleWhy, Window, Windower, WindowerOptions};
use takt_plant::{
    Align, Closing, DropReason, Edge, Fault, Frame, GroupSlot, Join, MonoTime, Reading, TagSlot, TriggerSpan, Value,
    WallTime, WindowSpec,
};

const MS: i64 = 1_000_000;
const PRESS: Context = Context { in_production: true, recipe: Some(0) };
const IDLE: Context = Context { in_production: false, recipe: Some(0) };
const NEXT_PRODUCT: Context = Context { in_production: true, recipe: Some(1) };

/// A line with one input (tag 0) and a part number (tag 1), which drives itself and judges at once.
struct Line {
    windower: Windower,
    tags: Arc<[TagSlot]>,
    group: u32,
    mono_ms: u64,
    windows: Vec<Window>,
}

impl Line {
    fn new(spec: WindowSpec, lateness_ms: u64, silence_ms: u64) -> Self {
        let options = WindowerOptions {
            spec,
            inputs: vec![TagSlot(0)],
            lateness: Duration::from_millis(lateness_ms),
            silence: Duration::from_millis(silence_ms),
            n_samples_max: 2000,
        };
        let windower = Windower::new(options).unwrap();
        Self { windower, tags: [TagSlot(0), TagSlot(1)].into(), group: 0, mono_ms: 0, windows: Vec::new() }
    }

    fn frame(&mut self, at_ms: i64, force: Reading, part: i64, context: Context) {
        self.mono_ms += 1;
        let frame = Frame {
            group: GroupSlot(self.group),
            tags: Arc::clone(&self.tags),
            readings: [force, Reading::Good(Value::Integer(part))].into(),
            at: WallTime::from_ns(at_ms * MS),
            arrived_at: WallTime::from_ns(at_ms * MS),
            arrived: MonoTime::from_ns(self.mono_ms * 1_000_000),
        };
        self.windower.push(&frame, context);
        self.drain();
    }

    /// Frames at `at_ms`, all of one part, with the time as the force.
    fn run(&mut self, at_ms: impl IntoIterator<Item = i64>, part: i64, context: Context) {
        for at in at_ms {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            self.frame(at, Reading::number(at as f64), part, context);
        }
    }

    fn silence(&mut self, ms: u64) {
        self.mono_ms += ms;
        self.windower.poll(MonoTime::from_ns(self.mono_ms * 1_000_000));
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(window) = self.windower.take() {
            assert!(self.windower.judged(&window.key, Fate::Judged));
            self.windows.push(window);
        }
        assert!(self.windower.books().close());
    }

    fn dropped(&self, reason: DropReason) -> u64 {
        self.windower.books().dropped(reason)
    }

    /// `from..to` in ms, closing, and whether there is a hole.
    fn check(&self, expected: &[(i64, i64, Closing, bool)]) {
        let found =
            self.windows.iter().map(|w| (w.key.from.as_ns() / MS, w.key.to.as_ns() / MS, w.closing, w.hole.is_some()));
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}

fn time(span_ms: u64, hop_ms: u64, step_ms: u64, max_age_ms: u64) -> WindowSpec {
    let [span, hop, step, max_age] = [span_ms, hop_ms, step_ms, max_age_ms].map(Duration::from_millis);
    WindowSpec::Time { span, hop, step, align: Align::Epoch, join: Join::Hold, max_age }
}

fn part(before_ms: u64, after_ms: u64) -> WindowSpec {
    let collect = TriggerSpan { before: Duration::from_millis(before_ms), after: Duration::from_millis(after_ms) };
    WindowSpec::Trigger { tag: TagSlot(1), edge: Edge::Change, collect, max_age: collect.length() }
}

#[test]
fn repeated_and_backward_stamps_all_get_their_frame_verdict_in_order() {
    let mut line = Line::new(WindowSpec::Frame, 0, 10);
    let stamps = [100, 105, 105, 100, 102, 105, 110];
    line.run(stamps, 1, PRESS);
    line.check(&stamps.map(|at| (at, at, Closing::Sample, false)));
    let books = line.windower.books();
    assert_eq!((books.received, books.judged), (7, 7));
}

#[test]
fn a_time_window_covers_its_instants_and_a_gap_closes_with_holes() {
    let mut line = Line::new(time(20, 20, 10, 10), 0, 1000);
    line.run([5, 10, 15, 20, 25, 30, 35, 40, 110, 115, 120], 1, PRESS);
    use Closing::Sample;
    // The frames at 5 and at 10 lie before the first whole window, whose first instant is not before
    // the first sample: 5 + 20 − 10 = 15, so it ends at 20 and its first instant is 10.
    line.check(&[
        (10, 20, Sample, false),
        (30, 40, Sample, false),
        (50, 60, Sample, true),
        (70, 80, Sample, true),
        (90, 100, Sample, true),
        (110, 120, Sample, false),
    ]);
    assert_eq!(line.windows[0].columns, [[10.0, 20.0]]);
    assert_eq!(line.windows[2].hole.as_ref().map(|hole| hole.why.clone()), Some(HoleWhy::NoSample));
    assert!(line.windows[2].columns[0][1].is_nan(), "never a stale value");
}

#[test]
fn a_jump_to_2036_makes_no_burst_and_going_back_loses_no_frame() {
    let mut line = Line::new(time(20, 10, 10, 10), 0, 1000);
    line.run((0..100).map(|i| i * 10), 1, PRESS);
    let n_before = line.windows.len();
    let far = 2_082_758_400_000;
    line.run([far, far + 10, far + 20], 1, PRESS);
    assert_eq!(line.windows.len() - n_before, 2, "only the windows of the new segment");
    assert_eq!(line.windower.tally().n_gaps, 1);
    line.run((100..120).map(|i| i * 10), 1, PRESS);
    assert_eq!(line.windower.tally().n_steps_back, 1);
    assert_eq!(line.dropped(DropReason::Late), 0);
    assert_eq!(line.windows.last().map(|w| w.key.to.as_ns()), Some(1190 * MS));
    let segments: Vec<_> = line.windows.iter().map(|w| w.segment).collect();
    assert!(segments.is_sorted());
    assert_eq!(segments.last(), Some(&2));
}

#[test]
fn one_straggler_is_late_and_two_in_a_row_are_a_clock_set_back() {
    let mut line = Line::new(WindowSpec::Count { size: 3, hop: 3 }, 5, 1000);
    line.run([100, 110, 50, 120, 130], 1, PRESS);
    assert_eq!(line.dropped(DropReason::Late), 1);
    line.check(&[(100, 120, Closing::Sample, false)]);
    line.run([60, 70, 80, 90, 100], 1, PRESS);
    line.check(&[(100, 120, Closing::Sample, false), (60, 80, Closing::Sample, false)]);
    assert_eq!(line.dropped(DropReason::Late), 1, "the suspect begins the new segment");
    assert_eq!(line.dropped(DropReason::Abandoned), 1, "130 was alone");
}

#[test]
fn a_slow_tag_that_may_be_held_makes_no_gap() {
    // A sample every 5 s, held for 10 s, asked every 10 ms: 500 windows for each sample, none with a hole.
    let mut line = Line::new(time(10, 10, 10, 10_000), 0, 60_000);
    line.run((0..10).map(|i| i * 5_000), 1, PRESS);
    assert_eq!(line.windows.len(), 4_501);
    assert!(line.windows.iter().all(|window| window.hole.is_none()));
    assert_eq!(line.windower.tally().n_gaps, 0);
}

/// The clock of NAB's machine temperature: every 5 minutes, 02:55 followed by 02:00, twelve stamps twice.
fn nab_clock_ms() -> Vec<i64> {
    let minutes = (0..36).chain(24..48).map(|i| i * 5);
    minutes.map(|minute| minute * 60_000).collect()
}

#[test]
fn an_hour_back_is_one_step_or_merged_and_its_late_samples_are_counted_exactly() {
    let minute = 60_000;
    // At 50 minutes a single row, 02:00, lies behind the watermark: one row is a straggler, not a step.
    for (lateness_min, n_steps_back, n_late) in [(0, 1, 0), (45, 1, 0), (50, 0, 1), (55, 0, 0), (90, 0, 0)] {
        let mut line = Line::new(time(15 * 60_000, 900_000, 300_000, 300_000), lateness_min * 60_000, 1_000);
        line.run(nab_clock_ms(), 1, PRESS);
        assert_eq!(line.windower.tally().n_steps_back, n_steps_back, "lateness {lateness_min} min");
        assert_eq!(line.dropped(DropReason::Late), n_late, "lateness {lateness_min} min");
    }
    // Beside a second source that keeps the right time, the first one's lost hour is late, frame by frame.
    let mut line = Line::new(time(15 * 60_000, 900_000, 300_000, 300_000), 0, 1_000);
    line.run([0, 5 * minute], 1, PRESS);
    line.group = 1;
    line.run([60 * minute], 1, PRESS);
    line.group = 0;
    line.run((2..14).map(|i| i * 5 * minute), 1, PRESS);
    assert_eq!(line.dropped(DropReason::Late), 10, "10 to 55 minutes; 60 is at the watermark");
    assert_eq!(line.windower.tally().n_steps_back, 0);
    // All of it gets its frame verdict in any case.
    let mut line = Line::new(WindowSpec::Frame, 0, 1_000);
    line.run(nab_clock_ms(), 1, PRESS);
    let found: Vec<_> = line.windows.iter().map(|window| window.key.to.as_ns() / MS).collect();
    assert_eq!(found, nab_clock_ms());
}

#[test]
fn silence_closes_an_overdue_window_and_only_that() {
    let mut line = Line::new(time(20, 20, 10, 30), 0, 15);
    line.run([0, 10, 20, 30], 1, PRESS);
    line.check(&[(10, 20, Closing::Sample, false)]);
    line.silence(9);
    line.check(&[(10, 20, Closing::Sample, false)]);
    line.silence(6);
    line.check(&[(10, 20, Closing::Sample, false), (30, 40, Closing::Silence, false)]);
    line.silence(60_000);
    // 2 more: a sample may stand for 50 ms, two hops.
    assert_eq!(line.windows.len() as u64, 1 + GAP_WINDOWS_MAX + 2, "a bounded number while the source is silent");
    assert_eq!(line.windower.next_wake(), None);
    line.run([35], 1, PRESS);
    assert_eq!(line.dropped(DropReason::Late), 1, "its window was closed by silence");
}

#[test]
fn silence_does_not_hold_back_a_part_whose_edge_waits_for_its_lateness() {
    let mut line = Line::new(part(10, 0), 50, 30);
    line.run([0, 10, 20, 30], 1, PRESS);
    line.run([40], 2, PRESS);
    line.check(&[]);
    line.silence(49);
    line.check(&[]);
    line.silence(1);
    line.check(&[(30, 40, Closing::Silence, false)]);
    assert_eq!(line.windows[0].key.part, Some(Value::Integer(2)));
}

#[test]
fn a_part_closed_by_silence_is_owed_since_its_span_ended() {
    // The edge arrives at 4 ms, the last frame at 5 ms; its span ends 20 ms after the edge, and 3 ms
    // later nothing of it can come any more.
    let mut line = Line::new(part(10, 20), 3, 15);
    line.run([0, 10, 20], 1, PRESS);
    line.run([30, 40], 2, PRESS);
    assert_eq!(line.windower.next_wake(), Some(MonoTime::from_ns((5 + 15) * 1_000_000)));
    line.silence(500);
    line.check(&[(20, 50, Closing::Silence, false)]);
    assert_eq!(
        line.windows[0].arrived,
        MonoTime::from_ns((5 + 10 + 3) * 1_000_000),
        "not 505 ms, when the timer fired"
    );
}

#[test]
fn a_press_line_answers_every_part_and_never_fails_an_idle_machine() {
    let mut line = Line::new(part(20, 0), 0, 1000);
    line.run([0, 10, 20, 30], 7, PRESS);
    line.run([40, 50, 60], 8, PRESS);
    line.check(&[(20, 40, Closing::Sample, false)]);
    // Idle: the part number moves (a counter is reset), nothing is asked.
    line.run([70, 80], 8, IDLE);
    line.run([90], 0, IDLE);
    assert_eq!(line.dropped(DropReason::NotInProduction), 3);
    // Back in production: that the number differs from before the pause is no edge.
    line.run([100, 110], 0, PRESS);
    assert_eq!(line.windows.len(), 1);
    // The first part reaches back before production began: answered, never judged.
    line.run([115], 1, PRESS);
    line.run([120, 130], 1, PRESS);
    line.run([140], 2, PRESS);
    // The product changes together with the part: the span saw two products.
    line.run([150], 3, NEXT_PRODUCT);
    line.run([160, 170], 3, NEXT_PRODUCT);
    line.run([180], 4, NEXT_PRODUCT);
    line.check(&[
        (20, 40, Closing::Sample, false),
        (100, 115, Closing::Segment, false),
        (120, 140, Closing::Sample, false),
        (150, 150, Closing::Segment, false),
        (160, 180, Closing::Sample, false),
    ]);
    assert_eq!(line.windows.iter().map(|w| w.recipe).collect::<Vec<_>>(), [0, 0, 0, 1, 1].map(Some));
}

#[test]
fn a_part_cut_off_by_idling_is_answered_as_inconclusive() {
    let mut line = Line::new(part(10, 50), 0, 1000);
    line.run([0, 10, 20], 1, PRESS);
    line.run([30, 40], 2, PRESS);
    line.run([50], 2, IDLE);
    line.check(&[(20, 80, Closing::Segment, false)]);
    assert_eq!(line.windows[0].key.n, 3);
}

#[test]
fn a_part_whose_recipe_was_withdrawn_is_answered_as_inconclusive() {
    let mut line = Line::new(part(10, 50), 0, 1000);
    line.run([0, 10, 20], 1, PRESS);
    line.run([30, 40], 2, PRESS);
    // No frame says so: the connection that brought the recipe went away.
    line.windower.change_context(Context { recipe: None, ..PRESS }, MonoTime::from_ns(77 * 1_000_000));
    line.drain();
    line.check(&[(20, 80, Closing::Segment, false)]);
    assert_eq!(line.windows[0].arrived, MonoTime::from_ns(77 * 1_000_000));
    line.silence(5_000);
    line.run([90, 100, 110, 150], 3, Context { recipe: None, ..PRESS });
    assert_eq!(line.windows.last().and_then(|window| window.recipe), None, "nothing more by the old recipe");
}

#[test]
fn a_bad_reading_of_the_part_number_is_no_edge_and_a_bad_force_is_a_hole() {
    let mut line = Line::new(part(10, 0), 0, 1000);
    line.run([0, 10], 1, PRESS);
    line.frame(20, Reading::Bad(Fault::Text("Scan Timeout".into())), 1, PRESS);
    line.run([30], 2, PRESS);
    line.check(&[(20, 30, Closing::Sample, true)]);
    let hole = line.windows[0].hole.clone().unwrap();
    assert_eq!(hole.why, HoleWhy::Bad(Fault::Text("Scan Timeout".into())));
    assert_eq!(line.windows[0].columns[0].len(), 2);
}

#[test]
fn overlapping_triggers_each_get_their_window_and_frames_count_once() {
    let mut line = Line::new(part(10, 20), 0, 1000);
    line.run([0, 10], 1, PRESS);
    line.run([20], 2, PRESS);
    line.run([30], 3, PRESS);
    line.run([40, 50, 60], 3, PRESS);
    line.check(&[(10, 40, Closing::Sample, false), (20, 50, Closing::Sample, false)]);
    assert_eq!(line.windows.iter().map(|w| w.key.n).collect::<Vec<_>>(), [4, 4]);
    assert_eq!(line.windower.books().judged, 5);
}

#[test]
fn a_part_that_lost_samples_to_the_bound_has_a_hole() {
    let mut line = Line::new(part(5_000, 0), 0, 100_000);
    line.run(0..6_000, 1, PRESS);
    line.run([6_000], 2, PRESS);
    line.check(&[(4_001, 6_000, Closing::Sample, true)]);
    assert_eq!(line.windower.tally().n_evicted, 4_001);
    assert_eq!(line.dropped(DropReason::Overload), 4_001);
}

#[test]
fn triggers_without_end_are_answered_within_a_bound() {
    let mut line = Line::new(part(0, 100_000), 0, 1_000_000);
    for i in 0..300 {
        line.run([i], i, PRESS);
    }
    assert_eq!(line.windows.len(), 299 - 256);
    assert!(line.windows.iter().all(|window| window.closing == Closing::Segment));
}

#[test]
fn frames_between_hops_are_outside() {
    let mut line = Line::new(WindowSpec::Count { size: 2, hop: 5 }, 0, 1000);
    line.run((0..12).map(|i| i * 10), 1, PRESS);
    line.check(&[
        (0, 10, Closing::Sample, false),
        (50, 60, Closing::Sample, false),
        (100, 110, Closing::Sample, false),
    ]);
    assert_eq!(line.dropped(DropReason::OutsideWindow), 6);
}

#[test]
fn a_changed_rule_drops_the_open_window_at_a_restart() {
    let mut line = Line::new(WindowSpec::Count { size: 3, hop: 3 }, 0, 1000);
    line.run([0, 10], 1, PRESS);
    let options = WindowerOptions {
        spec: WindowSpec::Count { size: 2, hop: 2 },
        inputs: vec![TagSlot(0)],
        lateness: Duration::ZERO,
        silence: Duration::ZERO,
        n_samples_max: 10,
    };
    let windower = Windower::restore(options, line.windower.snapshot(), std::iter::empty()).unwrap();
    assert_eq!(windower.books().dropped(DropReason::Restart), 2);
    assert!(windower.books().close());
}

#[test]
fn an_input_that_falls_silent_within_a_part_makes_a_hole() {
    let collect = TriggerSpan { before: Duration::from_millis(40), after: Duration::ZERO };
    let spec = |max_age_ms: u64| {
        let max_age = Duration::from_millis(max_age_ms);
        WindowSpec::Trigger { tag: TagSlot(1), edge: Edge::Change, collect, max_age }
    };
    // Before the second part nothing comes for 30 ms; before the third, samples come every 10 ms.
    let judge = |max_age_ms: u64| -> Vec<Option<HoleWhy>> {
        let mut line = Line::new(spec(max_age_ms), 0, 1_000);
        line.run([0, 10, 20, 30, 40, 50, 60], 1, PRESS);
        line.run([90], 2, PRESS);
        line.run([100, 110, 120, 130], 2, PRESS);
        line.run([140], 3, PRESS);
        line.windows.iter().map(|window| window.hole.as_ref().map(|hole| hole.why.clone())).collect()
    };
    assert_eq!(judge(40), [None, None], "by default one sample in the span is enough");
    assert_eq!(judge(30), [None, None]);
    assert_eq!(judge(29), [Some(HoleWhy::NoSample), None]);
    assert_eq!(judge(9), [Some(HoleWhy::NoSample), Some(HoleWhy::NoSample)]);
}
