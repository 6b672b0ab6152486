//! OpenAI's server events, in no provider's words.

use super::encode::SETUP_EVENT_ID;
use super::{OpenAi, Provider, json};
use crate::Error;
use crate::model::{
    Item, Object, Outcome, Output, Problem, ProblemKind, ProviderEvent, TokenUsage, Words, read_format,
};
use serde_json::Value;

/// How many items of responses are remembered; a response has a handful.
const MAX_RESPONSE_ITEMS: usize = 256;

/// Events that need no translation and upset no order.
const NATIVE: [&str; 12] = [
    "conversation.item.deleted",
    "conversation.item.input_audio_transcription.segment",
    "conversation.item.retrieved",
    "conversation.item.truncated",
    "input_audio_buffer.dtmf_event_received",
    "input_audio_buffer.timeout_triggered",
    "mcp_list_tools.completed",
    "mcp_list_tools.failed",
    "mcp_list_tools.in_progress",
    "response.mcp_call.completed",
    "response.mcp_call.failed",
    "response.mcp_call.in_progress",
];

impl OpenAi {
    /// Reads one event. What is not listed is not for the client: parts of the envelope that the session writes itself,
    /// pings, and `rate_limits.updated`, which tells of the operator's account.
    pub(super) fn event(&mut self, event: Object, now_millis: u64) -> Result<Vec<ProviderEvent>, Error> {
        let Some(kind) = json::text(&event, "type").map(str::to_owned) else {
            return Err(Error::Malformed { provider: self.name(), reason: "an event without a type" });
        };
        let item_id = json::name(&event, "item_id");
        let one = |event| Ok(vec![event]);
        match kind.as_str() {
            "session.created" => one(Self::ready(&event, now_millis)),
            "session.updated" => Ok(self.updated(&event)),
            "input_audio_buffer.speech_started" => {
                one(ProviderEvent::SpeechStarted { item_id, audio_start_ms: millis(&event, "audio_start_ms") })
            }
            "input_audio_buffer.speech_stopped" => {
                one(ProviderEvent::SpeechStopped { audio_end_ms: millis(&event, "audio_end_ms") })
            }
            "input_audio_buffer.committed" => one(ProviderEvent::Committed { item_id }),
            "input_audio_buffer.cleared" => one(ProviderEvent::BufferCleared),
            "conversation.item.added" | "conversation.item.created" => Ok(self.item_added(&event)),
            "conversation.item.input_audio_transcription.delta" => {
                one(user_transcript(item_id, Words::Piece(owned(&event, "delta")), None))
            }
            "conversation.item.input_audio_transcription.completed" => {
                let words = Words::Whole(owned(&event, "transcript"));
                one(user_transcript(item_id, words, event.get("usage").filter(|usage| usage.is_object()).cloned()))
            }
            "conversation.item.input_audio_transcription.failed" => {
                one(ProviderEvent::UserTranscriptFailed { item_id, problem: problem(json::member(&event, "error")) })
            }
            "response.created" => {
                let response = json::member(&event, "response");
                one(ProviderEvent::ResponseStarted {
                    response_id: json::name(response, "id"),
                    metadata: response.get("metadata").and_then(Value::as_object).cloned(),
                    is_out_of_band: response.get("conversation_id").is_some_and(Value::is_null),
                })
            }
            "response.output_audio.delta" => {
                let bytes = json::audio(self.name(), &event, "delta")?;
                one(output(&event, Output::Audio { bytes, format: self.output_format }))
            }
            "response.output_audio_transcript.delta" => {
                one(output(&event, Output::Transcript(Words::Piece(owned(&event, "delta")))))
            }
            "response.output_audio_transcript.done" => {
                one(output(&event, Output::Transcript(Words::Whole(owned(&event, "transcript")))))
            }
            "response.output_text.delta" => one(output(&event, Output::Text(Words::Piece(owned(&event, "delta"))))),
            "response.output_text.done" => one(output(&event, Output::Text(Words::Whole(owned(&event, "text"))))),
            "response.output_item.added" => Ok(self.output_item(&event, false)),
            "response.output_item.done" => Ok(self.output_item(&event, true)),
            "response.done" => one(response_done(json::member(&event, "response"))),
            "error" => Ok(self.error(&event)),
            kind if NATIVE.contains(&kind) => one(ProviderEvent::Native(event)),
            _ => Ok(Vec::new()),
        }
    }

