//! The inputs of a check.

use super::pattern::{expand, fits};
use super::report::{Report, repeated};
use super::tags::Tags;
use crate::place::At;
use crate::resolved::Input;
use crate::written::check::Inputs;
use crate::written::decode::shown;
use std::sync::Arc;
use takt_plant::{TagId, TagSlot};

/// Longest name of a role in bytes, the same as of a tag.
const ROLE_BYTES_MAX: usize = takt_plant::id::ID_BYTES_MAX;

/// The inputs in the order of writing; a list of names takes the tags' order for `*`.
pub(crate) fn inputs(written: &At<Inputs>, tags: &Tags, report: &mut Report) -> Vec<Input> {
    let inputs = match &written.value {
        Inputs::Roles(map) => {
            let pairs = map.0.iter();
            pairs
                .filter_map(|(role, tag)| Some(Input { role: role_of(role, report)?, tag: tags.find(tag, report)? }))
                .collect()
        }
        Inputs::Names(patterns) => {
            let found: Vec<Input> = patterns.iter().flat_map(|pattern| by_pattern(pattern, tags, report)).collect();
            for (again, _) in repeated(found.iter().map(|input| &input.role.value)) {
                let role = &found[again].role;
                report.reference(&role.place, format!("the input \"{role}\" stands here twice"), "name each tag once");
            }
            found
        }
    };
    let written_nothing = match &written.value {
        Inputs::Roles(map) => map.0.is_empty(),
        Inputs::Names(patterns) => patterns.is_empty(),
    };
    if written_nothing {
        report.wrong(&written.place, "a check needs at least one input", "write inputs = { force = \"ram_force\" }");
    }
    for input in &inputs {
        if tags.source(input.tag).is_some_and(crate::resolved::TagSource::is_text) {
            report.wrong(&input.role.place, "this tag is a text, and a model takes numbers", "name a tag with numbers");
        }
    }
    inputs
}

/// Two inputs that do not come in one message, one poll or one row: frame and count windows are made of those.
pub(crate) fn apart<'i>(inputs: &'i [Input], tags: &Tags) -> Option<(&'i str, &'i str)> {
    let mut sources = inputs.iter().filter_map(|input| Some((&**input.role, tags.source(input.tag)?.group())));
    let (first, group) = sources.next()?;
    sources.find(|(_, other)| *other != group).map(|(other, _)| (first, other))
}

fn role_of(role: &At<Arc<str>>, report: &mut Report) -> Option<At<Arc<str>>> {
    if role.is_empty() || role.len() > ROLE_BYTES_MAX || role.chars().any(char::is_control) {
        let what = format!("\"{}\" is no name of an input", shown(role));
        report.wrong(&role.place, what, "write the name of the input as the model's manifest has it");
        return None;
    }
    Some(role.clone())
}

fn by_pattern(pattern: &At<String>, tags: &Tags, report: &mut Report) -> Vec<Input> {
    let input =
        |id: &TagId, slot: TagSlot| Input { role: At::new(Arc::from(id.as_str()), pattern.place.clone()), tag: slot };
    if pattern.contains('*') {
        let slots = (0_u32..).map(TagSlot).zip(tags.names());
        let found: Vec<Input> =
            slots.filter(|(_, id)| fits(pattern, id.as_str())).map(|(s, id)| input(id, s)).collect();
        if found.is_empty() {
            let what = format!("no tag of this line fits \"{}\"", shown(pattern));
            report.reference(&pattern.place, what, "write the tags' names, or a pattern that they fit");
        }
        return found;
    }
    let names = match expand(pattern) {
        Ok(names) => names,
        Err(why) => {
            report.wrong(&pattern.place, why, "write a tag's name, or a range such as \"xmeas_{1..41}\"");
            return Vec::new();
        }
    };
    let one = |name: super::pattern::Name| match TagId::new(&name.text) {
        Ok(id) => {
            let id = At::new(id, pattern.place.clone());
            tags.find(&id, report).map(|slot| input(&id, slot))
        }
        Err(why) => {
            report.wrong(&pattern.place, format!("\"{}\" is no name", shown(&name.text)), why.to_string());
            None
        }
    };
    names.into_iter().filter_map(one).collect()
}
