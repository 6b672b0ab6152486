//! One alarm for many times: the platform gives an object a single one, and bills each setting of it.

use std::cell::Cell;

use worker::{Result, Storage};

use crate::identifiers::{ahead_millis, now_millis};

/// Keeps the object's alarm at the earliest of the times asked for.
pub(crate) struct AlarmClock {
    storage: Storage,
    /// When the alarm is set, once known: none set is `i64::MAX`.
    set_to_millis: Cell<Option<i64>>,
}

impl AlarmClock {
    pub(crate) fn new(storage: Storage) -> Self {
        Self { storage, set_to_millis: Cell::new(None) }
    }

    /// Makes sure that the alarm rings at this time or earlier.
    pub(crate) async fn ring_by(&self, at_millis: i64) -> Result<()> {
        if self.set_to_millis.get().is_none() {
            let stored = self.storage.get_alarm().await?.map_or(i64::MAX, |at_millis| at_millis + ahead_millis());
            self.set_to_millis.set(Some(stored));
        }
        // Read after the await: another event may have set it meanwhile.
        if self.set_to_millis.get().is_some_and(|set_to| set_to <= at_millis) {
            return Ok(());
        }
        self.set_to_millis.set(Some(at_millis));
        // The platform's binding takes a number as an offset from now.
        // Never now: an alarm that is set for the very time at which one rings is lost.
        let set = self.storage.set_alarm((at_millis - now_millis()).max(1)).await;
        if set.is_err() {
            self.set_to_millis.set(None);
        }
        set
    }

    /// The alarm rang: none is set any more.
    pub(crate) fn rang(&self) {
        self.set_to_millis.set(Some(i64::MAX));
    }
}
