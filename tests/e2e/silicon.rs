//! Silicon: the gateway on OpenVINO, and what is asked for but not there, as an error or as a shown
//! fallback. Its own process loads the pack's library, so other tests are not touched by it.

use crate::feed::Verdicts;
use crate::verdicts::check_books;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

/// OpenVINO's library; says so where it is not to be had.
fn openvino() -> Option<PathBuf> {
    let library = std::env::var_os("TAKT_ORT_LIB_OPENVINO").map(PathBuf::from);
    if library.is_none() {
        println!("not run: TAKT_ORT_LIB_OPENVINO is not set; `cargo xtask test` sets it on x86-64");
    }
    library
}

/// A check by its id, device and what else its table says.
fn check_table(id: &str, device: &str, fallback: bool) -> String {
    format!(
        "[[lines.checks]]\nid = \"{id}\"\ninputs = [\"a\", \"b\", \"c\"]\nmodel = \"m\"\n\
         window = {{ kind = \"frame\" }}\ndeadline = \"10s\"\ndevice = \"{device}\"\nfallback = {fallback}\n"
    )
}

/// A box with a pack, one line on a broker, and checks on devices.
fn document(url: &str, runtime: &str, checks: &[(&str, &str, bool)]) -> String {
    let checks: String = checks.iter().map(|(id, device, fallback)| check_table(id, device, *fallback)).collect();
    format!(
        "{runtime}[[connections]]\nid = \"broker\"\nkind = \"mqtt\"\nurl = \"{url}\"\nverdicts = true\n\
         [[lines]]\nid = \"line\"\n[[lines.tag_groups]]\nnames = [\"a\", \"b\", \"c\"]\n\
         source = {{ connection = \"broker\", topic = \"line\", value = \"/{{name}}\", time = \"/ts\", \
         time_format = \"ms\" }}\n{checks}"
    )
}

fn openvino_table(library: &std::path::Path) -> String {
    format!("[runtime]\npack = \"openvino\"\nlibrary = \"{}\"\n", library.display())
}

/// The n-th good part: b follows a, c stands for itself. The waves have no common period.
fn row(n: u32) -> [f64; 3] {
    let wave = |step: f64| (f64::from(n) * step).sin();
    [10.0 + wave(0.7), 20.0 + 2.0 * wave(0.7) + 0.2 * wave(2.3), -4.0 + 0.5 * wave(1.1)]
}

/// Learns `m` from good parts, in numbers that accelerators have.
fn learn(gateway: &Gateway) {
    let csv = gateway.folder().join("good.csv");
    let rows: Vec<String> = (0..400).map(row).map(|[a, b, c]| format!("{a},{b},{c}")).collect();
    std::fs::write(&csv, format!("a,b,c\n{}\n", rows.join("\n"))).expect("the folder can be written");
    let csv = csv.display().to_string();
    let arguments = ["learn", "--csv", &csv, "--components", "1", "--name", "m", "--version", "1.0.0"];
    gateway.run_ok(&[&arguments[..], &["--element", "f32", "--activate"]].concat());
}

fn model<'a>(status: &'a Value, check: &str) -> &'a Value {
    let checks = status["lines"][0]["checks"].as_array().expect("checks");
    let check = checks.iter().find(|c| c["id"] == check).unwrap_or_else(|| panic!("{check} in {status}"));
    &check["models"][0]
}

/// Waits until a check's model stands as said; gives the model's status.
fn standing(gateway: &Gateway, check: &str, word: &str) -> Value {
    wait_until(&format!("the model of {check} is {word}"), Duration::from_secs(60), || {
        let status = gateway.json("/api/v1/status");
        // A gateway that starts shows its lines before their checks.
        let begun = status["lines"][0]["checks"].as_array().is_some_and(|checks| !checks.is_empty());
        (begun && model(&status, check)["standing"] == word).then(|| model(&status, check).clone())
    })
}

