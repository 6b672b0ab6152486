//! Image generation: what a backend says happened, which is what clients of `ImageGenerationHub` are told.
//!
//! `?dialect=conduit` has the original system's names and members, null where nothing of the kind is reported.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Something that happened to images in the making.
    pub enum ImageEvent in EventBody::Image {
        ImageStarted: Key,
        ImageProgress: Key,
        ImageCompleted: Key,
        ImageFailed: Key,
        ImageCancelled: Key,
    }
}

impl ImageEvent {
    /// The id of the task that it happened to.
    pub fn task_id(&self) -> &Identifier {
        match self {
            Self::ImageStarted(event) => &event.task_id,
            Self::ImageProgress(event) => &event.task_id,
            Self::ImageCompleted(event) => &event.task_id,
            Self::ImageFailed(event) => &event.task_id,
            Self::ImageCancelled(event) => &event.task_id,
        }
    }
}

/// Says that work on images began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageStarted {
    /// The task.
    pub task_id: Identifier,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// With which model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long it is thought to take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_seconds: Option<Quantity>,
    /// How many images are to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_images: Option<u64>,
}
client_event!(
    ImageStarted, Durable, Object,
    conduit: "ImageGenerationStarted" => conduit_started,
    example: r#"{"taskId":"image-1","provider":"replicate","model":"flux-schnell","estimatedSeconds":12,"totalImages":4}"#,
);

fn conduit_started(told: &Told<'_>) -> Vec<Value> {
    // Nobody reports the prompt, the size and the style.
    let mut event = told.renamed(&[
        ("taskId", "taskId"),
        ("numberOfImages", "totalImages"),
        ("prompt", "prompt"),
        ("size", "size"),
        ("style", "style"),
    ]);
    event.insert("startedAt".to_owned(), told.timestamp());
    vec![Value::Object(event)]
}

/// Says how far images are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageProgress {
    /// The task.
    pub task_id: Identifier,
    /// How far it is, in percent.
    pub percentage: Percent,
    /// What it is doing, in a word.
    pub status: String,
    /// What it is doing, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many images are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images_completed: Option<u64>,
    /// How many images there will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_images: Option<u64>,
    /// Where the images are that are done.
    #[serde(default)]
    pub image_urls: Vec<MediaUrl>,
}
client_event!(
    ImageProgress, Ephemeral, Object,
    conduit: "ImageGenerationProgress" => conduit_progress,
    example: r#"{"taskId":"image-1","percentage":50,"status":"processing","message":"2 of 4","imagesCompleted":2,"totalImages":4,"imageUrls":["https://media.example.com/1.png"]}"#,
);

fn conduit_progress(told: &Told<'_>) -> Vec<Value> {
    let mut event = told.renamed(&[
        ("taskId", "taskId"),
        ("status", "status"),
        ("message", "message"),
        ("imagesCompleted", "imagesCompleted"),
        ("totalImages", "totalImages"),
    ]);
    event.insert("progressPercentage".to_owned(), told.whole("percentage"));
    vec![Value::Object(event)]
}

/// Says that images are ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageCompleted {
    /// The task.
    pub task_id: Identifier,
    /// Where the images are.
    pub image_urls: Vec<MediaUrl>,
    /// Where a preview of them is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<MediaUrl>,
    /// How long it took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<Quantity>,
    /// Their width and height, such as `1024x1024`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Their size in bytes, together.
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
    ImageCompleted, Durable, Object,
    conduit: "ImageGenerationCompleted" => conduit_completed,
    example: r#"{"taskId":"image-1","imageUrls":["https://media.example.com/1.png"],"durationSeconds":8.5,"resolution":"1024x1024","fileSize":1048576,"cost":0.04,"provider":"replicate","model":"flux-schnell"}"#,
);

fn conduit_completed(told: &Told<'_>) -> Vec<Value> {
    let mut event = told.renamed(&[
        ("taskId", "taskId"),
        ("imageUrls", "imageUrls"),
        ("durationSeconds", "durationSeconds"),
        ("cost", "cost"),
    ]);
    event.insert("completedAt".to_owned(), told.timestamp());
    vec![Value::Object(event)]
}

/// Says that images could not be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageFailed {
    /// The task.
    pub task_id: Identifier,
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
    ImageFailed, Durable, Object,
    conduit: "ImageGenerationFailed" => conduit_failed,
    example: r#"{"taskId":"image-1","error":"the provider refused the prompt","errorCode":"content_policy","isRetryable":false,"retryCount":1,"maxRetries":3}"#,
);

fn conduit_failed(told: &Told<'_>) -> Vec<Value> {
    let mut event = told.renamed(&[("taskId", "taskId"), ("error", "error"), ("isRetryable", "isRetryable")]);
    event.insert("failedAt".to_owned(), told.timestamp());
    vec![Value::Object(event)]
}

/// Says that somebody ended the work on images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageCancelled {
    /// The task.
    pub task_id: Identifier,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
client_event!(
    ImageCancelled, Durable, Object,
    conduit: "ImageGenerationCancelled" => conduit_cancelled,
    example: r#"{"taskId":"image-1","reason":"by its owner"}"#,
);

fn conduit_cancelled(told: &Told<'_>) -> Vec<Value> {
    let mut event = told.renamed(&[("taskId", "taskId"), ("reason", "reason")]);
    event.insert("cancelledAt".to_owned(), told.timestamp());
    vec![Value::Object(event)]
}
