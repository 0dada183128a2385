//! How the program wants to be asked, and what it says when it is asked otherwise.

use crate::kit::takt;

#[track_caller]
fn check(arguments: &[&str], code: i32, says: &[&str]) {
    takt(arguments).code(code).says(says);
}

#[test]
fn wrong_use_ends_with_64_and_a_way_out() {
    check(&[], 64, &["Usage: takt"]);
    check(&["modle"], 64, &["similar subcommand exists: 'model'"]);
    check(&["line", "aply", "x.toml"], 64, &["similar subcommand exists: 'apply'"]);
    check(&["run", "--confg", "x"], 64, &["--config"]);
    check(&["check"], 64, &["takt check FILE"]);
    check(&["learn", "--name", "m"], 64, &["--csv FILE", "--line LINE"]);
    check(&["learn", "--csv", "x.csv", "--line", "l", "--check", "c"], 64, &["cannot be used with"]);
    check(&["learn", "--csv", "x.csv", "--components", "many"], 64, &["share:0.85"]);
    check(&["learn", "--csv", "x.csv", "--alpha", "0.1", "--quantile", "0.9"], 64, &["cannot be used with"]);
    check(&["output", "arm", "press-3"], 64, &["LINE/CHECK/OUTPUT"]);
    check(&["read", "plc", "meter:7"], 64, &["coil:, discrete:, input: or holding:"]);
    check(&["scan", "plc", "holding:9..3"], 64, &["holding:0..100"]);
    check(&["model", "activate", "m", "1"], 64, &["three numbers"]);
    check(&["status", "--log", "a=b=c"], 64, &["log filter"]);
}

#[test]
fn help_and_version_are_no_errors() {
    check(
        &["--help"],
        0,
        &["Exit codes: 0 clean, 1 failed, 64 wrong usage, 78 wrong configuration", "doctor", "replay"],
    );
    check(&["learn", "--help"], 0, &["xmeas_{1..41}", "--limit-rank"]);
    check(&["--version"], 0, &[env!("CARGO_PKG_VERSION")]);
}

#[test]
fn a_missing_configuration_is_named() {
    check(&["model", "list", "--config", "nowhere.toml"], 78, &["nowhere.toml", "check the path"]);
}
