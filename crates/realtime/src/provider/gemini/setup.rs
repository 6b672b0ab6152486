//! The message that sets a session up.

use super::GeminiConfig;
use crate::model::{SessionSettings, TurnDetection};
use crate::provider::{json, voices};
use crate::transport::Frame;
use serde_json::{Value, json};

/// What the settings make of the setup. A later change is one where this comes out differently.
pub(super) fn setup(config: &GeminiConfig, settings: &SessionSettings) -> Value {
    let model = match config.model.as_str() {
        model if model.starts_with("models/") || model.starts_with("projects/") => model.to_owned(),
        model => format!("models/{model}"),
    };
    let mut generation = json!({"responseModalities": [if settings.wants_text_only() { "TEXT" } else { "AUDIO" }]});
    if let Some(limit) = settings.max_output_tokens() {
        json::set(&mut generation, "maxOutputTokens", limit);
    }
    if let Some(voice) = settings.voice().and_then(voices::foreign).or(config.voice.as_deref()) {
        json::set(
            &mut generation,
            "speechConfig",
            json!({"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}),
        );
    }
    let mut setup = json!({
        "model": model,
        "generationConfig": generation,
        "realtimeInputConfig": {"automaticActivityDetection": activity_detection(settings.turn_detection())},
        "contextWindowCompression": {"slidingWindow": {}},
        "inputAudioTranscription": {},
    });
    if !settings.wants_text_only() {
        json::set(&mut setup, "outputAudioTranscription", json!({}));
    }
    if let Some(instruction) = system_instruction(settings) {
        json::set(&mut setup, "systemInstruction", instruction);
    }
    if let Some(tools) = tools(settings) {
        json::set(&mut setup, "tools", tools);
    }
    setup
}

/// The setup with what belongs to this connection.
pub(super) fn first_message(setup: &Value, resume: Option<&str>, has_history: bool) -> Frame {
    let mut setup = setup.clone();
    json::set(&mut setup, "sessionResumption", resume.map_or_else(|| json!({}), |handle| json!({"handle": handle})));
    if has_history {
        json::set(&mut setup, "historyConfig", json!({"initialHistoryInClientContent": true}));
    }
    Frame::json(&json!({"setup": setup}))
}

pub(super) fn system_instruction(settings: &SessionSettings) -> Option<Value> {
    settings.instructions().map(|text| json!({"parts": [{"text": text}]}))
}

pub(super) fn tools(settings: &SessionSettings) -> Option<Value> {
    let declarations: Vec<Value> = settings
        .tools()
        .into_iter()
        .map(
            |tool| json!({"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters}),
        )
        .collect();
    (!declarations.is_empty()).then(|| json!([{"functionDeclarations": declarations}]))
}

/// Beside `disabled` there may be nothing else: the server closes with 1007.
fn activity_detection(detection: TurnDetection) -> Value {
    let TurnDetection::Provider { silence_ms, prefix_padding_ms, eagerness } = detection else {
        return json!({"disabled": true});
    };
    let mut written = json!({});
    if let Some(millis) = silence_ms {
        json::set(&mut written, "silenceDurationMs", millis);
    }
    if let Some(millis) = prefix_padding_ms {
        json::set(&mut written, "prefixPaddingMs", millis);
    }
    match eagerness {
        Some(0) => json::set(&mut written, "endOfSpeechSensitivity", "END_SENSITIVITY_LOW"),
        Some(2) => json::set(&mut written, "endOfSpeechSensitivity", "END_SENSITIVITY_HIGH"),
        _ => {}
    }
    written
}
