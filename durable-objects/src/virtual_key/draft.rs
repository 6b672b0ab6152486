//! What a call changes before it is stored: rules read through it, and all of it is written at once.
//!
//! So a task that a batch moves a hundred times is written once, and what is worth telling without being
//! stored can be told before the write, which holds messages back until it is safe.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contract::{DeadLetter, EventMeta, Notification, NotificationError, Task};
use serde_json::json;
use worker::Result;

use super::{services::Services, session_store::StoredSession, spend::SpendDraft, webhooks::WebhookDraft};
use crate::{
    desk::{JournalLimits, subject_of},
    log,
    transaction::transaction,
};

/// The changes of one call.
pub(crate) struct Draft<'a> {
    pub(crate) services: &'a Services,
    pub(crate) now_millis: i64,
    pub(crate) spend: SpendDraft<'a>,
    pub(crate) webhooks: WebhookDraft<'a>,
    tasks: BTreeMap<String, Task>,
    sessions: BTreeMap<String, StoredSession>,
    seen: BTreeSet<(String, String)>,
    notifications: Vec<Notification>,
    raised: Vec<Notification>,
    letters: Vec<DeadLetter>,
    /// Places in the key's line whose events these are.
    line_numbers: Vec<i64>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(services: &'a Services, now_millis: i64) -> Self {
        Self {
            services,
            now_millis,
            spend: SpendDraft::new(&services.spend),
            webhooks: WebhookDraft::new(&services.webhooks, now_millis),
            tasks: BTreeMap::new(),
            sessions: BTreeMap::new(),
            seen: BTreeSet::new(),
            notifications: Vec::new(),
            raised: Vec::new(),
            letters: Vec::new(),
            line_numbers: Vec::new(),
        }
    }

    pub(crate) fn task(&self, id: &str) -> Result<Option<Task>> {
        match self.tasks.get(id) {
            Some(task) => Ok(Some(task.clone())),
            None => self.services.tasks.read(id),
        }
    }

    pub(crate) fn put_task(&mut self, task: Task) {
        self.tasks.insert(task.task_id.as_str().to_owned(), task);
    }

    /// The parts of a task: as stored, with what this call changed or added.
    pub(crate) fn parts(&self, parent: &str) -> Result<Vec<Task>> {
        let mut parts = self.services.tasks.children(parent)?;
        parts.retain(|part| !self.tasks.contains_key(part.task_id.as_str()));
        let is_part = |task: &&Task| task.parent_task_id.as_ref().is_some_and(|id| id.as_str() == parent);
        parts.extend(self.tasks.values().filter(is_part).cloned());
        Ok(parts)
    }

    pub(crate) fn session(&self, id: &str) -> Result<Option<StoredSession>> {
        match self.sessions.get(id) {
            Some(session) => Ok(Some(session.clone())),
            None => self.services.sessions.read(id),
        }
    }

    pub(crate) fn put_session(&mut self, session: StoredSession) {
        self.sessions.insert(session.record.connection_id.clone(), session);
    }

    /// Notes an event; false if this call, or an earlier one since `since_millis`, brought it already.
    pub(crate) fn note(&mut self, source: &str, id: &str, since_millis: i64) -> Result<bool> {
        let event = (source.to_owned(), id.to_owned());
        if self.seen.contains(&event) || self.services.deduplication.knows(source, id, since_millis)? {
            return Ok(false);
        }
        self.seen.insert(event);
        Ok(true)
    }

    /// An event that is not taken after all may come again.
    pub(crate) fn unnote(&mut self, source: &str, id: &str) {
        self.seen.remove(&(source.to_owned(), id.to_owned()));
    }

    /// Has clients told something once all of it is stored.
    pub(crate) fn tell(
        &mut self,
        correlation_id: Option<&str>,
        notification: impl FnOnce(EventMeta) -> std::result::Result<Notification, NotificationError>,
    ) {
        self.notifications.extend(self.written(correlation_id, notification));
    }

    /// Has operators told something once all of it is stored.
    pub(crate) fn raise(
        &mut self,
        correlation_id: Option<&str>,
        notification: impl FnOnce(EventMeta) -> std::result::Result<Notification, NotificationError>,
    ) {
        self.raised.extend(self.written(correlation_id, notification));
    }

    fn written(
        &self,
        correlation_id: Option<&str>,
        notification: impl FnOnce(EventMeta) -> std::result::Result<Notification, NotificationError>,
    ) -> Option<Notification> {
        let meta = self.services.desk.meta(self.now_millis, correlation_id);
        // What happened has happened: that it cannot be told is our fault.
        notification(meta)
            .inspect_err(|error| log::error("an event could not be written", json!({ "error": error.to_string() })))
            .ok()
    }

    /// Has a dead letter written.
    pub(crate) fn bury(&mut self, letter: DeadLetter) {
        self.letters.push(letter);
    }

    /// Has places removed from the key's line, as their events are applied.
    pub(crate) fn leave_line(&mut self, numbers: Vec<i64>) {
        self.line_numbers = numbers;
    }

    /// Whether operators are to be told something.
    pub(crate) fn has_raised(&self) -> bool {
        !self.raised.is_empty()
    }

    /// What clients are told, in order.
    pub(crate) fn notifications(&self) -> &[Notification] {
        &self.notifications
    }

    /// Whether nothing of it must be stored before it is told.
    pub(crate) fn is_ephemeral(&self) -> bool {
        !self.notifications.is_empty()
            && !self.notifications.iter().any(Notification::is_durable)
            && self.spend.is_empty()
            && self.webhooks.is_empty()
    }

    /// The earliest deadline among the tasks that this call changed.
    pub(crate) fn next_deadline_millis(&self) -> Option<i64> {
        let running = self.tasks.values().filter(|task| !task.state.has_ended());
        running.filter_map(|task| task.deadline_at_millis).min()
    }

    /// Stores all of it, or nothing.
    pub(crate) fn commit(&self) -> Result<()> {
        let services = self.services;
        let limits = JournalLimits::of(services.configuration()?);
        let committed = transaction(&services.storage, || {
            for (source, id) in &self.seen {
                services.deduplication.note(source, id, self.now_millis)?;
            }
            for task in self.tasks.values() {
                services.tasks.write(task)?;
            }
            for session in self.sessions.values() {
                services.sessions.write(session)?;
            }
            self.spend.write()?;
            for notification in &self.raised {
                services.outbox.put(notification)?;
            }
            self.webhooks.write()?;
            for letter in &self.letters {
                services.letters.put(letter)?;
            }
            if !self.line_numbers.is_empty() {
                services.line.leave(&self.line_numbers)?;
            }
            services.desk.journal.append(&self.notifications, limits)
        });
        if committed.is_err() {
            services.desk.journal.recount();
            services.spend.forget();
            self.webhooks.undone();
        }
        committed
    }

    /// Sends what clients are told, and says for each notification to how many it, or what took its place, was sent.
    pub(crate) fn send(&self) -> Vec<usize> {
        let told = self.told_instead();
        let send_one = |(place, notification): (usize, &Notification)| {
            let is_told = told.get(place) == Some(&place);
            if is_told { self.services.desk.notifier.send(notification) } else { 0 }
        };
        let recipients: Vec<usize> = self.notifications.iter().enumerate().map(send_one).collect();
        told.iter().map(|place| recipients.get(*place).copied().unwrap_or(0)).collect()
    }

    /// For each notification the place of the one that is told: its own, but that of several progresses of one thing only
    /// the latest is told.
    fn told_instead(&self) -> Vec<usize> {
        let mut latest = HashMap::new();
        let mut told: Vec<usize> = (0..self.notifications.len()).collect();
        for (notification, place) in self.notifications.iter().zip(&mut told).rev() {
            if !notification.is_durable() {
                *place = *latest.entry(subject_of(notification)).or_insert(*place);
            }
        }
        told
    }
}
