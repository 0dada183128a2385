//! From gauges to the documents that viewers read.

use super::check::{CheckView, ModelStanding, Production};
use super::connection::ConnectionGauge;
use super::latency::Spread;
use super::output::{OutputGauge, WriteNote, WriteOutcome};
use super::plan::Now;
use super::status::{
    BooksStatus, CheckStatus, ClockStatus, ConnectionStatus, CutStatus, InARowStatus, LatencyStatus, LineStatus,
    ModelStatus, OutputStatus, ProductionStatus, QueueStatus, RefusedStatus, RejectStatus, Severity, SpreadStatus,
    Status, StoreLossesStatus, StoreStatus, TagStatus, VerdictCounts, WriteStatus,
};
use super::tally::{Counts, REASONS};
use super::view::{ModelView, VerdictView, part_json};
use super::{Board, CheckGauge, LineGauge, LiveReading, Phase, QueueGauge, StoreLosses, StoreStanding, health};
use crate::access::name_of;
use crate::payload::time_text;
use std::sync::Arc;
use takt_adapters::{Link, Reject};
use takt_plant::{Arming, Books, Doubt, DropReason, Purpose, Reading};

/// Contributions that the status and the live stream carry; all of them are at `/verdicts`.
pub const N_CONTRIBUTIONS_SHOWN: usize = 8;

pub(super) fn status(board: &Board, now: Now) -> Status {
    let identity = board.identity();
    let (phase, store) = board.standing();
    let mut checks = Vec::new();
    let mut lines = Vec::new();
    for gauge in board.lines() {
        let shown: Vec<_> = gauge.checks().into_iter().map(|check| (check_status(&check, now), check)).collect();
        lines.push(line_status(&gauge, &shown));
        checks.extend(shown);
    }
    let problems = health::problems(board, &checks, now);
    let connections: Vec<_> = board.connections().iter().map(|gauge| connection_status(gauge, now)).collect();
    let (n_jumps, jump_ms_last) = board.clock_jumps();
    Status {
        name: "takt".to_owned(),
        version: identity.version.clone(),
        gateway: identity.gateway.to_string(),
        site: identity.site.to_string(),
        runtime: identity.runtime.clone(),
        at: time_text(now.wall),
        began: time_text(board.began().wall),
        uptime_s: now.mono.since(board.began().mono).as_secs(),
        phase: phase_word(phase).to_owned(),
        ready: problems.iter().all(|problem| problem.severity != Severity::NotReady),
        problems,
        lines,
        n_not_durable: board.n_not_durable()
            + connections.iter().map(|connection| connection.n_not_durable).sum::<u64>(),
        connections,
        queues: board.queues().iter().map(|gauge| queue_status(gauge)).collect(),
        store: store_status(store, &board.losses()),
        clock: ClockStatus { n_jumps, jump_ms_last },
        egress: board.leaving().sum(),
    }
}

pub(super) fn tags(line: &LineGauge, now: Now) -> Vec<TagStatus> {
    let plan = line.plan();
    let tag = |(slot, tag): (u32, &super::TagPlan)| {
        let live = line.live(slot);
        let (quality, why, value) = quality(live.as_ref());
        TagStatus {
            line: plan.id.to_string(),
            id: tag.id.to_string(),
            unit: tag.unit.clone(),
            connection: tag.connection.to_string(),
            export: tag.export.word().to_owned(),
            quality: quality.to_owned(),
            why,
            value,
            at: live.as_ref().map(|live| time_text(live.at)),
            age_ms: live.map(|live| millis(now.mono.since(live.arrived))),
        }
    };
    (0..).zip(&plan.tags).map(tag).collect()
}

fn quality(live: Option<&LiveReading>) -> (&'static str, Option<String>, Option<serde_json::Value>) {
    live.map_or(("none", None, None), |live| reading_parts(&live.reading))
}

