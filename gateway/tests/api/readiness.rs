//! Readiness proves that each model runs on the device asked for, and says why it is not ready.

use crate::desk;
use crate::fake::{self, Fake};
use crate::http::get;
use std::time::Duration;
use takt::board::{CheckPlan, Cut, ModelStanding, Now, Phase, StoreLosses, StoreStanding, WriteOutcome};
use takt_adapters::Link;
use takt_plant::{Books, Outcome};

/// What changes, whether it is ready then, and what it says.
type Case = (fn(&mut Fake), bool, &'static str, &'static str);

fn down(fake: &Fake) -> (&std::sync::Arc<takt::board::ConnectionGauge>, Now) {
    (&fake.plc, Now::of(&fake.clock))
}

fn lost() -> StoreLosses {
    StoreLosses::default()
}

const CUT: Cut = Cut { n_samples_max: 7, window: Duration::from_millis(250) };

const CASES: [Case; 19] = [
    (|_| {}, true, "reactor/row", "asked for openvino:NPU and fell back to openvino:CPU: no NPU on this box"),
    (|f| f.board.phase(Phase::Starting), false, "gateway", "it is starting"),
    (|f| f.board.phase(Phase::Draining), false, "gateway", "told to end"),
    (|f| f.board.store(StoreStanding::Opening), false, "store", "being opened"),
    (|f| f.board.store(StoreStanding::Unwritable { why: "disk full".into() }), true, "store", "disk full"),
    (|f| f.board.store_losses(StoreLosses { n_verdicts: 3, ..lost() }), true, "store", "3 verdicts"),
    (|f| f.board.store_losses(StoreLosses { n_conflicting: 2, ..lost() }), true, "store", "2 verdicts have a number"),
    (|f| f.board.store_losses(StoreLosses { n_damaged: 1, ..lost() }), true, "store", "cannot be read"),
    (|f| f.board.store_losses(StoreLosses { cut: Some(CUT), ..lost() }), true, "store", "7 samples of its last 250 ms"),
    (
        |f| f.press.gauge.model("press-a", ModelStanding::Missing { why: "install it".into() }),
        false,
        "press-3/stroke",
        "model press-a is missing: install it",
    ),
    (
        |f| f.press.gauge.model("press-a", ModelStanding::Failed { why: "vector 3 differs".into() }),
        false,
        "press-3/stroke",
        "model press-a failed: vector 3 differs",
    ),
    (
        |f| f.press.gauge.model("press-b", ModelStanding::Loading { step: "warming up, 40 %".into() }),
        false,
        "press-3/stroke",
        "model press-b is loading: warming up, 40 %",
    ),
    (
        |f| f.press.gauge.model("press-a", fake::ready("press-a", "cuda", "cpu", None)),
        false,
        "press-3/stroke",
        "asked for cuda but runs on cpu",
    ),
    (
        |f| {
            let (plc, now) = down(f);
            plc.link(&Link::Down { why: "no route to host".into(), retry_ms: 2_000 }, now);
        },
        false,
        "connection plc",
        "no route to host",
    ),
    (
        |f| {
            let (plc, now) = down(f);
            plc.link(&Link::TakenOver, now);
        },
        false,
        "connection plc",
        "another client took this client id",
    ),
    (
        |f| {
            let (plc, now) = down(f);
            plc.link(&Link::UnitAside { unit: 7, aside: true }, now);
        },
        true,
        "connection plc",
        "unit 7 does not answer",
    ),
    (
        |f| {
            let record = f.press.give(Outcome::Fail, 1, &f.clock);
            f.press.write(&record, WriteOutcome::Refused { why: "exception 02".into() }, &f.clock);
        },
        true,
        "press-3/stroke",
        "the last write to reject was refused: exception 02",
    ),
    (
        |f| {
            let mut books = Books::default();
            books.received = 1;
            f.press.gauge.books(&books);
        },
        true,
        "press-3/stroke",
        "the books do not close",
    ),
    (
        |f| {
            drop(f.press.line.check(CheckPlan {
                id: fake::name("silent"),
                deadline: Duration::from_millis(1),
                window: "frame".into(),
                inputs: vec![],
                models: vec![],
                outputs: vec![],
                quiet_max: Some(Duration::ZERO),
            }));
        },
        false,
        "press-3/silent",
        "no verdict since",
    ),
];

#[tokio::test]
async fn readiness_gives_its_reasons() {
    for (change, ready, place, why) in CASES {
        let mut desk = desk().await;
        change(&mut desk.fake);
        let answer = get(desk.address, "/readyz").await;
        assert_eq!(answer.status, if ready { 200 } else { 503 }, "{why}: {}", answer.body);
        let body = answer.json();
        assert_eq!(body["ready"], ready, "{why}");
        let list = body[if ready { "degraded" } else { "reasons" }].as_array().expect("a list").clone();
        let found = list.iter().any(|p| p["place"] == place && p["why"].as_str().is_some_and(|w| w.contains(why)));
        assert!(found, "{place}: {why} is not in {list:?}");
        assert_eq!(get(desk.address, "/healthz").await.status, 200, "it lives whether or not it is ready");
        assert_eq!(desk.viewer.refresh().ready, ready);
    }
}

#[tokio::test]
async fn readiness_names_device_and_version_of_each_model() {
    let desk = desk().await;
    let models = get(desk.address, "/readyz").await.json()["models"].clone();
    assert_eq!(models.as_array().map(Vec::len), Some(2));
    assert_eq!(models[0]["device_used"], "cpu");
    assert_eq!(models[0]["version"], "4");
    assert_eq!(models[1]["device_asked"], "openvino:NPU");
    assert_eq!(models[1]["fallback"], "no NPU on this box");
}

#[tokio::test]
async fn a_connection_that_comes_back_is_ready_again() {
    let desk = desk().await;
    let (plc, now) = down(&desk.fake);
    plc.link(&Link::Down { why: "cut".into(), retry_ms: 1 }, now);
    assert_eq!(get(desk.address, "/readyz").await.status, 503);
    plc.link(&Link::Up { session_present: false }, now);
    assert_eq!(get(desk.address, "/readyz").await.status, 200);
    let shown = get(desk.address, "/api/v1/connections").await.json();
    assert_eq!(shown["connections"][0]["n_ups"], 2);
}
