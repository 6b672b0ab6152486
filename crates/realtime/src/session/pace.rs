//! How fast a client may talk.

use std::collections::VecDeque;

/// A window in milliseconds.
const WINDOW_MILLIS: u64 = 1_000;

/// Counts messages: no second, wherever it begins, may have more than so many.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    most: usize,
    recent_millis: VecDeque<u64>,
}

impl Pace {
    pub(super) fn new(messages_per_second: usize) -> Self {
        Self { most: messages_per_second, recent_millis: VecDeque::new() }
    }

    /// Whether one more is allowed now.
    pub(super) fn allows(&mut self, now_millis: u64) -> bool {
        while self.recent_millis.front().is_some_and(|&at| now_millis.saturating_sub(at) >= WINDOW_MILLIS) {
            self.recent_millis.pop_front();
        }
        if self.recent_millis.len() >= self.most {
            return false;
        }
        self.recent_millis.push_back(now_millis);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_than_a_hundred() {
        let mut pace = Pace::new(100);
        // 100 at 900 ms, and none before 1,900 ms: not even across the turn of the second.
        assert!((0..100).all(|_| pace.allows(900)));
        assert!(!pace.allows(900) && !pace.allows(1_899));
        assert!((0..100).all(|_| pace.allows(1_900)));
        assert!(!pace.allows(1_900));
    }
}
