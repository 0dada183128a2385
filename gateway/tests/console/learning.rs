//! Learning from a file.

use crate::kit::{Bench, good_rows};
use serde_json::json;

fn bench() -> Bench {
    let bench = Bench::with("");
    bench.write("good.csv", &good_rows(300));
    bench
}

const LEARN: [&str; 9] = ["learn", "--csv", "good.csv", "--except", "time", "--name", "press", "--version", "1.0.0"];

fn learn<'a>(more: &[&'a str]) -> Vec<&'a str> {
    LEARN.iter().chain(more).copied().collect()
}

#[test]
fn a_package_comes_out_that_can_be_inspected() {
    let bench = bench();
    bench.takt(&learn(&["--output", "p.takt", "--report", "report", "--components", "2"])).code(0).says(&[
        "Baseline from 300 rows of 3 columns",
        "package: p.takt",
        "T²",
    ]);
    for file in ["report.txt", "scores.svg", "eigenvalues.svg", "contributions.svg"] {
        let text = std::fs::read_to_string(bench.path("report").join(file)).expect(file);
        assert!(text.len() > 200, "{file}");
    }
    for file in ["scores.png", "eigenvalues.png", "contributions.png"] {
        let picture = std::fs::read(bench.path("report").join(file)).expect(file);
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "{file}");
        // The width stands first in the header (PNG, 11.2.1): twice that of the SVG.
        let width = u32::from_be_bytes(picture[16..20].try_into().expect("four bytes"));
        assert!(width == 2_400 && picture.len() > 5_000, "{file}: {width} px, {} bytes", picture.len());
    }
    let said = bench.takt(&["model", "inspect", "p.takt", "--json"]).code(0).json();
    assert_eq!((said["name"].clone(), said["version"].clone()), (json!("press"), json!("1.0.0")));
    let roles: Vec<_> = said["inputs"].as_array().expect("inputs").iter().map(|i| i["role"].clone()).collect();
    assert_eq!(roles, ["force", "power", "oil"]);
    assert_eq!(said["window"], json!({ "kind": "frame" }));
    assert_eq!(said["scores"][0]["name"], json!("t2"));
    assert_eq!(said["scores"][1]["name"], json!("spe"));
    assert!(said["scores"][0]["limit"].as_f64().is_some_and(|limit| (10.0..20.0).contains(&limit)), "{said}");
    assert!(said["provenance"]["from"].as_str().is_some_and(|from| from == "good.csv"), "{said}");
}

#[test]
fn rows_columns_and_limits_are_the_operators_choice() {
    let bench = bench();
    let whole = bench.takt(&learn(&["--json", "--output", "a.takt"])).code(0).json();
    assert_eq!(whole["n_rows"], json!(300));
    let more = ["--json", "--rows", "-100..", "--limit-csv", "good.csv", "--limit-rows", "0..200", "--limit-rank", "3"];
    let part = bench.takt(&learn(&more)).code(0).json();
    assert_eq!(part["n_rows"], json!(100));
    assert_eq!(part["package"], json!("press-1.0.0.takt"));
    assert_ne!(part["limits"], whole["limits"]);
    let all = ["learn", "--csv", "good.csv", "--columns", "oil,force", "--components", "all", "--name", "x", "--json"];
    let all = bench.takt(&all).code(0).json();
    assert_eq!((all["limits"]["spe"].clone(), all["version"].clone()), (json!(null), json!("1.0.0")));
}

#[test]
fn what_cannot_be_learned_says_why() {
    let bench = bench();
    bench.write("text.csv", "a,b\n1,2\n3,Bad\n");
    bench.write("bare.csv", "1,2\n3,4\n");
    let file = |name| ["learn", "--csv", name, "--name", "x"];
    bench.takt(&file("text.csv")).code(1).says(&["row 1, column b: 'Bad'", "--rows", "--except"]);
    bench.takt(&file("bare.csv")).code(1).says(&["must name the columns"]);
    bench.takt(&file("none.csv")).code(1).says(&["none.csv", "check the path"]);
    bench.takt(&learn(&["--rows", "0..4"])).code(1).says(&["4 training rows", "at least 5"]);
    bench.takt(&learn(&["--rows", "900.."])).code(1).says(&["300 rows"]);
    bench.takt(&learn(&["--limit-rank", "3"])).code(1).says(&["need a limit set"]);
    bench
        .takt(&["learn", "--csv", "good.csv", "--columns", "force,weight", "--name", "x"])
        .code(1)
        .says(&["no column 'weight'", "time, force, power, oil"]);
    bench.takt(&["learn", "--csv", "good.csv", "--except", "time"]).code(64).says(&["--name"]);
    bench.takt(&["learn", "--line", "press", "--check", "stroke"]).code(1).says(&["no line 'press'"]);
}

#[test]
fn versions_rise_by_themselves() {
    let bench = bench();
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        let rows = if version == "1.0.0" { "0..300" } else { "0..299" };
        let more = [
            "learn",
            "--csv",
            "good.csv",
            "--except",
            "time",
            "--name",
            "press",
            "--rows",
            rows,
            "--install",
            "--json",
        ];
        let said = bench.takt(&more).code(0).json();
        assert_eq!(said["version"], json!(version));
    }
}
