//! What left the box, as viewers read it: every way out with its counters (B45).

use super::Board;
use crate::egress::Egress;
use serde::{Deserialize, Serialize};
use std::sync::PoisonError;
use utoipa::ToSchema;

/// Every way out of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeavingStatus {
    /// Raw samples that went beyond the site, by all ways together: zero.
    pub raw_beyond_site: u64,
    /// The ways, in the order in which they were first used.
    pub ways: Vec<WayStatus>,
}

/// One way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WayStatus {
    /// Its name: a broker's connection, or `otlp`.
    pub way: String,
    /// How far it reaches: `same-site`, `same-company` or `mesh`.
    pub reach: String,
    /// Raw samples that went beyond the site by it: zero.
    pub raw_beyond_site: u64,
    /// What passed and what was withheld, by kind of content and class of the tag.
    pub counts: Vec<LeavingCount>,
}

/// Pieces of one kind and class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeavingCount {
    /// `raw`, `feature`, `share`, `score`, `verdict` or `telemetry`.
    pub content: String,
    /// The class of the tag that it stands for; `mesh` where it stands for none.
    pub class: String,
    /// Pieces that passed.
    pub passed: u64,
    /// Pieces that the filter held back.
    pub withheld: u64,
}

/// All ways out together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeavingSum {
    /// Ways out.
    pub n_ways: u64,
    /// Pieces that passed.
    pub n_passed: u64,
    /// Pieces that were withheld.
    pub n_withheld: u64,
    /// Raw samples that went beyond the site: zero.
    pub raw_beyond_site: u64,
}

impl Board {
    /// Shows a way out. A way of the same name and reach that is known already gives its counters, so
    /// that a line that starts again, and lines that share a broker, count on together.
    pub fn way_out(&self, way: Egress) -> Egress {
        let mut all = self.ways.write().unwrap_or_else(PoisonError::into_inner);
        match all.iter().find(|known| known.way() == way.way() && known.reach() == way.reach()) {
            Some(known) => known.clone(),
            None => {
                all.push(way.clone());
                way
            }
        }
    }

    /// What left, by way, kind of content and class.
    pub fn leaving(&self) -> LeavingStatus {
        let ways = self.ways.read().unwrap_or_else(PoisonError::into_inner);
        let ways: Vec<WayStatus> = ways.iter().map(way_status).collect();
        LeavingStatus { raw_beyond_site: ways.iter().map(|way| way.raw_beyond_site).sum(), ways }
    }
}

impl LeavingStatus {
    /// All ways together.
    pub fn sum(&self) -> LeavingSum {
        let counts = || self.ways.iter().flat_map(|way| &way.counts);
        LeavingSum {
            n_ways: self.ways.len() as u64,
            n_passed: counts().map(|count| count.passed).sum(),
            n_withheld: counts().map(|count| count.withheld).sum(),
            raw_beyond_site: self.raw_beyond_site,
        }
    }
}

fn way_status(way: &Egress) -> WayStatus {
    let counts = way.counts().into_iter().map(|count| LeavingCount {
        content: count.content.word().to_owned(),
        class: count.class.word().to_owned(),
        passed: count.n_passed,
        withheld: count.n_withheld,
    });
    WayStatus {
        way: way.way().to_owned(),
        reach: way.reach().word().to_owned(),
        raw_beyond_site: way.n_raw_beyond_site(),
        counts: counts.collect(),
    }
}

#[cfg(test)]
mod tests {
    use crate::board::{Identity, Now};
    use crate::egress::{Content, Egress};
    use takt_adapters::Clock;
    use takt_plant::{ExportClass, GatewayId, SiteId};

    #[test]
    fn ways_of_one_name_count_on_together() {
        let identity = Identity {
            gateway: GatewayId::new("g").unwrap(),
            site: SiteId::new("s").unwrap(),
            version: "1".into(),
            runtime: "cpu".into(),
        };
        let board = super::Board::new(identity, Now::of(&Clock::new()));
        for _ in 0..2 {
            let way = board.way_out(Egress::new("broker", ExportClass::SameCompany));
            way.pass(Content::Share, ExportClass::SameSite);
            way.pass(Content::Raw, ExportClass::Mesh);
            way.pass(Content::Verdict, ExportClass::Mesh);
        }
        board.way_out(Egress::new("otlp", ExportClass::SameSite)).pass(Content::Telemetry, ExportClass::Mesh);
        let leaving = board.leaving();
        let ways: Vec<_> = leaving.ways.iter().map(|way| (way.way.as_str(), way.reach.as_str())).collect();
        assert_eq!(ways, [("broker", "same-company"), ("otlp", "same-site")]);
        let sum = leaving.sum();
        assert_eq!((sum.n_ways, sum.n_passed, sum.n_withheld, sum.raw_beyond_site), (2, 3, 4, 0));
    }
}
