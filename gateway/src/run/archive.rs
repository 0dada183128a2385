//! What HTTP reads of the past, over the store's reading side.

use super::Shared;
use crate::api::{
    Archive, ArchiveError, AuditPage, AuditQuery, AuditView, EventQuery, EventView, HistoryQuery, ModelEntry, Taken,
    VerdictPage, VerdictQuery,
};
use crate::board::{ModelStanding, VerdictView};
use crate::loader::sentence;
use crate::payload::time_text;
use crate::store::{ActFilter, OutcomeKind, Span, Store, StoreError, StoredEvent, VerdictFilter};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;

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
            span: Some(Span { from: query.span.from, to: query.span.to }),
            before,
        };
        let found = self.store.reader().verdicts(&filter, query.n_max).await.map_err(unreadable)?;
        let next = (found.len() == query.n_max).then(|| found.last().map(|verdict| verdict.id.to_string())).flatten();
        Ok(VerdictPage {
            verdicts: found.iter().map(|verdict| VerdictView::of(&verdict.record, usize::MAX)).collect(),
            next,
        })
    }

    async fn samples(&self, query: HistoryQuery, take: &mut Taken<'_>) -> Result<(), ArchiveError> {
        let span = Span { from: query.span.from, to: query.span.to };
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
                actor: Some(event.who),
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
            installed_at: String::new(),
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
