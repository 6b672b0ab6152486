//! What a call changes before it is stored: rules read through it, and all of it is written at once.
//!
//! So a task that a batch moves a hundred times is written once, and what is worth telling without being
//! stored can be told before the write, which holds messages back until it is safe.

use std::collections::{BTreeMap, BTreeSet};

use contract::Task;
use worker::{Result, Storage};

use super::{deduplication::Deduplication, task_store::TaskStore};
use crate::transaction::transaction;

/// The changes of one call.
pub(crate) struct Draft<'a> {
    store: &'a TaskStore,
    deduplication: &'a Deduplication,
    tasks: BTreeMap<String, Task>,
    seen: BTreeSet<(String, String)>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(store: &'a TaskStore, deduplication: &'a Deduplication) -> Self {
        Self { store, deduplication, tasks: BTreeMap::new(), seen: BTreeSet::new() }
    }

    pub(crate) fn task(&self, id: &str) -> Result<Option<Task>> {
        match self.tasks.get(id) {
            Some(task) => Ok(Some(task.clone())),
            None => self.store.read(id),
        }
    }

    pub(crate) fn put_task(&mut self, task: Task) {
        self.tasks.insert(task.task_id.as_str().to_owned(), task);
    }

    /// The parts of a task: as stored, with what this call changed or added.
    pub(crate) fn parts(&self, parent: &str) -> Result<Vec<Task>> {
        let mut parts = self.store.children(parent)?;
        parts.retain(|part| !self.tasks.contains_key(part.task_id.as_str()));
        let is_part = |task: &&Task| task.parent_task_id.as_ref().is_some_and(|id| id.as_str() == parent);
        parts.extend(self.tasks.values().filter(is_part).cloned());
        Ok(parts)
    }

    /// Notes an event; false if this call, or an earlier one since `since_millis`, brought it already.
    pub(crate) fn note(&mut self, source: &str, id: &str, since_millis: i64) -> Result<bool> {
        let event = (source.to_owned(), id.to_owned());
        if self.seen.contains(&event) || self.deduplication.knows(source, id, since_millis)? {
            return Ok(false);
        }
        self.seen.insert(event);
        Ok(true)
    }

    /// The earliest deadline among the tasks that this call changed.
    pub(crate) fn next_deadline_millis(&self) -> Option<i64> {
        let running = self.tasks.values().filter(|task| !task.state.has_ended());
        running.filter_map(|task| task.deadline_at_millis).min()
    }

    /// Stores all of it, or nothing.
    pub(crate) fn commit(&self, storage: &Storage, now_millis: i64) -> Result<()> {
        transaction(storage, || {
            for (source, id) in &self.seen {
                self.deduplication.note(source, id, now_millis)?;
            }
            for task in self.tasks.values() {
                self.store.write(task)?;
            }
            Ok(())
        })
    }
}
