//! Packages: the same content gives the same bytes, and hostile bytes give a clear error.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use takt_models::package::*;
use takt_plant::{ModelId, WallTime};

const BLOCK: usize = 512;

/// A manifest that uses every kind of key.
fn manifest() -> Manifest {
    let feature = |input: &str, kind| FeatureSpec { input: input.into(), kind };
    let score = |name: &str, index, limit, false_alarm_rate| ScoreSpec {
        name: name.into(),
        label: format!("{name} of the press"),
        tensor: "scores".into(),
        index,
        limit,
        false_alarm_rate,
    };
    Manifest {
        name: ModelId::new("press-a").expect("a name"),
        version: "1.2.3-trial.4".parse().expect("a version"),
        kind: ModelKind::Baseline,
        inputs: vec![
            Input {
                role: "force".into(),
                unit: Some("kN".into()),
                range: Some((0.0, 5000.5)),
                cadence: Some(Duration::from_millis(1)),
            },
            Input { role: "vibration".into(), unit: None, range: None, cadence: None },
        ],
        window: WindowContract::Time { span: Duration::from_millis(4), step: Duration::from_millis(1) },
        tensor: TensorSpec {
            name: "x".into(),
            element: Element::F64,
            preprocessing: Preprocessing::Features {
                list: vec![
                    feature("force", FeatureKind::Mean),
                    feature("force", FeatureKind::Std),
                    feature("vibration", FeatureKind::Rms),
                    feature("vibration", FeatureKind::Peak),
                    feature("vibration", FeatureKind::Crest),
                    feature("vibration", FeatureKind::Kurtosis),
                    feature("vibration", FeatureKind::Skewness),
                    feature("vibration", FeatureKind::BandEnergy { low_hz: 10.0, high_hz: 500.0 }),
                ],
            },
        },
        scores: vec![score("t2", 0, 26.125, Some(0.01)), score("spe", 1, 1e-300, None)],
        contributions: vec![ContributionSpec {
            score: "t2".into(),
            tensor: "t2_contributions".into(),
            form: ContributionForm::Raw,
        }],
        tolerances: Tolerances {
            default: Tolerance { absolute: 1e-9, relative: 1e-6 },
            pairs: vec![PairTolerance {
                between: [Provider::Cpu, Provider::OpenVino(OpenVinoDevice::Npu)],
                tolerance: Tolerance { absolute: 0.01, relative: 0.02 },
            }],
        },
        cost: Cost::Nanounits(12_345),
        provenance: Provenance {
            who: "Anna \"the\" engineer".into(),
            when: WallTime::from_ns(1_767_225_600_123_456_789),
            from: "press-3, 2026-01".into(),
            notes: BTreeMap::from([("tool".into(), "takt learn\nline two".into())]),
        },
    }
}

fn vectors() -> Vec<TestVector> {
    vec![
        TestVector { columns: vec![vec![0.1, 0.2, 0.3, 1e-7], vec![1.0; 4]], scores: vec![1.0 / 3.0, 2.5] },
        TestVector { columns: vec![vec![-5.0; 4], vec![f64::MAX; 4]], scores: vec![0.0, -0.0] },
    ]
}

fn packed() -> Vec<u8> {
    Package::pack(&manifest(), b"not a graph, but bytes", &vectors()).expect("packs")
}

/// Opens bytes and gives the error's text with its cause's.
fn refused(bytes: &[u8]) -> String {
    let error = Package::open(bytes).expect_err("must be refused");
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    format!("{error} {cause}")
}

