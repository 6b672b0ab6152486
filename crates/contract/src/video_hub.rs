//! `VideoGenerationHub`: its methods, its groups, its events, and what it refuses with.
//!
//! One subscription has three pairs of names, and each refuses in its own words: those of the documents that name it.

use crate::hub::{GroupDeclaration, Hub, KEY_GROUP, KeyKind};
use crate::{
    client_event::{ClientEvent, EventDeclaration},
    identifier::Identifier,
    method::{MethodDeclaration, Parameter, parameter},
    video_event::{VideoCancelled, VideoCompleted, VideoFailed, VideoProgress, VideoStarted},
};

/// Refuses a blank id, by whatever name.
pub const REQUEST_ID_REQUIRED: &str = "Request ID is required";
/// Refuses in `SubscribeToRequest` what is unknown, another key's, or not named by the client's token.
pub const UNAUTHORIZED_REQUEST: &str = "Unauthorized access to request";
/// Refuses the same in `SubscribeToVideoGeneration`.
pub const ACCESS_DENIED: &str = "Access denied to video generation request";
/// Refuses the same in `SubscribeToTask`.
pub const UNAUTHORIZED_TASK: &str = "Unauthorized access to task";

const REQUEST_ID: &[Parameter] = &[parameter!("requestId": Identifier, "\"video-1\"")];
const TASK_ID: &[Parameter] = &[parameter!("taskId": Identifier, "\"video-1\"")];

/// Joins the group of one request, and tells where it stands.
pub const SUBSCRIBE_TO_REQUEST: MethodDeclaration =
    subscribing("SubscribeToRequest", REQUEST_ID, &[REQUEST_ID_REQUIRED, UNAUTHORIZED_REQUEST]);
/// Another name of [`SUBSCRIBE_TO_REQUEST`].
pub const SUBSCRIBE_TO_VIDEO_GENERATION: MethodDeclaration =
    subscribing("SubscribeToVideoGeneration", REQUEST_ID, &[REQUEST_ID_REQUIRED, ACCESS_DENIED]);
/// Another name of [`SUBSCRIBE_TO_REQUEST`].
pub const SUBSCRIBE_TO_TASK: MethodDeclaration =
    subscribing("SubscribeToTask", TASK_ID, &[REQUEST_ID_REQUIRED, UNAUTHORIZED_TASK]);
/// Leaves the group of one request.
pub const UNSUBSCRIBE_FROM_REQUEST: MethodDeclaration = unsubscribing("UnsubscribeFromRequest", REQUEST_ID);
/// Another name of [`UNSUBSCRIBE_FROM_REQUEST`].
pub const UNSUBSCRIBE_FROM_VIDEO_GENERATION: MethodDeclaration =
    unsubscribing("UnsubscribeFromVideoGeneration", REQUEST_ID);
/// Another name of [`UNSUBSCRIBE_FROM_REQUEST`].
pub const UNSUBSCRIBE_FROM_TASK: MethodDeclaration = unsubscribing("UnsubscribeFromTask", TASK_ID);

/// Progress of videos in the making.
pub static VIDEO_HUB: Hub = Hub {
    name: "VideoGenerationHub",
    route: "video-generation",
    aliases: &[],
    key: KeyKind::Virtual,
    summary: "Progress of videos in the making.",
    methods: METHODS,
    events: EVENTS,
    groups: GROUPS,
};

/// What clients may invoke.
const METHODS: &[MethodDeclaration] = &[
    SUBSCRIBE_TO_REQUEST,
    UNSUBSCRIBE_FROM_REQUEST,
    SUBSCRIBE_TO_VIDEO_GENERATION,
    UNSUBSCRIBE_FROM_VIDEO_GENERATION,
    SUBSCRIBE_TO_TASK,
    UNSUBSCRIBE_FROM_TASK,
];

/// What clients are told.
const EVENTS: &[&EventDeclaration] = &[
    VideoStarted::DECLARATION,
    VideoProgress::DECLARATION,
    VideoCompleted::DECLARATION,
    VideoFailed::DECLARATION,
    VideoCancelled::DECLARATION,
];

/// Who is told together.
const GROUPS: &[GroupDeclaration] =
    &[KEY_GROUP, GroupDeclaration { pattern: "video-{requestId}", summary: "Who subscribed to that video." }];

/// The group of a request's subscribers.
pub fn request_group(request_id: &str) -> String {
    format!("video-{request_id}")
}

/// The request whose subscribers a group has.
pub fn request_of_group(group: &str) -> Option<&str> {
    group.strip_prefix("video-")
}

const fn subscribing(
    name: &'static str,
    parameters: &'static [Parameter],
    refusals: &'static [&'static str],
) -> MethodDeclaration {
    MethodDeclaration {
        name,
        summary: "Subscribes to the making of one video. Its state is sent at once, before the invocation completes.",
        parameters,
        answer: None,
        refusals,
        streams: false,
    }
}

const fn unsubscribing(name: &'static str, parameters: &'static [Parameter]) -> MethodDeclaration {
    MethodDeclaration {
        name,
        summary: "Ends the subscription to one video. It never fails.",
        parameters,
        answer: None,
        refusals: &[],
        streams: false,
    }
}
