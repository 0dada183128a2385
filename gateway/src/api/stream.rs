//! The live stream: verdicts as they come, the status every second, live values and alarms as they
//! change, as server-sent events.
//!
//! Verdicts that come within a tenth of a second travel together, and of a rush only the newest
//! are sent; of live values only the newest reading of each tag. A viewer is told how much it missed,
//! and the pipeline never knows that it was slow.

use super::Api;
use super::answer::{Asked, ProblemAnswer, Refusal};
use super::feed::{LOOK_EVERY, LiveTags};
use super::identity::Identity;
use super::live::known_line;
use super::reader::{Place, Signed};
use crate::alarms::AlarmsView;
use crate::board::show::N_CONTRIBUTIONS_SHOWN;
use crate::board::{Live, Status, VerdictView};
use crate::record::VerdictRecord;
use crate::telemetry::Metric;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use futures::Stream;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use utoipa::{IntoParams, ToSchema};

/// Verdicts of this time travel together.
const TOGETHER: Duration = Duration::from_millis(100);
/// Verdicts in one event; of more the newest are sent.
const VERDICTS_MAX: usize = 50;
/// When a reader that lost the stream tries again.
const RETRY: Duration = Duration::from_secs(2);

/// Verdicts that came since the event before, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct LiveVerdicts {
    /// The newest of them, oldest first.
    verdicts: Vec<VerdictView>,
    /// Verdicts that this reader was too slow for, or that were too many to show. Those of other lines count
    /// where the reader was too slow: nobody looked at them.
    n_missed: u64,
}

/// The data of an event, by its name: `verdicts`, `status`, `tags`, `alarms`.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "words of the document: each event is written by itself")]
pub(super) enum LiveEvent {
    Verdicts(LiveVerdicts),
    Status(Box<Status>),
    Tags(LiveTags),
    Alarms(AlarmsView),
}

/// What is followed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Followed {
    /// With commas between: `status`, `verdicts`, `tags`, `alarms`; else status and verdicts.
    topics: Option<String>,
    /// Only this line: its verdicts, its tags, and of the lines in the status it alone.
    line: Option<String>,
}

/// What an event is about, in the order in which a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Status,
    Verdicts,
    Tags,
    Alarms,
}

impl Topic {
    const ALL: [Self; 4] = [Self::Status, Self::Verdicts, Self::Tags, Self::Alarms];

    fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Verdicts => "verdicts",
            Self::Tags => "tags",
            Self::Alarms => "alarms",
        }
    }

    fn several(text: &str) -> Result<Vec<Self>, Refusal> {
        let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        let unknown = words.iter().find(|word| !Self::ALL.iter().any(|topic| topic.word() == **word));
        if unknown.is_some() || words.is_empty() {
            let unknown: String = unknown.map_or(text, |word| word).chars().take(40).collect();
            let hint = "write some of status, verdicts, tags and alarms, with commas between";
            return Err(Refusal::bad(format!("topics: '{unknown}' is none"), hint));
        }
        Ok(Self::ALL.into_iter().filter(|topic| words.contains(&topic.word())).collect())
    }
}

/// Follows the gateway. Events: `status` (every second), `verdicts` (the last 50 at once, then those that
/// come), `tags` (all at once, then those with a new reading, five times a second at most) and `alarms` (at
/// once and when they change). A slow reader skips and is told so. `Last-Event-ID` is accepted and not
/// needed: the stream begins with what is.
#[utoipa::path(get, path = "/api/v1/stream", tag = "live", params(Followed), responses(
    (status = 200, body = LiveEvent, content_type = "text/event-stream"),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such line"),
    (status = 503, body = ProblemAnswer, description = "As many streams are open as there may be"),
))]
pub(super) async fn stream(
    State(api): State<Api>,
    Extension(identity): Extension<Identity>,
    Asked(followed): Asked<Followed>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let topics = match followed.topics.as_deref() {
        None => vec![Topic::Status, Topic::Verdicts],
        Some(text) => Topic::several(text)?,
    };
    known_line(&api, followed.line.as_deref())?;
    let Some(place) = api.streams.open(&identity.who.name) else {
        api.telemetry.meters().warn(Metric::HttpRefused, "streams", "as many live streams are open as there may be");
        let hint = "close a page that shows this gateway, or read /api/v1/status instead";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many live streams are open", hint));
    };
    let reader = Reader::new(api, topics, followed.line, identity, place);
    Ok(Sse::new(futures::stream::unfold(reader, Reader::next)))
}

