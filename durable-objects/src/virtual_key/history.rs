//! What a key's own reader asks for: the past, the tasks, the money, the webhooks.

use contract::{AuditEntry, HistoryEntry, HistoryPage, Money, SpendView, Task, TaskView, WebhookStatistics};
use worker::Result;

use super::{
    VirtualKey,
    calls::{
        FoundTask, Inspect, Inspection, ListTasks, ReadHistory, ReadKeyAudit, ReadSpend, ReadTask, ReadWebhooks,
        TaskPage,
    },
    key_state::KeyState,
    spend::with_account,
};
use crate::identifiers::now_millis;

impl VirtualKey {
    /// Whether the key may read: it is there, enabled, and not past its time.
    async fn may_read(&self, virtual_key_id: &str) -> Result<bool> {
        Ok(self.refusal_of_key(virtual_key_id).await?.is_none())
    }

    pub(super) async fn history(&self, read: &ReadHistory) -> Result<Option<HistoryPage>> {
        if !self.may_read(&read.virtual_key_id).await? {
            return Ok(None);
        }
        self.services.catch_up().await?;
        let limit = read.limit as usize;
        let mut cursor = read.after.clone();
        let mut items = Vec::new();
        loop {
            let (found, is_all) = self.services.desk.journal.after(cursor.as_deref(), limit)?;
            for notification in &found {
                cursor = Some(notification.meta.event_id.clone());
                let is_wanted = read.hub.as_ref().is_none_or(|hub| notification.hub.name == hub)
                    && read.access.may_read(notification);
                if is_wanted && let Ok(entry) = HistoryEntry::of(notification) {
                    items.push(entry);
                }
                if items.len() >= limit {
                    let is_last =
                        is_all && found.last().is_some_and(|last| Some(&last.meta.event_id) == cursor.as_ref());
                    return Ok(Some(HistoryPage { items, next: cursor.filter(|_| !is_last) }));
                }
            }
            if is_all {
                return Ok(Some(HistoryPage { items, next: None }));
            }
        }
    }

    pub(super) async fn list_tasks(&self, list: &ListTasks) -> Result<Option<TaskPage>> {
        if !self.may_read(&list.virtual_key_id).await? {
            return Ok(None);
        }
        let limit = list.limit as usize;
        let mut after = list.after.clone().unwrap_or_default();
        let mut items: Vec<TaskView> = Vec::new();
        let is_wanted = |task: &Task| {
            list.task_type.as_ref().is_none_or(|wanted| task.task_type.as_str() == wanted)
                && list.state.as_ref().is_none_or(|wanted| task.state.name().eq_ignore_ascii_case(wanted))
                && list.access.may_subscribe_to_task(task.task_id.as_str(), Some(task.task_type.as_str()))
        };
        loop {
            let page = self.services.tasks.list(&after, list.limit)?;
            let is_last = page.len() < limit;
            for task in &page {
                task.task_id.as_str().clone_into(&mut after);
                if is_wanted(task) {
                    items.push(TaskView::of(task));
                }
                if items.len() >= limit {
                    return Ok(Some(TaskPage { items, next: Some(after) }));
                }
            }
            if is_last {
                return Ok(Some(TaskPage { items, next: None }));
            }
        }
    }

    pub(super) async fn read_task(&self, read: &ReadTask) -> Result<Option<FoundTask>> {
        if !self.may_read(&read.virtual_key_id).await? {
            return Ok(None);
        }
        let task = self.services.tasks.read(&read.task_id)?;
        let may_see = |task: &Task| read.access.may_subscribe_to_task(&read.task_id, Some(task.task_type.as_str()));
        Ok(Some(FoundTask { task: task.filter(may_see).as_ref().map(TaskView::of) }))
    }

    pub(super) async fn read_spend(&self, read: &ReadSpend) -> Result<Option<SpendView>> {
        if !self.may_read(&read.virtual_key_id).await? {
            return Ok(None);
        }
        let Some(KeyState::Known(record)) = self.services.key.stored()? else { return Ok(None) };
        with_account(&record, |account| self.services.spend.view(&record, account, now_millis())).map(Some)
    }

    pub(super) async fn webhooks(&self, read: &ReadWebhooks) -> Result<Option<Vec<WebhookStatistics>>> {
        if !self.may_read(&read.virtual_key_id).await? {
            return Ok(None);
        }
        let after = read.after.as_deref().unwrap_or_default();
        self.services.webhooks.list(after, read.limit, read.period).map(Some)
    }

    pub(super) fn read_audit(&self, read: &ReadKeyAudit) -> Result<Vec<AuditEntry>> {
        self.services.desk.audit.list(read.before.as_deref(), read.limit)
    }

    pub(super) fn inspect(&self, _inspect: &Inspect) -> Result<Inspection> {
        self.server.check();
        let current_spend = match self.services.key.stored()? {
            Some(KeyState::Known(record)) => {
                with_account(&record, |account| self.services.spend.current(account, now_millis()))?
            }
            _ => Money::ZERO,
        };
        Ok(Inspection { connections: self.server.connection_count(), current_spend })
    }
}
