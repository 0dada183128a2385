//! The documents of this gateway: where they come from, and what new versions of them would change.
//!
//! Everything here only looks. [`examine`] reads and plans documents and tells every problem at once;
//! [`preview`] says of new versions what is wrong with them, what they change, and which lines they
//! stop (B40). Bringing them into force is the running gateway's business. Console and HTTP both
//! ask here, so both say the same.

mod cells;
mod contents;
mod draft;
mod files;
mod memory;
mod preview;
mod shown;
mod source;
mod tag_table;

pub use cells::{CellDocuments, cells};
pub use contents::Contents;
pub use draft::{AppliedDocument, DocumentDraft, InvalidDraft, is_rewritten};
pub use memory::{Memory, WARNED_BYTES, WINDOWS_BYTES_MAX};
pub use preview::{Preview, Previewed, preview};
pub use shown::{ChangeView, ProblemView, changes};
pub use source::{
    Checked, DocumentSource, FILE_BY, KIND, check, examine, gateway, plan, provisional, read_all, sources, whose,
    without_secrets,
};
pub use tag_table::{RowError, TagTable, tags_from_csv, tags_to_csv};
