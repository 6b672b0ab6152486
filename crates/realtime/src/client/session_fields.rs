//! The session object that a client sends, and the parameters of a response.
//!
//! What is known is checked. What is not is passed on: a provider that speaks OpenAI's protocol may know it.

use super::fields::{
    invalid, join, missing, one_of, optional_array, optional_object, optional_text, required_text, unknown, wrong_type,
};
use crate::model::{Object, Problem, read_format};
use serde_json::Value;

/// How many tools a session may have.
const MAX_TOOLS: usize = 128;
/// The most tokens that OpenAI allows in a response.
const MAX_OUTPUT_TOKENS: u64 = 4_096;

/// Fields of the beta that the GA protocol has elsewhere or nowhere.
const BETA_FIELDS: [&str; 9] = [
    "input_audio_format",
    "input_audio_noise_reduction",
    "input_audio_transcription",
    "max_response_output_tokens",
    "modalities",
    "output_audio_format",
    "temperature",
    "turn_detection",
    "voice",
];

/// Checks the `session` of `session.update`.
pub(super) fn check_session(session: &Object) -> Result<(), Problem> {
    let path = "session";
    match required_text(session, "type", path)? {
        "transcription" => {
            let why = "only sessions of type 'realtime' are served here";
            return Err(invalid("session.type", why));
        }
        kind => one_of(kind, &["realtime"], "session.type")?,
    }
    if let Some(field) = BETA_FIELDS.iter().find(|field| session.contains_key(**field)) {
        return Err(unknown(&join(path, field)));
    }
    check_shared(session, path)?;
    if let Some(audio) = optional_object(session, "audio", path)?
        && let Some(input) = optional_object(audio, "input", "session.audio")?
    {
        check_input(input)?;
    }
    Ok(())
}

/// Checks the `response` of `response.create`.
pub(super) fn check_response(parameters: &Object) -> Result<(), Problem> {
    optional_array(parameters, "input", "response")?;
    optional_text(parameters, "conversation", "response")?;
    optional_object(parameters, "metadata", "response")?;
    check_shared(parameters, "response")
}

/// What a session and a response have in common.
fn check_shared(fields: &Object, path: &str) -> Result<(), Problem> {
    optional_text(fields, "instructions", path)?;
    if let Some(modalities) = optional_array(fields, "output_modalities", path)? {
        let path = join(path, "output_modalities");
        match modalities {
            [Value::String(modality)] => one_of(modality, &["audio", "text"], &path)?,
            _ => return Err(invalid(&path, "must be [\"audio\"] or [\"text\"]")),
        }
    }
    if let Some(tools) = optional_array(fields, "tools", path)? {
        check_tools(tools, &join(path, "tools"))?;
    }
    match fields.get("tool_choice") {
        None | Some(Value::Null | Value::String(_) | Value::Object(_)) => {}
        Some(other) => return Err(wrong_type(&join(path, "tool_choice"), "a string or an object", other)),
    }
    match fields.get("max_output_tokens") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) if text == "inf" => {}
        Some(limit) if limit.as_u64().is_some_and(|limit| (1..=MAX_OUTPUT_TOKENS).contains(&limit)) => {}
        Some(_) => return Err(invalid(&join(path, "max_output_tokens"), "must be from 1 to 4096, or \"inf\"")),
    }
    if let Some(audio) = optional_object(fields, "audio", path)? {
        let path = join(path, "audio");
        if let Some(output) = optional_object(audio, "output", &path)? {
            check_output(output, &join(&path, "output"))?;
        }
    }
    Ok(())
}

fn check_tools(tools: &[Value], path: &str) -> Result<(), Problem> {
    if tools.len() > MAX_TOOLS {
        return Err(invalid(path, "must have 128 tools at the most"));
    }
    for (index, tool) in tools.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let tool = tool.as_object().ok_or_else(|| wrong_type(&path, "an object", tool))?;
        if required_text(tool, "type", &path)? == "function" {
            if required_text(tool, "name", &path)?.is_empty() {
                return Err(missing(&join(&path, "name")));
            }
            optional_text(tool, "description", &path)?;
            optional_object(tool, "parameters", &path)?;
        }
    }
    Ok(())
}

fn check_input(input: &Object) -> Result<(), Problem> {
    let path = "session.audio.input";
    check_format(input, path)?;
    optional_object(input, "noise_reduction", path)?;
    if let Some(transcription) = optional_object(input, "transcription", path)? {
        optional_text(transcription, "model", "session.audio.input.transcription")?;
        optional_text(transcription, "language", "session.audio.input.transcription")?;
    }
    let Some(detection) = optional_object(input, "turn_detection", path)? else { return Ok(()) };
    let path = join(path, "turn_detection");
    one_of(required_text(detection, "type", &path)?, &["server_vad", "semantic_vad"], &join(&path, "type"))?;
    for name in ["silence_duration_ms", "prefix_padding_ms"] {
        match detection.get(name) {
            None | Some(Value::Null) => {}
            Some(millis) if millis.as_u64().is_some_and(|millis| millis <= 60_000) => {}
            Some(_) => return Err(invalid(&join(&path, name), "must be an integer from 0 to 60000")),
        }
    }
    optional_text(detection, "eagerness", &path)?;
    Ok(())
}

fn check_output(output: &Object, path: &str) -> Result<(), Problem> {
    check_format(output, path)?;
    match output.get("voice") {
        None | Some(Value::Null | Value::String(_)) => {}
        Some(Value::Object(voice)) => {
            required_text(voice, "id", &join(path, "voice"))?;
        }
        Some(other) => return Err(wrong_type(&join(path, "voice"), "a string or an object", other)),
    }
    match output.get("speed") {
        None | Some(Value::Null) => Ok(()),
        Some(speed) if speed.as_f64().is_some_and(|speed| (0.25..=1.5).contains(&speed)) => Ok(()),
        Some(_) => Err(invalid(&join(path, "speed"), "must be from 0.25 to 1.5")),
    }
}

fn check_format(section: &Object, path: &str) -> Result<(), Problem> {
    match section.get("format") {
        None | Some(Value::Null) => Ok(()),
        Some(format) if read_format(format).is_some() => Ok(()),
        Some(_) => {
            let why = "must be {\"type\": \"audio/pcm\"} with a rate of 8000, 16000, 24000 (the default) or 48000, \
                       {\"type\": \"audio/pcmu\"} or {\"type\": \"audio/pcma\"}";
            Err(invalid(&join(path, "format"), why))
        }
    }
}
