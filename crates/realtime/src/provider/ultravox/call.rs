//! The REST request that makes a call.

use super::{MAX_CALL_SECONDS, UltravoxConfig};
use crate::audio::AudioFormat;
use crate::model::{FunctionTool, Item, ItemKind, Object, SessionSettings, TurnDetection};
use crate::provider::{json, voices};
use serde_json::{Value, json};

/// How much audio Ultravox may be ahead of what is played, in milliseconds.
const CLIENT_BUFFER_MILLIS: u32 = 30_000;

/// The format of the call for what the client speaks: PCM16 at the client's rate.
pub(super) fn format(client: AudioFormat) -> AudioFormat {
    AudioFormat::pcm16(client.rate_hz()).unwrap_or(AudioFormat::PCM16_24KHZ)
}

pub(super) fn body(config: &UltravoxConfig, settings: &SessionSettings, history: &[Item]) -> Value {
    let mut body = json!({
        "medium": {"serverWebSocket": {
            "inputSampleRate": format(settings.input_format()).rate_hz(),
            "outputSampleRate": format(settings.output_format()).rate_hz(),
            "clientBufferSizeMs": CLIENT_BUFFER_MILLIS,
        }},
        "initialOutputMedium": medium(settings.wants_text_only(), "MESSAGE_MEDIUM_TEXT", "MESSAGE_MEDIUM_VOICE"),
        "maxDuration": format!("{MAX_CALL_SECONDS}s"),
        // The user speaks first, as with OpenAI.
        "firstSpeakerSettings": {"user": {}},
    });
    // An agent has all that follows already.
    if config.agent_id.is_some() {
        return body;
    }
    json::set(&mut body, "model", config.model.as_str());
    if let Some(instructions) = settings.instructions() {
        json::set(&mut body, "systemPrompt", instructions);
    }
    if let Some(voice) = settings.voice().and_then(voices::foreign).or(config.voice.as_deref()) {
        json::set(&mut body, "voice", voice);
    }
    if let Some(language) = settings.language() {
        json::set(&mut body, "languageHint", language);
    }
    if let TurnDetection::Provider { silence_ms: Some(millis), .. } = settings.turn_detection() {
        json::set(
            &mut body,
            "vadSettings",
            json!({"turnEndpointDelay": format!("{}.{:03}s", millis / 1_000, millis % 1_000)}),
        );
    }
    let tools: Vec<Value> = settings.tools().iter().map(tool).collect();
    if !tools.is_empty() {
        json::set(&mut body, "selectedTools", tools);
    }
    let messages: Vec<Value> = history.iter().filter_map(message).collect();
    if !messages.is_empty() {
        json::set(&mut body, "initialMessages", messages);
    }
    body
}

pub(super) fn medium<'a>(is_text: bool, text: &'a str, voice: &'a str) -> &'a str {
    if is_text { text } else { voice }
}

fn message(item: &Item) -> Option<Value> {
    let ItemKind::Message { role, text, .. } = item.kind() else { return None };
    let role = if role == "assistant" { "MESSAGE_ROLE_AGENT" } else { "MESSAGE_ROLE_USER" };
    (!text.is_empty()).then(|| json!({"role": role, "text": text, "medium": "MESSAGE_MEDIUM_TEXT"}))
}

/// A tool that the client runs; each property of its schema is a parameter.
fn tool(tool: &FunctionTool) -> Value {
    let properties = tool.parameters.get("properties").and_then(Value::as_object);
    let required = tool.parameters.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let parameters: Vec<Value> = properties
        .unwrap_or(&Object::new())
        .iter()
        .map(|(name, schema)| {
            json!({
                "name": name,
                "location": "PARAMETER_LOCATION_BODY",
                "schema": schema,
                "required": required.iter().any(|required| required == name),
            })
        })
        .collect();
    json!({"temporaryTool": {
        "modelToolName": tool.name,
        "description": tool.description,
        "dynamicParameters": parameters,
        "client": {},
        // The most there is: the conversation stands still until the client's result arrives.
        "timeout": "40s",
    }})
}
