//! The windower itself: it places frames in time, feeds the rule, and ends segments.

use super::options::{Context, Fate, OptionsError, WindowerOptions};
use super::order::{Order, Place};
use super::outlet::Outlet;
use super::reading_plan::ReadingPlan;
use super::ring::{Incoming, Ring};
use super::rule::{Overdue, Rule};
use super::time::{Reach, ns};
use super::window::Window;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_plant::{Books, Closing, DropReason, Frame, GroupSlot, MonoTime, WallTime, WindowKey};

/// What happened beside windows; each rise is worth a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Source clocks set back beyond the lateness; each ended a segment.
    pub n_steps_back: u64,
    /// Gaps over the bound; each ended a segment.
    pub n_gaps: u64,
    /// Time windows that were not given because of such gaps.
    pub n_windows_skipped: u64,
    /// Late frames that carried the trigger tag: an edge in them was not seen.
    pub n_late_triggers: u64,
    /// Rows put in order before their lateness was over, to stay within the bound on samples.
    pub n_forced: u64,
    /// Rows given up to stay within the bound on samples.
    pub n_evicted: u64,
}

/// A frame whose group went back in time, waiting for a second one to prove it.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub group: GroupSlot,
    pub incoming: Incoming,
}

/// What silence closes.
struct Due {
    /// Not before this.
    at: MonoTime,
    /// When it was owed.
    scheduled: MonoTime,
    what: Overdue,
}

/// Cuts the frames of one line into the windows of one check. See the module for the calling order.
#[derive(Debug)]
pub struct Windower {
    pub(super) options: WindowerOptions,
    pub(super) plan: ReadingPlan,
    pub(super) order: Order,
    pub(super) ring: Ring,
    pub(super) rule: Rule,
    pub(super) outlet: Outlet,
    pub(super) context: Option<Context>,
    pub(super) suspect: Option<Suspect>,
    /// Frames that concerned this check: the ordinal of the next.
    pub(super) n_seen: u64,
    pub(super) tally: Tally,
    last_arrived: Option<MonoTime>,
    scratch: Incoming,
}

impl Windower {
    /// A windower that has seen nothing.
    ///
    /// # Errors
    /// When the options contradict themselves; see [`OptionsError`].
    pub fn new(options: WindowerOptions) -> Result<Self, OptionsError> {
        options.check()?;
        let rule = Rule::new(&options.spec);
        Ok(Self {
            plan: ReadingPlan::new(options.inputs.clone(), Rule::trigger_tag(&options.spec)),
            order: Order::new(ns(options.lateness)),
            ring: Ring::new(options.inputs.len()),
            outlet: Outlet::new(rule.n_closed_max()),
            rule,
            context: None,
            suspect: None,
            n_seen: 0,
            tally: Tally::default(),
            last_arrived: None,
            scratch: Incoming::default(),
            options,
        })
    }

    /// Takes a frame of the line; it may carry some, all or none of the inputs.
    ///
    /// A frame that carries none is not in the books, but its context counts.
    pub fn push(&mut self, frame: &Frame, context: Context) {
        self.outlet.arrived = frame.arrived;
        self.outlet.closing = Closing::Sample;
        self.follow_context(context);
        let (is_counted, concerns) = self.plan.concerns(frame);
        if !concerns {
            return;
        }
        let ordinal = self.n_seen;
        self.n_seen += 1;
        self.last_arrived = Some(frame.arrived);
        if is_counted {
            self.outlet.receive();
        }
        if !context.in_production {
            self.outlet.drop_for(DropReason::NotInProduction, u64::from(is_counted));
            if let Some(value) = self.plan.trigger(frame) {
                self.rule.follow(&value);
            }
            return;
        }
        if matches!(self.rule, Rule::Frame) {
            self.close_frame(frame);
            return;
        }
        let mut incoming = std::mem::take(&mut self.scratch);
        self.plan.fill(frame, ordinal, &mut incoming);
        self.place(frame.group, &incoming);
        self.scratch = incoming;
    }

    /// Takes a change of the line's context that no frame brought. What was open under the one before
    /// ends with its segment.
    pub fn change_context(&mut self, context: Context, now: MonoTime) {
        self.outlet.arrived = now;
        self.outlet.closing = Closing::Segment;
        self.follow_context(context);
    }

    /// Closes windows whose source fell silent. Calling early or often does no harm.
    pub fn poll(&mut self, now: MonoTime) {
        if self.last_arrived.is_none() {
            self.last_arrived = Some(now);
        }
        while let Some(due) = self.overdue()
            && due.at <= now
        {
            // Not `now`: the window was owed since then, and its deadline counts from there.
            self.outlet.arrived = due.scheduled;
            self.outlet.closing = Closing::Silence;
            match due.what {
                Overdue::Pending => self.raise_floor_to_newest(),
                Overdue::End(end) => self.order.raise_floor(end),
            }
            self.run();
        }
    }

    /// When [`Self::poll`] has something to do, if no frame comes before; `None` when nothing is open.
    pub fn next_wake(&self) -> Option<MonoTime> {
        self.overdue().map(|due| due.at)
    }

    /// The next closed window, in order of closing.
    pub fn take(&mut self) -> Option<Window> {
        self.outlet.take()
    }

    /// Says what became of the oldest taken window of this key. Returns whether there was one.
    pub fn judged(&mut self, key: &WindowKey, fate: Fate) -> bool {
        let Some(n_frames) = self.outlet.resolve(key) else {
            return false;
        };
        match fate {
            Fate::Judged => self.outlet.judge(n_frames),
            Fate::Dropped(reason) => self.outlet.drop_for(reason, n_frames),
        }
        true
    }

    /// Gives a window's memory back for the next one. Optional.
    pub fn recycle(&mut self, window: Window) {
        self.outlet.reuse(window);
    }

