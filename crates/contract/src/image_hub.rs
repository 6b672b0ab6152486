//! `ImageGenerationHub`: its methods, its groups, its events, and what it refuses with.

use crate::hub::{GroupDeclaration, Hub, KEY_GROUP, KeyKind};
use crate::{
    client_event::{ClientEvent, EventDeclaration},
    identifier::Identifier,
    image_event::{ImageCancelled, ImageCompleted, ImageFailed, ImageProgress, ImageStarted},
    method::{MethodDeclaration, parameter},
};

/// Refuses a blank task id.
pub const INVALID_TASK_ID: &str = "Invalid task ID";
/// Refuses what is unknown, another key's, or not named by the client's token: nobody can tell which.
pub const UNAUTHORIZED_TASK: &str = "Unauthorized access to task";

/// Joins the group of one task, and tells where it stands.
pub const SUBSCRIBE_TO_TASK: MethodDeclaration = MethodDeclaration {
    name: "SubscribeToTask",
    summary: "Subscribes to the making of images. Its state is sent at once, before the invocation completes.",
    parameters: &[parameter!("taskId": Identifier, "\"image-1\"")],
    answer: None,
    refusals: &[INVALID_TASK_ID, UNAUTHORIZED_TASK],
    streams: false,
};
/// Leaves the group of one task.
pub const UNSUBSCRIBE_FROM_TASK: MethodDeclaration = MethodDeclaration {
    name: "UnsubscribeFromTask",
    summary: "Ends the subscription to the making of images. It never fails.",
    parameters: &[parameter!("taskId": Identifier, "\"image-1\"")],
    answer: None,
    refusals: &[],
    streams: false,
};

/// Progress of images in the making.
pub static IMAGE_HUB: Hub = Hub {
    name: "ImageGenerationHub",
    route: "image-generation",
    aliases: &[],
    key: KeyKind::Virtual,
    summary: "Progress of images in the making.",
    methods: METHODS,
    events: EVENTS,
    groups: GROUPS,
};

/// What clients may invoke.
const METHODS: &[MethodDeclaration] = &[SUBSCRIBE_TO_TASK, UNSUBSCRIBE_FROM_TASK];

/// What clients are told.
const EVENTS: &[&EventDeclaration] = &[
    ImageStarted::DECLARATION,
    ImageProgress::DECLARATION,
    ImageCompleted::DECLARATION,
    ImageFailed::DECLARATION,
    ImageCancelled::DECLARATION,
];

/// Who is told together.
const GROUPS: &[GroupDeclaration] =
    &[KEY_GROUP, GroupDeclaration { pattern: "image-{taskId}", summary: "Who subscribed to that task." }];

/// The group of a task's subscribers.
pub fn task_group(task_id: &str) -> String {
    format!("image-{task_id}")
}

/// The task whose subscribers a group has.
pub fn task_of_group(group: &str) -> Option<&str> {
    group.strip_prefix("image-")
}
