//! From the graph's output tensors to scores and contributions.

use super::error::ScoreError;
use crate::package::{ContributionForm, Manifest, Preprocessing};
use ort::value::{DynValue, TensorElementType, ValueType};
use std::sync::Arc;

/// Where the scores and contributions stand, and the last ones read.
pub(super) struct Outputs {
    /// The tensors that are read, each once.
    tensors: Arc<[String]>,
    scores: Vec<Place>,
    explanations: Vec<Explanation>,
    /// For each element of a contributions tensor that goes by feature, its input.
    input_of_feature: Vec<usize>,
    limits: Vec<f64>,
    pub values: Vec<f64>,
    pub shares: Vec<f64>,
}

#[derive(Clone, Copy)]
struct Place {
    tensor: usize,
    index: usize,
}

#[derive(Clone, Copy)]
struct Explanation {
    score: usize,
    tensor: usize,
    form: ContributionForm,
}

impl Outputs {
    pub(super) fn new(m: &Manifest) -> Self {
        let mut tensors: Vec<String> = Vec::new();
        let mut place = |name: &String| {
            tensors.iter().position(|t| t == name).unwrap_or_else(|| {
                tensors.push(name.clone());
                tensors.len() - 1
            })
        };
        let scores: Vec<Place> =
            m.scores.iter().map(|s| Place { tensor: place(&s.tensor), index: s.index as usize }).collect();
        let explain = |c: &crate::package::ContributionSpec| {
            let score = m.scores.iter().position(|s| s.name == c.score)?;
            Some(Explanation { score, tensor: place(&c.tensor), form: c.form })
        };
        let explanations = m.contributions.iter().filter_map(explain).collect();
        let input_of_feature = match &m.tensor.preprocessing {
            Preprocessing::Features { list } => {
                list.iter().filter_map(|f| m.inputs.iter().position(|i| i.role == f.input)).collect()
            }
            _ => Vec::new(),
        };
        Self {
            tensors: tensors.into(),
            scores,
            explanations,
            input_of_feature,
            limits: m.scores.iter().map(|s| s.limit).collect(),
            values: vec![0.0; m.scores.len()],
            shares: vec![0.0; m.inputs.len()],
        }
    }

    /// The tensors that are read, in the order of `get` in [`Outputs::read`].
    pub(super) fn tensors(&self) -> Arc<[String]> {
        Arc::clone(&self.tensors)
    }

    /// Reads one run's outputs. Gives the score that the shares explain, where there are any.
    pub(super) fn read<'v>(
        &mut self,
        get: impl Fn(usize) -> Option<&'v DynValue>,
    ) -> Result<Option<usize>, ScoreError> {
        for (value, place) in self.values.iter_mut().zip(&self.scores) {
            let found = get(place.tensor).and_then(numbers).and_then(|n| n.get(place.index));
            *value = found.ok_or_else(|| ScoreError::Output { tensor: self.tensors[place.tensor].clone() })?;
        }
        let standing_out = self.standing_out();
        let Some(explanation) = self.explanations.iter().copied().find(|e| e.score == standing_out) else {
            return Ok(None);
        };
        let odd = || ScoreError::Output { tensor: self.tensors[explanation.tensor].clone() };
        let amounts = get(explanation.tensor).and_then(numbers).ok_or_else(odd)?;
        if amounts.len() != self.shares.len() && amounts.len() != self.input_of_feature.len() {
            return Err(odd());
        }
        Ok(self.share(&amounts, explanation.form).then_some(standing_out))
    }

    /// The score that stands out most: the greatest multiple of its limit. A limit at or below zero
    /// has no multiples, so there the distance above it counts.
    fn standing_out(&self) -> usize {
        let excess = |i: usize| {
            let (value, limit) = (self.values[i], self.limits[i]);
            if limit > 0.0 { value / limit } else { value - limit }
        };
        (1..self.values.len()).fold(0, |best, i| if excess(i) > excess(best) { i } else { best })
    }

    /// Turns amounts into shares that sum to 1. `false` when there is nothing to share.
    fn share(&mut self, amounts: &Numbers<'_>, form: ContributionForm) -> bool {
        let by_input = amounts.len() == self.shares.len();
        self.shares.fill(0.0);
        for i in 0..amounts.len() {
            let input = if by_input { i } else { self.input_of_feature[i] };
            self.shares[input] += amounts.get(i).unwrap_or(0.0);
        }
        if form == ContributionForm::Raw {
            self.shares.iter_mut().for_each(|s| *s = s.max(0.0));
        }
        let sum: f64 = self.shares.iter().sum();
        if !(sum.is_finite() && sum > 0.0) {
            return false;
        }
        self.shares.iter_mut().for_each(|s| *s /= sum);
        true
    }
}

/// The elements of an output tensor.
enum Numbers<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
}

impl Numbers<'_> {
    fn len(&self) -> usize {
        match self {
            Self::F32(n) => n.len(),
            Self::F64(n) => n.len(),
        }
    }

    fn get(&self, i: usize) -> Option<f64> {
        match self {
            Self::F32(n) => n.get(i).map(|v| f64::from(*v)),
            Self::F64(n) => n.get(i).copied(),
        }
    }
}

fn numbers(value: &DynValue) -> Option<Numbers<'_>> {
    match value.dtype() {
        ValueType::Tensor { ty: TensorElementType::Float32, .. } => {
            value.try_extract_tensor().ok().map(|(_, n)| Numbers::F32(n))
        }
        ValueType::Tensor { ty: TensorElementType::Float64, .. } => {
            value.try_extract_tensor().ok().map(|(_, n)| Numbers::F64(n))
        }
        _ => None,
    }
}
