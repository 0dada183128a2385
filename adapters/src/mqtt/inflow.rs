//! What packets of a live connection lead to: deliveries, rejects, confirmations, subscriptions.

use crate::intake::{Delivery, Intake, Reject};
use crate::mqtt::codec::{Codec, mark};
use crate::mqtt::live::{Live, Loss};
use crate::mqtt::options::Qos;
use crate::mqtt::packet::{Inbound, Message, WireError};
use crate::mqtt::plan::{Plan, Subscription};
use crate::mqtt::session::Step;
use crate::mqtt::sink::Arrival;
use crate::mqtt::wire::Oversized;
use std::collections::HashSet;

impl<I: Intake> Live<'_, I> {
    pub fn message(&mut self, message: &Message, arrival: Arrival) -> Result<(), Loss> {
        let topic = message.topic.as_str();
        let mark = (message.qos != Qos::AtMostOnce).then(|| mark(topic, &message.payload, message.redelivered));
        let is_duplicate = match &mark {
            Some(mark) if mark.redelivered => self.task.ports.intake.borrow_mut().is_duplicate(mark),
            _ => false,
        };
        if !is_duplicate {
            let mut delivery = Delivery { mark, ..Delivery::default() };
            let Delivery { frames, rejects, .. } = &mut delivery;
            self.task.codec.decode(topic, &message.payload, arrival.at, arrival.mono, frames, rejects);
            self.task.deliver(delivery);
        }
        // A duplicate may have been consumed a moment ago and not be durable yet: it waits as long.
        let ticket = self.task.last_ticket;
        Ok(self.session.received(message.qos, message.packet, ticket)?)
    }

    pub fn oversized(&mut self, found: Oversized, arrival: Arrival) -> Result<(), Loss> {
        let n_bytes_max = self.task.options.packet_bytes_max;
        let reject = Reject {
            from: found.topic,
            why: format!(
                "the message has {} bytes, but {n_bytes_max} are allowed; raise max_packet_size or send less at once",
                found.n_bytes
            ),
            first_bytes: found.first_bytes,
            n_bytes: found.n_bytes,
            arrived_at: arrival.at,
        };
        let ticket = self.task.deliver(Delivery { rejects: vec![reject], ..Delivery::default() });
        Ok(self.session.received(found.qos, found.packet, ticket)?)
    }

    pub fn packet(&mut self, packet: Inbound, arrival: Arrival) -> Result<(), Loss> {
        match self.session.on(packet)? {
            Step::Nothing => {}
            Step::Published(token) => self.task.ports.intake.borrow_mut().published(token),
            Step::Refused(token, why) => {
                tracing::warn!(token, why, "the broker refused a publication");
                self.task.ports.intake.borrow_mut().refused(token, &why);
            }
            Step::Subscribed(refused) if refused.is_empty() => {}
            Step::Subscribed(refused) => {
                let reject = |(from, why)| Reject {
                    from,
                    why: format!("the broker refused the subscription ({why}); check the user's rights to this topic"),
                    first_bytes: vec![],
                    n_bytes: 0,
                    arrived_at: arrival.at,
                };
                let rejects = refused.into_iter().map(reject).collect();
                self.task.deliver(Delivery { rejects, ..Delivery::default() });
            }
            Step::Goodbye { why, taken_over: true } => return Err(Loss::TakenOver(why)),
            Step::Goodbye { why, taken_over: false } => {
                return Err(Loss::Failed(format!("the broker ended the connection: {why}")));
            }
        }
        Ok(())
    }

    /// Subscribes what the broker may not hold. A session that outlived its process may hold filters
    /// of an earlier configuration, so the first connection of a process always subscribes anew.
    pub fn subscribe(&mut self) -> Result<(), WireError> {
        let wanted = self.task.codec.subscriptions().to_vec();
        match self.task.held.take() {
            Some(held) => self.change_subscriptions(&held, &wanted)?,
            None => {
                self.give_up(&wanted)?;
                self.session.subscribe(&wanted, self.session_present)?;
            }
        }
        self.task.held = Some(wanted);
        Ok(())
    }

    pub fn replace(&mut self, plan: Plan) -> Result<(), Loss> {
        self.task.codec = Codec::new(plan);
        self.subscribe()?;
        Ok(())
    }

    fn change_subscriptions(&mut self, held: &[Subscription], wanted: &[Subscription]) -> Result<(), WireError> {
        self.task.given_up.extend(held.iter().map(|h| h.filter.clone()));
        self.give_up(wanted)?;
        let held: HashSet<&Subscription> = held.iter().collect();
        let new: Vec<Subscription> = wanted.iter().filter(|w| !held.contains(w)).cloned().collect();
        self.session.subscribe(&new, false)
    }

    /// Unsubscribes every filter that this process once held and no longer wants. All of them each
    /// time, because an earlier request may have been lost with its connection.
    fn give_up(&mut self, wanted: &[Subscription]) -> Result<(), WireError> {
        let wanted: HashSet<&str> = wanted.iter().map(|w| w.filter.as_str()).collect();
        let given_up = &mut self.task.given_up;
        given_up.retain(|filter| !wanted.contains(filter.as_str()));
        let filters: Vec<String> = given_up.iter().cloned().collect();
        self.session.unsubscribe(&filters)
    }
}
