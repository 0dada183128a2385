//! Exports of samples and verdicts of any span as CSV and Parquet (B38): streamed, in memory that
//! does not grow with the span. `secret` texts never reach the store, so none can be exported.
//!
//! Samples, one row each: `time`, `arrived`, `tag`, `value` (number), `integer` (exact, where the
//! device gave one), `text`, `quality` (`good`, `uncertain: …`, `bad: …`).
//!
//! Verdicts, one row each: key, outcome and reason, part, window, `scores` and `contributions` as
//! JSON, model, latency.
//!
//! Rows come in the order of storage: chunk by chunk, and within a chunk as they came.

mod csv;
mod parquet;
mod samples;
mod sheet;
mod verdicts;

pub use sheet::Format;

use super::error::StoreError;
use super::reader::Reader;
use super::samples::Span;
use sheet::Sheet;
use std::io::Write;
use takt_plant::{LineId, TagId};

impl Reader {
    /// Writes the samples of tags of one line over a span, and gives how many.
    ///
    /// # Errors
    /// [`StoreError::Export`] when `out` cannot be written, else as [`Reader::stream`].
    pub async fn export_samples(
        &self,
        line: &LineId,
        tags: &[TagId],
        span: Span,
        format: Format,
        out: impl Write + Send,
    ) -> Result<u64, StoreError> {
        let mut sheet = Sheet::new(format, samples::COLUMNS, out).map_err(StoreError::Export)?;
        let mut n = 0;
        let mut stream = self.stream(line, tags, span).await?;
        while let Some(batch) = stream.next().await? {
            n += samples::write(&batch, tags, &mut sheet).map_err(StoreError::Export)?;
        }
        sheet.finish().map_err(StoreError::Export)?;
        Ok(n)
    }

    /// Writes the verdicts that were given in a span, and gives how many.
    ///
    /// # Errors
    /// [`StoreError::Export`] when `out` cannot be written, else as [`Reader::verdicts_after`].
    pub async fn export_verdicts(&self, span: Span, format: Format, out: impl Write + Send) -> Result<u64, StoreError> {
        /// Verdicts read at once: about a megabyte.
        const PAGE: usize = 2_048;
        let mut sheet = Sheet::new(format, verdicts::COLUMNS, out).map_err(StoreError::Export)?;
        let mut n = 0;
        let mut after = self.place_before(span.from).await?;
        loop {
            let page = self.verdicts_after(span, after, PAGE).await?;
            for verdict in &page {
                verdicts::write(verdict, &mut sheet).map_err(StoreError::Export)?;
            }
            n += page.len() as u64;
            match page.last() {
                Some(last) if page.len() == PAGE => after = last.id,
                _ => break,
            }
        }
        sheet.finish().map_err(StoreError::Export)?;
        Ok(n)
    }
}
