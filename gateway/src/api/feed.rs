//! Live values for every stream together: the board is looked at five times a second at most, however
//! many pages are open, and only tags with a new reading are written out.
//!
//! A stream says up to which look it has shown everything and gets what came after, so a slow one skips
//! readings and never falls behind. Nothing is kept for a reader but that number.

use crate::board::show::reading_parts;
use crate::board::{Board, LineGauge, Now};
use crate::payload::time_text;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use takt_plant::{MonoTime, WallTime};
use utoipa::ToSchema;

/// How often the board is looked at: as often as it takes new values over.
pub(super) const LOOK_EVERY: Duration = crate::board::LIVE_EVERY;
/// Texts that are kept for other streams until the next look: one for each line that pages show, and one
/// for those that show all. More are written anew.
const TEXTS_MAX: usize = 8;

/// Live values that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct LiveTags {
    /// Whether these are all tags, those without a reading as well: at the beginning, and when the lines changed.
    whole: bool,
    /// The newest value of each.
    tags: Vec<LiveTag>,
    /// Updates since the event before that were left out because this reader was slow.
    n_skipped: u64,
}

/// The live value of a tag. What never changes about it stands at `/api/v1/tags`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
struct LiveTag {
    /// Its line.
    line: String,
    /// Its name.
    id: String,
    /// `good`, `uncertain`, `bad`, or `none` before the first reading.
    quality: String,
    /// Why it is uncertain or bad.
    why: Option<String>,
    /// The value; a bad reading has none.
    #[schema(value_type = Option<serde_json::Value>)]
    value: Option<serde_json::Value>,
    /// When it was taken, by its source.
    at: Option<String>,
    /// Milliseconds since it came.
    age_ms: Option<u64>,
}

/// The tags as they were last looked at.
#[derive(Default)]
pub(super) struct Feed(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// Looks so far.
    look: u64,
    looked_at: Option<MonoTime>,
    /// The look at which lines came or went.
    changed_at: u64,
    lines: Vec<SeenLine>,
    texts: Vec<(u64, Option<String>, Arc<str>)>,
}

struct SeenLine {
    gauge: Arc<LineGauge>,
    tags: Vec<SeenTag>,
}

#[derive(Default)]
struct SeenTag {
    /// The look at which its reading was new.
    look: u64,
    stamp: Option<(MonoTime, WallTime)>,
    text: String,
}

/// What a stream has not shown yet.
pub(super) struct Fresh {
    /// Up to which look it then has.
    pub(super) look: u64,
    whole: bool,
    /// The tags as JSON, with commas between.
    tags: Arc<str>,
}

impl Fresh {
    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        !self.whole && self.tags.is_empty()
    }

    /// As [`LiveTags`] in JSON.
    pub(super) fn json(&self, n_skipped: u64) -> String {
        format!(r#"{{"whole":{},"tags":[{}],"n_skipped":{n_skipped}}}"#, self.whole, self.tags)
    }
}

impl Feed {
    /// What changed after a look, on one line or all; everything after none. Looks again when it is time.
    pub(super) fn fresh(&self, board: &Board, now: Now, after: Option<u64>, line: Option<&str>) -> Fresh {
        // Whoever panicked here left values that the next look replaces.
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looked_at.is_none_or(|at| now.mono.since(at) >= LOOK_EVERY) {
            seen.look(board, now);
        }
        match after.filter(|after| *after >= seen.changed_at) {
            None => Fresh { look: seen.look, whole: true, tags: seen.all(line, now).into() },
            Some(after) => Fresh { look: seen.look, whole: false, tags: seen.since(after, line) },
        }
    }
}

impl Seen {
    fn look(&mut self, board: &Board, now: Now) {
        self.look += 1;
        self.looked_at = Some(now.mono);
        self.texts.clear();
        let gauges = board.lines();
        let same = gauges.len() == self.lines.len()
            && gauges.iter().zip(&self.lines).all(|(gauge, seen)| Arc::ptr_eq(gauge, &seen.gauge));
        if !same {
            self.changed_at = self.look;
            self.lines = gauges.into_iter().map(SeenLine::new).collect();
        }
        let look = self.look;
        self.lines.iter_mut().for_each(|line| line.look(look, now));
    }

    fn of<'a>(&'a self, line: Option<&'a str>) -> impl Iterator<Item = &'a SeenLine> {
        self.lines.iter().filter(move |seen| line.is_none_or(|line| seen.gauge.plan().id.as_str() == line))
    }

    fn all(&self, line: Option<&str>, now: Now) -> String {
        let mut text = String::new();
        for seen in self.of(line) {
            for slot in 0..seen.tags.len() {
                seen.write(slot, now, &mut text);
            }
        }
        text
    }

    fn since(&mut self, after: u64, line: Option<&str>) -> Arc<str> {
        let known = self.texts.iter().find(|(from, of, _)| *from == after && of.as_deref() == line);
        if let Some((.., text)) = known {
            return Arc::clone(text);
        }
        let mut text = String::new();
        for tag in self.of(line).flat_map(|seen| &seen.tags).filter(|tag| tag.look > after) {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&tag.text);
        }
        let text: Arc<str> = text.into();
        if self.texts.len() < TEXTS_MAX {
            self.texts.push((after, line.map(str::to_owned), Arc::clone(&text)));
        }
        text
    }
}

impl SeenLine {
    fn new(gauge: Arc<LineGauge>) -> Self {
        let tags = gauge.plan().tags.iter().map(|_| SeenTag::default()).collect();
        Self { gauge, tags }
    }

    fn look(&mut self, look: u64, now: Now) {
        for slot in 0..self.tags.len() {
            let live = self.gauge.live(u32::try_from(slot).unwrap_or(u32::MAX));
            let stamp = live.map(|live| (live.arrived, live.at));
            if stamp == self.tags[slot].stamp {
                continue;
            }
            let mut text = std::mem::take(&mut self.tags[slot].text);
            text.clear();
            self.write(slot, now, &mut text);
            self.tags[slot] = SeenTag { look, stamp, text };
        }
    }

    /// Appends a tag, with a comma where something stands before it.
    fn write(&self, slot: usize, now: Now, to: &mut String) {
        let plan = self.gauge.plan();
        let live = self.gauge.live(u32::try_from(slot).unwrap_or(u32::MAX));
        let (quality, why, value) = live.as_ref().map_or(("none", None, None), |live| reading_parts(&live.reading));
        let age_ms = live.as_ref().map(|live| now.mono.since(live.arrived).as_millis());
        let tag = LiveTag {
            line: plan.id.to_string(),
            id: plan.tags[slot].id.to_string(),
            quality: quality.to_owned(),
            why,
            value,
            at: live.map(|live| time_text(live.at)),
            age_ms: age_ms.map(|age_ms| u64::try_from(age_ms).unwrap_or(u64::MAX)),
        };
        let text = serde_json::to_string(&tag).expect("the document has only text keys and finite numbers");
        // Writing into a string never fails.
        let _ = write!(to, "{}{text}", if to.is_empty() { "" } else { "," });
    }
}
