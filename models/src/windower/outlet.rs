//! Where rules put closed windows, and the books that follow every frame to its end.

use super::window::{Hole, Window};
use std::collections::VecDeque;
use takt_plant::{Books, Closing, DropReason, MonoTime, WallTime, WindowKey};

/// Most closed windows that wait to be taken, beyond those that one call can close. A caller that
/// takes after every call never comes near. When full, the oldest window gives way and its frames are
/// counted as [`DropReason::Overload`]: newest wins.
const CLOSED_MAX: u64 = 1024;

/// Most windows kept for reuse of their memory.
const POOL_MAX: usize = 8;

/// Closed windows on their way out.
#[derive(Debug)]
pub(super) struct Outlet {
    /// Frames of this segment carry this number.
    pub segment: u64,
    pub recipe: Option<u32>,
    /// When the frame now being worked on arrived, or was due.
    pub arrived: MonoTime,
    pub closing: Closing,
    pub books: Books,
    closed: VecDeque<(Window, u64)>,
    n_closed_max: u64,
    /// Taken windows without a fate, oldest first, with the frames that each judges first.
    taken: VecDeque<(WindowKey, u64)>,
    pool: Vec<Window>,
}

impl Outlet {
    /// For a rule that closes at most `n_per_call` windows in one call.
    pub fn new(n_per_call: u64) -> Self {
        Self {
            segment: 0,
            recipe: None,
            arrived: MonoTime::from_ns(0),
            closing: Closing::Sample,
            books: Books::default(),
            closed: VecDeque::new(),
            n_closed_max: CLOSED_MAX.saturating_add(n_per_call),
            taken: VecDeque::new(),
            pool: Vec::new(),
        }
    }

    pub fn receive(&mut self) {
        self.books.received += 1;
        self.books.waiting += 1;
    }

    /// Ends `n` frames without a verdict.
    pub fn drop_for(&mut self, reason: DropReason, n: u64) {
        self.books.waiting -= n;
        self.books.drop_for(reason, n);
    }

    /// Ends `n` frames with a verdict.
    pub fn judge(&mut self, n: u64) {
        self.books.waiting -= n;
        self.books.judged += n;
    }

    /// Whether no closed window is without a fate.
    pub fn is_settled(&self) -> bool {
        self.closed.is_empty() && self.taken.is_empty()
    }

    /// An empty window with `n_inputs` empty columns.
    pub fn blank(&mut self, n_inputs: usize) -> Window {
        let epoch = WallTime::from_ns(0);
        let mut window = self.pool.pop().unwrap_or_else(|| Window {
            key: WindowKey { from: epoch, to: epoch, n: 0, part: None },
            segment: 0,
            closing: Closing::Sample,
            arrived: self.arrived,
            recipe: None,
            columns: Vec::new(),
            hole: None,
        });
        window.columns.resize_with(n_inputs, Vec::new);
        window.columns.iter_mut().for_each(Vec::clear);
        window.segment = self.segment;
        window.closing = self.closing;
        window.arrived = self.arrived;
        window.recipe = self.recipe;
        window.hole = None;
        window
    }

    /// Hands a window out. It is the first to contain `n_first` frames.
    pub fn close(&mut self, mut window: Window, key: WindowKey, hole: Option<Hole>, n_first: u64) {
        window.key = key;
        window.hole = hole;
        if self.closed.len() as u64 >= self.n_closed_max
            && let Some((oldest, n)) = self.closed.pop_front()
        {
            self.drop_for(DropReason::Overload, n);
            self.reuse(oldest);
        }
        self.closed.push_back((window, n_first));
    }

    pub fn take(&mut self) -> Option<Window> {
        let (window, n_first) = self.closed.pop_front()?;
        self.taken.push_back((window.key.clone(), n_first));
        Some(window)
    }

    /// The frames that the oldest taken window of this key judges first; `None` for an unknown key.
    pub fn resolve(&mut self, key: &WindowKey) -> Option<u64> {
        let i = self.taken.iter().position(|(taken, _)| taken == key)?;
        self.taken.remove(i).map(|(_, n)| n)
    }

    pub fn reuse(&mut self, window: Window) {
        if self.pool.len() < POOL_MAX {
            self.pool.push(window);
        }
    }
}
