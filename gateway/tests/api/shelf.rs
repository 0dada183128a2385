//! An archive in memory, for tests and the example only.

use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};
use takt::api::{
    Archive, ArchiveError, AuditPage, AuditQuery, EventQuery, EventView, FeedbackView, HistoryQuery, ModelEntry,
    ScoreQuery, Step, Taken, VerdictAddress, VerdictDetail, VerdictNumber, VerdictPage, VerdictQuery, WriteView,
};
use takt::board::VerdictView;
use takt_plant::{Reading, WallTime};
use tokio::sync::Notify;

/// An archive in memory.
#[derive(Default)]
pub struct Shelf {
    pub verdicts: Mutex<Vec<VerdictView>>,
    pub samples: Vec<(WallTime, Reading)>,
    pub said: Mutex<Option<FeedbackView>>,
    /// Says that keeping what was said has begun, and waits until it may go on.
    pub slow: Option<Arc<(Notify, Notify)>>,
    pub unreadable: bool,
}

impl Shelf {
    fn open(&self) -> Result<(), ArchiveError> {
        let why = || ArchiveError::Unreadable { why: "the disk is gone".into() };
        if self.unreadable { Err(why()) } else { Ok(()) }
    }

    fn page(&self, query: &VerdictQuery) -> Result<VerdictPage, ArchiveError> {
        let skip: usize = match &query.cursor {
            None => 0,
            Some(cursor) => cursor.parse().map_err(|_| ArchiveError::BadCursor)?,
        };
        let all = self.verdicts.lock().expect("nobody panics here");
        let wanted = |v: &&VerdictView| {
            query.line.as_ref().is_none_or(|line| line.as_str() == v.line)
                && query.check.as_ref().is_none_or(|check| check.as_str() == v.check)
                && query.verdict.is_none_or(|word| word == v.verdict)
        };
        let found: Vec<_> = all.iter().rev().filter(wanted).cloned().collect();
        let end = skip + query.n_max;
        let next = (end < found.len()).then(|| end.to_string());
        Ok(VerdictPage { verdicts: found.into_iter().skip(skip).take(query.n_max).collect(), next })
    }
}

impl Archive for Shelf {
    fn verdicts(&self, query: VerdictQuery) -> BoxFuture<'_, Result<VerdictPage, ArchiveError>> {
        Box::pin(async move {
            self.open()?;
            self.page(&query)
        })
    }

    fn history<'a>(&'a self, query: HistoryQuery, take: &'a mut Taken<'a>) -> BoxFuture<'a, Result<(), ArchiveError>> {
        Box::pin(async move {
            self.open()?;
            for tag in 0..query.tags.len() {
                for (at, reading) in &self.samples {
                    take(tag, *at, reading);
                }
            }
            Ok(())
        })
    }

    fn steps(&self, query: HistoryQuery, n: usize) -> BoxFuture<'_, Result<Vec<Vec<Step>>, ArchiveError>> {
        Box::pin(async move {
            self.open()?;
            let inside = |(at, _): &&(WallTime, Reading)| query.span.from <= *at && *at <= query.span.to;
            let samples: Vec<_> = self.samples.iter().filter(inside).collect();
            let step = |samples: &[&(WallTime, Reading)]| {
                let numbers: Vec<f64> = samples.iter().filter_map(|(_, reading)| reading.as_f64()).collect();
                let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
                let n_bad = (samples.len() - numbers.len()) as u64;
                let spread = (!numbers.is_empty()).then_some((min, max, mean));
                Step { at: samples[0].0, n: samples.len() as u64, n_bad, spread }
            };
            let steps: Vec<Step> = samples.chunks(samples.len().div_ceil(n).max(1)).map(step).collect();
            Ok(vec![steps; query.tags.len()])
        })
    }

    fn verdict(&self, which: VerdictAddress) -> BoxFuture<'_, Result<Option<VerdictDetail>, ArchiveError>> {
        Box::pin(async move {
            self.open()?;
            let all = self.verdicts.lock().expect("nobody panics here");
            let found = all.iter().find(|v| {
                (v.line.as_str(), v.check.as_str(), v.epoch, v.seq)
                    == (which.line.as_str(), which.check.as_str(), which.epoch, which.seq)
            });
            let write = WriteView {
                output: "reject".into(),
                purpose: "verdict".into(),
                outcome: "confirmed".into(),
                why: None,
                value: Some("true".into()),
                target: Some("coil:10".into()),
                at: "2026-01-02T03:04:05.000780Z".into(),
                write_us: 780,
            };
            let feedback = self.said.lock().expect("nobody panics here").clone();
            let (previous, next) = (Some(VerdictNumber { epoch: 1, seq: 1 }), None);
            Ok(found.map(|verdict| VerdictDetail {
                verdict: verdict.clone(),
                writes: vec![write],
                feedback,
                previous,
                next,
            }))
        })
    }

    fn scores(&self, query: ScoreQuery) -> BoxFuture<'_, Result<Vec<VerdictView>, ArchiveError>> {
        Box::pin(async move {
            self.open()?;
            let all = self.verdicts.lock().expect("nobody panics here");
            Ok(all.iter().filter(|v| v.check == query.check.as_str()).cloned().collect())
        })
    }

    fn say(
        &self,
        _: VerdictAddress,
        right: bool,
        text: String,
        by: String,
    ) -> BoxFuture<'_, Result<FeedbackView, ArchiveError>> {
        Box::pin(async move {
            self.open()?;
            if let Some(slow) = &self.slow {
                slow.0.notify_one();
                slow.1.notified().await;
            }
            let said = FeedbackView { right, text, by, at: "2026-01-02T03:04:05.000000Z".into() };
            *self.said.lock().expect("nobody panics here") = Some(said.clone());
            Ok(said)
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelEntry>, ArchiveError>> {
        Box::pin(async {
            self.open()?;
            Ok(vec![ModelEntry {
                name: "press-a".into(),
                version: "4".into(),
                digest: "b3:5e".into(),
                n_bytes: 40_960,
                installed_at: "2026-01-02T03:04:05.000000Z".into(),
                active_in: vec!["press-3/stroke".into()],
            }])
        })
    }

    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<EventView>, ArchiveError>> {
        Box::pin(async move {
            self.open()?;
            let event = EventView {
                at: "2026-01-02T03:04:05.000000Z".into(),
                kind: "armed".into(),
                actor: Some("anna (uid 1000)".into()),
                place: "press-3/stroke/reject".into(),
                text: "writes go out".into(),
            };
            Ok(std::iter::repeat_n(event, query.n_max.min(2)).collect())
        })
    }

    fn audit(&self, _: AuditQuery) -> BoxFuture<'_, Result<AuditPage, ArchiveError>> {
        Box::pin(async move {
            self.open()?;
            Ok(AuditPage { events: Vec::new(), next: None })
        })
    }
}
