//! The egress filter: the one place that decides what may leave the box, for every way out, and
//! counts what passed and what was withheld (B45).
//!
//! A way out (a broker, OTLP, the console, a peer, an object store) ends somewhere; how far that is
//! from here is its *reach*: on this site, inside the company, or anywhere in the mesh. A tag has an
//! export class that says how far its content may go. What passes is decided by both and by the kind
//! of content:
//!
//! * **Raw** samples and windows are capped at same-site, whatever their tag's class says.
//! * **Features** and statistics computed from a tag go as far as the tag's class.
//! * A **share** is a tag's contribution to a score. It names the tag and tells how far the tag was
//!   off, so it is a statistic of that tag and goes as far as the tag's class: a tag of class
//!   `never` is named in no payload, not even on the site.
//! * A **verdict** – outcome, scores, limits, model, latency, part – is a statement about the
//!   product and belongs to the check, not to a tag. It may go wherever a way out was configured
//!   for it: publishing verdicts is what a way out is for. A score is a norm over many tags, from
//!   which a tag cannot be read back – unless the check has a single input. For such a check, and
//!   for reasons that name an input, the class of the tags concerned applies ([`Content::Score`]).
//! * **Telemetry** about the gateway itself (counters, latencies, health) holds no content of tags.
//!
//! Withholding thins a payload and never stops it: a withheld share is left out of the list, and
//! the other shares keep their values, so that a reader sees that they do not sum to one.

use crate::record::VerdictRecord;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use takt_plant::{ExportClass, Inconclusive, Outcome, TagId};

/// What kind of content leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// Samples and windows as they were measured.
    Raw,
    /// Numbers computed from windows of a tag.
    Feature,
    /// A tag's contribution to a score.
    Share,
    /// A score or reason that stands for single tags.
    Score,
    /// Outcome, part, model, latency.
    Verdict,
    /// The gateway's own counters.
    Telemetry,
}

impl Content {
    /// All kinds, in the order of the counters.
    pub const ALL: [Self; 6] = [Self::Raw, Self::Feature, Self::Share, Self::Score, Self::Verdict, Self::Telemetry];

    /// A short stable word for counters and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Feature => "feature",
            Self::Share => "share",
            Self::Score => "score",
            Self::Verdict => "verdict",
            Self::Telemetry => "telemetry",
        }
    }

    /// How far content of this kind of a tag of this class may go.
    pub fn limit(self, class: ExportClass) -> ExportClass {
        match self {
            Self::Raw => class.for_raw(),
            Self::Feature | Self::Share | Self::Score => class,
            Self::Verdict | Self::Telemetry => ExportClass::Mesh,
        }
    }
}

/// One way out, with its filter and its counters. Clones share the counters.
#[derive(Debug, Clone)]
pub struct Egress {
    way: Arc<str>,
    reach: ExportClass,
    counters: Arc<Counters>,
}

const N_CONTENTS: usize = Content::ALL.len();
const N_CLASSES: usize = ExportClass::ALL.len();

#[derive(Debug, Default)]
struct Counters {
    passed: [[AtomicU64; N_CLASSES]; N_CONTENTS],
    withheld: [[AtomicU64; N_CLASSES]; N_CONTENTS],
}

/// What one way out passed and withheld of one kind and class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressCount {
    /// The way out.
    pub way: Arc<str>,
    /// How far it reaches.
    pub reach: ExportClass,
    /// The kind of content.
    pub content: Content,
    /// The class of the tag.
    pub class: ExportClass,
    /// Pieces that passed.
    pub n_passed: u64,
    /// Pieces that were withheld.
    pub n_withheld: u64,
}

impl Egress {
    /// A way out that ends at `reach`. A reach of [`ExportClass::Never`] means that it does not
    /// leave the box, and everything passes.
    pub fn new(way: &str, reach: ExportClass) -> Self {
        Self { way: Arc::from(way), reach, counters: Arc::default() }
    }

    /// Its name.
    pub fn way(&self) -> &str {
        &self.way
    }

    /// How far it reaches.
    pub fn reach(&self) -> ExportClass {
        self.reach
    }

