//! A member list with the signatures that make it believable, and what follows from it.

use super::facts::{Delegation, ListFact, MemberFact};
use crate::roster::{Place, Roster};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use takt_mesh_proto::ids::{Digest, MeshId, PeerId, Units};
use takt_mesh_proto::keys::{Keypair, Sealed};
use takt_mesh_proto::membership::{Member, MemberList};
use takt_plant::{GatewayId, SiteId, WallTime};

/// Addresses of one member: a box has few networks.
pub(super) const ADDRESSES_MAX: usize = 8;

/// Why a list is not believed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// Not such a file.
    #[error("this is no member list")]
    Encoding,
    /// Of another fleet.
    #[error("the member list belongs to another fleet")]
    OtherMesh,
    /// Not signed by who may.
    #[error("the member list is not signed by a key that this fleet's root let sign it")]
    Signature,
    /// Signed by who may, but not for that.
    #[error("the key that signed the member list may not sign this: {0}")]
    Scope(&'static str),
    /// A member that cannot be.
    #[error("the member list is wrong: {0}")]
    Member(String),
}

/// What lies in the file and travels between members.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SignedList {
    root: PeerId,
    delegation: Sealed<Delegation>,
    list: Sealed<ListFact>,
}

/// The name of a fleet: the digest of its root key.
pub(super) fn mesh_of(root: &PeerId) -> MeshId {
    Digest::of("mesh root", &[&root.0])
}

impl SignedList {
    /// Signs a list with an enrolment key.
    pub(super) fn sign(root: PeerId, delegation: &Sealed<Delegation>, list: &ListFact, key: &Keypair) -> Self {
        Self { root, delegation: delegation.clone(), list: Sealed::seal(list, key) }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("lists hold only types that postcard encodes")
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, ListError> {
        match postcard::take_from_bytes(bytes) {
            Ok((list, [])) => Ok(list),
            _ => Err(ListError::Encoding),
        }
    }

    /// The list, if everything about it holds.
    pub(super) fn open(&self, mesh: &MeshId) -> Result<ListFact, ListError> {
        if mesh_of(&self.root) != *mesh {
            return Err(ListError::OtherMesh);
        }
        let delegation = self.delegation.open(&self.root).map_err(|_| ListError::Signature)?;
        let list = self.list.open(&delegation.key).map_err(|_| ListError::Signature)?;
        if delegation.mesh != *mesh || list.mesh != *mesh {
            return Err(ListError::OtherMesh);
        }
        if list.issued_us > delegation.expires_us {
            return Err(ListError::Scope("it had expired"));
        }
        if list.members.len() > delegation.members_max as usize {
            return Err(ListError::Scope("so many members"));
        }
        let foreign = |member: &MemberFact| !delegation.sites.is_empty() && !delegation.sites.contains(&member.site);
        if list.members.iter().any(foreign) {
            return Err(ListError::Scope("a member of that site"));
        }
        Ok(list)
    }
}

/// A list as core and driver need it.
pub(super) fn roster(list: &ListFact, signed: &[u8]) -> Result<Roster, ListError> {
    let members = list.members.iter().map(member).collect::<Result<Vec<_>, _>>()?;
    let time = |us: i64| WallTime::from_ns(us.saturating_mul(1_000));
    let (issued, expires) = (time(list.issued_us), time(list.expires_us));
    let core = MemberList::new(list.mesh, list.version, issued, expires, members);
    let core = core.map_err(|why| ListError::Member(why.to_string()))?;
    let place = |m: &MemberFact| (m.peer, Place { name: m.name.as_str().into(), addresses: m.addresses.clone() });
    Ok(Roster {
        list: Arc::new(core),
        places: list.members.iter().map(place).collect(),
        limits: (Units(list.pair_limit), Units(list.mesh_limit)),
        signed: signed.into(),
    })
}

fn member(fact: &MemberFact) -> Result<Member, ListError> {
    check(&fact.name, &fact.site, &fact.addresses).map_err(ListError::Member)?;
    let site = SiteId::new(&fact.site).map_err(|why| ListError::Member(why.to_string()))?;
    let company = fact.company.as_str().into();
    Ok(Member { peer: fact.peer, company, site, zone: fact.zone, incarnation: fact.incarnation })
}

/// What holds for every member, said so that whoever wrote it can mend it.
pub(super) fn check(name: &str, site: &str, addresses: &[std::net::SocketAddr]) -> Result<(), String> {
    GatewayId::new(name).map_err(|why| format!("the name '{name}': {why}"))?;
    SiteId::new(site).map_err(|why| format!("the site '{site}': {why}"))?;
    if addresses.len() > ADDRESSES_MAX {
        return Err(format!("{name} has {} addresses; at most {ADDRESSES_MAX} fit", addresses.len()));
    }
    match addresses.iter().find(|address| address.ip().is_unspecified() || address.port() == 0) {
        Some(address) => Err(format!("{name} cannot be reached at {address}: name an address and a port")),
        None => Ok(()),
    }
}
