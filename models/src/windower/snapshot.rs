//! A windower carried over a restart (B27).
//!
//! A [`Snapshot`] holds only scalars; the samples come back from the journal. Which of the journal's
//! frames were kept is remembered as runs of ordinals in order of arrival, so nothing has to be
//! decided again, and a digest of their source times proves that the journal gave the same frames.
//! When it did not, or when the rule or the inputs have changed, the open windows are dropped and
//! their frames counted as [`DropReason::Restart`]: said, not guessed.
//!
//! Windows that were closed but had no fate yet are dropped in the same way. A caller whose models
//! run elsewhere keeps the last snapshot without windows on their way
//! ([`Snapshot::is_settled`]) and pushes the frames that came after it again: they give the same
//! windows and keys.

use super::machine::{Suspect, Tally, Windower};
use super::options::{Context, OptionsError, WindowerOptions};
use super::order::Order;
use super::ring::{Incoming, row_digest};
use super::rule::Progress;
use super::time::ns;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use takt_plant::{Books, DropReason, Frame, GroupSlot};

/// What a windower must remember. Serialisable by any serde format; its shape is versioned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    version: u16,
    /// Names rule and inputs.
    rule_digest: [u8; 16],
    n_seen: u64,
    /// Runs of ordinals that were kept: first and length.
    kept: Vec<(u64, u64)>,
    /// Over the source times of the kept frames.
    kept_digest: u64,
    n_released: usize,
    n_settled: usize,
    /// The group of the suspect; its frame is the last of the kept that the ring does not hold.
    suspect: Option<(u32, u64)>,
    order: Order,
    progress: Progress,
    context: Option<(bool, Option<u32>)>,
    segment: u64,
    tally: Tally,
    received: u64,
    judged: u64,
    waiting: u64,
    /// In the order of [`DropReason::ALL`].
    dropped: Vec<u64>,
    is_settled: bool,
}

const VERSION: u16 = 1;
/// A million frames a second for a century and more.
const COUNT_MAX: u64 = 1 << 52;

impl Snapshot {
    /// Whether no window was on its way when the snapshot was taken.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Frames that earlier restarts could not bring back.
    pub fn n_lost(&self) -> u64 {
        self.books().dropped(DropReason::Restart)
    }
}

impl Windower {
    /// What a restart needs beside the journal's frames.
    pub fn snapshot(&self) -> Snapshot {
        let suspect = self.suspect.as_ref().map(|suspect| (suspect.group.0, &suspect.incoming.row));
        let books = self.books();
        Snapshot {
            version: VERSION,
            rule_digest: rule_digest(&self.options),
            n_seen: self.n_seen,
            kept_digest: suspect.map_or(0, |(_, row)| row.digest()).wrapping_add(self.ring.digest()),
            kept: runs(self.ring.rows().chain(suspect.map(|(_, row)| row)).map(|row| row.ordinal)),
            n_released: self.ring.n_released(),
            n_settled: self.ring.n_settled(),
            suspect: suspect.map(|(group, row)| (group, row.ordinal)),
            order: self.order.clone(),
            progress: self.rule.progress(),
            context: self.context.map(|context| (context.in_production, context.recipe)),
            segment: self.outlet.segment,
            tally: self.tally,
            received: books.received,
            judged: books.judged,
            waiting: books.waiting,
            dropped: DropReason::ALL.iter().map(|reason| books.dropped(*reason)).collect(),
            is_settled: self.outlet.is_settled(),
        }
    }

    /// A windower that goes on where the snapshot was taken.
    ///
    /// `frames`: the line's frames in order of arrival without gaps, beginning at or before
    /// [`Windower::oldest_needed`] and ending with the last one pushed before the snapshot.
    ///
    /// # Errors
    /// When the options contradict themselves. Frames that do not fit the snapshot are no error:
    /// they are counted as [`DropReason::Restart`].
    pub fn restore(
        options: WindowerOptions,
        snapshot: Snapshot,
        frames: impl Iterator<Item = Frame>,
    ) -> Result<Self, OptionsError> {
        let mut windower = Self::new(options)?;
        windower.outlet.books = snapshot.books();
        windower.outlet.segment = snapshot.segment;
        windower.tally = snapshot.tally;
        windower.n_seen = snapshot.n_seen;
        if snapshot.version != VERSION || snapshot.rule_digest != rule_digest(&windower.options) {
            windower.outlet.segment += 1;
            windower.lose_waiting();
            return Ok(windower);
        }
        windower.order = snapshot.order.clone();
        windower.order.set_lateness(ns(windower.options.lateness));
        windower.context = snapshot.context.map(|(in_production, recipe)| Context { in_production, recipe });
        windower.outlet.recipe = windower.context.and_then(|context| context.recipe);
        let has_rows = windower.refill(&snapshot, frames);
        windower.rule.resume(snapshot.progress, has_rows);
        if !has_rows {
            windower.outlet.segment += 1;
        }
        windower.lose_waiting();
        Ok(windower)
    }

