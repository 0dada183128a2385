//! The gate: whether a check judges now, and by which recipe (B48).
//!
//! An idle machine, a warm-up and a product change must give no false fails. So a check has a
//! condition for production and a recipe; both are read from tags of the line, and a tag without a
//! good value is never taken for "in production".

use takt_plant::{Reading, TagSlot, Value};

/// When a check judges at all.
#[derive(Debug, Clone, PartialEq)]
pub enum Production {
    /// Always.
    Always,
    /// While a tag has this value.
    When {
        /// The tag.
        tag: TagSlot,
        /// The value that it must have.
        equals: Value,
    },
}

/// Which model judges.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipe {
    /// One model for everything: place 0 in the check's list of models.
    Single,
    /// The tag's value chooses the place in the check's list of models.
    ByTag {
        /// The tag.
        tag: TagSlot,
        /// Value and place.
        places: Vec<(Value, u32)>,
    },
}

/// What the gate says of this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gated {
    /// Whether the check judges now.
    pub in_production: bool,
    /// The model's place; `None` when the recipe is unknown.
    pub recipe: Option<u32>,
}

/// Both conditions of one check.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// When it judges.
    pub production: Production,
    /// By which model.
    pub recipe: Recipe,
}

impl Gate {
    /// Reads the gate off the line's latest readings, one per tag slot.
    pub fn read(&self, latest: &[Reading]) -> Gated {
        let in_production = match &self.production {
            Production::Always => true,
            Production::When { tag, equals } => value(latest, *tag).is_some_and(|v| same(v, equals)),
        };
        let recipe = match &self.recipe {
            Recipe::Single => Some(0),
            Recipe::ByTag { tag, places } => value(latest, *tag)
                .and_then(|v| places.iter().find(|(known, _)| same(v, known)))
                .map(|(_, place)| *place),
        };
        Gated { in_production, recipe }
    }
}

fn value(latest: &[Reading], tag: TagSlot) -> Option<&Value> {
    match latest.get(tag.0 as usize)? {
        Reading::Good(value) => Some(value),
        Reading::Uncertain(..) | Reading::Bad(_) => None,
    }
}

/// Equal as numbers where both are numbers: a register's `1` meets a document's `true` and `1.0`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Text(text), number) | (number, Value::Text(text)) => text.trim() == number.to_string(),
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Unsigned(a), Value::Unsigned(b)) => a == b,
        _ => a.as_f64() == b.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::{Doubt, Fault};

    fn gate() -> Gate {
        let places = vec![(Value::Integer(17), 0), (Value::Integer(18), 1)];
        Gate {
            production: Production::When { tag: TagSlot(0), equals: Value::Integer(1) },
            recipe: Recipe::ByTag { tag: TagSlot(1), places },
        }
    }

    #[test]
    fn the_gate_follows_good_values_only() {
        let good = |v: f64| Reading::number(v);
        let cases = [
            (good(1.0), good(17.0), true, Some(0)),
            (good(1.0), good(18.0), true, Some(1)),
            (Reading::Good(Value::Flag(true)), good(19.0), true, None),
            (good(0.0), good(17.0), false, Some(0)),
            (Reading::Bad(Fault::Timeout), good(17.0), false, Some(0)),
            (Reading::Uncertain(Value::Integer(1), Doubt::Source), good(17.0), false, Some(0)),
            (good(1.0), Reading::Good(Value::Text("18".into())), true, Some(1)),
            (good(1.0), Reading::Bad(Fault::Missing), true, None),
        ];
        for (mode, product, in_production, recipe) in cases {
            let gated = gate().read(&[mode.clone(), product.clone()]);
            assert_eq!(gated, Gated { in_production, recipe }, "mode {mode:?}, product {product:?}");
        }
    }

    #[test]
    fn a_check_without_conditions_always_judges() {
        let gate = Gate { production: Production::Always, recipe: Recipe::Single };
        assert_eq!(gate.read(&[]), Gated { in_production: true, recipe: Some(0) });
    }
}
