//! What waits for one connection, and whether it leaves with the turn or at the end of the window.

use crate::{
    outbox::{FRAME_BYTES, Pending, RecordId},
    window::Window,
};

/// What waits for one connection.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    records: Pending,
    /// Bytes of the events among them.
    event_bytes: usize,
    /// Not only events wait, or nothing comes after them.
    is_urgent: bool,
    /// The end of this turn looks at it.
    is_touched: bool,
    /// The end of the window looks at it.
    is_put_off: bool,
    /// When an event left last, in milliseconds since the epoch.
    told_at_millis: f64,
}

/// The end of a turn. Times are in milliseconds since the epoch.
pub(crate) struct TurnEnd<'a> {
    pub(crate) now_millis: f64,
    /// When what leaves with the turn will have left.
    pub(crate) sent_at_millis: f64,
    /// What events may wait for, if they may.
    pub(crate) window: Option<&'a Window>,
}

/// What becomes of the records that wait for a connection.
pub(crate) enum Taken {
    /// They are sent now.
    Send(Pending),
    /// They are kept until the client has confirmed them.
    Keep(Pending),
    /// They wait for the end of the window. The connection was told of an event at that time.
    PutOff { told_at_millis: f64 },
    /// There is nothing new.
    Nothing,
}

impl Waiting {
    /// Bytes of events that wait.
    pub(crate) fn event_bytes(&self) -> usize {
        self.event_bytes
    }

    /// Puts a record behind what waits.
    pub(crate) fn push(&mut self, record: RecordId) {
        self.records.push(record);
    }

    /// Puts an event of so many bytes behind what waits.
    pub(crate) fn push_event(&mut self, record: RecordId, bytes: usize) {
        self.event_bytes += bytes;
        self.records.push(record);
    }

    /// Has what waits leave with this turn.
    pub(crate) fn hurry(&mut self) {
        self.is_urgent = true;
    }

    /// Has the end of this turn look at it; says whether it would not have done so anyway.
    pub(crate) fn touch(&mut self) -> bool {
        !std::mem::replace(&mut self.is_touched, true)
    }

    /// Takes what waits, to be kept or, unless it waits for the end of the window, to be sent.
    pub(crate) fn take(&mut self, is_kept: bool, turn_end: &TurnEnd<'_>) -> Taken {
        self.is_touched = false;
        let is_urgent = std::mem::take(&mut self.is_urgent);
        if self.records.is_empty() {
            return Taken::Nothing;
        }
        let may_wait = !is_kept && !is_urgent && self.event_bytes < FRAME_BYTES;
        if may_wait && turn_end.window.is_some_and(|window| window.holds(turn_end.now_millis, self.told_at_millis)) {
            if std::mem::replace(&mut self.is_put_off, true) {
                return Taken::Nothing;
            }
            return Taken::PutOff { told_at_millis: self.told_at_millis };
        }
        if std::mem::take(&mut self.event_bytes) > 0 {
            self.told_at_millis = turn_end.sent_at_millis;
        }
        self.is_put_off = false;
        let records = std::mem::take(&mut self.records);
        if is_kept { Taken::Keep(records) } else { Taken::Send(records) }
    }
}
