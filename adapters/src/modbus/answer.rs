//! What a request came to: the device's answer, or why there is none that can be used.

use takt_plant::Fault;

/// What a device answered to a read; exactly as many elements as were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Of an input or holding table.
    Registers(Vec<u16>),
    /// Of a coil or discrete table.
    Bits(Vec<bool>),
}

/// Why a request got no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// The device answered with an exception (Modbus Application Protocol V1.1b3, 7).
    #[error("the device refused with exception {0:02}; check the address, the function and the unit id")]
    Exception(u8),
    /// No answer in time.
    #[error("no answer in time; check the unit id and the time-out")]
    Timeout,
    /// The connection ended.
    #[error("the connection ended: {0}; check the network and how many connections the device allows")]
    Closed(String),
    /// An answer that does not belong to the request, or that breaks the protocol.
    #[error("an answer that does not fit the request: {0}; the connection is made anew")]
    Garbled(String),
}

impl CallFault {
    /// Whether the connection may be used further. After anything but an exception it must be
    /// dropped: an answer that comes too late would be taken for the next request's (B9).
    pub fn keeps_link(&self) -> bool {
        matches!(self, Self::Exception(_))
    }

    /// Whether it means that the unit itself does not answer: a time-out, or a converter that says so.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Timeout | Self::Exception(0x0a | 0x0b))
    }

    /// The reading's reason.
    pub fn as_fault(&self) -> Fault {
        match self {
            Self::Exception(code) => Fault::Exception(*code),
            Self::Timeout => Fault::Timeout,
            Self::Closed(_) | Self::Garbled(_) => Fault::Disconnected,
        }
    }
}
