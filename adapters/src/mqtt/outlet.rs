//! The way out: publications that the pipeline offers from inside a delivery, on the same thread.

use crate::mqtt::options::Qos;
use crate::mqtt::topic;
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use tokio::sync::Notify;

/// How much may wait in an [`Outlet`]. What is offered beyond is refused and stays the offerer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutletLimits {
    /// Publications.
    pub n_max: usize,
    /// Bytes of topics and payloads.
    pub n_bytes_max: usize,
}

impl Default for OutletLimits {
    fn default() -> Self {
        Self { n_max: 4_096, n_bytes_max: 8 << 20 }
    }
}

/// Why a publication was not taken. It stays the offerer's: a durable outbox offers it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferRefused {
    /// Not connected. Offer again after the next `Link::Up`.
    #[error("the broker is not connected; the publication waits for it")]
    Down,
    /// Too much waits already. Offer again after the next confirmation.
    #[error("{n_waiting} publications ({n_bytes} bytes) wait for the broker; slow down or raise the limit")]
    Full {
        /// Publications that wait.
        n_waiting: usize,
        /// Their bytes.
        n_bytes: usize,
    },
    /// Larger than the broker or the options allow; offering it again does not help.
    #[error("the publication has {n_bytes} bytes, but {n_bytes_max} are allowed; raise max_packet_size")]
    TooLarge {
        /// Its bytes.
        n_bytes: usize,
        /// What is allowed.
        n_bytes_max: usize,
    },
    /// Not a topic; offering it again does not help.
    #[error("a topic to publish to must not be empty nor hold '+' or '#'")]
    Topic,
}

/// The counters of an outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutletCounts {
    /// Publications that were taken.
    pub n_taken: u64,
    /// Publications that were refused.
    pub n_refused: u64,
    /// Publications that were taken and given back by a lost connection.
    pub n_given_back: u64,
}

/// Takes publications for one connection. Cheap to clone; stays on the driver's thread.
#[derive(Debug, Clone)]
pub struct Outlet {
    shared: Rc<Shared>,
}

/// A publication on its way.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub topic: String,
    pub payload: Bytes,
    pub qos: Qos,
    pub retain: bool,
    pub token: u64,
}

#[derive(Debug)]
struct Shared {
    queue: RefCell<Queue>,
    wake: Notify,
    /// Whether the driver sleeps: only then an offer has to wake it.
    asleep: Cell<bool>,
}

#[derive(Debug)]
struct Queue {
    offers: VecDeque<Offer>,
    n_bytes: usize,
    limits: OutletLimits,
    /// Largest packet while connected.
    open: Option<usize>,
    counts: OutletCounts,
}

/// Bytes of a PUBLISH packet besides topic and payload, at most.
const PACKET_OVERHEAD_BYTES: usize = 16;

impl Outlet {
    /// An outlet that is closed until its driver has connected.
    pub fn new(limits: OutletLimits) -> Self {
        let queue = Queue { offers: VecDeque::new(), n_bytes: 0, limits, open: None, counts: OutletCounts::default() };
        Self { shared: Rc::new(Shared { queue: RefCell::new(queue), wake: Notify::new(), asleep: Cell::new(false) }) }
    }

    /// Offers a publication. It is sent before the driver waits again; never blocks.
    ///
    /// With QoS 1 and 2 the broker's confirmation comes as `Intake::published(token)`. After
    /// `Link::Down` every token not yet confirmed is the offerer's again.
    pub fn offer(
        &self,
        topic: impl Into<String>,
        payload: impl Into<Bytes>,
        qos: Qos,
        retain: bool,
        token: u64,
    ) -> Result<(), OfferRefused> {
        let offer = Offer { topic: topic.into(), payload: payload.into(), qos, retain, token };
        let mut queue = self.shared.queue.borrow_mut();
        match queue.take(offer) {
            Ok(()) => {
                queue.counts.n_taken += 1;
                if self.shared.asleep.replace(false) {
                    self.shared.wake.notify_one();
                }
                Ok(())
            }
            Err(refused) => {
                queue.counts.n_refused += 1;
                Err(refused)
            }
        }
    }

