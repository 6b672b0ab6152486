//! What a call changes of the schedule, before it is stored.

use std::collections::{BTreeMap, BTreeSet};

use contract::Breaker;

use super::entry::{Entry, Stage};

/// What a call changes of the schedule.
#[derive(Default)]
pub(super) struct ScheduleDraft {
    pub(super) entries: BTreeMap<String, Option<Entry>>,
    pub(super) contents: BTreeMap<String, String>,
    pub(super) breakers: BTreeMap<String, Breaker>,
    /// The URLs of all of these.
    pub(super) urls: BTreeSet<String>,
    /// Deliveries that came to wait, less those that ended.
    pending: i64,
}

impl ScheduleDraft {
    pub(super) fn is_empty(&self) -> bool {
        self.urls.is_empty()
    }

    /// Whether there are deliveries that were not there before.
    pub(super) fn has_new(&self) -> bool {
        !self.contents.is_empty()
    }

    /// How many more deliveries are pending than before.
    pub(super) fn pending(&self) -> i64 {
        self.pending
    }

    /// How many deliveries to a URL the call has pending.
    pub(super) fn pending_to(&self, url: &str) -> u64 {
        let is_pending = |entry: &&Entry| entry.url == url && entry.stage != Stage::GivenUp;
        self.entries.values().flatten().filter(is_pending).count() as u64
    }

    /// Has a delivery wait that did not, with what it sends.
    pub(super) fn add(&mut self, entry: Entry, content: Option<String>) {
        if let Some(content) = content {
            self.contents.insert(entry.id.clone(), content);
        }
        self.pending += 1;
        self.put(entry);
    }

    /// Changes a delivery.
    pub(super) fn put(&mut self, entry: Entry) {
        self.urls.insert(entry.url.clone());
        self.entries.insert(entry.id.clone(), Some(entry));
    }

    /// Ends a delivery that can be asked for again.
    pub(super) fn give_up(&mut self, entry: Entry) {
        self.pending -= 1;
        self.put(entry);
    }

    /// Ends a delivery for good.
    pub(super) fn remove(&mut self, entry: &Entry) {
        self.pending -= 1;
        self.urls.insert(entry.url.clone());
        self.entries.insert(entry.id.clone(), None);
    }

    /// The breaker of a URL, if the call changed it.
    pub(super) fn breaker(&self, url: &str) -> Option<Breaker> {
        self.breakers.get(url).cloned()
    }

    pub(super) fn set_breaker(&mut self, url: &str, breaker: Breaker) {
        self.urls.insert(url.to_owned());
        self.breakers.insert(url.to_owned(), breaker);
    }
}
