//! Stopping a run from another thread when its deadline has passed.

use ort::session::RunOptions;
use std::sync::Arc;

/// Stops the runs of one queued scorer. Cheap to clone, may go to any thread.
///
/// The order: the executor calls [`Stopper::rearm`], then hands the stopper with the deadline to its
/// watchdog, then scores, then takes the deadline back. [`Stopper::stop`] holds until the next
/// `rearm`, so a stop that comes just before the run is not lost.
#[derive(Clone)]
pub struct Stopper(Arc<RunOptions>);

impl std::fmt::Debug for Stopper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stopper")
    }
}

impl Stopper {
    pub(super) fn new(options: Arc<RunOptions>) -> Self {
        Self(options)
    }

    /// Ends the run that goes on, and any later one until [`Stopper::rearm`]. The runtime looks at
    /// it between two nodes of the graph, so a single long node still finishes.
    pub fn stop(&self) {
        if let Err(e) = self.0.terminate() {
            tracing::warn!("a run could not be stopped: {e}");
        }
    }

    /// Allows runs again.
    pub fn rearm(&self) {
        if let Err(e) = self.0.unterminate() {
            tracing::warn!("a stopped scorer could not be rearmed: {e}");
        }
    }
}