/// A reading as its quality in a word, why it is not good, and its value.
pub fn reading_parts(reading: &Reading) -> (&'static str, Option<String>, Option<serde_json::Value>) {
    match reading {
        Reading::Good(value) => ("good", None, Some(part_json(value))),
        Reading::Uncertain(value, doubt) => {
            let why = match doubt {
                Doubt::Source => "the source doubts it",
                Doubt::ArrivalTime => "no usable time stamp; the arrival time stands in",
            };
            ("uncertain", Some(why.to_owned()), Some(part_json(value)))
        }
        Reading::Bad(fault) => ("bad", Some(fault.to_string()), None),
    }
}

fn line_status(gauge: &LineGauge, checks: &[(CheckStatus, Arc<CheckGauge>)]) -> LineStatus {
    let mut books = BooksStatus { close: true, ..BooksStatus::default() };
    for (check, _) in checks {
        books.received += check.books.received;
        books.judged += check.books.judged;
        books.waiting += check.books.waiting;
        books.dropped += check.books.dropped;
        books.close &= check.books.close;
        for (reason, n) in &check.books.reasons {
            *books.reasons.entry(reason.clone()).or_default() += n;
        }
    }
    LineStatus {
        id: gauge.plan().id.to_string(),
        n_tags: gauge.plan().tags.len() as u64,
        connections: connections_of(gauge, checks),
        books,
        checks: checks.iter().map(|(check, _)| check.clone()).collect(),
    }
}

/// The connections that a line reads from and writes to, each once.
fn connections_of(gauge: &LineGauge, checks: &[(CheckStatus, Arc<CheckGauge>)]) -> Vec<String> {
    let of_tags = gauge.plan().tags.iter().map(|tag| tag.connection.to_string());
    let outputs = checks.iter().flat_map(|(_, check)| check.plan().outputs.iter());
    let all: std::collections::BTreeSet<_> = of_tags.chain(outputs.map(|o| o.connection.to_string())).collect();
    all.into_iter().collect()
}

fn check_status(gauge: &CheckGauge, now: Now) -> CheckStatus {
    let view = gauge.view(now);
    let plan = gauge.plan();
    let models: Vec<_> = view
        .standing
        .models
        .iter()
        .map(|(name, standing)| ModelStatus {
            coming: view.standing.coming.get(name).cloned(),
            ..model_status(name, standing)
        })
        .collect();
    let judging = judging(&view, &models);
    CheckStatus {
        line: gauge.line().to_string(),
        id: plan.id.to_string(),
        window: plan.window.clone(),
        deadline_us: u64::try_from(plan.deadline.as_micros()).unwrap_or(u64::MAX),
        inputs: plan.inputs.iter().map(ToString::to_string).collect(),
        verdicts: verdict_counts(&view.counts),
        rate_per_s: view.rate_per_s,
        quiet_s: view.quiet_for.as_secs_f64(),
        in_a_row: InARowStatus { fail: view.in_a_row.fail, inconclusive: view.in_a_row.inconclusive },
        books: books_status(&view.counts.books),
        missed_parts: view.n_missed,
        latency_us: latency_status(&view.latency),
        provider: judging.as_ref().and_then(|model| model.device_used.clone()),
        model: judging.and_then(|model| model.model),
        models,
        refused: view.standing.refused.as_ref().map(|refused| RefusedStatus {
            model: refused.model.clone(),
            why: refused.why.clone(),
            at: time_text(refused.at),
        }),
        production: production_status(&view.standing.production),
        last: view.last.as_deref().map(|record| VerdictView::of(record, N_CONTRIBUTIONS_SHOWN)),
        last_fail: view.last_fail.as_deref().map(|record| VerdictView::of(record, N_CONTRIBUTIONS_SHOWN)),
        outputs: gauge.outputs().iter().map(|output| output_status(output)).collect(),
        n_unseen: view.n_unseen,
    }
}

