//! From a window's columns to the input tensor, written in place.

use super::contract;
use super::error::{RuntimeFailure, ScoreError};
use crate::features::{FeatureError, FeaturePlan};
use crate::package::{Element, Layout, Manifest, Preprocessing};
use crate::windower::Window;
use ort::session::SessionInputValue;
use ort::value::Tensor;

/// The input tensor, owned for the scorer's life, and how a window becomes it.
pub(super) struct Filling {
    tensor: InputTensor,
    way: Way,
    n_inputs: usize,
    n_min: u32,
    n_max: u32,
}

enum InputTensor {
    F32(Tensor<f32>),
    F64(Tensor<f64>),
}

/// Why a tensor and its features cannot be prepared.
pub(super) enum FillingError {
    Runtime(RuntimeFailure),
    Features(FeatureError),
}

impl From<ort::Error> for FillingError {
    fn from(e: ort::Error) -> Self {
        Self::Runtime(e.into())
    }
}

impl From<FeatureError> for FillingError {
    fn from(e: FeatureError) -> Self {
        Self::Features(e)
    }
}

/// How columns become elements.
enum Way {
    /// The newest sample only, at the column's index.
    Newest,
    /// One after the other, column by column.
    ChannelsFirst,
    /// Interleaved.
    SamplesFirst,
    /// Numbers computed from them.
    Features(Box<FeaturePlan>),
}

/// An element type that a sample becomes. Values beyond its range become infinite, and the score
/// then is not finite: inconclusive, never a wrong number.
trait Narrow: Copy {
    fn narrow(v: f64) -> Self;
    fn compute(plan: &mut FeaturePlan, columns: &[Vec<f64>], out: &mut [Self]) -> Result<(), FeatureError>;
}

impl Narrow for f32 {
    fn narrow(v: f64) -> Self {
        v as f32
    }

    fn compute(plan: &mut FeaturePlan, columns: &[Vec<f64>], out: &mut [Self]) -> Result<(), FeatureError> {
        plan.compute(columns, out)
    }
}

impl Narrow for f64 {
    fn narrow(v: f64) -> Self {
        v
    }

    fn compute(plan: &mut FeaturePlan, columns: &[Vec<f64>], out: &mut [Self]) -> Result<(), FeatureError> {
        plan.compute_f64(columns, out)
    }
}

impl Filling {
    pub(super) fn new(m: &Manifest) -> Result<Self, FillingError> {
        let shape = contract::input_shape(m);
        let n: usize = shape.iter().product();
        let tensor = match m.tensor.element {
            Element::F32 => InputTensor::F32(Tensor::from_array((shape, vec![0.0; n]))?),
            Element::F64 => InputTensor::F64(Tensor::from_array((shape, vec![0.0; n]))?),
        };
        let way = match &m.tensor.preprocessing {
            Preprocessing::Frame => Way::Newest,
            Preprocessing::Series { layout: Layout::ChannelsFirst } => Way::ChannelsFirst,
            Preprocessing::Series { layout: Layout::SamplesFirst } => Way::SamplesFirst,
            Preprocessing::Features { .. } => Way::Features(Box::new(m.feature_plan()?)),
        };
        let (n_min, n_max) = m.window.n_samples_bounds();
        Ok(Self { tensor, way, n_inputs: m.inputs.len(), n_min, n_max })
    }

    /// Writes a window into the tensor.
    pub(super) fn fill(&mut self, columns: &[Vec<f64>]) -> Result<(), ScoreError> {
        self.check_shape(columns)?;
        match &mut self.tensor {
            InputTensor::F32(tensor) => write(&mut self.way, columns, tensor.extract_tensor_mut().1),
            InputTensor::F64(tensor) => write(&mut self.way, columns, tensor.extract_tensor_mut().1),
        }
        .map_err(ScoreError::Features)
    }

    /// The tensor as an input of a run.
    pub(super) fn input(&self) -> SessionInputValue<'_> {
        match &self.tensor {
            InputTensor::F32(tensor) => tensor.into(),
            InputTensor::F64(tensor) => tensor.into(),
        }
    }

    /// Only a series needs columns of one length: tags of a part come at rates of their own, and
    /// features are computed column by column.
    fn check_shape(&self, columns: &[Vec<f64>]) -> Result<(), ScoreError> {
        let n = columns.first().map_or(0, Vec::len);
        let is_series = matches!(self.way, Way::ChannelsFirst | Way::SamplesFirst);
        let odd = |c: &Vec<f64>| {
            (is_series && c.len() != n) || !(self.n_min as usize..=self.n_max as usize).contains(&c.len())
        };
        let column = columns.iter().position(odd);
        if columns.len() == self.n_inputs && column.is_none() {
            return Ok(());
        }
        let column = column.unwrap_or(0);
        Err(ScoreError::Shape {
            n_columns: columns.len(),
            column,
            n_samples: columns.get(column).map_or(0, Vec::len),
            n_inputs: self.n_inputs,
            n_min: self.n_min,
            n_max: self.n_max,
        })
    }
}

/// Whether a window has a hole, and in which input.
pub(super) fn check_hole(window: &Window, m: &Manifest) -> Result<(), ScoreError> {
    match &window.hole {
        None => Ok(()),
        Some(hole) => {
            let input = m.inputs.get(hole.input as usize);
            Err(ScoreError::Hole { role: input.map_or_else(|| hole.input.to_string(), |i| i.role.clone()) })
        }
    }
}

fn write<T: Narrow>(way: &mut Way, columns: &[Vec<f64>], tensor: &mut [T]) -> Result<(), FeatureError> {
    match way {
        Way::Newest => {
            for (slot, column) in tensor.iter_mut().zip(columns) {
                *slot = T::narrow(column.last().copied().unwrap_or(f64::NAN));
            }
        }
        Way::ChannelsFirst => {
            for (row, column) in tensor.chunks_mut(columns.first().map_or(1, Vec::len).max(1)).zip(columns) {
                row.iter_mut().zip(column).for_each(|(slot, v)| *slot = T::narrow(*v));
            }
        }
        Way::SamplesFirst => {
            for (i, column) in columns.iter().enumerate() {
                let slots = tensor.iter_mut().skip(i).step_by(columns.len());
                slots.zip(column).for_each(|(slot, v)| *slot = T::narrow(*v));
            }
        }
        Way::Features(plan) => T::compute(plan, columns, tensor)?,
    }
    Ok(())
}
