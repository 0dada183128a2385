//! Books: received = judged + dropped(by reason) + waiting. They close at any time (B35).

/// Why a frame led to no verdict. Each reason is a counter of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// The check's production condition did not hold (B48).
    NotInProduction,
    /// Its source time lay behind the watermark.
    Late,
    /// Outside every window by the window's own rule (between hops, outside a trigger's span).
    OutsideWindow,
    /// A duplicate delivery of a message that was already consumed.
    Duplicate,
    /// A newer window took its place under overload.
    Overload,
    /// Its window closed but no verdict could name it: the check stopped or its segment ended.
    Abandoned,
    /// Not durable and lost at a restart.
    Restart,
}

impl DropReason {
    /// All reasons, in the order of the counters.
    pub const ALL: [Self; 7] = [
        Self::NotInProduction,
        Self::Late,
        Self::OutsideWindow,
        Self::Duplicate,
        Self::Overload,
        Self::Abandoned,
        Self::Restart,
    ];

    /// A short stable word for counters, documents and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotInProduction => "not_in_production",
            Self::Late => "late",
            Self::OutsideWindow => "outside_window",
            Self::Duplicate => "duplicate",
            Self::Overload => "overload",
            Self::Abandoned => "abandoned",
            Self::Restart => "restart",
        }
    }
}

/// The count of every frame that reached a check.
///
/// A frame that lies in several overlapping windows is judged once, by the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Books {
    /// Frames that reached the check.
    pub received: u64,
    /// Frames that lie in at least one window with a verdict.
    pub judged: u64,
    /// Frames in open windows or on their way through the scorer.
    pub waiting: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl Books {
    /// Counts `n` frames as dropped.
    pub fn drop_for(&mut self, reason: DropReason, n: u64) {
        self.dropped[reason as usize] += n;
    }

    /// Frames dropped for one reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Frames dropped for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Whether received = judged + dropped + waiting.
    pub fn close(&self) -> bool {
        self.received == self.judged + self.dropped_total() + self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_close_only_when_every_frame_is_named() {
        let mut books = Books { received: 5, judged: 2, waiting: 1, ..Books::default() };
        assert!(!books.close());
        books.drop_for(DropReason::Late, 2);
        assert!(books.close());
    }

    #[test]
    fn every_reason_has_its_own_counter() {
        let mut books = Books::default();
        for reason in DropReason::ALL {
            books.drop_for(reason, 1);
        }
        assert!(DropReason::ALL.iter().all(|r| books.dropped(*r) == 1));
    }
}
