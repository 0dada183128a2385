//! Traces that follow a window from its sample to the write, built after the fact.
//!
//! The pipeline makes no spans. A verdict already carries its time points, so the follower listens
//! to the live stream, holds each chosen verdict for a moment until its writes have ended, and then
//! writes the spans down with the times that were:
//!
//! ```text
//! window  ├ collect ┤ (source times of the window; left out for replayed data)
//! verdict           ├ queue ┤ features ┤ inference ┤ judge ┤
//!                                                           ├ write ──┤ (one for each output)
//! ```
//! Chosen are every fail and one verdict in `one_in`, by its `seq`, never by chance.

use super::Meters;
use super::metric::Metric;
use crate::board::{Live, LiveWrite, Now, Viewer};
use crate::record::VerdictRecord;
use opentelemetry::trace::{Span, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use takt_plant::{MonoTime, Outcome, WallTime};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// How long a verdict waits for the end of its writes.
const HOLD: Duration = Duration::from_secs(2);
/// Verdicts held at once; beyond it the oldest is written down without waiting longer.
const HELD_MAX: usize = 256;
/// A window that ended longer ago than this is replayed data, and its source times are left out.
const REPLAYED: Duration = Duration::from_secs(3_600);

/// Which verdicts are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowOptions {
    /// One verdict in so many; 0 traces none but fails.
    pub one_in: u64,
    /// Every fail.
    pub every_fail: bool,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self { one_in: 1_000, every_fail: true }
    }
}

impl FollowOptions {
    /// Why this verdict is traced, or nothing.
    pub fn chosen(&self, record: &VerdictRecord) -> Option<&'static str> {
        if self.every_fail && record.outcome == Outcome::Fail {
            return Some("fail");
        }
        (self.one_in > 0 && record.key.seq.is_multiple_of(self.one_in)).then_some("sample")
    }
}

/// Follows verdicts into traces.
pub struct Follower {
    tracer: SdkTracer,
    viewer: Arc<Viewer>,
    options: FollowOptions,
    meters: Meters,
    held: VecDeque<Held>,
}

struct Held {
    since: MonoTime,
    record: Arc<VerdictRecord>,
    writes: Vec<Arc<LiveWrite>>,
    why: &'static str,
}

impl Follower {
    pub(super) fn new(
        traces: &SdkTracerProvider,
        viewer: &Arc<Viewer>,
        options: FollowOptions,
        meters: Meters,
    ) -> Self {
        Self { tracer: traces.tracer("takt"), viewer: Arc::clone(viewer), options, meters, held: VecDeque::new() }
    }

    /// Follows until it is told to end, then writes down what it holds.
    pub async fn run(mut self, until: CancellationToken) {
        let mut live = self.viewer.board().subscribe();
        let mut turn = tokio::time::interval(HOLD / 4);
        loop {
            tokio::select! {
                () = until.cancelled() => break,
                _ = turn.tick() => self.release(self.viewer.now()),
                item = live.recv() => match item {
                    Ok(item) => self.take(item),
                    Err(broadcast::error::RecvError::Lagged(n)) => self.meters.count(Metric::StreamMissed, "traces", n),
                    Err(broadcast::error::RecvError::Closed) => break,
                },
            }
        }
        for held in std::mem::take(&mut self.held) {
            self.write_down(&held);
        }
    }

    fn take(&mut self, item: Live) {
        match item {
            Live::Verdict(record) => {
                let Some(why) = self.options.chosen(&record) else { return };
                if self.held.len() == HELD_MAX
                    && let Some(oldest) = self.held.pop_front()
                {
                    self.write_down(&oldest);
                }
                self.held.push_back(Held { since: self.viewer.now().mono, record, writes: Vec::new(), why });
            }
            Live::Write(write) => {
                let of = |held: &&mut Held| {
                    let key = &held.record.key;
                    Some(key.seq) == write.note.seq && key.line == write.line && key.check == write.check
                };
                if let Some(held) = self.held.iter_mut().rev().find(of) {
                    held.writes.push(write);
                }
            }
        }
    }

