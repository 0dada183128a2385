//! Checks resolved.

use super::connection::Connections;
use super::inputs::inputs;
use super::output::{Targets, outputs};
use super::report::{Report, place_of, repeated};
use super::tags::Tags;
use super::window::window;
use crate::place::At;
use crate::resolved::{Check, Condition, Device, Gateway, Holds, Pack, Recipe, RecipeKey, Rule, Selection, Steady};
use crate::written::check as written;
use std::time::Duration;
use takt_plant::WindowSpec;

const DEADLINE: Duration = Duration::from_millis(100);
const DEADLINE_MIN: Duration = Duration::from_micros(1);
const DEADLINE_MAX: Duration = Duration::from_hours(1);
/// What comes later than an hour is history, not a check.
const LATENESS_MAX: Duration = Duration::from_hours(1);

/// A check, when everything in it could be resolved.
pub(crate) fn check(
    c: &At<written::Check>,
    tags: &Tags,
    gateway: Option<&Gateway>,
    connections: &Connections,
    targets: &mut Targets,
    report: &mut Report,
) -> Option<Check> {
    let inputs = c.inputs.as_ref().map(|written| inputs(written, tags, report));
    let window = c.window.as_ref().and_then(|written| {
        let spec = window(written, inputs.as_deref().unwrap_or_default(), tags, report)?;
        Some(At::new(spec, written.place.clone()))
    });
    let selection = selection(c, tags, report);
    // No condition is a whole one; a broken one is none.
    let when = match c.when.as_ref().map(|when| condition(when, tags, report)) {
        Some(None) => None,
        whole => Some(whole.flatten()),
    };
    let deadline = report.duration(c.deadline.as_ref(), DEADLINE, DEADLINE_MIN, DEADLINE_MAX);
    let lateness = report.duration(c.lateness.as_ref(), Duration::ZERO, Duration::ZERO, LATENESS_MAX);
    let rule = rule(c.rule.as_deref(), window.as_deref(), report);
    let device = c.device.clone().unwrap_or_else(|| At::built_in(Device::Auto, "device"));
    in_the_pack(&device, gateway, report);
    if let Some(borrow) = c.borrow.as_ref().filter(|borrow| borrow.value) {
        report.wrong(&borrow.place, "peers run models with a later version", "write borrow = false, or leave it out");
    }
    let outputs = outputs(c, connections, targets, report);
    let whole = (c.id.clone(), inputs, window, selection, when);
    let (Some(id), Some(inputs), Some(window), Some(selection), Some(when)) = whole else {
        report.keep_outputs(outputs);
        return None;
    };
    Some(Check {
        id,
        inputs,
        window,
        selection,
        when,
        deadline,
        lateness,
        rule,
        device,
        fallback: c.fallback.as_deref().copied().unwrap_or(false),
        borrow: false,
        outputs,
    })
}

fn selection(c: &At<written::Check>, tags: &Tags, report: &mut Report) -> Option<Selection> {
    match (&c.model, &c.recipe) {
        (Some(model), None) => Some(Selection::Model(model.clone())),
        (None, Some(recipe)) => recipe_of(recipe, tags, report).map(Selection::Recipe),
        (Some(model), Some(_)) => {
            report.wrong(&model.place, "`recipe` says already which model judges", "keep either `model` or `recipe`");
            None
        }
        (None, None) => {
            report.missing(&c.place, "model", "write model = \"press-a\", or a recipe with one model for each product");
            None
        }
    }
}

fn recipe_of(recipe: &At<written::Recipe>, tags: &Tags, report: &mut Report) -> Option<Recipe> {
    let tag = recipe.tag.as_ref().and_then(|tag| tags.find(tag, report));
    let map = recipe.map.as_ref()?;
    if map.value.0.is_empty() {
        report.wrong(&map.place, "no product has a model", "write map = { 17 = \"press-a\" }");
    }
    let pairs: Vec<_> = map.value.0.iter().map(|(key, model)| (RecipeKey::new(key), model.clone())).collect();
    let same = |(again, first): (usize, usize)| (&map.value.0[again].0, &pairs[first].0.text);
    let numbers = pairs.iter().map(|(key, _)| key.number.map_or_else(|| key.text.to_string(), |n| n.to_string()));
    for (key, first) in repeated(numbers).into_iter().map(same) {
        report.reference(&key.place, format!("`{key}` is the same product as `{first}`"), "name each product once");
    }
    Some(Recipe { tag: tag?, map: pairs })
}

