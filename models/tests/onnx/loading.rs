//! From package to scorer: what is refused, and what is known once it is ready (B28, B31).

use crate::kit::*;
use std::sync::Mutex;
use takt_models::onnx::*;
use takt_models::package::*;

#[test]
fn a_scorer_says_where_it_runs() {
    let scorer = load(&affine::manifest(), affine::GRAPH, &affine::vectors()).expect("loads");
    assert_eq!(scorer.provider(), Provider::Cpu);
    assert_eq!(scorer.fallback(), &Fallback::None);
    assert_eq!(scorer.class(), ExecutionClass::Inline);
    assert!(scorer.stopper().is_none());
    assert!(scorer.times().p50 <= scorer.times().p95 && scorer.times().n == 200, "{:?}", scorer.times());
    let package = package(&affine::manifest(), affine::GRAPH, &affine::vectors());
    assert_eq!(scorer.digest(), package.digest());
}

#[test]
fn a_slow_model_is_queued() {
    let scorer = load(&slow::manifest(), slow::GRAPH, &slow::vectors()).expect("loads");
    assert_eq!(scorer.class(), ExecutionClass::Queued);
    assert!(scorer.stopper().is_some());
}

#[test]
fn the_stages_are_told_in_order() {
    let told = Mutex::new(Vec::new());
    let tell = |stage| told.lock().expect("one thread").push(stage);
    let options = LoadOptions { progress: &tell, ..on_cpu() };
    let package = package(&affine::manifest(), affine::GRAPH, &affine::vectors());
    Scorer::load(&runtime(), &package, &options).expect("loads");
    let cpu = Provider::Cpu;
    let expected = [Stage::Building(cpu), Stage::Checking(cpu), Stage::WarmingUp(cpu), Stage::Ready(cpu)];
    assert_eq!(*told.lock().expect("one thread"), expected);
}

#[test]
fn auto_takes_what_the_pack_has() {
    let package = package(&affine::manifest(), affine::GRAPH, &affine::vectors());
    let scorer = Scorer::load(&runtime(), &package, &options(Device::Auto)).expect("loads");
    assert_eq!((scorer.provider(), scorer.fallback()), (Provider::Cpu, &Fallback::None));
}

#[test]
fn a_device_outside_the_pack_is_an_error_whatever_the_fallback() {
    let package = package(&affine::manifest(), affine::GRAPH, &affine::vectors());
    for fallback in [FallbackRule::Allowed, FallbackRule::Refused] {
        let options = LoadOptions { fallback, ..options(Device::On(Provider::Cuda)) };
        let error = Scorer::load(&runtime(), &package, &options).expect_err("no CUDA in the stock build").to_string();
        assert!(error.contains("device cuda is not in runtime.pack = \"cpu\""), "{error}");
    }
}

#[test]
fn a_wrong_test_vector_is_named() {
    let mut vectors = affine::vectors();
    vectors.push(vector(vec![vec![1.0], vec![1.0]], vec![3.0, 0.5]));
    let error = refused(&affine::manifest(), affine::GRAPH, &vectors);
    assert!(error.contains("test vector 2 gave 0 for score 'b' on the CPU instead of 0.5"), "{error}");
}

#[test]
fn the_tolerance_decides_about_a_test_vector() {
    let off = |by: f64| vec![vector(vec![vec![3.0], vec![4.0]], vec![10.0 + by, -1.0])];
    let mut m = affine::manifest();
    m.tolerances.default = Tolerance { absolute: 0.5, relative: 0.0 };
    assert!(load(&m, affine::GRAPH, &off(0.4)).is_ok());
    assert!(load(&m, affine::GRAPH, &off(0.6)).is_err());
}

#[test]
fn a_broken_graph_is_refused_wherever_it_is_cut() {
    let whole = t2spe::GRAPH;
    let vectors = [t2spe::reference()];
    for n in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
        let error = refused(&t2spe::manifest(), &whole[..n], &vectors);
        assert!(error.contains("graph"), "cut at {n}: {error}");
    }
    let error = refused(&t2spe::manifest(), b"\xff\xfe no protobuf at all", &vectors);
    assert!(error.contains("export it again") && error.contains("InvalidProtobuf"), "{error}");
}

#[test]
fn the_probe_tells_what_is_usable_and_why_not() {
    for Usability { provider, verdict } in probe(&runtime()) {
        if provider == Provider::Cpu {
            assert_eq!(verdict, Ok(()));
        } else {
            assert_eq!(verdict, Err(Unusable::NotInPack), "{provider}");
        }
    }
}

#[test]
fn a_second_library_is_refused_and_the_first_stays() {
    let first = runtime();
    let error =
        Runtime::load("/elsewhere/libonnxruntime.so".as_ref(), Pack::Cpu).expect_err("one a process").to_string();
    assert!(error.contains("already uses ONNX Runtime from"), "{error}");
    let error = Runtime::load(&library(), Pack::Cuda).expect_err("one pack a process").to_string();
    assert!(error.contains("with pack cpu"), "{error}");
    assert_eq!(runtime().library(), first.library());
    let version = runtime().version().expect("the wheel's library has its version in its name");
    assert!(version.starts_with("1."), "{version}");
}
