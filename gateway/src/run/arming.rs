//! Arming: the deliberate act by which an output's writes go out, and the way back.
//!
//! Over HTTP it takes two steps. The first says what would be armed (address, values, last write,
//! everything that speaks against it) and gives a challenge; the second must bring it back in time,
//! by the same person, while the output is still what was shown.

use super::Shared;
use super::deadline::{TooShort, too_short};
use crate::api::control::{ControlError, Why};
use crate::api::{ArmingOffer, ArmingTarget, ArmingValues, OutputPlace};
use crate::assemble::LinePlan;
use crate::board::OutputGauge;
use crate::board::show::write_status;
use crate::loader::sentence;
use crate::pipeline::order::ArmOrder;
use crate::shard::Order;
use crate::store::ArmingRecord;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use takt_adapters::Link;
use takt_config::resolved::{Connection, ConnectionKind, Output, OutputMode};
use takt_plant::{Arming, MonoTime};
use tokio::sync::oneshot;

/// How long a challenge may be answered: long enough to read what it names, too short to forget it.
const CHALLENGE_MAX: Duration = Duration::from_secs(60);

/// Challenges that wait for their answer: at most one an output.
#[derive(Debug, Default)]
pub(crate) struct Challenges(Mutex<BTreeMap<String, Challenge>>);

#[derive(Debug)]
struct Challenge {
    token: String,
    digest: String,
    who: String,
    until: MonoTime,
}

/// An output that runs, as it was planned.
struct Found {
    line: LinePlan,
    output: Output,
    device: Option<Connection>,
    digest: String,
}

impl Shared {
    /// Arms an output, or brings it back to dry run.
    pub(crate) async fn arm(&self, by: &str, place: &OutputPlace, arm: bool) -> Result<Value, ControlError> {
        let at = self.clock.wall();
        let name = place.to_string();
        let OutputPlace { line, check, output } = place.clone();
        let order = ArmOrder { line, check, output, arm, by: by.to_owned(), at };
        let found = match arm {
            true => self.arm_looked_at(place, &order).await?,
            false => self.disarm(&name, &order).await?,
        };
        if !found {
            return Err(unknown(place));
        }
        Ok(json!({ "output": name, "armed": arm, "by": by }))
    }

    /// Arms an output that runs and can keep its deadline. `false`: it was taken away meanwhile.
    async fn arm_looked_at(&self, place: &OutputPlace, order: &ArmOrder) -> Result<bool, ControlError> {
        let name = place.to_string();
        let (refused, digest) = {
            let cells = self.cells.lock().await;
            (cells.plans().find_map(|running| running.refusal(order)), cells.digest_of(order))
        };
        if let Some(TooShort { what, hint }) = refused {
            return Err(ControlError::new(format!("{name} is not armed: {what}"), hint));
        }
        self.arm_recorded(&name, order, digest.ok_or_else(|| unknown(place))?).await
    }

    /// Brings an output back to dry run: first what the PLC gets, then what a restart would do, then what a
    /// cell would start with, which waits for documents that come into force. `false`: nobody knows it.
    async fn disarm(&self, name: &str, order: &ArmOrder) -> Result<bool, ControlError> {
        // Until it is through, no cell starts with the output armed, and nobody arms it.
        let under_way = self.disarms.begin(order);
        let mut unkept = match self.disarms.unkept.try_lock() {
            Ok(unkept) => unkept,
            Err(_) => {
                // Somebody arms or disarms, which takes as long as the disk: the PLC does not wait for that.
                self.order_shards(order).await;
                self.disarms.unkept.lock().await
            }
        };
        // Again where it was ordered before: an arming that was being recorded went live since.
        let runs = self.order_shards(order).await;
        let kept = self.keep_disarm_in(&mut unkept, name).await;
        drop(unkept);
        let is_planned = {
            let mut cells = self.cells.lock().await;
            let was_armed = cells.disarming(order);
            drop(under_way);
            was_armed || cells.digest_of(order).is_some()
        };
        let is_known = runs || is_planned || kept != Ok(false);
        if is_known && !runs {
            // No cell writes it down.
            let text = format!("{} of {}: output.disarm", order.output, order.check);
            self.note(&order.by, "output.disarm", Some(order.line.clone()), &text).await;
        }
        kept.map_err(|why| {
            let what = format!("{name} is in dry run now, but only until the gateway starts again: {why}");
            let hint = "make its disk writable; the gateway keeps trying, and an alarm stands until it is kept";
            ControlError::new(what, hint).because(Why::Unavailable)
        })?;
        Ok(is_known)
    }

