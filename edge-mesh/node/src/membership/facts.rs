//! The signed facts of membership, as they are encoded.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use takt_mesh_proto::ids::{MeshId, PeerId};
use takt_mesh_proto::keys::Fact;

/// What the root lets an enrolment key do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delegation {
    pub(super) mesh: MeshId,
    /// Who may sign lists.
    pub(super) key: PeerId,
    /// For which sites; none named means all.
    pub(super) sites: Vec<String>,
    /// How long its lists may be.
    pub(super) members_max: u32,
    /// Lists issued later than this do not count.
    pub(super) expires_us: i64,
}

/// A member list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListFact {
    pub(super) mesh: MeshId,
    pub(super) version: u64,
    pub(super) issued_us: i64,
    pub(super) expires_us: i64,
    pub(super) members: Vec<MemberFact>,
    /// How far one borrower may fall behind one lender, in nanounits.
    pub(super) pair_limit: u64,
    /// How far a gateway may fall behind the whole mesh, in nanounits.
    pub(super) mesh_limit: u64,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberFact {
    /// Its key.
    pub peer: PeerId,
    /// What people call it; stands once in a list.
    pub name: String,
    /// Who runs it.
    pub company: String,
    /// Where it stands.
    pub site: String,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// The gateways with which it exchanges logs.
    pub zone: u16,
    /// Raised after a restore.
    pub incarnation: u32,
}

/// What a gateway says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// Its name.
    pub name: String,
    /// Its site.
    pub site: String,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
}

impl Fact for Delegation {
    const DOMAIN: &'static str = "takt delegation 1";
}

impl Fact for ListFact {
    const DOMAIN: &'static str = "takt member list 1";
}
