//! What the mesh shows of itself: a snapshot for API, page and metrics.

use std::sync::Arc;
use takt_mesh_proto::ids::PeerId;
use takt_mesh_proto::log::Standing;
use takt_mesh_proto::metering::Totals;
use takt_mesh_proto::node::Counts;
use takt_plant::{ExportClass, WallTime};

/// Names of the traffic classes, in the order of [`PeerStatus::n_bytes_sent`].
pub const TRAFFIC: [&str; 5] = ["lending", "books", "chunks", "large", "list"];

/// One gateway's part, at one moment.
#[derive(Debug, Clone)]
pub struct Status {
    /// This gateway's key.
    pub id: PeerId,
    /// Version of the member list in force.
    pub list_version: u64,
    /// When it stops to hold.
    pub list_expires: WallTime,
    /// Whether the log may grow.
    pub standing: Standing,
    /// Units lent minus borrowed, by receipts.
    pub balance: i128,
    /// Everything borrowed is signed and countersigned.
    pub settled: bool,
    /// What happened.
    pub counts: Counts,
    /// Handshakes of strangers.
    pub n_refused: u64,
    /// Why the last write to the log failed; lending stands still until one succeeds.
    pub unwritable: Option<Arc<str>>,
    /// Every other member.
    pub peers: Vec<PeerStatus>,
}

/// One peer.
#[derive(Debug, Clone)]
pub struct PeerStatus {
    /// Its key.
    pub peer: PeerId,
    /// Its name.
    pub name: Arc<str>,
    /// Its site.
    pub site: Arc<str>,
    /// How far it is away.
    pub reach: ExportClass,
    /// Whether a connection stands and it has let us in.
    pub connected: bool,
    /// Round trip.
    pub rtt_us: Option<u32>,
    /// Under quarantine.
    pub quarantined: bool,
    /// Lent to it, by receipts.
    pub lent: Totals,
    /// Borrowed from it, by receipts.
    pub borrowed: Totals,
    /// What it owes: by receipts and by work that it has not signed for, less what is owed to it.
    pub debt: i128,
    /// Sent to it, by [`TRAFFIC`].
    pub n_frames_sent: [u64; 5],
    /// See `n_frames_sent`.
    pub n_bytes_sent: [u64; 5],
    /// Frames dropped because its queue was full.
    pub n_dropped: u64,
}
