//! One simulated gateway: the core, its disk, its executor, and how it misbehaves.

use crate::disk::Disk;
use std::collections::BTreeMap;
use takt_mesh_proto::audit::{Finding, Sample};
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::ids::{PeerId, Units};
use takt_mesh_proto::keys::Keypair;
use takt_mesh_proto::lending::Owner;
use takt_mesh_proto::node::Node;
use takt_plant::{MonoTime, SiteId};

/// What a gateway does wrong on purpose or by a fault of its box.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// Gives wrong results to borrowers.
    pub lies: bool,
    /// Takes results and signs for none.
    pub never_signs: bool,
    /// Sends bytes that are no frames.
    pub sends_garbage: bool,
    /// Sends chunks that are not what they claim to be.
    pub spoils_chunks: bool,
    /// Never answers for a chunk.
    pub withholds_chunks: bool,
}

impl Behaviour {
    /// Whether what it signs is held to the rules of an honest gateway.
    pub fn is_honest(&self) -> bool {
        *self == Self::default()
    }
}

/// Price of one run.
pub const RUN_PRICE: Units = Units(8_000_000);

/// Results that are kept for an audit.
const KEPT_MAX: usize = 512;

/// A gateway and its box.
#[derive(Debug)]
pub struct Gateway {
    /// Its key.
    pub key: Keypair,
    /// Its public key.
    pub id: PeerId,
    /// Its company.
    pub company: u16,
    /// Where it stands.
    pub site: SiteId,
    /// Its zone.
    pub zone: u16,
    /// The core; none while the box is down.
    pub node: Option<Node>,
    /// Rises with every start, so that events of an earlier life are dropped.
    pub boot: u32,
    /// Its store.
    pub disk: Disk,
    /// An old copy of its store.
    pub backup: Option<Disk>,
    /// The next write to become durable brings the box down.
    pub crash_at_write: bool,
    /// Nothing happens here until then.
    pub stalled_until: MonoTime,
    /// How far its wall clock is off, in seconds.
    pub clock_off_s: i64,
    /// How it misbehaves.
    pub behaviour: Behaviour,
    /// Its disk was restored or its key is in use twice: it may lie behind its own past.
    pub restored: bool,
    /// It asks no witness: a forger's program.
    pub forges: bool,
    /// It runs with another's key.
    pub clone_of: Option<usize>,
    /// It fetches releases.
    pub wants_models: bool,
    /// Connected gateways.
    pub peers: Vec<usize>,
    /// Next wake-up in the event queue.
    pub wake_at: Option<MonoTime>,
    /// Inputs and outputs of borrowed runs.
    pub kept: BTreeMap<(PeerId, u64, u32), (Blob, Blob)>,
}

impl Gateway {
    /// A gateway that has never run.
    pub fn bare(key: Keypair, company: u16, site: SiteId, zone: u16) -> Self {
        Self {
            id: key.id(),
            key,
            company,
            site,
            zone,
            node: None,
            boot: 0,
            disk: Disk::default(),
            backup: None,
            crash_at_write: false,
            stalled_until: MonoTime::from_ns(0),
            clock_off_s: 0,
            behaviour: Behaviour::default(),
            restored: false,
            forges: false,
            clone_of: None,
            wants_models: false,
            peers: Vec::new(),
            wake_at: None,
            kept: BTreeMap::new(),
        }
    }

    /// What a model says about an input, or the opposite from a liar to a borrower.
    pub fn run(&self, input: &Blob, owner: &Owner) -> Blob {
        let mut output = truth(input);
        if self.behaviour.lies && matches!(owner, Owner::Borrowed(..)) {
            output[0] ^= 1;
        }
        Blob::new(output)
    }

    /// Keeps a borrowed run for an audit; forgets the lowest key when full.
    pub fn keep(&mut self, key: (PeerId, u64, u32), input: Blob, output: Blob) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.pop_first();
        }
        self.kept.insert(key, (input, output));
    }

    /// Runs a sample again.
    pub fn audit(&mut self, sample: &Sample) -> Finding {
        match self.kept.remove(&(sample.lender, sample.epoch, sample.no)) {
            Some((input, output)) if truth(&input) == output.bytes() => Finding::Equal,
            Some(_) => Finding::Mismatch,
            None => Finding::Unknown,
        }
    }
}

/// The simulated model: eight bytes of a digest of the input.
fn truth(input: &Blob) -> Vec<u8> {
    blake3::hash(input.bytes()).as_bytes()[..8].to_vec()
}
