//! Every file of `config/examples` resolves without problems, and so does the design's own example.

use std::path::{Path, PathBuf};
use takt_config::resolved::{ConnectionKind, ListenTls, OutputMode, PayloadFormat, Selection, TagSource};
use takt_config::{Pem, Problem, ProblemKind, Resolved, Source, read};
use takt_plant::{TagSlot, WindowSpec};

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(folder).expect("the folder of examples");
    let mut files: Vec<PathBuf> = files.map(|f| f.expect("a file").path()).collect();
    files.sort();
    files
}

fn example(name: &str) -> Source {
    let file = examples().into_iter().find(|f| f.ends_with(name)).expect("the example");
    Source::open(&file).expect("a readable example")
}

fn resolved(sources: &[Source]) -> Resolved {
    read(sources).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_example_resolves() {
    let files = examples();
    assert!(files.len() >= 7, "{files:?}");
    for file in &files {
        resolved(&[Source::open(file).expect("a readable example")]);
    }
    resolved(&[example("takt.toml"), example("press.toml"), example("line.json")]);
}

#[test]
fn the_network_is_reached_with_tls_alone() {
    let all = resolved(&[example("takt-network.toml")]);
    let http = &all.gateway.as_ref().expect("it speaks of the box").http;
    assert!(matches!(&http.tls, Some(ListenTls::Given { key, .. }) if matches!(&**key, Pem::Secret(_))));
    assert_eq!(http.hosts.iter().map(|host| host.as_str()).collect::<Vec<_>>()[1], "press-hall-2");
    let own = "name = \"a\"\nsite = \"b\"\nhttp = { address = \"0.0.0.0:8443\", tls = {} }\n";
    let own = resolved(&[Source::new("own", own)]).gateway.expect("the box");
    assert_eq!(own.http.tls, Some(ListenTls::Generated));
}

#[test]
fn the_press_is_what_its_document_says() {
    let all = resolved(&[example("takt.toml"), example("press.toml")]);
    let gateway = all.gateway.as_ref().expect("takt.toml speaks of the box");
    assert_eq!(gateway.http.address.to_string(), "127.0.0.1:8520");
    assert_eq!((gateway.http.session_idle.as_secs(), gateway.http.session_max.as_secs()), (28_800, 604_800));
    let ConnectionKind::Mqtt(broker) = &all.connections[1].kind else { panic!("{:?}", all.connections[1]) };
    assert_eq!(*broker.client_id, "takt-press-hall-1-broker");
    assert!(broker.tls.is_some() && !broker.clean_session && broker.verdicts);
    assert_eq!(format!("{:?}", broker.password), "Some(SecretRef(\"broker\"))");

    let line = &all.lines[0];
    let stroke = &line.checks[0];
    assert_eq!(
        stroke.inputs.iter().map(|i| (&**i.role, i.tag)).collect::<Vec<_>>(),
        [("force", TagSlot(0)), ("vibration", TagSlot(4))]
    );
    assert!(matches!(stroke.window.value, WindowSpec::Trigger { tag: TagSlot(1), .. }));
    let Selection::Recipe(recipe) = &stroke.selection else { panic!("{:?}", stroke.selection) };
    assert_eq!(
        recipe.map.iter().map(|(key, model)| (&*key.text, model.as_str())).collect::<Vec<_>>(),
        [("17", "press-a"), ("18", "press-b")]
    );
    assert!(matches!(stroke.outputs[1].mode, OutputMode::Pulse { .. }));
    assert_eq!(stroke.outputs[1].limits.interval_min.map(|d| d.as_millis()), Some(500));
    assert_eq!(line.checks[1].rule.limits[0].1, 18.5);
}

#[test]
fn a_group_is_as_many_tags_as_it_names() {
    let mqtt = resolved(&[example("tep-mqtt.toml")]);
    let tags = &mqtt.lines[0].tags;
    assert_eq!(tags.len(), 52);
    assert_eq!((tags[0].id.as_str(), tags[51].id.as_str()), ("xmeas_1", "xmv_11"));
    let TagSource::Mqtt(source) = &tags[41].source else { panic!("{:?}", tags[41]) };
    let PayloadFormat::Json(json) = &source.format else { panic!("{source:?}") };
    assert_eq!(*json.value, "/xmv_1");
    assert!(tags.iter().all(|t| t.source.group() == tags[0].source.group()), "one message, one group");
    assert_eq!(mqtt.lines[0].checks[0].inputs.len(), 52);

    let modbus = resolved(&[example("tep-modbus.toml")]);
    let tags = &modbus.lines[0].tags;
    let register = |i: usize| match &tags[i].source {
        TagSource::Modbus(source) => source.register.value.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (tags[0].id.as_str(), register(0), register(1), register(52)),
        ("row", "holding:104".to_owned(), "holding:0".to_owned(), "holding:102".to_owned())
    );
    assert_eq!(modbus.lines[0].checks[0].inputs.len(), 52);
}

/// The example of the design, word for word; there, semicolons stand for line breaks.
const DESIGN: &str = include_str!("design.toml.txt");

fn with_line_breaks(text: &str) -> String {
    let broken = |line: &str| match line.split_once('#') {
        Some((before, comment)) => format!("{} #{comment}\n", before.replace(';', "\n")),
        None => format!("{}\n", line.replace(';', "\n")),
    };
    text.lines().map(broken).collect()
}

#[test]
fn the_design_s_example_is_accepted_as_written() {
    let text = with_line_breaks(DESIGN);
    let problems = read(&[Source::new("design.toml", text.as_str())]).expect_err("two of its tags are not shown");
    let found: Vec<(&str, ProblemKind)> = problems.iter().map(|p: &Problem| (p.what.as_str(), p.kind)).collect();
    assert_eq!(
        found,
        [
            ("this line has no tag \"mode\"", ProblemKind::Reference),
            ("this line has no tag \"product\"", ProblemKind::Reference)
        ]
    );
    let tags = "\n[[lines.tags]]\nid = \"mode\"\nsource = { connection = \"plc\", register = \"holding:210\" }\n\
                [[lines.tags]]\nid = \"product\"\nsource = { connection = \"plc\", register = \"holding:211\" }\n";
    let all = resolved(&[Source::new(
        "design.toml",
        text.replacen("[lines.heartbeat]", &format!("{tags}[lines.heartbeat]"), 1),
    )]);
    assert_eq!((all.connections.len(), all.lines[0].tags.len(), all.lines[0].checks.len()), (2, 5, 1));
}
