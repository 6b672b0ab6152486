//! The settings of a session: OpenAI's session object, and what others need of it.

use super::Object;
use crate::audio::{AudioFormat, Encoding};
use serde_json::{Value, json};

/// A function that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionTool {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The JSON schema of its arguments: an object.
    pub parameters: Value,
}

/// Who decides when the user is done speaking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TurnDetection {
    /// The provider, by silence or by sense.
    Provider {
        /// How much silence ends a turn, in milliseconds, if the client said so.
        silence_ms: Option<u64>,
        /// How much audio before the speech belongs to it, in milliseconds, if the client said so.
        prefix_padding_ms: Option<u64>,
        /// How eager to answer, from 0 (patient) to 2, if the client said so.
        eagerness: Option<u8>,
    },
    /// The client, by committing its audio: push-to-talk.
    Client,
}

/// What was asked for by the operator and the client together. What nobody asked for is left to the provider.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionSettings {
    model: String,
    requested: Object,
}

impl SessionSettings {
    /// Starts with the operator's wishes: fields of OpenAI's session object.
    pub fn new(model: impl Into<String>, requested: Object) -> Self {
        Self { model: model.into(), requested }
    }

    /// The model, by the name that the client calls it.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// What was asked for, as fields of OpenAI's session object.
    pub fn requested(&self) -> &Object {
        &self.requested
    }

    /// Changes the fields that are there; those of `audio.input` and `audio.output` one by one.
    pub fn change(&mut self, changed: &Object) {
        merge(&mut self.requested, changed, 2);
        // The model is the one that was connected for.
        self.requested.remove("model");
    }

    /// The session object that the client sees: OpenAI's defaults, what was asked for, and what a provider that has such
    /// an object made of it. Formats are always the client's.
    pub fn effective(&self, provider: Option<&Object>) -> Object {
        let mut session = defaults();
        merge(&mut session, &self.requested, 2);
        if let Some(provider) = provider {
            merge(&mut session, provider, 2);
        }
        complete_turn_detection(&mut session);
        for (side, format) in [("input", self.input_format()), ("output", self.output_format())] {
            if let Some(audio) = session.get_mut("audio").and_then(|audio| audio.get_mut(side)?.as_object_mut()) {
                audio.insert("format".to_owned(), format_json(format));
            }
        }
        session.insert("model".to_owned(), self.model.as_str().into());
        session
    }

