//! What is subscribed, and which groups read which topics; worked out once.

use crate::mqtt::json::Walker;
use crate::mqtt::mapping::{Format, GroupMapping, Layout, RawMapping};
use crate::mqtt::options::Qos;
use crate::mqtt::pointer::InvalidPointer;
use crate::mqtt::topic::{self, InvalidFilter, TopicTree};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{GroupSlot, TagSlot};

/// One subscription at the broker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subscription {
    /// The topic filter.
    pub filter: String,
    /// The best quality of service to deliver with.
    pub qos: Qos,
}

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMapping {
    /// The topic filter is none.
    #[error("'{filter}' cannot be subscribed")]
    Filter {
        /// As written.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: InvalidFilter,
    },
    /// A pointer is none.
    #[error("the mapping of '{filter}' names a field that cannot be found")]
    Pointer {
        /// The topic filter.
        filter: String,
        /// What is wrong with the pointer.
        #[source]
        source: InvalidPointer,
    },
    /// The group has no tags.
    #[error("the mapping of '{filter}' fills no tag; map at least one field")]
    NoTags {
        /// The topic filter.
        filter: String,
    },
    /// Tags and fields differ in number.
    #[error("the mapping of '{filter}' has {n_tags} tags but {n_fields} fields; give each tag its field")]
    Fields {
        /// The topic filter.
        filter: String,
        /// Tags of the group.
        n_tags: usize,
        /// Fields of the mapping.
        n_fields: usize,
    },
    /// A stamp of a raw payload that is not inside the header.
    #[error("the stamp of '{filter}' must lie inside the header: 8 bytes that end at or before header_bytes")]
    RawStamp {
        /// The topic filter.
        filter: String,
    },
    /// Two filters share topics, but neither covers the other: brokers may then deliver twice.
    #[error("'{a}' and '{b}' share topics; write one filter for both, because a broker may deliver each message twice")]
    Overlap {
        /// One filter.
        a: String,
        /// The other.
        b: String,
    },
}

/// What is subscribed, and which groups read which topics.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    subscriptions: Vec<Subscription>,
    pub(super) topics: TopicTree,
    pub(super) bundles: Vec<Bundle>,
    /// The greatest lateness of the checks that it feeds.
    pub(super) lateness: Duration,
}

/// All groups that read the topics of one filter.
#[derive(Debug, Clone, Default)]
pub(super) struct Bundle {
    pub json: Vec<Walker>,
    pub plain: Vec<PlainGroup>,
}

/// A group that reads a payload which is no document.
#[derive(Debug, Clone)]
pub(super) struct PlainGroup {
    pub group: GroupSlot,
    pub tags: Arc<[TagSlot]>,
    pub format: PlainFormat,
}

#[derive(Debug, Clone)]
pub(super) enum PlainFormat {
    Text(crate::convert::Conversion),
    Raw(RawMapping),
}

impl Plan {
    /// Merges groups by topic filter, or names everything that is wrong.
    ///
    /// A filter that another one covers is not subscribed on its own, since a broker may deliver a
    /// message once for each subscription that matches it; its groups still read their topics.
    pub fn new(groups: &[GroupMapping]) -> Result<Self, Vec<InvalidMapping>> {
        let (mut plan, mut wrong) = (Self::default(), vec![]);
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for mapping in groups {
            if let Err(error) = check(mapping) {
                wrong.push(error);
                continue;
            }
            let number = *numbers.entry(&mapping.filter).or_insert_with(|| plan.begin(mapping));
            plan.subscriptions[number].qos = plan.subscriptions[number].qos.max(mapping.qos);
            if let Err(source) = plan.bundles[number].add(mapping) {
                wrong.push(InvalidMapping::Pointer { filter: mapping.filter.clone(), source });
            }
        }
        wrong.extend(plan.merge_covered());
        if wrong.is_empty() { Ok(plan) } else { Err(wrong) }
    }

    /// The same for checks of this lateness. A stamp that lies more than ten times as far ahead of its
    /// arrival, and more than ten seconds, is not believed.
    #[must_use]
    pub fn with_lateness(self, lateness: Duration) -> Self {
        Self { lateness, ..self }
    }

