//! Who owes whom: prices, batches, vouchers and receipts, one channel for each lender and borrower.
//!
//! The borrower numbers its requests, settles a span of numbers with a cumulative *voucher*, and the
//! lender's countersignature makes it a *receipt*. Only the newest counts, so loss and replay are
//! harmless. Everything is integers; an overflow refuses the fact that caused it.

mod borrower;
mod lender;
pub mod merkle;
mod price;
mod span;
mod voucher;

pub use borrower::{BorrowerSide, Closing};
pub use lender::{LenderSide, VoucherError};
pub use price::{Price, PriceList};
pub use span::{Leaf, Span};
pub use voucher::{Checked, Receipt, Totals, Voucher, check_receipt};
