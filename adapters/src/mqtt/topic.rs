//! Topic filters (MQTT 5, section 4.7): what is a filter, what matches it, which filters overlap.

use std::collections::HashMap;

/// Longest topic or filter in bytes (MQTT strings carry a 16-bit length).
pub const TOPIC_BYTES_MAX: usize = 65_535;

/// Most levels that a filter may have. Bounds the depth of the tree.
pub const LEVELS_MAX: usize = 128;

/// Why a text is no topic filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    /// Nothing was written.
    #[error("the topic filter is empty; write the topic to subscribe to")]
    Empty,
    /// Longer than [`TOPIC_BYTES_MAX`] or more than [`LEVELS_MAX`] levels.
    #[error("the topic filter is too long; at most 65,535 bytes and 128 levels are allowed")]
    TooLong,
    /// A character that MQTT forbids.
    #[error("the topic filter holds a null character; remove it")]
    Null,
    /// `#` anywhere but as the whole last level.
    #[error("'#' must be the whole last level of the topic filter, as in plant/press/#")]
    Hash,
    /// `+` beside other characters.
    #[error("'+' must be a whole level of the topic filter, as in plant/+/force")]
    Plus,
    /// `$share` without a name or a filter.
    #[error("a shared subscription is written $share/NAME/FILTER")]
    Share,
}

/// The part of a subscription that topics are matched with: `$share/NAME/` is taken off.
pub fn matched_part(filter: &str) -> Result<&str, InvalidFilter> {
    let Some(rest) = filter.strip_prefix("$share/") else { return Ok(filter) };
    match rest.split_once('/') {
        Some((name, inner)) if !name.is_empty() && !inner.is_empty() && !name.contains(['+', '#']) => Ok(inner),
        _ => Err(InvalidFilter::Share),
    }
}

/// Checks a topic filter, `$share/NAME/` included.
pub fn check_filter(filter: &str) -> Result<(), InvalidFilter> {
    if filter.is_empty() {
        return Err(InvalidFilter::Empty);
    }
    if filter.len() > TOPIC_BYTES_MAX || filter.split('/').count() > LEVELS_MAX {
        return Err(InvalidFilter::TooLong);
    }
    if filter.contains('\0') {
        return Err(InvalidFilter::Null);
    }
    let mut levels = matched_part(filter)?.split('/').peekable();
    while let Some(level) = levels.next() {
        if level.contains('#') && (level != "#" || levels.peek().is_some()) {
            return Err(InvalidFilter::Hash);
        }
        if level.contains('+') && level != "+" {
            return Err(InvalidFilter::Plus);
        }
    }
    Ok(())
}

/// Whether a text can be published to: not empty, no wildcard, no null, not too long.
pub fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= TOPIC_BYTES_MAX && !topic.contains(['+', '#', '\0'])
}

