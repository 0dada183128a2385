//! The files of membership in one folder, each replaced as a whole or not at all.
//!
//! `key` is this gateway's identity. `fleet` says which fleet, and the version below which no list counts.
//! `members` is the signed list. `enrolment` and `root` lie on an enrolling gateway only, and
//! `invitations` beside them. Programs that change something hold `lock` meanwhile.

use super::code::Code;
use super::facts::{Delegation, ListFact, MemberFact, Own};
use super::invitations::{Invitations, Refused};
use super::signed::{self, ListError, SignedList};
use crate::roster::Roster;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use takt_mesh_proto::ids::{MeshId, PeerId};
use takt_mesh_proto::keys::{Keypair, Sealed};
use takt_mesh_proto::limits::{MEMBERS_MAX, ZONE_MEMBERS_MAX};
use takt_plant::WallTime;

/// How long a list holds: a fleet whose enrolling gateway died must have time to notice.
const LIST_LASTS: Duration = Duration::from_hours(365 * 24);
/// How long the root lets an enrolment key sign.
const DELEGATION_LASTS: Duration = Duration::from_hours(5 * 365 * 24);
/// A pair's limit in a new fleet: a million runs of the calibration graph.
const PAIR_LIMIT: u64 = 1_000_000 * 1_000_000_000;
/// A gateway's limit towards the whole mesh in a new fleet.
const MESH_LIMIT: u64 = 10 * PAIR_LIMIT;

/// Why a file could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The disk refused.
    #[error("{path} cannot be used")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{0} is damaged; restore it from a backup")]
    Damaged(String),
    /// Not in a fleet.
    #[error("this gateway is in no fleet; begin one with `takt mesh init`, or join one with `takt mesh join CODE`")]
    NotMember,
    /// In a fleet already.
    #[error("this gateway is in a fleet already, as {0}; remove it there first")]
    Member(String),
    /// Only an enrolling gateway can.
    #[error("only the gateway that began the fleet can invite and remove members")]
    NoEnrolment,
    /// The list is not to be believed.
    #[error(transparent)]
    List(#[from] ListError),
    /// Older than what was in force.
    #[error(
        "the member list has version {found}, but version {newest} was in force; get the newest from another member"
    )]
    Older {
        /// Of the list.
        found: u64,
        /// That was in force.
        newest: u64,
    },
    /// No such member.
    #[error("the fleet has no gateway '{0}'; `takt mesh peers` lists them")]
    Unknown(String),
    /// It would remove itself.
    #[error("this gateway signs the fleet's lists and cannot remove itself")]
    Itself,
    /// Too many invitations.
    #[error("too many invitations are open; wait until some have expired")]
    Invitations,
    /// What this gateway says of itself cannot be.
    #[error("{0}")]
    Own(String),
    /// No random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// The folder.
#[derive(Debug, Clone)]
pub struct MeshFiles {
    folder: PathBuf,
}

/// Which fleet, and how far it has come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Fleet {
    mesh: MeshId,
    newest: u64,
}

/// What lets a gateway sign lists.
#[derive(Serialize, Deserialize)]
struct Enrolment {
    root: PeerId,
    secret: [u8; 32],
    delegation: Sealed<Delegation>,
}