struct Reader {
    api: Api,
    line: Option<String>,
    n_events: u64,
    /// What has not been shown for the first time.
    first: VecDeque<Topic>,
    recent: Vec<Arc<VerdictRecord>>,
    verdicts: Option<broadcast::Receiver<Live>>,
    status: Option<watch::Receiver<Arc<Status>>>,
    tags: Option<Tags>,
    alarms: Option<watch::Receiver<u64>>,
    reader: Signed,
    _place: Place,
}

/// How far a reader has seen live values.
struct Tags {
    due: Interval,
    look: Option<u64>,
    n_skipped: u64,
}

impl Reader {
    fn new(api: Api, topics: Vec<Topic>, line: Option<String>, identity: Identity, place: Place) -> Self {
        let follows = |topic| topics.contains(&topic);
        let mut due = tokio::time::interval(LOOK_EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let board = api.viewer.board();
        Self {
            n_events: 0,
            recent: if follows(Topic::Verdicts) { board.recent() } else { Vec::new() },
            verdicts: follows(Topic::Verdicts).then(|| board.subscribe()),
            status: follows(Topic::Status).then(|| api.viewer.follow()),
            tags: follows(Topic::Tags).then_some(Tags { due, look: None, n_skipped: 0 }),
            alarms: follows(Topic::Alarms).then(|| api.alarms.follow()),
            reader: Signed::new(&api.access, identity),
            first: topics.into(),
            line,
            api,
            _place: place,
        }
    }

    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        self.n_events += 1;
        let first = self.first.pop_front().and_then(|topic| match topic {
            Topic::Status => self.status_event(),
            Topic::Verdicts => {
                let recent = std::mem::take(&mut self.recent);
                let own = recent.into_iter().filter(|record| self.is_followed(record)).take(VERDICTS_MAX);
                Some(verdicts_event(own.collect::<Vec<_>>().into_iter().rev(), 0))
            }
            Topic::Tags => self.tags_event(),
            Topic::Alarms => self.alarms_event(),
        });
        let event = match first {
            Some(first) => first,
            None => self.wait().await?,
        };
        let event = event.id(self.n_events.to_string()).retry(RETRY);
        Some((Ok(event), self))
    }

    /// The next event; `None` when the gateway or the reader's sign-in ends.
    async fn wait(&mut self) -> Option<Event> {
        let until = self.api.until.clone();
        loop {
            let event = tokio::select! {
                () = until.cancelled() => return None,
                () = self.reader.gone() => return None,
                changed = changed(&mut self.status) => {
                    changed.ok()?;
                    self.status_event()
                }
                changed = changed(&mut self.alarms) => {
                    changed.ok()?;
                    self.alarms_event()
                }
                n_late = Tags::due(&mut self.tags) => {
                    if let Some(tags) = &mut self.tags {
                        tags.n_skipped += n_late;
                    }
                    self.tags_event()
                }
                item = received(&mut self.verdicts) => match item {
                    Ok(Live::Write(_)) => None,
                    Ok(Live::Verdict(record)) if !self.is_followed(&record) => None,
                    Ok(Live::Verdict(record)) => Some(self.gather(vec![record], 0).await),
                    Err(RecvError::Lagged(n)) => Some(self.gather(Vec::new(), n).await),
                    Err(RecvError::Closed) => return None,
                },
            };
            if event.is_some() {
                return event;
            }
        }
    }

