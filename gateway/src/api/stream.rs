//! The live stream: verdicts as they come and the status every second, as server-sent events.
//!
//! Verdicts that come within a tenth of a second travel together, and of a rush only the newest
//! are sent: a viewer is told how many it missed, and the pipeline never knows that it was slow.

use super::Api;
use super::answer::{ProblemAnswer, Refusal};
use super::identity::Identity;
use super::reader::{Place, Signed};
use crate::board::show::N_CONTRIBUTIONS_SHOWN;
use crate::board::{Live, Status, VerdictView};
use crate::record::VerdictRecord;
use crate::telemetry::{Meters, Metric};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use futures::Stream;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

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
    /// Verdicts that this reader was too slow for, or that were too many to show.
    n_missed: u64,
}

/// Follows the gateway. Events: `verdicts` (the last 50 at once, then those that come) and
/// `status` (every second). `Last-Event-ID` is accepted and not needed: the stream begins with
/// what is.
#[utoipa::path(get, path = "/api/v1/stream", tag = "live", responses(
    (status = 200, body = LiveVerdicts, content_type = "text/event-stream"),
    (status = 503, body = ProblemAnswer, description = "As many streams are open as there may be"),
))]
pub(super) async fn stream(
    State(api): State<Api>,
    Extension(identity): Extension<Identity>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let Some(place) = api.streams.open(&identity.who.name) else {
        api.telemetry.meters().warn(Metric::HttpRefused, "streams", "as many live streams are open as there may be");
        let hint = "close a page that shows this gateway, or read /api/v1/status instead";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many live streams are open", hint));
    };
    let reader = Reader {
        n_events: 0,
        first: api.viewer.board().recent(),
        live: api.viewer.board().subscribe(),
        status: api.viewer.follow(),
        meters: api.telemetry.meters().clone(),
        until: api.until.clone(),
        reader: Signed::new(&api.access, identity),
        _place: place,
    };
    Ok(Sse::new(futures::stream::unfold(reader, Reader::next)))
}

struct Reader {
    n_events: u64,
    first: Vec<Arc<VerdictRecord>>,
    live: broadcast::Receiver<Live>,
    status: watch::Receiver<Arc<Status>>,
    meters: Meters,
    until: CancellationToken,
    reader: Signed,
    _place: Place,
}

impl Reader {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        self.n_events += 1;
        let event = match self.n_events {
            1 => self.status_event(),
            2 => {
                let newest = std::mem::take(&mut self.first).into_iter().take(VERDICTS_MAX).rev().collect();
                verdicts_event(newest, 0)
            }
            _ => self.wait().await?,
        };
        let event = event.id(self.n_events.to_string()).retry(RETRY);
        Some((Ok(event), self))
    }

    /// The next event; `None` when the gateway or the reader's sign-in ends.
    async fn wait(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                () = self.until.cancelled() => return None,
                () = self.reader.gone() => return None,
                changed = self.status.changed() => {
                    changed.ok()?;
                    return Some(self.status_event());
                }
                item = self.live.recv() => match item {
                    Ok(Live::Write(_)) => {}
                    Ok(Live::Verdict(record)) => return Some(self.gather(vec![record], 0).await),
                    Err(broadcast::error::RecvError::Lagged(n)) => return Some(self.gather(Vec::new(), n).await),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Takes what comes within [`TOGETHER`].
    async fn gather(&mut self, mut records: Vec<Arc<VerdictRecord>>, mut n_missed: u64) -> Event {
        let end = Instant::now() + TOGETHER;
        loop {
            match tokio::time::timeout_at(end, self.live.recv()).await {
                Ok(Ok(Live::Verdict(record))) => records.push(record),
                Ok(Ok(Live::Write(_))) => {}
                Ok(Err(broadcast::error::RecvError::Lagged(n))) => n_missed += n,
                Ok(Err(broadcast::error::RecvError::Closed)) | Err(_) => break,
            }
        }
        let n_over = records.len().saturating_sub(VERDICTS_MAX);
        records.drain(..n_over);
        n_missed += n_over as u64;
        if n_missed > 0 {
            self.meters.count(Metric::StreamMissed, "http", n_missed);
        }
        verdicts_event(records, n_missed)
    }

    fn status_event(&mut self) -> Event {
        let status = Arc::clone(&self.status.borrow_and_update());
        json(Event::default().event("status"), &*status)
    }
}

fn verdicts_event(records: Vec<Arc<VerdictRecord>>, n_missed: u64) -> Event {
    let verdicts = records.iter().map(|record| VerdictView::of(record, N_CONTRIBUTIONS_SHOWN)).collect();
    json(Event::default().event("verdicts"), &LiveVerdicts { verdicts, n_missed })
}

fn json<T: Serialize>(event: Event, body: &T) -> Event {
    event.json_data(body).expect("the documents have only text keys and finite numbers")
}
