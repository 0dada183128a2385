//! A library that is not of the pack that it was said to be: every device of the pack is named as not
//! there, and nothing runs elsewhere unseen. With the stock library, so it runs on every machine.
//!
//! A program of its own, because a process loads one library as one pack.

#[path = "onnx/kit.rs"]
#[allow(dead_code, reason = "other test programs use other parts of the kit")]
mod kit;

use kit::*;
use takt_models::onnx::*;
use takt_models::package::*;

#[test]
fn the_stock_library_as_the_cuda_pack_has_no_gpu_and_says_so() {
    let runtime = Runtime::load(&library(), Pack::Cuda).expect("the library is ONNX Runtime");
    let package = package(&t2spe::manifest(), t2spe::GRAPH, &[t2spe::reference()]);
    for Usability { provider, verdict } in probe(&runtime) {
        match provider {
            Provider::Cpu => assert_eq!(verdict, Ok(())),
            Provider::Cuda | Provider::TensorRt => {
                assert_eq!(verdict, Err(Unusable::NotCompiled), "{provider}");
                let refused = Scorer::load(&runtime, &package, &options(Device::On(provider)));
                let error = refused.expect_err("it is not in there");
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                println!("{error}: {cause}");
                assert!(error.to_string().contains(&format!("cannot run on {provider}")), "{error}");
                let allowed = LoadOptions { fallback: FallbackRule::Allowed, ..options(Device::On(provider)) };
                let scorer = Scorer::load(&runtime, &package, &allowed).expect("falls back");
                let Fallback::ToCpu { wanted, why } = scorer.fallback() else { panic!("the fallback is shown") };
                assert!(*wanted == provider && !why.is_empty());
            }
            _ => {
                assert_eq!(verdict, Err(Unusable::NotInPack));
                let allowed = LoadOptions { fallback: FallbackRule::Allowed, ..options(Device::On(provider)) };
                let error = Scorer::load(&runtime, &package, &allowed).expect_err("whatever the fallback").to_string();
                assert!(error.contains("is not in runtime.pack = \"cuda\""), "{error}");
            }
        }
    }
    let scorer = Scorer::load(&runtime, &package, &options(Device::Auto)).expect("auto takes what there is");
    assert_eq!((scorer.provider(), scorer.fallback()), (Provider::Cpu, &Fallback::None));
}
