//! Time and randomness of the platform, and the identifiers made of them.

use std::cell::Cell;

use ulid::Ulid;

/// Milliseconds of an hour.
pub(crate) const HOUR_MILLIS: i64 = 3_600_000;

/// Milliseconds of so many hours.
pub(crate) fn hours_millis(hours: u64) -> i64 {
    i64::try_from(hours).unwrap_or(0).saturating_mul(HOUR_MILLIS)
}

/// Milliseconds of so many seconds.
pub(crate) fn seconds_millis(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000)
}

thread_local! {
    /// How far ahead the clock is: for tests, which must not wait for midnight.
    static AHEAD_MILLIS: Cell<i64> = const { Cell::new(0) };
}

/// Milliseconds since the epoch. The clock stands still while an event is handled.
// A whole number far below 2^53.
#[allow(clippy::cast_possible_truncation)]
pub fn now_millis() -> i64 {
    // Without the `Date` that `worker` makes each time.
    worker::js_sys::Date::now() as i64 + AHEAD_MILLIS.get()
}

/// How far ahead the clock is of the platform's, by which alarms ring and sockets are heard.
pub(crate) fn ahead_millis() -> i64 {
    AHEAD_MILLIS.get()
}

/// Sets the clock ahead.
pub(crate) fn set_ahead(millis: i64) {
    AHEAD_MILLIS.set(millis);
}

/// Numbers what an object says, in order, whatever became of its memory: each is later than all before it.
#[derive(Default)]
pub(crate) struct Turns {
    last: Cell<i64>,
}

impl Turns {
    pub(crate) fn next(&self) -> i64 {
        let turn = now_millis().max(self.last.get() + 1);
        self.last.set(turn);
        turn
    }
}

/// Bytes of the platform's cryptographic random number generator.
///
/// # Errors
///
/// The platform has none to give, as in a Worker's global scope.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// An identifier that sorts by its millisecond; of the random bits it takes the lower 80.
pub fn ulid(now_millis: i64, random: [u8; 16]) -> Ulid {
    Ulid::from_parts(u64::try_from(now_millis).unwrap_or(0), u128::from_be_bytes(random))
}

/// Makes identifiers that sort in the order in which they were made, within one object.
#[derive(Default)]
pub(crate) struct SortableIds {
    last: Cell<u128>,
}

impl SortableIds {
    /// A ULID later than all before it: of this millisecond, or of the last one's successor where the
    /// clock stands still or steps back.
    pub(crate) fn next(&self, now_millis: i64) -> String {
        // Without randomness the ids of an object still differ.
        self.next_with(now_millis, random_bytes().unwrap_or_default())
    }

    /// All that follow are later than this one. What is no ULID changes nothing.
    pub(crate) fn begin_after(&self, id: &str) {
        if let Ok(known) = Ulid::from_string(id) {
            self.last.set(self.last.get().max(known.0));
        }
    }

    fn next_with(&self, now_millis: i64, random: [u8; 16]) -> String {
        let fresh = ulid(now_millis, random).0;
        let next = fresh.max(self.last.get().saturating_add(1));
        self.last.set(next);
        Ulid(next).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_as_they_were_made_even_when_the_clock_steps_back() {
        let ids = SortableIds::default();
        let made = [(5, 9), (5, 1), (3, 200), (6, 0), (6, 0)].map(|(millis, byte)| ids.next_with(millis, [byte; 16]));
        let mut sorted = made.clone();
        sorted.sort();
        assert_eq!(made, sorted);
        assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
