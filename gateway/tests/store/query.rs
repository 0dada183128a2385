//! Questions and their slow, obvious answers.

use crate::support::*;
use proptest::prelude::*;
use std::sync::Arc;
use takt::store::{Entry, OutcomeKind, Span, StoreOptions, VerdictFilter};
use takt_adapters::Ticket;
use takt_plant::*;

fn span(from: i64, to: i64) -> Span {
    Span { from: WallTime::from_ns(from), to: WallTime::from_ns(to) }
}

#[tokio::test]
async fn pages_of_verdicts_answer_as_a_list_would() {
    let dir = tempfile::tempdir().unwrap();
    let (store, first, _) = open(dir.path(), options(), &[1]);
    let (mut journal, _) = store.journal(0);
    let outcome = |n: u64| match n % 5 {
        0 => Outcome::Fail,
        1 => Outcome::Inconclusive(Inconclusive::Deadline),
        _ => Outcome::Pass,
    };
    let part = |n: u64| n.is_multiple_of(3).then(|| Value::Text(Arc::from(format!("P{}", n % 7))));
    let all: Vec<_> = (1..=120).map(|n| verdict(first.epoch, n, outcome(n), part(n))).collect();
    for (i, record) in all.iter().enumerate() {
        let entry = Entry { ticket: Ticket(i as u64 + 1), verdicts: vec![record.clone()], ..Entry::default() };
        journal.submit(entry).unwrap();
        if i == 70 {
            store.flush().await.unwrap();
        }
    }
    let (_, mut durable) = store.journal(0);
    until(&mut durable, 120).await;
    // Some lie in the table and some in the journal yet.
    for n in [1, 2, 70, 71, 72, 119, 120] {
        let beside = store.reader().neighbours(&line(), &check(), (first.epoch, n)).await.unwrap();
        let number = |n: u64| (1..=120).contains(&n).then_some((first.epoch, n));
        assert_eq!(beside, [number(n - 1), number(n + 1)], "beside {n}");
    }
    let filters = [
        VerdictFilter::default(),
        VerdictFilter { outcome: Some(OutcomeKind::Fail), ..VerdictFilter::default() },
        VerdictFilter { outcome: Some(OutcomeKind::Pass), check: Some(check()), ..VerdictFilter::default() },
        VerdictFilter { part: Some("P3".into()), ..VerdictFilter::default() },
        VerdictFilter { line: Some(line()), span: Some(span(20_000_000, 90_000_000)), ..VerdictFilter::default() },
        VerdictFilter { line: LineId::new("other").ok(), ..VerdictFilter::default() },
        VerdictFilter { before: Some(31), outcome: Some(OutcomeKind::Inconclusive), ..VerdictFilter::default() },
    ];
    for filter in filters {
        let wanted = all.iter().enumerate().rev().filter(|(i, r)| {
            filter.outcome.is_none_or(|o| o as u8 == takt::store::verdict::outcome_number(&r.outcome))
                && filter
                    .part
                    .as_ref()
                    .is_none_or(|p| r.key.window.part.as_ref().map(ToString::to_string).as_ref() == Some(p))
                && filter.span.is_none_or(|s| s.holds(r.at))
                && filter.line.as_ref().is_none_or(|l| *l == r.key.line)
                && filter.before.is_none_or(|b| (*i as i64) + 1 < b)
        });
        let wanted: Vec<u64> = wanted.map(|(_, r)| r.key.seq).collect();
        // All at once, and page by page.
        let page = store.reader().verdicts(&filter, 1_000).await.unwrap();
        assert_eq!(page.iter().map(|v| v.record.key.seq).collect::<Vec<_>>(), wanted, "{filter:?}");
        let mut paged = Vec::new();
        let mut next = filter.clone();
        loop {
            let page = store.reader().verdicts(&next, 7).await.unwrap();
            paged.extend(page.iter().map(|v| v.record.key.seq));
            match page.last() {
                Some(last) if page.len() == 7 => next.before = Some(last.id),
                _ => break,
            }
        }
        assert_eq!(paged, wanted, "{filter:?} by pages");
    }
    store.close().unwrap();
}

