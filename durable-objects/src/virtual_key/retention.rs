//! What the object does when its alarm rings: times tasks out, settles money, reports, and drops what is past its time.

use std::cell::Cell;

use worker::{Result, SqlStorage};

use super::{
    VirtualKey,
    admission::{KEY_SHUT, refusal_by},
    draft::Draft,
    key_state::KeyState,
    tasks,
};
use crate::{
    desk::JournalLimits,
    identifiers::{HOUR_MILLIS, ahead_millis, hours_millis, now_millis},
    rows,
    tables::Tables,
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS swept (only INTEGER PRIMARY KEY, at_millis INTEGER NOT NULL)";

/// How often the tables are swept while there is anything in them.
const SWEEP_MILLIS: i64 = 6 * HOUR_MILLIS;

/// A task of which nothing was heard for so long is given up: 30 days, the longest deadline.
const SILENCE_MILLIS: i64 = 30 * 24 * HOUR_MILLIS;

/// Deadlines worked off in one transaction; if more are due, the alarm rings again at once.
const DEADLINES_AT_ONCE: i64 = 500;

/// When the tables were swept last.
pub(super) struct LastSweep {
    tables: Tables,
    /// In milliseconds since the epoch, once known; 0 is never.
    at_millis: Cell<Option<i64>>,
}

impl LastSweep {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), at_millis: Cell::default() }
    }

    fn at_millis(&self) -> Result<i64> {
        if let Some(at_millis) = self.at_millis.get() {
            return Ok(at_millis);
        }
        let row = rows::first(self.tables.sql()?, "SELECT at_millis FROM swept", Vec::new())?;
        let at_millis = row.and_then(|mut row| row.integer()).unwrap_or(0);
        self.at_millis.set(Some(at_millis));
        Ok(at_millis)
    }

    fn note(&self, at_millis: i64) -> Result<()> {
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO swept VALUES (1, ?)", vec![at_millis.into()])?;
        self.at_millis.set(Some(at_millis));
        Ok(())
    }

    /// Storage was erased.
    pub(super) fn forget(&self) {
        self.tables.forget();
        self.at_millis.set(None);
    }
}

impl VirtualKey {
    /// Makes sure that the alarm rings for what a draft brought, and for the next sweep.
    pub(super) async fn wind(&self, draft: &Draft<'_>) -> Result<()> {
        let sweep_at_millis = now_millis() + SWEEP_MILLIS;
        let outbox = self.services.outbox.next_try_millis(now_millis())?;
        let due = [draft.next_deadline_millis(), draft.spend.next_due_millis()?, outbox, Some(sweep_at_millis)];
        self.services.alarm_clock.ring_by(due.into_iter().flatten().min().unwrap_or(sweep_at_millis)).await
    }

    /// Makes sure that the alarm rings for the next look at the connections.
    pub(super) async fn wind_check(&self) -> Result<()> {
        match self.server.next_check_millis() {
            // Milliseconds since the epoch are far below 2^53.
            #[allow(clippy::cast_possible_truncation)]
            Some(at_millis) => self.services.alarm_clock.ring_by(at_millis as i64 + ahead_millis()).await,
            None => Ok(()),
        }
    }

    /// Makes sure that the alarm rings when the key's time is over.
    pub(super) async fn wind_expiry(&self) -> Result<()> {
        match self.services.key.stored()? {
            Some(KeyState::Known(record)) if record.enabled => match record.expires_at {
                Some(at) if at.0 > now_millis() => self.services.alarm_clock.ring_by(at.0).await,
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Does what is due, and winds the alarm for what comes next.
    pub(super) async fn ring(&self) -> Result<()> {
        let now_millis = now_millis();
        let services = &*self.services;
        let limits = JournalLimits::of(services.configuration()?);
        match self.services.key.stored()? {
            Some(KeyState::Deleted { since_millis, .. }) => {
                let erase_at_millis = since_millis + limits.retention_millis;
                if now_millis >= erase_at_millis {
                    return self.erase().await;
                }
                self.empty_outbox().await?;
                self.report_if_due().await?;
                return services.alarm_clock.ring_by(erase_at_millis).await;
            }
            Some(KeyState::Known(record)) => {
                if refusal_by(&record).is_some() {
                    self.server.close_all(KEY_SHUT, None, false);
                }
                self.attend_sessions()?;
                self.move_up(&record).await?;
            }
            None => {}
        }
        let mut draft = Draft::new(services, now_millis);
        tasks::time_out(&mut draft, DEADLINES_AT_ONCE)?;
        self.settle_into(&mut draft)?;
        draft.commit()?;
        draft.send();
        self.server.flush();
        self.empty_outbox().await?;
        self.ring_deliveries().await?;
        self.end_lost_sessions()?;
        self.inquire().await?;
        self.bring_letters().await?;
        self.report_if_due().await?;
        self.wind_expiry().await?;
        let has_anything = self.sweep(limits, now_millis).await?;
        if let Some(next) = services.tasks.next_deadline_millis()? {
            services.alarm_clock.ring_by(next).await?;
        }
        if has_anything { self.wind(&draft).await } else { Ok(()) }
    }

    /// Keeps a deleted key's data for the retention, then nothing of it.
    pub(super) async fn keep_until_erased(&self) -> Result<()> {
        let limits = JournalLimits::of(self.services.configuration()?);
        self.services.alarm_clock.ring_by(now_millis() + limits.retention_millis).await
    }

    pub(super) async fn erase(&self) -> Result<()> {
        if let Some(id) = self.services.key.id()?.filter(|_| self.services.recordings.are_kept()) {
            self.services.recordings.remove(&id, None).await?;
        }
        self.services.storage.delete_all().await?;
        self.services.forget();
        Ok(())
    }

    /// Drops what is past its time, at most once in `SWEEP_MILLIS`, since it reads whole tables. True if
    /// anything is left.
    async fn sweep(&self, limits: JournalLimits, now_millis: i64) -> Result<bool> {
        let services = &*self.services;
        if now_millis < services.last_sweep.at_millis()? + SWEEP_MILLIS / 2 {
            return Ok(true);
        }
        services.last_sweep.note(now_millis)?;
        let configuration = services.configuration()?;
        let most_seen = i64::try_from(configuration.deduplication_max).unwrap_or(i64::MAX);
        let seen_since_millis = now_millis - hours_millis(configuration.deduplication_hours);
        let ended_before_millis = limits.kept_since_millis(now_millis);
        let left = [
            services.deduplication.sweep(seen_since_millis, most_seen)?,
            services.tasks.sweep(ended_before_millis, now_millis - SILENCE_MILLIS)?,
            services.desk.sweep(limits, now_millis)?,
            services.spend.sweep(now_millis)?,
            services.webhooks.sweep(now_millis)?,
            self.drop_old_sessions(now_millis).await?,
        ];
        Ok(left.contains(&true))
    }
}