#[test]
fn openvino_judges_and_what_is_not_there_falls_back_in_sight() {
    let Some(library) = openvino() else { return };
    let broker = Mosquitto::start();
    let checks = [("here", "openvino:CPU", false), ("away", "openvino:NPU", true), ("plain", "cpu", false)];
    let mut gateway = Gateway::new(&document(&broker.url(), &openvino_table(&library), &checks));
    learn(&gateway);
    gateway.start_ready();
    let here = standing(&gateway, "here", "ready");
    assert_eq!((here["device_used"].as_str(), here["fallback"].as_str()), (Some("openvino:CPU"), None), "{here}");
    let away = standing(&gateway, "away", "ready");
    let has_npu = away["device_used"] == "openvino:NPU";
    assert!(has_npu || away["fallback"].as_str().is_some_and(|why| why.contains("ONNX Runtime says")), "{away}");

    let topics = ["takt/v1/lab/test-box/line/here/verdict", "takt/v1/lab/test-box/line/plain/verdict"];
    let (ours, theirs) = (
        Subscriber::connect("here", broker.address(), &topics[..1]),
        Subscriber::connect("plain", broker.address(), &topics[1..]),
    );
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    for n in 0..200 {
        let [a, b, c] = row(n);
        // Every fiftieth part breaks the relation of a and b.
        let b = if n % 50 == 49 { b + 40.0 } else { b };
        sensor.publish(
            "line",
            format!("{{\"ts\":{},\"a\":{a},\"b\":{b},\"c\":{c}}}", 1_700_000_000_000_u64 + u64::from(n) * 10),
        );
    }
    let (mut here, mut plain) = (Verdicts::of(&ours), Verdicts::of(&theirs));
    here.wait(200, Duration::from_secs(60));
    plain.wait(200, Duration::from_secs(60));
    let failed = |verdicts: &Verdicts<'_>| -> Vec<u64> {
        verdicts.seen.iter().filter(|v| v.outcome == "fail").map(|v| v.seq).collect()
    };
    assert_eq!(failed(&here), [50, 100, 150, 200], "the bad parts and no others");
    assert_eq!(failed(&here), failed(&plain), "both devices judge alike");
    for (on_device, on_cpu) in here.seen.iter().zip(&plain.seen) {
        let ((found, _), (wanted, limit)) = (on_device.scores["spe"], on_cpu.scores["spe"]);
        assert!((found - wanted).abs() <= 1e-2 * wanted.abs().max(limit), "{found} is not {wanted}");
    }

    let ready = gateway.json("/readyz");
    let proof = |check: &str| ready["models"].as_array().into_iter().flatten().find(|m| m["check"] == check).cloned();
    assert_eq!(proof("here").expect("a proof")["device_used"], "openvino:CPU");
    let (_, metrics) = gateway.get("/metrics").expect("metrics");
    let shows = |check: &str, asked: &str, used: &str, flag: u8| {
        let labels = format!("asked=\"{asked}\",check=\"{check}\",line=\"line\",model=\"m\",used=\"{used}\"");
        metrics.contains(&format!("takt_model_fallback{{{labels}}} {flag}"))
    };
    assert!(shows("here", "openvino:CPU", "openvino:CPU", 0), "{metrics}");
    if !has_npu {
        assert!(shows("away", "openvino:NPU", "cpu", 1), "{metrics}");
        let degraded = ready["degraded"].as_array().expect("a list");
        assert!(degraded.iter().any(|problem| problem["place"] == "line/away"), "{ready}");
        let doctor = gateway.run_ok(&["doctor"]);
        for said in ["line/away will fall back to the CPU", "missing on this box", "device openvino:CPU"] {
            assert!(doctor.contains(said), "'{said}' in\n{doctor}");
        }
    }
    check_books(&gateway);
    assert_eq!(gateway.stop(), Some(0));
    // The compiled engine is read the next time.
    gateway.start_ready();
    assert_eq!(standing(&gateway, "here", "ready")["device_used"], "openvino:CPU");
}

#[test]
fn a_device_that_is_not_in_the_box_is_an_error_without_fallback() {
    let Some(library) = openvino() else { return };
    let broker = Mosquitto::start();
    let checks = [("away", "openvino:NPU", false), ("gone", "openvino:GPU", false)];
    let mut gateway = Gateway::new(&document(&broker.url(), &openvino_table(&library), &checks));
    learn(&gateway);
    let probed = gateway.run(&["doctor"]);
    let doctor = String::from_utf8_lossy(&probed.stdout).into_owned();
    gateway.start();
    for (check, device) in [("away", "openvino:NPU"), ("gone", "openvino:GPU")] {
        if doctor.contains(&format!("ok      device {device} ")) {
            println!("not run: this machine has {device}");
            continue;
        }
        let failed = standing(&gateway, check, "failed");
        let why = failed["why"].as_str().expect("a reason");
        assert!(why.contains(&format!("cannot run on {device}; see `takt doctor`")), "{why}");
        assert!(doctor.contains(&format!("BROKEN  device {device}")), "{doctor}");
        assert!(doctor.contains(&format!("line/{check} will not judge")), "{doctor}");
        assert_eq!(probed.status.code(), Some(1));
        let (code, ready) = gateway.get("/readyz").expect("an answer");
        assert!(code == 503 && ready.contains(&format!("line/{check}")), "{code} {ready}");
    }
}

#[test]
fn a_device_outside_the_pack_is_a_configuration_error() {
    let runtime = "[runtime]\npack = \"openvino\"\n";
    let gateway = Gateway::new(&document("mqtt://127.0.0.1:1", runtime, &[("each", "cuda", true)]));
    let output = gateway.run(&["run"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.contains("cuda is not in the runtime pack openvino"), "{text}");
}

/// The stock library said to be the CUDA pack: no GPU and no 256 MB are needed to see what happens.
#[test]
fn cuda_without_a_gpu_is_an_error_or_a_fallback_that_is_shown() {
    let broker = Mosquitto::start();
    let runtime = "[runtime]\npack = \"cuda\"\n";
    let checks = [("strict", "cuda", false), ("lenient", "tensorrt", true)];
    let mut gateway = Gateway::new(&document(&broker.url(), runtime, &checks));
    learn(&gateway);
    gateway.start();
    let strict = standing(&gateway, "strict", "failed");
    let why = strict["why"].as_str().expect("a reason");
    assert!(why.contains("cannot run on cuda; see `takt doctor`"), "{why}");
    let lenient = standing(&gateway, "lenient", "ready");
    let shown = [&lenient["device_asked"], &lenient["device_used"]];
    assert_eq!(shown, ["tensorrt", "cpu"], "{lenient}");
    assert!(lenient["fallback"].is_string(), "{lenient}");
    let (_, metrics) = gateway.get("/metrics").expect("metrics");
    let labels = "asked=\"tensorrt\",check=\"lenient\",line=\"line\",model=\"m\",used=\"cpu\"";
    assert!(metrics.contains(&format!("takt_model_fallback{{{labels}}} 1")), "{metrics}");
    let doctor = String::from_utf8_lossy(&gateway.run(&["doctor"]).stdout).into_owned();
    for said in ["BROKEN  device cuda", "line/strict will not judge", "line/lenient will fall back to the CPU"] {
        assert!(doctor.contains(said), "'{said}' in\n{doctor}");
    }
}
