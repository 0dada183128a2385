//! From a window's columns to the input tensor, written in place.

use super::contract;
use super::error::{RuntimeFailure, ScoreError};
use crate::package::{Element, Layout, Manifest, Preprocessing};
use crate::windower::Window;
use ort::session::SessionInputValue;
use ort::value::Tensor;

/// The input tensor, owned for the scorer's life, and how a window becomes it.
pub(super) struct Filling {
    tensor: InputTensor,
    order: Order,
    n_inputs: usize,
    n_min: u32,
    n_max: u32,
}

enum InputTensor {
    F32(Tensor<f32>),
    F64(Tensor<f64>),
}

/// Where a column's samples go.
enum Order {
    /// The newest sample only, at the column's index.
    Newest,
    /// One after the other, column by column.
    ChannelsFirst,
    /// Interleaved.
    SamplesFirst,
}

/// An element type that a sample becomes. Values beyond its range become infinite, and the score
/// then is not finite: inconclusive, never a wrong number.
trait Narrow: Copy {
    fn narrow(v: f64) -> Self;
}

impl Narrow for f32 {
    fn narrow(v: f64) -> Self {
        v as f32
    }
}

impl Narrow for f64 {
    fn narrow(v: f64) -> Self {
        v
    }
}

impl Filling {
    pub(super) fn new(m: &Manifest) -> Result<Self, RuntimeFailure> {
        let shape = contract::input_shape(m);
        let n: usize = shape.iter().product();
        let tensor = match m.tensor.element {
            Element::F32 => InputTensor::F32(Tensor::from_array((shape, vec![0.0; n]))?),
            Element::F64 => InputTensor::F64(Tensor::from_array((shape, vec![0.0; n]))?),
        };
        let order = match &m.tensor.preprocessing {
            Preprocessing::Frame => Order::Newest,
            Preprocessing::Series { layout: Layout::ChannelsFirst } => Order::ChannelsFirst,
            Preprocessing::Series { layout: Layout::SamplesFirst } => Order::SamplesFirst,
            Preprocessing::Features { .. } => Order::Newest,
        };
        let (n_min, n_max) = m.window.n_samples_bounds();
        Ok(Self { tensor, order, n_inputs: m.inputs.len(), n_min, n_max })
    }

    /// Writes a window into the tensor.
    pub(super) fn fill(&mut self, columns: &[Vec<f64>]) -> Result<(), ScoreError> {
        self.check_shape(columns)?;
        match &mut self.tensor {
            InputTensor::F32(tensor) => write(&self.order, columns, tensor.extract_tensor_mut().1),
            InputTensor::F64(tensor) => write(&self.order, columns, tensor.extract_tensor_mut().1),
        }
        Ok(())
    }

    /// The tensor as an input of a run.
    pub(super) fn input(&self) -> SessionInputValue<'_> {
        match &self.tensor {
            InputTensor::F32(tensor) => tensor.into(),
            InputTensor::F64(tensor) => tensor.into(),
        }
    }

    fn check_shape(&self, columns: &[Vec<f64>]) -> Result<(), ScoreError> {
        let n = columns.first().map_or(0, Vec::len);
        let odd = |c: &Vec<f64>| c.len() != n || !(self.n_min as usize..=self.n_max as usize).contains(&c.len());
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

fn write<T: Narrow>(order: &Order, columns: &[Vec<f64>], tensor: &mut [T]) {
    match order {
        Order::Newest => {
            for (slot, column) in tensor.iter_mut().zip(columns) {
                *slot = T::narrow(column.last().copied().unwrap_or(f64::NAN));
            }
        }
        Order::ChannelsFirst => {
            for (slot, v) in tensor.iter_mut().zip(columns.iter().flatten()) {
                *slot = T::narrow(*v);
            }
        }
        Order::SamplesFirst => {
            for (i, column) in columns.iter().enumerate() {
                for (slot, v) in tensor.iter_mut().skip(i).step_by(columns.len()).zip(column) {
                    *slot = T::narrow(*v);
                }
            }
        }
    }
}
