//! Open invitations of an enrolling gateway: each good once, for a short time, for one site.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_mesh_proto::ids::{Digest, PeerId};
use takt_plant::WallTime;

/// Invitations that are remembered. People add gateways one by one.
pub(super) const INVITATIONS_MAX: usize = 64;

/// How long an invitation is good by default: for the walk to the other box.
pub const INVITATION_LASTS: Duration = Duration::from_mins(15);

/// One invitation. Its secret is kept as a digest only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Invitation {
    secret: Digest,
    pub(super) company: String,
    pub(super) site: String,
    made_us: i64,
    expires_us: i64,
    /// Who used it.
    used_by: Option<PeerId>,
}

/// Why a newcomer is turned away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refused {
    /// No such invitation.
    #[error("the other gateway does not know this code: it was withdrawn, or made by another gateway")]
    Unknown,
    /// Too late.
    #[error("the code has expired; ask for a new one with `takt mesh invite`")]
    Expired,
    /// Twice.
    #[error("the code was used already; each is good for one gateway. Ask for a new one with `takt mesh invite`")]
    Used,
    /// Another site.
    #[error("the code invites a gateway of site '{0}', and this one says it stands elsewhere; invite with --site")]
    OtherSite(String),
    /// The name is taken.
    #[error("the fleet has a gateway called '{0}' already; give this one another name")]
    NameTaken(String),
    /// What it says of itself cannot be.
    #[error("{0}")]
    Wrong(String),
    /// The inviter cannot enrol.
    #[error("the other gateway cannot enrol members now: {0}")]
    Unable(String),
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Invitations(Vec<Invitation>);

fn digest(secret: &[u8; 16]) -> Digest {
    Digest::of("invitation", &[secret])
}

impl Invitations {
    /// Opens one; those that have long ended are forgotten. `false` when too many are open.
    pub(super) fn open(
        &mut self,
        secret: &[u8; 16],
        (company, site): (&str, &str),
        now: WallTime,
        lasts: Duration,
    ) -> bool {
        // An invitation that ended a day ago is told apart from an unknown one by nobody any more.
        let forgotten = now.minus(Duration::from_hours(24)).as_us();
        self.0.retain(|invitation| invitation.expires_us > forgotten);
        if self.0.len() >= INVITATIONS_MAX {
            return false;
        }
        let (company, site) = (company.to_owned(), site.to_owned());
        let (made_us, expires_us) = (now.as_us(), now.plus(lasts).as_us());
        self.0.push(Invitation { secret: digest(secret), company, site, made_us, expires_us, used_by: None });
        true
    }

    /// The invitation of a secret, if it is good for this newcomer now. The same gateway may use it again:
    /// its answer may have been lost.
    pub(super) fn look(&self, secret: &[u8; 16], peer: &PeerId, now: WallTime) -> Result<&Invitation, Refused> {
        let secret = digest(secret);
        let found = self.0.iter().find(|invitation| invitation.secret == secret).ok_or(Refused::Unknown)?;
        if found.used_by.is_some_and(|used| used != *peer) {
            return Err(Refused::Used);
        }
        // A clock that was set back must not make an invitation last longer.
        let in_time = (found.made_us..=found.expires_us).contains(&now.as_us());
        if in_time { Ok(found) } else { Err(Refused::Expired) }
    }

    /// It was used.
    pub(super) fn used(&mut self, secret: &[u8; 16], peer: PeerId) {
        let secret = digest(secret);
        if let Some(found) = self.0.iter_mut().find(|invitation| invitation.secret == secret) {
            found.used_by = Some(peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_good_once_and_for_a_while() {
        let now = WallTime::from_ns(1_000_000_000_000);
        let (one, other) = (PeerId([1; 32]), PeerId([2; 32]));
        let mut all = Invitations::default();
        assert!(all.open(&[1; 16], ("acme", "ulm"), now, INVITATION_LASTS));
        assert_eq!(all.look(&[2; 16], &one, now).map(|_| ()), Err(Refused::Unknown));
        assert!(all.look(&[1; 16], &one, now).is_ok());
        let late = now.plus(INVITATION_LASTS).plus(Duration::from_millis(1));
        assert_eq!(all.look(&[1; 16], &one, late).map(|_| ()), Err(Refused::Expired));
        assert_eq!(all.look(&[1; 16], &one, now.minus(Duration::from_secs(1))).map(|_| ()), Err(Refused::Expired));
        all.used(&[1; 16], one);
        assert!(all.look(&[1; 16], &one, now).is_ok());
        assert_eq!(all.look(&[1; 16], &other, now).map(|_| ()), Err(Refused::Used));
    }

    #[test]
    fn there_is_room_for_so_many() {
        let now = WallTime::from_ns(1_000_000_000_000);
        let mut all = Invitations::default();
        let opened = (0..=INVITATIONS_MAX).filter(|_| all.open(&[1; 16], ("a", "b"), now, INVITATION_LASTS)).count();
        assert_eq!(opened, INVITATIONS_MAX);
        let later = now.plus(Duration::from_hours(25));
        assert!(all.open(&[1; 16], ("a", "b"), later, INVITATION_LASTS));
    }
}
