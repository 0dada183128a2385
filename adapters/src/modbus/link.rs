//! One TCP connection to a device: one request at a time, each with a time-out, each answer checked.
//!
//! After any fault but an exception the connection must be dropped: an answer that comes too late
//! would otherwise be taken for the next request's (B9). [`CallFault::keeps_link`] says which.

use super::address::Table;
use super::answer::{Answer, CallFault};
use super::options::Timing;
use super::plan::Span;
use std::borrow::Cow;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_modbus::client::{Client, Context, tcp};
use tokio_modbus::slave::{Slave, SlaveContext};
use tokio_modbus::{Error, Request, Response};

/// What a device answered to a write. The standard has it repeat the request; some say instead what
/// they hold now, which may be a limited value.
pub(super) enum Echo {
    /// The request repeated.
    Same,
    /// Another value at the same place.
    Other(Answer),
}

/// One connection.
pub struct Link {
    context: Context,
    limit: Duration,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Link {
    /// Connects, without delay of small packets.
    pub async fn connect(address: &str, timing: Timing) -> Result<Self, CallFault> {
        let connected = timeout(timing.connect_timeout, TcpStream::connect(address)).await;
        let stream = connected.map_err(|_| CallFault::Timeout)?.map_err(|e| CallFault::Closed(e.to_string()))?;
        stream.set_nodelay(true).map_err(|e| CallFault::Closed(e.to_string()))?;
        Ok(Self::over(stream, timing.timeout))
    }

    /// A link over a transport that is connected.
    pub(super) fn over<T>(transport: T, limit: Duration) -> Self
    where
        T: AsyncRead + AsyncWrite + std::fmt::Debug + Unpin + Send + 'static,
    {
        Self { context: tcp::attach(transport), limit }
    }

    /// Reads one span: function code 01, 02, 03 or 04.
    pub async fn read(&mut self, unit: u8, span: Span) -> Result<Answer, CallFault> {
        if span.n == 0 || span.n > span.start.table.n_max() || span.end() > 65_536 {
            // A device would answer by closing the connection, and every reader would lose it.
            return Err(CallFault::Exception(0x03));
        }
        let at = span.start.offset;
        let request = match span.start.table {
            Table::Coil => Request::ReadCoils(at, span.n),
            Table::Discrete => Request::ReadDiscreteInputs(at, span.n),
            Table::Input => Request::ReadInputRegisters(at, span.n),
            Table::Holding => Request::ReadHoldingRegisters(at, span.n),
        };
        let n = usize::from(span.n);
        match self.call(unit, request).await? {
            Response::ReadInputRegisters(registers) | Response::ReadHoldingRegisters(registers)
                if registers.len() == n =>
            {
                Ok(Answer::Registers(registers))
            }
            // Bits come in whole bytes.
            Response::ReadCoils(mut bits) | Response::ReadDiscreteInputs(mut bits)
                if bits.len() == n.next_multiple_of(8) =>
            {
                bits.truncate(n);
                Ok(Answer::Bits(bits))
            }
            other => Err(CallFault::Garbled(format!("{n} elements asked, answer {}", shape(&other)))),
        }
    }

    /// Writes one coil, by function code 05 or 15. See [`Echo`].
    pub(super) async fn write_coil(&mut self, unit: u8, at: u16, on: bool, single: bool) -> Result<Echo, CallFault> {
        let request = if single {
            Request::WriteSingleCoil(at, on)
        } else {
            Request::WriteMultipleCoils(at, Cow::Owned(vec![on]))
        };
        match self.call(unit, request).await? {
            Response::WriteSingleCoil(place, held) if place == at && held != on => {
                Ok(Echo::Other(Answer::Bits(vec![held])))
            }
            Response::WriteSingleCoil(place, _) if place == at => Ok(Echo::Same),
            Response::WriteMultipleCoils(place, 1) if place == at => Ok(Echo::Same),
            other => Err(CallFault::Garbled(format!("coil {at} written, answer {}", shape(&other)))),
        }
    }

    /// Writes registers, by function code 16, or 06 for a single one. See [`Echo`].
    pub(super) async fn write_registers(
        &mut self,
        unit: u8,
        at: u16,
        registers: &[u16],
        single: bool,
    ) -> Result<Echo, CallFault> {
        let request = match registers {
            [one] if single => Request::WriteSingleRegister(at, *one),
            _ => Request::WriteMultipleRegisters(at, Cow::Borrowed(registers)),
        };
        match self.call(unit, request).await? {
            Response::WriteSingleRegister(place, held) if place == at && registers != [held] => {
                Ok(Echo::Other(Answer::Registers(vec![held])))
            }
            Response::WriteSingleRegister(place, _) if place == at => Ok(Echo::Same),
            Response::WriteMultipleRegisters(place, n) if place == at && registers.len() == usize::from(n) => {
                Ok(Echo::Same)
            }
            other => Err(CallFault::Garbled(format!("{at} written, answer {}", shape(&other)))),
        }
    }

    async fn call(&mut self, unit: u8, request: Request<'_>) -> Result<Response, CallFault> {
        self.context.set_slave(Slave(unit));
        match timeout(self.limit, self.context.call(request)).await {
            Err(_) => Err(CallFault::Timeout),
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(exception))) => Err(CallFault::Exception(exception.into())),
            Ok(Err(Error::Protocol(why))) => Err(CallFault::Garbled(why.to_string())),
            Ok(Err(Error::Transport(why))) if why.kind() == std::io::ErrorKind::InvalidData => {
                Err(CallFault::Garbled(why.to_string()))
            }
            // The client reports a closed connection as whatever error the system had last.
            Ok(Err(Error::Transport(_))) => Err(CallFault::Closed("the device closed it".to_owned())),
        }
    }
}

fn shape(response: &Response) -> String {
    match response {
        Response::ReadCoils(v) | Response::ReadDiscreteInputs(v) => format!("with {} bits", v.len()),
        Response::ReadInputRegisters(v) | Response::ReadHoldingRegisters(v) => format!("with {} registers", v.len()),
        other => format!("{other:?}"),
    }
}
