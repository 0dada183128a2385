//! The draft: what a cell has for the journal and could not hand over yet.
//!
//! As a rule it is handed over with every delivery. Only while the journal's queue is full, because the
//! writer hangs on a slow disk, it grows; then every part of it keeps to a limit. Frames that somebody
//! waits to see acknowledged are never given up: nothing is acknowledged before it is durable, so their
//! sender stops at its receive maximum, and that bounds them, and their marks too. Of the other frames
//! (polls, QoS 0) the oldest go first. Of positions only the newest of a check counts.

use crate::store::{CheckSlot, ConnectionSlot, Entry};
use std::collections::VecDeque;
use takt_adapters::Ticket;
use takt_plant::Frame;

/// Frames that nobody acknowledges: a minute of a busy line.
pub const FRAMES_MAX: usize = 65_536;
/// Verdicts: a minute of the fastest checks.
const VERDICTS_MAX: usize = 4_096;
/// Events, ends of writes and confirmations, of each so many.
const RECORDS_MAX: usize = 4_096;

/// A draft, and where its frames came from.
#[derive(Debug, Default)]
pub struct Draft {
    /// What it holds.
    pub entry: Entry,
    origins: VecDeque<Origin>,
}

/// Frames of one delivery, in the order in which the entry holds them.
#[derive(Debug, Clone, Copy)]
struct Origin {
    source: usize,
    n_frames: usize,
    is_acknowledged: bool,
}

/// Whose acknowledgement waits for an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The connection.
    pub connection: ConnectionSlot,
    /// Whether it waits also while the store cannot be written.
    pub holds: bool,
}

/// What had to be given up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GivenUp {
    /// Frames by source.
    pub frames: Vec<(usize, usize)>,
    /// Verdicts.
    pub n_verdicts: usize,
    /// Events, ends of writes and confirmations.
    pub n_records: usize,
}

impl Draft {
    /// Whether there is nothing to hand over.
    pub fn is_empty(&self) -> bool {
        self.entry.is_empty() && self.entry.acknowledges.is_none()
    }

    /// Takes a delivery's frames.
    pub fn frames(&mut self, source: usize, frames: Vec<Frame>, is_acknowledged: bool) {
        self.origins.push_back(Origin { source, n_frames: frames.len(), is_acknowledged });
        self.entry.frames.extend(frames);
    }

    /// Takes a check's position, in place of an older one.
    pub fn position(&mut self, check: CheckSlot, position: Vec<u8>) {
        match self.entry.positions.iter_mut().find(|(slot, _)| *slot == check) {
            Some((_, older)) => *older = position,
            None => self.entry.positions.push((check, position)),
        }
    }

    /// Makes it an entry under this ticket. An acknowledgement that waits since a refusal goes on
    /// waiting; one that also waits while the store cannot be written goes before all others.
    pub fn make(&mut self, ticket: Ticket, waiting: Option<Waiting>, holds: impl Fn(ConnectionSlot) -> bool) -> Entry {
        let mut entry = std::mem::take(&mut self.entry);
        entry.ticket = ticket;
        entry.acknowledges = match (entry.acknowledges, waiting) {
            (Some(before), Some(now)) if now.holds || !holds(before) => Some(now.connection),
            (before, now) => before.or(now.map(|now| now.connection)),
        };
        entry
    }

    /// The entry went into the journal.
    pub fn went(&mut self) {
        self.origins.clear();
    }

    /// The journal did not take the entry: keeps what the limits allow, the newest.
    pub fn keep(&mut self, entry: Entry) -> GivenUp {
        self.entry = entry;
        let mut given_up = GivenUp { frames: self.trim_frames(), ..GivenUp::default() };
        given_up.n_verdicts = trim(&mut self.entry.verdicts, VERDICTS_MAX);
        given_up.n_records = trim(&mut self.entry.events, RECORDS_MAX)
            + trim(&mut self.entry.writes, RECORDS_MAX)
            + trim(&mut self.entry.confirmed, RECORDS_MAX);
        given_up
    }

