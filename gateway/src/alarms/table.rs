//! The table of alarms: one for each place and kind that ever was wrong.

use super::condition::{Condition, Key, Kind};
use crate::payload::time_text;
use crate::store::AlarmRecord;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use takt_plant::{Alarm, AlarmEvent, AlarmState, Flood, MonoTime, NotNow, WallTime};
use utoipa::ToSchema;

/// Alarms that are held; beyond it those that are normal and oldest are forgotten. A plant's worth of
/// lines has a few hundred.
const ALARMS_MAX: usize = 4_096;

/// An alarm as people see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmView {
    /// What it is called in requests.
    pub id: String,
    /// What it concerns, such as `press-3/stroke` or `connection plc`.
    pub place: String,
    /// What kind it is: `fails`, `inconclusive`, `silent`, `model`, `device`, `connection`, `unit`, `write`, `arming`, `store`, `books`.
    pub kind: String,
    /// `low`, `medium` or `high`.
    pub priority: String,
    /// `normal`, `active`, `acknowledged`, `returned`, `shelved`, `suppressed` or `out_of_service`.
    pub state: String,
    /// Since when it is in this state: RFC 3339, UTC.
    pub since: String,
    /// Whether its condition holds now.
    pub holds: bool,
    /// What is wrong and what to do.
    pub text: String,
    /// Who acknowledged it or put it aside.
    pub by: Option<String>,
    /// Until when it is shelved.
    pub shelved_until: Option<String>,
    /// How often it was raised since the program began.
    pub n_raised: u64,
}

/// All alarms that are not normal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmsView {
    /// The alarms: those that want an acknowledgement first, then by priority, the newest first.
    pub alarms: Vec<AlarmView>,
    /// Whether there are more than anybody can answer.
    pub flood: FloodView,
}

/// Whether there are more alarms than anybody can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FloodView {
    /// More than ten within ten minutes, until fewer than five.
    pub on: bool,
    /// Alarms raised within the last ten minutes.
    pub n: u64,
}

/// Why an order was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// There is none of this name.
    #[error("there is no alarm '{id}'")]
    Unknown {
        /// The name.
        id: String,
    },
    /// It has no meaning where the alarm stands.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

/// A change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) record: AlarmRecord,
    pub(super) text: String,
}

#[derive(Debug)]
struct Held {
    alarm: Alarm,
    since: WallTime,
    by: String,
    text: String,
    n_raised: u64,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Table {
    alarms: BTreeMap<Key, Held>,
    flood: Flood,
}

impl Table {
    /// The table as it stood before a restart.
    pub(super) fn resumed(kept: &[AlarmRecord], mono: MonoTime, wall: WallTime) -> Self {
        let held = kept.iter().filter_map(|record| {
            let kind = Kind::of_word(&record.kind)?;
            let left = record.shelved_until.and_then(|until| until.since(wall)).unwrap_or_default();
            let alarm = Alarm::resumed(kind.delays(), record.state, left, mono);
            let text = "as it stood before the restart".to_owned();
            let held = Held { alarm, since: record.since, by: record.by.clone(), text, n_raised: 0 };
            Some(((record.place.clone(), kind), held))
        });
        Self { alarms: held.collect(), flood: Flood::default() }
    }

    /// Takes what holds now; gives what changed.
    pub(super) fn look(&mut self, found: &BTreeMap<Key, Condition>, mono: MonoTime, wall: WallTime) -> Vec<Change> {
        for key in found.keys() {
            if !self.alarms.contains_key(key) {
                self.make_room();
                let alarm = Alarm::new(key.1.delays());
                let held = Held { alarm, since: wall, by: String::new(), text: String::new(), n_raised: 0 };
                self.alarms.insert(key.clone(), held);
            }
        }
        let mut changes = Vec::new();
        for (key, held) in &mut self.alarms {
            let before = held.alarm.state();
            let condition = found.get(key);
            if let Some(condition) = condition {
                held.text.clone_from(&condition.text);
            }
            let design = match condition.is_some_and(|condition| condition.is_consequence) {
                true => AlarmEvent::Suppress,
                false => AlarmEvent::Unsuppress,
            };
            // Has a meaning in every state, so it is never refused.
            let _ = held.alarm.order(design, Duration::ZERO, mono);
            held.alarm.condition(condition.is_some(), mono);
            let after = held.alarm.state();
            if after == before {
                continue;
            }
            if after == AlarmState::Active {
                held.n_raised += 1;
                self.flood.raised(mono);
            }
            held.since = wall;
            held.by.clear();
            changes.push(held.change(key, mono, wall));
        }
        self.flood.tick(mono);
        changes
    }

