//! Gemini's server messages, in no provider's words.
//!
//! The user's turn is not announced on all models: it begins with the first transcript of it, and is over when the model
//! says something. Transcripts come whenever they come.

use super::{Decoded, Gemini, NAME, UserTurn, encode, json, usage};
use crate::Error;
use crate::audio::AudioFormat;
use crate::model::{Object, Outcome, Output, ProviderEvent, Words};
use serde_json::Value;

impl Gemini {
    /// Reads one message, which may have several members.
    pub(super) fn message(&mut self, message: &Object) -> Result<Decoded, Error> {
        let mut decoded = Decoded::default();
        if message.contains_key("setupComplete") {
            let conversation_id = json::name(json::member(message, "setupComplete"), "sessionId");
            decoded.events.push(ProviderEvent::Ready { conversation_id, session: None, lasts_millis: None });
            if !self.history.is_empty() {
                decoded.replies.push(encode::client_content(&std::mem::take(&mut self.history), false));
            }
        }
        let events = &mut decoded.events;
        if let Some(Value::Object(update)) = message.get("sessionResumptionUpdate") {
            // In the middle of an answer there is none: the last one is still good for what was before.
            let is_resumable = update.get("resumable") == Some(&Value::Bool(true));
            if let Some(handle) = json::name(update, "newHandle").filter(|_| is_resumable) {
                self.has_handle = true;
                events.push(ProviderEvent::Resumption { handle });
            }
        }
        match json::text(json::member(message, "voiceActivity"), "voiceActivityType") {
            Some("ACTIVITY_START") => self.start_speech(events),
            Some("ACTIVITY_END") => self.end_speech(events),
            _ => {}
        }
        let content = json::member(message, "serverContent");
        self.content(content, events)?;
        if let Some(Value::Object(metadata)) = message.get("usageMetadata") {
            events.push(ProviderEvent::Usage(usage::read(metadata)));
        }
        self.tool_calls(json::member(message, "toolCall"), events);
        let cancelled = json::member(message, "toolCallCancellation").get("ids").and_then(Value::as_array);
        if let Some(ids) = cancelled {
            let call_ids = ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
            events.push(ProviderEvent::ToolCallsCancelled { call_ids });
        }
        if content.get("turnComplete") == Some(&Value::Bool(true)) {
            self.model_is_speaking = false;
            self.end_user_turn(events);
            let outcome = outcome(json::text(content, "turnCompleteReason").unwrap_or_default());
            events.push(ProviderEvent::ResponseDone { response_id: None, outcome, usage: None });
        }
        if let Some(Value::Object(away)) = message.get("goAway") {
            let left_millis = json::text(away, "timeLeft").and_then(read_duration).unwrap_or(0);
            events.push(ProviderEvent::GoingAway { left_millis });
        }
        Ok(decoded)
    }

    fn content(&mut self, content: &Object, events: &mut Vec<ProviderEvent>) -> Result<(), Error> {
        if content.get("interrupted") == Some(&Value::Bool(true)) {
            self.model_is_speaking = false;
            self.end_user_turn(events);
            // The session tells of the speech that interrupted.
            self.user = if self.is_manual { UserTurn::Silent } else { UserTurn::Speaking };
            events.push(ProviderEvent::Interrupted);
        }
        if content.contains_key("interimInputTranscription") {
            self.start_speech(events);
        }
        if let Some(Value::Object(transcription)) = content.get("inputTranscription") {
            if self.user == UserTurn::Silent {
                self.start_speech(events);
            }
            if let Some(text) = json::name(transcription, "text") {
                events.push(user_words(Words::Piece(text)));
            }
            if transcription.get("finished") == Some(&Value::Bool(true)) {
                events.push(user_words(Words::End));
            }
        }
        let parts = json::member(content, "modelTurn").get("parts").and_then(Value::as_array);
        for part in parts.into_iter().flatten().filter_map(Value::as_object) {
            if let Some(output) = self.part(part)? {
                self.model_speaks(events);
                events.push(output_event(output));
            }
        }
        if let Some(text) = json::name(json::member(content, "outputTranscription"), "text") {
            self.model_speaks(events);
            events.push(output_event(Output::Transcript(Words::Piece(text))));
        }
        if content.get("generationComplete") == Some(&Value::Bool(true)) {
            events.push(ProviderEvent::AudioComplete);
        }
        Ok(())
    }

