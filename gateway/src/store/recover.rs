//! Opening: which epoch this is, and everything that the journal held when the last run ended.

use super::anchor::{self, Anchor};
use super::chunk::StoredFrame;
use super::db;
use super::documents::ArmingRecord;
use super::entry::{CheckSlot, ConnectionSlot, Digest};
use super::error::StoreError;
use super::names::{GroupRow, Names};
use super::options::StoreOptions;
use super::row::{Row as JournalRow, decode};
use super::spent;
use super::writer::{Standing, Unbegun};
use sqlx::{Error, Row, SqliteConnection};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use takt_adapters::Clock;
use takt_plant::{GroupSlot, WallTime};

/// What kind of store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// There was none.
    New,
    /// The one that ran here last. The epoch rose where numbers of the last one went out and were not kept;
    /// everything else goes on, the numbers too.
    Continued,
    /// Another one: restored from a backup, or moved here. The epoch rose, arming is gone.
    Restored,
}

/// What may have been lost when the last run ended (B36).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The last run ended cleanly, or there was none.
    Nothing,
    /// It was cut off. Acknowledged messages are all there; of what nobody acknowledges (polls,
    /// QoS 0) at most the samples of `window` before the end are lost.
    AtMost {
        /// Linger and commit together.
        window: Duration,
        /// Samples of that window at the last measured rate, rounded up.
        n_samples: u64,
    },
}

/// Where the last run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// The epoch of the verdicts from now on.
    pub epoch: u32,
    /// What kind of store this is.
    pub origin: Origin,
    /// When the last durable thing happened; `None` in a new store.
    pub last_at: Option<WallTime>,
    /// What may have been lost.
    pub loss: Loss,
    /// The newest position of each check, as it was handed in; none after a restore.
    pub positions: BTreeMap<CheckSlot, Vec<u8>>,
    /// The last number of each check.
    pub last_seq: BTreeMap<CheckSlot, u64>,
    /// The last consumed messages of each connection, oldest first.
    pub marks: BTreeMap<ConnectionSlot, Vec<Digest>>,
    /// Outputs that are armed.
    pub arming: Vec<ArmingRecord>,
}

/// Where checks and connections stand, for a cell that starts: at the start of the process or later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The epoch of the verdicts.
    pub epoch: u32,
    /// The newest position of each check, as it was handed in.
    pub positions: BTreeMap<CheckSlot, Vec<u8>>,
    /// The last number of each check.
    pub last_seq: BTreeMap<CheckSlot, u64>,
    /// The last consumed messages of each connection, oldest first.
    pub marks: BTreeMap<ConnectionSlot, Vec<Digest>>,
}

/// The row of the table of identity.
struct Identity {
    session: Vec<u8>,
    epoch: u32,
    clean: bool,
    folded_row: i64,
    next_verdict: i64,
    samples_per_s: f64,
}

/// Reads everything and decides on the epoch. Writes the new session.
pub(super) async fn recover(
    conn: &mut SqliteConnection,
    dir: &Path,
    options: &StoreOptions,
    clock: Clock,
) -> Result<(Standing, Recovered), StoreError> {
    let identity = read_identity(conn).await?;
    let (origin, epoch) = origin_of(identity.as_ref(), &anchor::read(dir), spent::read(dir), clock.wall());
    let since = identity.as_ref().filter(|_| origin == Origin::Continued).map_or(epoch, |identity| identity.epoch);
    let mut standing = Standing { epoch, since, next_verdict: 1, ..Standing::default() };
    if let Some(identity) = &identity {
        standing.folded_row = identity.folded_row;
        standing.last_row = identity.folded_row;
        standing.next_verdict = identity.next_verdict.max(1);
    }
    read_names(conn, &mut standing.names).await?;
    let sealed = read_groups(conn, &mut standing).await?;
    let mut positions = read_progress(conn, &mut standing).await?;
    let last_at = replay(conn, &mut standing, &sealed, options, clock).await?;
    positions.extend(standing.tail.positions.clone());
    if origin == Origin::Restored {
        positions.clear();
        standing.tail.positions.clear();
        standing.marks.clear();
        standing.last_seq.clear();
        standing.outbox.restart(epoch);
    }
    match begin_session(conn, dir, epoch, origin).await {
        Ok(()) => {}
        Err(StoreError::Unwritable(error)) => {
            tracing::warn!(%error, "the store cannot be written; going on without it until it can");
            standing.epoch = unkept_epoch(dir, epoch, clock.wall());
            standing.unbegun = Some(Unbegun { origin, why: error.to_string() });
        }
        Err(error) => return Err(error),
    }
    let loss = identity.filter(|i| !i.clean).map_or(Loss::Nothing, |i| loss_of(i.samples_per_s, options));
    let recovered = Recovered {
        epoch: standing.epoch,
        origin,
        last_at,
        loss,
        positions,
        last_seq: standing.last_seq.iter().map(|(c, s)| (CheckSlot(*c), *s)).collect(),
        marks: standing.marks.iter().map(|(c, m)| (*c, m.iter().copied().collect())).collect(),
        // A store from elsewhere arms nothing, also when its records cannot be taken out of it now.
        arming: if origin == Origin::Restored { Vec::new() } else { read_arming(conn).await? },
    };
    Ok((standing, recovered))
}

