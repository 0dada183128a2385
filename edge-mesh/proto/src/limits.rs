//! Every limit of the core: a name, a unit, where it comes from, and what must hold between them.

use std::time::Duration;

/// Peers that get adverts. A zone has 256 gateways; 24 to 64 give two good random choices at 3 KB/s.
pub const PEERS_MAX: usize = 64;

/// Members of one list: a company of 40 zones.
pub const MEMBERS_MAX: usize = 16_384;

/// Gateways of one zone, which exchange their logs in full.
pub const ZONE_MEMBERS_MAX: usize = 256;

/// Bytes of a frame that carries no tensor and no chunk: the longest is a fork proof of two entries.
pub const CONTROL_BYTES_MAX: usize = 8 * 1024;

/// Bytes of a tensor: 1,024 samples × 256 tags × 4.
pub const TENSOR_BYTES_MAX: usize = 1024 * 1024;

/// Tensors above this ask first, so that a refusal does not cost the transfer.
pub const PROBE_ABOVE_BYTES: usize = 64 * 1024;

/// Bytes of one model chunk.
pub const CHUNK_BYTES: usize = 1024 * 1024;

/// Bytes of the longest frame: a chunk with its head.
pub const FRAME_BYTES_MAX: usize = CHUNK_BYTES + CONTROL_BYTES_MAX;

/// Chunks of one model: 4 GiB.
pub const CHUNKS_MAX: usize = 4096;

/// Models that an advert names as warm: more do not fit a small box's memory.
pub const WARM_MAX: usize = 16;

/// Own requests that are at peers at one time: one deadline of 60 ms at 4,000 windows/s.
pub const LOANS_MAX: usize = 256;

/// Own work that waits for the executor; above it the oldest windows are inconclusive (overload).
pub const OWN_WAITING_MAX: usize = 256;

/// Borrowed work that waits at a lender: more would only wait past its deadline.
pub const BORROWED_WAITING_MAX: usize = 4;

/// Requests that one voucher settles.
pub const BATCH_REQUESTS: u32 = 256;

/// Request numbers that one voucher spans: a batch at one success in four.
pub const BATCH_SPAN_MAX: u32 = 1024;

/// Requests in flight on a pair beyond the batch that is being signed.
pub const IN_FLIGHT_MAX: u32 = 64;

/// Executed and not yet signed for: one batch and what is in flight. A borrower that never signs
/// gets this much and no more.
pub const EXPOSURE_REQUESTS: u32 = BATCH_REQUESTS + IN_FLIGHT_MAX;

/// Pairs with an open channel: every peer, and those that a peer list of yesterday held.
pub const PAIRS_MAX: usize = 2 * PEERS_MAX;

/// Own log entries that wait for disk or witnesses: one voucher and one receipt for each peer.
pub const LOG_WAITING_MAX: usize = 2 * PEERS_MAX;

/// Witnesses of one gateway.
pub const WITNESSES: usize = 4;

/// Authors that one gateway witnesses. Four are expected; by Poisson 32 are never reached in a zone.
pub const WITNESSED_MAX: usize = 32;

/// Signed entries of one author that a witness remembers: a fork shows at neighbouring places.
pub const SEEN_MAX: usize = 4;

/// Witnesses of the other side that are shown its signed entries: two, in case one is down.
pub const SHOWN_TO: usize = 2;

/// Peers under quarantine that are remembered: a whole zone.
pub const QUARANTINE_MAX: usize = ZONE_MEMBERS_MAX;

/// Chunks asked for at one time, over all providers and at one of them.
pub const CHUNKS_ASKED_MAX: usize = 8;
/// See [`CHUNKS_ASKED_MAX`].
pub const CHUNKS_ASKED_PER_PEER_MAX: usize = 2;

/// Models that are fetched or served at one time.
pub const TRANSFERS_MAX: usize = 32;

/// Samples that wait for re-execution: one batch.
pub const AUDITS_WAITING_MAX: usize = BATCH_REQUESTS as usize;

/// Requests whose input the borrower's driver must keep for an audit: two batches a pair.
pub const AUDIT_KEEP: usize = 2 * BATCH_REQUESTS as usize;

/// A deadline that a request may state.
pub const REMAINING_MAX: Duration = Duration::from_secs(10);

const _: () = {
    assert!(TENSOR_BYTES_MAX + CONTROL_BYTES_MAX <= FRAME_BYTES_MAX);
    assert!(PROBE_ABOVE_BYTES < TENSOR_BYTES_MAX);
    assert!(BATCH_REQUESTS < BATCH_SPAN_MAX);
    assert!(EXPOSURE_REQUESTS < BATCH_SPAN_MAX);
    assert!(BATCH_SPAN_MAX.is_multiple_of(8));
    assert!(CHUNKS_ASKED_PER_PEER_MAX <= CHUNKS_ASKED_MAX);
    assert!(CHUNKS_MAX / 8 < CONTROL_BYTES_MAX);
    assert!(WITNESSES >= 4 && WITNESSES <= 8);
    assert!(WITNESSES < ZONE_MEMBERS_MAX && SHOWN_TO <= WITNESSES);
};
