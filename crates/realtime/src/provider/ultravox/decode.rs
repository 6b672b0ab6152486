//! Ultravox's messages, in no provider's words.
//!
//! A user's speech begins with its first transcript, or by cutting the agent off: that the agent listens again says
//! nothing of it, and a client told so would stop what it is still playing.

use super::{MAX_CALL_SECONDS, NAME, Ultravox, UserTurn, json};
use crate::Error;
use crate::model::{Object, Outcome, Output, ProviderEvent, Words};
use serde_json::Value;

impl Ultravox {
    pub(super) fn audio(&mut self, audio: &[u8], now_millis: u64) -> Vec<ProviderEvent> {
        self.quiet.audio(now_millis);
        self.turn_is_open = true;
        let output = Output::Audio { bytes: audio.to_vec(), format: self.output_format };
        vec![output_event(output)]
    }

    /// Reads one message. What is not listed (`pong`, `debug`, events of the call) is not for the client.
    pub(super) fn message(&mut self, message: &Object, now_millis: u64) -> Result<Vec<ProviderEvent>, Error> {
        let Some(kind) = json::text(message, "type") else {
            return Err(Error::Malformed { provider: NAME, reason: "a message without a type" });
        };
        Ok(match kind {
            "call_started" => {
                let call_id = json::name(message, "callId");
                self.call_id = call_id.clone().or(self.call_id.take());
                let lasts_millis = Some(MAX_CALL_SECONDS * 1_000);
                vec![ProviderEvent::Ready { conversation_id: call_id, session: None, lasts_millis }]
            }
            "state" => self.state(json::text(message, "state").unwrap_or_default()),
            "transcript" => match json::text(message, "role") {
                Some("user") => self.user_transcript(message),
                Some("agent") => self.agent_transcript(message, now_millis),
                _ => Vec::new(),
            },
            "client_tool_invocation" => {
                let text = |name: &str| json::text(message, name).unwrap_or_default().to_owned();
                let arguments = message.get("parameters").map_or_else(|| "{}".to_owned(), Value::to_string);
                let call = Output::ToolCall { call_id: text("invocationId"), name: text("toolName"), arguments };
                self.turn_is_open = true;
                let done = self.end_turn();
                [output_event(call)].into_iter().chain(done).collect()
            }
            "playback_clear_buffer" => {
                self.ended_utterance = Some(self.utterance);
                self.turn_is_open = false;
                self.quiet.reset();
                // The session tells of the speech that interrupted.
                self.user = UserTurn::Speaking;
                vec![ProviderEvent::Interrupted]
            }
            _ => Vec::new(),
        })
    }

    fn state(&mut self, state: &str) -> Vec<ProviderEvent> {
        let was_speaking = std::mem::replace(&mut self.is_speaking, state == "speaking");
        match state {
            "speaking" if !was_speaking => {
                self.turn_is_open = true;
                vec![ProviderEvent::ResponseStarted { response_id: None, metadata: None, is_out_of_band: false }]
            }
            "thinking" if self.user == UserTurn::Speaking => {
                self.user = UserTurn::Done;
                stopped_and_committed()
            }
            _ if was_speaking && !self.is_speaking => self.end_turn().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn user_transcript(&mut self, message: &Object) -> Vec<ProviderEvent> {
        // What the client wrote is an item already.
        if json::text(message, "medium") == Some("text") {
            return Vec::new();
        }
        let is_final = message.get("final") == Some(&Value::Bool(true));
        let mut events = Vec::new();
        if self.user == UserTurn::Silent {
            self.user = UserTurn::Speaking;
            events.push(ProviderEvent::SpeechStarted { item_id: None, audio_start_ms: None });
        }
        if is_final && self.user == UserTurn::Speaking {
            events.extend(stopped_and_committed());
        }
        if let Some(words) = words(message, is_final) {
            events.push(ProviderEvent::UserTranscript { item_id: None, words, usage: None });
        }
        if is_final {
            events.push(ProviderEvent::UserTranscript { item_id: None, words: Words::End, usage: None });
            self.user = UserTurn::Silent;
        }
        events
    }

    fn agent_transcript(&mut self, message: &Object, now_millis: u64) -> Vec<ProviderEvent> {
        let utterance = message.get("ordinal").and_then(Value::as_i64).unwrap_or(self.utterance + 1);
        let is_final = message.get("final") == Some(&Value::Bool(true));
        if self.ended_utterance.is_some_and(|ended| utterance <= ended) {
            // The last word on an utterance that was cut off: what was said of it.
            let corrected = json::name(message, "text").filter(|_| is_final);
            return corrected.map(|text| ProviderEvent::TranscriptCorrected { text }).into_iter().collect();
        }
        self.utterance = utterance;
        self.turn_is_open = true;
        let is_text = json::text(message, "medium") == Some("text");
        let mut events = Vec::new();
        if let Some(words) = words(message, is_final) {
            events.push(output_event(if is_text { Output::Text(words) } else { Output::Transcript(words) }));
        }
        match (is_final, is_text) {
            (true, true) => events.extend(self.end_turn()),
            // Its audio may still be on the way.
            (true, false) => self.quiet.words_complete(now_millis),
            _ => {}
        }
        events
    }

    pub(super) fn end_turn(&mut self) -> Option<ProviderEvent> {
        self.quiet.reset();
        let was_open = std::mem::take(&mut self.turn_is_open);
        if was_open {
            self.ended_utterance = Some(self.utterance);
        }
        let done = ProviderEvent::ResponseDone { response_id: None, outcome: Outcome::Completed, usage: None };
        was_open.then_some(done)
    }
}

/// The next bit, or all of them so far.
fn words(message: &Object, is_final: bool) -> Option<Words> {
    match (json::name(message, "text"), json::name(message, "delta")) {
        (Some(text), _) if is_final => Some(Words::Whole(text)),
        (Some(text), _) => Some(Words::SoFar(text)),
        (None, delta) => delta.map(Words::Piece),
    }
}

fn stopped_and_committed() -> Vec<ProviderEvent> {
    vec![ProviderEvent::SpeechStopped { audio_end_ms: None }, ProviderEvent::Committed { item_id: None }]
}

fn output_event(output: Output) -> ProviderEvent {
    ProviderEvent::Output { response_id: None, item_id: None, output }
}
