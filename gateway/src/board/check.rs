//! The gauge of one check: written by its pipeline for every verdict, read by viewers.

use super::beat::{Beat, InARow};
use super::latency::{Recent, Recorder, STAGES, Spread};
use super::output::OutputGauge;
use super::plan::{CheckPlan, Now};
use super::tally::{Counts, Tally};
use crate::record::{ModelStamp, VerdictRecord};
use crossbeam_queue::ArrayQueue;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use takt_plant::{Books, LineId, MonoTime, Outcome, OutputId, WallTime};

/// Verdicts that wait for the viewers' pump. At 25 ms a turn this carries 20,000 verdicts a second;
/// beyond it the oldest is pushed out for the viewers only and counted (`n_unseen`).
pub const FRESH_MAX: usize = 512;

/// Rates are taken over this many seconds.
const RATE_S: usize = 10;

/// How a model of a check stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelStanding {
    /// None is there.
    Missing {
        /// Why, and what to do.
        why: String,
    },
    /// On its way: reading, building an engine, warming up, test vectors.
    Loading {
        /// The step in words, with its progress where it is known.
        step: String,
    },
    /// Warmed up, test vectors passed, judging.
    Ready {
        /// Which.
        stamp: Arc<ModelStamp>,
        /// Where it runs.
        device: DeviceInUse,
        /// Since when.
        since: WallTime,
    },
    /// It did not load or failed its test vectors, and none runs.
    Failed {
        /// Why, and what to do.
        why: String,
    },
}

impl ModelStanding {
    /// Whether it judges.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready { .. })
    }
}

/// The device that was asked for and the one that is really in use (B28).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInUse {
    /// As the document says: `auto`, `cpu`, `cuda`, `openvino:NPU`, …
    pub asked: String,
    /// What runs: `cpu`, `cuda`, `openvino:NPU`, …
    pub used: String,
    /// Why it is another one than asked for; `None` where it is the one. `auto` never falls back.
    pub fallback: Option<String>,
}

/// A version that was refused while the running one stayed (B31).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Name and version.
    pub model: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: WallTime,
}

/// Whether the check judges at the moment (B48).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Production {
    /// It judges; `recipe` names the product where the check has recipes.
    On {
        /// The product that runs.
        recipe: Option<String>,
    },
    /// The production condition does not hold.
    Off {
        /// The condition in words, such as `mode = 0`.
        why: String,
    },
}

/// The gauge of one check. Clone the `Arc`; every method takes `&self` and may be called from any
/// thread. [`CheckGauge::verdict`] costs some 0.1 µs and waits for nobody.
pub struct CheckGauge {
    plan: CheckPlan,
    line: LineId,
    tally: Tally,
    recorder: Recorder,
    fresh: ArrayQueue<Arc<VerdictRecord>>,
    n_unseen: AtomicU64,
    beat: Beat,
    /// `None`: whether parts were missed cannot be said.
    n_missed: Mutex<Option<u64>>,
    outputs: Vec<Arc<OutputGauge>>,
    standing: Mutex<Standing>,
    seen: Mutex<Seen>,
}

/// What changes rarely.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) models: BTreeMap<String, ModelStanding>,
    /// The step of each version that is loaded beside a running one.
    pub(super) coming: BTreeMap<String, String>,
    pub(super) refused: Option<Refused>,
    pub(super) production: Production,
}

/// What the viewers have taken over.
struct Seen {
    latency: Recent,
    last: Option<Arc<VerdictRecord>>,
    last_fail: Option<Arc<VerdictRecord>>,
    beats: VecDeque<(MonoTime, u64)>,
}

/// What the viewers read of a check.
pub(super) struct CheckView {
    pub(super) counts: Counts,
    pub(super) latency: [Spread; STAGES.len()],
    pub(super) last: Option<Arc<VerdictRecord>>,
    pub(super) last_fail: Option<Arc<VerdictRecord>>,
    pub(super) rate_per_s: f64,
    pub(super) n_unseen: u64,
    pub(super) quiet_for: Duration,
    pub(super) in_a_row: InARow,
    pub(super) n_missed: Option<u64>,
    pub(super) standing: Standing,
}

impl CheckGauge {
    pub(super) fn new(line: LineId, plan: CheckPlan, now: MonoTime) -> Self {
        let models = plan
            .models
            .iter()
            .map(|name| (name.clone(), ModelStanding::Loading { step: "waiting to be read".to_owned() }));
        let standing = Standing {
            models: models.collect(),
            coming: BTreeMap::new(),
            refused: None,
            production: Production::On { recipe: None },
        };
        let seen = Seen { latency: Recent::new(), last: None, last_fail: None, beats: VecDeque::new() };
        Self {
            outputs: plan.outputs.iter().map(|output| Arc::new(OutputGauge::new(output.clone()))).collect(),
            plan,
            line,
            tally: Tally::new(),
            recorder: Recorder::new(),
            fresh: ArrayQueue::new(FRESH_MAX),
            n_unseen: AtomicU64::new(0),
            beat: Beat::new(now),
            n_missed: Mutex::new(None),
            standing: Mutex::new(standing),
            seen: Mutex::new(seen),
        }
    }

