//! The plant: press, PLC and vibration sensor in one clockwork, and the tally of what became of parts.

use crate::plc::{Gate, Plc};
use crate::press::{Order, Part, Press};
use rumqttc::{AsyncClient, QoS};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// One beat of the clockwork.
const BEAT: Duration = Duration::from_millis(5);
/// From the end of the stroke to the gate: the gateway must have answered by then.
const TO_THE_GATE: Duration = Duration::from_millis(200);
/// The sensor publishes every so many beats.
const BEATS_A_MESSAGE: u32 = 4;
/// Where the vibration sensor publishes.
pub(crate) const VIBRATION_TOPIC: &str = "press-3/vibration";

/// What became of the parts so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// Finished parts.
    pub(crate) n_parts: u64,
    /// Parts with a fault.
    pub(crate) n_faulty: u64,
    /// Faulty parts that the gateway had rejected.
    pub(crate) n_found: u64,
    /// Good parts that the gateway had rejected.
    pub(crate) n_false: u64,
    /// Parts that the PLC rejected by itself because the heartbeat stood still.
    pub(crate) n_fell_back: u64,
}

/// The running plant.
#[derive(Clone)]
pub(crate) struct Plant {
    tally: Arc<Mutex<Tally>>,
    orders: watch::Sender<Order>,
    plc: Plc,
}

impl Plant {
    /// Starts the clockwork. `tell` is called for every part at the gate.
    pub(crate) fn start(seed: u64, plc: Plc, client: AsyncClient, tell: fn(Part, Gate)) -> Self {
        let orders = watch::Sender::new(Order::Idle);
        let plant = Self { tally: Arc::default(), orders, plc };
        // Parts are numbered from the clock, so that a second demo never repeats a number.
        let first = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs() / 10 % 100_000);
        let press = Press::new(seed, u32::try_from(first).unwrap_or(0) * 1_000);
        tokio::spawn(clockwork(plant.clone(), press, client, tell));
        plant
    }

    /// Gives the press an order.
    pub(crate) fn order(&self, order: Order) {
        self.orders.send_replace(order);
    }

    /// What became of the parts so far.
    pub(crate) fn tally(&self) -> Tally {
        *self.count()
    }

    fn count(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at_the_gate(&self, part: Part) -> Gate {
        let gate = self.plc.gate(part);
        let mut tally = self.count();
        tally.n_parts += 1;
        tally.n_faulty += u64::from(part.fault.is_some());
        tally.n_found += u64::from(part.fault.is_some() && gate == Gate::Rejected);
        tally.n_false += u64::from(part.fault.is_none() && gate == Gate::Rejected);
        tally.n_fell_back += u64::from(gate == Gate::FellBack);
        gate
    }
}

async fn clockwork(plant: Plant, mut press: Press, client: AsyncClient, tell: fn(Part, Gate)) {
    let mut beats = tokio::time::interval(BEAT);
    let mut orders = plant.orders.subscribe();
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
            let _ = client.try_publish(VIBRATION_TOPIC, QoS::AtMostOnce, false, message.to_string());
        }
        if let Some(part) = done {
            let plant = plant.clone();
            tokio::spawn(async move {
                tokio::time::sleep(TO_THE_GATE).await;
                tell(part, plant.at_the_gate(part));
            });
        }
    }
}
