//! Names and their stable numbers: what documents call by name, tables call by number.

use super::entry::{CheckSlot, ConnectionSlot};
use crate::record::ModelStamp;
use std::collections::HashMap;
use std::sync::Arc;
use takt_plant::{CheckId, ConnectionId, GatewayId, GroupSlot, LineId, TagId};

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// A line.
    Line,
    /// A tag; its parent is the line.
    Tag,
    /// A check; its parent is the line.
    Check,
    /// A connection.
    Connection,
    /// A score.
    Score,
    /// A gateway.
    Gateway,
    /// A model: name, version and digest, with a line feed between.
    Model,
}

impl NameKind {
    const ALL: [Self; 7] =
        [Self::Line, Self::Tag, Self::Check, Self::Connection, Self::Score, Self::Gateway, Self::Model];

    /// The number in the table.
    pub fn number(self) -> i64 {
        self as i64 + 1
    }

    fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.number() == number)
    }
}

/// One row of the table of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRow {
    /// Its number.
    pub id: u32,
    /// What it names.
    pub kind: NameKind,
    /// The line's number for tags and checks, else 0.
    pub parent: u32,
    /// The name.
    pub text: Arc<str>,
}

/// One row of the table of frame groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// Its slot.
    pub group: GroupSlot,
    /// The line's number.
    pub line: u32,
    /// The tags' numbers, in the frames' order.
    pub tags: Vec<u32>,
}

impl GroupRow {
    /// The tags as the table holds them.
    pub fn tag_bytes(&self) -> Vec<u8> {
        self.tags.iter().flat_map(|t| t.to_le_bytes()).collect()
    }

    /// From the table.
    pub fn new(group: u32, line: u32, tag_bytes: &[u8]) -> Self {
        let tags = tag_bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Self { group: GroupSlot(group), line, tags }
    }
}

/// All names, both ways, and those that are not in the table yet.
#[derive(Debug, Clone, Default)]
pub struct Names {
    ids: HashMap<NameKind, HashMap<u32, HashMap<Arc<str>, u32>>>,
    rows: HashMap<u32, (NameKind, u32, Arc<str>)>,
    models: HashMap<u32, Arc<ModelStamp>>,
    last_model: Option<(Arc<ModelStamp>, u32)>,
    groups: HashMap<(u32, Vec<u32>), GroupSlot>,
    group_rows: HashMap<GroupSlot, GroupRow>,
    id_max: u32,
    group_max: u32,
    /// Names that the next commit writes.
    pub unsaved: Vec<NameRow>,
    /// Groups that the next commit writes.
    pub unsaved_groups: Vec<GroupRow>,
}

impl Names {
    /// Takes a row of the table. Rows of unknown kinds (of a newer program) are left out.
    pub fn load(&mut self, id: u32, kind: i64, parent: u32, text: &str) {
        self.id_max = self.id_max.max(id);
        if let Some(kind) = NameKind::from_number(kind) {
            self.keep(NameRow { id, kind, parent, text: Arc::from(text) });
        }
    }

    /// Takes a row of the table of groups.
    pub fn load_group(&mut self, row: GroupRow) {
        self.group_max = self.group_max.max(row.group.0);
        self.groups.insert((row.line, row.tags.clone()), row.group);
        self.group_rows.insert(row.group, row);
    }

    fn keep(&mut self, row: NameRow) {
        self.ids.entry(row.kind).or_default().entry(row.parent).or_default().insert(Arc::clone(&row.text), row.id);
        if row.kind == NameKind::Model {
            self.models.insert(row.id, Arc::new(model_of(&row.text)));
        }
        self.rows.insert(row.id, (row.kind, row.parent, row.text));
    }

    /// The number of a name, where it has one.
    pub fn find(&self, kind: NameKind, parent: u32, text: &str) -> Option<u32> {
        self.ids.get(&kind)?.get(&parent)?.get(text).copied()
    }

    /// The number of a name; a new name gets one and is saved with the next commit.
    pub fn id(&mut self, kind: NameKind, parent: u32, text: &str) -> u32 {
        if let Some(id) = self.find(kind, parent, text) {
            return id;
        }
        self.id_max += 1;
        let row = NameRow { id: self.id_max, kind, parent, text: Arc::from(text) };
        self.unsaved.push(row.clone());
        self.keep(row);
        self.id_max
    }

    /// The number of a model.
    pub fn model(&mut self, model: &Arc<ModelStamp>) -> u32 {
        if let Some((last, id)) = &self.last_model
            && Arc::ptr_eq(last, model)
        {
            return *id;
        }
        let id = self.id(NameKind::Model, 0, &format!("{}\n{}\n{}", model.name, model.version, model.digest));
        self.last_model = Some((Arc::clone(model), id));
        id
    }

    /// The slot of a check.
    pub fn check(&mut self, line: &LineId, check: &CheckId) -> CheckSlot {
        let line = self.id(NameKind::Line, 0, line.as_str());
        CheckSlot(self.id(NameKind::Check, line, check.as_str()))
    }

    /// The slot of a connection.
    pub fn connection(&mut self, connection: &ConnectionId) -> ConnectionSlot {
        ConnectionSlot(self.id(NameKind::Connection, 0, connection.as_str()))
    }