/// The epoch of a session that cannot be written down: what it gives out is spent from the first number on.
/// Where not even that can be said, only the clock keeps it apart from the next one.
fn unkept_epoch(dir: &Path, epoch: u32, now: WallTime) -> u32 {
    match spent::spend(dir, epoch) {
        Ok(()) => epoch,
        Err(error) => {
            tracing::error!(%error, "the next start cannot be told that numbers go out and are not kept");
            anchor::next_epoch(epoch, now)
        }
    }
}

async fn read_identity(conn: &mut SqliteConnection) -> Result<Option<Identity>, Error> {
    let sql = "SELECT session, epoch, clean, folded_row, next_verdict, samples_per_s FROM identity";
    let Some(row) = sqlx::query(sql).fetch_optional(conn).await? else { return Ok(None) };
    Ok(Some(Identity {
        session: row.try_get(0)?,
        epoch: row.try_get(1)?,
        clean: row.try_get(2)?,
        folded_row: row.try_get(3)?,
        next_verdict: row.try_get(4)?,
        samples_per_s: row.try_get(5)?,
    }))
}

fn origin_of(identity: Option<&Identity>, known: &[Anchor], spent: u32, now: WallTime) -> (Origin, u32) {
    let epoch_max = known.iter().map(|anchor| anchor.epoch).max().unwrap_or(0).max(spent);
    let Some(identity) = identity else { return (Origin::New, anchor::next_epoch(epoch_max, now)) };
    match known.iter().find(|anchor| anchor.session == identity.session) {
        Some(anchor) => {
            let epoch = identity.epoch.max(anchor.epoch);
            let is_spent = spent >= epoch;
            (Origin::Continued, if is_spent { anchor::next_epoch(spent, now) } else { epoch })
        }
        None => (Origin::Restored, anchor::next_epoch(identity.epoch.max(epoch_max), now)),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is positive and far below 2^64")]
fn loss_of(samples_per_s: f64, options: &StoreOptions) -> Loss {
    let window = options.loss_window();
    Loss::AtMost { window, n_samples: (samples_per_s * window.as_secs_f64()).ceil() as u64 }
}

async fn read_names(conn: &mut SqliteConnection, names: &mut Names) -> Result<(), Error> {
    for row in sqlx::query("SELECT id, kind, parent, text FROM name").fetch_all(conn).await? {
        names.load(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    }
    Ok(())
}

/// Reads the groups, and up to which journal row each is sealed.
async fn read_groups(conn: &mut SqliteConnection, standing: &mut Standing) -> Result<BTreeMap<GroupSlot, i64>, Error> {
    let mut sealed = BTreeMap::new();
    for row in sqlx::query("SELECT id, line, tags, sealed_row FROM frame_group").fetch_all(conn).await? {
        let group = GroupRow::new(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let sealed_row: i64 = row.try_get(3)?;
        sealed.insert(group.group, sealed_row);
        standing.last_row = standing.last_row.max(sealed_row);
        standing.names.load_group(group);
    }
    Ok(sealed)
}

/// Reads positions, numbers, marks and cursors as far as they were folded.
async fn read_progress(
    conn: &mut SqliteConnection,
    standing: &mut Standing,
) -> Result<BTreeMap<CheckSlot, Vec<u8>>, Error> {
    for row in sqlx::query("SELECT chk, seq FROM position").fetch_all(&mut *conn).await? {
        standing.last_seq.insert(row.try_get(0)?, row.try_get::<i64, _>(1)?.cast_unsigned());
    }
    let positions = read_positions(conn).await?;
    for row in sqlx::query("SELECT connection, digests FROM mark").fetch_all(&mut *conn).await? {
        let digests: Vec<u8> = row.try_get(1)?;
        let marks = digests.chunks_exact(16).map(|d| d.try_into().expect("chunks of sixteen bytes")).collect();
        standing.marks.insert(ConnectionSlot(row.try_get(0)?), marks);
    }
    for row in sqlx::query("SELECT connection, chk, epoch, seq FROM outbox").fetch_all(conn).await? {
        let (connection, check) = (ConnectionSlot(row.try_get(0)?), CheckSlot(row.try_get(1)?));
        standing.outbox.load(connection, check, row.try_get(2)?, row.try_get::<i64, _>(3)?.cast_unsigned());
    }
    Ok(positions)
}

/// Reads the positions that were folded.
pub(super) async fn read_positions(conn: &mut SqliteConnection) -> Result<BTreeMap<CheckSlot, Vec<u8>>, Error> {
    let rows = sqlx::query("SELECT chk, body FROM position WHERE body <> x''").fetch_all(conn).await?;
    rows.iter().map(|row| Ok((CheckSlot(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Reads the journal: open frames into their chunks, the rest into what waits for its folding.
async fn replay(
    conn: &mut SqliteConnection,
    standing: &mut Standing,
    sealed: &BTreeMap<GroupSlot, i64>,
    options: &StoreOptions,
    clock: Clock,
) -> Result<Option<WallTime>, StoreError> {
    let mut last_at = None;
    let mut last_id = 0_i64;
    loop {
        let sql = "SELECT id, at_ns, body FROM journal WHERE id > ? ORDER BY id LIMIT 64";
        let rows = sqlx::query(sql).bind(last_id).fetch_all(&mut *conn).await?;
        let Some(last) = rows.last() else { return Ok(last_at) };
        last_at = Some(WallTime::from_ns(last.try_get(1)?));
        last_id = last.try_get(0)?;
        for row in &rows {
            let (id, body): (i64, &[u8]) = (row.try_get(0)?, row.try_get(2)?);
            standing.journal.push_back((id, body.len()));
            standing.last_row = standing.last_row.max(id);
            let open = |group: GroupSlot| id > sealed.get(&group).copied().unwrap_or(0);
            match decode(body, open) {
                Ok(row) => take_row(standing, id, row, options, clock),
                Err(error) => tracing::error!(%error, row = id, "a journal row cannot be read and is left out"),
            }
        }
    }
}

fn take_row(standing: &mut Standing, id: i64, row: JournalRow, options: &StoreOptions, clock: Clock) {
    let now = clock.mono();
    for (group, StoredFrame { at, arrived_at, readings }) in row.frames {
        let open = standing.open.group(group, id, now);
        let n_bytes = open.chunk.push(at, arrived_at, &readings);
        let is_full = open.chunk.len() >= options.chunk_frames_max;
        standing.open.grown(group, n_bytes, is_full);
    }
    if id <= standing.folded_row {
        return;
    }
    for verdict in &row.tail.verdicts {
        standing.next_verdict = standing.next_verdict.max(verdict.id + 1);
        if verdict.epoch >= standing.since {
            let last = standing.last_seq.entry(verdict.check).or_default();
            *last = verdict.seq.max(*last);
        }
    }
    row.tail.confirmed.iter().for_each(|c| standing.outbox.confirm(c));
    for (connection, digest) in &row.tail.marks {
        let marks = standing.marks.entry(*connection).or_default();
        marks.push_back(*digest);
        while marks.len() > options.marks_max {
            marks.pop_front();
        }
    }
    standing.tail.append(row.tail);
}

/// Writes the new session into the database and the anchor, or leaves both as they were.
pub(super) async fn begin_session(
    conn: &mut SqliteConnection,
    dir: &Path,
    epoch: u32,
    origin: Origin,
) -> Result<(), StoreError> {
    let session = anchor::random();
    anchor::prepare(dir, epoch, &session).map_err(Error::Io)?;
    write_session(conn, epoch, origin, &session).await?;
    anchor::settle(dir).map_err(Error::Io)?;
    if let Err(error) = spent::prepare(dir) {
        tracing::warn!(%error, "the file that tells of numbers that were not kept cannot be made");
    }
    Ok(())
}

async fn write_session(conn: &mut SqliteConnection, epoch: u32, origin: Origin, session: &[u8]) -> Result<(), Error> {
    db::transact(conn, async |conn| {
        if origin == Origin::New {
            let insert = "INSERT INTO identity (one, store, session, epoch, clean, folded_row, next_verdict, samples_per_s) \
                          VALUES (1, ?, ?, ?, 0, 0, 1, 0)";
            let store = anchor::random();
            sqlx::query(insert).bind(store.as_slice()).bind(session).bind(epoch).execute(&mut *conn).await?;
        } else {
            let update = "UPDATE identity SET session = ?, epoch = ?, clean = 0";
            sqlx::query(update).bind(session).bind(epoch).execute(&mut *conn).await?;
        }
        if origin == Origin::Restored {
            for sql in ["DELETE FROM arming", "DELETE FROM mark", "DELETE FROM position"] {
                sqlx::query(sql).execute(&mut *conn).await?;
            }
            sqlx::query("UPDATE outbox SET epoch = ?, seq = 0").bind(epoch).execute(conn).await?;
        }
        Ok(())
    })
    .await
}

/// Reads what is armed.
pub(super) async fn read_arming(conn: &mut SqliteConnection) -> Result<Vec<ArmingRecord>, Error> {
    let rows = sqlx::query("SELECT output, by, at_ns, digest FROM arming ORDER BY output").fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            Ok(ArmingRecord {
                output: row.try_get(0)?,
                by: row.try_get(1)?,
                at: WallTime::from_ns(row.try_get(2)?),
                digest: row.try_get(3)?,
            })
        })
        .collect()
}
