//! What the clients of a video's or an image's own hub were told last, for those who subscribe later.

use serde::{Deserialize, Serialize};

use crate::{
    any_json::{AnyJson, AnyJsonError},
    media_task::{MediaEvent, MediaStage},
};

/// The latest event of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaLog {
    /// How it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<MediaEntry>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<MediaEntry>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<MediaEntry>,
}

/// An event of a video or an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaEntry {
    /// Its name.
    pub event: String,
    /// Its data.
    pub data: AnyJson,
}

impl MediaLog {
    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.start.is_none() && self.progress.is_none() && self.end.is_none()
    }

    /// Notes an event, in the place of the one of its kind that was told before. After an end nobody asks how far it was.
    ///
    /// # Errors
    ///
    /// The event can't be written as JSON.
    pub fn note(&mut self, event: MediaEvent<'_>) -> Result<(), AnyJsonError> {
        let entry = Some(event.entry()?);
        match event.stage() {
            MediaStage::Start => self.start = entry,
            MediaStage::Progress => self.progress = entry,
            MediaStage::End => {
                self.end = entry;
                self.progress = None;
            }
        }
        Ok(())
    }

    /// What a new subscriber is told: the start, then the end, or else the progress.
    pub fn snapshot(&self) -> impl Iterator<Item = &MediaEntry> {
        self.start.iter().chain(self.end.as_ref().or(self.progress.as_ref()))
    }
}
