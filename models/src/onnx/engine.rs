//! One graph on one provider: its session, its input and its preallocated outputs.

use super::contract;
use super::error::{LoadError, RuntimeFailure, ScoreError};
use super::filling::{Filling, FillingError};
use super::outputs::Outputs;
use super::runtime::Runtime;
use super::session;
use super::stop::Stopper;
use crate::package::{Manifest, Package, Provider};
use ort::error::ErrorCode;
use ort::memory::Allocator;
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, Session};
use ort::value::{DynTensor, ValueType};
use std::path::Path;
use std::sync::Arc;

pub(super) struct Engine {
    session: Session,
    filling: Filling,
    pub outputs: Outputs,
    mode: Mode,
}

/// How a run gives its outputs.
enum Mode {
    /// Into tensors that were allocated once. Such options cannot be shared between threads, so
    /// nobody can stop the run – nor could in time, within 200 µs.
    Preallocated(RunOptions<HasSelectedOutputs>),
    /// Into tensors of each run; another thread may stop it.
    Stoppable(Arc<RunOptions>),
}

impl Engine {
    /// Makes the session, checks the graph against the manifest and finds the outputs' shapes by
    /// running the first test vector.
    pub(super) fn new(
        runtime: &Runtime,
        package: &Package,
        provider: Provider,
        fixed: &[(String, i64)],
        cache: Option<&Path>,
    ) -> Result<Self, LoadError> {
        let session = session::build(runtime, provider, package.model(), fixed, cache);
        let session = session.map_err(|source| match provider {
            Provider::Cpu => LoadError::Graph(source),
            provider => LoadError::Provider { provider, source },
        })?;
        let complaints = contract::check(session.inputs(), session.outputs(), package.manifest());
        if !complaints.is_empty() {
            return Err(LoadError::Contract { complaints });
        }
        let device = |source| LoadError::Provider { provider, source };
        let filling = Filling::new(package.manifest()).map_err(|e| match e {
            FillingError::Runtime(source) => device(source),
            FillingError::Features(e) => LoadError::Contract { complaints: vec![format!("features: {e}")] },
        })?;
        let options = RunOptions::new().map_err(|e| device(e.into()))?;
        let mode = Mode::Stoppable(Arc::new(options));
        let mut engine = Self { session, filling, outputs: Outputs::new(package.manifest()), mode };
        if let Some(first) = package.vectors().first() {
            engine.fill(&first.columns).map_err(|source| LoadError::Run { index: 0, source })?;
            engine.preallocate().map_err(device)?;
        }
        Ok(engine)
    }

    /// The graph's free input dimensions by name, with the length that the manifest's windows give.
    pub(super) fn free_dimensions(&self, m: &Manifest) -> Vec<(String, i64)> {
        contract::free_dimensions(self.session.inputs(), m)
    }

    /// Writes a window's columns into the input tensor.
    pub(super) fn fill(&mut self, columns: &[Vec<f64>]) -> Result<(), ScoreError> {
        self.filling.fill(columns)
    }

    /// Runs the graph on what was filled in. Gives the score that the shares explain.
    pub(super) fn run(&mut self) -> Result<Option<usize>, ScoreError> {
        let Self { session, filling, outputs, mode } = self;
        let input = [filling.input()];
        match mode {
            Mode::Preallocated(options) => {
                let found = session.run_with_options(input, options).map_err(|e| ScoreError::Run(e.into()))?;
                outputs.read(|i| Some(&found[i]))
            }
            Mode::Stoppable(options) => {
                let found = session.run_with_options(input, options.as_ref()).map_err(stopped_or_failed)?;
                let names = outputs.tensors();
                outputs.read(|i| found.get(&names[i]))
            }
        }
    }

    /// Makes the runs stoppable, at the price of allocating outputs in each.
    pub(super) fn make_stoppable(&mut self) -> Result<Stopper, RuntimeFailure> {
        let options = Arc::new(RunOptions::new()?);
        self.mode = Mode::Stoppable(Arc::clone(&options));
        Ok(Stopper::new(options))
    }

    /// Allocates the outputs in the shapes that one run gives.
    fn preallocate(&mut self) -> Result<(), RuntimeFailure> {
        let found = self.session.run([self.filling.input()])?;
        let mut selector = OutputSelector::no_default();
        for name in self.outputs.tensors().iter() {
            let Some(ValueType::Tensor { ty, shape, .. }) = found.get(name).map(|v| v.dtype()) else { continue };
            let tensor = DynTensor::new(&Allocator::default(), *ty, shape.clone())?;
            selector = selector.with(name).preallocate(name, tensor);
        }
        self.mode = Mode::Preallocated(RunOptions::new()?.with_outputs(selector));
        Ok(())
    }
}

/// A stopped run is an error to the runtime, told apart only by its words.
fn stopped_or_failed(e: ort::Error) -> ScoreError {
    if e.code() == ErrorCode::GenericFailure && e.message().contains("terminate flag") {
        ScoreError::Stopped
    } else {
        ScoreError::Run(e.into())
    }
}