    /// Puts the kept frames back; says whether they are the ones.
    fn refill(&mut self, snapshot: &Snapshot, frames: impl Iterator<Item = Frame>) -> bool {
        let Some(first) = snapshot.kept.first().map(|(first, _)| *first) else {
            return true;
        };
        if !snapshot.kept_in_order() {
            return false;
        }
        let n_tail = usize::try_from(snapshot.n_seen - first).unwrap_or(usize::MAX);
        let mut tail = VecDeque::new();
        for frame in frames {
            if self.plan.concerns(&frame).1 {
                if tail.len() == n_tail {
                    tail.pop_front();
                }
                tail.push_back(frame);
            }
        }
        if tail.len() < n_tail {
            return false;
        }
        let ordinals = || snapshot.kept.iter().flat_map(|(from, n)| *from..from + n);
        let frame_of = |ordinal: u64| usize::try_from(ordinal - first).ok().and_then(|i| tail.get(i));
        let digests = ordinals().filter_map(|ordinal| Some(row_digest(ordinal, frame_of(ordinal)?.at.as_ns())));
        if digests.fold(0, u64::wrapping_add) != snapshot.kept_digest {
            return false;
        }
        let mut incoming = Incoming::default();
        for (ordinal, frame) in ordinals().filter_map(|ordinal| frame_of(ordinal).map(|frame| (ordinal, frame))) {
            self.plan.fill(frame, ordinal, &mut incoming);
            match snapshot.suspect {
                Some((group, suspect)) if suspect == ordinal => {
                    self.suspect = Some(Suspect { group: GroupSlot(group), incoming: incoming.clone() });
                }
                _ => self.ring.insert(&incoming),
            }
        }
        self.ring.set_progress(snapshot.n_released, snapshot.n_settled);
        true
    }

    /// Counts what waits in the books but is not in the ring any more. More in the ring than in the
    /// books: the snapshot was damaged, and the ring is right.
    fn lose_waiting(&mut self) {
        let is_suspect_counted = self.suspect.as_ref().is_some_and(|suspect| suspect.incoming.row.is_counted);
        let n_kept = self.ring.n_waiting() + u64::from(is_suspect_counted);
        let books = &mut self.outlet.books;
        let n_missing = n_kept.saturating_sub(books.waiting);
        books.received += n_missing;
        books.waiting += n_missing;
        let n_lost = books.waiting - n_kept;
        self.outlet.drop_for(DropReason::Restart, n_lost);
    }
}

impl Snapshot {
    /// Whether the runs of kept frames rise and end before the frames do, which damaged bytes need not say.
    fn kept_in_order(&self) -> bool {
        let mut next = 0;
        self.kept.iter().all(|(from, n)| {
            let end = from.checked_add(*n).filter(|end| *from >= next && *end <= self.n_seen);
            next = end.unwrap_or(next);
            end.is_some()
        })
    }

    fn books(&self) -> Books {
        // No box lives to count further; damaged bytes may say so.
        let count = |n: u64| if n < COUNT_MAX { n } else { 0 };
        let mut books = Books::default();
        books.judged = count(self.judged);
        books.waiting = count(self.waiting);
        books.received = books.judged + books.waiting;
        for (reason, n) in DropReason::ALL.iter().zip(&self.dropped) {
            books.drop_for(*reason, count(*n));
            books.received += count(*n);
        }
        books
    }
}

fn rule_digest(options: &WindowerOptions) -> [u8; 16] {
    let text = format!("{:?} {:?}", options.spec, options.inputs);
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    short
}

/// Runs of distinct ordinals, in rising order. Nearly always one, and then nothing is collected.
fn runs(ordinals: impl Iterator<Item = u64> + Clone) -> Vec<(u64, u64)> {
    let (n, first, last) =
        ordinals.clone().fold((0, u64::MAX, 0), |(n, first, last), v| (n + 1, v.min(first), v.max(last)));
    if n == 0 || last - first + 1 == n {
        return if n == 0 { Vec::new() } else { vec![(first, n)] };
    }
    let mut sorted: Vec<u64> = ordinals.collect();
    sorted.sort_unstable();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for ordinal in sorted {
        match runs.last_mut() {
            Some((from, n)) if *from + *n == ordinal => *n += 1,
            _ => runs.push((ordinal, 1)),
        }
    }
    runs
}
