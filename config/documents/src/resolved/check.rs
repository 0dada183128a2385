//! Checks: one quality question asked of a line.

use super::output::Output;
use crate::place::At;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{CheckId, ModelId, TagSlot, Value, WindowSpec};

/// One check.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its name.
    pub id: At<CheckId>,
    /// Its inputs, in the order of writing; the model's manifest gives the model's order.
    pub inputs: Vec<Input>,
    /// By which rule its windows open and close.
    pub window: At<WindowSpec>,
    /// Which model judges.
    pub selection: Selection,
    /// The condition under which it judges at all; `None`: always.
    pub when: Option<Condition>,
    /// From the arrival of the sample that closes a window to the write's confirmation. Default 100 ms.
    pub deadline: Duration,
    /// How far samples may come out of order. Default 0.
    pub lateness: Duration,
    /// How scores become verdicts.
    pub rule: Rule,
    /// Where the model runs. Default auto.
    pub device: At<Device>,
    /// Whether the model may run elsewhere when the device is not usable. Default false.
    pub fallback: bool,
    /// Whether a peer may run the model when local is late. Always false: the mesh comes later.
    pub borrow: bool,
    /// Where verdicts are written.
    pub outputs: Vec<Output>,
}

/// One input of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The model's name for it.
    pub role: At<Arc<str>>,
    /// The tag that plays the role.
    pub tag: TagSlot,
}

/// Which model judges.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// Always this one.
    Model(At<ModelId>),
    /// The one of the recipe that runs.
    Recipe(Recipe),
}

/// Which model belongs to which recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The tag that says which product runs.
    pub tag: TagSlot,
    /// Its values and their models, in the order of writing.
    pub map: Vec<(RecipeKey, At<ModelId>)>,
}

/// A value of a recipe's tag, as the document's key writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecipeKey {
    /// The key's text.
    pub text: Arc<str>,
    /// The number that the text writes, where it writes a whole one.
    pub number: Option<i64>,
}

impl RecipeKey {
    /// A key as written.
    pub fn new(text: &str) -> Self {
        Self { number: text.parse().ok(), text: Arc::from(text) }
    }

    /// Whether a tag's value is this key: an equal text, or an equal whole number.
    pub fn is(&self, value: &Value) -> bool {
        match value {
            Value::Text(text) => *text == self.text,
            Value::Integer(v) => self.number == Some(*v),
            Value::Unsigned(v) => i64::try_from(*v).is_ok_and(|v| self.number == Some(v)),
            Value::Flag(on) => *self.text == *(if *on { "true" } else { "false" }),
            #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "recipe numbers are small and whole")]
            Value::Real(v) => self.number.is_some_and(|n| n as f64 == *v),
        }
    }
}

/// The condition under which a check judges at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The tag that is asked.
    pub tag: TagSlot,
    /// What must hold of its value. A tag without value never fulfils a condition.
    pub holds: Holds,
}

/// What must hold of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Holds {
    /// It is one of these.
    OneOf(Vec<Value>),
    /// It is a number above `above` and below `below`, as far as they are written.
    Between {
        /// Lower bound, itself excluded.
        above: Option<f64>,
        /// Upper bound, itself excluded.
        below: Option<f64>,
    },
}

impl Holds {
    /// Whether it holds. Numbers are compared as numbers, texts as texts.
    pub fn of(&self, value: &Value) -> bool {
        match self {
            Self::OneOf(values) => values.iter().any(|v| match (v.as_f64(), value.as_f64()) {
                #[expect(clippy::float_cmp, reason = "mode numbers are whole")]
                (Some(a), Some(b)) => a == b,
                (None, None) => v == value,
                _ => false,
            }),
            Self::Between { above, below } => {
                value.as_f64().is_some_and(|v| above.is_none_or(|a| v > a) && below.is_none_or(|b| v < b))
            }
        }
    }
}

/// How scores become verdicts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rule {
    /// Limits that replace those of the manifest: score, limit.
    pub limits: Vec<(At<Arc<str>>, f64)>,
    /// How several windows make a decision; `None` where each window is judged by itself: all but time windows.
    pub steady: Option<Steady>,
}

/// How several time windows make a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady {
    /// Windows beyond a limit that make a fail. Default 1.
    pub n_beyond: u32,
    /// Among how many of the last windows. Default: as many.
    pub n_look_back: u32,
    /// The clear level as a share of the limit. Default 1.
    pub clear_factor: f64,
    /// Windows in a row below the clear level that end a fail. Default 1.
    pub n_clear: u32,
    /// Windows without which nothing is decided. Default: `n_beyond`.
    pub n_evidence: u32,
}

/// Where a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Device {
    /// The best that the pack has.
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA GPU through CUDA.
    Cuda,
    /// An NVIDIA GPU through TensorRT.
    TensorRt,
    /// An Intel device through OpenVINO.
    OpenVino(OpenVinoDevice),
    /// A Qualcomm NPU.
    Qnn,
}

/// Which device of OpenVINO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpenVinoDevice {
    /// The processor.
    Cpu,
    /// The GPU.
    Gpu,
    /// The NPU.
    Npu,
}

impl Device {
    /// The word of documents and of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::OpenVino(OpenVinoDevice::Cpu) => "openvino:CPU",
            Self::OpenVino(OpenVinoDevice::Gpu) => "openvino:GPU",
            Self::OpenVino(OpenVinoDevice::Npu) => "openvino:NPU",
            Self::Qnn => "qnn",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_key_meets_texts_and_whole_numbers() {
        let check = |key: &str, value: Value, is: bool| assert_eq!(RecipeKey::new(key).is(&value), is, "{key} {value}");
        check("17", Value::Integer(17), true);
        check("17", Value::Unsigned(17), true);
        check("17", Value::Real(17.0), true);
        check("17", Value::Text("17".into()), true);
        check("17", Value::Real(17.5), false);
        check("press-a", Value::Text("press-a".into()), true);
        check("press-a", Value::Integer(0), false);
        check("true", Value::Flag(true), true);
    }

    #[test]
    fn a_condition_compares_numbers_as_numbers() {
        let one = Holds::OneOf(vec![Value::Integer(1), Value::Text("auto".into())]);
        let check = |holds: &Holds, value: Value, is: bool| assert_eq!(holds.of(&value), is, "{holds:?} {value}");
        check(&one, Value::Flag(true), true);
        check(&one, Value::Unsigned(1), true);
        check(&one, Value::Text("auto".into()), true);
        check(&one, Value::Text("1".into()), false);
        let between = Holds::Between { above: Some(0.0), below: Some(2.0) };
        check(&between, Value::Integer(1), true);
        check(&between, Value::Integer(2), false);
        check(&between, Value::Text("1".into()), false);
    }
}
