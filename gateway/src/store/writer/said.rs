//! Writing what people said: feedback on verdicts, and where alarms stand.

use super::Writer;
use crate::store::alarms::AlarmRecord;
use crate::store::db;
use crate::store::error::StoreError;
use crate::store::feedback::Feedback;
use takt_plant::{AlarmState, WallTime};

impl Writer {
    pub(super) async fn feedback(&mut self, f: &Feedback) -> Result<bool, StoreError> {
        let slot = self.now.names.checks(Some(&f.line)).into_iter().find(|(_, _, check)| *check == f.check);
        let Some((slot, ..)) = slot else { return Ok(false) };
        let upsert = "INSERT OR REPLACE INTO feedback (chk, epoch, seq, is_right, text, by, at_ns) \
                      VALUES (?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(upsert).bind(slot.0).bind(f.numbered.0).bind(f.numbered.1.cast_signed());
        let query = query.bind(f.is_right).bind(f.text.as_str()).bind(f.by.as_str()).bind(f.at.as_ns());
        query.execute(&mut self.conn).await?;
        Ok(true)
    }

    pub(super) async fn alarms(&mut self, alarms: &[AlarmRecord]) -> Result<(), StoreError> {
        db::transact(&mut self.conn, async |conn| {
            for alarm in alarms {
                if alarm.state == AlarmState::Normal {
                    let delete = sqlx::query("DELETE FROM alarm WHERE place = ? AND kind = ?");
                    delete.bind(alarm.place.as_str()).bind(alarm.kind.as_str()).execute(&mut *conn).await?;
                    continue;
                }
                let upsert = "INSERT OR REPLACE INTO alarm (place, kind, state, since_ns, by, shelved_until_ns) \
                              VALUES (?, ?, ?, ?, ?, ?)";
                let query = sqlx::query(upsert).bind(alarm.place.as_str()).bind(alarm.kind.as_str());
                let query = query.bind(alarm.state.word()).bind(alarm.since.as_ns()).bind(alarm.by.as_str());
                query.bind(alarm.shelved_until.map_or(0, WallTime::as_ns)).execute(&mut *conn).await?;
            }
            Ok(())
        })
        .await?;
        Ok(())
    }
}
