//! What the tests share: the runtime, packages around the fixture graphs, windows, a clock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;
use takt_models::onnx::*;
use takt_models::package::*;
use takt_models::windower::Window;
use takt_plant::{Closing, ModelId, MonoTime, WallTime, WindowKey};

/// The stock library: `TAKT_ORT_LIB`, else what `cargo xtask setup` unpacked.
pub fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("TAKT_ORT_LIB") {
        return path.into();
    }
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/onnxruntime");
    find(&unpacked).unwrap_or_else(|| {
        panic!("no libonnxruntime.so under {}: run `cargo xtask setup`, or set TAKT_ORT_LIB", unpacked.display())
    })
}

fn find(dir: &Path) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(dir).ok()?.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    let is_library = |p: &&PathBuf| {
        p.is_file() && p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libonnxruntime.so"))
    };
    entries.iter().find(is_library).cloned().or_else(|| entries.iter().filter(|p| p.is_dir()).find_map(|p| find(p)))
}

pub fn runtime() -> Runtime {
    Runtime::load(&library(), Pack::Cpu).unwrap_or_else(|e| panic!("{e}: {:?}", std::error::Error::source(&e)))
}

/// Another build of the runtime, where its environment variable names one. Says so where not, and
/// fails then under `TAKT_LONG=1`, because the long run promises every provider.
pub fn optional_runtime(variable: &str, pack: Pack) -> Option<Runtime> {
    let Some(library) = std::env::var_os(variable) else {
        let say = format!("{variable} is not set (`cargo xtask setup --provider {pack}` fetches the library)");
        // No pack is pinned for other machines.
        let can = cfg!(all(target_arch = "x86_64", target_os = "linux"));
        assert!(!can || std::env::var_os("TAKT_LONG").is_none_or(|v| v != "1"), "{say}");
        println!("not run: {say}");
        return None;
    };
    let loaded = Runtime::load(library.as_ref(), pack);
    Some(loaded.unwrap_or_else(|e| panic!("{e}: {:?}", std::error::Error::source(&e))))
}

/// The monotonic clock of the tests.
pub fn now() -> MonoTime {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "a test is its own driver")]
    let (now, origin) = (Instant::now(), *ORIGIN.get_or_init(Instant::now));
    MonoTime::from_ns(u64::try_from((now - origin).as_nanos()).expect("the test ends within 500 years"))
}

pub fn options(device: Device) -> LoadOptions<'static> {
    LoadOptions { device, fallback: FallbackRule::Refused, cache: None, now: &now, progress: &|_| {} }
}

pub fn on_cpu() -> LoadOptions<'static> {
    options(Device::On(Provider::Cpu))
}

/// A package whose bytes hold the graph as it is, good or bad.
pub fn package(manifest: &Manifest, graph: &[u8], vectors: &[TestVector]) -> Package {
    let bytes = Package::pack(manifest, graph, vectors).expect("the manifest keeps its rules");
    Package::open(&bytes).expect("what was packed opens")
}

pub fn load(manifest: &Manifest, graph: &[u8], vectors: &[TestVector]) -> Result<Scorer, LoadError> {
    Scorer::load(&runtime(), &package(manifest, graph, vectors), &on_cpu())
}

/// The error of a load that must fail, with its cause.
pub fn refused(manifest: &Manifest, graph: &[u8], vectors: &[TestVector]) -> String {
    let error = load(manifest, graph, vectors).expect_err("must be refused");
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    format!("{error} {cause}")
}

/// A window without a hole.
pub fn window(columns: Vec<Vec<f64>>) -> Window {
    let at = WallTime::from_ns(0);
    Window {
        key: WindowKey { from: at, to: at, n: columns.first().map_or(0, |c| c.len() as u32), part: None },
        segment: 0,
        closing: Closing::Sample,
        arrived: MonoTime::from_ns(0),
        recipe: None,
        columns,
        hole: None,
    }
}

pub fn score(name: &str, tensor: &str, index: u32, limit: f64) -> ScoreSpec {
    ScoreSpec { name: name.into(), label: String::new(), tensor: tensor.into(), index, limit, false_alarm_rate: None }
}

/// A manifest for a graph with input `x`; the roles are `a`, `b` and on.
pub fn manifest(n_inputs: usize, window: WindowContract, preprocessing: Preprocessing) -> Manifest {
    let role = |i: usize| if n_inputs <= 26 { char::from(b'a' + i as u8).to_string() } else { format!("x{i}") };
    let input = |i| Input { role: role(i), unit: None, range: None, cadence: None };
    Manifest {
        name: ModelId::new("fixture").expect("a name"),
        version: ModelVersion::new(1, 0, 0),
        kind: ModelKind::Trained,
        inputs: (0..n_inputs).map(input).collect(),
        window,
        tensor: TensorSpec { name: "x".into(), element: Element::F32, preprocessing },
        scores: vec![score("y", "y", 0, 1.0)],
        contributions: Vec::new(),
        tolerances: Tolerances { default: Tolerance { absolute: 1e-5, relative: 1e-5 }, pairs: Vec::new() },
        cost: Cost::Unmeasured,
        provenance: Provenance {
            who: "tests".into(),
            when: WallTime::from_ns(0),
            from: "fixed seeds".into(),
            notes: BTreeMap::new(),
        },
    }
}

