//! The decision over several windows against its definition, worked out from the whole history each time.

use proptest::prelude::*;
use takt_models::judge::{Judge, Limit, Rule, Steady, contributions};
use takt_plant::{Inconclusive, Outcome};

const LIMIT: f64 = 10.0;

/// A window: its score, `None` when it got none, and whether it begins a new segment.
type Told = (Option<f64>, bool);

/// The verdict after the last window of a segment, from the definition.
fn expected(history: &[Option<f64>], steady: &Steady) -> Outcome {
    let is_beyond = |score: &Option<f64>| score.is_some_and(|score| score > LIMIT);
    let is_clear =
        |score: &Option<f64>| score.is_some_and(|score| score <= LIMIT - (1.0 - steady.clear_factor) * LIMIT);
    let is_failing = (1..=history.len()).fold(false, |is_failing, n| {
        let last = |m: u32| &history[n.saturating_sub(m as usize)..n];
        let n_beyond = last(steady.n_look_back).iter().filter(|score| is_beyond(score)).count();
        let clear = last(steady.n_clear);
        let is_well = clear.len() == steady.n_clear as usize && clear.iter().all(is_clear);
        // Only a window with a score decides anything.
        match history[n - 1] {
            None => is_failing,
            Some(_) if n_beyond >= steady.n_beyond as usize => true,
            Some(_) => is_failing && !is_well,
        }
    });
    match history.iter().flatten().count() {
        n if n < steady.n_evidence as usize => Outcome::Inconclusive(Inconclusive::Evidence),
        _ if is_failing => Outcome::Fail,
        _ => Outcome::Pass,
    }
}

fn any_steady() -> impl Strategy<Value = Steady> {
    (1u32..6, 0u32..4, 1u32..5, 0u32..5, prop_oneof![Just(0.5), Just(0.8), Just(1.0)]).prop_map(
        |(n_beyond, more, n_clear, floor, clear_factor)| Steady {
            n_beyond,
            n_look_back: n_beyond + more,
            clear_factor,
            n_clear,
            n_evidence: n_beyond + floor,
        },
    )
}

fn any_told() -> impl Strategy<Value = Vec<Told>> {
    let score = prop_oneof![1 => Just(None), 9 => (0u8..24).prop_map(|v| Some(f64::from(v) * 0.75))];
    prop::collection::vec((score, prop::bool::weighted(0.05)), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_verdict_follows_from_the_history_of_its_segment(steady in any_steady(), told in any_told()) {
        let rule = Rule::new(vec![Limit::new("t2", LIMIT).unwrap()]).unwrap();
        let mut judge = Judge::new(rule.clone(), steady).unwrap();
        let (mut segment, mut history) = (0, Vec::new());
        for (score, is_new) in told {
            if is_new {
                segment += 1;
                history.clear();
            }
            history.push(score);
            match score {
                None => judge.pass_over(segment, None),
                Some(score) => prop_assert_eq!(judge.judge(&[score], segment, None), expected(&history, &steady)),
            }
            let text = serde_json::to_string(&judge.memory()).unwrap();
            judge = Judge::new(rule.clone(), steady).unwrap();
            judge.resume(serde_json::from_str(&text).unwrap());
        }
    }

    #[test]
    fn shares_sum_to_one_and_fall(raw in prop::collection::vec(-1e3f64..1e3, 0..20), n_max in 0usize..20) {
        let all = contributions(&raw, raw.len());
        let sum: f64 = all.iter().map(|contribution| contribution.share).sum();
        let is_whole = (sum - 1.0).abs() < 1e-12;
        prop_assert!(is_whole || (all.is_empty() && raw.iter().all(|v| *v <= 0.0)));
        prop_assert!(all.is_sorted_by(|a, b| a.share >= b.share));
        prop_assert_eq!(&contributions(&raw, n_max)[..], &all[..n_max.min(all.len())]);
    }
}
