//! The scorer: windows in, scores out.

use super::class::{ExecutionClass, RunTimes};
use super::engine::Engine;
use super::error::ScoreError;
use super::filling::check_hole;
use super::stop::Stopper;
use crate::package::{Digest, Manifest, Provider};
use crate::windower::Window;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::MonoTime;

/// A model on a device, warmed up and checked. It has one owner and may move to another thread.
pub struct Scorer {
    manifest: Arc<Manifest>,
    digest: Digest,
    engine: Engine,
    provider: Provider,
    fallback: Fallback,
    times: RunTimes,
    stopper: Option<Stopper>,
}

/// Whether the model runs elsewhere than was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// It runs where it shall.
    None,
    /// It runs on the CPU, because the device could not.
    ToCpu {
        /// What was asked for.
        wanted: Provider,
        /// Why it could not.
        why: String,
    },
}

/// What the model says about one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored<'a> {
    /// The scores, in the manifest's order.
    pub scores: &'a [f64],
    /// Each input's share of the score that stands out most – the greatest multiple of its limit –
    /// between 0 and 1 and with sum 1. `None` when the graph does not explain that score, or there
    /// is nothing to share.
    pub contributions: Option<&'a [f64]>,
    /// The index of the score that the contributions explain.
    pub explains: Option<usize>,
    /// Time from the window to the input tensor.
    pub features: Duration,
    /// Time of the run, scores and contributions read.
    pub inference: Duration,
}

impl Scorer {
    pub(super) fn new(
        manifest: Arc<Manifest>,
        digest: Digest,
        engine: Engine,
        provider: Provider,
        fallback: Fallback,
        times: RunTimes,
        stopper: Option<Stopper>,
    ) -> Self {
        Self { manifest, digest, engine, provider, fallback, times, stopper }
    }

    /// Scores one window. `now` is the monotonic clock; it is read three times.
    ///
    /// # Errors
    /// See [`ScoreError`]; the scorer stays usable after each.
    pub fn score(&mut self, window: &Window, now: &dyn Fn() -> MonoTime) -> Result<Scored<'_>, ScoreError> {
        let start = now();
        check_hole(window, &self.manifest)?;
        self.engine.fill(&window.columns)?;
        let filled = now();
        let explains = self.engine.run()?;
        let inference = now().since(filled);
        let outputs = &self.engine.outputs;
        Ok(Scored {
            scores: &outputs.values,
            contributions: explains.map(|_| outputs.shares.as_slice()),
            explains,
            features: filled.since(start),
            inference,
        })
    }

    /// The model's manifest.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// The digest of the model's package.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The provider really in use: it ran the whole graph, and no node went elsewhere.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// Whether the model runs elsewhere than was asked for.
    pub fn fallback(&self) -> &Fallback {
        &self.fallback
    }

    /// Where it runs, by the times measured while warming up.
    pub fn class(&self) -> ExecutionClass {
        self.times.class()
    }

    /// The times measured while warming up: one run, without features.
    pub fn times(&self) -> RunTimes {
        self.times
    }

    /// What stops a run at its deadline; `None` for an inline model, whose runs are shorter than
    /// the way to stop them.
    pub fn stopper(&self) -> Option<&Stopper> {
        self.stopper.as_ref()
    }
}

impl fmt::Debug for Scorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scorer")
            .field("name", &self.manifest.name)
            .field("version", &self.manifest.version)
            .field("digest", &self.digest)
            .field("provider", &self.provider)
            .field("fallback", &self.fallback)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