/// The model that judged last, or else the first that is ready.
fn judging(view: &CheckView, models: &[ModelStatus]) -> Option<ModelStatus> {
    let last = view.last.as_ref().and_then(|record| record.model.as_deref()).map(ModelView::of);
    let ready = || models.iter().filter(|model| model.model.is_some());
    ready().find(|model| model.model == last).or_else(|| ready().next()).cloned()
}

fn model_status(name: &str, standing: &ModelStanding) -> ModelStatus {
    let bare = |word: &str, why: Option<&String>| ModelStatus {
        name: name.to_owned(),
        standing: word.to_owned(),
        why: why.cloned(),
        model: None,
        device_asked: None,
        device_used: None,
        fallback: None,
        coming: None,
    };
    match standing {
        ModelStanding::Missing { why } => bare("missing", Some(why)),
        ModelStanding::Loading { step } => bare("loading", Some(step)),
        ModelStanding::Failed { why } => bare("failed", Some(why)),
        ModelStanding::Ready { stamp, device, .. } => ModelStatus {
            model: Some(ModelView::of(stamp)),
            device_asked: Some(device.asked.clone()),
            device_used: Some(device.used.clone()),
            fallback: device.fallback.clone(),
            ..bare("ready", None)
        },
    }
}

fn verdict_counts(counts: &Counts) -> VerdictCounts {
    let reasons = REASONS.iter().zip(counts.n_inconclusive).filter(|(_, n)| *n > 0);
    VerdictCounts {
        total: counts.n_verdicts(),
        pass: counts.n_pass,
        fail: counts.n_fail,
        inconclusive: counts.n_inconclusive_total(),
        reasons: reasons.map(|(word, n)| ((*word).to_owned(), n)).collect(),
    }
}

fn books_status(books: &Books) -> BooksStatus {
    let reasons = DropReason::ALL.into_iter().map(|reason| (reason.word().to_owned(), books.dropped(reason)));
    BooksStatus {
        received: books.received,
        judged: books.judged,
        waiting: books.waiting,
        dropped: books.dropped_total(),
        reasons: reasons.filter(|(_, n)| *n > 0).collect(),
        close: books.close(),
    }
}

fn latency_status(spreads: &[Spread; 6]) -> LatencyStatus {
    let [queue, features, inference, write, total, handed_over] =
        spreads.map(|s| SpreadStatus { n: s.n, p50: s.p50, p99: s.p99, max: s.max });
    LatencyStatus { queue, features, inference, write, total, handed_over }
}

fn production_status(production: &Production) -> ProductionStatus {
    match production {
        Production::On { recipe } => ProductionStatus { on: true, recipe: recipe.clone(), why: None },
        Production::Off { why } => ProductionStatus { on: false, recipe: None, why: Some(why.clone()) },
    }
}

fn output_status(gauge: &OutputGauge) -> OutputStatus {
    let plan = gauge.plan();
    let (armed_by, armed_at) = match gauge.arming() {
        Arming::DryRun => (None, None),
        Arming::Armed { by, at } => (Some(name_of(&by).to_owned()), Some(time_text(at))),
    };
    let writes = WriteOutcome::WORDS.iter().zip(gauge.n_writes()).filter(|(_, n)| *n > 0);
    OutputStatus {
        id: plan.id.to_string(),
        connection: plan.connection.to_string(),
        target: plan.target.clone(),
        armed: armed_by.is_some(),
        armed_by,
        armed_at,
        writes: writes.map(|(word, n)| ((*word).to_owned(), n)).collect(),
        last: gauge.last().as_ref().map(write_status),
    }
}

/// The document of a write that ended.
pub fn write_status(note: &WriteNote) -> WriteStatus {
    let purpose = match note.purpose {
        Purpose::Pass | Purpose::Verdict => "verdict",
        Purpose::FailSafe => "fail_safe",
        Purpose::Release => "release",
        Purpose::Heartbeat => "heartbeat",
    };
    WriteStatus {
        value: note.value.to_string(),
        purpose: purpose.to_owned(),
        outcome: note.outcome.word().to_owned(),
        why: note.outcome.why().map(str::to_owned),
        seq: note.seq,
        took_us: note.took_us,
        at: time_text(note.at),
    }
}

