//! Inputs and outputs of borrowed runs, kept for an audit.

use std::collections::{BTreeMap, VecDeque};
use takt_mesh_proto::audit::Sample;
use takt_mesh_proto::egress::{Blob, Payload};
use takt_mesh_proto::ids::{Digest, PeerId};
use takt_mesh_proto::limits::{AUDIT_KEEP, LOANS_MAX, OWN_WAITING_MAX};

/// Peer, epoch, number.
type Key = (PeerId, u64, u32);

/// Own windows that have not ended, all in all.
const OPEN_MAX: usize = OWN_WAITING_MAX + LOANS_MAX + 1;

/// A borrowed run.
#[derive(Debug, Clone)]
pub(crate) struct Borrowed {
    pub(crate) model: Digest,
    pub(crate) input: Payload,
    pub(crate) output: Blob,
}

/// Own windows on their way, and those that a peer has run.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    open: BTreeMap<u64, (Digest, Payload)>,
    borrowed: BTreeMap<Key, Borrowed>,
    order: VecDeque<Key>,
}

impl Kept {
    /// An own window begins.
    pub(crate) fn begin(&mut self, ticket: u64, model: Digest, input: Payload) {
        if self.open.len() >= OPEN_MAX {
            // The core ends every window; one that it forgot is not worth a growing map.
            self.open.pop_first();
        }
        self.open.insert(ticket, (model, input));
    }

    /// An own window ended here, or not at all.
    pub(crate) fn end(&mut self, ticket: u64) {
        self.open.remove(&ticket);
    }

    /// An own window came back from a peer. When full, the oldest is forgotten: an audit of it says nothing.
    pub(crate) fn borrowed(&mut self, ticket: u64, key: Key, output: Blob) {
        let Some((model, input)) = self.open.remove(&ticket) else { return };
        if self.order.len() >= AUDIT_KEEP
            && let Some(oldest) = self.order.pop_front()
        {
            self.borrowed.remove(&oldest);
        }
        self.order.push_back(key);
        self.borrowed.insert(key, Borrowed { model, input, output });
    }

    /// A run to be done again.
    pub(crate) fn get(&self, sample: &Sample) -> Option<Borrowed> {
        self.borrowed.get(&(sample.lender, sample.epoch, sample.no)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_mesh_proto::egress::Content;
    use takt_plant::ExportClass;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut kept = Kept::default();
        let input = || Payload::new(ExportClass::Mesh, Content::Features, Blob::new(vec![1]));
        let peer = PeerId([1; 32]);
        for no in 0..=u32::try_from(AUDIT_KEEP).expect("small") {
            kept.begin(u64::from(no), Digest::ZERO, input());
            kept.borrowed(u64::from(no), (peer, 1, no), Blob::default());
        }
        let found = |no| kept.get(&Sample { lender: peer, epoch: 1, no }).is_some();
        assert!(!found(0) && found(1));
        assert!(kept.open.is_empty() && kept.borrowed.len() == AUDIT_KEEP);
    }
}
