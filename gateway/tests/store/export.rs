//! Exports are read back by pandas and pyarrow, which know nothing of Takt.

use crate::support::*;
use std::path::Path;
use std::process::Command;
use takt::store::{Entry, Format, Span, Store};
use takt_adapters::Ticket;
use takt_plant::*;

const READ_BACK: &str = r#"
import sys, json
import pandas as pd
import pyarrow.parquet as pq
kind, csv, parquet = sys.argv[1:4]
a, b = pd.read_csv(csv, keep_default_na=False), pd.read_parquet(parquet)
assert list(a.columns) == list(b.columns), (a.columns, b.columns)
assert len(a) == len(b), (len(a), len(b))
time = pd.to_datetime(a["time"], format="ISO8601")
assert (time.astype("int64") == b["time"].astype("int64")).all()
if kind == "samples":
    number = pd.to_numeric(a["value"], errors="coerce")
    both = number.notna() & b["value"].notna()
    assert (number.notna() == b["value"].notna()).all()
    assert (number[both] == b["value"][both]).all(), "every bit of every number"
    assert (a["quality"] == b["quality"]).all()
    print(json.dumps({
        "n": len(b), "sum": float(b["value"].sum()), "tags": sorted(b["tag"].unique()),
        "quality": b["quality"].value_counts().to_dict(),
        "integer": [v for v in pq.read_table(parquet)["integer"].to_pylist() if v is not None], "text": list(b["text"].dropna()),
        "first": int(b["time"].astype("int64").min()),
    }))
else:
    assert (a["seq"] == b["seq"]).all()
    t2 = [json.loads(s)["t2"]["value"] for s in b["scores"]]
    print(json.dumps({"n": len(b), "t2": sum(t2), "verdicts": b["verdict"].value_counts().to_dict(),
        "reason": list(b["reason"].dropna()), "part": list(b["part"].dropna()), "model": list(b["model"].unique())}))
"#;

fn read_back(kind: &str, csv: &Path, parquet: &Path) -> serde_json::Value {
    let python = std::env::var("TAKT_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(&python).args(["-c", READ_BACK, kind]).arg(csv).arg(parquet).output();
    let output = output.unwrap_or_else(|e| panic!("{python} does not run ({e}); run cargo xtask setup"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n(needs pandas and pyarrow: run cargo xtask setup)");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn filled(dir: &Path) -> Store {
    let (store, first, slots) = open(dir, options(), &[3]);
    let (mut journal, _) = store.journal(0);
    let odd = [
        Reading::Good(Value::Integer(9_007_199_254_740_993)),
        Reading::Good(Value::Text("P-17, \"left\"".into())),
        Reading::Bad(Fault::Text("Scan Timeout".into())),
    ];
    for n in 1..=330_u64 {
        let mut frame = frame(slots.groups[0], 3, n as i64 * 1_000_000, n as f64 / 7.0);
        if n == 330 {
            frame.readings = Box::new(odd.clone());
        }
        let outcome = match n % 110 {
            0 => Outcome::Inconclusive(Inconclusive::Deadline),
            1 => Outcome::Fail,
            _ => Outcome::Pass,
        };
        let verdicts = vec![verdict(first.epoch, n, outcome, (n == 5).then_some(Value::Integer(17)))];
        journal.submit(Entry { ticket: Ticket(n), frames: vec![frame], verdicts, ..Entry::default() }).unwrap();
    }
    store.flush().await.unwrap();
    store
}

#[tokio::test]
async fn samples_and_verdicts_read_the_same_from_csv_and_parquet() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path()).await;
    let span = Span { from: WallTime::from_ns(11_000_000), to: WallTime::from_ns(1_000_000_000) };
    let file = |name: &str| dir.path().join(name);
    let create = |name: &str| std::fs::File::create(file(name)).unwrap();
    let reader = store.reader();
    for (name, format) in [("s.csv", Format::Csv), ("s.parquet", Format::Parquet)] {
        let n = reader.export_samples(&line(), &tags(3), span, format, create(name)).await.unwrap();
        assert_eq!(n, 320 * 3);
    }
    let found = read_back("samples", &file("s.csv"), &file("s.parquet"));
    assert_eq!((found["n"].as_u64(), found["first"].as_u64()), (Some(960), Some(11_000_000)));
    assert_eq!(found["integer"][0].as_i64(), Some(9_007_199_254_740_993), "beyond what a double holds");
    assert_eq!(found["text"][0], "P-17, \"left\"");
    assert_eq!(found["quality"]["bad: the source says 'Scan Timeout'"], 1);
    let sum: f64 = (11..330).map(|n| 3.0 * (f64::from(n) / 7.0) + 3.0).sum::<f64>() + 9_007_199_254_740_992.0;
    assert!((found["sum"].as_f64().unwrap() - sum).abs() < 16.0);

    for (name, format) in [("v.csv", Format::Csv), ("v.parquet", Format::Parquet)] {
        assert_eq!(reader.export_verdicts(span, format, create(name)).await.unwrap(), 320);
    }
    let found = read_back("verdicts", &file("v.csv"), &file("v.parquet"));
    assert_eq!(found["verdicts"]["fail"], 2);
    assert_eq!(found["reason"], serde_json::json!(["deadline", "deadline", "deadline"]));
    let t2: f64 = (11..=330).map(|n| f64::from(n) / 3.0).sum();
    assert!((found["t2"].as_f64().unwrap() - t2).abs() < 1e-6);
    assert_eq!((found["part"].clone(), found["model"][0].clone()), (serde_json::json!([]), "press".into()));
    store.close().unwrap();
}
