//! The store's decoders: rows of the journal, chunks, verdicts.

#[path = "../../../gateway/src/store/bytes.rs"]
pub mod bytes;
#[path = "../../../gateway/src/store/chunk.rs"]
pub mod chunk;
#[path = "../../../gateway/src/store/column.rs"]
pub mod column;
#[path = "../../../gateway/src/store/entry.rs"]
pub mod entry;
#[path = "../../../gateway/src/store/names.rs"]
pub mod names;
#[path = "../../../gateway/src/store/reading.rs"]
pub mod reading;
#[path = "../../../gateway/src/store/row.rs"]
pub mod row;
#[path = "../../../gateway/src/store/verdict.rs"]
pub mod verdict;