    /// Carries out an order.
    pub(super) fn order(
        &mut self,
        id: &str,
        event: AlarmEvent,
        span: Duration,
        by: &str,
        mono: MonoTime,
        wall: WallTime,
    ) -> Result<Change, OrderError> {
        let found = self.alarms.iter_mut().find(|(key, _)| id_of(key) == id);
        let (key, held) = found.ok_or_else(|| OrderError::Unknown { id: id.to_owned() })?;
        held.alarm.order(event, span, mono)?;
        held.since = wall;
        held.by = by.to_owned();
        Ok(held.change(key, mono, wall))
    }

    /// One alarm.
    pub(super) fn one(&self, id: &str, mono: MonoTime, wall: WallTime) -> Option<AlarmView> {
        let (key, held) = self.alarms.iter().find(|(key, _)| id_of(key) == id)?;
        Some(held.view(key, mono, wall))
    }

    /// All that are not normal.
    pub(super) fn view(&self, mono: MonoTime, wall: WallTime) -> AlarmsView {
        let shown = self.alarms.iter().filter(|(_, held)| held.alarm.state() != AlarmState::Normal);
        let mut shown: Vec<_> = shown.collect();
        shown.sort_by_key(|((_, kind), held)| {
            let state = held.alarm.state();
            let urgency = (state.wants_acknowledgement(), state.is_announced(), kind.priority(), held.since);
            std::cmp::Reverse(urgency)
        });
        AlarmsView {
            alarms: shown.into_iter().map(|(key, held)| held.view(key, mono, wall)).collect(),
            flood: FloodView { on: self.flood.is_on(), n: self.flood.n() as u64 },
        }
    }

    fn make_room(&mut self) {
        if self.alarms.len() < ALARMS_MAX {
            return;
        }
        let normal = self.alarms.iter().filter(|(_, held)| held.alarm.state() == AlarmState::Normal);
        if let Some(oldest) = normal.min_by_key(|(_, held)| held.since).map(|(key, _)| key.clone()) {
            self.alarms.remove(&oldest);
        }
    }
}

impl Held {
    fn change(&self, key: &Key, mono: MonoTime, wall: WallTime) -> Change {
        let record = AlarmRecord {
            place: key.0.clone(),
            kind: key.1.word().to_owned(),
            state: self.alarm.state(),
            since: self.since,
            by: self.by.clone(),
            shelved_until: self.shelved_until(mono, wall),
        };
        Change { record, text: self.text.clone() }
    }

    fn view(&self, key: &Key, mono: MonoTime, wall: WallTime) -> AlarmView {
        AlarmView {
            id: id_of(key),
            place: key.0.clone(),
            kind: key.1.word().to_owned(),
            priority: key.1.priority().word().to_owned(),
            state: self.alarm.state().word().to_owned(),
            since: time_text(self.since),
            holds: self.alarm.holds(),
            text: self.text.clone(),
            by: (!self.by.is_empty()).then(|| self.by.clone()),
            shelved_until: self.shelved_until(mono, wall).map(time_text),
            n_raised: self.n_raised,
        }
    }