#[test]
fn a_package_reads_back_what_was_packed() {
    let bytes = packed();
    let package = Package::open(&bytes).expect("opens");
    assert_eq!(package.manifest(), &manifest());
    assert_eq!(package.model(), b"not a graph, but bytes");
    assert_eq!(package.vectors(), vectors());
    assert_eq!(package.digest(), Digest::of(&bytes));
    let seen = Package::inspect(&bytes).expect("inspects");
    assert_eq!((seen.n_bytes, seen.n_model_bytes, seen.n_vectors), (bytes.len() as u64, 22, 2));
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    let bytes = packed();
    assert_eq!(bytes, packed());
    let again = Package::open(&bytes).expect("opens");
    assert_eq!(Package::pack(again.manifest(), again.model(), again.vectors()).expect("packs"), bytes);
    let mut changed = manifest();
    changed.scores[0].limit = f64::from_bits(changed.scores[0].limit.to_bits() + 1);
    let other = Package::pack(&changed, b"not a graph, but bytes", &vectors()).expect("packs");
    assert_ne!(Digest::of(&other), Digest::of(&bytes), "one bit of a limit changes the digest");
}

#[test]
fn a_package_is_a_plain_tar() {
    let mut names = Vec::new();
    for entry in tar::Archive::new(packed().as_slice()).entries().expect("a tar") {
        names.push(entry.expect("an entry").path().expect("a path").display().to_string());
    }
    assert_eq!(names, ["model.toml", "model.onnx", "vectors/0001.json", "vectors/0002.json"]);
}

#[test]
fn every_broken_rule_is_named_at_once() {
    type Break = fn(&mut Manifest);
    let cases: &[(Break, &str)] = &[
        (|m| m.inputs.clear(), "inputs: give 1 to"),
        (|m| m.inputs[1].role = "force".into(), "'force' stands twice"),
        (|m| m.inputs[0].role = "../x".into(), "role '../x'"),
        (|m| m.inputs[0].range = Some((1.0, 1.0)), "range of 'force'"),
        (|m| m.window = WindowContract::Count { size: 0 }, "size must be at least 1"),
        (|m| m.window = WindowContract::Count { size: u32::MAX }, "numbers in one window"),
        (|m| m.window = WindowContract::Count { size: 4 }, "a band of 'vibration': band energies need the sample rate"),
        (|m| m.window = WindowContract::Trigger { n_min: 3, n_max: 2 }, "n_max at least n_min"),
        (
            |m| m.window = WindowContract::Time { span: Duration::from_millis(5), step: Duration::from_millis(2) },
            "whole multiple",
        ),
        (
            |m| {
                m.window = WindowContract::Trigger { n_min: 1, n_max: 4 };
                m.tensor.preprocessing = Preprocessing::Series { layout: Layout::ChannelsFirst };
            },
            "fixed number of samples",
        ),
        (|m| m.tensor.preprocessing = Preprocessing::Features { list: Vec::new() }, "needs a list of features"),
        (
            |m| {
                let kind = FeatureKind::BandEnergy { low_hz: 500.1, high_hz: 600.0 };
                let list = vec![FeatureSpec { input: "force".into(), kind }];
                m.tensor.preprocessing = Preprocessing::Features { list };
            },
            "at or below 500 Hz",
        ),
        (
            |m| {
                let list = vec![FeatureSpec { input: "heat".into(), kind: FeatureKind::Mean }];
                m.tensor.preprocessing = Preprocessing::Features { list };
            },
            "names 'heat', which is no input",
        ),
        (
            |m| {
                m.window = WindowContract::Count { size: 4 };
                m.inputs[1].cadence = Some(Duration::from_millis(2));
                let kind = FeatureKind::BandEnergy { low_hz: 10.0, high_hz: 50.0 };
                let list = ["force", "vibration"].map(|input| FeatureSpec { input: input.into(), kind });
                m.tensor.preprocessing = Preprocessing::Features { list: list.into() };
            },
            "'vibration' has another cadence",
        ),
        (|m| m.scores.clear(), "scores: give 1 to"),
        (|m| m.scores[0].limit = f64::NAN, "limit of 't2'"),
        (|m| m.scores[1].name = "t2".into(), "'t2' stands twice"),
        (|m| m.contributions[0].score = "q".into(), "'q' is no score"),
        (|m| m.tolerances.default.absolute = -1.0, "not negative"),
        (|m| m.tolerances.pairs.push(m.tolerances.pairs[0]), "stand once"),
    ];
    for (break_it, expected) in cases {
        let mut broken = manifest();
        break_it(&mut broken);
        let error = Package::pack(&broken, b"", &vectors()).expect_err(expected).to_string();
        assert!(error.contains(expected), "expected '{expected}' in: {error}");
    }
    let mut two = manifest();
    two.scores[0].limit = f64::NAN;
    two.inputs[0].role = String::new();
    let error = Package::pack(&two, b"", &vectors()).expect_err("two").to_string();
    assert!(error.contains("(1) inputs: role") && error.contains("limit of 't2'"), "{error}");
}