    /// The slot of a group.
    pub fn group(&mut self, line: &LineId, tags: &[TagId]) -> GroupSlot {
        let line = self.id(NameKind::Line, 0, line.as_str());
        let tags: Vec<u32> = tags.iter().map(|t| self.id(NameKind::Tag, line, t.as_str())).collect();
        if let Some(slot) = self.groups.get(&(line, tags.clone())) {
            return *slot;
        }
        let row = GroupRow { group: GroupSlot(self.group_max + 1), line, tags };
        self.unsaved_groups.push(row.clone());
        self.load_group(row);
        GroupSlot(self.group_max)
    }

    /// Whether everything is in the tables.
    pub fn is_saved(&self) -> bool {
        self.unsaved.is_empty() && self.unsaved_groups.is_empty()
    }

    /// Text and parent of a number.
    pub fn text(&self, id: u32, kind: NameKind) -> Option<(&Arc<str>, u32)> {
        self.rows.get(&id).filter(|r| r.0 == kind).map(|r| (&r.2, r.1))
    }

    /// Line and name of a check.
    pub fn check_names(&self, check: CheckSlot) -> Option<(LineId, CheckId)> {
        let (text, line) = self.text(check.0, NameKind::Check)?;
        let (line, _) = self.text(line, NameKind::Line)?;
        Some((LineId::new(line).ok()?, CheckId::new(text).ok()?))
    }

    /// The line's number of a check.
    pub fn line_of_check(&self, check: CheckSlot) -> Option<u32> {
        self.text(check.0, NameKind::Check).map(|(_, line)| line)
    }

    /// A tag's name.
    pub fn tag_name(&self, id: u32) -> Option<TagId> {
        TagId::new(self.text(id, NameKind::Tag)?.0).ok()
    }

    /// A gateway's name.
    pub fn gateway_name(&self, id: u32) -> Option<GatewayId> {
        GatewayId::new(self.text(id, NameKind::Gateway)?.0).ok()
    }

    /// A model by its number.
    pub fn model_stamp(&self, id: u32) -> Option<Arc<ModelStamp>> {
        self.models.get(&id).cloned()
    }

    /// A group's row.
    pub fn group_row(&self, group: GroupSlot) -> Option<&GroupRow> {
        self.group_rows.get(&group)
    }

    /// All groups of a line with the place of a tag in them.
    pub fn groups_with(&self, line: &LineId, tag: &TagId) -> Vec<(GroupSlot, usize)> {
        let Some(line) = self.find(NameKind::Line, 0, line.as_str()) else { return Vec::new() };
        let Some(tag) = self.find(NameKind::Tag, line, tag.as_str()) else { return Vec::new() };
        let place = |row: &GroupRow| row.tags.iter().position(|t| *t == tag).map(|i| (row.group, i));
        let mut groups: Vec<_> = self.group_rows.values().filter(|r| r.line == line).filter_map(place).collect();
        groups.sort_unstable_by_key(|g| g.0);
        groups
    }

    /// All checks of a line, or of all lines, with their names.
    pub fn checks(&self, line: Option<&LineId>) -> Vec<(CheckSlot, LineId, CheckId)> {
        let checks = self.rows.iter().filter(|(_, r)| r.0 == NameKind::Check);
        let mut checks: Vec<_> = checks
            .filter_map(|(id, _)| self.check_names(CheckSlot(*id)).map(|(l, c)| (CheckSlot(*id), l, c)))
            .filter(|(_, l, _)| line.is_none_or(|want| want == l))
            .collect();
        checks.sort_unstable_by_key(|c| c.0);
        checks
    }
}

fn model_of(text: &str) -> ModelStamp {
    let mut parts = text.splitn(3, '\n').map(String::from);
    let mut next = || parts.next().unwrap_or_default();
    ModelStamp { name: next(), version: next(), digest: next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_names_give_the_same_numbers_in_any_order() {
        let (line, a, b) = (LineId::new("l").unwrap(), TagId::new("a").unwrap(), TagId::new("b").unwrap());
        let mut names = Names::default();
        let ab = names.group(&line, &[a.clone(), b.clone()]);
        let ba = names.group(&line, &[b.clone(), a.clone()]);
        assert_ne!(ab, ba, "another order is another group");
        let mut again = Names::default();
        for row in &names.unsaved {
            again.load(row.id, row.kind.number(), row.parent, &row.text);
        }
        for row in &names.unsaved_groups {
            again.load_group(GroupRow::new(row.group.0, row.line, &row.tag_bytes()));
        }
        assert_eq!(again.group(&line, &[b.clone(), a]), ba);
        assert!(again.is_saved());
        assert_eq!(again.groups_with(&line, &b), [(ab, 1), (ba, 0)]);
    }

    #[test]
    fn a_model_keeps_its_three_parts() {
        let stamp = ModelStamp { name: "press".into(), version: "1.2".into(), digest: "b3:00".into() };
        let mut names = Names::default();
        let id = names.model(&Arc::new(stamp.clone()));
        assert_eq!(names.model_stamp(id).as_deref(), Some(&stamp));
    }
}
