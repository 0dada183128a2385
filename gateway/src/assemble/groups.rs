//! Groups: which tags of a line come together, and the tags that handshakes add.

use std::time::Duration;
use takt_config::At;
use takt_config::resolved::{Check, GroupKey, Line, ModbusSource, Output, OutputMode, Tag, TagSource, WriteTarget};
use takt_plant::{CheckId, ExportClass, TagId, TagSlot, WindowSpec};

/// How often the registers of a handshake are read where the check's trigger says nothing else: a tenth
/// of the shortest usual cycle of a PLC program that waits for an answer.
const HANDSHAKE_CYCLE: Duration = Duration::from_millis(10);

/// Tags that one message, poll or row delivers.
#[derive(Debug, Clone)]
pub struct Group {
    /// What they share.
    pub key: GroupKey,
    /// Their slots, in the order of the frames.
    pub tags: Vec<TagSlot>,
}

/// The groups of one line, in the order of their first tags.
#[derive(Debug, Clone)]
pub struct LineGroups {
    /// The groups.
    pub groups: Vec<Group>,
}

impl LineGroups {
    /// The groups of a line that [`expand`] has completed.
    pub fn of(line: &Line) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (slot, tag) in (0..).map(TagSlot).zip(&line.tags) {
            let key = tag.source.group();
            match groups.iter_mut().find(|group| group.key == key) {
                Some(group) => group.tags.push(slot),
                None => groups.push(Group { key, tags: vec![slot] }),
            }
        }
        Self { groups }
    }
}

/// The line with the tags that its handshakes read: `CHECK.OUTPUT.ready` and `CHECK.OUTPUT.part`.
pub fn expand(line: &Line) -> Line {
    let mut whole = line.clone();
    for check in &line.checks {
        for output in &check.outputs {
            if let OutputMode::Handshake(registers) = &output.mode {
                let every = cycle(line, check, &registers.ready);
                whole.tags.push(read(&registers.ready, &check.id, output, "ready", every));
                whole.tags.push(read(&registers.part, &check.id, output, "part", every));
            }
        }
    }
    whole
}

/// The cycle of a handshake's registers: that of the check's trigger, so that one frame holds both and
/// the number belongs to the edge.
fn cycle(line: &Line, check: &Check, ready: &WriteTarget) -> Duration {
    let WindowSpec::Trigger { tag, .. } = &*check.window else { return HANDSHAKE_CYCLE };
    match line.tag(*tag).map(|tag| &tag.source) {
        Some(TagSource::Modbus(source)) if source.connection == ready.connection && source.unit == ready.unit => {
            source.every
        }
        _ => HANDSHAKE_CYCLE,
    }
}

/// The name of a tag that a handshake adds.
pub(super) fn handshake_tag(check: &CheckId, output: &Output, what: &str) -> String {
    format!("{check}.{}.{what}", *output.id)
}

fn read(target: &WriteTarget, check: &At<CheckId>, output: &Output, what: &str, every: Duration) -> Tag {
    let name = handshake_tag(check, output, what);
    // A name made of valid names is valid but for its length; a clipped one is still unique enough
    // within a line, because it keeps its beginning and the line refuses doubles.
    let clipped: String = name.chars().take(takt_plant::id::ID_BYTES_MAX).collect();
    let id = TagId::new(&clipped).unwrap_or_else(|_| TagId::new(what).expect("'ready' and 'part' are names"));
    let source = ModbusSource {
        connection: target.connection.clone(),
        unit: target.unit,
        register: target.register.clone(),
        kind: target.kind.clone(),
        order: target.order,
        bit: None,
        length: None,
        scale: 1.0,
        offset: 0.0,
        sentinels: Vec::new(),
        every,
    };
    Tag {
        id: At::new(id, target.register.place.clone()),
        source: TagSource::Modbus(source),
        unit: None,
        range: None,
        scale: None,
        export: ExportClass::default(),
    }
}
