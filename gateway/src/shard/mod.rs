//! Shards: threads that own cells. Everything of a cell happens on its shard's thread.
//!
//! [`cell`] starts a plan: drivers, cell, and the tasks beside them. A [`Shard`] takes [`Order`]s
//! over a bounded queue; whoever gives one waits for room, because orders are rare and none may be
//! lost.

mod catch_up;
pub mod cell;

use crate::pipeline::bench::Seat;
use crate::pipeline::order::ArmOrder;
use crate::store::CheckSlot;
use cell::{CellStart, RunningCell};
use std::collections::BTreeMap;
use takt_adapters::modbus::ProbeRequest;
use takt_plant::ConnectionId;
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

/// Orders that may wait.
const ORDERS_MAX: usize = 64;

/// A cell's name: that of its first line.
pub type CellName = String;

/// Where the devices of a cell may be asked for people: over their only connection, behind everything
/// else (B7).
pub type Probes = Vec<(ConnectionId, mpsc::Sender<ProbeRequest>)>;

/// The models of checks, each in its seat.
pub type Seats = BTreeMap<CheckSlot, Vec<Option<Seat>>>;

/// What a shard is told.
pub enum Order {
    /// Start a cell. Answered when its drivers run.
    Start(Box<CellStart>, oneshot::Sender<Probes>),
    /// Stop a cell: drivers drain, positions are kept. Answered with its models when it has ended.
    Stop(CellName, oneshot::Sender<Seats>),
    /// Arm or disarm an output. Answered whether it is here.
    Arm(ArmOrder, oneshot::Sender<bool>),
    /// Seat a model at a window's edge.
    Seat(CheckSlot, usize, Option<Seat>),
    /// Stop every cell and end.
    End(oneshot::Sender<()>),
}

/// One shard's thread.
pub struct Shard {
    orders: mpsc::Sender<Order>,
}

impl Shard {
    /// Starts a shard's thread.
    ///
    /// # Errors
    /// When the system gives no thread or no runtime.
    pub fn start(number: usize) -> std::io::Result<Self> {
        let (orders, queue) = mpsc::channel(ORDERS_MAX);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let run = move || LocalSet::new().block_on(&runtime, serve(queue));
        std::thread::Builder::new().name(format!("shard-{number}")).spawn(run)?;
        Ok(Self { orders })
    }

    /// Gives an order.
    pub async fn order(&self, order: Order) {
        // A shard that has ended has no cells left to take it.
        drop(self.orders.send(order).await);
    }
}

async fn serve(mut orders: mpsc::Receiver<Order>) {
    let mut cells: BTreeMap<CellName, RunningCell> = BTreeMap::new();
    while let Some(order) = orders.recv().await {
        match order {
            Order::Start(start, done) => {
                let name = start.name.clone();
                let (cell, probes) = cell::start(*start);
                cells.insert(name, cell);
                let _ = done.send(probes);
            }
            Order::Stop(name, done) => {
                let seats = match cells.remove(&name) {
                    Some(cell) => cell.stop().await,
                    None => Seats::new(),
                };
                let _ = done.send(seats);
            }
            Order::Arm(order, done) => {
                let found = cells.values().any(|cell| cell.arm(&order));
                let _ = done.send(found);
            }
            Order::Seat(check, place, seat) => {
                if let Some(cell) = cells.values().find(|cell| cell.has(check)) {
                    cell.seat(check, place, seat);
                }
            }
            Order::End(done) => {
                // All at once: one whose device is gone takes its time, and the others' outputs must not wait.
                cells.values().for_each(RunningCell::end);
                while let Some((_, cell)) = cells.pop_first() {
                    drop(cell.stop().await);
                }
                let _ = done.send(());
                return;
            }
        }
    }
}
