//! The end of a turn where the provider does not announce it: no more audio for a while.

/// How long without audio means that there is no more, in milliseconds.
const QUIET_MILLIS: u64 = 500;

/// Waits, once the words of a turn are complete, for its audio to stop.
#[derive(Debug, Clone, Default)]
pub(super) struct Quiet {
    words_complete: bool,
    ends_at_millis: Option<u64>,
}

impl Quiet {
    /// The words are complete.
    pub(super) fn words_complete(&mut self, now_millis: u64) {
        self.words_complete = true;
        self.ends_at_millis = Some(now_millis + QUIET_MILLIS);
    }

    /// Audio arrived.
    pub(super) fn audio(&mut self, now_millis: u64) {
        if self.words_complete {
            self.ends_at_millis = Some(now_millis + QUIET_MILLIS);
        }
    }

    /// The turn is over, or a new one begins.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// When the turn will be over.
    pub(super) fn ends_at_millis(&self) -> Option<u64> {
        self.ends_at_millis
    }

    /// Whether it is over now.
    pub(super) fn is_over(&self, now_millis: u64) -> bool {
        self.ends_at_millis.is_some_and(|end| now_millis >= end)
    }
}