    /// Whether a piece of content of a tag of this class may take this way. Counts the answer.
    pub fn pass(&self, content: Content, class: ExportClass) -> bool {
        let passes = content.limit(class).allows(self.reach);
        let counters = if passes { &self.counters.passed } else { &self.counters.withheld };
        counters[content as usize][class as usize].fetch_add(1, Ordering::Relaxed);
        passes
    }

    /// A verdict as it may take this way; `class_of` gives the class of a tag of its line, and
    /// `inputs` are the tags of its check. Allocates only when something is withheld.
    pub fn verdict(
        &self,
        record: &Arc<VerdictRecord>,
        inputs: &[ExportClass],
        class_of: impl Fn(&TagId) -> ExportClass,
    ) -> Arc<VerdictRecord> {
        self.pass(Content::Verdict, ExportClass::Mesh);
        let shares: Vec<bool> =
            record.contributions.iter().map(|(tag, _)| self.pass(Content::Share, class_of(tag))).collect();
        // With one input a score is that tag's value in other units; with more it is a norm.
        let scores = match inputs {
            [class] if !record.scores.is_empty() => self.pass(Content::Score, *class),
            _ => true,
        };
        let strictest = inputs.iter().min().copied().unwrap_or(ExportClass::Mesh);
        let reason = !names_an_input(&record.outcome) || self.pass(Content::Score, strictest);
        if scores && reason && shares.iter().all(|s| *s) {
            return Arc::clone(record);
        }
        let mut thinned = VerdictRecord::clone(record);
        let mut keep = shares.iter();
        thinned.contributions.retain(|_| *keep.next().expect("one answer per share"));
        if !scores {
            thinned.scores.clear();
        }
        if !reason {
            thinned.outcome = without_input(&thinned.outcome);
        }
        Arc::new(thinned)
    }

    /// What passed and what was withheld, of every kind and class that occurred.
    pub fn counts(&self) -> Vec<EgressCount> {
        let mut counts = Vec::new();
        for content in Content::ALL {
            for class in ExportClass::ALL {
                let n = |c: &[[AtomicU64; N_CLASSES]; N_CONTENTS]| {
                    c[content as usize][class as usize].load(Ordering::Relaxed)
                };
                let (n_passed, n_withheld) = (n(&self.counters.passed), n(&self.counters.withheld));
                if n_passed + n_withheld > 0 {
                    let way = Arc::clone(&self.way);
                    counts.push(EgressCount { way, reach: self.reach, content, class, n_passed, n_withheld });
                }
            }
        }
        counts
    }

    /// Raw pieces that went beyond the site: zero, by construction and by this count.
    pub fn n_raw_beyond_site(&self) -> u64 {
        if self.reach <= ExportClass::SameSite {
            return 0;
        }
        self.counters.passed[Content::Raw as usize].iter().map(|n| n.load(Ordering::Relaxed)).sum()
    }
}

fn names_an_input(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Inconclusive(
            Inconclusive::MissingData { .. } | Inconclusive::BadReading { .. } | Inconclusive::ModelError { .. }
        )
    )
}