    fn trim_frames(&mut self) -> Vec<(usize, usize)> {
        let loose = self.origins.iter().filter(|origin| !origin.is_acknowledged);
        let mut excess = loose.map(|origin| origin.n_frames).sum::<usize>().saturating_sub(FRAMES_MAX);
        if excess == 0 {
            return Vec::new();
        }
        let mut given_up: Vec<(usize, usize)> = Vec::new();
        let mut stays = Vec::with_capacity(self.entry.frames.len());
        for origin in &mut self.origins {
            let n = if origin.is_acknowledged { 0 } else { origin.n_frames.min(excess) };
            excess -= n;
            stays.extend((0..origin.n_frames).map(|i| i >= n));
            origin.n_frames -= n;
            match given_up.iter_mut().find(|(source, _)| *source == origin.source) {
                Some((_, sum)) => *sum += n,
                None => given_up.push((origin.source, n)),
            }
        }
        let mut stays = stays.into_iter();
        // Frames without an origin were brought along from a restart, and stay.
        self.entry.frames.retain(|_| stays.next().unwrap_or(true));
        self.origins.retain(|origin| origin.n_frames > 0);
        given_up.retain(|(_, n)| *n > 0);
        given_up
    }
}

/// Drops the oldest beyond a limit and says how many.
fn trim<T>(list: &mut Vec<T>, n_max: usize) -> usize {
    let n = list.len().saturating_sub(n_max);
    list.drain(..n);
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Event;
    use takt_plant::{GroupSlot, MonoTime, WallTime};

    const HOLDING: ConnectionSlot = ConnectionSlot(1);
    const JUDGING: ConnectionSlot = ConnectionSlot(2);

    fn frame(group: u32) -> Frame {
        let at = WallTime::from_ns(0);
        let readings = Vec::new().into_boxed_slice();
        Frame { group: GroupSlot(group), tags: [].into(), readings, at, arrived_at: at, arrived: MonoTime::from_ns(0) }
    }

    fn refuse(draft: &mut Draft, ticket: u64, waiting: Option<Waiting>) -> (Option<ConnectionSlot>, GivenUp) {
        let entry = draft.make(Ticket(ticket), waiting, |connection| connection == HOLDING);
        assert_eq!(entry.ticket, Ticket(ticket));
        (entry.acknowledges, draft.keep(entry))
    }

    #[test]
    fn what_is_waited_for_is_kept_and_the_rest_has_its_limits() {
        let mut draft = Draft::default();
        let mut lost = [0; 3];
        for i in 0..1_000 {
            draft.frames(0, vec![frame(0)], true);
            draft.frames(1, vec![frame(1); 100], false);
            draft.frames(2, vec![frame(2)], false);
            draft.position(CheckSlot(i % 3), vec![0; 8]);
            let text = String::new();
            let (at, who, what) = (WallTime::from_ns(0), text.clone(), text.clone());
            draft.entry.events.extend(std::iter::repeat_n(Event { at, who, what, line: None, text }, 10));
            let (_, given_up) = refuse(&mut draft, u64::from(i), None);
            given_up.frames.iter().for_each(|(source, n)| lost[*source] += n);
        }
        let n = |group| draft.entry.frames.iter().filter(|frame| frame.group == GroupSlot(group)).count();
        assert_eq!(n(0), 1_000, "none that is waited for went");
        assert_eq!(n(1) + n(2), FRAMES_MAX);
        assert_eq!([n(0) + lost[0], n(1) + lost[1], n(2) + lost[2]], [1_000, 100_000, 1_000], "each is counted");
        assert_eq!((draft.entry.positions.len(), draft.entry.events.len()), (3, RECORDS_MAX));
    }

    #[test]
    fn an_acknowledgement_waits_on_after_a_refusal() {
        let mut draft = Draft::default();
        let holding = Some(Waiting { connection: HOLDING, holds: true });
        let judging = Some(Waiting { connection: JUDGING, holds: false });
        assert_eq!(refuse(&mut draft, 1, judging).0, Some(JUDGING));
        assert!(!draft.is_empty(), "it is handed in again, even alone");
        assert_eq!(refuse(&mut draft, 2, holding).0, Some(HOLDING));
        assert_eq!(refuse(&mut draft, 3, judging).0, Some(HOLDING), "who holds goes before");
        assert_eq!(refuse(&mut draft, 4, None).0, Some(HOLDING));
    }
}
