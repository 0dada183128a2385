//! Models on OpenVINO's CPU device: the same code path as its NPU, testable without one.
//!
//! Runs where `TAKT_ORT_LIB_OPENVINO` names the library of the OpenVINO build (`cargo xtask setup
//! --provider openvino`). Without it the tests say so and pass, and fail under `TAKT_LONG=1`.

#[path = "onnx/kit.rs"]
#[allow(dead_code, reason = "other test programs use other parts of the kit")]
mod kit;

use std::cell::Cell;

use kit::*;
use takt_models::onnx::*;
use takt_models::package::*;
use takt_plant::MonoTime;

const CPU_DEVICE: Provider = Provider::OpenVino(OpenVinoDevice::Cpu);

/// The runtime, or `None` where the library is not to be had.
fn openvino() -> Option<Runtime> {
    optional_runtime("TAKT_ORT_LIB_OPENVINO", Pack::OpenVino)
}

/// A tolerance for another implementation in f32.
fn loose(mut m: Manifest) -> Manifest {
    let tolerance = Tolerance { absolute: 1e-4, relative: 1e-3 };
    m.tolerances.pairs = vec![PairTolerance { between: [Provider::Cpu, CPU_DEVICE], tolerance }];
    m
}

#[test]
fn the_probe_finds_the_device_and_says_why_others_are_not_there() {
    let Some(runtime) = openvino() else { return };
    for Usability { provider, verdict } in probe(&runtime) {
        println!("{provider}: {verdict:?}");
        match provider {
            Provider::Cpu | CPU_DEVICE => assert_eq!(verdict, Ok(()), "{provider}"),
            Provider::Cuda | Provider::TensorRt | Provider::Qnn => assert_eq!(verdict, Err(Unusable::NotInPack)),
            // A machine with Intel graphics or an NPU may have these.
            Provider::OpenVino(_) => assert!(!matches!(verdict, Err(Unusable::NotInPack)), "{provider}"),
        }
    }
}

#[test]
fn the_whole_graph_runs_on_the_device_and_agrees_with_the_cpu() {
    let Some(runtime) = openvino() else { return };
    let cases = [
        ("t2spe", loose(t2spe::manifest()), t2spe::GRAPH, t2spe::reference()),
        ("cnn", loose(cnn::manifest()), cnn::GRAPH, cnn::reference()),
    ];
    for (name, m, graph, reference) in cases {
        let package = package(&m, graph, std::slice::from_ref(&reference));
        let mut scorer = Scorer::load(&runtime, &package, &options(Device::On(CPU_DEVICE))).expect(name);
        assert_eq!((scorer.provider(), scorer.fallback()), (CPU_DEVICE, &Fallback::None));
        let scored = scorer.score(&window(reference.columns.clone()), &now).expect("scores");
        for (f, e) in scored.scores.iter().zip(&reference.scores) {
            assert!((f - e).abs() <= 1e-4 + 1e-3 * e.abs(), "{name}: {:?}", scored.scores);
        }
        let on_cpu = Scorer::load(&runtime, &package, &on_cpu()).expect(name);
        println!("{name}: OpenVINO p50 {:?}, ONNX Runtime's CPU p50 {:?}", scorer.times().p50, on_cpu.times().p50);
    }
}

#[test]
fn a_difference_from_the_cpu_is_an_error_or_a_fallback_that_is_shown() {
    let Some(runtime) = openvino() else { return };
    let mut m = t2spe::manifest();
    // Over many windows no two implementations agree to the last bit. What the scores are is no matter here.
    let tolerance = Tolerance { absolute: 0.0, relative: 0.0 };
    m.tolerances.default = Tolerance { absolute: f64::MAX, relative: 0.0 };
    m.tolerances.pairs = vec![PairTolerance { between: [CPU_DEVICE, Provider::Cpu], tolerance }];
    let scaled = |k: i32| t2spe::reference().columns.iter().map(|c| vec![c[0] * f64::from(k) * 0.37]).collect();
    let vectors: Vec<_> = (0..32).map(|k| vector(scaled(k), vec![0.0, 0.0])).collect();
    let package = package(&m, t2spe::GRAPH, &vectors);
    let refused = Scorer::load(&runtime, &package, &options(Device::On(CPU_DEVICE)));
    let error = refused.expect_err("not to the last bit").to_string();
    assert!(error.contains("on openvino:CPU, test vector ") && error.contains("where the CPU gives"), "{error}");
    let allowed = LoadOptions { fallback: FallbackRule::Allowed, ..options(Device::On(CPU_DEVICE)) };
    let scorer = Scorer::load(&runtime, &package, &allowed).expect("falls back");
    assert_eq!(scorer.provider(), Provider::Cpu);
    assert!(matches!(scorer.fallback(), Fallback::ToCpu { wanted: CPU_DEVICE, why } if why.contains("gave")));
}

#[test]
fn a_device_that_is_not_in_the_box_is_an_error_or_a_fallback() {
    let Some(runtime) = openvino() else { return };
    let npu = Provider::OpenVino(OpenVinoDevice::Npu);
    if probe(&runtime).iter().any(|u| u.provider == npu && u.verdict.is_ok()) {
        println!("not run: this machine has an NPU");
        return;
    }
    let package = package(&t2spe::manifest(), t2spe::GRAPH, &[t2spe::reference()]);
    let error = Scorer::load(&runtime, &package, &options(Device::On(npu))).expect_err("no NPU").to_string();
    assert!(error.contains("cannot run on openvino:NPU") && error.contains("takt doctor"), "{error}");
    let allowed = LoadOptions { fallback: FallbackRule::Allowed, ..options(Device::On(npu)) };
    let scorer = Scorer::load(&runtime, &package, &allowed).expect("falls back");
    assert!(matches!(scorer.fallback(), Fallback::ToCpu { wanted, .. } if *wanted == npu));
}

