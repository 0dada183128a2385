//! The samples that open windows may still need: one column per input, rows in source-time order.
//!
//! Rows at the front are *released*: the watermark has passed them and their order is final. Rows
//! behind them are pending: an older one may still arrive and slip in before them. Of the released
//! rows the first `n_settled` are accounted for in the books; the rest wait for their first window.

use super::window::HoleWhy;
use std::collections::VecDeque;
use takt_plant::{Fault, Value};

/// What a frame means to this check.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Row {
    /// Source time, nanoseconds.
    pub at: i64,
    /// Place in the order of arrival of the frames that concern this check.
    pub ordinal: u64,
    /// When the gateway got it, wall clock, nanoseconds.
    pub arrived_at: i64,
    /// The trigger tag's value, where the frame carries a usable one.
    pub trigger: Option<Value>,
    /// Whether the frame carries an input, and so is in the books.
    pub is_counted: bool,
    /// How many of its inputs are bad.
    pub n_bad: u32,
}

impl Row {
    pub fn digest(&self) -> u64 {
        row_digest(self.ordinal, self.at)
    }
}

/// Names a frame by its place and time. Guards against a journal that lost frames, not against malice.
pub(super) fn row_digest(ordinal: u64, at: i64) -> u64 {
    // The finaliser of SplitMix64.
    let mut z = ordinal.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ at.cast_unsigned();
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A row with its cells, on the way into the ring.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Incoming {
    pub row: Row,
    /// One cell per input; NaN where there is no value.
    pub cells: Vec<f64>,
    /// The reasons of the bad ones, by input.
    pub bad: Vec<(u32, Fault)>,
}

/// What an input has in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    /// The frame did not carry this input.
    Absent,
    /// A number.
    Value(f64),
    /// A bad reading.
    Bad(&'a Fault),
}

impl Cell<'_> {
    /// Why there is no value; meant for cells that have none.
    pub fn why(self) -> HoleWhy {
        match self {
            Self::Bad(fault) => HoleWhy::Bad(fault.clone()),
            Self::Absent | Self::Value(_) => HoleWhy::NoSample,
        }
    }
}

#[derive(Debug)]
pub(super) struct Ring {
    rows: VecDeque<Row>,
    columns: Vec<VecDeque<f64>>,
    /// `(ordinal, input, why)`, sorted by ordinal and input: rows arrive in that order.
    bad: VecDeque<(u64, u32, Fault)>,
    n_released: usize,
    n_settled: usize,
    n_uncounted_unsettled: usize,
    /// Sum of the rows' digests.
    digest: u64,
}

impl Ring {
    pub fn new(n_inputs: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            columns: vec![VecDeque::new(); n_inputs],
            bad: VecDeque::new(),
            n_released: 0,
            n_settled: 0,
            n_uncounted_unsettled: 0,
            digest: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn n_released(&self) -> usize {
        self.n_released
    }

    pub fn n_settled(&self) -> usize {
        self.n_settled
    }

    pub fn row(&self, i: usize) -> &Row {
        &self.rows[i]
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> + Clone {
        self.rows.iter()
    }

    pub fn n_inputs(&self) -> usize {
        self.columns.len()
    }

    /// Stands for the set of rows: the sum of their digests, whatever their order.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The rows that the watermark has not passed.
    pub fn pending(&self) -> impl Iterator<Item = &Row> {
        self.rows.range(self.n_released..)
    }

    /// Source time of the oldest row that the watermark has not passed.
    pub fn next_pending_at(&self) -> Option<i64> {
        self.rows.get(self.n_released).map(|row| row.at)
    }

    /// A column as two runs, oldest first.
    pub fn column(&self, input: usize) -> (&[f64], &[f64]) {
        self.columns[input].as_slices()
    }

    /// What an input has in a row.
    pub fn cell(&self, i: usize, input: usize) -> Cell<'_> {
        let value = self.columns[input][i];
        if !value.is_nan() {
            return Cell::Value(value);
        }
        self.fault(i, input).map_or(Cell::Absent, Cell::Bad)
    }

    /// Puts a row in its place in source time, after rows of the same stamp. Never before a released row.
    pub fn insert(&mut self, incoming: &Incoming) {
        let Incoming { row, cells, bad } = incoming;
        let mut i = self.rows.len();
        while i > self.n_released && self.rows[i - 1].at > row.at {
            i -= 1;
        }
        self.n_uncounted_unsettled += usize::from(!row.is_counted);
        self.digest = self.digest.wrapping_add(row.digest());
        if i == self.rows.len() {
            self.rows.push_back(row.clone());
            self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push_back(*cell));
        } else {
            self.rows.insert(i, row.clone());
            self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.insert(i, *cell));
        }
        self.bad.extend(bad.iter().map(|(input, fault)| (row.ordinal, *input, fault.clone())));
    }

    /// Releases the oldest pending row and returns its index.
    pub fn release(&mut self) -> usize {
        self.n_released += 1;
        self.n_released - 1
    }

    /// Marks released rows up to `n` as accounted for; returns how many of them are in the books.
    pub fn settle_to(&mut self, n: usize) -> u64 {
        let n = n.min(self.n_released);
        if n <= self.n_settled {
            return 0;
        }
        let n_new = n - self.n_settled;
        let n_uncounted = if self.n_uncounted_unsettled == 0 {
            0
        } else {
            self.rows.range(self.n_settled..n).filter(|row| !row.is_counted).count()
        };
        self.n_uncounted_unsettled -= n_uncounted;
        self.n_settled = n;
        (n_new - n_uncounted) as u64
    }

    /// Forgets the `n` oldest released rows; returns how many of them were in the books and unsettled.
    pub fn forget(&mut self, n: usize) -> u64 {
        let n = n.min(self.n_released);
        let n_lost = self.settle_to(n);
        for row in self.rows.drain(..n) {
            self.digest = self.digest.wrapping_sub(row.digest());
            if row.n_bad > 0 {
                let from = self.bad.partition_point(|(ordinal, ..)| *ordinal < row.ordinal);
                self.bad.drain(from..from + row.n_bad as usize);
            }
        }
        for column in &mut self.columns {
            column.drain(..n);
        }
        self.n_released -= n;
        self.n_settled -= n;
        n_lost
    }

    /// Restores the pointers of a snapshot over the rows that were put back.
    pub fn set_progress(&mut self, n_released: usize, n_settled: usize) {
        self.n_released = n_released.min(self.rows.len());
        self.n_settled = 0;
        self.settle_to(n_settled);
    }

    /// Rows of the books that wait for their first window.
    pub fn n_waiting(&self) -> u64 {
        (self.rows.len() - self.n_settled - self.n_uncounted_unsettled) as u64
    }

    fn fault(&self, i: usize, input: usize) -> Option<&Fault> {
        let row = &self.rows[i];
        if row.n_bad == 0 {
            return None;
        }
        let from = self.bad.partition_point(|(ordinal, ..)| *ordinal < row.ordinal);
        self.bad
            .range(from..from + row.n_bad as usize)
            .find(|(_, at, _)| *at as usize == input)
            .map(|(_, _, fault)| fault)
    }
}
