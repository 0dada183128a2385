//! The yardstick of benchmarks: a graph's run with nothing of ours around it.

use super::contract;
use super::error::RuntimeFailure;
use super::runtime::Runtime;
use super::session;
use crate::package::{Element, Package, Provider};
use ort::memory::Allocator;
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, Session, SessionInputValue};
use ort::value::{DynTensor, DynValue, Tensor, ValueType};

/// One graph on one provider in the fastest form that `ort` has: an owned input tensor that is never
/// written, preallocated outputs that are never read. A [`Scorer`](super::Scorer) is measured
/// against it, interleaved in one process.
pub struct BareRun {
    session: Session,
    input: DynValue,
    options: RunOptions<HasSelectedOutputs>,
}

impl BareRun {
    /// Prepares the package's graph, with zeros as input.
    ///
    /// # Errors
    /// What the runtime says. The graph is not checked against the manifest.
    pub fn new(runtime: &Runtime, package: &Package, provider: Provider) -> Result<Self, RuntimeFailure> {
        let mut session = session::build(runtime, provider, package.model(), &[], None)?;
        let shape = contract::input_shape(package.manifest());
        let n: usize = shape.iter().product();
        let input = match package.manifest().tensor.element {
            Element::F32 => Tensor::from_array((shape, vec![0.0_f32; n]))?.into_dyn(),
            Element::F64 => Tensor::from_array((shape, vec![0.0_f64; n]))?.into_dyn(),
        };
        let mut selector = OutputSelector::no_default();
        for (name, value) in &session.run([SessionInputValue::from(&input)])? {
            let ValueType::Tensor { ty, shape, .. } = value.dtype() else { continue };
            selector =
                selector.with(name).preallocate(name, DynTensor::new(&Allocator::default(), *ty, shape.clone())?);
        }
        let options = RunOptions::new()?.with_outputs(selector);
        Ok(Self { session, input, options })
    }

    /// Runs the graph once.
    ///
    /// # Errors
    /// What the runtime says.
    pub fn run(&mut self) -> Result<(), RuntimeFailure> {
        self.session.run_with_options([SessionInputValue::from(&self.input)], &self.options)?;
        Ok(())
    }
}
