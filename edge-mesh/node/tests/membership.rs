//! Membership over real UDP: invited, joined, seen by all, refused with a reason, removed without a restart.

mod boxes;

use boxes::{Part, wait};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use takt_adapters::Clock;
use takt_mesh::membership::{Code, FilesError, INVITATION_LASTS, JoinError, MeshFiles, Own, Refused, join};
use takt_plant::WallTime;

fn own(name: &str, site: &str, address: SocketAddr) -> Own {
    Own { name: name.to_owned(), site: site.to_owned(), addresses: vec![address] }
}

/// An address that was free a moment ago.
fn address() -> SocketAddr {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.local_addr().expect("an address")
}

fn now() -> WallTime {
    Clock::new().wall()
}

/// A box with a folder.
struct Home {
    folder: tempfile::TempDir,
    files: MeshFiles,
    own: Own,
}

impl Home {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let files = MeshFiles::new(folder.path());
        Self { folder, files, own: own(name, "ulm", address()) }
    }

    fn start(&self) -> Part {
        let roster = self.files.roster().expect("it reads").expect("a member");
        let key = self.files.secret().expect("a key");
        Part::start_with(key, roster, self.own.addresses[0], Some(self.files.clone()))
    }

    fn join(&self, code: &Code) -> Result<u64, JoinError> {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(join(&self.files, code, &self.own)).map(|roster| roster.list.version)
    }

    fn invite(&self) -> Code {
        self.files.invite(None, INVITATION_LASTS, now()).expect("it invites")
    }
}

fn fleet() -> (Home, Part) {
    let first = Home::new("first");
    first.files.init(&first.own, "acme", now()).expect("a fleet of one box");
    let part = first.start();
    (first, part)
}

#[test]
fn an_invited_gateway_joins_and_all_see_it() {
    let (first, first_part) = fleet();
    let second = Home::new("second");
    let code = Code::read(&first.invite().to_string()).expect("it reads what it printed");
    assert_eq!(second.join(&code).expect("it is let in"), 2);
    let second_part = second.start();
    wait("both see each other", || {
        (first_part.sees(&second_part.id) && second_part.sees(&first_part.id)).then_some(())
    });
    // A third one: the second hears of it from the first, without a restart.
    let third = Home::new("third");
    third.join(&first.invite()).expect("it is let in");
    let third_part = third.start();
    wait("the second sees the third", || second_part.sees(&third_part.id).then_some(()));
    assert_eq!(names(&second.files), ["first", "second", "third"]);
    assert!(matches!(third.join(&first.invite()), Err(JoinError::Files(FilesError::Member(name))) if name == "third"));
    // Taken out by a command in another process: it works within seconds, on all sides, for good.
    first.files.remove("second", now()).expect("it is taken out");
    wait("nobody sees the second", || {
        let gone = !first_part.sees(&second_part.id) && !third_part.sees(&second_part.id);
        (gone && names(&third.files) == ["first", "third"]).then_some(())
    });
    wait("the second sees nobody", || (!second_part.sees(&first_part.id)).then_some(()));
}

fn names(files: &MeshFiles) -> Vec<String> {
    files.members().expect("a list").into_iter().map(|member| member.name).collect()
}

#[test]
fn a_code_that_is_no_good_says_why() {
    let (first, _part) = fleet();
    let (second, third) = (Home::new("second"), Home::new("third"));
    let refused = |home: &Home, code: &Code| match home.join(code) {
        Err(JoinError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    let code = first.invite();
    second.join(&code).expect("it is let in");
    assert_eq!(refused(&third, &code), Refused::Used);
    let past = now().minus(INVITATION_LASTS).minus(Duration::from_secs(1));
    let expired = first.files.invite(None, INVITATION_LASTS, past).expect("it invites");
    assert_eq!(refused(&third, &expired), Refused::Expired);
    let elsewhere = first.files.invite(Some("linz"), INVITATION_LASTS, now()).expect("it invites");
    assert_eq!(refused(&third, &elsewhere), Refused::OtherSite("linz".into()));
    let namesake = Home::new("second");
    assert_eq!(refused(&namesake, &first.invite()), Refused::NameTaken("second".into()));
    // Nothing of it left a trace at those who were refused.
    assert!(third.files.roster().expect("it reads").is_none());
    assert_eq!(names(&first.files), ["first", "second"]);
    assert!(matches!(second.files.invite(None, INVITATION_LASTS, now()), Err(FilesError::NoEnrolment)));
}

#[test]
fn nobody_answers_where_nobody_runs() {
    let first = Home::new("first");
    first.files.init(&first.own, "acme", now()).expect("a fleet of one box");
    let second = Home::new("second");
    assert!(matches!(second.join(&first.invite()), Err(JoinError::Silent(_))));
}

#[test]
fn an_old_list_is_refused_and_a_bent_one_not_believed() {
    let (first, _part) = fleet();
    let file = first.folder.path().join("mesh/members");
    let old = std::fs::read(&file).expect("it is there");
    let second = Home::new("second");
    second.join(&first.invite()).expect("it is let in");
    let newer = std::fs::read(&file).expect("it is there");
    std::fs::write(&file, &old).expect("it writes");
    assert!(matches!(first.files.roster(), Err(FilesError::Older { found: 1, newest: 2 })));
    for at in 0..newer.len() {
        let mut bent = newer.clone();
        bent[at] ^= 1;
        std::fs::write(&file, &bent).expect("it writes");
        assert!(first.files.roster().is_err(), "byte {at}");
    }
    std::fs::write(&file, &newer).expect("it writes");
    assert!(first.files.roster().is_ok());
    // What another fleet signed is no list of this one, however new.
    let (other, _other_part) = fleet();
    std::fs::copy(other.folder.path().join("mesh/members"), &file).expect("it copies");
    assert!(first.files.roster().is_err());
}

#[test]
fn keys_are_nobody_elses_business() {
    use std::os::unix::fs::PermissionsExt;
    let first = Home::new("first");
    first.files.init(&first.own, "acme", now()).expect("a fleet of one box");
    first.invite();
    let mode = |name: &str| -> u32 {
        let path = Path::new("mesh").join(name);
        std::fs::metadata(first.folder.path().join(path)).expect("it is there").permissions().mode() & 0o777
    };
    for name in ["key", "root", "enrolment", "invitations"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert!(matches!(first.files.init(&first.own, "acme", now()), Err(FilesError::Member(_))));
    assert!(matches!(first.files.remove("first", now()), Err(FilesError::Itself)));
    assert!(matches!(first.files.remove("ninth", now()), Err(FilesError::Unknown(_))));
}