    fn ready(event: &Object, now_millis: u64) -> ProviderEvent {
        let session = json::member(event, "session").clone();
        let expires_at_millis = session.get("expires_at").and_then(Value::as_u64).map(|seconds| seconds * 1_000);
        let lasts_millis = expires_at_millis.map(|end| end.saturating_sub(now_millis));
        ProviderEvent::Ready { conversation_id: None, session: Some(session), lasts_millis }
    }

    fn updated(&mut self, event: &Object) -> Vec<ProviderEvent> {
        let session = json::member(event, "session");
        let output = json::member(json::member(session, "audio"), "output");
        if let Some(format) = output.get("format").and_then(read_format) {
            self.output_format = format;
        }
        if self.own_updates > 0 {
            self.own_updates -= 1;
            return Vec::new();
        }
        vec![ProviderEvent::SettingsApplied { session: Some(session.clone()) }]
    }

    fn item_added(&mut self, event: &Object) -> Vec<ProviderEvent> {
        let item = json::member(event, "item");
        let Some(id) = json::name(item, "id").filter(|id| !self.response_items.contains(id)) else {
            return Vec::new();
        };
        vec![ProviderEvent::ItemAdded { item: Item::new(&id, item.clone()) }]
    }

    fn output_item(&mut self, event: &Object, is_done: bool) -> Vec<ProviderEvent> {
        let item = json::member(event, "item");
        let Some(id) = json::name(item, "id") else { return Vec::new() };
        if !self.response_items.contains(&id) {
            if self.response_items.len() == MAX_RESPONSE_ITEMS {
                self.response_items.pop_front();
            }
            self.response_items.push_back(id.clone());
        }
        let what = match json::text(item, "type") {
            // Its parts come one by one, and its end with the next item or the response's.
            Some("message") | None => return Vec::new(),
            Some("function_call") if !is_done => return Vec::new(),
            Some("function_call") => Output::ToolCall {
                call_id: owned(item, "call_id"),
                name: owned(item, "name"),
                arguments: owned(item, "arguments"),
            },
            Some(_) => Output::Other { item: item.clone(), is_done },
        };
        let response_id = json::name(event, "response_id");
        vec![ProviderEvent::Output { response_id, item_id: Some(id), output: what }]
    }

    fn error(&mut self, event: &Object) -> Vec<ProviderEvent> {
        let mut problem = problem(json::member(event, "error"));
        let code = problem.code.as_deref().unwrap_or_default().to_owned();
        self.last_error = Some((problem.kind, code));
        if problem.event_id.as_deref() == Some(SETUP_EVENT_ID) {
            problem.event_id = None;
            self.own_updates = self.own_updates.saturating_sub(1);
        }
        vec![ProviderEvent::Problem(problem)]
    }
}

fn user_transcript(item_id: Option<String>, words: Words, usage: Option<Value>) -> ProviderEvent {
    ProviderEvent::UserTranscript { item_id, words, usage }
}

fn output(event: &Object, output: Output) -> ProviderEvent {
    let (response_id, item_id) = (json::name(event, "response_id"), json::name(event, "item_id"));
    ProviderEvent::Output { response_id, item_id, output }
}

fn response_done(response: &Object) -> ProviderEvent {
    let details = json::member(response, "status_details");
    let reason = || json::text(details, "reason").map(str::to_owned);
    let outcome = match json::text(response, "status") {
        Some("cancelled") => Outcome::Cancelled { reason: reason().unwrap_or_else(|| "turn_detected".to_owned()) },
        Some("incomplete") => {
            Outcome::Incomplete { reason: reason().unwrap_or_else(|| "max_output_tokens".to_owned()) }
        }
        Some("failed") => {
            let error = json::member(details, "error");
            let code = json::name(error, "code").or_else(|| json::name(error, "type"));
            Outcome::Failed {
                code: code.unwrap_or_else(|| "server_error".to_owned()),
                message: owned(error, "message"),
            }
        }
        _ => Outcome::Completed,
    };
    let usage = response.get("usage").and_then(TokenUsage::from_openai);
    ProviderEvent::ResponseDone { response_id: json::name(response, "id"), outcome, usage }
}

fn problem(error: &Object) -> Problem {
    Problem {
        kind: ProblemKind::from_name(json::text(error, "type").unwrap_or_default()),
        code: json::name(error, "code").map(Into::into),
        message: json::name(error, "message").unwrap_or_else(|| "the provider reported an error".to_owned()),
        param: json::name(error, "param"),
        event_id: json::name(error, "event_id"),
    }
}

fn owned(object: &Object, name: &str) -> String {
    json::text(object, name).unwrap_or_default().to_owned()
}

fn millis(event: &Object, name: &str) -> Option<u64> {
    event.get(name)?.as_u64()
}
