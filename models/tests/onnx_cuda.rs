//! Models on CUDA and TensorRT: on a box with a GPU they run and agree with the CPU, on one without
//! asking for them is an error that names what is missing, or a fallback that is shown.
//!
//! Runs where `TAKT_ORT_LIB_CUDA` names the library of the CUDA build (`cargo xtask setup --provider
//! cuda`, 256 MB and therefore not part of `cargo xtask test`). What needs no such build stands in
//! `onnx_wrong_pack`.

#[path = "onnx/kit.rs"]
#[allow(dead_code, reason = "other test programs use other parts of the kit")]
mod kit;

use kit::*;
use takt_models::onnx::*;
use takt_models::package::*;

fn check(runtime: &Runtime, provider: Provider, usable: bool) {
    let mut m = t2spe::manifest();
    let tolerance = Tolerance { absolute: 1e-3, relative: 1e-2 };
    m.tolerances.pairs = vec![PairTolerance { between: [Provider::Cpu, provider], tolerance }];
    let package = package(&m, t2spe::GRAPH, &[t2spe::reference()]);
    let loaded = Scorer::load(runtime, &package, &options(Device::On(provider)));
    if usable {
        let scorer = loaded.unwrap_or_else(|e| panic!("{e}: {:?}", std::error::Error::source(&e)));
        println!("{provider}: p50 {:?}, p95 {:?}", scorer.times().p50, scorer.times().p95);
        return assert_eq!((scorer.provider(), scorer.fallback()), (provider, &Fallback::None));
    }
    let error = loaded.expect_err("no GPU");
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    println!("{error}: {cause}");
    assert!(error.to_string().contains(&format!("cannot run on {provider}; see `takt doctor`")), "{error}");
    assert!(!cause.is_empty(), "it says why");
    let allowed = LoadOptions { fallback: FallbackRule::Allowed, ..options(Device::On(provider)) };
    let scorer = Scorer::load(runtime, &package, &allowed).expect("falls back");
    assert_eq!(scorer.provider(), Provider::Cpu);
    assert!(matches!(scorer.fallback(), Fallback::ToCpu { wanted, why } if *wanted == provider && !why.is_empty()));
}

#[test]
fn a_gpu_runs_the_model_or_the_error_says_what_is_missing() {
    let Some(variable) = std::env::var_os("TAKT_ORT_LIB_CUDA") else {
        return println!("not run: TAKT_ORT_LIB_CUDA is not set (`cargo xtask setup --provider cuda`)");
    };
    let runtime = Runtime::load(variable.as_ref(), Pack::Cuda).expect("the library loads without a GPU");
    for Usability { provider, verdict } in probe(&runtime) {
        println!("{provider}: {verdict:?}");
        if matches!(provider, Provider::Cuda | Provider::TensorRt) {
            assert!(!matches!(verdict, Err(Unusable::NotInPack | Unusable::NotCompiled)), "{provider}: {verdict:?}");
            check(&runtime, provider, verdict.is_ok());
        }
    }
}
