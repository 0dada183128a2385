//! Tag groups: many tags of one kind, written once.

use super::pattern::{Name, TAGS_PER_LINE_MAX, expand};
use super::report::Report;
use crate::place::At;
use crate::written::decode::shown;
use crate::written::output::Register;
use crate::written::tag::{Source, Tag, TagGroup};
use takt_plant::TagId;

/// The tags of a group, as if each had been written by itself.
pub(crate) fn tags_of(group: &TagGroup, report: &mut Report) -> Vec<Tag> {
    let (Some(names), Some(source)) = (&group.names, &group.source) else { return Vec::new() };
    if names.value.is_empty() {
        report.wrong(&names.place, "there is no name in this group", "write names = [\"temp_{1..8}\"]");
    }
    let mut tags: Vec<Tag> = Vec::new();
    for pattern in &names.value {
        let expanded = match expand(&pattern.value) {
            Ok(expanded) => expanded,
            Err(why) => {
                report.wrong(&pattern.place, why, "write a name, or a range such as \"xmeas_{1..41}\"");
                continue;
            }
        };
        if tags.len() + expanded.len() > TAGS_PER_LINE_MAX {
            let what = format!("the group has more than {TAGS_PER_LINE_MAX} tags");
            report.wrong(&pattern.place, what, "write several lines");
            break;
        }
        for name in expanded {
            let index = tags.len();
            tags.extend(tag(group, source, pattern, &name, index, report));
        }
    }
    no_register_to_move(group, source, tags.len(), report);
    tags
}

fn tag(
    group: &TagGroup,
    source: &At<Source>,
    pattern: &At<String>,
    name: &Name,
    index: usize,
    report: &mut Report,
) -> Option<Tag> {
    let id = match TagId::new(&name.text) {
        Ok(id) => id,
        Err(why) => {
            report.wrong(&pattern.place, format!("\"{}\" is no name", shown(&name.text)), why.to_string());
            return None;
        }
    };
    Some(Tag {
        id: Some(At::new(id, pattern.place.clone())),
        source: Some(At::new(source_of(group, source, name, index), source.place.clone())),
        unit: group.unit.clone(),
        range: group.range.clone(),
        scale: group.scale.clone(),
        export: group.export.clone(),
    })
}

fn source_of(group: &TagGroup, source: &Source, name: &Name, index: usize) -> Source {
    let fill = |text: &Option<At<String>>| {
        text.clone().map(|at| {
            at.map(|text| {
                let text = text.replace("{name}", &name.text).replace("{index}", &index.to_string());
                text.replace("{number}", name.number.as_deref().unwrap_or(&name.text))
            })
        })
    };
    let stride = stride_of(group, source);
    let moved = |register: Register| moved(&register.0, index.saturating_mul(stride)).map_or(register, Register);
    Source {
        register: source.register.clone().map(|at| at.map(moved)),
        topic: fill(&source.topic),
        value: fill(&source.value),
        time: fill(&source.time),
        each: fill(&source.each),
        column: fill(&source.column),
        ..source.clone()
    }
}

/// Registers from one tag to the next.
fn stride_of(group: &TagGroup, source: &Source) -> usize {
    if let Some(stride) = &group.stride {
        return stride.value.0 as usize;
    }
    let width = source.r#type.as_ref().and_then(|kind| kind.value.n_registers());
    match (width, &source.length) {
        (Some(width), _) => usize::from(width),
        // A register holds two bytes of a text.
        (None, Some(length)) => (length.value.0 as usize).div_ceil(2),
        (None, None) => 1,
    }
}

/// An address, further by `by`: its last number, decimal or `0x…`, grows and keeps its width.
fn moved(address: &str, by: usize) -> Option<String> {
    if let Some((before, digits)) = address.split_once("0x") {
        let number = usize::from_str_radix(digits, 16).ok()?.checked_add(by)?;
        return Some(format!("{before}0x{number:0width$x}", width = digits.len()));
    }
    let start = address.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let digits = &address[start..];
    let number = digits.parse::<usize>().ok()?.checked_add(by)?;
    Some(format!("{}{number:0width$}", &address[..start], width = digits.len()))
}

fn no_register_to_move(group: &TagGroup, source: &Source, n_tags: usize, report: &mut Report) {
    if let Some(register) = &source.register
        && n_tags > 1
        && moved(&register.value.0, 1).is_none()
    {
        report.wrong(&register.place, "this address does not end in a number", "write \"holding:0\" or \"40001\"");
    }
    if let (Some(stride), None) = (&group.stride, &source.register) {
        report.foreign(&[("stride", Some(&stride.place))], "only registers have one", "leave it out");
    }
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn addresses_move_on() {
        let check = |from: &str, by: usize, to: Option<&str>| assert_eq!(moved(from, by).as_deref(), to, "{from}");
        check("holding:98", 4, Some("holding:102"));
        check("40001", 2, Some("40003"));
        check("00007", 2, Some("00009"));
        check("holding:0x0e", 2, Some("holding:0x10"));
        check("holding:99", usize::MAX, None);
        check("holding", 1, None);
        check("µ", 1, None);
    }
}