    /// A part of the model's turn, unless it is a thought, or text beside speech, which is the speech's transcript.
    fn part(&self, part: &Object) -> Result<Option<Output>, Error> {
        if let Some(Value::Object(data)) = part.get("inlineData") {
            let mime_type = json::text(data, "mimeType").unwrap_or_default();
            let Some(parameters) = mime_type.strip_prefix("audio/pcm") else { return Ok(None) };
            let rate = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("rate="));
            let rate = rate.and_then(|rate| rate.parse().ok()).and_then(AudioFormat::pcm16);
            let bytes = json::audio(NAME, data, "data")?;
            return Ok(Some(Output::Audio { bytes, format: rate.unwrap_or(AudioFormat::PCM16_24KHZ) }));
        }
        let is_thought = part.get("thought") == Some(&Value::Bool(true));
        let text = json::name(part, "text").filter(|_| self.wants_text_only && !is_thought);
        Ok(text.map(|text| Output::Text(Words::Piece(text))))
    }

    fn tool_calls(&mut self, tool_call: &Object, events: &mut Vec<ProviderEvent>) {
        let calls = tool_call.get("functionCalls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if calls.is_empty() {
            return;
        }
        self.model_speaks(events);
        for call in calls.iter().filter_map(Value::as_object) {
            let call_id = json::name(call, "id").unwrap_or_else(|| {
                self.calls_made += 1;
                let call_id = format!("call_{}", self.calls_made);
                self.nameless_calls.insert(call_id.clone());
                call_id
            });
            let name = json::text(call, "name").unwrap_or_default().to_owned();
            let arguments = call.get("args").map_or_else(|| "{}".to_owned(), Value::to_string);
            events.push(output_event(Output::ToolCall { call_id, name, arguments }));
        }
        // The bare end of turn that follows has nothing to end any more.
        self.model_is_speaking = false;
        let outcome = Outcome::Completed;
        events.push(ProviderEvent::ResponseDone { response_id: None, outcome, usage: None });
    }

    fn start_speech(&mut self, events: &mut Vec<ProviderEvent>) {
        if self.user != UserTurn::Speaking {
            self.end_user_turn(events);
            self.user = UserTurn::Speaking;
            events.push(ProviderEvent::SpeechStarted { item_id: None, audio_start_ms: None });
        }
    }

    fn end_speech(&mut self, events: &mut Vec<ProviderEvent>) {
        if self.user == UserTurn::Speaking {
            self.user = UserTurn::Done;
            self.was_heard = false;
            events.push(ProviderEvent::SpeechStopped { audio_end_ms: None });
            events.push(ProviderEvent::Committed { item_id: None });
        }
    }

    /// The model says something, so the user is done; and if nobody asked it otherwise, it was the user's voice that did.
    fn model_speaks(&mut self, events: &mut Vec<ProviderEvent>) {
        if std::mem::replace(&mut self.model_is_speaking, true) {
            return;
        }
        let was_asked = std::mem::take(&mut self.was_asked);
        if self.user == UserTurn::Silent && self.was_heard && !was_asked && !self.is_manual {
            self.start_speech(events);
        }
        self.end_speech(events);
    }

    /// No more of the user's transcript is waited for.
    fn end_user_turn(&mut self, events: &mut Vec<ProviderEvent>) {
        if self.user == UserTurn::Done {
            self.user = UserTurn::Silent;
            events.push(user_words(Words::End));
        }
    }
}

fn user_words(words: Words) -> ProviderEvent {
    ProviderEvent::UserTranscript { item_id: None, words, usage: None }
}

fn output_event(output: Output) -> ProviderEvent {
    ProviderEvent::Output { response_id: None, item_id: None, output }
}

fn outcome(reason: &str) -> Outcome {
    match reason {
        "MALFORMED_FUNCTION_CALL" => Outcome::Failed {
            code: "malformed_function_call".to_owned(),
            message: "the model called a function in a way that cannot be read".to_owned(),
        },
        "MAX_REGENERATION_REACHED" => Outcome::Incomplete { reason: "max_output_tokens".to_owned() },
        "" | "TURN_COMPLETE_REASON_UNSPECIFIED" | "NEED_MORE_INPUT" => Outcome::Completed,
        // All the others say what was not allowed.
        _ => Outcome::Incomplete { reason: "content_filter".to_owned() },
    }
}

/// Reads `"49.5s"` as milliseconds.
fn read_duration(duration: &str) -> Option<u64> {
    let (whole, fraction) = duration.strip_suffix('s')?.split_once('.').unwrap_or((duration.strip_suffix('s')?, "0"));
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(millis.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::read_duration;

    #[test]
    fn durations_are_read_to_the_millisecond() {
        assert_eq!(read_duration("50s"), Some(50_000));
        assert_eq!(read_duration("9.5s"), Some(9_500));
        assert_eq!(read_duration("0.001234s"), Some(1));
        for wrong in ["", "s", "5", "-1s", "99999999999999999999s"] {
            assert_eq!(read_duration(wrong), None, "{wrong}");
        }
    }
}
