//! Keys that earlier versions knew, and what is written now.

/// Table, retired key, successor.
const RETIRED: &[(&str, &str, &str)] = &[
    ("tag", "address", "lines.tags.source.register"),
    ("tag", "topic", "lines.tags.source.topic"),
    ("check", "tags", "lines.checks.inputs"),
    ("check", "threshold", "lines.checks.rule.limits"),
    ("connection", "host", "connections.address"),
    ("output", "register", "lines.checks.outputs.write.register"),
];

/// What is written instead of a retired key of a table.
pub(crate) fn successor(table: &str, key: &str) -> Option<&'static str> {
    // The kinds of a table ("mqtt connection") retire the keys of the table itself.
    let table = table.rsplit(' ').next().unwrap_or(table);
    RETIRED.iter().find(|(t, k, _)| *t == table && *k == key).map(|(_, _, successor)| *successor)
}
