//! Counts of one check that are always read together: outcomes and books.
//!
//! A sequence lock: the writer never waits for a reader, and a reader reads again when the writer
//! was at work. So a snapshot's books close at any time (B35) although nothing blocks a verdict.
//! (Boehm, *Can seqlocks get along with programming language memory models?*, MSPC 2012.)

use std::sync::atomic::{AtomicU64, Ordering, fence};
use takt_plant::{Books, DropReason, Inconclusive, Outcome};

/// The words of every reason of an inconclusive verdict, in the order of the counters.
pub const REASONS: [&str; 11] = [
    "missing_data",
    "bad_reading",
    "no_model",
    "unknown_recipe",
    "model_error",
    "not_finite",
    "overload",
    "deadline",
    "evidence",
    "segment",
    "samples",
];

const N_OUTCOMES: usize = 2 + REASONS.len();
const N_CELLS: usize = N_OUTCOMES + 3 + DropReason::ALL.len();

/// How many verdicts there were of each kind, and the books, of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Verdicts: pass.
    pub n_pass: u64,
    /// Verdicts: fail.
    pub n_fail: u64,
    /// Verdicts: inconclusive, by reason in the order of [`REASONS`].
    pub n_inconclusive: [u64; REASONS.len()],
    /// The frames' books.
    pub books: Books,
}

impl Counts {
    /// Inconclusive verdicts for any reason.
    pub fn n_inconclusive_total(&self) -> u64 {
        self.n_inconclusive.iter().sum()
    }

    /// All verdicts.
    pub fn n_verdicts(&self) -> u64 {
        self.n_pass + self.n_fail + self.n_inconclusive_total()
    }
}

/// The counters, written on the shard's thread and read by anyone.
#[derive(Debug)]
pub(super) struct Tally {
    turn: AtomicU64,
    cells: [AtomicU64; N_CELLS],
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { turn: AtomicU64::new(0), cells: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// Counts a verdict and takes the books as they now stand. Costs some 20 ns.
    pub(super) fn verdict(&self, outcome: &Outcome, books: &Books) {
        let cell = &self.cells[outcome_cell(outcome)];
        self.write(|tally| {
            cell.store(cell.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            tally.put_books(books);
        });
    }

    /// Takes the books as they now stand.
    pub(super) fn books(&self, books: &Books) {
        self.write(|tally| tally.put_books(books));
    }

    /// All counts of one instant.
    pub(super) fn read(&self) -> Counts {
        loop {
            let before = self.turn.load(Ordering::Acquire);
            let cells: [u64; N_CELLS] = std::array::from_fn(|i| self.cells[i].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            let after = self.turn.load(Ordering::Relaxed);
            if before == after && before.is_multiple_of(2) {
                return counts(&cells);
            }
            std::hint::spin_loop();
        }
    }

    /// One writer at a time; there is only one (the shard's thread) unless a line is being moved.
    fn write(&self, put: impl FnOnce(&Self)) {
        let mut turn = self.turn.load(Ordering::Relaxed) & !1;
        while let Err(found) = self.turn.compare_exchange_weak(turn, turn + 1, Ordering::Acquire, Ordering::Relaxed) {
            turn = found & !1;
            std::hint::spin_loop();
        }
        fence(Ordering::Release);
        put(self);
        self.turn.store(turn + 2, Ordering::Release);
    }

    fn put_books(&self, books: &Books) {
        let put = |i: usize, n: u64| self.cells[N_OUTCOMES + i].store(n, Ordering::Relaxed);
        put(0, books.received);
        put(1, books.judged);
        put(2, books.waiting);
        for (i, reason) in DropReason::ALL.into_iter().enumerate() {
            put(3 + i, books.dropped(reason));
        }
    }
}

fn counts(cells: &[u64; N_CELLS]) -> Counts {
    let of_books = &cells[N_OUTCOMES..];
    let mut books = Books::default();
    (books.received, books.judged, books.waiting) = (of_books[0], of_books[1], of_books[2]);
    for (i, reason) in DropReason::ALL.into_iter().enumerate() {
        books.drop_for(reason, of_books[3 + i]);
    }
    let n_inconclusive = std::array::from_fn(|i| cells[2 + i]);
    Counts { n_pass: cells[0], n_fail: cells[1], n_inconclusive, books }
}

fn outcome_cell(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Pass => 0,
        Outcome::Fail => 1,
        Outcome::Inconclusive(why) => 2 + reason_index(why),
    }
}

fn reason_index(why: &Inconclusive) -> usize {
    match why {
        Inconclusive::MissingData { .. } => 0,
        Inconclusive::BadReading { .. } => 1,
        Inconclusive::NoModel => 2,
        Inconclusive::UnknownRecipe => 3,
        Inconclusive::ModelError { .. } => 4,
        Inconclusive::NotFinite { .. } => 5,
        Inconclusive::Overload => 6,
        Inconclusive::Deadline => 7,
        Inconclusive::Evidence => 8,
        Inconclusive::Segment => 9,
        Inconclusive::Samples { .. } => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    fn every_reason() -> Vec<Inconclusive> {
        let text = String::new;
        vec![
            Inconclusive::MissingData { input: text() },
            Inconclusive::BadReading { input: text(), why: text() },
            Inconclusive::NoModel,
            Inconclusive::UnknownRecipe,
            Inconclusive::ModelError { why: text() },
            Inconclusive::NotFinite { score: text() },
            Inconclusive::Overload,
            Inconclusive::Deadline,
            Inconclusive::Evidence,
            Inconclusive::Segment,
            Inconclusive::Samples { why: text() },
        ]
    }

    #[test]
    fn reasons_stand_at_their_words() {
        for why in every_reason() {
            assert_eq!(REASONS[reason_index(&why)], why.word());
        }
    }

    #[test]
    fn outcomes_and_books_are_counted_apart() {
        let tally = Tally::new();
        let mut books = Books::default();
        (books.received, books.judged, books.waiting) = (9, 5, 1);
        books.drop_for(DropReason::Late, 3);
        for outcome in [Outcome::Pass, Outcome::Pass, Outcome::Fail, Outcome::Inconclusive(Inconclusive::Overload)] {
            tally.verdict(&outcome, &books);
        }
        let counts = tally.read();
        assert_eq!((counts.n_pass, counts.n_fail, counts.n_inconclusive_total()), (2, 1, 1));
        assert_eq!(counts.n_inconclusive[6], 1);
        assert_eq!(counts.n_verdicts(), 4);
        assert_eq!(counts.books, books);
    }

    #[test]
    fn a_snapshot_closes_while_the_writer_writes() {
        let tally = Arc::new(Tally::new());
        let stop = Arc::new(AtomicBool::new(false));
        let writer = {
            let (tally, stop) = (Arc::clone(&tally), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut books = Books::default();
                let mut n: u64 = 0;
                while !stop.load(Ordering::Relaxed) {
                    n += 1;
                    books.received += 3;
                    books.judged += 1;
                    books.drop_for(DropReason::ALL[(n % 7) as usize], 2);
                    tally.verdict(&Outcome::Pass, &books);
                }
                n
            })
        };
        let mut last = 0;
        for _ in 0..20_000 {
            let counts = tally.read();
            assert!(counts.books.close(), "{:?}", counts.books);
            assert_eq!(counts.n_pass, counts.books.judged);
            assert!(counts.n_pass >= last);
            last = counts.n_pass;
        }
        stop.store(true, Ordering::Relaxed);
        let n = writer.join().expect("the writer ends");
        assert_eq!(tally.read().n_pass, n);
    }
}
