//! From a package to a scorer that may judge: contract, test vectors, golden comparison, warm-up.

use super::class::{ExecutionClass, RunTimes};
use super::device::{Device, FallbackRule};
use super::engine::Engine;
use super::engines::Engines;
use super::error::{LoadError, ScoreError};
use super::runtime::Runtime;
use super::scorer::{Fallback, Scorer};
use super::session;
use crate::package::{Element, Package, Provider};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::MonoTime;

/// Runs before times count: the first ones allocate and fill caches.
const N_WARM_UP_RUNS: u32 = 10;

/// Fewest timed runs, however slow: five are enough to say "slow".
const N_TIMED_RUNS_MIN: u32 = 5;

/// Most timed runs: a p95 of 200 rests on ten runs.
const N_TIMED_RUNS_MAX: u32 = 200;

/// Longest warm-up once the fewest runs are done.
const WARM_UP_MAX: Duration = Duration::from_millis(500);

/// How a model is loaded.
#[derive(Clone, Copy)]
pub struct LoadOptions<'a> {
    /// Where it shall run.
    pub device: Device,
    /// What happens when that device cannot.
    pub fallback: FallbackRule,
    /// A folder for compiled engines, kept between starts (B29); `None` compiles each time.
    pub cache: Option<&'a Path>,
    /// The monotonic clock, to measure runs while warming up.
    pub now: &'a dyn Fn() -> MonoTime,
    /// Told what goes on; a long engine build is shown by it (B29).
    pub progress: &'a dyn Fn(Stage),
}

/// What goes on while a model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The graph is compiled for the provider. May take minutes on an accelerator's first time.
    Building(Provider),
    /// The engine that an earlier load compiled is read.
    Reading(Provider),
    /// Test vectors run, and results are compared with the CPU's.
    Checking(Provider),
    /// Runs are timed.
    WarmingUp(Provider),
    /// The scorer may judge.
    Ready(Provider),
}

/// A graph that passed every check on one provider, with its measured times.
struct Ready {
    provider: Provider,
    engine: Engine,
    times: RunTimes,
}

impl Scorer {
    /// Turns a package into a scorer. Blocks, for minutes where an engine is compiled: call it on a
    /// thread of its own, beside the running model.
    ///
    /// # Errors
    /// See [`LoadError`]. A device outside the runtime's pack is an error whatever the fallback.
    pub fn load(runtime: &Runtime, package: &Package, options: &LoadOptions<'_>) -> Result<Self, LoadError> {
        let loading = Loading { runtime, package, options };
        let (ready, fallback) = match options.device {
            Device::Auto => (loading.fastest()?, Fallback::None),
            Device::On(provider) => loading.on_or_fall_back(provider)?,
        };
        loading.finish(ready, fallback)
    }
}

struct Loading<'a> {
    runtime: &'a Runtime,
    package: &'a Package,
    options: &'a LoadOptions<'a>,
}

