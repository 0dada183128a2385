//! The documents of this gateway: where they come from, and what new versions of them would change.
//!
//! Everything here only looks. [`merged`] reads the configuration file with what was applied since;
//! [`preview`] says of new versions what is wrong with them, what they change, and which lines they
//! stop (B40). Bringing them into force is the running gateway's business. Console and HTTP both
//! ask here, so both say the same.

mod cells;
mod contents;
mod draft;
mod preview;
mod rootless;
mod shown;
mod source;
mod tag_table;

pub use cells::{CellDocuments, cells};
pub use contents::Contents;
pub use draft::{AppliedDocument, DocumentDraft, InvalidDraft};
pub use preview::{Preview, Previewed, preview};
pub use rootless::rootless;
pub use shown::{ChangeView, ProblemView, changes};
pub use source::{
    DocumentSource, FILE_BY, KIND, check, gateway, merged, plan, plan_without_store, provisional, read_all, sources,
    whose,
};
pub use tag_table::{RowError, TagTable, tags_from_csv, tags_to_csv};
