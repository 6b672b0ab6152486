//! What the alarm is for: deadlines of tasks, and letting go of what nobody will ask for again.

use worker::Result;

use super::{VirtualKey, draft::Draft, key_state::KeyState};
use crate::{identifiers::now_millis, rows};

const HOUR_MILLIS: i64 = 3_600_000;

/// How often the tables are swept while there is anything in them.
const SWEEP_MILLIS: i64 = 6 * HOUR_MILLIS;

/// A task of which nothing was heard for so long is given up: 30 days, the longest deadline.
const SILENCE_MILLIS: i64 = 30 * 24 * HOUR_MILLIS;

/// Deadlines worked off in one transaction; if more are due, the alarm rings again at once.
const DEADLINES_AT_ONCE: i64 = 500;

impl VirtualKey {
    /// Makes sure that the alarm rings for a deadline, if there is one, and for the next sweep.
    pub(super) async fn wind(&self, next_deadline_millis: Option<i64>) -> Result<()> {
        let sweep_at_millis = now_millis() + SWEEP_MILLIS;
        self.alarm_clock.ring_by(next_deadline_millis.unwrap_or(i64::MAX).min(sweep_at_millis)).await
    }

    /// Makes sure that the alarm rings for the next look at the connections.
    pub(super) async fn wind_check(&self) -> Result<()> {
        match self.server.next_check_millis() {
            // Milliseconds since the epoch are far below 2^53.
            #[allow(clippy::cast_possible_truncation)]
            Some(at_millis) => self.alarm_clock.ring_by(at_millis as i64).await,
            None => Ok(()),
        }
    }

    /// Does what is due, and winds the alarm for what comes next.
    pub(super) async fn ring(&self) -> Result<()> {
        let now_millis = now_millis();
        let retention_millis = hours(self.configuration()?.journal_retention_hours);
        if let Some(KeyState::Deleted { since_millis }) = self.key.stored()? {
            if now_millis >= since_millis + retention_millis {
                return self.erase().await;
            }
            return self.alarm_clock.ring_by(since_millis + retention_millis).await;
        }
        let mut draft = Draft::new(self.tasks.store(), &self.deduplication);
        let changes = self.tasks.time_out(&mut draft, now_millis, DEADLINES_AT_ONCE)?;
        draft.commit(&self.storage, now_millis)?;
        for change in &changes {
            self.send(change);
        }
        self.server.flush();
        if self.sweep(now_millis, retention_millis)? {
            self.wind(self.tasks.store().next_deadline_millis()?).await
        } else {
            Ok(())
        }
    }

    /// Keeps a deleted key's data for the retention, then nothing of it.
    pub(super) async fn keep_until_erased(&self) -> Result<()> {
        self.alarm_clock.ring_by(now_millis() + hours(self.configuration()?.journal_retention_hours)).await
    }

    async fn erase(&self) -> Result<()> {
        self.storage.delete_all().await?;
        self.key.forget();
        self.tasks.store().forget();
        self.deduplication.forget();
        Ok(())
    }

    /// Drops what is past its time, at most once in `SWEEP_MILLIS`, since it reads whole tables. True if
    /// anything is left.
    fn sweep(&self, now_millis: i64, retention_millis: i64) -> Result<bool> {
        let sql = self.storage.sql();
        sql.exec("CREATE TABLE IF NOT EXISTS swept (only INTEGER PRIMARY KEY, at_millis INTEGER NOT NULL)", None)?;
        let swept = rows::first(&sql, "SELECT at_millis FROM swept", Vec::new())?.and_then(|mut row| row.integer());
        if swept.is_some_and(|at_millis| now_millis < at_millis + SWEEP_MILLIS / 2) {
            return Ok(true);
        }
        rows::run(&sql, "INSERT OR REPLACE INTO swept VALUES (1, ?)", vec![now_millis.into()])?;
        let configuration = self.configuration()?;
        let most_seen = i64::try_from(configuration.deduplication_max).unwrap_or(i64::MAX);
        let seen_since_millis = now_millis - hours(configuration.deduplication_hours);
        let has_events = self.deduplication.sweep(seen_since_millis, most_seen)?;
        let has_tasks = self.tasks.store().sweep(now_millis - retention_millis, now_millis - SILENCE_MILLIS)?;
        Ok(has_events || has_tasks)
    }
}

pub(super) fn hours(hours: u64) -> i64 {
    i64::try_from(hours).unwrap_or(0).saturating_mul(HOUR_MILLIS)
}
