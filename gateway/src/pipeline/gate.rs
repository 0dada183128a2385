//! The gate: whether a check judges now, and by which recipe (B48).
//!
//! An idle machine, a warm-up and a product change must give no false fails. So a check has a
//! condition for production and a recipe; both are read from tags of the line, and a tag without a
//! good value is never taken for "in production".

use takt_config::resolved::{Check, Condition, RecipeKey, Selection};
use takt_plant::{Reading, TagSlot, Value};

/// Which model judges.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipe {
    /// One model for everything: place 0 in the check's list of models.
    Single,
    /// The tag's value chooses the place in the check's list of models.
    ByTag {
        /// The tag.
        tag: TagSlot,
        /// The value of each place.
        places: Vec<RecipeKey>,
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
    /// When it judges; `None`: always.
    pub when: Option<Condition>,
    /// By which model.
    pub recipe: Recipe,
}

impl Gate {
    /// The gate of a check as its document has it.
    pub fn of(check: &Check) -> Self {
        let recipe = match &check.selection {
            Selection::Model(_) => Recipe::Single,
            Selection::Recipe(recipe) => {
                Recipe::ByTag { tag: recipe.tag, places: recipe.map.iter().map(|(key, _)| key.clone()).collect() }
            }
        };
        Self { when: check.when.clone(), recipe }
    }

    /// Reads the gate off the line's latest readings, one per tag slot.
    pub fn read(&self, latest: &[Reading]) -> Gated {
        let in_production =
            self.when.as_ref().is_none_or(|when| value(latest, when.tag).is_some_and(|v| when.holds.of(v)));
        let recipe = match &self.recipe {
            Recipe::Single => Some(0),
            Recipe::ByTag { tag, places } => value(latest, *tag)
                .and_then(|v| places.iter().position(|key| key.is(v)))
                .and_then(|place| u32::try_from(place).ok()),
        };
        Gated { in_production, recipe }
    }

    /// The tags that it reads.
    pub fn tags(&self) -> impl Iterator<Item = TagSlot> + '_ {
        let recipe = match &self.recipe {
            Recipe::Single => None,
            Recipe::ByTag { tag, .. } => Some(*tag),
        };
        self.when.iter().map(|when| when.tag).chain(recipe)
    }
}

fn value(latest: &[Reading], tag: TagSlot) -> Option<&Value> {
    match latest.get(tag.0 as usize)? {
        Reading::Good(value) => Some(value),
        Reading::Uncertain(..) | Reading::Bad(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_config::resolved::Holds;
    use takt_plant::{Doubt, Fault};

    fn gate() -> Gate {
        let holds = Holds::OneOf(vec![Value::Integer(1)]);
        let places = vec![RecipeKey::new("17"), RecipeKey::new("18")];
        Gate { when: Some(Condition { tag: TagSlot(0), holds }), recipe: Recipe::ByTag { tag: TagSlot(1), places } }
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
        let gate = Gate { when: None, recipe: Recipe::Single };
        assert_eq!(gate.read(&[]), Gated { in_production: true, recipe: Some(0) });
    }
}
