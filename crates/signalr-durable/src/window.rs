//! Under load: how long events wait for more to leave with.
//!
//! A connection that was told nothing for the length of a window is told at once. One that was told within it waits for
//! the window's end, so that turns which follow each other leave in one frame. One timer ends the window for all
//! connections: it runs only while events wait, and starts at most a window's length before it ends.

/// How long it takes to hand a frame to the platform, whose clock stands still meanwhile: without reckoning with that, the
/// largest audiences would never seem to be under load.
const FRAME_MILLIS: f64 = 0.02;

/// Handing over never seems to take longer, in milliseconds.
const MOST_SENDING_MILLIS: f64 = 1_000.0;

/// The window of one object. Times are in milliseconds since the epoch.
#[derive(Debug)]
pub(crate) struct Window {
    length_millis: f64,
    /// When the timer that runs ends the window; none if nothing waits for it.
    ends_at_millis: Option<f64>,
}

impl Window {
    /// A window of this length; one of 0 never holds anything.
    pub(crate) fn new(length_millis: u64) -> Self {
        Self { length_millis: crate::millis(length_millis), ends_at_millis: None }
    }

    /// Whether events wait, for a connection that was told of some at that time.
    pub(crate) fn holds(&self, now_millis: f64, told_at_millis: f64) -> bool {
        // A clock that is set back holds nothing.
        let since_millis = now_millis - told_at_millis;
        self.length_millis > 0.0
            && !self.is_late(now_millis)
            && (-MOST_SENDING_MILLIS..self.length_millis).contains(&since_millis)
    }

    /// Has the window end, unless it does already, so long after that time; gives how many milliseconds are left if a
    /// timer is to be started for it.
    pub(crate) fn open(&mut self, now_millis: f64, told_at_millis: f64) -> Option<f64> {
        if self.ends_at_millis.is_some() {
            return None;
        }
        let left_millis = (told_at_millis + self.length_millis - now_millis).clamp(0.0, self.length_millis);
        self.ends_at_millis = Some(now_millis + left_millis);
        Some(left_millis)
    }

    /// Whether the timer should have ended the window: what the object does keeps it from running.
    pub(crate) fn is_late(&self, now_millis: f64) -> bool {
        self.ends_at_millis.is_some_and(|ends_at_millis| now_millis >= ends_at_millis)
    }

    /// The timer has run.
    pub(crate) fn close(&mut self) {
        self.ends_at_millis = None;
    }
}

/// When so many frames will have been handed over.
pub(crate) fn sent_at_millis(now_millis: f64, frames: usize) -> f64 {
    let frames = u32::try_from(frames).unwrap_or(u32::MAX);
    now_millis + (f64::from(frames) * FRAME_MILLIS).min(MOST_SENDING_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_nothing_for_a_while_is_told_at_once() {
        let window = Window::new(5);
        assert!(!window.holds(1_000.0, 0.0), "never told");
        assert!(!window.holds(1_000.0, 995.0));
        assert!(window.holds(1_000.0, 996.0));
        assert!(window.holds(1_000.0, 1_000.0));
        assert!(!window.holds(1_000.0, 5_000.0), "the clock was set back");
    }

    #[test]
    fn the_time_that_sending_takes_belongs_to_the_turn() {
        let mut window = Window::new(5);
        let told_at_millis = sent_at_millis(1_000.0, 500);
        assert!(window.holds(1_012.0, told_at_millis) && !window.holds(1_015.0, told_at_millis));
        assert_eq!(window.open(1_002.0, told_at_millis), Some(5.0));
        assert!(window.is_late(1_007.0));
    }

    #[test]
    fn a_window_of_nothing_holds_nothing() {
        assert!(!Window::new(0).holds(1_000.0, 1_000.0) && !Window::new(0).holds(1_000.0, 1_001.0));
    }

    #[test]
    fn one_timer_runs_at_a_time_and_never_longer_than_the_window() {
        let mut window = Window::new(5);
        assert_eq!(window.open(1_002.0, 1_000.0), Some(3.0));
        assert_eq!(window.open(1_003.0, 1_001.0), None);
        window.close();
        assert_eq!(window.open(1_010.0, 1_009.0), Some(4.0));
    }

    #[test]
    fn nothing_waits_for_a_timer_that_is_late() {
        let mut window = Window::new(5);
        window.open(1_002.0, 1_000.0);
        assert!(window.holds(1_004.0, 1_004.0));
        assert!(window.is_late(1_005.0) && !window.holds(1_005.0, 1_004.0));
    }
}