/// What `auto` takes where each reading of the clock during the timed runs of a provider lies as many
/// microseconds after the one before as `step` says.
fn taken_by_auto(runtime: &Runtime, package: &Package, step: fn(Provider) -> u64) -> Provider {
    let timed = Cell::new(Provider::Cpu);
    let clock = Cell::new(0);
    let progress = |stage| {
        if let Stage::WarmingUp(provider) = stage {
            timed.set(provider);
        }
    };
    let now = || {
        clock.set(clock.get() + step(timed.get()));
        MonoTime::from_ns(clock.get() * 1_000)
    };
    let options = LoadOptions { now: &now, progress: &progress, ..options(Device::Auto) };
    let scorer = Scorer::load(runtime, package, &options).expect("loads");
    assert_eq!(scorer.fallback(), &Fallback::None, "a choice is no fallback");
    scorer.provider()
}

#[test]
fn auto_takes_the_fastest_that_passes() {
    let Some(runtime) = openvino() else { return };
    let package = package(&loose(t2spe::manifest()), t2spe::GRAPH, &[t2spe::reference()]);
    let cpu_slow = |provider| if provider == Provider::Cpu { 20 } else { 10 };
    let device_slow = |provider| if provider == Provider::Cpu { 10 } else { 20 };
    assert_eq!(taken_by_auto(&runtime, &package, device_slow), Provider::Cpu);
    assert_eq!(taken_by_auto(&runtime, &package, cpu_slow), CPU_DEVICE);
}

/// All files under a folder.
fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).map(|entries| entries.filter_map(|e| Some(e.ok()?.path())).collect());
    let entries: Vec<_> = entries.unwrap_or_default();
    entries.into_iter().flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}

#[test]
fn compiled_engines_are_cached_by_model() {
    let Some(runtime) = openvino() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let package = package(&loose(cnn::manifest()), cnn::GRAPH, &[cnn::reference()]);
    let options = LoadOptions { cache: Some(dir.path()), ..options(Device::On(CPU_DEVICE)) };
    Scorer::load(&runtime, &package, &options).expect("compiles");
    let digest = package.digest().to_string();
    let folder = dir.path().join(&digest[3..19]);
    let n_files = || walk(&folder).len();
    let compiled = n_files();
    assert!(compiled > 0, "nothing was cached under {}", folder.display());
    Scorer::load(&runtime, &package, &options).expect("loads again");
    assert_eq!(n_files(), compiled, "the second time nothing new was compiled");
}

#[test]
fn a_damaged_engine_is_compiled_anew_and_a_whole_one_is_read() {
    let Some(runtime) = openvino() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let package = package(&loose(cnn::manifest()), cnn::GRAPH, &[cnn::reference()]);
    let load = || {
        let stages = std::cell::RefCell::new(Vec::new());
        let progress = |stage| stages.borrow_mut().push(stage);
        let on_device = options(Device::On(CPU_DEVICE));
        let options = LoadOptions { cache: Some(dir.path()), progress: &progress, ..on_device };
        let mut scorer = Scorer::load(&runtime, &package, &options).expect("loads");
        scorer.score(&window(cnn::reference().columns), &now).expect("scores");
        stages.into_inner()
    };
    let (built, read) = (Stage::Building(CPU_DEVICE), Stage::Reading(CPU_DEVICE));
    assert!(load().contains(&built), "the first load compiles");
    assert!(load().contains(&read), "the second reads what was compiled");
    let engine = walk(dir.path()).into_iter().find(|path| path.extension().is_some_and(|e| e == "blob"));
    let engine = engine.expect("OpenVINO wrote its engine");
    let whole = std::fs::read(&engine).expect("reads");
    let mut wrong = whole.clone();
    wrong[whole.len() / 2] ^= 0xff;
    for damaged in [&whole[..whole.len() / 2], &[], &wrong] {
        std::fs::write(&engine, damaged).expect("writes");
        assert!(load().contains(&built), "{} of {} bytes are no engine", damaged.len(), whole.len());
        assert!(load().contains(&read));
    }
    // Half of a build, as a power cut leaves it: files without their seal.
    let seal = walk(dir.path()).into_iter().find(|path| path.ends_with("checked.txt")).expect("a seal");
    std::fs::remove_file(seal).expect("removes");
    assert!(load().contains(&built));
}

#[test]
fn a_free_batch_is_fixed_to_one_for_the_device() {
    let Some(runtime) = openvino() else { return };
    let mut m = affine::manifest();
    m.tensor.element = Element::F32;
    let package = package(&m, affine::GRAPH_F32, &affine::vectors());
    let scorer = Scorer::load(&runtime, &package, &options(Device::On(CPU_DEVICE)));
    let mut scorer = scorer.unwrap_or_else(|e| panic!("{e}: {:?}", std::error::Error::source(&e)));
    assert_eq!(scorer.provider(), CPU_DEVICE);
    assert_eq!(scorer.score(&window(vec![vec![7.0], vec![2.5]]), &now).expect("scores").scores, [16.5, 4.5]);
}
