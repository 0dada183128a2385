//! The gauge of one line: its checks and the live values of its tags.

use super::check::CheckGauge;
use super::plan::{CheckPlan, LinePlan, Now};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use takt_plant::{CheckId, Frame, MonoTime, Reading, TagSlot, WallTime};

/// Live values are taken over at most once in this time for each group of tags: enough for eyes,
/// and nothing to a stream of 10,000 frames a second.
pub const LIVE_EVERY: Duration = Duration::from_millis(200);

/// The last known reading of a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveReading {
    /// Value with quality.
    pub reading: Reading,
    /// When it was taken, by its source.
    pub at: WallTime,
    /// When it came: its age runs from here.
    pub arrived: MonoTime,
}

/// The gauge of one line. Every method takes `&self` and may be called from any thread.
pub struct LineGauge {
    plan: LinePlan,
    began: Now,
    tags: Vec<TagCell>,
    n_frames: AtomicU64,
    /// When what [`LineGauge::frame`] passed over is shown at the latest; 0: it passed over nothing.
    settle_ns: AtomicU64,
    checks: RwLock<Vec<Arc<CheckGauge>>>,
}

#[derive(Default)]
struct TagCell {
    /// When the group that begins with this tag may show its next values.
    due_ns: AtomicU64,
    /// The newest frame of that group that was passed over: when it came, 0 for none, and when it was taken.
    passed_ns: AtomicU64,
    passed_at: AtomicI64,
    group: OnceLock<Arc<[TagSlot]>>,
    live: Mutex<Option<LiveReading>>,
}

impl LineGauge {
    pub(super) fn new(plan: LinePlan, began: Now) -> Self {
        let tags = plan.tags.iter().map(|_| TagCell::default()).collect();
        let (n_frames, settle_ns) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { plan, began, tags, n_frames, settle_ns, checks: RwLock::new(Vec::new()) }
    }

    /// Adds a check, or replaces the one of the same name (its counts begin anew).
    pub fn check(&self, plan: CheckPlan) -> Arc<CheckGauge> {
        let id = plan.id.clone();
        let gauge = Arc::new(CheckGauge::new(self.plan.id.clone(), plan, self.began.mono));
        let mut checks = self.checks.write().unwrap_or_else(PoisonError::into_inner);
        checks.retain(|check| check.plan().id != id);
        checks.push(Arc::clone(&gauge));
        gauge
    }

    /// Shows the readings of a frame: call it with the newest frame of each group of a delivery.
    ///
    /// Costs some 5 ns unless [`LIVE_EVERY`] has passed since this group was last shown, then some
    /// 30 ns a tag; what it passes over is for [`LineGauge::settle`]. A tag that a viewer reads at this
    /// very moment keeps its older value.
    pub fn frame(&self, frame: &Frame) {
        self.n_frames.fetch_add(1, Ordering::Relaxed);
        let Some(first) = frame.tags.first().and_then(|slot| self.cell(slot.0)) else { return };
        let now_ns = frame.arrived.as_ns();
        let due_ns = first.due_ns.load(Ordering::Relaxed);
        if now_ns < due_ns {
            first.group.get_or_init(|| Arc::clone(&frame.tags));
            first.passed_at.store(frame.at.as_ns(), Ordering::Relaxed);
            first.passed_ns.store(now_ns.max(1), Ordering::Relaxed);
            if self.settle_ns.load(Ordering::Relaxed) == 0 {
                self.settle_ns.store(due_ns, Ordering::Relaxed);
            }
            return;
        }
        first.due_ns.store(frame.arrived.plus(LIVE_EVERY).as_ns(), Ordering::Relaxed);
        first.passed_ns.store(0, Ordering::Relaxed);
        for (slot, reading) in frame.tags.iter().zip(&frame.readings) {
            self.show(*slot, reading, frame.at, frame.arrived);
        }
    }

    /// Shows the last frame of a burst, which [`LineGauge::frame`] passed over: the newest readings of the line
    /// stand in for it. To be called every now and then; costs nothing where nothing was passed over.
    pub fn settle(&self, latest: &[Reading], now: MonoTime) {
        let settle_ns = self.settle_ns.load(Ordering::Relaxed);
        if settle_ns == 0 || now.as_ns() < settle_ns {
            return;
        }
        self.settle_ns.store(0, Ordering::Relaxed);
        for first in &self.tags {
            let arrived_ns = first.passed_ns.swap(0, Ordering::Relaxed);
            let Some(group) = first.group.get().filter(|_| arrived_ns != 0) else { continue };
            first.due_ns.store(now.plus(LIVE_EVERY).as_ns(), Ordering::Relaxed);
            let at = WallTime::from_ns(first.passed_at.load(Ordering::Relaxed));
            for slot in group.iter() {
                if let Some(reading) = latest.get(slot.0 as usize) {
                    self.show(*slot, reading, at, MonoTime::from_ns(arrived_ns));
                }
            }
        }
    }

    fn show(&self, slot: TagSlot, reading: &Reading, at: WallTime, arrived: MonoTime) {
        if let Some(Ok(mut live)) = self.cell(slot.0).map(|cell| cell.live.try_lock()) {
            *live = Some(LiveReading { reading: reading.clone(), at, arrived });
        }
    }

    /// What it was made from.
    pub fn plan(&self) -> &LinePlan {
        &self.plan
    }

    /// Its checks, in the order they were added.
    pub fn checks(&self) -> Vec<Arc<CheckGauge>> {
        self.checks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One of its checks.
    pub fn find(&self, id: &CheckId) -> Option<Arc<CheckGauge>> {
        self.checks.read().unwrap_or_else(PoisonError::into_inner).iter().find(|c| c.plan().id == *id).cloned()
    }

    /// The last known reading of the tag at this index; `None` before the first one.
    pub fn live(&self, slot: u32) -> Option<LiveReading> {
        self.cell(slot)?.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls of [`LineGauge::frame`].
    pub fn n_frames(&self) -> u64 {
        self.n_frames.load(Ordering::Relaxed)
    }

    fn cell(&self, slot: u32) -> Option<&TagCell> {
        self.tags.get(usize::try_from(slot).ok()?)
    }
}
