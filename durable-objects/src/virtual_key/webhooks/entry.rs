//! One delivery in the schedule, as a row has it.

use crate::rows;

/// The columns of an entry.
pub(super) const COLUMNS: &str = "id, url, stage, attempt, lost, due_millis";

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for its time.
    Waiting,
    /// The Worker was told; that may be lost.
    Poked,
    /// An attempt is being made; its outcome may be lost.
    Begun,
    /// It was given up, and can be asked for again.
    GivenUp,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Waiting, Self::Poked, Self::Begun, Self::GivenUp];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Poked => "poked",
            Self::Begun => "begun",
            Self::GivenUp => "given up",
        }
    }
}

/// One delivery in the schedule.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) stage: Stage,
    /// The attempt that is next or under way, from 1; of what was given up the last.
    pub(super) attempt: u32,
    /// Attempts whose outcome was lost.
    pub(super) lost: u32,
    /// When it is tried; when a poke or an attempt counts as lost; when it was given up.
    pub(super) due_millis: i64,
}

impl Entry {
    pub(super) fn of(mut row: rows::Row) -> Self {
        let (id, url, stage) = (row.text(), row.text(), row.text());
        let mut count = || row.integer().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        Self {
            id,
            url,
            stage: Stage::ALL.into_iter().find(|known| known.name() == stage).unwrap_or(Stage::GivenUp),
            attempt: count(),
            lost: count(),
            due_millis: row.integer().unwrap_or(0),
        }
    }
}
