//! The open chunks of all groups, and which of them should be sealed.

use super::bytes::Corrupt;
use super::chunk::OpenChunk;
use std::collections::{HashMap, VecDeque};
use takt_plant::{GroupSlot, MonoTime};

/// A group's open chunk, and where its frames lie in the journal.
#[derive(Debug, Clone)]
pub(super) struct OpenGroup {
    pub chunk: OpenChunk,
    /// The first journal row that holds one of its frames.
    pub first_row: i64,
    /// The last one.
    pub last_row: i64,
    /// When it began.
    pub since: MonoTime,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct OpenGroups {
    groups: HashMap<GroupSlot, OpenGroup>,
    full: VecDeque<GroupSlot>,
    n_bytes: usize,
}

impl OpenGroups {
    /// The chunk of a group, begun now if there is none, for frames of this journal row.
    pub fn group(&mut self, group: GroupSlot, row: i64, now: MonoTime) -> &mut OpenGroup {
        let begun = || OpenGroup { chunk: OpenChunk::default(), first_row: row, last_row: row, since: now };
        let open = self.groups.entry(group).or_insert_with(begun);
        open.last_row = row;
        open
    }

    /// Says that a group took frames: `n_bytes` more.
    pub fn grown(&mut self, group: GroupSlot, n_bytes: usize, is_full: bool) {
        self.n_bytes += n_bytes;
        if is_full && !self.full.contains(&group) {
            self.full.push_back(group);
        }
    }

    /// Takes a full group.
    pub fn take_full(&mut self) -> Option<(GroupSlot, OpenGroup)> {
        while let Some(group) = self.full.pop_front() {
            if let Some(open) = self.take(group) {
                return Some((group, open));
            }
        }
        None
    }

    /// Takes the oldest group that began before `before`, or the largest while all together take
    /// more than `bytes_max`.
    pub fn take_due(&mut self, before: MonoTime, bytes_max: usize) -> Option<(GroupSlot, OpenGroup)> {
        let oldest = self.groups.iter().min_by_key(|(_, g)| g.since).filter(|(_, g)| g.since < before);
        let due = match oldest {
            Some((group, _)) => *group,
            None if self.n_bytes > bytes_max => *self.groups.iter().max_by_key(|(_, g)| g.chunk.n_bytes())?.0,
            None => return None,
        };
        self.take(due).map(|open| (due, open))
    }

    /// Takes a group.
    pub fn take(&mut self, group: GroupSlot) -> Option<OpenGroup> {
        let open = self.groups.remove(&group)?;
        self.n_bytes = self.n_bytes.saturating_sub(open.chunk.n_bytes());
        Some(open)
    }

    /// Takes a group back that could not be sealed, with what came meanwhile after it. It counts as begun
    /// now, so that the others are sealed first.
    pub fn put_back(&mut self, group: GroupSlot, mut open: OpenGroup, now: MonoTime) -> Result<(), Corrupt> {
        if let Some(later) = self.take(group) {
            open.last_row = later.last_row;
            for frame in later.chunk.frames()? {
                open.chunk.push(frame.at, frame.arrived_at, &frame.readings);
            }
        }
        open.since = now;
        self.n_bytes += open.chunk.n_bytes();
        self.groups.insert(group, open);
        Ok(())
    }

    /// Groups whose first frame lies in a row up to `row`, smallest slot first.
    pub fn behind(&self, row: i64) -> Vec<GroupSlot> {
        let mut behind: Vec<_> = self.groups.iter().filter(|(_, g)| g.first_row <= row).map(|(s, _)| *s).collect();
        behind.sort_unstable();
        behind
    }

    /// Looks at a group.
    pub fn get(&self, group: GroupSlot) -> Option<&OpenGroup> {
        self.groups.get(&group)
    }

    /// Says that a group's frames now all lie in one row.
    pub fn moved(&mut self, group: GroupSlot, row: i64) {
        if let Some(open) = self.groups.get_mut(&group) {
            open.first_row = row;
            open.last_row = row;
        }
    }

    /// The first journal row that any open chunk needs.
    pub fn first_row(&self) -> Option<i64> {
        self.groups.values().map(|g| g.first_row).min()
    }

    /// Memory of all of them, in bytes, about.
    pub fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// All groups.
    pub fn slots(&self) -> Vec<GroupSlot> {
        self.groups.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::{Reading, WallTime};

    #[test]
    fn a_group_that_is_put_back_holds_what_came_meanwhile() {
        let (group, at) = (GroupSlot(1), WallTime::from_ns);
        let mut groups = OpenGroups::default();
        let put = |groups: &mut OpenGroups, n: i64| {
            let n_bytes =
                groups.group(group, n, MonoTime::from_ns(0)).chunk.push(at(n), at(n), &[Reading::number(1.0)]);
            groups.grown(group, n_bytes, false);
        };
        put(&mut groups, 1);
        put(&mut groups, 2);
        let taken = groups.take(group).unwrap();
        assert_eq!(groups.n_bytes(), 0);
        put(&mut groups, 3);
        groups.put_back(group, taken, MonoTime::from_ns(9)).unwrap();
        let open = groups.get(group).unwrap();
        assert_eq!((open.first_row, open.last_row, open.since), (1, 3, MonoTime::from_ns(9)));
        assert_eq!(open.chunk.frames().unwrap().iter().map(|f| f.at).collect::<Vec<_>>(), [at(1), at(2), at(3)]);
        assert_eq!(groups.n_bytes(), open.chunk.n_bytes());
    }
}