impl MeshFiles {
    /// The files below a gateway's folder; nothing is read or made yet.
    pub fn new(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("mesh") }
    }

    /// Where the log lies.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// This gateway's secret key; made when there is none.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn secret(&self) -> Result<[u8; 32], FilesError> {
        let _lock = self.lock()?;
        match self.read::<[u8; 32]>("key")? {
            Some(secret) => Ok(secret),
            None => {
                let secret = random()?;
                self.write("key", &secret)?;
                Ok(secret)
            }
        }
    }

    /// The list in force; `None` in no fleet.
    ///
    /// # Errors
    /// When it cannot be read, or must not be believed.
    pub fn roster(&self) -> Result<Option<Roster>, FilesError> {
        let Some(fleet) = self.read::<Fleet>("fleet")? else { return Ok(None) };
        let Some(bytes) = self.bytes("members")? else { return Err(self.damaged("members")) };
        let list = SignedList::decode(&bytes)?.open(&fleet.mesh)?;
        if list.version < fleet.newest {
            return Err(FilesError::Older { found: list.version, newest: fleet.newest });
        }
        Ok(Some(signed::roster(&list, &bytes)?))
    }

    /// Every member, as written in the list in force.
    ///
    /// # Errors
    /// As [`Self::roster`], and in no fleet.
    pub fn members(&self) -> Result<Vec<MemberFact>, FilesError> {
        self.roster()?.ok_or(FilesError::NotMember)?;
        Ok(self.list()?.1.members)
    }

    /// Begins a fleet of one box.
    ///
    /// # Errors
    /// In a fleet already.
    pub fn init(&self, own: &Own, company: &str, now: WallTime) -> Result<Roster, FilesError> {
        let key = Keypair::from_secret(&self.secret()?);
        let _lock = self.lock()?;
        self.not_a_member(&key.id())?;
        let (root, secret) = (random()?, random()?);
        let (root_key, enrolment_key) = (Keypair::from_secret(&root), Keypair::from_secret(&secret));
        let mesh = signed::mesh_of(&root_key.id());
        let delegation = Delegation {
            mesh,
            key: enrolment_key.id(),
            sites: Vec::new(),
            members_max: MEMBERS_MAX as u32,
            expires_us: now.plus(DELEGATION_LASTS).as_us(),
        };
        let delegation = Sealed::seal(&delegation, &root_key);
        self.write("root", &root)?;
        self.write("enrolment", &Enrolment { root: root_key.id(), secret, delegation })?;
        let first = member(own, company, key.id(), 0)?;
        let list = ListFact {
            mesh,
            version: 0,
            issued_us: 0,
            expires_us: 0,
            members: vec![first],
            pair_limit: PAIR_LIMIT,
            mesh_limit: MESH_LIMIT,
        };
        self.sign(list, now)
    }

    /// Invites a gateway of a site; the own site when none is named.
    ///
    /// # Errors
    /// Where no enrolment key lies.
    pub fn invite(&self, site: Option<&str>, lasts: Duration, now: WallTime) -> Result<Code, FilesError> {
        let own = Keypair::from_secret(&self.secret()?).id();
        let _lock = self.lock()?;
        self.read::<Enrolment>("enrolment")?.ok_or(FilesError::NoEnrolment)?;
        let (_, list) = self.list()?;
        let me = list.members.iter().find(|member| member.peer == own).ok_or(FilesError::NotMember)?;
        let secret: [u8; 16] = random()?;
        let site = site.unwrap_or(&me.site);
        signed::check(&me.name, site, &[]).map_err(FilesError::Own)?;
        let mut open: Invitations = self.read("invitations")?.unwrap_or_default();
        if !open.open(&secret, (me.company.as_str(), site), now, lasts) {
            return Err(FilesError::Invitations);
        }
        self.write("invitations", &open)?;
        Ok(Code { mesh: list.mesh, inviter: own, addresses: me.addresses.clone(), secret })
    }

    /// Enrols a newcomer that brought an invitation's secret.
    ///
    /// # Errors
    /// When the files cannot be used; a refusal is no such error.
    pub(super) fn enrol(
        &self,
        secret: &[u8; 16],
        own: &Own,
        peer: PeerId,
        now: WallTime,
    ) -> Result<Result<Roster, Refused>, FilesError> {
        let _lock = self.lock()?;
        let mut open: Invitations = self.read("invitations")?.unwrap_or_default();
        let invitation = match open.look(secret, &peer, now) {
            Ok(invitation) => invitation.clone(),
            Err(refused) => return Ok(Err(refused)),
        };
        if own.site != invitation.site {
            return Ok(Err(Refused::OtherSite(invitation.site)));
        }
        let (_, mut list) = self.list()?;
        let before = list.members.iter().position(|member| member.peer == peer).map(|at| list.members.remove(at));
        if list.members.iter().any(|member| member.name == own.name) {
            return Ok(Err(Refused::NameTaken(own.name.clone())));
        }
        let zone = (0..).find(|zone| list.members.iter().filter(|m| m.zone == *zone).count() < ZONE_MEMBERS_MAX);
        let Ok(mut newcomer) = member(own, &invitation.company, peer, zone.unwrap_or(0)) else {
            return Ok(Err(Refused::Wrong("what this gateway says of itself is wrong; look at takt.toml".into())));
        };
        newcomer.incarnation = before.map_or(0, |before| before.incarnation);
        list.members.push(newcomer);
        let roster = self.sign(list, now)?;
        open.used(secret, peer);
        self.write("invitations", &open)?;
        Ok(Ok(roster))
    }

    /// Takes a member out, by name or by the beginning of its key.
    ///
    /// # Errors
    /// When there is no such member, and where no enrolment key lies.
    pub fn remove(&self, who: &str, now: WallTime) -> Result<MemberFact, FilesError> {
        let own = Keypair::from_secret(&self.secret()?).id();
        let _lock = self.lock()?;
        let (_, mut list) = self.list()?;
        let is_meant = |m: &MemberFact| m.name == who || (who.len() >= 8 && m.peer.to_string().starts_with(who));
        let at = list.members.iter().position(is_meant).ok_or_else(|| FilesError::Unknown(who.to_owned()))?;
        if list.members[at].peer == own {
            return Err(FilesError::Itself);
        }
        let removed = list.members.remove(at);
        self.sign(list, now)?;
        Ok(removed)
    }

    /// Takes a signed list that came from elsewhere, if it is newer; `None` if it is not.
    ///
    /// # Errors
    /// When it must not be believed, or cannot be written.
    pub(super) fn adopt(&self, bytes: &[u8], mesh: Option<MeshId>) -> Result<Option<Roster>, FilesError> {
        let _lock = self.lock()?;
        let fleet = match (self.read::<Fleet>("fleet")?, mesh) {
            (Some(fleet), None) => fleet,
            (None, Some(mesh)) => Fleet { mesh, newest: 0 },
            (None, None) => return Err(FilesError::NotMember),
            // A gateway that joins again, or moves after it was removed.
            (Some(fleet), Some(mesh)) if fleet.mesh == mesh => fleet,
            (Some(_), Some(mesh)) => Fleet { mesh, newest: 0 },
        };
        let list = SignedList::decode(bytes)?.open(&fleet.mesh)?;
        if list.version <= fleet.newest {
            return Ok(None);
        }
        let roster = signed::roster(&list, bytes)?;
        self.put(&list, bytes)?;
        Ok(Some(roster))
    }

    /// Refuses where a list already names this gateway.
    pub(super) fn not_a_member(&self, own: &PeerId) -> Result<(), FilesError> {
        match self.roster() {
            Ok(Some(roster)) if roster.has(own) => {
                let name = roster.places.get(own).map(|place| place.name.to_string()).unwrap_or_default();
                Err(FilesError::Member(name))
            }
            Ok(_) => Ok(()),
            Err(why) => Err(why),
        }
    }

    fn list(&self) -> Result<(SignedList, ListFact), FilesError> {
        let fleet = self.read::<Fleet>("fleet")?.ok_or(FilesError::NotMember)?;
        let bytes = self.bytes("members")?.ok_or_else(|| self.damaged("members"))?;
        let signed = SignedList::decode(&bytes)?;
        let list = signed.open(&fleet.mesh)?;
        Ok((signed, list))
    }

    /// The next version of a list, signed and in force.
    fn sign(&self, mut list: ListFact, now: WallTime) -> Result<Roster, FilesError> {
        let enrolment = self.read::<Enrolment>("enrolment")?.ok_or(FilesError::NoEnrolment)?;
        list.version += 1;
        // Time that was signed never goes back, whatever the box's clock does.
        list.issued_us = now.as_us().max(list.issued_us + 1);
        list.expires_us = list.issued_us.saturating_add(i64::try_from(LIST_LASTS.as_micros()).unwrap_or(i64::MAX));
        let key = Keypair::from_secret(&enrolment.secret);
        let signed = SignedList::sign(enrolment.root, &enrolment.delegation, &list, &key);
        let bytes = signed.encode();
        let checked = signed.open(&list.mesh)?;
        let roster = signed::roster(&checked, &bytes)?;
        self.put(&list, &bytes)?;
        Ok(roster)
    }

    /// The list first, then its version: a crash between them leaves a list that is newer than it must be.
    fn put(&self, list: &ListFact, bytes: &[u8]) -> Result<(), FilesError> {
        self.put_bytes("members", bytes)?;
        self.write("fleet", &Fleet { mesh: list.mesh, newest: list.version })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn failed(&self, name: &str, source: io::Error) -> FilesError {
        FilesError::Io { path: self.path(name).display().to_string(), source }
    }

    fn damaged(&self, name: &str) -> FilesError {
        FilesError::Damaged(self.path(name).display().to_string())
    }

    /// Held until it is dropped; other programs wait.
    fn lock(&self) -> Result<File, FilesError> {
        let open = || -> io::Result<File> {
            fs::create_dir_all(&self.folder)?;
            let file =
                OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.path("lock"))?;
            file.lock()?;
            Ok(file)
        };
        open().map_err(|why| self.failed("lock", why))
    }

    fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, FilesError> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(self.failed(name, why)),
        }
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, FilesError> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        match postcard::take_from_bytes(&bytes) {
            Ok((value, [])) => Ok(Some(value)),
            _ => Err(self.damaged(name)),
        }
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), FilesError> {
        let bytes = postcard::to_allocvec(value).expect("files hold only types that postcard encodes");
        self.put_bytes(name, &bytes)
    }

    fn put_bytes(&self, name: &str, bytes: &[u8]) -> Result<(), FilesError> {
        let put = || -> io::Result<()> {
            let (path, new) = (self.path(name), self.path(&format!("{name}.new")));
            // Most of these are secrets, and none is anybody else's business.
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(&self.folder)?.sync_all()
        };
        put().map_err(|why| self.failed(name, why))
    }
}

fn member(own: &Own, company: &str, peer: PeerId, zone: u16) -> Result<MemberFact, FilesError> {
    signed::check(&own.name, &own.site, &own.addresses).map_err(FilesError::Own)?;
    let Own { name, site, addresses } = own.clone();
    Ok(MemberFact { peer, name, company: company.to_owned(), site, addresses, zone, incarnation: 0 })
}

fn random<const N: usize>() -> Result<[u8; N], FilesError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map(|()| bytes).map_err(|_| FilesError::Random)
}
