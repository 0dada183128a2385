//! Checks as written.

use super::decode::{Collector, Written, schema_of};
use super::output::Output;
use super::scalar::Whole;
use super::sequence::Map;
use super::window::Window;
use crate::place::At;
use crate::resolved::Device;
use crate::tree::{Body, Node};
use schemars::{Schema, SchemaGenerator, json_schema};
use std::time::Duration;
use takt_plant::{CheckId, ModelId, TagId, Value};

/// Windows that a decision can look back on: the bits of the judge's memory.
const LOOK_BACK_MAX: u32 = 64;

written! {
    /// One quality question asked of a line.
    pub(crate) struct Check = "check" {
        /// Its name.
        required id: CheckId,
        /// The model's inputs and the tags that play them; or a list of tags that have the inputs' names.
        required inputs: Inputs,
        /// By which rule windows open and close.
        required window: Window,
        /// The model that judges. Either this or recipe.
        optional model: ModelId,
        /// Which model judges which product. Either this or model.
        optional recipe: Recipe,
        /// The condition under which the check judges at all. Default: always.
        optional when: Condition,
        /// From the arrival of the sample that closes a window to the write's confirmation. Default 100ms.
        optional deadline: Duration,
        /// How far samples may come out of order. Default 0s.
        optional lateness: Duration,
        /// How scores become verdicts. Default: the limits of the model's manifest.
        optional rule: Rule,
        /// Where the model runs. Default auto.
        optional device: Device,
        /// Whether the model may run elsewhere when the device is not usable; it is then shown. Default false.
        optional fallback: bool,
        /// Whether a peer may run the model when local is late. Only false for now.
        optional borrow: bool,
        /// Where verdicts are written.
        optional outputs: Vec<At<Output>>,
    }
}

written! {
    /// Which model judges which product.
    pub(crate) struct Recipe = "recipe" {
        /// The tag that says which product runs.
        required tag: TagId,
        /// Its values and their models. Any other value is inconclusive.
        required map: Map<ModelId>,
    }
}

written! {
    /// The condition under which a check judges at all: one of equals, one_of, above and below (or both).
    pub(crate) struct Condition = "condition" {
        /// The tag that is asked.
        required tag: TagId,
        /// It has this value.
        optional equals: Value,
        /// It has one of these values.
        optional one_of: Vec<At<Value>>,
        /// It is above this number.
        optional above: f64,
        /// It is below this number.
        optional below: f64,
    }
}

written! {
    /// How scores become verdicts.
    pub(crate) struct Rule = "rule" {
        /// Limits that replace those of the model's manifest, such as { t2 = 28.9 }.
        optional limits: Map<f64>,
        /// Time windows: what makes a fail, and what ends it. Default: each window by itself.
        optional hysteresis: Hysteresis,
        /// Time windows: windows without which nothing is decided. Default: as many as make a fail.
        optional evidence: Whole<1, 100000>,
    }
}

written! {
    /// What makes a fail of several time windows, and what ends it.
    pub(crate) struct Hysteresis = "hysteresis table" {
        /// Windows beyond a limit that make a fail. Default 1.
        optional beyond: Whole<1, LOOK_BACK_MAX>,
        /// Among how many of the last windows. Default: as many.
        optional of: Whole<1, LOOK_BACK_MAX>,
        /// The level that a score must fall below to end a fail, as a share of its limit. Default 1.
        optional clear: f64,
        /// Windows in a row below that level that end a fail. Default 1.
        optional clear_after: Whole<1, 100000>,
    }
}

/// The inputs of a check.
#[derive(Debug, Clone)]
pub(crate) enum Inputs {
    /// Role and tag.
    Roles(Map<TagId>),
    /// Tags whose names are their roles; ranges and `*` allowed.
    Names(Vec<At<String>>),
}

impl Written for Inputs {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.body {
            Body::List(_) => Vec::decode(node, to).map(Self::Names),
            Body::Table(_) => Map::decode(node, to).map(Self::Roles),
            _ => to.refuse_sort(
                node,
                "a table of inputs or a list of tags",
                "write { force = \"ram_force\" }, or [\"xmeas_{1..41}\"] where inputs and tags have the same names",
            ),
        }
    }

    fn schema(defs: &mut SchemaGenerator) -> Schema {
        let (roles, names) = (schema_of::<Map<TagId>>(defs), schema_of::<Vec<At<String>>>(defs));
        json_schema!({ "anyOf": [roles, names] })
    }
}