    /// First what must outlive a crash, then the arming: an output that nobody can prove to have been armed
    /// is not. `false`: nobody runs it.
    async fn arm_recorded(&self, name: &str, order: &ArmOrder, digest: String) -> Result<bool, ControlError> {
        let mut unkept = self.disarms.unkept.lock().await;
        if self.disarms.is_under_way(order) {
            let error = format!("{name} is not armed: it is being disarmed");
            return Err(ControlError::conflict(error, "arm it again if it is to write"));
        }
        let record =
            ArmingRecord { output: name.to_owned(), by: order.by.clone(), at: order.at, digest: digest.clone() };
        let recorded = self.store.arm(record).await.map_err(|error| sentence(&error));
        let flagged = match recorded {
            Ok(()) => self.raise_flag(name).await.map_err(|error| format!("its flag cannot be put up: {error}")),
            Err(why) => Err(why),
        };
        if let Err(why) = flagged {
            let was_armed = self.cells.lock().await.is_armed(order);
            let what = match was_armed {
                // Record and flag are those of the arming before, which holds.
                true => format!("{name} stays armed as it was: {why}"),
                false => {
                    // Half of it may lie on the disk beside an old other half: no restart may arm the output.
                    drop(self.keep_disarm_in(&mut unkept, name).await);
                    format!("{name} is not armed: {why}")
                }
            };
            let hint = "nothing is armed that cannot be recorded; make room on the disk, and arm again";
            return Err(ControlError::new(what, hint).because(Why::Unavailable));
        }
        unkept.remove(name);
        self.show_unkept(name, None);
        let found = self.order_shards(order).await;
        if found {
            // For cells that start again.
            self.cells.lock().await.arming(order, digest);
        } else {
            // It was taken away meanwhile; what was recorded must not arm its successor.
            drop(self.keep_disarm_in(&mut unkept, name).await);
        }
        Ok(found)
    }

    /// Tells whoever runs the output. `false`: nobody does.
    pub(super) async fn order_shards(&self, order: &ArmOrder) -> bool {
        let mut found = false;
        for shard in &self.shards {
            let (done, answer) = oneshot::channel();
            shard.order(Order::Arm(order.clone(), done)).await;
            found |= answer.await.unwrap_or(false);
        }
        found
    }

    /// The first step: what would be armed, and the challenge.
    pub(crate) async fn offer_arming(&self, who: &str, place: &OutputPlace) -> Result<ArmingOffer, ControlError> {
        let found = self.output(place).await?;
        let gauge = self.gauge_of(place).ok_or_else(|| unknown(place))?;
        let now = self.clock.mono();
        let token = token(&[&place.to_string(), &found.digest, who], now);
        let challenge = Challenge {
            token: token.clone(),
            digest: found.digest.clone(),
            who: who.to_owned(),
            until: now.plus(CHALLENGE_MAX),
        };
        self.challenges.put(place.to_string(), challenge, now);
        let armed_by = match gauge.arming() {
            Arming::Armed { by, .. } => Some(by.to_string()),
            Arming::DryRun => None,
        };
        Ok(ArmingOffer {
            output: place.to_string(),
            challenge: token,
            expires_s: CHALLENGE_MAX.as_secs(),
            armed_by,
            target: target(&found),
            values: values(&found.output),
            last_write: gauge.last().as_ref().map(write_status),
            problems: self.against(place, &found),
        })
    }

    /// The second step. Nothing may have moved since the first.
    pub(crate) async fn answer_challenge(
        &self,
        who: &str,
        place: &OutputPlace,
        token: &str,
    ) -> Result<Value, ControlError> {
        // No document comes into force between looking and arming.
        let _one_at_a_time = self.changing.lock().await;
        let found = self.output(place).await?;
        self.challenges.take(&place.to_string(), token, who, &found.digest, self.clock.mono())?;
        self.arm(who, place, true).await
    }

    async fn output(&self, place: &OutputPlace) -> Result<Found, ControlError> {
        let cells = self.cells.lock().await;
        for running in cells.plans() {
            let connections = running.connections();
            let Some(line) = running.plan.lines.iter().find(|line| *line.line.id == place.line) else { continue };
            let check = line.line.checks.iter().find(|check| *check.id == place.check);
            let output = check.and_then(|c| c.outputs.iter().find(|output| *output.id == place.output));
            let Some(output) = output else { continue };
            let device = connections.iter().find(|c| *c.id == *output.write.connection).cloned();
            let digest = super::cells::arming_digest(line, connections, &place.check, &place.output);
            // The arming outlives another version of the model, what was shown before it does not.
            let digest = takt_config::digest(&format!("{digest}\n{}", self.models_in_use(place)));
            return Ok(Found { line: line.clone(), output: output.clone(), device, digest });
        }
        Err(unknown(place))
    }

    fn gauge_of(&self, place: &OutputPlace) -> Option<Arc<OutputGauge>> {
        let line = self.board.lines().into_iter().find(|line| line.plan().id == place.line)?;
        line.find(&place.check)?.output(&place.output).cloned()
    }

