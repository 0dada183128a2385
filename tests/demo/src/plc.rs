//! The simulated PLC: a Modbus server over the press, with the PLC's side of the reject gate.
//!
//! Registers (protocol addresses): input 0 mode, 1 product, 2–3 part number (u32), 4–5 force in kN,
//! 6–7 position in mm, 8–9 oil temperature in °C (f32, high word first). Coil 10 is the reject
//! gate, holding 300 the gateway's heartbeat. When the heartbeat stops, the PLC takes every part
//! for a reject by itself, as `deploy/plc/takt_gate.st` does.

use crate::press::Shown;
use std::future::Ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_modbus::prelude::*;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::{Server, accept_tcp_connection};

/// The coil that opens the reject gate.
const REJECT_COIL: u16 = 10;
/// The register in which the gateway's heartbeat moves.
const HEARTBEAT: u16 = 300;
/// How long the heartbeat may stand still.
const HEARTBEAT_MAX: Duration = Duration::from_secs(1);

/// What the PLC and its clients share.
#[derive(Clone)]
pub(crate) struct Plc(Arc<Mutex<Image>>);

struct Image {
    inputs: [u16; 10],
    reject: bool,
    heartbeat: u16,
    heartbeat_moved: Option<Instant>,
    n_reject_writes: u64,
}

/// What became of a part at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It went on.
    Passed,
    /// The gateway had it rejected.
    Rejected,
    /// The heartbeat stood still: rejected by the PLC itself.
    FellBack,
}

impl Gate {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Rejected => "rejected",
            Self::FellBack => "rejected by the PLC itself, the heartbeat stood still",
        }
    }
}

impl Plc {
    /// A PLC whose registers are all zero.
    pub(crate) fn new() -> Self {
        let image = Image { inputs: [0; 10], reject: false, heartbeat: 0, heartbeat_moved: None, n_reject_writes: 0 };
        Self(Arc::new(Mutex::new(image)))
    }

    /// Takes what the press shows into the registers.
    pub(crate) fn show(&self, shown: &Shown) {
        let mut inputs = [0; 10];
        inputs[0] = shown.mode;
        inputs[1] = shown.product;
        let pairs = [
            (2, shown.part),
            (4, shown.force_kn.to_bits()),
            (6, shown.position_mm.to_bits()),
            (8, shown.oil_c.to_bits()),
        ];
        for (at, bits) in pairs {
            inputs[at] = (bits >> 16) as u16;
            inputs[at + 1] = (bits & 0xFFFF) as u16;
        }
        self.image().inputs = inputs;
    }

    /// Decides over the part that is at the gate now.
    pub(crate) fn gate(&self) -> Gate {
        let image = self.image();
        let alive = image.heartbeat_moved.is_some_and(|at| at.elapsed() < HEARTBEAT_MAX);
        match (alive, image.reject) {
            (false, _) => Gate::FellBack,
            (true, true) => Gate::Rejected,
            (true, false) => Gate::Passed,
        }
    }

    /// How often the reject coil was written.
    pub(crate) fn n_reject_writes(&self) -> u64 {
        self.image().n_reject_writes
    }

    /// Serves Modbus TCP until the task is dropped.
    pub(crate) async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let server = Server::new(listener);
        let connected = |stream, address| {
            let plc = self.clone();
            async move { accept_tcp_connection(stream, address, |_| Ok(Some(plc.clone()))) }
        };
        server.serve(&connected, |error| eprintln!("PLC: {error}")).await
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request<'_>) -> Result<Response, ExceptionCode> {
        let mut image = self.image();
        match request {
            Request::ReadInputRegisters(from, n) => span(&image.inputs, *from, *n).map(Response::ReadInputRegisters),
            Request::ReadCoils(REJECT_COIL, 1) => Ok(Response::ReadCoils(vec![image.reject])),
            Request::ReadHoldingRegisters(HEARTBEAT, 1) => Ok(Response::ReadHoldingRegisters(vec![image.heartbeat])),
            Request::WriteSingleCoil(REJECT_COIL, on) => {
                image.reject = *on;
                image.n_reject_writes += 1;
                Ok(Response::WriteSingleCoil(REJECT_COIL, *on))
            }
            Request::WriteSingleRegister(HEARTBEAT, beat) => {
                image.heartbeat = *beat;
                image.heartbeat_moved = Some(Instant::now());
                Ok(Response::WriteSingleRegister(HEARTBEAT, *beat))
            }
            Request::ReadCoils(..) | Request::ReadHoldingRegisters(..) => Err(ExceptionCode::IllegalDataAddress),
            Request::WriteSingleCoil(..) | Request::WriteSingleRegister(..) => Err(ExceptionCode::IllegalDataAddress),
            _ => Err(ExceptionCode::IllegalFunction),
        }
    }
}

fn span(registers: &[u16], from: u16, n: u16) -> Result<Vec<u16>, ExceptionCode> {
    let (from, n) = (usize::from(from), usize::from(n));
    registers.get(from..from + n).map(<[u16]>::to_vec).ok_or(ExceptionCode::IllegalDataAddress)
}

impl Service for Plc {
    type Request = Request<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        std::future::ready(self.answer(&request))
    }
}
