//! The catalogue: what is installed and active stays so, whatever a killed process leaves behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use takt_models::catalogue::*;
use takt_models::package::*;
use takt_plant::{ModelId, WallTime};
use tempfile::TempDir;

fn name(text: &str) -> ModelId {
    ModelId::new(text).expect("a name")
}

fn v(text: &str) -> ModelVersion {
    text.parse().expect("a version")
}

/// A package of a model; `salt` makes its content differ.
fn packed(model: &str, version: &str, salt: u8) -> Vec<u8> {
    let manifest = Manifest {
        name: name(model),
        version: v(version),
        kind: ModelKind::Trained,
        inputs: vec![Input { role: "a".into(), unit: None, range: None, cadence: None }],
        window: WindowContract::Frame,
        tensor: TensorSpec { name: "x".into(), element: Element::F32, preprocessing: Preprocessing::Frame },
        scores: vec![ScoreSpec {
            name: "y".into(),
            label: String::new(),
            tensor: "y".into(),
            index: 0,
            limit: 1.0,
            false_alarm_rate: None,
        }],
        contributions: Vec::new(),
        tolerances: Tolerances { default: Tolerance { absolute: 0.0, relative: 0.0 }, pairs: Vec::new() },
        cost: Cost::Unmeasured,
        provenance: Provenance {
            who: "tests".into(),
            when: WallTime::from_ns(0),
            from: "nothing".into(),
            notes: BTreeMap::new(),
        },
    };
    let vector = TestVector { columns: vec![vec![1.0]], scores: vec![1.0] };
    Package::pack(&manifest, &[salt; 600], &[vector]).expect("packs")
}

struct Shelf {
    dir: TempDir,
    catalogue: Catalogue,
}

impl Shelf {
    /// A catalogue with these versions of `press-a`, activated one after the other.
    fn with(versions: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let catalogue = Catalogue::open(&dir.path().join("models")).expect("opens");
        for version in versions {
            catalogue.install(&packed("press-a", version, 0)).expect("installs");
            catalogue.activate(&name("press-a"), &v(version), "anna", at(0)).expect("activates");
        }
        Self { dir, catalogue }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("models/press-a")
    }

    fn active(&self) -> Option<String> {
        self.catalogue.active(&name("press-a")).expect("reads").map(|r| r.version.to_string())
    }

    fn reopened(&self) -> Catalogue {
        Catalogue::open(&self.dir.path().join("models")).expect("opens again")
    }
}

fn at(s: i64) -> WallTime {
    WallTime::from_ns(s * 1_000_000_000)
}

fn said<T: std::fmt::Debug>(result: Result<T, CatalogueError>) -> String {
    result.expect_err("must be refused").to_string()
}

fn unfinished(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).expect("a folder");
    entries.filter(|e| e.as_ref().expect("an entry").file_name().to_string_lossy().starts_with(".new-")).count()
}

#[test]
fn several_models_and_versions_live_side_by_side() {
    let b = Shelf::with(&["1.0.0", "1.1.0"]);
    for (model, version) in [("press-b", "2.0.0"), ("press-b", "10.0.0"), ("press", "1.0.0-a.1")] {
        let installed = b.catalogue.install(&packed(model, version, 7)).expect("installs");
        assert!(matches!(installed, Installed::Added(r) if r.version == v(version)));
    }
    let listed: Vec<_> = b
        .catalogue
        .list()
        .expect("lists")
        .into_iter()
        .map(|l| (l.name.to_string(), l.version.to_string(), l.active, l.condition.is_ok()))
        .collect();
    let expected = [
        ("press", "1.0.0-a.1", false, true),
        ("press-a", "1.0.0", false, true),
        ("press-a", "1.1.0", true, true),
        ("press-b", "2.0.0", false, true),
        ("press-b", "10.0.0", false, true),
    ];
    assert_eq!(listed, expected.map(|(n, v, a, ok)| (n.to_owned(), v.to_owned(), a, ok)));
    let package = b.catalogue.load(&name("press-b"), &v("2.0.0")).expect("loads");
    assert_eq!(package.digest(), Digest::of(&packed("press-b", "2.0.0", 7)));
    assert_eq!(b.catalogue.load_active(&name("press-a")).expect("loads").manifest().version, v("1.1.0"));
}

#[test]
fn installing_again_changes_nothing_and_a_version_never_changes() {
    let b = Shelf::with(&["1.0.0"]);
    let again = b.catalogue.install(&packed("press-a", "1.0.0", 0)).expect("the same");
    assert!(matches!(again, Installed::AlreadyThere(_)));
    let error = said(b.catalogue.install(&packed("press-a", "1.0.0", 1)));
    assert!(error.contains("already installed with other content") && error.contains("raise the version"), "{error}");
    assert_eq!(
        b.catalogue.load_active(&name("press-a")).expect("loads").digest(),
        Digest::of(&packed("press-a", "1.0.0", 0))
    );
}

