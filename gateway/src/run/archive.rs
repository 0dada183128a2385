//! What HTTP reads of the past, over the store's reading side.

use super::Shared;
use crate::access::name_of;
use crate::api::{
    Archive, ArchiveError, AuditPage, AuditQuery, AuditView, EventQuery, EventView, FeedbackView, HistoryQuery,
    ModelEntry, ScoreQuery, Step, Taken, VerdictAddress, VerdictDetail, VerdictNumber, VerdictPage, VerdictQuery,
    WriteView,
};
use crate::board::{ModelStanding, VerdictView};
use crate::loader::sentence;
use crate::payload::time_text;
use crate::store::{
    ActFilter, Event, Feedback, OutcomeKind, Span, Store, StoreError, StoredEvent, StoredVerdict, StoredWrite,
    VerdictFilter, WriteKind, WriteOutcome,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::WallTime;

/// The store as HTTP sees it.
pub(super) struct StoreArchive {
    store: Store,
    shared: Arc<Shared>,
}

impl StoreArchive {
    pub(super) fn new(store: Store, shared: Arc<Shared>) -> Self {
        Self { store, shared }
    }

    async fn page(&self, query: VerdictQuery) -> Result<VerdictPage, ArchiveError> {
        let before = match &query.cursor {
            Some(cursor) => Some(cursor.parse().map_err(|_| ArchiveError::BadCursor)?),
            None => None,
        };
        let outcome = query.verdict.map(|word| match word {
            "pass" => OutcomeKind::Pass,
            "fail" => OutcomeKind::Fail,
            _ => OutcomeKind::Inconclusive,
        });
        let filter = VerdictFilter {
            line: query.line,
            check: query.check,
            outcome,
            part: query.part,
            span: Some(half_open(query.span)),
            before,
            numbered: None,
        };
        let found = self.store.reader().verdicts(&filter, query.n_max).await.map_err(unreadable)?;
        let next = (found.len() == query.n_max).then(|| found.last().map(|verdict| verdict.id.to_string())).flatten();
        Ok(VerdictPage { verdicts: found.iter().map(view).collect(), next })
    }

    async fn samples(&self, query: HistoryQuery, take: &mut Taken<'_>) -> Result<(), ArchiveError> {
        let span = half_open(query.span);
        let stream = self.store.reader().stream(&query.line, &query.tags, span).await;
        let mut stream = stream.map_err(unreadable)?;
        while let Some(batch) = stream.next().await.map_err(unreadable)? {
            for frame in &batch.frames {
                for (tag, reading) in batch.tags.iter().zip(&frame.readings) {
                    take(*tag, frame.at, reading);
                }
            }
        }
        Ok(())
    }

    async fn zoomed(&self, query: HistoryQuery, n: usize) -> Result<Vec<Vec<Step>>, ArchiveError> {
        let points = self.store.reader().points(&query.line, &query.tags, half_open(query.span), n).await;
        let step = |point: &crate::store::Point| Step {
            at: point.at,
            n: point.n_samples,
            n_bad: point.n_samples.saturating_sub(u64::from(point.n)),
            spread: (point.n > 0).then_some((point.min, point.max, point.mean)),
        };
        Ok(points.map_err(unreadable)?.iter().map(|points| points.iter().map(step).collect()).collect())
    }

    async fn one(&self, which: VerdictAddress) -> Result<Option<VerdictDetail>, ArchiveError> {
        let (reader, numbered) = (self.store.reader(), (which.epoch, which.seq));
        let Some(found) = reader.verdict(&which.line, &which.check, numbered).await.map_err(unreadable)? else {
            return Ok(None);
        };
        let said = reader.feedback(&which.line, &which.check, numbered).await.map_err(unreadable)?;
        let beside = reader.neighbours(&which.line, &which.check, numbered).await.map_err(unreadable)?;
        let [previous, next] = beside.map(|number| number.map(|(epoch, seq)| VerdictNumber { epoch, seq }));
        let at = found.record.at;
        Ok(Some(VerdictDetail {
            verdict: view(&found),
            writes: found.writes.iter().map(|write| write_view(write, at)).collect(),
            feedback: said.map(|said| feedback_view(&said)),
            previous,
            next,
        }))
    }

    async fn trend(&self, query: ScoreQuery) -> Result<Vec<VerdictView>, ArchiveError> {
        let span = half_open(query.span);
        let found = self.store.reader().trend(&query.line, &query.check, span, query.n_max).await;
        Ok(found.map_err(unreadable)?.iter().map(|verdict| VerdictView::of(&verdict.record, 0)).collect())
    }

    async fn heard(
        &self,
        which: VerdictAddress,
        is_right: bool,
        text: String,
        by: String,
    ) -> Result<FeedbackView, ArchiveError> {
        let at = self.shared.clock.wall();
        let VerdictAddress { line, check, epoch, seq } = which;
        let word = if is_right { "right" } else { "wrong" };
        let event = Event {
            at,
            who: by.clone(),
            what: "verdict.feedback".to_owned(),
            line: Some(line.clone()),
            text: format!("verdict {epoch}/{seq} of {check} is said to be {word}"),
        };
        let feedback = Feedback { line, check, numbered: (epoch, seq), is_right, text, by, at };
        self.store.put_feedback(feedback.clone()).await.map_err(unreadable)?;
        self.store.record_event(event).await.map_err(unreadable)?;
        Ok(feedback_view(&feedback))
    }

    async fn past_events(&self, query: EventQuery) -> Result<Vec<EventView>, ArchiveError> {
        let mut found = Vec::new();
        let mut before = None;
        while found.len() < query.n_max {
            let page = self.store.reader().events(before, query.n_max).await.map_err(unreadable)?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            let is_older = last.event.at < query.span.from;
            let wanted = page.into_iter().map(|stored| stored.event).filter(|event| {
                let in_span = event.at >= query.span.from && event.at <= query.span.to;
                // Who signs in from where is for the audit log alone.
                let is_open = !event.what.starts_with("access.");
                in_span && is_open && query.kind.as_ref().is_none_or(|kind| *kind == event.what)
            });
            found.extend(wanted.map(|event| EventView {
                at: time_text(event.at),
                kind: event.what,
                actor: Some(name_of(&event.who).to_owned()),
                place: event.line.map(|line| line.to_string()).unwrap_or_default(),
                text: event.text,
            }));
            if is_older {
                break;
            }
        }
        found.truncate(query.n_max);
        Ok(found)
    }

    async fn acts(&self, query: AuditQuery) -> Result<AuditPage, ArchiveError> {
        let before = match &query.cursor {
            Some(cursor) => Some(cursor.parse().map_err(|_| ArchiveError::BadCursor)?),
            None => None,
        };
        let filter = ActFilter {
            who: query.who.unwrap_or_default(),
            what: query.what.unwrap_or_default(),
            from: query.span.from,
            to: query.span.to,
            before,
        };
        let found = self.store.reader().acts(&filter, query.n_max).await.map_err(unreadable)?;
        let next = (found.len() == query.n_max).then(|| found.last().map(|act| act.id.to_string())).flatten();
        let view = |StoredEvent { event, .. }| AuditView {
            at: time_text(event.at),
            who: event.who,
            what: event.what,
            place: event.line.map(|line| line.to_string()).unwrap_or_default(),
            text: event.text,
        };
        Ok(AuditPage { events: found.into_iter().map(view).collect(), next })
    }

    fn installed(&self) -> Result<Vec<ModelEntry>, ArchiveError> {
        let catalogue = self.shared.loader.catalogue();
        let listed = catalogue.list().map_err(|error| ArchiveError::Unreadable { why: sentence(&error) })?;
        let entry = |listed: takt_models::catalogue::Listed| ModelEntry {
            active_in: if listed.active { self.judging(&listed.name.to_string()) } else { Vec::new() },
            name: listed.name.to_string(),
            version: listed.version.to_string(),
            digest: listed.condition.map_or_else(|why| why, |digest| digest.to_string()),
            n_bytes: listed.n_bytes,
            installed_at: time_text(listed.installed_at),
        };
        Ok(listed.into_iter().map(entry).collect())
    }

    /// Checks in which a model judges now, as `line/check`.
    fn judging(&self, model: &str) -> Vec<String> {
        let mut places = Vec::new();
        for line in self.shared.board.lines() {
            for check in line.checks() {
                if matches!(check.model_standing(model), Some(ModelStanding::Ready { .. })) {
                    places.push(format!("{}/{}", line.plan().id, check.plan().id));
                }
            }
        }
        places
    }
}

/// The API's spans hold both their ends, the store's only the first.
fn half_open(span: crate::api::Span) -> Span {
    Span { from: span.from, to: span.to.plus(Duration::from_nanos(1)) }
}

/// `given` is when the verdict was.
fn write_view(write: &StoredWrite, given: WallTime) -> WriteView {
    let (outcome, why) = match &write.outcome {
        WriteOutcome::Confirmed => ("confirmed", None),
        WriteOutcome::DryRun => ("dry_run", None),
        WriteOutcome::Refused(why) => ("refused", Some(why)),
        WriteOutcome::TimedOut => ("timed_out", None),
        WriteOutcome::Differs(found) => ("differs", Some(found)),
    };
    let purpose = match write.kind {
        WriteKind::Verdict => "verdict",
        WriteKind::Answer => "answer",
        WriteKind::FailSafe => "fail_safe",
        WriteKind::Release => "release",
    };
    let kept = |text: &String| (!text.is_empty()).then(|| text.clone());
    WriteView {
        output: write.output.to_string(),
        purpose: purpose.to_owned(),
        outcome: outcome.to_owned(),
        why: why.cloned(),
        value: kept(&write.value),
        target: kept(&write.target),
        at: time_text(given.plus(Duration::from_micros(u64::from(write.write_us)))),
        write_us: write.write_us,
    }
}

fn feedback_view(said: &Feedback) -> FeedbackView {
    FeedbackView { right: said.is_right, text: said.text.clone(), by: said.by.clone(), at: time_text(said.at) }
}

fn unreadable(error: StoreError) -> ArchiveError {
    ArchiveError::Unreadable { why: sentence(&error) }
}

impl Archive for StoreArchive {
    fn verdicts(&self, query: VerdictQuery) -> BoxFuture<'_, Result<VerdictPage, ArchiveError>> {
        self.page(query).boxed()
    }

    fn history<'a>(&'a self, query: HistoryQuery, take: &'a mut Taken<'a>) -> BoxFuture<'a, Result<(), ArchiveError>> {
        self.samples(query, take).boxed()
    }

    fn steps(&self, query: HistoryQuery, n: usize) -> BoxFuture<'_, Result<Vec<Vec<Step>>, ArchiveError>> {
        self.zoomed(query, n).boxed()
    }

    fn verdict(&self, which: VerdictAddress) -> BoxFuture<'_, Result<Option<VerdictDetail>, ArchiveError>> {
        self.one(which).boxed()
    }

    fn scores(&self, query: ScoreQuery) -> BoxFuture<'_, Result<Vec<VerdictView>, ArchiveError>> {
        self.trend(query).boxed()
    }

    fn say(
        &self,
        which: VerdictAddress,
        right: bool,
        text: String,
        by: String,
    ) -> BoxFuture<'_, Result<FeedbackView, ArchiveError>> {
        self.heard(which, right, text, by).boxed()
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelEntry>, ArchiveError>> {
        async { self.installed() }.boxed()
    }

    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<EventView>, ArchiveError>> {
        self.past_events(query).boxed()
    }

    fn audit(&self, query: AuditQuery) -> BoxFuture<'_, Result<AuditPage, ArchiveError>> {
        self.acts(query).boxed()
    }
}

/// A stored verdict, with the time that its writes took.
fn view(verdict: &StoredVerdict) -> VerdictView {
    let mut view = VerdictView::of(&verdict.record, usize::MAX);
    view.latency_us.write = verdict.write_us();
    view
}