    /// What to subscribe.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    fn begin(&mut self, mapping: &GroupMapping) -> usize {
        let number = self.bundles.len();
        let matched = topic::matched_part(&mapping.filter).expect("the filter was checked");
        self.topics.insert(matched, u32::try_from(number).expect("fewer than 2^32 filters"));
        self.bundles.push(Bundle::default());
        self.subscriptions.push(Subscription { filter: mapping.filter.clone(), qos: mapping.qos });
        number
    }

    fn merge_covered(&mut self) -> Vec<InvalidMapping> {
        let part = |s: &Subscription| topic::matched_part(&s.filter).expect("the filter was checked").to_owned();
        let parts: Vec<String> = self.subscriptions.iter().map(part).collect();
        let shared: Vec<bool> = self.subscriptions.iter().map(|s| s.filter.starts_with("$share/")).collect();
        let is_wide = |i: usize| parts[i].contains(['+', '#']) || shared[i];
        let covers = |a: usize, b: usize| !shared[a] && !shared[b] && topic::covers(&parts[a], &parts[b]);
        let (mut covered, mut wrong) = (vec![false; parts.len()], vec![]);
        // Only a filter with a wildcard or a shared one can share topics with another filter.
        for wide in (0..parts.len()).filter(|i| is_wide(*i)) {
            for other in (0..parts.len()).filter(|i| *i != wide) {
                let is_first_look = wide < other || !is_wide(other);
                if covers(wide, other) {
                    covered[other] = true;
                    let qos = self.subscriptions[other].qos;
                    self.subscriptions[wide].qos = self.subscriptions[wide].qos.max(qos);
                } else if is_first_look && !covers(other, wide) && topic::overlap(&parts[wide], &parts[other]) {
                    let [a, b] = [wide, other].map(|i| self.subscriptions[i].filter.clone());
                    wrong.push(InvalidMapping::Overlap { a, b });
                }
            }
        }
        let mut covered = covered.into_iter();
        self.subscriptions.retain(|_| !covered.next().unwrap_or(false));
        wrong
    }
}

impl Bundle {
    fn add(&mut self, mapping: &GroupMapping) -> Result<(), InvalidPointer> {
        let (group, tags) = (mapping.group, Arc::clone(&mapping.tags));
        match &mapping.format {
            Format::Json(json) if json.layout == Layout::One => {
                if let Some(walker) = self.json.iter_mut().find(|w| w.is_one()) {
                    return walker.add(group, tags, json);
                }
                let mut walker = Walker::one();
                walker.add(group, tags, json)?;
                self.json.push(walker);
            }
            Format::Json(json) => self.json.push(Walker::alone(group, tags, json)?),
            Format::Text(conversion) => {
                self.plain.push(PlainGroup { group, tags, format: PlainFormat::Text(*conversion) });
            }
            Format::Raw(raw) => self.plain.push(PlainGroup { group, tags, format: PlainFormat::Raw(raw.clone()) }),
        }
        Ok(())
    }
}

