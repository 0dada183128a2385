//! A driver's way into its cell.

use super::cell::Cell;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use takt_adapters::{Delivery, Intake, Link, MessageMark, Ticket};
use takt_plant::MonoTime;

/// A driver's way into its cell.
pub struct CellPort {
    /// The cell: set after the drivers were made, because it needs their queues, and before they run.
    pub cell: Rc<OnceCell<Rc<RefCell<Cell>>>>,
    /// The connection's index in the cell.
    pub source: usize,
}

impl CellPort {
    fn cell(&self) -> &RefCell<Cell> {
        self.cell.get().expect("the cell is set before its drivers run")
    }
}

impl Intake for CellPort {
    fn is_duplicate(&mut self, mark: &MessageMark) -> bool {
        self.cell().borrow().is_known(self.source, mark)
    }

    fn deliver(&mut self, delivery: Delivery) -> Ticket {
        self.cell().borrow_mut().deliver(self.source, delivery)
    }

    fn link(&mut self, link: Link) {
        self.cell().borrow_mut().link(self.source, &link);
    }

    fn handed_over(&mut self, tokens: &[u64], now: MonoTime) {
        self.cell().borrow_mut().handed_over(self.source, tokens, now);
    }

    fn turned(&mut self) {
        self.cell().borrow_mut().turned();
    }

    fn published(&mut self, token: u64) {
        self.cell().borrow_mut().published(self.source, token);
    }
}