fn without_input(outcome: &Outcome) -> Outcome {
    let hidden = || "withheld".to_string();
    match outcome {
        Outcome::Inconclusive(Inconclusive::MissingData { .. }) => {
            Outcome::Inconclusive(Inconclusive::MissingData { input: hidden() })
        }
        Outcome::Inconclusive(Inconclusive::BadReading { .. }) => {
            Outcome::Inconclusive(Inconclusive::BadReading { input: hidden(), why: hidden() })
        }
        Outcome::Inconclusive(Inconclusive::ModelError { .. }) => {
            Outcome::Inconclusive(Inconclusive::ModelError { why: hidden() })
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::LatencySplit;
    use ExportClass::{Mesh, Never, SameCompany, SameSite};
    use takt_plant::{CheckId, GatewayId, LineId, Score, VerdictKey, WallTime, WindowKey};

    #[test]
    fn content_goes_as_far_as_kind_and_class_allow() {
        // (content, class, the widest reach that it may take)
        let table = [
            (Content::Raw, Never, Never),
            (Content::Raw, SameSite, SameSite),
            (Content::Raw, SameCompany, SameSite),
            (Content::Raw, Mesh, SameSite),
            (Content::Feature, Never, Never),
            (Content::Feature, SameSite, SameSite),
            (Content::Feature, SameCompany, SameCompany),
            (Content::Feature, Mesh, Mesh),
            (Content::Share, Never, Never),
            (Content::Share, Mesh, Mesh),
            (Content::Score, SameSite, SameSite),
            (Content::Verdict, Never, Mesh),
            (Content::Telemetry, Never, Mesh),
        ];
        for (content, class, widest) in table {
            for reach in ExportClass::ALL {
                let passes = Egress::new("test", reach).pass(content, class);
                assert_eq!(passes, reach <= widest, "{} {} to {}", content.word(), class.word(), reach.word());
            }
        }
    }

    #[test]
    fn every_answer_is_counted_and_raw_never_leaves_the_site() {
        for reach in ExportClass::ALL {
            let egress = Egress::new("broker", reach);
            for content in Content::ALL {
                for class in ExportClass::ALL {
                    egress.clone().pass(content, class);
                }
            }
            let counts = egress.counts();
            assert_eq!(counts.len(), N_CONTENTS * N_CLASSES);
            assert!(counts.iter().all(|c| c.n_passed + c.n_withheld == 1));
            assert_eq!(egress.n_raw_beyond_site(), 0);
        }
    }

    fn record(outcome: Outcome, tags: &[&str]) -> Arc<VerdictRecord> {
        let time = WallTime::from_ns(0);
        let window = WindowKey { from: time, to: time, n: 1, part: None };
        let (line, check) = (LineId::new("l").unwrap(), CheckId::new("c").unwrap());
        Arc::new(VerdictRecord {
            key: VerdictKey { line, check, epoch: 1, seq: 1, window },
            outcome,
            at: time,
            scores: vec![Score { name: "t2".into(), value: 1.0, limit: 2.0 }],
            contributions: tags.iter().map(|t| (TagId::new(t).unwrap(), 0.5)).collect(),
            model: None,
            latency: LatencySplit::default(),
            executed_by: GatewayId::new("g").unwrap(),
        })
    }

    fn class_of(tag: &TagId) -> ExportClass {
        match tag.as_str() {
            "recipe" => Never,
            "force" => SameSite,
            _ => Mesh,
        }
    }

    #[test]
    fn a_verdict_names_only_tags_that_may_be_named() {
        let (site, company) = (Egress::new("broker", SameSite), Egress::new("console", SameCompany));
        let whole = record(Outcome::Fail, &["recipe", "force", "speed"]);
        let inputs = [Never, SameSite, Mesh];
        let tags = |r: &VerdictRecord| r.contributions.iter().map(|c| c.0.to_string()).collect::<Vec<_>>();
        assert_eq!(tags(&site.verdict(&whole, &inputs, class_of)), ["force", "speed"]);
        let thinned = company.verdict(&whole, &inputs, class_of);
        assert_eq!(tags(&thinned), ["speed"]);
        assert_eq!((thinned.scores.len(), &thinned.outcome), (1, &Outcome::Fail), "a norm over tags may go");
        let open = record(Outcome::Pass, &["speed"]);
        assert!(
            Arc::ptr_eq(&open, &company.verdict(&open, &[Mesh, Mesh], class_of)),
            "nothing withheld, nothing copied"
        );
    }

    #[test]
    fn a_check_of_one_tag_and_a_reason_keep_the_tags_class() {
        let site = Egress::new("broker", SameSite);
        let single = site.verdict(&record(Outcome::Fail, &[]), &[Never], class_of);
        assert!(single.scores.is_empty() && single.outcome == Outcome::Fail);
        let bad = Outcome::Inconclusive(Inconclusive::BadReading { input: "recipe".into(), why: "text 4711".into() });
        let thinned = site.verdict(&record(bad, &[]), &[Never, Mesh], class_of);
        assert!(!format!("{:?}", thinned.outcome).contains("4711"));
        assert_eq!(thinned.outcome.word(), "inconclusive");
    }
}
