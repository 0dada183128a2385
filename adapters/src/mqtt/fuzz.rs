//! A hostile broker's bytes, read as the driver reads them: the entry of the fuzz target.

use crate::intake::Ticket;
use crate::mqtt::options::{Options, Protocol};
use crate::mqtt::packet::{BrokerLimits, Inbound};
use crate::mqtt::session::Session;
use crate::mqtt::wire;
use bytes::BytesMut;

/// Reads packets until the bytes end or are refused, and lets a session answer each.
pub fn packets(protocol: Protocol, bytes: &[u8]) {
    let mut options = Options::new("broker", 1883, "fuzz");
    options.protocol = protocol;
    let Ok(mut session) = Session::new(&options, BrokerLimits::default(), &[1, 2]) else { return };
    let mut buffer = BytesMut::from(bytes);
    let mut ticket = Ticket::default();
    loop {
        if let Ok(Some(header)) = wire::header(&buffer) {
            let _ = wire::oversized(header, &buffer);
        }
        let Ok(Some(packet)) = wire::read(protocol, &mut buffer) else { return };
        let answered = match packet {
            Inbound::Message(message) => {
                ticket.0 += 1;
                let taken = session.received(message.qos, message.packet, ticket);
                taken.and_then(|()| session.release(ticket))
            }
            // The driver takes it before there is a session.
            Inbound::ConnAck(_) => Ok(()),
            other => session.on(other).map(drop),
        };
        if answered.is_err() {
            return;
        }
        session.outbox.clear();
    }
}