#[test]
fn a_refused_package_leaves_no_trace() {
    let b = Shelf::with(&[]);
    let bytes = packed("press-a", "1.0.0", 0);
    let error = said(b.catalogue.install(&bytes[..bytes.len() / 2]));
    assert!(error.contains("cut off"), "{error}");
    assert!(b.catalogue.list().expect("lists").is_empty());
    let error = said(b.catalogue.install_file(Path::new("/nowhere/x.takt")));
    assert!(error.contains("/nowhere/x.takt cannot be read"), "{error}");
}

#[test]
fn going_back_is_one_action_and_the_history_keeps_it() {
    let b = Shelf::with(&["1.0.0", "1.1.0", "1.2.0"]);
    let back = |s| b.catalogue.rollback(&name("press-a"), "bert", at(s)).map(|r| r.version.to_string());
    assert_eq!(back(1).expect("1.1.0"), "1.1.0");
    assert_eq!(back(2).expect("1.0.0"), "1.0.0");
    assert!(said(back(3)).contains("no earlier version to go back to"));
    assert_eq!(b.active().as_deref(), Some("1.0.0"));
    b.catalogue.activate(&name("press-a"), &v("1.2.0"), "anna", at(4)).expect("activates");
    assert_eq!(back(5).expect("the one before"), "1.0.0");
    let history = b.reopened().history(&name("press-a")).expect("reads");
    let seen: Vec<_> = history.iter().map(|a| (a.release.version.to_string(), a.action, a.by.as_str())).collect();
    let step = |version: &str, action, by| (version.to_owned(), action, by);
    let expected = [
        step("1.0.0", Action::Activate, "anna"),
        step("1.1.0", Action::Activate, "anna"),
        step("1.2.0", Action::Activate, "anna"),
        step("1.1.0", Action::Rollback, "bert"),
        step("1.0.0", Action::Rollback, "bert"),
        step("1.2.0", Action::Activate, "anna"),
        step("1.0.0", Action::Rollback, "bert"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(history[4].at, at(2));
}

#[test]
fn activating_the_active_version_again_is_no_step_back() {
    let b = Shelf::with(&["1.0.0", "1.1.0", "1.1.0", "1.1.0"]);
    assert_eq!(b.catalogue.rollback(&name("press-a"), "bert", at(1)).expect("goes back").version, v("1.0.0"));
}

#[test]
fn the_history_is_bounded() {
    let b = Shelf::with(&["1.0.0", "1.1.0"]);
    for i in 0..(HISTORY_MAX as i64 + 10) {
        let version = if i % 2 == 0 { "1.0.0" } else { "1.1.0" };
        b.catalogue.activate(&name("press-a"), &v(version), "anna", at(i)).expect("activates");
    }
    let history = b.catalogue.history(&name("press-a")).expect("reads");
    assert_eq!((history.len(), history[HISTORY_MAX - 1].at), (HISTORY_MAX, at(HISTORY_MAX as i64 + 9)));
}

#[test]
fn the_active_version_is_not_removed_and_the_others_are() {
    let b = Shelf::with(&["1.0.0", "1.1.0", "1.2.0"]);
    let error = said(b.catalogue.remove(&name("press-a"), &v("1.2.0")));
    assert!(error.contains("is active; activate another version first"), "{error}");
    b.catalogue.remove(&name("press-a"), &v("1.1.0")).expect("removes");
    let error = said(b.catalogue.remove(&name("press-a"), &v("1.1.0")));
    assert!(error.contains("is not installed"), "{error}");
    // The removed one is passed over.
    assert_eq!(b.catalogue.rollback(&name("press-a"), "bert", at(1)).expect("goes back").version, v("1.0.0"));
}

#[test]
fn what_is_not_there_is_said() {
    let b = Shelf::with(&[]);
    assert!(said(b.catalogue.activate(&name("press-a"), &v("1.0.0"), "anna", at(0))).contains("takt model install"));
    assert!(said(b.catalogue.load_active(&name("press-a"))).contains("takt model activate press-a VERSION"));
    assert!(said(b.catalogue.rollback(&name("press-a"), "anna", at(0))).contains("no earlier version"));
    assert_eq!(b.active(), None);
}

#[test]
fn a_process_killed_while_installing_leaves_the_old_state() {
    let bytes = packed("press-a", "1.1.0", 0);
    // Each is what the disk holds when the process dies after one more step.
    let left: [&[u8]; 4] = [b"", &bytes[..1], &bytes[..bytes.len() / 2], &bytes];
    for content in left {
        let b = Shelf::with(&["1.0.0"]);
        std::fs::write(b.folder().join(".new-press-a-1.1.0.takt"), content).expect("writes");
        let again = b.reopened();
        assert_eq!(unfinished(&b.folder()), 0);
        assert_eq!(again.list().expect("lists").len(), 1);
        assert_eq!(b.active().as_deref(), Some("1.0.0"));
        again.install(&bytes).expect("the next attempt works");
        assert_eq!(again.list().expect("lists").len(), 2);
    }
    // After the rename the package is there and nothing else has changed.
    let b = Shelf::with(&["1.0.0"]);
    std::fs::write(b.folder().join("press-a-1.1.0.takt"), &bytes).expect("writes");
    assert_eq!(b.reopened().list().expect("lists").len(), 2);
    assert_eq!(b.active().as_deref(), Some("1.0.0"));
    // The folder of a new model was made, and nothing more.
    std::fs::create_dir(b.dir.path().join("models/press-b")).expect("makes");
    assert_eq!(b.reopened().list().expect("lists").len(), 2);
}

#[test]
fn a_process_killed_while_activating_leaves_the_old_or_the_new_version() {
    let whole = {
        let b = Shelf::with(&["1.0.0", "1.1.0"]);
        std::fs::read(b.folder().join("active.toml")).expect("a pointer")
    };
    for content in [&b""[..], &whole[..whole.len() / 2], &whole] {
        let b = Shelf::with(&["1.0.0"]);
        b.catalogue.install(&packed("press-a", "1.1.0", 0)).expect("installs");
        std::fs::write(b.folder().join(".new-active.toml"), content).expect("writes");
        b.reopened();
        assert_eq!((b.active().as_deref(), unfinished(&b.folder())), (Some("1.0.0"), 0));
    }
    let b = Shelf::with(&["1.0.0"]);
    b.catalogue.install(&packed("press-a", "1.1.0", 0)).expect("installs");
    std::fs::write(b.folder().join("active.toml"), &whole).expect("writes");
    b.reopened();
    assert_eq!(b.active().as_deref(), Some("1.1.0"));
}

#[test]
fn damage_is_found_and_does_not_spread() {
    let b = Shelf::with(&["1.0.0", "1.1.0"]);
    let path = b.folder().join("press-a-1.0.0.takt");
    let mut bytes = std::fs::read(&path).expect("reads");
    let at_byte = bytes.len() / 2;
    bytes[at_byte] ^= 1;
    std::fs::write(&path, &bytes).expect("writes");
    let listed = b.catalogue.list().expect("lists");
    assert!(listed[0].condition.as_ref().expect_err("damaged").contains("is damaged"));
    assert!(listed[1].condition.is_ok() && listed[1].active);
    let error = said(b.catalogue.rollback(&name("press-a"), "bert", at(1)));
    assert!(error.contains("is damaged") && error.contains("install the package again"), "{error}");
    assert_eq!(b.active().as_deref(), Some("1.1.0"), "the running version stays");

    // A good package under the name of another, and a good one with other content.
    std::fs::write(&path, packed("press-a", "1.1.0", 0)).expect("writes");
    assert!(said(b.catalogue.load(&name("press-a"), &v("1.0.0"))).contains("it holds press-a 1.1.0"));
    std::fs::write(b.folder().join("press-a-1.1.0.takt"), packed("press-a", "1.1.0", 9)).expect("writes");
    assert!(said(b.catalogue.load_active(&name("press-a"))).contains("was activated"));
}

#[test]
fn a_damaged_package_is_repaired_by_installing_it_again() {
    let good = packed("press-a", "1.1.0", 0);
    // The active version, cut off, and one that somebody put there.
    for bad in [good[..700].to_vec(), packed("press-a", "1.1.0", 9)] {
        let b = Shelf::with(&["1.0.0", "1.1.0"]);
        std::fs::write(b.folder().join("press-a-1.1.0.takt"), bad).expect("writes");
        b.catalogue.load_active(&name("press-a")).expect_err("damaged");
        let error = said(b.catalogue.install(&packed("press-a", "1.1.0", 5)));
        assert!(error.contains("raise the version"), "another content is no repair: {error}");
        assert!(matches!(b.catalogue.install(&good).expect("installs"), Installed::Repaired(_)));
        assert_eq!(b.catalogue.load_active(&name("press-a")).expect("loads").digest(), Digest::of(&good));
    }
}

#[test]
fn an_unreadable_pointer_says_the_way_out_and_that_way_works() {
    for text in ["", "format = 2\nstack = []\nhistory = []", "\u{0}", "stack = [{}]"] {
        let b = Shelf::with(&["1.0.0"]);
        std::fs::write(b.folder().join("active.toml"), text).expect("writes");
        let error = said(b.catalogue.active(&name("press-a")));
        assert!(error.contains("takt model activate press-a VERSION"), "{error}");
        assert!(said(b.catalogue.remove(&name("press-a"), &v("1.0.0"))).contains("active.toml"));
        assert_eq!(b.reopened().list().expect("lists").len(), 1);
        b.catalogue.activate(&name("press-a"), &v("1.0.0"), "anna", at(1)).expect("the way out");
        assert_eq!(b.active().as_deref(), Some("1.0.0"));
    }
}

#[test]
fn many_hands_at_once_lose_nothing() {
    let b = Shelf::with(&["1.0.0"]);
    let threads: Vec<_> = (0..8)
        .map(|i| {
            let catalogue = b.reopened();
            std::thread::spawn(move || {
                let version = format!("2.0.{i}");
                catalogue.install(&packed("press-a", &version, 0)).expect("installs");
                catalogue.activate(&name("press-a"), &v(&version), "anna", at(i)).expect("activates");
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().expect("ends"));
    assert_eq!(b.catalogue.list().expect("lists").len(), 9);
    assert_eq!(b.catalogue.history(&name("press-a")).expect("reads").len(), 9, "every activation is in the history");
}
