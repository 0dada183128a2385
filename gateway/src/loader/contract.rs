//! Binding a model to a check: roles to tags, units, window and rule (B30).

use crate::pipeline::bench::Judging;
use takt_config::resolved::{Check, Line};
use takt_models::judge::{Judge, Limit, Rule, Steady};
use takt_models::package::{Manifest, WindowContract};
use takt_plant::WindowSpec;

/// What binding found out.
#[derive(Debug)]
pub struct Bound {
    /// The model's inputs as indices of the check's inputs.
    pub order: Vec<usize>,
    /// How its scores become verdicts.
    pub judging: Judging,
}

/// Binds a model to a check of a line.
///
/// # Errors
/// Everything that does not fit, each in a sentence that says what to change.
pub fn bind(manifest: &Manifest, line: &Line, check: &Check) -> Result<Bound, Vec<String>> {
    let mut wrong = Vec::new();
    let order = inputs(manifest, line, check, &mut wrong);
    window(manifest, &check.window, &mut wrong);
    let judging = rule(manifest, check).map_err(|why| wrong.push(why)).ok();
    match judging {
        Some(judging) if wrong.is_empty() => Ok(Bound { order, judging }),
        _ => Err(wrong),
    }
}

fn inputs(manifest: &Manifest, line: &Line, check: &Check, wrong: &mut Vec<String>) -> Vec<usize> {
    let mut order = Vec::new();
    for input in &manifest.inputs {
        let Some(i) = check.inputs.iter().position(|bound| **bound.role == *input.role) else {
            let roles: Vec<&str> = check.inputs.iter().map(|bound| &*bound.role.value).collect();
            wrong.push(format!(
                "the model needs an input '{}'; the check binds {}. Add `{} = \"TAG\"` to its inputs",
                input.role,
                roles.join(", "),
                input.role
            ));
            continue;
        };
        order.push(i);
        let Some(tag) = line.tag(check.inputs[i].tag) else { continue };
        if let (Some(wanted), Some(found)) = (&input.unit, &tag.unit)
            && wanted != found
        {
            wrong.push(format!(
                "input '{}' must be in {wanted}, but tag {} is in {found}: convert it with scale and offset, or learn anew",
                input.role, *tag.id
            ));
        }
    }
    for bound in &check.inputs {
        if !manifest.inputs.iter().any(|input| *input.role == **bound.role) {
            wrong.push(format!("the model has no input '{}'; remove it from the check's inputs", *bound.role));
        }
    }
    order
}

fn window(manifest: &Manifest, spec: &WindowSpec, wrong: &mut Vec<String>) {
    let fits = match (&manifest.window, spec) {
        (WindowContract::Frame, WindowSpec::Frame) | (WindowContract::Trigger { .. }, WindowSpec::Trigger { .. }) => {
            true
        }
        (WindowContract::Count { size: wanted }, WindowSpec::Count { size, .. }) => wanted == size,
        (WindowContract::Time { span, step }, WindowSpec::Time { span: s, step: t, .. }) => span == s && step == t,
        // A trigger that collects its own instant alone gives one value per input: a frame.
        (WindowContract::Frame, WindowSpec::Trigger { collect, .. }) => {
            collect.before.is_zero() && collect.after.is_zero()
        }
        _ => false,
    };
    if !fits {
        wrong.push(format!(
            "the model was made for windows of kind {:?}, but the check cuts {spec:?}; change the check's window",
            manifest.window
        ));
    }
}

fn rule(manifest: &Manifest, check: &Check) -> Result<Judging, String> {
    let overridden =
        |name: &str| check.rule.limits.iter().find(|(score, _)| ***score == *name).map(|(_, limit)| *limit);
    for (score, _) in &check.rule.limits {
        if !manifest.scores.iter().any(|known| *known.name == ***score) {
            let known: Vec<&str> = manifest.scores.iter().map(|score| score.name.as_str()).collect();
            return Err(format!("the rule limits '{}', but the model gives {}", **score, known.join(", ")));
        }
    }
    let limits = manifest.scores.iter().map(|score| {
        Limit::new(score.name.as_str(), overridden(&score.name).unwrap_or(score.limit))
            .map_err(|error| error.to_string())
    });
    let rule = Rule::new(limits.collect::<Result<_, _>>()?).map_err(|error| error.to_string())?;
    let Some(written) = &check.rule.steady else { return Ok(Judging::Memoryless(rule)) };
    let steady = Steady {
        n_beyond: written.n_beyond,
        n_look_back: written.n_look_back,
        clear_factor: written.clear_factor,
        n_clear: written.n_clear,
        n_evidence: written.n_evidence,
    };
    Judge::new(rule, steady).map(Judging::Steady).map_err(|error| error.to_string())
}