    /// The counters.
    pub fn counts(&self) -> OutletCounts {
        self.shared.queue.borrow().counts
    }

    /// Sleeps until something is offered.
    pub(super) async fn offered(&self) {
        self.shared.asleep.set(true);
        self.shared.wake.notified().await;
    }

    /// What is offered from now on needs no wake-up.
    pub(super) fn awake(&self) {
        self.shared.asleep.set(false);
    }

    pub(super) fn open(&self, packet_bytes_max: usize) {
        self.shared.queue.borrow_mut().open = Some(packet_bytes_max);
    }

    pub(super) fn next(&self) -> Option<Offer> {
        let mut queue = self.shared.queue.borrow_mut();
        let offer = queue.offers.pop_front()?;
        queue.n_bytes -= offer.n_bytes();
        Some(offer)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shared.queue.borrow().offers.is_empty()
    }

    /// Refuses from now on and forgets what waits; `n_in_flight` more were on their way.
    pub(super) fn close(&self, n_in_flight: usize) {
        let mut queue = self.shared.queue.borrow_mut();
        let n_waiting = queue.offers.len();
        queue.open = None;
        queue.offers.clear();
        queue.n_bytes = 0;
        queue.counts.n_given_back += (n_waiting + n_in_flight) as u64;
    }
}

impl Offer {
    fn n_bytes(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

impl Queue {
    fn take(&mut self, offer: Offer) -> Result<(), OfferRefused> {
        let n_bytes = offer.n_bytes();
        let n_bytes_max = self.open.ok_or(OfferRefused::Down)?;
        if !topic::is_topic(&offer.topic) {
            return Err(OfferRefused::Topic);
        }
        if n_bytes + PACKET_OVERHEAD_BYTES > n_bytes_max {
            return Err(OfferRefused::TooLarge { n_bytes, n_bytes_max });
        }
        if self.offers.len() >= self.limits.n_max || self.n_bytes + n_bytes > self.limits.n_bytes_max {
            return Err(OfferRefused::Full { n_waiting: self.offers.len(), n_bytes: self.n_bytes });
        }
        self.n_bytes += n_bytes;
        self.offers.push_back(offer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(outlet: &Outlet, topic: &str, n_bytes: usize) -> Result<(), OfferRefused> {
        outlet.offer(topic, vec![0; n_bytes], Qos::AtLeastOnce, false, 1)
    }

    #[test]
    fn an_outlet_refuses_what_it_cannot_send_and_counts_it() {
        let outlet = Outlet::new(OutletLimits { n_max: 2, n_bytes_max: 100 });
        assert_eq!(offer(&outlet, "a", 1), Err(OfferRefused::Down));
        outlet.open(80);
        assert_eq!(offer(&outlet, "a/+", 1), Err(OfferRefused::Topic));
        assert_eq!(offer(&outlet, "a", 70), Err(OfferRefused::TooLarge { n_bytes: 71, n_bytes_max: 80 }));
        assert_eq!(offer(&outlet, "a", 59), Ok(()));
        assert_eq!(offer(&outlet, "a", 59), Err(OfferRefused::Full { n_waiting: 1, n_bytes: 60 }));
        assert_eq!(offer(&outlet, "a", 9), Ok(()));
        assert_eq!(offer(&outlet, "a", 1), Err(OfferRefused::Full { n_waiting: 2, n_bytes: 70 }));
        assert_eq!(outlet.next().map(|o| o.payload.len()), Some(59));
        assert_eq!(offer(&outlet, "a", 9), Ok(()));
        outlet.close(3);
        assert!(outlet.is_empty() && outlet.next().is_none());
        assert_eq!(outlet.counts(), OutletCounts { n_taken: 3, n_refused: 5, n_given_back: 5 });
    }
}
