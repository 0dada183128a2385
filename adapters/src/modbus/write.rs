//! The way of a permit: from the gateway's hand to the device's answer (B13, B14).
//!
//! A [`WriteRequest`] holds a [`Permit`], and only the interlock makes permits, so there is no other
//! way to a write. A permit is spent by sending: it can be neither copied nor sent twice.
//!
//! ```compile_fail
//! // No write without a permit.
//! let value = takt_plant::WriteValue::Coil(true);
//! let _ = takt_adapters::modbus::WriteRequest::new(value, takt_plant::MonoTime::from_ns(0));
//! ```

use super::address::Table;
use super::answer::{Answer, CallFault};
use super::codec::{Codec, Unencodable, boolean};
use super::link::{Echo, Link};
use super::options::{WriteFunction, WriteSpec};
use super::plan::Span;
use crate::clock::Clock;
use takt_plant::{Fault, MonoTime, Permit, Purpose, Reading, WriteSlot, WriteValue};
use tokio::sync::{mpsc, oneshot};

/// One permitted write and where its report goes.
#[derive(Debug)]
pub struct WriteRequest {
    /// The proof that it is allowed; carries slot and value.
    pub permit: Permit,
    /// After this instant it is not sent any more.
    pub not_after: MonoTime,
    /// Whether it may be sent a second time when nobody knows whether the first one arrived.
    pub repeat_safe: bool,
    /// Whether the value is read back after the device has accepted it.
    pub read_back: bool,
    /// Where the report goes. Nobody needs to wait for it.
    pub reply: oneshot::Sender<WriteReport>,
}

impl WriteRequest {
    /// A write that is neither repeated nor read back, and the receiver of its report.
    pub fn new(permit: Permit, not_after: MonoTime) -> (Self, oneshot::Receiver<WriteReport>) {
        let (reply, report) = oneshot::channel();
        (Self { permit, not_after, repeat_safe: false, read_back: false, reply }, report)
    }
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteOutcome {
    /// The device accepted it; where asked for, the value read back is the value written.
    Done,
    /// The device refused it with this exception code.
    Refused(u8),
    /// It was sent and no usable answer came: nobody knows whether it was carried out.
    TimedOut,
    /// The device accepted it, but holds something else: read back, or by its own answer.
    Differs {
        /// What was read back.
        read: Reading,
    },
    /// The device accepted it, but reading back failed.
    Unread {
        /// Why.
        fault: Fault,
    },
    /// Its time had passed before it could be sent. Not sent.
    Expired,
    /// No connection, or the unit is set aside. Not sent when the report has no `sent_at`;
    /// otherwise the connection ended after sending and the outcome is unknown.
    Disconnected,
    /// The plan has no such write, or its registers cannot carry the value. Not sent.
    Invalid {
        /// What to change.
        why: String,
    },
}

/// The report of a write, for the gateway and its audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteReport {
    /// Where.
    pub slot: WriteSlot,
    /// What.
    pub value: WriteValue,
    /// Why.
    pub purpose: Purpose,
    /// What became of it.
    pub outcome: WriteOutcome,
    /// When it was handed to the socket, the last time; `None` when it never was.
    pub sent_at: Option<MonoTime>,
    /// When the device's answer came; with read-back, the read-back's answer.
    pub confirmed_at: Option<MonoTime>,
}

/// Why a write was not taken into the queue. It is refused at once rather than kept waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueueRefusal {
    /// As many writes as the queue holds are waiting.
    #[error("the write queue of the connection is full; the device answers too slowly for this rate of writes")]
    Full,
    /// The driver has ended.
    #[error("the connection was stopped")]
    Stopped,
}

/// The gateway's end of a connection's write queue. Bounded; when full, [`WriteQueue::submit`] refuses.
#[derive(Debug, Clone)]
pub struct WriteQueue {
    sender: mpsc::Sender<WriteRequest>,
}

impl WriteQueue {
    pub(super) fn new(sender: mpsc::Sender<WriteRequest>) -> Self {
        Self { sender }
    }

    /// Hands a write over, without waiting. May be called from inside [`crate::intake::Intake::deliver`].
    pub fn submit(&self, request: WriteRequest) -> Result<(), QueueRefusal> {
        self.sender.try_send(request).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => QueueRefusal::Full,
            mpsc::error::TrySendError::Closed(_) => QueueRefusal::Stopped,
        })
    }
}

/// A write on its way, with what is known of earlier attempts.
#[derive(Debug)]
pub(super) struct Waiting {
    pub request: WriteRequest,
    pub sent_at: Option<MonoTime>,
}

impl Waiting {
    pub fn new(request: WriteRequest) -> Self {
        Self { request, sent_at: None }
    }

    /// Ends it without sending (again).
    pub fn end(self, outcome: WriteOutcome) {
        self.report(outcome, None);
    }

    /// Ends it because its time has passed: after a first attempt nobody knows what became of it.
    pub fn expire(self) {
        let outcome = if self.sent_at.is_some() { WriteOutcome::TimedOut } else { WriteOutcome::Expired };
        self.end(outcome);
    }

