//! The policy of lending: what a gateway may choose, with defaults argued from the simulator.

use crate::lending::{Choice, Rank};
use crate::limits::BORROWED_WAITING_MAX;
use std::time::Duration;

/// What a lender takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Everything.
    All,
    /// What it predicts to finish in time.
    Predicted,
    /// The same, as far as its spare tokens go.
    Spare,
}

/// Options of lending. The defaults are the policy of this program; the others are what it was
/// measured against (`tests/sim/tests/lending.rs` prints the table).
///
/// **Why own work first, and not one deadline order for all.** With deadlines mixed, a borrowed window
/// that waited on its way stands before the lender's own, and the lender pays for it. With own work
/// first, a borrowed run can hold up an own window only for the rest of one run, and borrowed work
/// fills what would have been idle. Among own and among borrowed, the earliest deadline goes first.
///
/// **Why a lender predicts more than its queue.** Own windows that close while a borrowed one waits go
/// before it too: behind a queue of `w` it begins after `w / (1 - own share)`. A lender that leaves
/// that out takes in work that it then drops, when it is too late to ask anybody else.
///
/// **Why the lender may then be filled to 95 %.** The own work's wait depends on the total load only
/// through that one run in progress, so the spare rate can lie closer to one than the 0.9 of a lender
/// that mixes. The rate is in microseconds of work, not in requests: a slow model takes more tokens.
///
/// **Why a lender goes on lending while it borrows.** A burst of a few windows makes anybody borrow for
/// a few milliseconds. To stop lending for that, and to tell it with adverts that are seconds old, made
/// idle boxes look taken. Own work goes first and tokens come from the own demand's mean: that is
/// enough to keep a box that is really short from lending.
///
/// **Why only half of the deadline counts as local.** Run times have a long tail. A window that could
/// still be done here with 70 % of its time gone has no time left for a peer if a run before it takes
/// long; asking early leaves time for a second peer.
///
/// **Why every answer carries the lender's load.** An advert is seconds old when it is used. A result
/// or a refusal is as old as the round trip, costs a few bytes more, and comes from just those peers
/// that are in use; the borrower extrapolates the tokens that it was told of and spends from its copy.
///
/// **Why hopeless work is dropped before it is late.** An overloaded box that finishes each window just
/// after its deadline meets none. What cannot end in time by the model's typical run is not begun.
#[derive(Debug, Clone)]
pub struct LendingOptions {
    /// Whether this gateway asks peers.
    pub borrows: bool,
    /// Whether this gateway runs work for peers.
    pub lends: bool,
    /// Candidates.
    pub choice: Choice,
    /// What a lender takes in.
    pub admission: Admission,
    /// Whether a lender goes on lending while it asks peers itself.
    pub lends_while_borrowing: bool,
    /// Order of the executor's queue.
    pub rank: Rank,
    /// Local if the predicted finish lies within this share of the remaining deadline.
    pub local_permille: u32,
    /// A lender admits if the predicted finish lies within this share of what remains.
    pub admit_permille: u32,
    /// Load up to which a lender fills itself, own work included.
    pub fill_permille: u32,
    /// Tokens that may gather, in typical runs.
    pub burst_runs: u32,
    /// Borrowed work that may wait here.
    pub borrowed_max: usize,
    /// How often a request may be tried at a peer.
    pub tries: u32,
    /// Work is dropped when less than this share of its typical run remains.
    pub hopeless_permille: u32,
    /// Between adverts at the latest.
    pub advert_every: Duration,
    /// Between adverts at the earliest, when the load crosses between full and free.
    pub advert_gap: Duration,
    /// Kept back from a deadline for the way and the verdict.
    pub margin: Duration,
}

impl Default for LendingOptions {
    fn default() -> Self {
        Self {
            borrows: true,
            lends: true,
            choice: Choice::TwoRandom,
            admission: Admission::Spare,
            lends_while_borrowing: true,
            rank: Rank::OwnFirst,
            local_permille: 500,
            admit_permille: 850,
            fill_permille: 950,
            burst_runs: 6,
            borrowed_max: BORROWED_WAITING_MAX,
            tries: 2,
            hopeless_permille: 1000,
            advert_every: Duration::from_secs(2),
            advert_gap: Duration::from_millis(250),
            margin: Duration::from_millis(1),
        }
    }
}
