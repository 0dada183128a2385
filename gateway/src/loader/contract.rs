//! Binding a model to a check: roles to tags, units, window and rule (B30).

use crate::pipeline::bench::Judging;
use takt_config::resolved::{Check, Line, Tag};
use takt_models::judge::{Judge, Limit, Rule, Steady};
use takt_models::package::{Input, Manifest, WindowContract};
use takt_plant::WindowSpec;

/// A cadence may be off by one part in so many: less than a band of frequencies is wide.
const CADENCE_PART: u32 = 100;

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
        wrong.extend(cadence(manifest, input, tag, &check.window));
    }
    for bound in &check.inputs {
        if !manifest.inputs.iter().any(|input| *input.role == **bound.role) {
            wrong.push(format!("the model has no input '{}'; remove it from the check's inputs", *bound.role));
        }
    }
    order
}

/// Whether a tag's samples come as the model was made for, as far as its source fixes how they come. A time
/// window brings them to its own step, so only the step matters there.
fn cadence(manifest: &Manifest, input: &Input, tag: &Tag, spec: &WindowSpec) -> Option<String> {
    let found = tag.source.cadence().filter(|found| !found.is_zero())?;
    let (role, id) = (&input.role, &*tag.id);
    if matches!(spec, WindowSpec::Time { .. }) {
        return None;
    }
    if let Some(wanted) = input.cadence.filter(|wanted| found.abs_diff(*wanted) > *wanted / CADENCE_PART) {
        return Some(format!(
            "input '{role}' was made for a sample every {wanted:?}, but tag {id} comes every {found:?}: \
             change the tag's cycle, or learn anew"
        ));
    }
    let (WindowContract::Trigger { n_min, n_max }, WindowSpec::Trigger { collect, max_age, .. }) =
        (manifest.window, spec)
    else {
        return None;
    };
    let span = collect.length();
    if *max_age < found && !span.is_zero() {
        return Some(format!(
            "tag {id} comes every {found:?}, so every window would have a hole with max_age = {max_age:?}: \
             write a max_age above the tag's cycle"
        ));
    }
    let n = span.as_nanos() / found.as_nanos() + 1;
    // The first and the last sample may lie just outside.
    let fits = n + 1 >= u128::from(n_min) && n.saturating_sub(1) <= u128::from(n_max);
    (!fits).then(|| {
        format!(
            "the check collects about {n} samples of tag {id} ({span:?}, one every {found:?}), and the model takes \
             {n_min} to {n_max} of '{role}': change what the window collects or the tag's cycle, or learn anew"
        )
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use takt_config::{Source, read};
    use takt_models::package::{
        Cost, Element, ModelKind, Preprocessing, Provenance, ScoreSpec, TensorSpec, Tolerance, Tolerances,
    };

    const LINE: &str = r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "10.0.0.1:502"
[[lines]]
id = "press"
[[lines.tags]]
id = "force"
source = { connection = "plc", register = "holding:0", type = "f32", every = "10ms" }
[[lines.tags]]
id = "part"
source = { connection = "plc", register = "holding:2", type = "u32", every = "10ms" }
[[lines.checks]]
id = "stroke"
inputs = ["force"]
model = "press"
"#;

    fn manifest(window: WindowContract, cadence: Option<Duration>) -> Manifest {
        let tolerance = Tolerance { absolute: 1e-6, relative: 1e-6 };
        Manifest {
            name: "press".parse().expect("a name"),
            version: "1.0.0".parse().expect("a version"),
            kind: ModelKind::Trained,
            inputs: vec![Input { role: "force".into(), unit: None, range: None, cadence }],
            window,
            tensor: TensorSpec { name: "x".into(), element: Element::F32, preprocessing: Preprocessing::Frame },
            scores: vec![ScoreSpec {
                name: "t2".into(),
                label: "T²".into(),
                tensor: "y".into(),
                index: 0,
                limit: 1.0,
                false_alarm_rate: None,
            }],
            contributions: Vec::new(),
            tolerances: Tolerances { default: tolerance, pairs: Vec::new() },
            cost: Cost::Unmeasured,
            provenance: Provenance {
                who: String::new(),
                when: takt_plant::WallTime::from_ns(0),
                from: String::new(),
                notes: std::collections::BTreeMap::new(),
            },
        }
    }

    /// Binds a model to a check with such a window; `expected` is a part of the one thing that is wrong.
    fn check(window: &str, contract: WindowContract, cadence_ms: Option<u64>, expected: Option<&str>) {
        let read = read(&[Source::new("line", format!("{LINE}window = {{ {window} }}\n"))]);
        let line = read.expect("a good document").lines.swap_remove(0);
        let found = bind(&manifest(contract, cadence_ms.map(Duration::from_millis)), &line, &line.checks[0]);
        match (found, expected) {
            (Ok(_), None) => {}
            (Err(wrong), Some(part)) => {
                assert!(wrong.len() == 1 && wrong[0].contains(part), "{window} {contract:?}: {wrong:?}");
            }
            (found, _) => panic!("{window} {contract:?}: {found:?}, expected {expected:?}"),
        }
    }

    const SECOND: &str = "kind = \"trigger\", tag = \"part\", collect = { before = \"800ms\", after = \"200ms\" }";

    #[test]
    fn what_a_trigger_collects_must_fit_the_model() {
        let takes = |n_min: u32, n_max: u32| WindowContract::Trigger { n_min, n_max };
        check(SECOND, takes(50, 200), None, None);
        check(SECOND, takes(101, 101), None, None);
        // Samples at both ends may just be missed, or just be met.
        check(SECOND, takes(102, 200), None, None);
        check(SECOND, takes(50, 100), None, None);
        check(SECOND, takes(103, 200), None, Some("about 101 samples of tag force (1s, one every 10ms)"));
        check(SECOND, takes(10, 99), None, Some("the model takes 10 to 99 of 'force'"));
    }

    #[test]
    fn samples_must_come_as_the_model_was_made_for() {
        let trigger = WindowContract::Trigger { n_min: 1, n_max: 1000 };
        check(SECOND, trigger, Some(10), None);
        check(SECOND, trigger, Some(20), Some("made for a sample every 20ms, but tag force comes every 10ms"));
        let count = WindowContract::Count { size: 64 };
        check("kind = \"count\", size = 64", count, Some(10), None);
        check("kind = \"count\", size = 64", count, Some(5), Some("every 5ms"));
        check("kind = \"count\", size = 32", count, Some(10), Some("windows of kind"));
        // The window itself brings them to one step.
        let time = WindowContract::Time { span: Duration::from_secs(1), step: Duration::from_millis(20) };
        check("kind = \"time\", span = \"1s\", step = \"20ms\"", time, Some(20), None);
        check("kind = \"time\", span = \"1s\", step = \"50ms\"", time, None, Some("windows of kind"));
    }

    #[test]
    fn a_greatest_age_below_the_cadence_is_told() {
        let trigger = WindowContract::Trigger { n_min: 1, n_max: 1000 };
        check(&format!("{SECOND}, max_age = \"10ms\""), trigger, None, None);
        check(&format!("{SECOND}, max_age = \"5ms\""), trigger, None, Some("every window would have a hole"));
    }
}