fn check(mapping: &GroupMapping) -> Result<(), InvalidMapping> {
    let filter = || mapping.filter.clone();
    topic::check_filter(&mapping.filter).map_err(|source| InvalidMapping::Filter { filter: filter(), source })?;
    let (n_tags, n_fields) = match &mapping.format {
        Format::Json(json) => (mapping.tags.len(), json.fields.len()),
        Format::Text(_) => (mapping.tags.len(), 1),
        Format::Raw(raw) => (mapping.tags.len(), raw.conversions.len()),
    };
    if n_tags == 0 {
        return Err(InvalidMapping::NoTags { filter: filter() });
    }
    if n_tags != n_fields {
        return Err(InvalidMapping::Fields { filter: filter(), n_tags, n_fields });
    }
    let outside = |raw: &RawMapping| raw.stamp.as_ref().is_some_and(|s| s.at_byte.saturating_add(8) > raw.header_bytes);
    match &mapping.format {
        Format::Raw(raw) if outside(raw) => Err(InvalidMapping::RawStamp { filter: filter() }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Conversion;
    use crate::mqtt::mapping::{ByteOrder, Field, JsonMapping, RawNumber, RawStamp, Scope, TimeMapping};
    use crate::stamp::{EpochUnit, StampFormat, StampReader};
    use std::time::Duration;

    fn json(filter: &str, qos: Qos, pointers: &[&str]) -> GroupMapping {
        let field =
            |p: &&str| Field { pointer: (*p).to_owned(), scope: Scope::Sample, conversion: Conversion::default() };
        let fields: Vec<Field> = pointers.iter().map(field).collect();
        GroupMapping {
            group: GroupSlot(0),
            filter: filter.to_owned(),
            qos,
            tags: (0..u32::try_from(fields.len()).unwrap()).map(TagSlot).collect(),
            format: Format::Json(JsonMapping { layout: Layout::One, fields, time: TimeMapping::arrival() }),
        }
    }

    fn check_subscriptions(filters: &[(&str, Qos)], expected: &[(&str, Qos)]) {
        let groups: Vec<_> = filters.iter().map(|(f, q)| json(f, *q, &["/a"])).collect();
        let plan = Plan::new(&groups).unwrap();
        let got: Vec<(&str, Qos)> = plan.subscriptions().iter().map(|s| (s.filter.as_str(), s.qos)).collect();
        assert_eq!(got, expected, "{filters:?}");
    }

    #[test]
    fn groups_merge_by_filter_and_covered_filters_are_not_subscribed() {
        use Qos::{AtLeastOnce as Q1, AtMostOnce as Q0, ExactlyOnce as Q2};
        check_subscriptions(&[("a", Q0), ("b", Q1), ("a", Q2)], &[("a", Q2), ("b", Q1)]);
        check_subscriptions(&[("a/b", Q1), ("a/#", Q0), ("c", Q0)], &[("a/#", Q1), ("c", Q0)]);
        check_subscriptions(&[("a/+", Q1), ("a/#", Q0), ("#", Q0)], &[("#", Q1)]);
        check_subscriptions(&[("#", Q0), ("$SYS/#", Q1)], &[("#", Q0), ("$SYS/#", Q1)]);
        check_subscriptions(&[("$share/g/a", Q1), ("b", Q0)], &[("$share/g/a", Q1), ("b", Q0)]);
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let wrong = |groups: &[GroupMapping]| Plan::new(groups).unwrap_err();
        let mut uneven = json("d", Qos::AtMostOnce, &["/a", "/b"]);
        uneven.tags = Arc::from([TagSlot(0)]);
        let mut raw = json("e", Qos::AtMostOnce, &["/a"]);
        let stamp = StampReader::new(StampFormat::Epoch(EpochUnit::Nanos), None).unwrap();
        raw.format = Format::Raw(RawMapping {
            number: RawNumber::I16,
            order: ByteOrder::Little,
            header_bytes: 4,
            stamp: Some(RawStamp { at_byte: 0, stamp }),
            step: Duration::ZERO,
            conversions: vec![Conversion::default()],
        });
        let all = wrong(&[
            json("a+", Qos::AtMostOnce, &["/a"]),
            json("b", Qos::AtMostOnce, &["a"]),
            json("c", Qos::AtMostOnce, &[]),
            uneven,
            raw,
        ]);
        assert_eq!(all.len(), 5, "{all:?}");
        let overlap = |a: &str, b: &str| InvalidMapping::Overlap { a: a.into(), b: b.into() };
        let two = |a, b| wrong(&[json(a, Qos::AtMostOnce, &["/a"]), json(b, Qos::AtMostOnce, &["/a"])]);
        assert_eq!(two("+/x", "y/+"), [overlap("+/x", "y/+")]);
        assert_eq!(two("$share/g/a", "a"), [overlap("$share/g/a", "a")]);
        assert_eq!(two("a", "$share/g/+"), [overlap("$share/g/+", "a")]);
    }
}