fn condition(when: &At<written::Condition>, tags: &Tags, report: &mut Report) -> Option<Condition> {
    let tag = when.tag.as_ref().and_then(|tag| tags.find(tag, report));
    let above = when.above.as_deref().copied();
    let below = when.below.as_deref().copied();
    let bounds = above.is_some() || below.is_some();
    let holds = match (&when.equals, &when.one_of, bounds) {
        (Some(value), None, false) => Holds::OneOf(vec![value.value.clone()]),
        (None, Some(values), false) => Holds::OneOf(values.iter().map(|v| v.value.clone()).collect()),
        (None, None, true) => Holds::Between { above, below },
        (None, None, false) => {
            report.missing(&when.place, "equals", "write equals = 1, one_of = [1, 2], above = 0 or below = 10");
            return None;
        }
        _ => {
            report.wrong(
                &when.place,
                "one condition says several things",
                "keep one of equals, one_of, and above with below",
            );
            return None;
        }
    };
    if let (Some(low), Some(high), Some(place)) = (above, below, place_of(&when.above))
        && low >= high
    {
        report.wrong(place, format!("no number is above {low} and below {high}"), "write above < below");
    }
    if let (Some(values), Some(place)) = (&when.one_of, place_of(&when.one_of))
        && values.is_empty()
    {
        report.wrong(place, "no value fulfils an empty list", "write one_of = [1, 2]");
    }
    Some(Condition { tag: tag?, holds })
}

fn rule(written: Option<&written::Rule>, window: Option<&WindowSpec>, report: &mut Report) -> Rule {
    let nothing = written::Rule { limits: None, hysteresis: None, evidence: None };
    let written = written.unwrap_or(&nothing);
    let mut rule = Rule::default();
    for (score, limit) in written.limits.iter().flat_map(|map| &map.value.0) {
        if limit.value <= 0.0 {
            report.wrong(
                &limit.place,
                format!("the limit {} lets no window pass", limit.value),
                "write a limit above 0",
            );
        }
        rule.limits.push((score.clone(), limit.value));
    }
    match window {
        Some(WindowSpec::Time { .. }) => rule.steady = Some(steady(written, report)),
        Some(_) => {
            let keys = [("hysteresis", place_of(&written.hysteresis)), ("evidence", place_of(&written.evidence))];
            report.foreign(&keys, "verdicts on parts and frames have no memory", "leave it out, or use a time window");
        }
        None => {}
    }
    rule
}

fn steady(written: &written::Rule, report: &mut Report) -> Steady {
    let hysteresis = written.hysteresis.as_deref();
    let n_beyond = hysteresis.and_then(|h| h.beyond.as_ref()).map_or(1, |n| n.value.0);
    let n_look_back = hysteresis.and_then(|h| h.of.as_ref()).map_or(n_beyond, |n| n.value.0);
    if let Some(of) = hysteresis.and_then(|h| h.of.as_ref())
        && n_look_back < n_beyond
    {
        let what = format!("{n_beyond} of the last {n_look_back} windows can never be beyond a limit");
        report.wrong(&of.place, what, format!("write of = {n_beyond} or more"));
    }
    let clear_factor = hysteresis.and_then(|h| h.clear.as_ref());
    if let Some(clear) = clear_factor.filter(|clear| clear.value <= 0.0 || clear.value > 1.0) {
        let what = format!("{} is not a share of a limit", clear.value);
        report.wrong(&clear.place, what, "write a number above 0 and at most 1, such as 0.9");
    }
    if let Some(evidence) = written.evidence.as_ref().filter(|n| n.value.0 < n_beyond) {
        let what = format!("{} windows cannot hold the {n_beyond} that make a fail", evidence.value.0);
        report.wrong(&evidence.place, what, format!("write evidence = {n_beyond} or more"));
    }
    Steady {
        n_beyond,
        n_look_back,
        clear_factor: clear_factor.map_or(1.0, |clear| clear.value),
        n_clear: hysteresis.and_then(|h| h.clear_after.as_ref()).map_or(1, |n| n.value.0),
        n_evidence: written.evidence.as_ref().map_or(n_beyond, |n| n.value.0),
    }
}

/// A device outside the pack is a configuration error.
fn in_the_pack(device: &At<Device>, gateway: Option<&Gateway>, report: &mut Report) {
    let Some(gateway) = gateway else { return };
    let needs = match device.value {
        Device::Auto | Device::Cpu => return,
        Device::Cuda | Device::TensorRt => Pack::Cuda,
        Device::OpenVino(_) => Pack::OpenVino,
        Device::Qnn => Pack::Qnn,
    };
    let has = gateway.runtime.pack.value;
    if has != needs {
        report.wrong(
            &device.place,
            format!("{} is not in the runtime pack {}", device.word(), has.word()),
            format!("write pack = \"{}\" under [runtime] and install that library, or device = \"auto\"", needs.word()),
        );
    }
}