#[test]
fn test_vectors_fit_the_manifest() {
    type Break = fn(&mut Vec<TestVector>);
    let cases: &[(Break, &str)] = &[
        (Vec::clear, "give 1 to 64 test vectors"),
        (|v| v.resize(65, v[0].clone()), "give 1 to 64 test vectors"),
        (|v| v[1].columns.truncate(1), "1 columns, but the model has 2 inputs"),
        (|v| v[0].columns[1].truncate(3), "the same number of values, 4 to 4"),
        (|v| v[0].scores.push(1.0), "3 scores, but the model has 2"),
        (|v| v[0].columns[0][2] = f64::NAN, "only finite numbers"),
    ];
    for (break_it, expected) in cases {
        let mut broken = vectors();
        break_it(&mut broken);
        let error = Package::pack(&manifest(), b"", &broken).expect_err(expected).to_string();
        assert!(error.contains(expected), "expected '{expected}' in: {error}");
    }
}

/// A tar entry as a stranger may write it.
fn entry(path: &[u8], kind: tar::EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

#[test]
fn entries_that_nobody_packed_are_refused() {
    use tar::EntryType::{Directory, GNULongName, Regular, Symlink, XHeader};
    let good = packed();
    let tail = good.len() - 2 * BLOCK;
    let before = |extra: Vec<u8>| [extra, good.clone()].concat();
    let after = |extra: Vec<u8>| [&good[..tail], &extra, &good[tail..]].concat();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("traversal", before(entry(b"../../etc/passwd", Regular, b"x")), "'../../etc/passwd' where model.toml"),
        ("absolute", before(entry(b"/etc/passwd", Regular, b"x")), "'/etc/passwd' where model.toml"),
        ("link", before(entry(b"model.toml", Symlink, b"")), "header that differs"),
        ("directory", before(entry(b"vectors", Directory, b"")), "'vectors' where model.toml"),
        ("long name", before(entry(b"model.toml", GNULongName, b"x")), "header that differs"),
        ("pax", before(entry(b"model.toml", XHeader, b"x")), "header that differs"),
        ("unknown", after(entry(b"virus.so", Regular, b"x")), "'virus.so' where the next test vector"),
        ("duplicate", after(entry(b"model.onnx", Regular, b"x")), "'model.onnx' where the next test vector"),
        ("vector again", after(entry(b"vectors/0002.json", Regular, b"{}")), "where the next test vector"),
        ("vector more", after(entry(b"vectors/0003.json", Regular, b"{}")), "vectors/0003.json was changed"),
        ("escape codes", before(entry(b"\x1b[2Jhello", Regular, b"")), "'\\u{1b}[2Jhello'"),
        ("trailing", [good.as_slice(), b"x"].concat(), "followed by further bytes"),
        ("trailing zeros", [good.as_slice(), &[0; BLOCK]].concat(), "followed by further bytes"),
        ("nothing", Vec::new(), "cut off inside model.toml"),
        ("zeros", vec![0; 4 * BLOCK], "'' where model.toml belongs"),
        ("a graph", b"\x08\x07\x12\x04onnx".to_vec(), "cut off inside model.toml"),
    ];
    for (name, bytes, expected) in cases {
        let error = refused(&bytes);
        assert!(error.contains(expected), "{name}: expected '{expected}' in: {error}");
    }
}