    /// What speaks against arming, in sentences.
    fn against(&self, place: &OutputPlace, found: &Found) -> Vec<String> {
        let mut all = Vec::new();
        let device = &*found.output.write.connection;
        let gauge = self.board.connections().into_iter().find(|c| c.plan().id == *device);
        match gauge.and_then(|gauge| gauge.standing().link) {
            Some(Link::Up { .. }) => {}
            Some(Link::Down { why, .. }) => all.push(format!("{device} is down: {why}")),
            _ => all.push(format!("{device} is not up yet")),
        }
        let line = self.board.lines().into_iter().find(|line| line.plan().id == place.line);
        if let Some(check) = line.and_then(|line| line.find(&place.check)) {
            for model in &check.plan().models {
                if !check.model_standing(model).is_some_and(|standing| standing.is_ready()) {
                    all.push(format!("model {model} is not ready, so only inconclusive verdicts would be written"));
                }
            }
        }
        let check = found.line.line.checks.iter().find(|check| *check.id == place.check);
        if let (Some(check), Some(ConnectionKind::ModbusTcp(modbus))) = (check, found.device.as_ref().map(|d| &d.kind))
            && let Some(TooShort { what, hint }) = too_short(check, &found.output, modbus)
        {
            all.push(format!("{what}; {hint}"));
        }
        all
    }
}

impl Challenges {
    fn put(&self, output: String, challenge: Challenge, now: MonoTime) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, other| other.until > now);
        open.insert(output, challenge);
    }

    /// Uses a challenge up, whatever comes of it.
    fn take(&self, output: &str, token: &str, who: &str, digest: &str, now: MonoTime) -> Result<(), ControlError> {
        const HINT: &str = "ask for the arming again, and read what it would do";
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refuse = |error: &str| Err(ControlError::conflict(error, HINT));
        if open.get(output).is_none_or(|challenge| challenge.token != token) {
            return refuse("this challenge is not open: it was answered before, or somebody asked again");
        }
        let Some(challenge) = open.remove(output) else { return refuse("this challenge is not open") };
        if challenge.until <= now {
            return refuse("the challenge has expired");
        }
        if challenge.who != who {
            return refuse("the challenge was given to somebody else");
        }
        if challenge.digest != digest {
            return refuse("the output is no longer what was shown: its address, values, inputs or model changed");
        }
        Ok(())
    }
}

/// A name for what was shown, to whom, and when; it says nothing to anybody else.
fn token(parts: &[&str], now: MonoTime) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.update(&now.as_ns().to_le_bytes());
    hasher.finalize().to_hex().chars().take(32).collect()
}

fn target(found: &Found) -> ArmingTarget {
    let write = &found.output.write;
    let address: Result<takt_adapters::modbus::Address, _> = write.register.parse();
    let device = found.device.as_ref().map(|device| match &device.kind {
        ConnectionKind::ModbusTcp(modbus) => modbus.address.value.clone(),
        other => other.word().to_owned(),
    });
    ArmingTarget {
        connection: write.connection.to_string(),
        device: device.unwrap_or_default(),
        unit: write.unit,
        register: write.register.value.clone(),
        protocol_address: address.map_or_else(|_| write.register.value.clone(), |address| address.to_string()),
        mode: match found.output.mode {
            OutputMode::Level => "level",
            OutputMode::Pulse { .. } => "pulse",
            OutputMode::Handshake(_) => "handshake",
        }
        .to_owned(),
        read_back: found.output.read_back,
    }
}

fn values(output: &Output) -> ArmingValues {
    let limit = |limit: f64| limit.is_finite().then_some(limit);
    ArmingValues {
        pass: output.values.pass.to_string(),
        fail: output.values.fail.to_string(),
        inconclusive: output.values.inconclusive.to_string(),
        fail_safe: output.fail_safe.to_string(),
        min: limit(output.limits.min),
        max: limit(output.limits.max),
    }
}

fn unknown(place: &OutputPlace) -> ControlError {
    ControlError::not_found(format!("there is no output {place}"), "`takt status` lists the outputs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_answered_once_in_time_by_its_owner_and_for_what_was_shown() {
        let s = |s: u64| MonoTime::from_ns(s * 1_000_000_000);
        let check = |token: &str, who: &str, digest: &str, at: u64, expected: Result<(), &str>| {
            let challenges = Challenges::default();
            let open = Challenge { token: "t".into(), digest: "d".into(), who: "anna".into(), until: s(60) };
            challenges.put("a/b/c".into(), open, s(0));
            let found = challenges.take("a/b/c", token, who, digest, s(at)).map_err(|why| why.error);
            match (&found, expected) {
                (Ok(()), Ok(())) => {}
                (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
                _ => panic!("{found:?}, expected {expected:?}"),
            }
            if token == "t" {
                let again = challenges.take("a/b/c", token, who, digest, s(at)).expect_err("used up");
                assert!(again.error.contains("not open"), "{}", again.error);
            }
        };
        check("t", "anna", "d", 59, Ok(()));
        check("t", "anna", "d", 60, Err("expired"));
        check("t", "bert", "d", 1, Err("somebody else"));
        check("t", "anna", "e", 1, Err("no longer what was shown"));
        check("u", "anna", "d", 1, Err("not open"));
        let two = [token(&["a", "b"], s(1)), token(&["a", "b"], s(2)), token(&["ab", ""], s(1))];
        assert!(two[0] != two[1] && two[0] != two[2] && two[0].len() == 32);
    }
}
