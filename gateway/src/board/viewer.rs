//! The viewers' one task: hands fresh verdicts on, and draws up the status once a second for all.

use super::plan::Now;
use super::{Board, PUMP_EVERY, Status};
use std::sync::Arc;
use std::time::Duration;
use takt_adapters::Clock;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the status is drawn up for those who follow it.
pub const STATUS_EVERY: Duration = Duration::from_secs(1);

/// Reads the board for everyone who watches: HTTP, metrics and traces share one status a second.
///
/// Make it, give clones of the `Arc` to the viewers, and spawn [`Viewer::run`] on the runtime of
/// the viewers (never on a shard).
pub struct Viewer {
    board: Arc<Board>,
    clock: Clock,
    latest: watch::Sender<Arc<Status>>,
}

impl Viewer {
    /// A viewer of this board.
    pub fn new(board: Arc<Board>, clock: Clock) -> Arc<Self> {
        let status = Arc::new(board.status(Now::of(&clock)));
        Arc::new(Self { board, clock, latest: watch::Sender::new(status) })
    }

    /// Pumps until it is told to end.
    pub async fn run(self: Arc<Self>, until: CancellationToken) {
        let mut pump = tokio::time::interval(PUMP_EVERY);
        let mut draw = tokio::time::interval(STATUS_EVERY);
        pump.set_missed_tick_behavior(MissedTickBehavior::Delay);
        draw.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = until.cancelled() => return,
                _ = pump.tick() => self.board.pump(),
                _ = draw.tick() => drop(self.refresh()),
            }
        }
    }

    /// Draws up the status now, for the caller and for those who follow it.
    pub fn refresh(&self) -> Arc<Status> {
        let status = Arc::new(self.board.status(self.now()));
        self.latest.send_replace(Arc::clone(&status));
        status
    }

    /// The status as it was last drawn up.
    pub fn latest(&self) -> Arc<Status> {
        Arc::clone(&self.latest.borrow())
    }

    /// Follows the status; who is slow gets the newest.
    pub fn follow(&self) -> watch::Receiver<Arc<Status>> {
        self.latest.subscribe()
    }

    /// The board.
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// Both clocks now.
    pub fn now(&self) -> Now {
        Now::of(&self.clock)
    }
}
