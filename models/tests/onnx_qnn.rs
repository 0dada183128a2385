//! Models on Qualcomm's QNN provider: on x86-64 its Hexagon simulator, the same code path as the NPU.
//!
//! Runs where `TAKT_ORT_LIB_QNN` names a stock library with QNN's files beside it (`cargo xtask
//! setup --provider qnn`). Without it the tests say so and pass, and fail under `TAKT_LONG=1`.

#[path = "onnx/kit.rs"]
#[allow(dead_code, reason = "other test programs use other parts of the kit")]
mod kit;

use kit::*;
use takt_models::onnx::*;
use takt_models::package::*;

/// The runtime, or `None` where the library is not to be had.
fn qnn() -> Option<Runtime> {
    optional_runtime("TAKT_ORT_LIB_QNN", Pack::Qnn)
}

/// A tolerance for arithmetic in half precision.
fn half_precision(mut m: Manifest) -> Manifest {
    let tolerance = Tolerance { absolute: 1e-2, relative: 2e-2 };
    m.tolerances.pairs = vec![PairTolerance { between: [Provider::Cpu, Provider::Qnn], tolerance }];
    m
}

#[test]
fn the_probe_runs_a_graph_on_the_simulator() {
    let Some(runtime) = qnn() else { return };
    for Usability { provider, verdict } in probe(&runtime) {
        println!("{provider}: {verdict:?}");
        match provider {
            Provider::Cpu | Provider::Qnn => assert_eq!(verdict, Ok(()), "{provider}"),
            _ => assert_eq!(verdict, Err(Unusable::NotInPack), "{provider}"),
        }
    }
}

#[test]
fn the_whole_graph_runs_on_the_device_and_agrees_with_the_cpu() {
    let Some(runtime) = qnn() else { return };
    let cases = [
        ("mlp_qdq", mlp_qdq::manifest(), mlp_qdq::GRAPH, mlp_qdq::reference()),
        ("cnn", half_precision(cnn::manifest()), cnn::GRAPH, cnn::reference()),
    ];
    for (name, m, graph, reference) in cases {
        let package = package(&m, graph, std::slice::from_ref(&reference));
        let scorer = Scorer::load(&runtime, &package, &options(Device::On(Provider::Qnn)));
        let mut scorer = scorer.unwrap_or_else(|e| panic!("{name}: {e}: {:?}", std::error::Error::source(&e)));
        assert_eq!((scorer.provider(), scorer.fallback()), (Provider::Qnn, &Fallback::None));
        let times = scorer.times();
        let scored = scorer.score(&window(reference.columns.clone()), &now).expect("scores");
        println!("{name}: {:?} for {:?}, p50 {:?}", scored.scores, reference.scores, times.p50);
    }
}

#[test]
fn what_the_device_computes_otherwise_than_the_cpu_is_never_silent() {
    let Some(runtime) = qnn() else { return };
    // Hexagon computes floats in half precision, so at the tolerance of f32 its scores are wrong ones.
    // The package's own vectors hold on the CPU: only the comparison of devices can see it.
    let mut m = cnn::manifest();
    m.tolerances.pairs = vec![PairTolerance {
        between: [Provider::Cpu, Provider::Qnn],
        tolerance: Tolerance { absolute: 1e-12, relative: 0.0 },
    }];
    let reference = cnn::reference();
    let scaled = |k: f64| reference.columns.iter().map(|c| c.iter().map(|v| v * k).collect()).collect::<Vec<_>>();
    m.tolerances.default = Tolerance { absolute: f64::MAX, relative: 0.0 };
    let vectors: Vec<_> = (1..9).map(|k| vector(scaled(f64::from(k) * 0.37), vec![0.0])).collect();
    let package = package(&m, cnn::GRAPH, &vectors);
    let refused = Scorer::load(&runtime, &package, &options(Device::On(Provider::Qnn)));
    let error = refused.expect_err("half precision is not single").to_string();
    println!("{error}");
    assert!(error.contains("on qnn, test vector ") && error.contains("where the CPU gives"), "{error}");
    let allowed = LoadOptions { fallback: FallbackRule::Allowed, ..options(Device::On(Provider::Qnn)) };
    let scorer = Scorer::load(&runtime, &package, &allowed).expect("falls back");
    assert!(matches!(scorer.fallback(), Fallback::ToCpu { wanted: Provider::Qnn, why } if why.contains("gave")));
}

#[test]
fn a_free_batch_is_fixed_to_one_for_the_device() {
    let Some(runtime) = qnn() else { return };
    let mut m = affine::manifest();
    m.tensor.element = Element::F32;
    let package = package(&m, affine::GRAPH_F32, &affine::vectors());
    let scorer = Scorer::load(&runtime, &package, &options(Device::On(Provider::Qnn)));
    let mut scorer = scorer.unwrap_or_else(|e| panic!("{e}: {:?}", std::error::Error::source(&e)));
    assert_eq!(scorer.provider(), Provider::Qnn);
    assert_eq!(scorer.score(&window(vec![vec![7.0], vec![2.5]]), &now).expect("scores").scores, [16.5, 4.5]);
}

#[test]
fn a_graph_that_the_device_cannot_take_is_an_error_or_a_fallback_that_is_shown() {
    let Some(runtime) = qnn() else { return };
    // Hexagon has no f64.
    let package = package(&affine::manifest(), affine::GRAPH, &affine::vectors());
    let refused = Scorer::load(&runtime, &package, &options(Device::On(Provider::Qnn)));
    let error = refused.expect_err("no f64 on Hexagon").to_string();
    assert!(error.contains("cannot run on qnn"), "{error}");
    let allowed = LoadOptions { fallback: FallbackRule::Allowed, ..options(Device::On(Provider::Qnn)) };
    let scorer = Scorer::load(&runtime, &package, &allowed).expect("falls back");
    assert_eq!(scorer.provider(), Provider::Cpu);
    assert!(matches!(scorer.fallback(), Fallback::ToCpu { wanted: Provider::Qnn, .. }));
}