fn connection_status(gauge: &ConnectionGauge, now: Now) -> ConnectionStatus {
    let (plan, standing, traffic) = (gauge.plan(), gauge.standing(), gauge.traffic());
    let (link, why, retry_ms, session_present) = match &standing.link {
        None | Some(Link::UnitAside { .. }) => ("connecting", None, None, None),
        Some(Link::Up { session_present }) => ("up", None, None, Some(*session_present)),
        Some(Link::Down { why, retry_ms }) => ("down", Some(why.clone()), Some(*retry_ms), None),
        Some(Link::TakenOver) => ("taken_over", Some("another client took this client id".to_owned()), None, None),
    };
    ConnectionStatus {
        id: plan.id.to_string(),
        kind: plan.kind.clone(),
        address: plan.address.clone(),
        link: link.to_owned(),
        why,
        retry_ms,
        session_present,
        since: time_text(standing.since.wall),
        since_s: now.mono.since(standing.since.mono).as_secs(),
        n_ups: standing.n_ups,
        units_aside: standing.units_aside,
        n_messages: traffic.n_messages,
        n_frames: traffic.n_frames,
        n_duplicates: traffic.n_duplicates,
        n_rejects: traffic.n_rejects,
        n_not_durable: traffic.n_not_durable,
        last_arrival_ms: gauge.last_arrival().map(|at| millis(now.mono.since(at))),
        rejects: gauge.rejects().iter().map(reject_status).collect(),
    }
}

fn reject_status(reject: &Reject) -> RejectStatus {
    RejectStatus {
        from: reject.from.clone(),
        why: reject.why.clone(),
        first_bytes: printable(&reject.first_bytes),
        n_bytes: reject.n_bytes as u64,
        at: time_text(reject.arrived_at),
    }
}

/// Bytes as text: what is not printable ASCII stands as `\xNN`, a backslash as two.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

fn queue_status(gauge: &QueueGauge) -> QueueStatus {
    QueueStatus {
        name: gauge.name().to_owned(),
        n_waiting: gauge.n_waiting(),
        n_max: gauge.n_max(),
        n_full: gauge.n_full(),
        when_full: gauge.when_full().to_owned(),
    }
}

fn store_status(standing: StoreStanding, lost: &StoreLosses) -> StoreStatus {
    let StoreLosses { n_frames, n_verdicts, n_records, n_conflicting, n_damaged, cut } = *lost;
    let losses = StoreLossesStatus { n_frames, n_verdicts, n_records, n_conflicting, n_damaged };
    let cut = cut.map(|cut| CutStatus { n_samples_max: cut.n_samples_max, window_ms: millis(cut.window) });
    let bare = |word: &str| {
        let standing = word.to_owned();
        StoreStatus { standing, why: None, n_bytes: None, n_bytes_max: None, losses, cut }
    };
    match standing {
        StoreStanding::Opening => bare("opening"),
        StoreStanding::Unwritable { why } => StoreStatus { why: Some(why), ..bare("unwritable") },
        StoreStanding::Durable { n_bytes, n_bytes_max } => {
            StoreStatus { n_bytes: Some(n_bytes), n_bytes_max: Some(n_bytes_max), ..bare("durable") }
        }
    }
}

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Running => "running",
        Phase::Draining => "draining",
    }
}

fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_without_losing_one() {
        let cases: [(&[u8], &str); 3] =
            [(b"{\"a\": 1}", "{\"a\": 1}"), (b"\xff\x00\n~", "\\xff\\x00\\x0a~"), (b"a\\b", "a\\\\b")];
        for (bytes, text) in cases {
            assert_eq!(printable(bytes), text);
        }
    }
}