/// Whether every topic that matches `inner` also matches `outer`.
pub fn covers(outer: &str, inner: &str) -> bool {
    if inner.starts_with('$') && outer.starts_with(['+', '#']) {
        return false;
    }
    let (mut outer, mut inner) = (outer.split('/'), inner.split('/'));
    loop {
        match (outer.next(), inner.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(level)) if level != "#" => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// Whether some topic matches both filters.
pub fn overlap(a: &str, b: &str) -> bool {
    let system = |filter: &str, other: &str| other.starts_with('$') && filter.starts_with(['+', '#']);
    if system(a, b) || system(b, a) {
        return false;
    }
    let (mut a, mut b) = (a.split('/'), b.split('/'));
    loop {
        match (a.next(), b.next()) {
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (Some(x), Some(y)) if x == y || x == "+" || y == "+" => {}
            _ => return false,
        }
    }
}

/// Filters by level, so that a topic finds its filters in time proportional to its levels.
#[derive(Debug, Clone, Default)]
pub struct TopicTree {
    root: Level,
}

#[derive(Debug, Clone, Default)]
struct Level {
    named: HashMap<Box<str>, Level>,
    any: Option<Box<Level>>,
    rest: Vec<u32>,
    here: Vec<u32>,
}

impl TopicTree {
    /// Adds a checked filter with the number that a match gives back.
    pub fn insert(&mut self, filter: &str, number: u32) {
        let mut level = &mut self.root;
        for name in filter.split('/') {
            level = match name {
                "#" => return level.rest.push(number),
                "+" => level.any.get_or_insert_default(),
                _ => level.named.entry(name.into()).or_default(),
            };
        }
        level.here.push(number);
    }

    /// Calls `found` with the number of every filter that the topic matches.
    pub fn find(&self, topic: &str, found: &mut impl FnMut(u32)) {
        descend(&self.root, topic.split('/'), !topic.starts_with('$'), found);
    }
}

fn descend<'t>(
    level: &Level,
    mut names: impl Iterator<Item = &'t str> + Clone,
    wildcards: bool,
    found: &mut impl FnMut(u32),
) {
    if wildcards {
        level.rest.iter().for_each(|n| found(*n));
    }
    let Some(name) = names.next() else {
        return level.here.iter().for_each(|n| found(*n));
    };
    if let Some(next) = level.named.get(name) {
        descend(next, names.clone(), true, found);
    }
    if let (true, Some(next)) = (wildcards, &level.any) {
        descend(next, names, true, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule of the standard, written down as plainly as possible.
    fn matches(filter: &str, topic: &str) -> bool {
        if topic.starts_with('$') && filter.starts_with(['+', '#']) {
            return false;
        }
        let f: Vec<&str> = filter.split('/').collect();
        let t: Vec<&str> = topic.split('/').collect();
        for (i, level) in f.iter().enumerate() {
            if *level == "#" {
                return true;
            }
            if i >= t.len() || (*level != "+" && *level != t[i]) {
                return false;
            }
        }
        f.len() == t.len()
    }

    fn found(filters: &[&str], topic: &str) -> Vec<u32> {
        let mut tree = TopicTree::default();
        for (i, filter) in filters.iter().enumerate() {
            tree.insert(filter, u32::try_from(i).unwrap());
        }
        let mut numbers = vec![];
        tree.find(topic, &mut |n| numbers.push(n));
        numbers.sort_unstable();
        numbers
    }

    #[test]
    fn filters_of_the_standard() {
        for good in ["#", "+", "a", "/", "a//b", "a/+/c", "+/+/#", "$SYS/#", "$share/g/a/+"] {
            assert_eq!(check_filter(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", InvalidFilter::Empty),
            ("a#", InvalidFilter::Hash),
            ("a/#/b", InvalidFilter::Hash),
            ("a+/b", InvalidFilter::Plus),
            ("a\0b", InvalidFilter::Null),
            ("$share/g", InvalidFilter::Share),
            ("$share//a", InvalidFilter::Share),
        ] {
            assert_eq!(check_filter(bad), Err(why), "{bad}");
        }
        assert_eq!(check_filter(&"a/".repeat(200)), Err(InvalidFilter::TooLong));
    }

    #[test]
    fn wildcards_do_not_reach_system_topics() {
        assert_eq!(found(&["#", "+/x", "$SYS/#", "$SYS/+"], "$SYS/x"), [2, 3]);
        assert_eq!(found(&["a/#", "a/+", "#"], "a"), [0, 2]);
    }

    fn filter() -> impl Strategy<Value = String> {
        let level = prop_oneof![Just("a"), Just("b"), Just("+"), Just("")];
        (prop::collection::vec(level, 1..5), any::<bool>()).prop_map(|(levels, hash)| {
            let mut text = levels.join("/");
            if hash {
                text.push_str("/#");
            }
            text
        })
    }

    fn topic() -> impl Strategy<Value = String> {
        prop::collection::vec(prop_oneof![Just("a"), Just("b"), Just("")], 1..5).prop_map(|levels| levels.join("/"))
    }

    fn all_topics() -> Vec<String> {
        let mut all = vec![];
        let mut round = vec![String::new()];
        for depth in 0..6 {
            let mut next = vec![];
            for head in &round {
                for name in ["", "a", "b"] {
                    next.push(if depth == 0 { name.to_owned() } else { format!("{head}/{name}") });
                }
            }
            all.extend(next.iter().cloned());
            round = next;
        }
        all
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_the_rule_matches(filters in prop::collection::vec(filter(), 1..8), topic in topic()) {
            let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
            let expected: Vec<u32> = filters
                .iter()
                .enumerate()
                .filter(|(_, f)| matches(f, &topic))
                .map(|(i, _)| u32::try_from(i).unwrap())
                .collect();
            prop_assert_eq!(found(&filters, &topic), expected);
        }

        #[test]
        fn covering_and_overlapping_mean_what_they_say(a in filter(), b in filter()) {
            let topics = all_topics();
            let both = topics.iter().any(|t| matches(&a, t) && matches(&b, t));
            prop_assert_eq!(overlap(&a, &b), both, "overlap of {} and {}", a, b);
            // One way only: `+/#` covers `#` as a set, but is not seen to do so level by level.
            let all = topics.iter().all(|t| !matches(&b, t) || matches(&a, t));
            prop_assert!(!covers(&a, &b) || all, "{} covers {}", a, b);
            prop_assert!(covers(&a, &a));
        }
    }
}
