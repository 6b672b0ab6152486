//! The items of the conversation, in order, as the client knows them.

use crate::audio::TICKS_PER_MILLISECOND;
use crate::model::Item;
use indexmap::IndexMap;

/// How many items are kept; of a longer conversation the oldest are forgotten.
const MAX_ITEMS: usize = 2_000;
/// How many bytes of items are kept.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// An item and what is known of it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) item: Item,
    /// How much audio of it went to the client.
    pub(super) spoken_ticks: u64,
    size_bytes: usize,
}

impl Entry {
    /// How much audio of it went to the client, in milliseconds, rounded up.
    pub(super) fn spoken_millis(&self) -> u64 {
        self.spoken_ticks.div_ceil(TICKS_PER_MILLISECOND)
    }
}

/// The conversation.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    entries: IndexMap<String, Entry>,
    bytes: usize,
}

impl Conversation {
    pub(super) fn contains(&self, id: &str) -> bool {
        self.entries.contains_key(id)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The last item's id.
    pub(super) fn last_id(&self) -> Option<String> {
        self.entries.last().map(|(id, _)| id.clone())
    }

    /// The id of the item before that one.
    pub(super) fn previous_id(&self, id: &str) -> Option<String> {
        let index = self.entries.get_index_of(id)?.checked_sub(1)?;
        self.entries.get_index(index).map(|(id, _)| id.clone())
    }

    /// Puts a new item after that one, at the start (`root`), or at the end, and returns the id before it.
    pub(super) fn insert(&mut self, item: Item, after: Option<&str>) -> Option<String> {
        let index = match after {
            Some("root") => 0,
            Some(id) => self.entries.get_index_of(id).map_or(self.entries.len(), |index| index + 1),
            None => self.entries.len(),
        };
        let id = item.id().to_owned();
        let size_bytes = item.size_bytes();
        self.bytes += size_bytes;
        self.entries.shift_insert(index, id.clone(), Entry { item, spoken_ticks: 0, size_bytes });
        let previous = self.previous_id(&id);
        while self.entries.len() > MAX_ITEMS || (self.bytes > MAX_BYTES && self.entries.len() > 1) {
            if let Some((_, oldest)) = self.entries.shift_remove_index(0) {
                self.bytes -= oldest.size_bytes;
            }
        }
        previous
    }

    /// Changes an item, if it is still there.
    pub(super) fn update(&mut self, id: &str, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(id) {
            change(entry);
            let size_bytes = entry.item.size_bytes();
            self.bytes = self.bytes + size_bytes - entry.size_bytes;
            entry.size_bytes = size_bytes;
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        if let Some(entry) = self.entries.shift_remove(id) {
            self.bytes -= entry.size_bytes;
        }
    }

    /// What was said up to the last word of the assistant: what comes after it waits for an answer.
    pub(super) fn history(&self) -> Vec<Item> {
        let is_assistants = |entry: &Entry| entry.item.json().get("role").is_some_and(|role| role == "assistant");
        let end = self.entries.values().rposition(is_assistants).map_or(0, |index| index + 1);
        self.entries.values().take(end).map(|entry| entry.item.clone()).collect()
    }
}