    /// received = judged + dropped + waiting, after every call.
    pub fn books(&self) -> Books {
        self.outlet.books
    }

    /// What happened beside windows.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The segment that the next frame falls in, unless it ends it.
    pub fn segment(&self) -> u64 {
        self.outlet.segment
    }

    /// When the oldest frame that a restart would need arrived, by the wall clock.
    ///
    /// The journal keeps this frame and everything of the line that arrived after it, in order of
    /// arrival. `None`: a restart needs no frames.
    pub fn oldest_needed(&self) -> Option<WallTime> {
        let rows = self.ring.rows().chain(self.suspect.iter().map(|suspect| &suspect.incoming.row));
        rows.map(|row| row.arrived_at).min().map(WallTime::from_ns)
    }

    fn follow_context(&mut self, context: Context) {
        let before = self.context.replace(context);
        if before == Some(context) {
            return;
        }
        if before.is_some_and(|before| before.in_production) {
            self.end_segment();
        }
        self.outlet.recipe = context.recipe;
    }

    fn close_frame(&mut self, frame: &Frame) {
        let mut window = self.outlet.blank(self.options.inputs.len());
        let hole = self.plan.cells(frame, |input, cell| window.columns[input].push(cell));
        self.outlet.close(window, WindowKey { from: frame.at, to: frame.at, n: 1, part: None }, hole, 1);
    }

    fn place(&mut self, group: GroupSlot, incoming: &Incoming) {
        self.make_room();
        let place = self.order.place(group, incoming.row.at);
        if place == Place::WentBack {
            match self.suspect.take() {
                None => self.suspect = Some(Suspect { group, incoming: incoming.clone() }),
                Some(first) => {
                    self.step_back();
                    self.place(first.group, &first.incoming);
                    self.place(group, incoming);
                }
            }
            return;
        }
        if self.suspect.as_ref().is_some_and(|suspect| suspect.group == group) {
            self.drop_suspect();
        }
        if place == Place::Late {
            self.drop_late(incoming);
            return;
        }
        self.ring.insert(incoming);
        self.run();
    }

    /// Releases what the watermark has passed and closes what ends there, in source-time order.
    fn run(&mut self) {
        let watermark = self.order.watermark();
        while let Some(at) = self.ring.next_pending_at().filter(|at| *at <= watermark) {
            let reach = self.rule.before(at, &mut self.ring, &mut self.outlet);
            self.end_at_gap(reach);
            let i = self.ring.release();
            self.rule.released(i, &mut self.ring, &mut self.outlet);
        }
        let reach = self.rule.reach(watermark, &mut self.ring, &mut self.outlet);
        self.end_at_gap(reach);
    }

    fn end_at_gap(&mut self, reach: Reach) {
        if let Reach::Gap(n_windows) = reach {
            self.tally.n_gaps += 1;
            self.tally.n_windows_skipped += n_windows;
            self.abandon_released();
        }
    }

    fn step_back(&mut self) {
        self.tally.n_steps_back += 1;
        self.end_segment();
        self.order.restart();
    }

    /// Puts the pending rows in order, closes what they complete, and gives up the rest.
    fn end_segment(&mut self) {
        self.drop_suspect();
        self.raise_floor_to_newest();
        self.run();
        self.abandon_released();
    }

    fn abandon_released(&mut self) {
        self.rule.finish(&mut self.ring, &mut self.outlet);
        let n_abandoned = self.ring.forget(self.ring.n_released());
        self.outlet.drop_for(DropReason::Abandoned, n_abandoned);
        self.outlet.segment += 1;
    }

    fn raise_floor_to_newest(&mut self) {
        if let Some(newest) = self.order.newest() {
            self.order.raise_floor(newest);
        }
    }

    fn drop_suspect(&mut self) {
        if let Some(suspect) = self.suspect.take() {
            self.drop_late(&suspect.incoming);
        }
    }

    fn drop_late(&mut self, incoming: &Incoming) {
        self.outlet.drop_for(DropReason::Late, u64::from(incoming.row.is_counted));
        self.tally.n_late_triggers += u64::from(incoming.row.trigger.is_some());
    }

    /// Keeps the ring within its bound: gives up the oldest released row where the rule can bear it
    /// (its window then has a hole), or else puts the oldest pending row in order before its time.
    fn make_room(&mut self) {
        while self.ring.len() >= self.options.n_samples_max {
            let oldest = self.ring.row(0).at;
            if self.ring.n_released() > 0 && self.rule.may_cut(oldest) {
                self.tally.n_evicted += 1;
                let n_lost = self.ring.forget(1);
                self.outlet.drop_for(DropReason::Overload, n_lost);
            } else {
                let Some(pending) = self.ring.next_pending_at() else { return };
                self.tally.n_forced += 1;
                self.order.raise_floor(pending);
                self.run();
            }
        }
    }

    /// What silence closes next. Scheduled is the instant at which a frame would close it whose source
    /// time ran on with the monotonic clock since the last one; nothing closes before it. While frames
    /// come, it is left to them: they may be on their way with what belongs into the window.
    fn overdue(&self) -> Option<Due> {
        if !self.context?.in_production {
            return None;
        }
        let what = self.rule.overdue(&self.ring)?;
        let last = self.last_arrived.unwrap_or(MonoTime::from_ns(0));
        let ahead = match what {
            Overdue::Pending => 0,
            Overdue::End(end) => end.saturating_sub(self.order.newest().unwrap_or(end)),
        };
        let wait = ahead.saturating_add(self.order.lateness());
        let scheduled = last.plus(Duration::from_nanos(u64::try_from(wait).unwrap_or(0)));
        Some(Due { at: scheduled.max(last.plus(self.options.silence)), scheduled, what })
    }
}