#[test]
fn a_claimed_size_allocates_nothing() {
    let mut header = tar::Header::new_ustar();
    header.set_path("model.toml").expect("short");
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(u64::MAX / 2);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    assert!(refused(header.as_bytes()).contains("model.toml"), "a size beyond all memory");
    header.set_size(5 << 20);
    header.set_cksum();
    assert!(refused(header.as_bytes()).contains("model.toml is larger than 4194304 bytes"));
}

#[test]
fn a_package_cut_off_anywhere_is_refused() {
    let good = packed();
    for n in (0..good.len()).step_by(97).chain([good.len() - 1, good.len() - BLOCK]) {
        let error = refused(&good[..n]);
        assert!(error.contains("cut off") || error.contains("where the next"), "at {n}: {error}");
    }
}

/// The package with its `model.toml` replaced, digests included.
fn with_toml(edit: impl Fn(&str) -> String) -> Vec<u8> {
    let good = packed();
    let mut out = Vec::new();
    for found in tar::Archive::new(good.as_slice()).entries().expect("a tar") {
        let mut found = found.expect("an entry");
        let path = found.path_bytes().to_vec();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut found, &mut content).expect("content");
        if path == b"model.toml" {
            content = edit(std::str::from_utf8(&content).expect("text")).into_bytes();
        }
        out.extend(entry(&path, tar::EntryType::Regular, &content));
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

#[test]
fn a_bad_manifest_is_named_with_its_key() {
    type Edit = fn(&str) -> String;
    let cases: &[(Edit, &str)] = &[
        (|_| "format = [".into(), "model.toml cannot be read"),
        (|_| String::new(), "missing field `format`"),
        (|t| t.replace("format = 1", "format = 2"), "has format 2, and this Takt reads 1"),
        (|t| t.replace("format = 1", "format = 1\ncolour = \"red\""), "unknown field `colour`"),
        (|t| t.replace("name = \"press-a\"", "name = \"../a\""), "name: '.' at position 0"),
        (|t| t.replace("1.2.3-trial.4", "1.2"), "version: '1.2' is no version"),
        (|t| t.replace("openvino:NPU", "openvion:NPU"), "'openvion:NPU' is no provider"),
        (|t| t.replace("kind = \"time\"", "kind = \"tine\""), "unknown variant `tine`"),
        (|t| t.replace("limit = 26.125", "limit = inf"), "limit of 't2'"),
        (|t| t.replace("limit = 26.125", "limit = \"high\""), "limit"),
        (|t| t.replace("2026-01-01T00", "2026-13-01T00"), "is no time"),
    ];
    for (edit, expected) in cases {
        let bytes = with_toml(edit);
        let error = refused(&bytes);
        assert!(error.contains(expected), "expected '{expected}' in: {error}");
    }
    assert!(Package::open(&with_toml(str::to_owned)).is_ok(), "unedited, it opens");
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let bytes = with_toml(|t| format!("{t}\nx = {}", "[".repeat(100_000)));
    assert!(refused(&bytes).contains("model.toml cannot be read"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever single byte is changed, the package is refused: nothing in it is without effect.
    #[test]
    fn a_changed_byte_is_always_found(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = packed();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // model.toml itself has no digest inside the package; a change that keeps its rules is another package.
        let toml_end = BLOCK + tar::Header::from_byte_slice(&packed()[..BLOCK]).size().expect("a size") as usize;
        match Package::open(&bytes) {
            Ok(package) => prop_assert!(at < toml_end && package.digest() != Digest::of(&packed())),
            Err(e) => prop_assert!(!e.to_string().is_empty()),
        }
    }

    /// Random bytes, with and without a good beginning, never panic and never open.
    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..4096), keep in any::<prop::sample::Index>()) {
        prop_assert!(Package::open(&noise).is_err());
        let good = packed();
        let n = keep.index(good.len());
        let bytes = [&good[..n], &noise].concat();
        prop_assert!(bytes == good || Package::open(&bytes).is_err());
    }
}
