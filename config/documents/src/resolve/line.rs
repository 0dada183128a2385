//! Lines resolved: tags get their slots, checks their tags.

use super::check::check;
use super::connection::Connections;
use super::group::tags_of;
use super::output::{Targets, heartbeat};
use super::pattern::TAGS_PER_LINE_MAX;
use super::report::{Report, repeated};
use super::source::source;
use super::tags::Tags;
use crate::place::At;
use crate::resolved::{Gateway, Line, Tag};
use crate::written::document::Document;
use crate::written::line as written;
use crate::written::tag::Tag as WrittenTag;
use takt_plant::TagId;

/// All lines of all documents.
pub(crate) fn lines(
    documents: &[At<Document>],
    gateway: Option<&Gateway>,
    connections: &Connections,
    report: &mut Report,
) -> Vec<Line> {
    let written: Vec<&At<written::Line>> =
        documents.iter().filter_map(|d| d.lines.as_ref()).flat_map(|list| &list.value).collect();
    let ids: Vec<_> = written.iter().filter_map(|line| line.id.as_ref()).collect();
    for (again, first) in repeated(ids.iter().map(|id| &id.value)) {
        let (id, first) = (ids[again], &ids[first].place);
        report.reference(
            &id.place,
            format!("the line \"{id}\" stands already at {first}"),
            "give one of the two another id",
        );
    }
    let alike = repeated(ids.iter().map(|id| look(id.as_str())));
    for (again, first) in alike.into_iter().filter(|(again, first)| ids[*again].value != ids[*first].value) {
        let (id, other, first) = (ids[again], ids[first], &ids[first].place);
        report.reference(
            &id.place,
            format!("the line \"{id}\" and the line \"{other}\" at {first} differ only in look"),
            "give one of the two another id: capitals and what stands at the end are easily misread",
        );
    }
    let mut targets = Targets::default();
    written.iter().filter_map(|line| one_line(line, gateway, connections, &mut targets, report)).collect()
}

/// A name as a hurried reader takes it in.
fn look(id: &str) -> String {
    id.trim_end_matches(['.', '-', '_']).to_ascii_lowercase()
}

fn one_line(
    line: &At<written::Line>,
    gateway: Option<&Gateway>,
    connections: &Connections,
    targets: &mut Targets,
    report: &mut Report,
) -> Option<Line> {
    let written = all_tags(line, report);
    let resolved: Vec<(At<TagId>, Option<Tag>)> =
        written.into_iter().filter_map(|t| Some((t.id.clone()?, one_tag(&t, connections, report)))).collect();
    for (again, first) in repeated(resolved.iter().map(|(id, _)| &id.value)) {
        let (id, first) = (&resolved[again].0, &resolved[first].0.place);
        report.reference(
            &id.place,
            format!("the tag \"{id}\" stands already at {first}"),
            "give one of the two another id",
        );
    }
    let tags = Tags::of(&resolved);
    let heartbeat = line.heartbeat.as_ref().and_then(|h| heartbeat(h, connections, targets, report));
    let written_checks = line.checks.iter().flat_map(|list| &list.value);
    let ids: Vec<_> = written_checks.clone().filter_map(|check| check.id.as_ref()).collect();
    for (again, first) in repeated(ids.iter().map(|id| &id.value)) {
        let (id, first) = (ids[again], &ids[first].place);
        report.reference(
            &id.place,
            format!("the check \"{id}\" stands already at {first}"),
            "give one of the two another id",
        );
    }
    let checks = written_checks.filter_map(|c| check(c, &tags, gateway, connections, targets, report)).collect();
    let tags = resolved.into_iter().filter_map(|(_, tag)| tag).collect();
    Some(Line { id: line.id.clone()?, tags, heartbeat, checks })
}

/// The tags of a line, those of groups after those that stand by themselves.
fn all_tags(line: &written::Line, report: &mut Report) -> Vec<WrittenTag> {
    let mut tags: Vec<WrittenTag> = line.tags.iter().flat_map(|list| &list.value).map(|t| t.value.clone()).collect();
    for group in line.tag_groups.iter().flat_map(|list| &list.value) {
        let more = tags_of(group, report);
        if tags.len() + more.len() > TAGS_PER_LINE_MAX {
            report.wrong(
                &group.place,
                format!("the line has more than {TAGS_PER_LINE_MAX} tags"),
                "write several lines",
            );
            break;
        }
        tags.extend(more);
    }
    tags
}

fn one_tag(tag: &WrittenTag, connections: &Connections, report: &mut Report) -> Option<Tag> {
    let source = source(tag.source.as_ref()?, connections, report)?;
    Some(Tag {
        id: tag.id.clone()?,
        source,
        unit: tag.unit.as_ref().map(|u| u.value.clone()),
        range: tag.range.as_ref().map(|r| (r.low, r.high)),
        scale: tag.scale.as_ref().map(|r| (r.low, r.high)),
        export: tag.export.as_deref().copied().unwrap_or_default(),
    })
}
