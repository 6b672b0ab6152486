//! What the provider is still to be told, and what it was told and has not answered: if it fails before its first answer,
//! the next provider is told the same.

use crate::model::Command;
use std::collections::VecDeque;

/// How much waits at the most, in bytes: some 40 seconds of PCM16 at 24 kHz.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// How many commands wait at the most.
const MAX_COMMANDS: usize = 4_096;

/// Something to tell the provider. Audio is in the client's format, since the next provider may have another.
#[derive(Debug, Clone)]
pub(super) enum Message {
    Audio(Vec<u8>),
    Command(Command),
}

impl Message {
    fn size_bytes(&self) -> usize {
        match self {
            Self::Audio(audio) => audio.len(),
            Self::Command(command) => command.size_bytes(),
        }
    }
}

#[derive(Debug, Clone)]
struct Queued {
    message: Message,
    /// It was sent before, and so counted before.
    was_sent: bool,
}

/// Commands in order: first those that were sent, then those that were not.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    queue: VecDeque<Queued>,
    sent: usize,
    bytes: usize,
    /// Whether what is sent is kept.
    keeps_sent: bool,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self { queue: VecDeque::new(), sent: 0, bytes: 0, keeps_sent: true }
    }

    /// Adds a message, if there is room for it.
    #[must_use]
    pub(super) fn push(&mut self, message: Message) -> bool {
        let size_bytes = message.size_bytes();
        // What was sent is kept as long as there is room.
        while self.sent > 0 && (self.bytes + size_bytes > MAX_BYTES || self.queue.len() >= MAX_COMMANDS) {
            self.drop_first();
        }
        if self.bytes + size_bytes > MAX_BYTES || self.queue.len() >= MAX_COMMANDS {
            return false;
        }
        self.bytes += size_bytes;
        self.queue.push_back(Queued { message, was_sent: false });
        true
    }

    /// The next message to send, and whether another provider was sent it before.
    pub(super) fn next(&mut self) -> Option<(Message, bool)> {
        let queued = self.queue.get_mut(self.sent)?;
        let was_sent = std::mem::replace(&mut queued.was_sent, true);
        let message = queued.message.clone();
        self.sent += 1;
        if !self.keeps_sent {
            self.forget_sent();
        }
        Some((message, was_sent))
    }

    /// The provider answered: what it was told need not be told again.
    pub(super) fn answered(&mut self) {
        self.keeps_sent = false;
        self.forget_sent();
    }

    /// Another provider is to be told everything again.
    pub(super) fn start_again(&mut self) {
        self.sent = 0;
    }

    /// Whether an item is waiting to be told.
    pub(super) fn has_item(&self, id: &str) -> bool {
        self.queue.iter().any(|queued| is_item(&queued.message, id))
    }

    /// An item that is told otherwise.
    pub(super) fn remove_item(&mut self, id: &str) {
        let Some(index) = self.queue.iter().position(|queued| is_item(&queued.message, id)) else { return };
        if index < self.sent {
            self.sent -= 1;
        }
        if let Some(queued) = self.queue.remove(index) {
            self.bytes -= queued.message.size_bytes();
        }
    }

    /// A message that comes before all others.
    pub(super) fn push_front(&mut self, message: Message) {
        self.bytes += message.size_bytes();
        self.queue.push_front(Queued { message, was_sent: true });
    }

    /// Bytes that were not sent.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.queue.iter().skip(self.sent).map(|queued| queued.message.size_bytes()).sum()
    }

    fn forget_sent(&mut self) {
        while self.sent > 0 {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(queued) = self.queue.pop_front() {
            self.bytes -= queued.message.size_bytes();
            self.sent = self.sent.saturating_sub(1);
        }
    }
}

fn is_item(message: &Message, id: &str) -> bool {
    matches!(message, Message::Command(Command::AddItem { item, .. }) if item.id() == id)
}
