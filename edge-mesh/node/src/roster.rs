//! The members as the driver needs them: the core's list, and where each is reached.

use crate::ids::id_of;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use takt_mesh_proto::ids::{PeerId, Units};
use takt_mesh_proto::limits::PEERS_MAX;
use takt_mesh_proto::membership::{MemberList, witnesses};
use takt_plant::ExportClass;

/// A member's name and addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// What people call it.
    pub name: Arc<str>,
    /// Where it listens; none for a gateway that accepts no connection.
    pub addresses: Vec<SocketAddr>,
}

/// A member list that was verified, with places, and the signed bytes that it came from.
#[derive(Debug, Clone)]
pub struct Roster {
    /// For the core.
    pub list: Arc<MemberList>,
    /// By key.
    pub places: BTreeMap<PeerId, Place>,
    /// How far one borrower may fall behind one lender, and a gateway behind the whole mesh.
    pub limits: (Units, Units),
    /// What is passed on to peers whose list is older; empty when there is nothing to pass on.
    pub signed: Arc<[u8]>,
}

impl Roster {
    /// Whether a key belongs.
    pub fn has(&self, peer: &PeerId) -> bool {
        self.list.get(peer).is_some()
    }

    /// The peers that `own` calls, with their addresses: its witnesses first, then the nearest.
    ///
    /// Of two members one calls the other, so that one connection stands between them: the smaller key
    /// calls, unless only the other has an address.
    pub(crate) fn to_call(&self, own: &PeerId) -> Vec<(PeerId, Vec<SocketAddr>)> {
        let watching = witnesses::of(&self.list, own);
        let rank = |peer: &PeerId| {
            let reach = self.list.reach(own, peer).unwrap_or(ExportClass::Never);
            let far = match reach {
                ExportClass::SameSite => 0,
                ExportClass::SameCompany => 1,
                ExportClass::Mesh | ExportClass::Never => 2,
            };
            (!watching.contains(peer), far, *peer)
        };
        let others = self.list.members().iter().map(|member| member.peer).filter(|peer| peer != own);
        let mut near: Vec<PeerId> = others.filter(|peer| id_of(peer).is_some()).collect();
        near.sort_by_key(rank);
        near.truncate(PEERS_MAX);
        near.into_iter().filter(|peer| self.calls(own, peer)).map(|peer| (peer, self.addresses(&peer))).collect()
    }

    fn calls(&self, own: &PeerId, peer: &PeerId) -> bool {
        !self.addresses(peer).is_empty() && (own < peer || self.addresses(own).is_empty())
    }

    fn addresses(&self, peer: &PeerId) -> Vec<SocketAddr> {
        self.places.get(peer).map(|place| place.addresses.clone()).unwrap_or_default()
    }
}
