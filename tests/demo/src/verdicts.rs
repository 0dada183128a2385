//! What the gateway said: its verdicts as they come from the broker, by part number.

use crate::document::VERDICT_TOPIC;
use rumqttc::{AsyncClient, Event, EventLoop, Packet, QoS};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Verdicts kept: a part is asked for within a second, so the oldest are of no use.
const KEPT_MAX: usize = 256;

/// A reason in a line about a part; the whole of it is on the live page.
const REASON_CHARS_MAX: usize = 80;

/// One verdict, as a person reads it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    verdict: String,
    reason: Option<String>,
    seq: u64,
    scores: Vec<(String, f64, f64)>,
    tag: Option<(String, f64)>,
    n_frames: Option<u64>,
}

/// The verdicts that came.
#[derive(Clone, Default)]
pub(crate) struct Verdicts(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    by_part: BTreeMap<u32, Said>,
    seq_last: Option<u64>,
    n: u64,
    n_gaps: u64,
}

impl Verdicts {
    /// Listens on a connection of its own until the task is dropped.
    pub(crate) async fn listen(self, client: AsyncClient, mut connection: EventLoop) {
        loop {
            match connection.poll().await {
                // A refused subscription shows by itself: no verdict is ever heard.
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    drop(client.try_subscribe(VERDICT_TOPIC, QoS::AtLeastOnce));
                }
                Ok(Event::Incoming(Packet::Publish(message))) => self.take(&message.payload),
                Ok(_) => {}
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    /// What was said about a part.
    pub(crate) fn about(&self, part: u32) -> Option<Said> {
        self.kept().by_part.get(&part).cloned()
    }

    /// Verdicts that came, and how many are missing between them.
    pub(crate) fn n_and_gaps(&self) -> (u64, u64) {
        let kept = self.kept();
        (kept.n, kept.n_gaps)
    }

    fn take(&self, payload: &[u8]) {
        let Some((part, said)) = serde_json::from_slice(payload).ok().as_ref().and_then(read) else { return };
        let mut kept = self.kept();
        let is_new = kept.seq_last.is_none_or(|last| said.seq > last);
        if is_new {
            kept.n += 1;
            kept.n_gaps += kept.seq_last.map_or(0, |last| said.seq - last - 1);
            kept.seq_last = Some(said.seq);
        }
        kept.by_part.insert(part, said);
        if kept.by_part.len() > KEPT_MAX {
            kept.by_part.pop_first();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said {
    /// Frames of the part's window.
    pub(crate) fn n_frames(&self) -> Option<u64> {
        self.n_frames
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.verdict)?;
        if let Some(reason) = &self.reason {
            let short: String = reason.chars().take(REASON_CHARS_MAX).collect();
            let more = if short.len() < reason.len() { "…" } else { "" };
            return write!(f, " ({short}{more})");
        }
        let worst = self.scores.iter().max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
        if let Some((name, value, limit)) = worst {
            write!(f, ", {name} {value:.0} (limit {limit:.0})")?;
        }
        if let Some((tag, share)) = &self.tag {
            write!(f, ", {:.0} % {tag}", share * 100.0)?;
        }
        Ok(())
    }
}

fn read(message: &Value) -> Option<(u32, Said)> {
    let part = message["part"].as_u64().and_then(|part| u32::try_from(part).ok())?;
    let score = |(name, score): (&String, &Value)| {
        let name = if name == "t2" { "T²".to_owned() } else { name.to_uppercase() };
        Some((name, score["value"].as_f64()?, score["limit"].as_f64()?))
    };
    let first = &message["contributions"][0];
    let said = Said {
        verdict: message["verdict"].as_str()?.to_owned(),
        reason: message["reason"].as_str().map(str::to_owned),
        seq: message["seq"].as_u64()?,
        scores: message["scores"].as_object().into_iter().flatten().filter_map(score).collect(),
        n_frames: message["window"]["n"].as_u64(),
        tag: first["tag"].as_str().zip(first["share"].as_f64()).map(|(tag, share)| (tag.to_owned(), share)),
    };
    Some((part, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: Value, expected: &str) {
        let (part, said) = read(&message).expect("a verdict");
        assert_eq!((part, said.to_string().as_str()), (4_711, expected));
    }

    #[test]
    fn a_verdict_reads_like_a_sentence() {
        check(
            serde_json::json!({ "part": 4711, "verdict": "fail", "seq": 1, "reason": null,
                "scores": { "spe": { "value": 2.0, "limit": 9.0 }, "t2": { "value": 811.6, "limit": 43.1 } },
                "contributions": [{ "tag": "ram_force", "share": 0.97 }] }),
            "fail, T² 812 (limit 43), 97 % ram_force",
        );
        check(
            serde_json::json!({ "part": 4711, "verdict": "inconclusive", "seq": 1, "reason": "no_model" }),
            "inconclusive (no_model)",
        );
    }

    #[test]
    fn gaps_are_counted_and_repetitions_are_not() {
        let verdicts = Verdicts::default();
        for seq in [5, 6, 6, 9] {
            verdicts.take(format!(r#"{{ "part": {seq}, "verdict": "pass", "seq": {seq} }}"#).as_bytes());
        }
        verdicts.take(b"no verdict");
        assert_eq!(verdicts.n_and_gaps(), (3, 2));
        assert!(verdicts.about(9).is_some());
    }
}
