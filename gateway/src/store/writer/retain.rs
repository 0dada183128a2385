//! Retention: what is too old or too much goes, oldest raw samples first, verdicts last, in slices
//! that are short enough for the commits between them.

use super::{LOOK, Writer};
use crate::store::db;
use sqlx::{AssertSqlSafe, Error, Row};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use takt_plant::WallTime;

/// Chunks that one transaction deletes.
const CHUNKS: i64 = 4;
/// Verdicts or events that one transaction deletes.
const ROWS: i64 = 256;
/// Pages that one step gives back.
const VACUUM_PAGES: u32 = 128;
/// Pages that are kept free for the journal and the next chunk: 4 MiB, or a part of a small store.
const RESERVE_PAGES: u64 = 1_024;
/// Unused pages are given back when there are more than this part of the file, and more than
/// `VACUUM_PAGES_MIN`: below it they are used again soon.
const UNUSED: f64 = 0.15;
const VACUUM_PAGES_MIN: u64 = 1_024;

/// Why something was dropped.
#[derive(Debug, Clone, Copy)]
enum Reason {
    Age,
    Size,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Size => "size",
        }
    }
}

/// A table that retention shortens.
#[derive(Debug, Clone, Copy)]
struct Kept {
    /// What is counted as dropped.
    kind: &'static str,
    table: &'static str,
    /// The column by which a row is old; it has an index.
    time: &'static str,
    /// What a row counts for.
    size: &'static str,
}

const SAMPLES: Kept = Kept { kind: "samples", table: "chunk", time: "arrived_ns", size: "n_samples" };
const VERDICTS: Kept = Kept { kind: "verdicts", table: "verdict", time: "at_ns", size: "1" };
const EVENTS: Kept = Kept { kind: "events", table: "event", time: "at_ns", size: "1" };

/// Pages of the database file.
#[derive(Debug, Clone, Copy)]
struct Pages {
    all: u64,
    unused: u64,
}

impl Writer {
    /// One look and, where something must go, work for at most one slice.
    pub(super) async fn retain_slice(&mut self) {
        self.retry_sealed().await;
        let started = self.clock.mono();
        let more = match self.work_slice().await {
            Ok(more) => more,
            Err(error) => {
                tracing::debug!(%error, "retention could not run");
                false
            }
        };
        let took = self.clock.mono().since(started);
        self.shared.counters.slice_us_max.fetch_max(took.as_micros() as u64, Relaxed);
        let pause = if more { took.max(Duration::from_millis(1)) } else { LOOK };
        self.next_slice = self.clock.mono().plus(pause);
    }

    /// Works until nothing is left or the slice is over; tells whether more is left.
    async fn work_slice(&mut self) -> Result<bool, Error> {
        let started = self.clock.mono();
        loop {
            let pages = self.pages().await?;
            let worked = self.drop_some(pages).await? || self.give_back(pages).await?;
            self.gave_back |= worked;
            if !worked {
                self.shorten_log().await?;
                self.measure(pages);
                return Ok(false);
            }
            if self.clock.mono().since(started) >= self.options.slice {
                self.measure(pages);
                return Ok(true);
            }
        }
    }

    async fn pages(&mut self) -> Result<Pages, Error> {
        let sql = "SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count";
        let row = sqlx::query(sql).fetch_one(&mut self.conn).await?;
        let number = |i| row.try_get::<i64, _>(i).map(|v| u64::try_from(v).unwrap_or(0));
        Ok(Pages { all: number(0)?, unused: number(1)? })
    }

    fn measure(&self, pages: Pages) {
        self.shared.counters.bytes.store(pages.all * db::PAGE_BYTES + self.log_bytes(), Relaxed);
    }

    fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.dir.join(format!("{}-wal", db::FILE))).map_or(0, |m| m.len())
    }

    /// Empties the write-ahead log when it is longer than its share, as a reader's long view makes
    /// it, or when pages were given back: only then the file itself becomes shorter.
    async fn shorten_log(&mut self) -> Result<(), Error> {
        let too_long = self.log_bytes() > db::wal_bytes_max(&self.options);
        let gave_back = std::mem::take(&mut self.gave_back);
        if too_long || gave_back {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&mut self.conn).await?;
        }
        Ok(())
    }

    async fn drop_some(&mut self, pages: Pages) -> Result<bool, Error> {
        let now = self.steady_wall();
        let (samples, verdicts) = (now.minus(self.options.samples_age_max), now.minus(self.options.verdicts_age_max));
        if self.drop_chunks(Some(samples)).await?
            || self.drop_verdicts(Some(verdicts)).await?
            || self.drop_events(Some(verdicts)).await?
        {
            return Ok(true);
        }
        self.drop_by_size(pages).await
    }

    async fn drop_by_size(&mut self, pages: Pages) -> Result<bool, Error> {
        let cap = db::pages_max(&self.options);
        let reserve = (cap / 20).max(RESERVE_PAGES.min(cap / 4));
        if pages.all - pages.unused < cap - reserve {
            return Ok(false);
        }
        Ok(self.drop_chunks(None).await? || self.drop_events(None).await? || self.drop_verdicts(None).await?)
    }

    /// Makes room before something larger is written, for at most one slice.
    pub(super) async fn make_room(&mut self) -> Result<(), Error> {
        let started = self.clock.mono();
        loop {
            let pages = self.pages().await?;
            if !self.drop_by_size(pages).await? || self.clock.mono().since(started) >= self.options.slice {
                return Ok(());
            }
        }
    }

    async fn drop_chunks(&mut self, before: Option<WallTime>) -> Result<bool, Error> {
        self.drop_rows(&SAMPLES, before, CHUNKS, 1).await
    }

    async fn drop_verdicts(&mut self, before: Option<WallTime>) -> Result<bool, Error> {
        self.drop_rows(&VERDICTS, before, ROWS, 1).await
    }

    async fn drop_events(&mut self, before: Option<WallTime>) -> Result<bool, Error> {
        // The last events are worth more than what they take.
        self.drop_rows(&EVENTS, before, ROWS, if before.is_some() { 1 } else { ROWS }).await
    }

    /// Drops up to `n_max` rows, unless there are fewer than `n_min`: those that are older than `before`,
    /// wherever they stand, else those that came first.
    ///
    /// A row's own time decides its age, because a clock that was wrong for a while has put rows with a
    /// time to come before ones that are old: the first row says nothing about the next.
    async fn drop_rows(
        &mut self,
        kept: &Kept,
        before: Option<WallTime>,
        n_max: i64,
        n_min: i64,
    ) -> Result<bool, Error> {
        let Kept { table, time, size, .. } = kept;
        let pick = match before {
            Some(_) => format!("SELECT id, {size} AS size FROM {table} WHERE {time} < ?1 ORDER BY {time} LIMIT ?2"),
            None => format!("SELECT id, {size} AS size FROM {table} WHERE ?1 IS NOT NULL ORDER BY id LIMIT ?2"),
        };
        let bound = before.map_or(0, WallTime::as_ns);
        let look = format!("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM ({pick})");
        let row = sqlx::query(AssertSqlSafe(look)).bind(bound).bind(n_max).fetch_one(&mut self.conn).await?;
        let (n_rows, n): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if n_rows < n_min {
            return Ok(false);
        }
        let delete = format!("DELETE FROM {table} WHERE id IN (SELECT id FROM ({pick}))");
        let count = "INSERT INTO dropped (kind, reason, n) VALUES (?, ?, ?) \
                     ON CONFLICT (kind, reason) DO UPDATE SET n = n + excluded.n";
        db::transact(&mut self.conn, async |conn| {
            sqlx::query(AssertSqlSafe(delete)).bind(bound).bind(n_max).execute(&mut *conn).await?;
            sqlx::query(count).bind(kept.kind).bind(reason(before).word()).bind(n).execute(conn).await
        })
        .await?;
        Ok(true)
    }

    #[expect(clippy::cast_precision_loss, reason = "a part of a whole")]
    async fn give_back(&mut self, pages: Pages) -> Result<bool, Error> {
        let over = pages.all > db::pages_max(&self.options);
        let many = pages.unused > VACUUM_PAGES_MIN && pages.unused as f64 > UNUSED * pages.all as f64;
        if pages.unused == 0 || !(over || many) {
            return Ok(false);
        }
        let sql = AssertSqlSafe(format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"));
        sqlx::query(sql).fetch_all(&mut self.conn).await?;
        Ok(self.pages().await?.all < pages.all)
    }
}

fn reason(before: Option<WallTime>) -> Reason {
    if before.is_some() { Reason::Age } else { Reason::Size }
}