    /// Shows a verdict, with the books as they stand after it.
    pub fn verdict(&self, record: &Arc<VerdictRecord>, books: &Books, now: MonoTime) {
        self.tally.verdict(&record.outcome, books);
        self.recorder.verdict(&record.latency);
        self.beat.verdict(&record.outcome, now);
        if self.fresh.force_push(Arc::clone(record)).is_some() {
            self.n_unseen.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Shows the books after frames that led to no verdict (late, not in production, …).
    pub fn books(&self, books: &Books) {
        self.tally.books(books);
    }

    /// Shows how many parts were missed since the start: numbers of the trigger that never came.
    pub fn missed_parts(&self, n: u64) {
        *self.n_missed.lock().unwrap_or_else(PoisonError::into_inner) = Some(n);
    }

    /// How many were shown as missed so far; `None` until that can be said.
    pub fn missed_so_far(&self) -> Option<u64> {
        *self.n_missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the write of a verdict that was shown with `write_us` zero: from the verdict to the
    /// write's confirmation.
    pub fn write_confirmed(&self, write_us: u32) {
        self.recorder.write(write_us);
    }

    /// Adds the hand-over of a verdict to a broker's socket: from the arrival of the closing sample.
    pub fn handed_over(&self, us: u32) {
        self.recorder.handed_over(us);
    }

    /// Shows how the model of this name now stands.
    pub fn model(&self, name: &str, standing: ModelStanding) {
        self.standing().models.insert(name.to_owned(), standing);
    }

    /// Shows the step of a version that is loaded beside the running one; `None` when it is done.
    pub fn coming(&self, name: &str, step: Option<String>) {
        let mut standing = self.standing();
        match step {
            Some(step) => standing.coming.insert(name.to_owned(), step),
            None => standing.coming.remove(name),
        };
    }

    /// How the model of this name stands; `None` when the check has no such model.
    pub fn model_standing(&self, name: &str) -> Option<ModelStanding> {
        self.standing().models.get(name).cloned()
    }

    /// Shows that a version was refused and the running one stays.
    pub fn refused(&self, refused: Refused) {
        self.standing().refused = Some(refused);
    }

    /// Shows whether the check judges. Call it on changes, not for every frame.
    pub fn production(&self, production: Production) {
        self.standing().production = production;
    }

    /// The gauge of one of its outputs.
    pub fn output(&self, id: &OutputId) -> Option<&Arc<OutputGauge>> {
        self.outputs.iter().find(|output| output.plan().id == *id)
    }

    /// The gauges of its outputs, in the order of the document.
    pub fn outputs(&self) -> &[Arc<OutputGauge>] {
        &self.outputs
    }

    /// What it was made from.
    pub fn plan(&self) -> &CheckPlan {
        &self.plan
    }

    /// The line it belongs to.
    pub fn line(&self) -> &LineId {
        &self.line
    }

    /// Verdicts and books of one instant.
    pub fn counts(&self) -> Counts {
        self.tally.read()
    }

    /// Takes over what is fresh; the verdicts are appended to `out`, oldest first.
    pub(super) fn drain(&self, out: &mut Vec<Arc<VerdictRecord>>) {
        let mut seen = self.seen();
        for _ in 0..FRESH_MAX {
            let Some(record) = self.fresh.pop() else { break };
            if record.outcome == Outcome::Fail {
                seen.last_fail = Some(Arc::clone(&record));
            }
            seen.last = Some(Arc::clone(&record));
            out.push(record);
        }
    }

    pub(super) fn view(&self, now: Now) -> CheckView {
        let counts = self.counts();
        let standing = self.standing().clone();
        if matches!(standing.production, Production::Off { .. }) {
            self.beat.rests(now.mono);
        }
        let mut seen = self.seen();
        seen.latency.drain(&self.recorder, now.mono);
        let latency = seen.latency.spreads();
        let rate_per_s = rate(&mut seen.beats, now.mono, counts.n_verdicts());
        CheckView {
            counts,
            latency,
            last: seen.last.clone(),
            last_fail: seen.last_fail.clone(),
            rate_per_s,
            n_unseen: self.n_unseen.load(Ordering::Relaxed),
            quiet_for: self.beat.quiet_for(now.mono),
            in_a_row: self.beat.in_a_row(),
            n_missed: self.missed_so_far(),
            standing,
        }
    }

    /// How long it has been silent although it judges; `None`: it is not.
    pub(super) fn silent_for(&self, now: MonoTime) -> Option<Duration> {
        self.beat.silent_for(self.plan.quiet_max, now)
    }

    pub(super) fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Verdicts a second over the last [`RATE_S`] seconds, from one count a second.
fn rate(beats: &mut VecDeque<(MonoTime, u64)>, now: MonoTime, n: u64) -> f64 {
    if beats.back().is_none_or(|(at, _)| now.since(*at) >= Duration::from_secs(1)) {
        beats.push_back((now, n));
        if beats.len() > RATE_S + 1 {
            beats.pop_front();
        }
    }
    let Some((then, before)) = beats.front() else { return 0.0 };
    let span_s = now.since(*then).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count within ten seconds")]
    let grown = n.saturating_sub(*before) as f64;
    if span_s > 0.0 { grown / span_s } else { 0.0 }
}
