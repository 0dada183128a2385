//! Replay connections: columns of a recorded file become tags.

use super::checks::LinePlan;
use super::mqtt::{conversion, stamp};
use super::{ConnectionPlan, DriverPlan};
use crate::egress::Egress;
use crate::store::ConnectionSlot;
use takt_adapters::replay::Options;
use takt_adapters::replay::options::{Column, GroupColumns, RowTime, Speed, TagColumn, TimeColumn};
use takt_config::Problems;
use takt_config::resolved::{Connection, Replay, ReplayTime, Speed as Written, Tag, TagSource};
use takt_plant::ExportClass;

/// Rows that may be ahead of the journal: some hundred milliseconds of a fast file.
const AHEAD_MAX: u64 = 1_024;

/// Plans a recorded file.
pub(super) fn plan(
    connection: &Connection,
    file: &Replay,
    slot: ConnectionSlot,
    lines: &[LinePlan],
    problems: &mut Problems,
) -> Option<ConnectionPlan> {
    let time = match &file.time {
        ReplayTime::Column { column, format, zone } => RowTime::Column(TimeColumn {
            column: Column::Named(column.value.clone()),
            stamp: stamp(format, zone.as_ref(), column, problems)?,
        }),
        ReplayTime::Every(every) => RowTime::Every(*every),
    };
    let groups = lines.iter().flat_map(|line| {
        line.fed_by(&connection.id).map(|(group, slot, tags)| GroupColumns {
            group: slot,
            tags: group.tags.clone().into(),
            columns: tags.iter().filter_map(|tag| self::column(tag)).collect(),
        })
    });
    let options = Options {
        path: file.file.beside_document(),
        delimiter: file.delimiter,
        has_header: true,
        time,
        groups: groups.collect(),
        speed: match file.speed {
            Written::Times(factor) => Speed::Factor(factor),
            Written::Max => Speed::Max,
        },
        ahead_max: AHEAD_MAX,
    };
    Some(ConnectionPlan {
        id: connection.id.value.clone(),
        kind: connection.kind.word(),
        address: options.path.display().to_string(),
        slot,
        publishes: false,
        egress: Egress::new(connection.id.as_str(), ExportClass::Never),
        feeds: true,
        holds: false,
        driver: DriverPlan::Replay(Box::new(options)),
    })
}

fn column(tag: &Tag) -> Option<TagColumn> {
    let TagSource::Replay(source) = &tag.source else { return None };
    let conversion = conversion(tag, &source.conversion);
    Some(TagColumn { column: Column::Named(source.column.value.clone()), conversion })
}
