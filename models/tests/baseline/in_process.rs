//! A learned package through the scorer that the gateway runs: the published figures, and the plane's own numbers.

use crate::package::packing;
use crate::{kit, tep};
use takt_models::baseline::{Components, Learned, Limits, Scores, Source};
use takt_models::onnx::{ExecutionClass, Scorer};
use takt_models::package::{Element, Package};

fn scorer(learned: &Learned, element: Element) -> Scorer {
    let bytes = learned.pack(&packing(Source::Frame, element)).expect("a package");
    let package = Package::open(&bytes).expect("what was packed opens");
    // Loading compares the test vectors, so the made-up rows pass here too.
    Scorer::load(&kit::runtime(), &package, &kit::on_cpu()).expect("a learned package loads")
}

fn check_element(element: Element, relative: f64) {
    let learned = tep::learned(Limits::Rank(10), Components::Fixed(11));
    let mut scorer = scorer(&learned, element);
    let rows = tep::faulty_rows();
    let mut found = Vec::with_capacity(rows.nrows());
    for row in rows.rows() {
        let window = kit::window(row.iter().map(|value| vec![*value]).collect());
        let scored = scorer.score(&window, &kit::now).expect("a whole window");
        let [t2, spe] = scored.scores else { panic!("two scores") };
        let explained = learned.plane.explain(row);
        let exact = [explained.scores.t2, explained.scores.spe.expect("an SPE")];
        for (f, e) in scored.scores.iter().zip(exact) {
            assert!((f - e).abs() <= relative * e.max(1.0), "{element:?}: {f} is not {e}");
        }
        let parts = if scored.explains == Some(0) { &explained.t2_contributions } else { &explained.spe_contributions };
        let shares = scored.contributions.expect("the graph explains both scores");
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        for (share, part) in shares.iter().zip(parts) {
            assert!((share - part / parts.sum()).abs() <= relative, "{element:?}: share {share} of {part}");
        }
        found.push(Scores { t2: *t2, spe: Some(*spe) });
    }
    tep::check_missed(&format!("scorer {element:?}"), &learned, &found);
    assert_eq!(scorer.class(), ExecutionClass::Inline, "{:?}", scorer.times());
    println!("{element:?}: {:?}", scorer.times());
}

#[test]
fn the_scorer_misses_as_much_as_published() {
    check_element(Element::F64, 1e-9);
    check_element(Element::F32, 1e-2);
}
