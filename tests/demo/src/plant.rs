//! The plant: press, PLC and vibration sensor in one clockwork, and the tally of what became of parts.

use crate::plc::{Gate, Plc};
use crate::press::{Order, Part, Press};
use rumqttc::{AsyncClient, QoS};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};

/// One beat of the clockwork.
const BEAT: Duration = Duration::from_millis(5);
/// From the end of the stroke to the gate: the gateway must have answered by then.
pub(crate) const TO_THE_GATE: Duration = Duration::from_millis(200);
/// The sensor publishes every so many beats.
const BEATS_A_MESSAGE: u32 = 4;
/// Parts that wait to be told of.
const UNTOLD_MAX: usize = 64;
/// Where the vibration sensor publishes.
pub(crate) const VIBRATION_TOPIC: &str = "press-3/vibration";

/// What became of the parts since [`Plant::count_from_here`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Finished parts.
    pub(crate) n_parts: u64,
    /// Parts with a fault.
    pub(crate) n_faulty: u64,
    /// Faulty parts that the gateway had rejected.
    pub(crate) n_found: u64,
    /// Faulty parts that passed the gate.
    pub(crate) n_missed: u64,
    /// Good parts that the gateway had rejected.
    pub(crate) n_false: u64,
    /// Parts that the PLC rejected by itself because the heartbeat stood still.
    pub(crate) n_fell_back: u64,
}

/// A part at the gate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtGate {
    pub(crate) part: Part,
    pub(crate) gate: Gate,
}

/// The running plant.
#[derive(Clone)]
pub(crate) struct Plant {
    tally: Arc<Mutex<Tally>>,
    orders: watch::Sender<Order>,
    tell: mpsc::Sender<AtGate>,
    plc: Plc,
}

impl Tally {
    fn count(&mut self, part: Part, gate: Gate) {
        let faulty = part.fault.is_some();
        self.n_parts += 1;
        self.n_faulty += u64::from(faulty);
        self.n_found += u64::from(faulty && gate == Gate::Rejected);
        self.n_missed += u64::from(faulty && gate == Gate::Passed);
        self.n_false += u64::from(!faulty && gate == Gate::Rejected);
        self.n_fell_back += u64::from(gate == Gate::FellBack);
    }
}

impl Plant {
    /// Starts the clockwork. Every part at the gate is told of; one that nobody takes in time is only counted.
    pub(crate) fn start(seed: u64, plc: Plc, client: AsyncClient) -> (Self, mpsc::Receiver<AtGate>) {
        let (tell, told) = mpsc::channel(UNTOLD_MAX);
        let plant = Self { tally: Arc::default(), orders: watch::Sender::new(Order::Idle), tell, plc };
        // Parts are numbered from the clock, so that the next demo does not repeat a number.
        let first = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs() / 60 % 1_000);
        let press = Press::new(seed, u32::try_from(first).unwrap_or(0) * 1_000);
        // Heard from here on: an order that is given at once must not be missed.
        let orders = plant.orders.subscribe();
        tokio::spawn(clockwork(plant.clone(), orders, press, client));
        (plant, told)
    }

    /// Gives the press an order.
    pub(crate) fn order(&self, order: Order) {
        self.orders.send_replace(order);
    }

    /// Begins the tally anew.
    pub(crate) fn count_from_here(&self) {
        *self.locked() = Tally::default();
    }

    /// What became of the parts so far.
    pub(crate) fn tally(&self) -> Tally {
        *self.locked()
    }

    /// How often the reject coil was written.
    pub(crate) fn n_reject_writes(&self) -> u64 {
        self.plc.n_reject_writes()
    }

    fn locked(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at_the_gate(&self, part: Part) {
        let gate = self.plc.gate();
        self.locked().count(part, gate);
        let _ = self.tell.try_send(AtGate { part, gate });
    }
}

async fn clockwork(plant: Plant, mut orders: watch::Receiver<Order>, mut press: Press, client: AsyncClient) {
    let mut beats = tokio::time::interval(BEAT);
    for beat in 0_u32.. {
        beats.tick().await;
        if orders.has_changed().unwrap_or(false) {
            press.order(*orders.borrow_and_update());
        }
        let done = press.pass(u64::try_from(BEAT.as_millis()).unwrap_or(5));
        let shown = press.shown();
        plant.plc.show(&shown);
        if beat % BEATS_A_MESSAGE == 0 {
            let (rms, peak) = shown.vibration;
            let ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis());
            let message = serde_json::json!({ "ts": ms, "vib": { "rms": rms, "peak": peak }, "unit": "mm/s" });
            // A sensor does not wait for a slow broker: what does not fit is lost, as in the field.
            // At QoS 1 each answer also carries TCP's, so that the broker never holds the next message back.
            drop(client.try_publish(VIBRATION_TOPIC, QoS::AtLeastOnce, false, message.to_string()));
        }
        if let Some(part) = done {
            let plant = plant.clone();
            tokio::spawn(async move {
                tokio::time::sleep(TO_THE_GATE).await;
                plant.at_the_gate(part);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::press::Fault;

    #[test]
    fn every_part_is_counted_for_what_it_was() {
        let good = Part { number: 1, product: 17, fault: None };
        let faulty = Part { fault: Some(Fault::ThickSheet), ..good };
        let mut tally = Tally::default();
        for (part, gate) in [
            (good, Gate::Passed),
            (good, Gate::Rejected),
            (good, Gate::FellBack),
            (faulty, Gate::Passed),
            (faulty, Gate::Rejected),
            (faulty, Gate::FellBack),
        ] {
            tally.count(part, gate);
        }
        let expected = Tally { n_parts: 6, n_faulty: 3, n_found: 1, n_missed: 1, n_false: 1, n_fell_back: 2 };
        assert_eq!(tally, expected);
    }
}