    /// The system prompt.
    pub fn instructions(&self) -> Option<&str> {
        self.requested.get("instructions").and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Whether text is wanted instead of speech.
    pub fn wants_text_only(&self) -> bool {
        let modalities = self.requested.get("output_modalities").and_then(Value::as_array);
        modalities.is_some_and(|modalities| modalities.iter().all(|modality| modality == "text"))
    }

    /// The name or id of the voice.
    pub fn voice(&self) -> Option<&str> {
        let voice = self.audio("output")?.get("voice")?;
        voice.as_str().or_else(|| voice.get("id")?.as_str())
    }

    /// What the client sends.
    pub fn input_format(&self) -> AudioFormat {
        self.format("input")
    }

    /// What the client hears.
    pub fn output_format(&self) -> AudioFormat {
        self.format("output")
    }

    /// Whether the client wants to read what the user said.
    pub fn wants_transcription(&self) -> bool {
        self.transcription().is_some()
    }

    /// The language that is spoken, as in ISO 639-1, if the client said so.
    pub fn language(&self) -> Option<&str> {
        self.transcription()?.get("language")?.as_str()
    }

    /// Who decides when the user is done speaking.
    pub fn turn_detection(&self) -> TurnDetection {
        let detection = self.audio("input").and_then(|input| input.get("turn_detection"));
        if detection.is_some_and(Value::is_null) {
            return TurnDetection::Client;
        }
        let millis = |name: &str| detection.and_then(|detection| detection.get(name)).and_then(Value::as_u64);
        let eagerness = detection.and_then(|detection| detection.get("eagerness")).and_then(Value::as_str);
        TurnDetection::Provider {
            silence_ms: millis("silence_duration_ms"),
            prefix_padding_ms: millis("prefix_padding_ms"),
            eagerness: eagerness.and_then(|eagerness| match eagerness {
                "low" => Some(0),
                "medium" => Some(1),
                "high" => Some(2),
                _ => None,
            }),
        }
    }

    /// The functions that the model may call.
    pub fn tools(&self) -> Vec<FunctionTool> {
        let tools = self.requested.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |tool: &Value, name: &str| tool.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        tools
            .iter()
            .filter(|tool| tool.get("type").and_then(Value::as_str) == Some("function"))
            .map(|tool| FunctionTool {
                name: text(tool, "name"),
                description: text(tool, "description"),
                parameters: match tool.get("parameters") {
                    Some(parameters) if parameters.is_object() => parameters.clone(),
                    _ => json!({"type": "object", "properties": {}}),
                },
            })
            .collect()
    }

    /// How many tokens a response may have, if the client said so.
    pub fn max_output_tokens(&self) -> Option<u64> {
        self.requested.get("max_output_tokens")?.as_u64()
    }

    fn transcription(&self) -> Option<&Value> {
        self.audio("input")?.get("transcription").filter(|transcription| transcription.is_object())
    }

    fn audio(&self, side: &str) -> Option<&Value> {
        self.requested.get("audio")?.get(side)
    }

    fn format(&self, side: &str) -> AudioFormat {
        let format = self.audio(side).and_then(|audio| audio.get("format"));
        format.and_then(read_format).unwrap_or(AudioFormat::PCM16_24KHZ)
    }
}

/// Reads `{type: "audio/pcm", rate}`, `{type: "audio/pcmu"}` or `{type: "audio/pcma"}`; at 8, 16, 24 or 48 kHz.
pub(crate) fn read_format(format: &Value) -> Option<AudioFormat> {
    match format.get("type")?.as_str()? {
        "audio/pcm" => {
            let rate = format.get("rate").map_or(Some(24_000), Value::as_u64)?;
            let is_offered = matches!(rate, 8_000 | 16_000 | 24_000 | 48_000);
            AudioFormat::pcm16(u32::try_from(rate).ok()?).filter(|_| is_offered)
        }
        "audio/pcmu" => Some(AudioFormat::ULAW),
        "audio/pcma" => Some(AudioFormat::ALAW),
        _ => None,
    }
}

/// Writes what [`read_format`] reads.
pub(crate) fn format_json(format: AudioFormat) -> Value {
    match format.encoding() {
        Encoding::Pcm16 => json!({"type": "audio/pcm", "rate": format.rate_hz()}),
        Encoding::Ulaw => json!({"type": "audio/pcmu"}),
        Encoding::Alaw => json!({"type": "audio/pcma"}),
    }
}

/// Takes over the members of the second into the first, into objects as deep as that.
fn merge(into: &mut Object, changed: &Object, depth: u32) {
    for (name, value) in changed {
        match (into.get_mut(name), value) {
            (Some(Value::Object(into)), Value::Object(changed)) if depth > 0 && is_section(name) => {
                merge(into, changed, depth - 1);
            }
            _ => {
                into.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The objects that are places for settings; every other object is one setting, replaced as a whole.
fn is_section(name: &str) -> bool {
    matches!(name, "audio" | "input" | "output")
}

/// Adds what OpenAI assumes to turn detection that was asked for in part: clients decide by `interrupt_response` whether
/// they cancel themselves what the user speaks into.
fn complete_turn_detection(session: &mut Object) {
    let input = session.get_mut("audio").and_then(|audio| audio.get_mut("input"));
    let Some(Value::Object(asked)) = input.and_then(|input| input.get_mut("turn_detection")) else { return };
    let kind = asked.get("type").and_then(Value::as_str).unwrap_or("server_vad");
    if let Value::Object(defaults) = turn_detection_defaults(kind) {
        for (name, value) in defaults {
            asked.entry(name).or_insert(value);
        }
    }
}

fn turn_detection_defaults(kind: &str) -> Value {
    match kind {
        "semantic_vad" => {
            json!({"type": kind, "eagerness": "auto", "create_response": true, "interrupt_response": true})
        }
        _ => json!({
            "type": kind, "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
            "create_response": true, "interrupt_response": true, "idle_timeout_ms": null,
        }),
    }
}

/// OpenAI's defaults.
fn defaults() -> Object {
    let format = json!({"type": "audio/pcm", "rate": 24_000});
    let detection = turn_detection_defaults("server_vad");
    let input = json!({"format": format, "transcription": null, "noise_reduction": null, "turn_detection": detection});
    let output = json!({"format": format, "speed": 1.0});
    let session = json!({
        "type": "realtime", "instructions": "", "output_modalities": ["audio"],
        "audio": {"input": input, "output": output},
        "tools": [], "tool_choice": "auto", "max_output_tokens": "inf",
        "truncation": "auto", "tracing": null, "prompt": null, "include": null,
    });
    match session {
        Value::Object(session) => session,
        _ => Object::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: &Value) -> Object {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn a_change_touches_what_it_names_and_nothing_else() {
        let mut settings = SessionSettings::new("gpt-realtime", object(&json!({"instructions": "Be brief."})));
        settings.change(&object(&json!({"audio": {"input": {"format": {"type": "audio/pcmu"}}}})));
        settings.change(&object(&json!({
            "model": "another",
            "audio": {"input": {"turn_detection": null}, "output": {"voice": {"id": "v1"}}},
        })));
        assert_eq!(settings.instructions(), Some("Be brief."));
        assert_eq!(settings.input_format(), AudioFormat::ULAW);
        assert_eq!(settings.output_format(), AudioFormat::PCM16_24KHZ);
        assert_eq!(settings.turn_detection(), TurnDetection::Client);
        assert_eq!(settings.voice(), Some("v1"));
        assert_eq!(settings.effective(None)["model"], "gpt-realtime");
        assert_eq!(settings.effective(None)["audio"]["input"]["turn_detection"], Value::Null);
    }

    #[test]
    fn turn_detection_that_was_asked_for_in_part_is_told_whole() {
        let mut settings = SessionSettings::new("m", Object::new());
        let asked = json!({"type": "semantic_vad", "interrupt_response": false});
        settings.change(&object(&json!({"audio": {"input": {"turn_detection": asked}}})));
        assert_eq!(
            settings.effective(None)["audio"]["input"]["turn_detection"],
            json!({
                "type": "semantic_vad", "eagerness": "auto", "create_response": true, "interrupt_response": false,
            })
        );
    }

    #[test]
    fn a_setting_that_is_an_object_is_replaced_as_a_whole() {
        let mut settings = SessionSettings::new("m", Object::new());
        let transcription = |value: Value| object(&json!({"audio": {"input": {"transcription": value}}}));
        settings.change(&transcription(json!({"model": "whisper-1", "language": "de"})));
        settings.change(&transcription(json!({"model": "gpt-4o-transcribe"})));
        assert_eq!((settings.wants_transcription(), settings.language()), (true, None));
    }
}
