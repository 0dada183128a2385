//! Lending: local first, two random candidates, a lender that gives only what it can spare.

mod advert;
mod choice;
mod load;
mod options;
mod queue;

pub use advert::{Advert, LoadView, Refusal};
pub use choice::{Choice, PeerView, Wanted, choose};
pub use load::{Demand, Spare, Timing};
pub use options::{Admission, LendingOptions};
pub use queue::{Owner, Predicted, Queue, Rank, Task, TaskId};