pub fn vector(columns: Vec<Vec<f64>>, scores: Vec<f64>) -> TestVector {
    TestVector { columns, scores }
}

/// A window and its scores, computed by numpy when the fixtures were made.
fn reference(json: &[u8]) -> TestVector {
    let json: serde_json::Value = serde_json::from_slice(json).expect("a fixture");
    let list = |v: &serde_json::Value| -> Vec<f64> {
        v.as_array().expect("a list").iter().map(|n| n.as_f64().expect("a number")).collect()
    };
    vector(json["columns"].as_array().expect("columns").iter().map(list).collect(), list(&json["scores"]))
}

/// `affine.onnx`: a = 2 x0 + x1 with limit 10, b = x0 − x1 with limit 1.
pub mod affine {
    use super::*;

    pub const GRAPH: &[u8] = include_bytes!("../fixtures/affine.onnx");
    pub const GRAPH_F32: &[u8] = include_bytes!("../fixtures/affine_f32.onnx");

    pub fn manifest() -> Manifest {
        let mut m = super::manifest(2, WindowContract::Frame, Preprocessing::Frame);
        m.tensor.element = Element::F64;
        m.scores = vec![score("a", "scores", 0, 10.0), score("b", "scores", 1, 1.0)];
        let explain = |score: &str, tensor: &str| ContributionSpec {
            score: score.into(),
            tensor: tensor.into(),
            form: ContributionForm::Raw,
        };
        m.contributions = vec![explain("a", "parts_a"), explain("b", "parts_b")];
        m
    }

    pub fn vectors() -> Vec<TestVector> {
        vec![vector(vec![vec![3.0], vec![4.0]], vec![10.0, -1.0])]
    }
}

/// `slow.onnx`: some tens of milliseconds a run. Its score is the sum of its inputs.
pub mod slow {
    use super::*;

    pub const GRAPH: &[u8] = include_bytes!("../fixtures/slow.onnx");

    pub fn manifest() -> Manifest {
        super::manifest(2, WindowContract::Frame, Preprocessing::Frame)
    }

    pub fn vectors() -> Vec<TestVector> {
        vec![vector(vec![vec![0.5], vec![0.5]], vec![1.0])]
    }
}

/// `cnn.onnx`: 1024 samples of 3 inputs; two probabilities.
pub mod cnn {
    use super::*;

    pub const GRAPH: &[u8] = include_bytes!("../fixtures/cnn.onnx");

    pub fn manifest() -> Manifest {
        let preprocessing = Preprocessing::Series { layout: Layout::ChannelsFirst };
        let mut m = super::manifest(3, WindowContract::Count { size: 1024 }, preprocessing);
        m.scores = vec![score("anomaly", "p", 0, 0.9)];
        m
    }

    pub fn reference() -> TestVector {
        super::reference(include_bytes!("../fixtures/cnn.json"))
    }
}

/// `t2spe.onnx`: 52 inputs, T² and SPE with contributions.
pub mod t2spe {
    use super::*;

    pub const GRAPH: &[u8] = include_bytes!("../fixtures/t2spe.onnx");

    pub fn manifest() -> Manifest {
        let mut m = super::manifest(52, WindowContract::Frame, Preprocessing::Frame);
        m.scores = vec![score("t2", "t2", 0, 25.0), score("spe", "spe", 0, 60.0)];
        let explain = |score: &str, form| ContributionSpec {
            score: score.into(),
            tensor: format!("{score}_contributions"),
            form,
        };
        m.contributions = vec![explain("t2", ContributionForm::Raw), explain("spe", ContributionForm::Raw)];
        m
    }

    pub fn reference() -> TestVector {
        super::reference(include_bytes!("../fixtures/t2spe.json"))
    }
}

/// `mlp_qdq.onnx`: 8-32-1, quantised to 8 bits. Its reference is the unquantised network's.
pub mod mlp_qdq {
    use super::*;

    pub const GRAPH: &[u8] = include_bytes!("../fixtures/mlp_qdq.onnx");

    pub fn manifest() -> Manifest {
        let mut m = super::manifest(8, WindowContract::Frame, Preprocessing::Frame);
        m.tolerances.default = Tolerance { absolute: 0.03, relative: 0.0 };
        m
    }

    pub fn reference() -> TestVector {
        super::reference(include_bytes!("../fixtures/mlp_qdq.json"))
    }
}

/// The scores of an unchecked graph, whatever they are.
pub fn scores_of(manifest: &Manifest, graph: &[u8], columns: Vec<Vec<f64>>) -> Vec<f64> {
    let mut lenient = manifest.clone();
    lenient.tolerances.default = Tolerance { absolute: f64::MAX, relative: 0.0 };
    let zeros = vec![0.0; manifest.scores.len()];
    let mut scorer = load(&lenient, graph, &[vector(columns.clone(), zeros)]).expect("loads");
    scorer.score(&window(columns), &now).expect("scores").scores.to_vec()
}