    fn shelved_until(&self, mono: MonoTime, wall: WallTime) -> Option<WallTime> {
        self.alarm.shelved_until().map(|until| wall.plus(until.since(mono)))
    }
}

/// A name without slashes and spaces: twelve hexadecimal digits of place and kind.
fn id_of(key: &Key) -> String {
    let digest = blake3::hash(format!("{}\n{}", key.0, key.1.word()).as_bytes());
    digest.to_hex().as_str().chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> (MonoTime, WallTime) {
        let ns = s * 1_000_000_000;
        (MonoTime::from_ns(ns), WallTime::from_ns(i64::try_from(ns).expect("a small time")))
    }

    fn found(conditions: &[(&str, Kind, bool)]) -> BTreeMap<Key, Condition> {
        let condition = |is_consequence| Condition { text: "why".to_owned(), is_consequence };
        conditions.iter().map(|(place, kind, follows)| (((*place).to_owned(), *kind), condition(*follows))).collect()
    }

    fn look(table: &mut Table, s: u64, conditions: &[(&str, Kind, bool)]) -> Vec<(String, AlarmState)> {
        let (mono, wall) = at(s);
        let changes = table.look(&found(conditions), mono, wall);
        changes.into_iter().map(|change| (change.record.place, change.record.state)).collect()
    }

    #[test]
    fn a_connection_goes_and_comes_and_somebody_answers() {
        let mut table = Table::default();
        let down = [("connection plc", Kind::Connection, false)];
        assert!(look(&mut table, 0, &down).is_empty(), "within its on-delay");
        assert_eq!(look(&mut table, 2, &down), [("connection plc".to_owned(), AlarmState::Active)]);
        let (mono, wall) = at(3);
        let id = table.view(mono, wall).alarms[0].id.clone();
        let order = |table: &mut Table, event| table.order(&id, event, Duration::ZERO, "anna", mono, wall);
        assert_eq!(order(&mut table, AlarmEvent::Acknowledge).expect("active").record.by, "anna");
        assert!(matches!(order(&mut table, AlarmEvent::Acknowledge), Err(OrderError::NotNow(_))));
        assert!(look(&mut table, 4, &[]).is_empty());
        assert_eq!(look(&mut table, 9, &[]), [("connection plc".to_owned(), AlarmState::Normal)]);
        assert!(table.view(mono, wall).alarms.is_empty());
        let unknown = table.order("nothing", AlarmEvent::Shelve, Duration::ZERO, "anna", mono, wall);
        assert!(matches!(unknown, Err(OrderError::Unknown { .. })));
    }

    #[test]
    fn what_follows_from_a_connection_is_put_aside_and_comes_back_if_it_stays() {
        let mut table = Table::default();
        let follows = ("press/stroke", Kind::Inconclusive, true);
        look(&mut table, 0, &[("connection plc", Kind::Connection, false), follows]);
        let view = table.view(at(0).0, at(0).1);
        assert_eq!(view.alarms.len(), 1, "one to answer is not there yet, the other is aside");
        assert_eq!(view.alarms[0].state, "suppressed");
        let alone = ("press/stroke", Kind::Inconclusive, false);
        let back = look(&mut table, 5, &[alone]);
        assert!(back.contains(&("press/stroke".to_owned(), AlarmState::Active)), "{back:?}");
    }

    #[test]
    fn a_restart_keeps_what_was_shelved() {
        let record = AlarmRecord {
            place: "press/stroke".into(),
            kind: "fails".into(),
            state: AlarmState::Shelved,
            since: at(0).1,
            by: "anna".into(),
            shelved_until: Some(at(100).1),
        };
        let mut table = Table::resumed(&[record], at(40).0, at(40).1);
        let fails = [("press/stroke", Kind::Fails, false)];
        assert!(look(&mut table, 99, &fails).is_empty());
        assert_eq!(look(&mut table, 100, &fails), [("press/stroke".to_owned(), AlarmState::Active)]);
    }

    #[test]
    fn the_most_urgent_stands_first() {
        let mut table = Table::default();
        let all = [("connection plc", Kind::Connection, false), ("press/stroke", Kind::Device, false)];
        look(&mut table, 0, &all);
        look(&mut table, 3, &all);
        let kinds: Vec<_> = table.view(at(3).0, at(3).1).alarms.into_iter().map(|alarm| alarm.kind).collect();
        assert_eq!(kinds, ["connection", "device"]);
    }
}