    fn report(self, outcome: WriteOutcome, confirmed_at: Option<MonoTime>) {
        let WriteRequest { permit, reply, .. } = self.request;
        let (slot, value, purpose) = (permit.slot(), permit.value(), permit.purpose());
        let report = WriteReport { slot, value, purpose, outcome, sent_at: self.sent_at, confirmed_at };
        // Nobody needs to wait for the report.
        drop(reply.send(report));
    }
}

/// How a sent write came out, for the driver.
pub(super) struct Sent {
    /// The link, when it may be used further.
    pub link: Option<Link>,
    /// Why the link was given up, or the exception that the device gave.
    pub fault: Option<CallFault>,
    /// The write, when it is to be repeated.
    pub again: Option<Waiting>,
    /// Whether the unit answered, be it with an exception.
    pub is_answered: bool,
}

/// Sends one write and reports it: the only function that writes to a device. It takes the permit
/// by value, inside the request; whoever has none cannot call it.
pub(super) async fn send(mut link: Link, spec: WriteSpec, mut waiting: Waiting, clock: Clock) -> Sent {
    let payload = match Payload::of(&spec, waiting.request.permit.value()) {
        Ok(payload) => payload,
        Err(why) => {
            waiting.end(WriteOutcome::Invalid { why: why.to_string() });
            return Sent { link: Some(link), fault: None, again: None, is_answered: false };
        }
    };
    let repeated = waiting.sent_at.is_some();
    waiting.sent_at = Some(clock.mono());
    let fault = match payload.write(&mut link, &spec).await {
        Ok(Echo::Other(held)) if !waiting.request.read_back => {
            waiting.report(payload.compare(&held, &spec.codec), Some(clock.mono()));
            return Sent { link: Some(link), fault: None, again: None, is_answered: true };
        }
        Ok(_) => return confirm(link, &spec, &payload, waiting, clock).await,
        Err(fault) => fault,
    };
    if let CallFault::Exception(code) = fault {
        waiting.report(WriteOutcome::Refused(code), Some(clock.mono()));
        return Sent { link: Some(link), fault: Some(fault), again: None, is_answered: true };
    }
    drop(link);
    if waiting.request.repeat_safe && !repeated {
        return Sent { link: None, fault: Some(fault), again: Some(waiting), is_answered: false };
    }
    let closed = matches!(fault, CallFault::Closed(_));
    waiting.end(if closed { WriteOutcome::Disconnected } else { WriteOutcome::TimedOut });
    Sent { link: None, fault: Some(fault), again: None, is_answered: false }
}

async fn confirm(mut link: Link, spec: &WriteSpec, payload: &Payload, waiting: Waiting, clock: Clock) -> Sent {
    if !waiting.request.read_back {
        waiting.report(WriteOutcome::Done, Some(clock.mono()));
        return Sent { link: Some(link), fault: None, again: None, is_answered: true };
    }
    let span = Span { start: spec.address, n: payload.n() };
    match link.read(spec.unit, span).await {
        Ok(answer) => {
            let outcome = payload.compare(&answer, &spec.codec);
            waiting.report(outcome, Some(clock.mono()));
            Sent { link: Some(link), fault: None, again: None, is_answered: true }
        }
        Err(fault) => {
            let link = fault.keeps_link().then_some(link);
            waiting.end(WriteOutcome::Unread { fault: fault.as_fault() });
            Sent { link, fault: Some(fault), again: None, is_answered: true }
        }
    }
}

enum Payload {
    Coil(bool),
    Registers(Vec<u16>),
}

impl Payload {
    fn of(spec: &WriteSpec, value: WriteValue) -> Result<Self, Unencodable> {
        if spec.address.table == Table::Coil {
            return boolean(value).map(Self::Coil);
        }
        spec.codec.encode(value).map(Self::Registers)
    }

    fn n(&self) -> u16 {
        match self {
            Self::Coil(_) => 1,
            Self::Registers(registers) => u16::try_from(registers.len()).unwrap_or(u16::MAX),
        }
    }

    async fn write(&self, link: &mut Link, spec: &WriteSpec) -> Result<Echo, CallFault> {
        let single = spec.function == WriteFunction::Single;
        let at = spec.address.offset;
        match self {
            Self::Coil(on) => link.write_coil(spec.unit, at, *on, single).await,
            Self::Registers(registers) => link.write_registers(spec.unit, at, registers, single).await,
        }
    }

    fn compare(&self, answer: &Answer, codec: &Codec) -> WriteOutcome {
        let read = match (self, answer) {
            (Self::Coil(on), Answer::Bits(bits)) if bits.first() == Some(on) => return WriteOutcome::Done,
            (Self::Registers(written), Answer::Registers(read)) if written == read => return WriteOutcome::Done,
            (_, Answer::Bits(bits)) => bits.first().map_or(Reading::Bad(Fault::Missing), |b| Codec::decode_bit(*b)),
            (_, Answer::Registers(registers)) => codec.decode(registers),
        };
        WriteOutcome::Differs { read }
    }
}
