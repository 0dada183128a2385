//! Who belongs: the member list as a given, already verified fact, and what follows from it.

mod trusted;
pub mod witnesses;

pub use trusted::TrustedTime;

use crate::ids::{MeshId, PeerId};
use crate::limits::{MEMBERS_MAX, ZONE_MEMBERS_MAX};
use std::{collections::BTreeMap, sync::Arc};
use takt_plant::{ExportClass, SiteId, WallTime};

/// One gateway of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its public key.
    pub peer: PeerId,
    /// The company that runs it.
    pub company: Arc<str>,
    /// Where it stands.
    pub site: SiteId,
    /// The gateways with which it exchanges logs.
    pub zone: u16,
    /// Raised by the operator after a restore; a log continues only under the incarnation given here.
    pub incarnation: u32,
}

/// Why a list cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// More than [`MEMBERS_MAX`].
    #[error("the list has {n} members; at most {MEMBERS_MAX} fit: split the mesh")]
    TooLong {
        /// As given.
        n: usize,
    },
    /// One key twice.
    #[error("the key {0} stands in the list twice")]
    Twice(PeerId),
    /// More than [`ZONE_MEMBERS_MAX`] in one zone.
    #[error("zone {0} has more than {ZONE_MEMBERS_MAX} members: split it")]
    ZoneFull(u16),
}

/// The list, whose signatures the caller has checked. A newer version replaces it as a whole.
#[derive(Debug, Clone)]
pub struct MemberList {
    /// Which mesh.
    pub mesh: MeshId,
    /// Rises with every change.
    pub version: u64,
    /// When the fleet signed it.
    pub issued: WallTime,
    /// When it stops to hold; lending stops then, judging never.
    pub expires: WallTime,
    members: Vec<Member>,
    zones: BTreeMap<u16, Vec<PeerId>>,
}

impl MemberList {
    /// Checks and orders the members.
    pub fn new(
        mesh: MeshId,
        version: u64,
        issued: WallTime,
        expires: WallTime,
        mut members: Vec<Member>,
    ) -> Result<Self, ListError> {
        if members.len() > MEMBERS_MAX {
            return Err(ListError::TooLong { n: members.len() });
        }
        members.sort_by_key(|m| m.peer);
        if let Some(pair) = members.windows(2).find(|pair| pair[0].peer == pair[1].peer) {
            return Err(ListError::Twice(pair[0].peer));
        }
        let mut zones: BTreeMap<u16, Vec<PeerId>> = BTreeMap::new();
        for member in &members {
            zones.entry(member.zone).or_default().push(member.peer);
        }
        if let Some((zone, _)) = zones.iter().find(|(_, peers)| peers.len() > ZONE_MEMBERS_MAX) {
            return Err(ListError::ZoneFull(*zone));
        }
        Ok(Self { mesh, version, issued, expires, members, zones })
    }

    /// The member with this key.
    pub fn get(&self, peer: &PeerId) -> Option<&Member> {
        self.members.binary_search_by_key(peer, |m| m.peer).ok().map(|i| &self.members[i])
    }

    /// Everyone in a zone, in the order of their keys.
    pub fn zone(&self, zone: u16) -> &[PeerId] {
        self.zones.get(&zone).map_or(&[], Vec::as_slice)
    }

    /// How far data travels between two members; `None` if one of them is no member.
    pub fn reach(&self, from: &PeerId, to: &PeerId) -> Option<ExportClass> {
        let (a, b) = (self.get(from)?, self.get(to)?);
        Some(match (a.company == b.company, a.site == b.site) {
            (true, true) => ExportClass::SameSite,
            (true, false) => ExportClass::SameCompany,
            (false, _) => ExportClass::Mesh,
        })
    }

    /// All members, in the order of their keys.
    pub fn members(&self) -> &[Member] {
        &self.members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Digest;

    fn member(n: u8, company: &str, site: &str) -> Member {
        let site = SiteId::new(site).expect("a name");
        Member { peer: PeerId([n; 32]), company: company.into(), site, zone: 0, incarnation: 0 }
    }

    fn list(members: Vec<Member>) -> Result<MemberList, ListError> {
        MemberList::new(Digest::ZERO, 1, WallTime::from_ns(0), WallTime::from_ns(1), members)
    }

    #[test]
    fn reach_follows_company_and_site() {
        let all = [member(3, "b", "ulm"), member(1, "a", "ulm"), member(2, "a", "linz"), member(4, "a", "ulm")];
        let list = list(all.to_vec()).expect("valid");
        let reach = |a: u8, b: u8| list.reach(&PeerId([a; 32]), &PeerId([b; 32]));
        assert_eq!(reach(1, 4), Some(ExportClass::SameSite));
        assert_eq!(reach(1, 2), Some(ExportClass::SameCompany));
        // The same town is not the same site when the companies differ.
        assert_eq!(reach(1, 3), Some(ExportClass::Mesh));
        assert_eq!(reach(1, 9), None);
    }

    #[test]
    fn a_key_stands_once() {
        let twice = list(vec![member(1, "a", "ulm"), member(1, "b", "ulm")]);
        assert_eq!(twice.map(|_| ()), Err(ListError::Twice(PeerId([1; 32]))));
    }
}