/// Frames with jitter and late ones, on a store whose chunks hold 1,200 frames: several blocks each.
async fn points_agree(values: Vec<(i64, f64)>, span_ns: (i64, i64), n: usize) {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { chunk_frames_max: 1_200, ..options() };
    let (store, _, slots) = open(dir.path(), options, &[2]);
    let (mut journal, mut durable) = store.journal(0);
    for (i, part) in values.chunks(50).enumerate() {
        let frames = part.iter().map(|(at, v)| frame(slots.groups[0], 2, *at, *v)).collect();
        journal.submit(Entry { ticket: Ticket(i as u64 + 1), frames, ..Entry::default() }).unwrap();
        if i % 20 == 19 {
            until(&mut durable, i as u64 + 1).await;
        }
    }
    store.flush().await.unwrap();
    let reader = store.reader();
    let span = span(span_ns.0, span_ns.1);
    let points = reader.points(&line(), &tags(2), span, n).await.unwrap();
    let inside: Vec<f64> = values.iter().filter(|(at, _)| span.holds(WallTime::from_ns(*at))).map(|v| v.1).collect();
    for (tag, points) in points.iter().enumerate() {
        let of_tag: Vec<f64> = inside.iter().map(|v| v + tag as f64).collect();
        assert!(points.len() <= n);
        assert!(points.windows(2).all(|p| p[0].at < p[1].at));
        assert_eq!(points.iter().map(|p| p.n as usize).sum::<usize>(), of_tag.len(), "every sample counts once");
        let min = points.iter().map(|p| p.min).fold(f64::INFINITY, f64::min);
        let max = points.iter().map(|p| p.max).fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(min, of_tag.iter().copied().fold(f64::INFINITY, f64::min));
        assert_eq!(max, of_tag.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        let sum: f64 = points.iter().map(|p| p.mean * f64::from(p.n)).sum();
        assert!((sum - of_tag.iter().sum::<f64>()).abs() <= 1e-6 * (1.0 + sum.abs()));
    }
    let samples = reader.samples(&line(), &tags(2), span, usize::MAX).await.unwrap();
    let mut slow: Vec<(i64, f64)> =
        values.iter().filter(|(at, _)| span.holds(WallTime::from_ns(*at))).map(|(at, v)| (*at, v + 1.0)).collect();
    slow.sort_by_key(|s| s.0);
    let got: Vec<(i64, f64)> = samples[1].iter().map(|s| (s.at.as_ns(), s.reading.as_f64().unwrap())).collect();
    assert_eq!(got, slow);
    store.close().unwrap();
}

#[test]
fn points_and_samples_agree_with_a_slow_model() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 8, ..ProptestConfig::default() });
    let jitter = prop::collection::vec((0_i64..2_000_000, -500_i32..500), 3_000..4_000);
    runner
        .run(&(jitter, 0_i64..2_000, 1_i64..5_000, 1_usize..300), |(jitter, from, length, n)| {
            let at = |i: usize, j: i64| i as i64 * 1_000_000 + j;
            let values = jitter.iter().enumerate().map(|(i, (j, v))| (at(i, *j), f64::from(*v) / 8.0)).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(points_agree(values, (from * 1_000_000, (from + length) * 1_000_000), n));
            Ok(())
        })
        .unwrap();
}

/// More samples than are read one by one for an answer: steps get as coarse as blocks, and nothing is lost.
#[tokio::test]
async fn a_long_span_in_fine_steps_is_answered_by_blocks() {
    const N_TAGS: usize = 200;
    const N_FRAMES: i64 = 24_000;
    const MS: i64 = 1_000_000;
    let dir = tempfile::tempdir().unwrap();
    let (store, _, slots) = open(dir.path(), StoreOptions { chunk_frames_max: 2_000, ..options() }, &[N_TAGS]);
    let (mut journal, mut durable) = store.journal(0);
    for (ticket, from) in (1..).zip((0..N_FRAMES).step_by(100)) {
        let frames = (from..from + 100).map(|i| frame(slots.groups[0], N_TAGS, i * MS, (i * 7 % 1_000) as f64));
        journal.submit(Entry { ticket: Ticket(ticket), frames: frames.collect(), ..Entry::default() }).unwrap();
        until(&mut durable, ticket).await;
    }
    store.seal().await.unwrap();
    // From within a chunk to within another: its edges are read sample by sample all the same.
    let (from, to) = (1_234, 22_345);
    let points = store.reader().points(&line(), &tags(N_TAGS), span(from * MS, to * MS), 5_000).await.unwrap();
    for (tag, points) in points.iter().enumerate() {
        assert_eq!(points.iter().map(|p| p.n_samples).sum::<u64>(), (to - from) as u64, "every sample counts once");
        let (least, most) = (tag as f64, 999.0 + tag as f64);
        assert_eq!(points.iter().map(|p| p.min).fold(f64::INFINITY, f64::min), least);
        assert_eq!(points.iter().map(|p| p.max).fold(f64::NEG_INFINITY, f64::max), most);
        assert!(points.windows(2).all(|p| p[0].at < p[1].at));
        assert!(points.len() < 1_000, "{} points: the samples were read one by one", points.len());
    }
    store.close().unwrap();
}