impl Loading<'_> {
    fn on_or_fall_back(&self, provider: Provider) -> Result<(Ready, Fallback), LoadError> {
        let pack = self.runtime.pack();
        if !pack.providers().contains(&provider) {
            return Err(LoadError::OutsidePack { provider, pack });
        }
        match self.on(provider) {
            Ok(ready) => Ok((ready, Fallback::None)),
            Err(e) if provider != Provider::Cpu && self.options.fallback == FallbackRule::Allowed => {
                let why = match &e {
                    LoadError::Provider { source, .. } => source.to_string(),
                    other => sentence(other),
                };
                tracing::warn!("model {}: {why}; running on the CPU", self.package.manifest().name);
                Ok((self.on(Provider::Cpu)?, Fallback::ToCpu { wanted: provider, why }))
            }
            Err(e) => Err(e),
        }
    }

    /// The provider with the smallest p95 among those that pass every check.
    fn fastest(&self) -> Result<Ready, LoadError> {
        let mut best: Option<Ready> = None;
        let mut tried = Vec::new();
        for provider in self.runtime.pack().providers() {
            match self.on(*provider) {
                Ok(ready) if best.as_ref().is_none_or(|b| ready.times.p95 < b.times.p95) => best = Some(ready),
                Ok(_) => {}
                // What is wrong with the graph itself is wrong everywhere.
                Err(e) if *provider == Provider::Cpu => return Err(e),
                Err(e) => tried.push(format!("{provider}: {}", sentence(&e))),
            }
        }
        if !tried.is_empty() {
            tracing::info!("model {}: not usable: {}", self.package.manifest().name, tried.join("; "));
        }
        best.ok_or(LoadError::NoneUsable { tried })
    }

    /// All checks on one provider.
    fn on(&self, provider: Provider) -> Result<Ready, LoadError> {
        let mut cpu = self.build(Provider::Cpu, &[], None)?;
        (self.options.progress)(Stage::Checking(Provider::Cpu));
        let golden = self.results(&mut cpu)?;
        self.compare_with_vectors(&golden)?;
        if provider == Provider::Cpu {
            return self.ready(provider, cpu);
        }
        let fixed = cpu.free_dimensions(self.package.manifest());
        drop(cpu);
        let cached = session::caches(provider).then_some(self.options.cache).flatten();
        let mut engines = cached.and_then(|root| Engines::take(root, self.runtime, self.package, provider));
        let engine = match self.compiled(provider, &fixed, &golden, engines.as_ref()) {
            Err(e) if engines.as_ref().is_some_and(Engines::is_sealed) => {
                tracing::warn!("the cached engine for {provider} is compiled anew: {}", sentence(&e));
                engines.iter_mut().for_each(Engines::clear);
                self.compiled(provider, &fixed, &golden, engines.as_ref())?
            }
            made => made?,
        };
        if let Some(engines) = engines {
            engines.seal();
        }
        self.ready(provider, engine)
    }

    /// An engine for a device, from the cache or compiled, that agrees with the CPU.
    fn compiled(
        &self,
        provider: Provider,
        fixed: &[(String, i64)],
        golden: &[Vec<f64>],
        engines: Option<&Engines>,
    ) -> Result<Engine, LoadError> {
        let mut engine = self.build(provider, fixed, engines)?;
        (self.options.progress)(Stage::Checking(provider));
        let found = self.results(&mut engine)?;
        self.compare_with_cpu(provider, golden, &found)?;
        Ok(engine)
    }

    fn build(
        &self,
        provider: Provider,
        fixed: &[(String, i64)],
        engines: Option<&Engines>,
    ) -> Result<Engine, LoadError> {
        let cached = engines.is_some_and(Engines::is_sealed);
        (self.options.progress)(if cached { Stage::Reading(provider) } else { Stage::Building(provider) });
        let made = Engine::new(self.runtime, self.package, provider, fixed, engines.map(Engines::folder));
        made.map_err(|e| self.with_hint(e))
    }

    /// The usual reason why a device takes no node of a learned model.
    fn with_hint(&self, error: LoadError) -> LoadError {
        match error {
            LoadError::Provider { provider, mut source } if self.package.manifest().tensor.element == Element::F64 => {
                source.message.push_str(" (its numbers are f64, which few devices have: learn it with --element f32)");
                LoadError::Provider { provider, source }
            }
            other => other,
        }
    }

    fn ready(&self, provider: Provider, mut engine: Engine) -> Result<Ready, LoadError> {
        (self.options.progress)(Stage::WarmingUp(provider));
        let times = self.warm_up(&mut engine)?;
        Ok(Ready { provider, engine, times })
    }

    /// The scores of every test vector, in order.
    fn results(&self, engine: &mut Engine) -> Result<Vec<Vec<f64>>, LoadError> {
        let mut results = Vec::new();
        for (index, vector) in self.package.vectors().iter().enumerate() {
            let failed = |source| LoadError::Run { index, source };
            engine.fill(&vector.columns).map_err(failed)?;
            engine.run().map_err(failed)?;
            results.push(engine.outputs.values.clone());
        }
        Ok(results)
    }

    fn compare_with_vectors(&self, found: &[Vec<f64>]) -> Result<(), LoadError> {
        let manifest = self.package.manifest();
        for (index, (vector, scores)) in self.package.vectors().iter().zip(found).enumerate() {
            for ((spec, expected), found) in manifest.scores.iter().zip(&vector.scores).zip(scores) {
                if !manifest.tolerances.default.allows(*found, *expected) {
                    let (expected, found) = (*expected, *found);
                    return Err(LoadError::Vector { index, score: spec.name.clone(), expected, found });
                }
            }
        }
        Ok(())
    }

    fn compare_with_cpu(&self, provider: Provider, cpu: &[Vec<f64>], found: &[Vec<f64>]) -> Result<(), LoadError> {
        let manifest = self.package.manifest();
        let tolerance = manifest.tolerances.between(Provider::Cpu, provider);
        for (index, (expected, found)) in cpu.iter().zip(found).enumerate() {
            for ((spec, expected), found) in manifest.scores.iter().zip(expected).zip(found) {
                if !tolerance.allows(*found, *expected) {
                    let (expected, found) = (*expected, *found);
                    return Err(LoadError::Golden { provider, index, score: spec.name.clone(), expected, found });
                }
            }
        }
        Ok(())
    }

    fn warm_up(&self, engine: &mut Engine) -> Result<RunTimes, LoadError> {
        let failed = |source: ScoreError| LoadError::Run { index: 0, source };
        for _ in 0..N_WARM_UP_RUNS {
            engine.run().map_err(failed)?;
        }
        let begin = (self.options.now)();
        let mut runs = Vec::new();
        for n in 0..N_TIMED_RUNS_MAX {
            let start = (self.options.now)();
            if n >= N_TIMED_RUNS_MIN && start.since(begin) > WARM_UP_MAX {
                break;
            }
            engine.run().map_err(failed)?;
            runs.push((self.options.now)().since(start));
        }
        Ok(RunTimes::of(runs))
    }

    fn finish(&self, ready: Ready, fallback: Fallback) -> Result<Scorer, LoadError> {
        let Ready { provider, mut engine, times } = ready;
        let stopper = match times.class() {
            ExecutionClass::Inline => None,
            ExecutionClass::Queued => {
                Some(engine.make_stoppable().map_err(|source| LoadError::Provider { provider, source })?)
            }
        };
        (self.options.progress)(Stage::Ready(provider));
        let manifest = Arc::new(self.package.manifest().clone());
        Ok(Scorer::new(manifest, self.package.digest(), engine, provider, fallback, times, stopper))
    }
}

/// An error with its cause, in one sentence.
fn sentence(e: &LoadError) -> String {
    match std::error::Error::source(e) {
        Some(cause) => format!("{e} ({cause})"),
        None => e.to_string(),
    }
}