    fn release(&mut self, now: Now) {
        while self.held.front().is_some_and(|held| now.mono.since(held.since) >= HOLD) {
            if let Some(held) = self.held.pop_front() {
                self.write_down(&held);
            }
        }
    }

    fn write_down(&self, held: &Held) {
        let record = &*held.record;
        let split = &record.latency;
        let us = |n: u32| Duration::from_micros(u64::from(n));
        let arrived = record.at.minus(us(split.total_us));
        let writes_end = held.writes.iter().map(|write| write.note.at).max();
        let end = writes_end.map_or(record.at.plus(us(split.write_us)), |at| at.max(record.at));
        let root = self.root(record, arrived);

        if record.at.since(record.key.window.to).is_some_and(|age| age < REPLAYED) {
            self.span(&root, "collect", record.key.window.from, record.key.window.to, Vec::new());
        }
        let mut from = arrived;
        for (name, span_us) in
            [("queue", split.queue_us), ("features", split.features_us), ("inference", split.inference_us)]
        {
            let to = from.plus(us(span_us)).min(record.at);
            self.span(&root, name, from, to, Vec::new());
            from = to;
        }
        self.span(&root, "judge", from, record.at, Vec::new());
        for write in &held.writes {
            let began = write.note.at.minus(us(write.note.took_us));
            self.span(&root, "write", began, write.note.at, write_attributes(write));
        }
        if held.writes.is_empty() && split.write_us > 0 {
            self.span(&root, "write", record.at, end, Vec::new());
        }
        root.span().end_with_timestamp(instant(end));
        self.meters.count(Metric::Traces, held.why, 1);
    }

    fn root(&self, record: &VerdictRecord, from: WallTime) -> Context {
        let builder = self.tracer.span_builder("verdict").with_kind(SpanKind::Internal);
        let builder = builder.with_start_time(instant(from)).with_attributes(verdict_attributes(record));
        let mut span = builder.start_with_context(&self.tracer, &Context::new());
        if let Outcome::Inconclusive(why) = &record.outcome {
            span.set_status(Status::error(why.word()));
        }
        Context::new().with_span(span)
    }

    fn span(&self, root: &Context, name: &'static str, from: WallTime, to: WallTime, attributes: Vec<KeyValue>) {
        let builder = self.tracer.span_builder(name).with_start_time(instant(from)).with_attributes(attributes);
        builder.start_with_context(&self.tracer, root).end_with_timestamp(instant(to));
    }
}

/// What is said of a verdict: names and counts, no reading, part or share.
fn verdict_attributes(record: &VerdictRecord) -> Vec<KeyValue> {
    let key = &record.key;
    let mut all = vec![
        KeyValue::new("takt.line", key.line.to_string()),
        KeyValue::new("takt.check", key.check.to_string()),
        KeyValue::new("takt.epoch", i64::from(key.epoch)),
        KeyValue::new("takt.seq", i64::try_from(key.seq).unwrap_or(i64::MAX)),
        KeyValue::new("takt.verdict", record.outcome.word()),
        KeyValue::new("takt.window.n", i64::from(key.window.n)),
        KeyValue::new("takt.executed_by", record.executed_by.to_string()),
    ];
    if let Outcome::Inconclusive(why) = &record.outcome {
        all.push(KeyValue::new("takt.reason", why.word()));
    }
    if let Some(stamp) = &record.model {
        all.push(KeyValue::new("takt.model", format!("{}-{}", stamp.name, stamp.version)));
    }
    all
}

fn write_attributes(write: &LiveWrite) -> Vec<KeyValue> {
    vec![
        KeyValue::new("takt.output", write.output.to_string()),
        KeyValue::new("takt.outcome", write.note.outcome.word()),
    ]
}

fn instant(at: WallTime) -> SystemTime {
    let span = Duration::from_nanos(at.as_ns().unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if at.as_ns() >= 0 { epoch + span } else { epoch.checked_sub(span).unwrap_or(epoch) }
}
