//! An agent's messages, in no provider's words.

use super::{Decoded, ElevenLabsAgents, NAME, json};
use crate::Error;
use crate::audio::AudioFormat;
use crate::model::{Object, Output, Problem, ProblemKind, ProviderEvent, Words};
use crate::transport::Frame;
use serde_json::{Value, json};

/// From this score on somebody speaks.
const SPEECH_SCORE: f64 = 0.5;

impl ElevenLabsAgents {
    /// Reads one message. What is not listed (typing, tools that ran on the server, and so on) is not for the client.
    pub(super) fn message(&mut self, message: &Object, now_millis: u64) -> Result<Decoded, Error> {
        let Some(kind) = json::text(message, "type") else {
            return Err(Error::Malformed { provider: NAME, reason: "a message without a type" });
        };
        let event = json::member(message, &format!("{kind}_event"));
        let mut decoded = Decoded::default();
        let events = &mut decoded.events;
        match kind {
            "conversation_initiation_metadata" => events.push(self.ready(event)),
            "ping" => {
                let event_id = event.get("event_id").cloned().unwrap_or(Value::Null);
                decoded.replies.push(Frame::json(&json!({"type": "pong", "event_id": event_id})));
            }
            "vad_score" => events.extend(self.vad_score(event)),
            "tentative_user_transcript" => {
                let event = json::member(message, "tentative_user_transcription_event");
                self.start_speech(events);
                let words = Words::SoFar(owned(event, "user_transcript"));
                events.push(ProviderEvent::UserTranscript { item_id: None, words, usage: None });
            }
            "user_transcript" => {
                let event = json::member(message, "user_transcription_event");
                self.start_speech(events);
                self.user_speaks = false;
                events.push(ProviderEvent::SpeechStopped { audio_end_ms: None });
                events.push(ProviderEvent::Committed { item_id: None });
                let words = Words::Whole(owned(event, "user_transcript"));
                events.push(ProviderEvent::UserTranscript { item_id: None, words, usage: None });
            }
            "audio" => events.extend(self.audio(event, now_millis)?),
            "agent_response" => {
                self.turn_is_open = true;
                self.quiet.words_complete(now_millis);
                events.push(self.says(Words::Whole(owned(event, "agent_response"))));
            }
            "agent_chat_response_part" => {
                let part = json::member(message, "text_response_part");
                if json::text(part, "type") == Some("delta") {
                    self.turn_is_open = true;
                    events.push(self.says(Words::Piece(owned(part, "text"))));
                }
            }
            "agent_response_correction" => {
                let text = owned(event, "corrected_agent_response");
                events.push(ProviderEvent::TranscriptCorrected { text });
            }
            "agent_response_complete" => events.extend(self.end_turn()),
            "interruption" => {
                self.interrupted_through = event.get("event_id").and_then(Value::as_i64).or(self.interrupted_through);
                self.turn_is_open = false;
                self.quiet.reset();
                self.user_speaks = true;
                events.push(ProviderEvent::Interrupted);
            }
            "client_tool_call" => {
                let call = json::member(message, "client_tool_call");
                let arguments = call.get("parameters").map_or_else(|| "{}".to_owned(), Value::to_string);
                let output = Output::ToolCall {
                    call_id: owned(call, "tool_call_id"),
                    name: owned(call, "tool_name"),
                    arguments,
                };
                self.turn_is_open = true;
                events.push(ProviderEvent::Output { response_id: None, item_id: None, output });
                events.extend(self.end_turn());
            }
            "error" => events.push(self.error(event)),
            _ => {}
        }
        Ok(decoded)
    }

    fn ready(&mut self, event: &Object) -> ProviderEvent {
        let format = |name: &str| json::text(event, name).and_then(read_format);
        self.input_format = format("user_input_audio_format").unwrap_or(AudioFormat::PCM16_16KHZ);
        self.output_format = format("agent_output_audio_format").unwrap_or(AudioFormat::PCM16_16KHZ);
        self.conversation_id = json::name(event, "conversation_id");
        ProviderEvent::Ready { conversation_id: self.conversation_id.clone(), session: None, lasts_millis: None }
    }

    /// A user who begins to speak is one whose score rises: while it stays high nothing new is known.
    fn vad_score(&mut self, event: &Object) -> Vec<ProviderEvent> {
        let score = event.get("vad_score").and_then(Value::as_f64).unwrap_or(0.0);
        let is_rising = score >= SPEECH_SCORE && self.last_vad_score < SPEECH_SCORE;
        self.last_vad_score = score;
        let mut events = Vec::new();
        if is_rising {
            self.start_speech(&mut events);
        }
        events
    }

    fn start_speech(&mut self, events: &mut Vec<ProviderEvent>) {
        if !std::mem::replace(&mut self.user_speaks, true) {
            events.push(ProviderEvent::SpeechStarted { item_id: None, audio_start_ms: None });
        }
    }

    fn audio(&mut self, event: &Object, now_millis: u64) -> Result<Option<ProviderEvent>, Error> {
        let number = event.get("event_id").and_then(Value::as_i64);
        if number.is_some() && number <= self.interrupted_through {
            return Ok(None);
        }
        let bytes = json::audio(NAME, event, "audio_base_64")?;
        self.turn_is_open = true;
        self.quiet.audio(now_millis);
        let output = Output::Audio { bytes, format: self.output_format };
        Ok(Some(ProviderEvent::Output { response_id: None, item_id: None, output }))
    }

    fn says(&self, words: Words) -> ProviderEvent {
        let output = if self.wants_text_only { Output::Text(words) } else { Output::Transcript(words) };
        ProviderEvent::Output { response_id: None, item_id: None, output }
    }

    fn error(&mut self, event: &Object) -> ProviderEvent {
        let kind = json::text(event, "error_type").unwrap_or("unknown");
        self.has_lasted_long_enough |= kind == "max_duration_exceeded";
        let message = json::name(event, "message").or_else(|| json::name(event, "reason"));
        let message = message.unwrap_or_else(|| "the provider reported an error".to_owned());
        let is_request =
            matches!(kind, "override_error" | "missing_dynamic_variable" | "value_error" | "missing_fields");
        let kind_of_problem = if is_request { ProblemKind::InvalidRequest } else { ProblemKind::Server };
        ProviderEvent::Problem(Problem::new(kind_of_problem, kind.to_owned(), message))
    }
}

/// Reads `pcm_16000`, `ulaw_8000` and their like.
fn read_format(name: &str) -> Option<AudioFormat> {
    match name.split_once('_')? {
        ("pcm", rate) => AudioFormat::pcm16(rate.parse().ok()?),
        ("ulaw", "8000") => Some(AudioFormat::ULAW),
        _ => None,
    }
}

fn owned(object: &Object, name: &str) -> String {
    json::text(object, name).unwrap_or_default().to_owned()
}
