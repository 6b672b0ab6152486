//! A webhook that was given up: what its dead letter holds, and what delivers it again.

use serde::{Deserialize, Serialize};

use crate::{
    any_json::AnyJson, error_text::ErrorText, http_status::HttpStatus, identifier::Identifier, webhook_url::WebhookUrl,
};

/// A webhook that was given up. The headers that its producer gave are not in it: they stay with the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndeliveredWebhook {
    /// The delivery: its `webhook-id`.
    pub delivery_id: Identifier,
    /// Where it was to go.
    pub url: WebhookUrl,
    /// What it tells of, such as `video.completed`.
    pub event_type: String,
    /// The task that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Identifier>,
    /// The body.
    pub payload: AnyJson,
    /// What its event belonged to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The trace of its event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_parent: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// What went wrong with the last.
    pub error: ErrorText,
    /// The HTTP status of the last, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<HttpStatus>,
}
