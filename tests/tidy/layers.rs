//! Layers: which crate may take which, and which library stays in which crate. Read off `cargo metadata`.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// What a crate may take of our own, from the top down.
const MAY_TAKE: [(&str, &[&str]); 10] = [
    ("takt-plant", &[]),
    ("takt-config", &["takt-plant"]),
    ("takt-adapters", &["takt-plant"]),
    ("takt-models", &["takt-plant"]),
    ("takt-mesh-proto", &["takt-plant"]),
    ("takt-mesh", &["takt-plant", "takt-mesh-proto"]),
    ("takt-mesh-sim", &["takt-plant", "takt-mesh-proto"]),
    ("takt", &["takt-plant", "takt-config", "takt-adapters", "takt-models", "takt-mesh", "takt-mesh-proto"]),
    ("takt-demo", &[]),
    ("xtask", &[]),
];

/// Libraries that only one of our crates may name, tests and demo apart.
const STAYS_IN: [(&str, &str); 10] = [
    ("ort", "takt-models"),
    ("faer", "takt-models"),
    ("resvg", "takt-models"),
    ("rumqttc", "takt-adapters"),
    ("tokio-modbus", "takt-adapters"),
    ("sqlx", "takt"),
    ("axum", "takt"),
    ("opentelemetry", "takt"),
    ("iroh", "takt-mesh"),
    ("toml_edit", "takt-config"),
];

/// Libraries that must not stand anywhere in a crate's tree.
const NEVER_IN: [(&str, &[&str]); 6] = [
    ("takt-plant", &["tokio", "serde", "serde_core"]),
    ("takt-config", &["tokio", "sqlx", "axum"]),
    ("takt-models", &["tokio", "sqlx", "axum", "rumqttc"]),
    ("takt-mesh-proto", &["tokio", "sqlx", "axum", "serde_json"]),
    ("takt-mesh", &["sqlx", "axum", "rumqttc", "portmapper"]),
    ("takt", &["rumqttd"]),
];

struct Tree {
    direct: BTreeMap<String, BTreeSet<String>>,
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, Vec<String>>,
}

fn tree() -> Tree {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline"])
        .current_dir(crate::sources::root())
        .output()
        .expect("cargo metadata runs");
    let page: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let mut tree = Tree { direct: BTreeMap::new(), names: BTreeMap::new(), edges: BTreeMap::new() };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let members: BTreeSet<String> = page["workspace_members"].as_array().into_iter().flatten().map(text).collect();
    for package in page["packages"].as_array().into_iter().flatten() {
        tree.names.insert(text(&package["id"]), text(&package["name"]));
        if members.contains(&text(&package["id"])) {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            let normal = dependencies.filter(|d| d["kind"].is_null()).map(|d| text(&d["name"]));
            tree.direct.insert(text(&package["name"]), normal.collect());
        }
    }
    for node in page["resolve"]["nodes"].as_array().into_iter().flatten() {
        let used = node["deps"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|d| d["dep_kinds"].as_array().into_iter().flatten().any(|k| k["kind"].is_null()));
        tree.edges.insert(text(&node["id"]), used.map(|d| text(&d["pkg"])).collect());
    }
    tree
}

impl Tree {
    /// Names of everything below a crate.
    fn below(&self, name: &str) -> BTreeSet<String> {
        let mut open: Vec<&String> = self.names.iter().filter(|(_, n)| *n == name).map(|(id, _)| id).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.edges.get(id).into_iter().flatten());
            }
        }
        seen.into_iter().filter_map(|id| self.names.get(id).cloned()).collect()
    }
}

/// Arrows that point up or sideways, and libraries outside their crate.
pub(crate) fn violations() -> Vec<String> {
    let tree = tree();
    let ours: BTreeSet<&str> = MAY_TAKE.iter().map(|(name, _)| *name).collect();
    let mut found = Vec::new();
    for (name, allowed) in MAY_TAKE {
        let direct = tree.direct.get(name).unwrap_or_else(|| panic!("{name} is a member"));
        for taken in direct.iter().filter(|d| ours.contains(d.as_str()) && !allowed.contains(&d.as_str())) {
            found.push(format!("{name} takes {taken}"));
        }
    }
    for (library, home) in STAYS_IN {
        for (name, direct) in &tree.direct {
            let free = name == home || matches!(name.as_str(), "takt-tests" | "takt-demo");
            if direct.contains(library) && !free {
                found.push(format!("{name} takes {library}, which stays in {home}"));
            }
        }
    }
    found
}

/// Libraries in the tree of a crate that must be free of them.
pub(crate) fn impure() -> Vec<String> {
    let tree = tree();
    let mut found = Vec::new();
    for (name, never) in NEVER_IN {
        let below = tree.below(name);
        assert!(below.contains(name), "{name} is in the tree");
        found.extend(never.iter().filter(|n| below.contains(**n)).map(|n| format!("{name} leads to {n}")));
    }
    found
}

/// Crypto libraries beside ring.
pub(crate) fn crypto() -> Vec<String> {
    let below = tree().below("takt");
    let foreign = ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls"];
    foreign.iter().filter(|n| below.contains(**n)).map(|n| (*n).to_owned()).collect()
}
