//! What a key's clients were told, for whoever asks later: `GET /v1/history`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    client_access::ClientAccess,
    event_meta::EventMeta,
    hub::{IMAGE_HUB, TASK_HUB, VIDEO_HUB},
    image_hub::task_of_group as image_of_group,
    notification::{Dialect, Notification, NotificationError},
    page::Page,
    task_hub::{task_of_group, task_type_of_group},
    video_hub::request_of_group,
};

/// One event, as a client of the contract's own dialect was told it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// When, under which id, and what it belongs to.
    #[serde(flatten)]
    pub meta: EventMeta,
    /// The hub whose clients were told.
    pub hub: String,
    /// The client method that was invoked.
    pub event: String,
    /// Its arguments.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<serde_json::Value>"))]
    pub arguments: Box<RawValue>,
}

impl HistoryEntry {
    /// What a notification was.
    ///
    /// # Errors
    ///
    /// Its data is not what its event's declaration says.
    pub fn of(notification: &Notification) -> Result<Self, NotificationError> {
        Ok(Self {
            meta: notification.meta.clone(),
            hub: notification.hub.name.to_owned(),
            event: notification.event.name.to_owned(),
            arguments: notification.arguments(Dialect::Contract, false)?.json().to_owned(),
        })
    }
}

/// One page of it.
pub type HistoryPage = Page<HistoryEntry>;

impl ClientAccess {
    /// Whether the holder may read an event that clients of its key were told: one of a hub that it opens, and where that
    /// hub tells of tasks, of a task that it may follow.
    pub fn may_read(&self, notification: &Notification) -> bool {
        if !self.allows_hub(notification.hub.name) {
            return false;
        }
        let groups = || notification.groups.iter().map(String::as_str);
        let task_type = groups().filter_map(task_type_of_group).find(|name| *name != "*");
        let follows = |id: Option<&str>, task_type| id.is_some_and(|id| self.may_subscribe_to_task(id, task_type));
        match notification.hub {
            hub if hub == &TASK_HUB => follows(groups().find_map(task_of_group), task_type),
            hub if hub == &VIDEO_HUB => follows(groups().find_map(request_of_group), Some("video")),
            hub if hub == &IMAGE_HUB => follows(groups().find_map(image_of_group), Some("image")),
            _ => true,
        }
    }
}
