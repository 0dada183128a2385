//! Packages: packed from a folder, installed, tried out, activated, and back.

use crate::kit::{Bench, good_rows};
use serde_json::json;
use takt_models::package::Package;

fn learned(bench: &Bench, version: &str, rows: &str) {
    bench.write("good.csv", &good_rows(300));
    let output = format!("press-{version}.takt");
    bench
        .takt(&[
            "learn",
            "--csv",
            "good.csv",
            "--except",
            "time",
            "--name",
            "press",
            "--version",
            version,
            "--rows",
            rows,
            "--components",
            "2",
            "--output",
            &output,
        ])
        .code(0);
}

#[test]
fn versions_are_installed_activated_and_rolled_back() {
    let bench = Bench::with("");
    learned(&bench, "1.0.0", "0..200");
    learned(&bench, "1.1.0", "100..300");
    bench.takt(&["model", "list"]).code(0).says(&["no model is installed", "takt learn"]);
    bench.takt(&["model", "install", "press-1.0.0.takt", "press-1.1.0.takt", "--activate"]).code(0);
    let said = bench.takt(&["model", "list", "--json"]).code(0).json();
    let of = |i: usize| (said["models"][i]["version"].clone(), said["models"][i]["active"].clone());
    assert_eq!([of(0), of(1)], [(json!("1.0.0"), json!(false)), (json!("1.1.0"), json!(true))]);
    bench.takt(&["model", "rollback", "press"]).code(0).says(&["press is back at 1.0.0"]);
    bench.takt(&["model", "rollback", "press"]).code(1).says(&["no earlier version"]);
    bench.takt(&["model", "activate", "press", "2.0.0"]).code(1).says(&["not installed", "takt model install"]);
    bench.takt(&["model", "activate", "press", "1.1.0"]).code(0).says(&["1.1.0 is active"]);
}

#[test]
fn a_damaged_package_is_not_installed() {
    let bench = Bench::with("");
    learned(&bench, "1.0.0", "0..200");
    let mut bytes = std::fs::read(bench.path("press-1.0.0.takt")).expect("written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(bench.path("bad.takt"), &bytes).expect("writable");
    std::fs::write(bench.path("cut.takt"), &bytes[..middle]).expect("writable");
    for file in ["bad.takt", "cut.takt"] {
        bench.takt(&["model", "install", file]).code(1).says(&[file, "was not installed"]);
    }
    let said = bench.takt(&["model", "list", "--json"]).code(0).json();
    assert_eq!(said["models"], json!([]));
}

#[test]
fn what_fails_its_test_vectors_does_not_become_active() {
    let bench = Bench::with("");
    learned(&bench, "1.0.0", "0..200");
    let package = Package::open_file(&bench.path("press-1.0.0.takt")).expect("a package");
    let mut vectors = package.vectors().to_vec();
    vectors[0].scores[0] += 1.0;
    let wrong = Package::pack(package.manifest(), package.model(), &vectors).expect("it can be packed");
    std::fs::write(bench.path("wrong.takt"), wrong).expect("writable");
    bench.takt(&["model", "install", "wrong.takt"]).code(0);
    bench.takt(&["model", "activate", "press", "1.0.0"]).code(1).says(&["the active version stays", "test vector"]);
    let said = bench.takt(&["model", "list", "--json"]).code(0).json();
    assert_eq!(said["models"][0]["active"], json!(false));
}

const MANIFEST: &str = r#"
format = 1
name = "trained"
version = "0.1.0"
kind = "trained"
[window]
kind = "frame"
[tensor]
name = "x"
element = "f64"
preprocessing = { kind = "frame" }
[[inputs]]
role = "force"
[[inputs]]
role = "power"
[[inputs]]
role = "oil"
[[scores]]
name = "t2"
tensor = "scores"
limit = 12.5
[tolerance]
absolute = 1e-6
relative = 1e-6
[provenance]
who = "anna"
when = "2026-01-31T12:00:00Z"
from = "a notebook"
"#;

#[test]
fn a_folder_becomes_a_package() {
    let bench = Bench::with("");
    learned(&bench, "1.0.0", "0..200");
    let package = Package::open_file(&bench.path("press-1.0.0.takt")).expect("a package");
    let input = &package.manifest().tensor.name;
    bench.write("trained/model.toml", &MANIFEST.replace("name = \"x\"", &format!("name = {input:?}")));
    bench.takt(&["model", "pack", "trained"]).code(1).says(&["model.onnx", "cannot be read"]);
    std::fs::write(bench.path("trained/model.onnx"), package.model()).expect("writable");
    bench.takt(&["model", "pack", "trained"]).code(1).says(&["vectors", "0001.json"]);
    for (i, vector) in package.vectors().iter().enumerate() {
        let json = json!({ "columns": vector.columns, "scores": vector.scores[..1] });
        bench.write(&format!("trained/vectors/{:04}.json", i + 1), &json.to_string());
    }
    let said = bench.takt(&["model", "pack", "trained", "--json"]).code(0).json();
    assert_eq!((said["package"].clone(), said["n_vectors"].clone()), (json!("trained-0.1.0.takt"), json!(6)));
    bench.takt(&["model", "install", "trained-0.1.0.takt", "--activate"]).code(0).says(&["trained 0.1.0 is active"]);
    bench.write("trained/model.toml", &MANIFEST.replace("\"oil\"", "\"force\""));
    bench.takt(&["model", "pack", "trained"]).code(1).says(&["cannot be packed", "'force'"]);
}
