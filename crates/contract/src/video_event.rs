//! Video generation: what a backend says happened, which is what clients of `VideoGenerationHub` are told.
//!
//! `?dialect=conduit` has the original system's names and members, null where nothing of the kind is reported.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    client_event::{Told, client_event},
    domain_event::{EventBody, domain_events},
    error_text::ErrorText,
    identifier::Identifier,
    media_url::MediaUrl,
    money::Money,
    percent::Percent,
    quantity::Quantity,
    time::Timestamp,
};

domain_events! {
    /// Something that happened to a video in the making.
    pub enum VideoEvent in EventBody::Video {
        VideoStarted: Key,
        VideoProgress: Key,
        VideoCompleted: Key,
        VideoFailed: Key,
        VideoCancelled: Key,
    }
}

impl VideoEvent {
    /// The id of the task that it happened to.
    pub fn task_id(&self) -> &Identifier {
        match self {
            Self::VideoStarted(event) => &event.request_id,
            Self::VideoProgress(event) => &event.request_id,
            Self::VideoCompleted(event) => &event.request_id,
            Self::VideoFailed(event) => &event.request_id,
            Self::VideoCancelled(event) => &event.request_id,
        }
    }
}

/// Says that work on a video began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoStarted {
    /// The request, which is the task's id too.
    pub request_id: Identifier,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// With which model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long it is thought to take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_seconds: Option<Quantity>,
}
client_event!(
    VideoStarted, Durable, Object,
    conduit: "VideoGenerationStarted" => conduit_started,
    example: r#"{"requestId":"video-1","provider":"replicate","model":"minimax-video","estimatedSeconds":90}"#,
);

fn conduit_started(told: &Told<'_>) -> Vec<Value> {
    let mut event =
        told.renamed(&[("taskId", "requestId"), ("provider", "provider"), ("estimatedSeconds", "estimatedSeconds")]);
    event.insert("startedAt".to_owned(), told.timestamp());
    vec![Value::Object(event)]
}

/// Says how far a video is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoProgress {
    /// The request, which is the task's id too.
    pub request_id: Identifier,
    /// How far it is, in percent.
    pub percentage: Percent,
    /// What it is doing, in a word.
    pub status: String,
    /// What it is doing, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many frames are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames_completed: Option<u64>,
    /// How many frames there will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_frames: Option<u64>,
}
client_event!(
    VideoProgress, Ephemeral, Object,
    conduit: "VideoGenerationProgress" => conduit_progress,
    example: r#"{"requestId":"video-1","percentage":42.5,"status":"rendering","message":"frame 51 of 120","framesCompleted":51,"totalFrames":120}"#,
);

fn conduit_progress(told: &Told<'_>) -> Vec<Value> {
    let mut event = told.renamed(&[
        ("taskId", "requestId"),
        ("status", "status"),
        ("message", "message"),
        ("framesCompleted", "framesCompleted"),
        ("totalFrames", "totalFrames"),
    ]);
    event.insert("progress".to_owned(), told.whole("percentage"));
    event.insert("progressPercentage".to_owned(), told.whole("percentage"));
    vec![Value::Object(event)]
}

/// Says that a video is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoCompleted {
    /// The request, which is the task's id too.
    pub request_id: Identifier,
    /// Where the video is.
    pub video_url: MediaUrl,
    /// Where a still of it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<MediaUrl>,
    /// How long the video runs, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<Quantity>,
    /// Its width and height, such as `1280x720`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Its size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// With which model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}
client_event!(
    VideoCompleted, Durable, Object,
    conduit: "VideoGenerationCompleted" => conduit_completed,
    example: r#"{"requestId":"video-1","videoUrl":"https://media.example.com/1.mp4","previewUrl":"https://media.example.com/1.jpg","durationSeconds":6,"resolution":"1280x720","fileSize":2048000,"cost":0.25,"provider":"replicate","model":"minimax-video"}"#,
);

fn conduit_completed(told: &Told<'_>) -> Vec<Value> {
    // Its two services called one figure by two names; nobody reports how long the making took.
    let mut event = told.renamed(&[
        ("taskId", "requestId"),
        ("videoUrl", "videoUrl"),
        ("previewUrl", "previewUrl"),
        ("duration", "durationSeconds"),
        ("durationSeconds", "durationSeconds"),
        ("resolution", "resolution"),
        ("fileSize", "fileSize"),
        ("cost", "cost"),
        ("provider", "provider"),
        ("model", "model"),
        ("generationDuration", "generationDuration"),
    ]);
    event.insert("status".to_owned(), json!("completed"));
    event.insert("completedAt".to_owned(), told.timestamp());
    vec![Value::Object(event)]
}

/// Says that a video could not be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoFailed {
    /// The request, which is the task's id too.
    pub request_id: Identifier,
    /// What went wrong, without stack trace.
    pub error: ErrorText,
    /// The same for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Whether it may go better another time.
    pub is_retryable: bool,
    /// How often it was tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<u64>,
    /// How often it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u64>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_retry_at: Option<Timestamp>,
}
client_event!(
    VideoFailed, Durable, Object,
    conduit: "VideoGenerationFailed" => conduit_failed,
    example: r#"{"requestId":"video-1","error":"the provider refused the prompt","errorCode":"content_policy","isRetryable":false,"retryCount":1,"maxRetries":3}"#,
);

fn conduit_failed(told: &Told<'_>) -> Vec<Value> {
    let mut event = told.renamed(&[
        ("taskId", "requestId"),
        ("error", "error"),
        ("errorCode", "errorCode"),
        ("isRetryable", "isRetryable"),
        ("retryCount", "retryCount"),
        ("maxRetries", "maxRetries"),
        ("nextRetryAt", "nextRetryAt"),
    ]);
    event.insert("status".to_owned(), json!("failed"));
    event.insert("failedAt".to_owned(), told.timestamp());
    vec![Value::Object(event)]
}

/// Says that somebody ended the work on a video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoCancelled {
    /// The request, which is the task's id too.
    pub request_id: Identifier,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
client_event!(
    VideoCancelled, Durable, Object,
    conduit: "VideoGenerationCancelled" => conduit_cancelled,
    example: r#"{"requestId":"video-1","reason":"by its owner"}"#,
);

fn conduit_cancelled(told: &Told<'_>) -> Vec<Value> {
    let mut event = told.renamed(&[("taskId", "requestId"), ("reason", "reason")]);
    event.insert("cancelledAt".to_owned(), told.timestamp());
    vec![Value::Object(event)]
}