    fn is_followed(&self, record: &VerdictRecord) -> bool {
        self.line.as_deref().is_none_or(|line| record.key.line.as_str() == line)
    }

    /// Takes what comes within [`TOGETHER`].
    async fn gather(&mut self, mut records: Vec<Arc<VerdictRecord>>, mut n_missed: u64) -> Event {
        let end = Instant::now() + TOGETHER;
        loop {
            match tokio::time::timeout_at(end, received(&mut self.verdicts)).await {
                Ok(Ok(Live::Verdict(record))) => {
                    if self.is_followed(&record) {
                        records.push(record);
                    }
                }
                Ok(Ok(Live::Write(_))) => {}
                Ok(Err(RecvError::Lagged(n))) => n_missed += n,
                Ok(Err(RecvError::Closed)) | Err(_) => break,
            }
        }
        let n_over = records.len().saturating_sub(VERDICTS_MAX);
        records.drain(..n_over);
        n_missed += n_over as u64;
        if n_missed > 0 {
            self.api.telemetry.meters().count(Metric::StreamMissed, "http", n_missed);
        }
        verdicts_event(records.into_iter(), n_missed)
    }

    fn status_event(&mut self) -> Option<Event> {
        let status = Arc::clone(&self.status.as_mut()?.borrow_and_update());
        let event = Event::default().event(Topic::Status.word());
        Some(match &self.line {
            None => json(event, &*status),
            Some(line) => {
                let mut status = (*status).clone();
                status.lines.retain(|of| of.id == *line);
                json(event, &status)
            }
        })
    }

    /// What is new of live values; `None` where nothing is.
    fn tags_event(&mut self) -> Option<Event> {
        let tags = self.tags.as_mut()?;
        let viewer = &self.api.viewer;
        let fresh = self.api.feed.fresh(viewer.board(), viewer.now(), tags.look, self.line.as_deref());
        tags.look = Some(fresh.look);
        if fresh.is_empty() {
            return None;
        }
        let n_skipped = std::mem::take(&mut tags.n_skipped);
        if n_skipped > 0 {
            self.api.telemetry.meters().count(Metric::StreamMissed, "tags", n_skipped);
        }
        Some(Event::default().event(Topic::Tags.word()).data(fresh.json(n_skipped)))
    }

    fn alarms_event(&mut self) -> Option<Event> {
        self.alarms.as_mut()?.mark_unchanged();
        Some(json(Event::default().event(Topic::Alarms.word()), &self.api.alarms.view()))
    }
}

impl Tags {
    /// Returns when live values may be sent again, and how many times that was missed meanwhile: a stream
    /// whose reader is slow is not asked for events.
    async fn due(of: &mut Option<Self>) -> u64 {
        let Some(tags) = of else { return std::future::pending().await };
        let late = tags.due.tick().await.elapsed();
        u64::try_from(late.as_millis() / LOOK_EVERY.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A change of what is followed; never one of what is not.
async fn changed<T>(of: &mut Option<watch::Receiver<T>>) -> Result<(), watch::error::RecvError> {
    match of {
        Some(followed) => followed.changed().await,
        None => std::future::pending().await,
    }
}

/// The next that comes; never anything where nothing is followed.
async fn received(of: &mut Option<broadcast::Receiver<Live>>) -> Result<Live, RecvError> {
    match of {
        Some(followed) => followed.recv().await,
        None => std::future::pending().await,
    }
}

fn verdicts_event(records: impl Iterator<Item = Arc<VerdictRecord>>, n_missed: u64) -> Event {
    let verdicts = records.map(|record| VerdictView::of(&record, N_CONTRIBUTIONS_SHOWN)).collect();
    json(Event::default().event(Topic::Verdicts.word()), &LiveVerdicts { verdicts, n_missed })
}

fn json<T: Serialize>(event: Event, body: &T) -> Event {
    event.json_data(body).expect("the documents have only text keys and finite numbers")
}
