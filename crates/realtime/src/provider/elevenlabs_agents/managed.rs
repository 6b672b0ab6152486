//! Agents that the gateway keeps: one for each set of tools and formats, with a name made of their fingerprint, so that
//! an agent that is found by its name is as it must be.

use super::json;
use crate::audio::{AudioFormat, Encoding};
use crate::model::{FunctionTool, Object, SessionSettings, TurnDetection};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How deep the schema of a tool may be; deeper parts are left out.
const MAX_SCHEMA_DEPTH: u32 = 12;

/// Which events the socket is to send.
const CLIENT_EVENTS: [&str; 12] = [
    "conversation_initiation_metadata",
    "ping",
    "audio",
    "interruption",
    "user_transcript",
    "tentative_user_transcript",
    "agent_response",
    "agent_response_correction",
    "agent_response_complete",
    "agent_chat_response_part",
    "client_tool_call",
    "vad_score",
];

/// An agent as it must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ManagedAgent {
    name: String,
    configuration: Value,
}

impl ManagedAgent {
    pub(super) fn new(settings: &SessionSettings, llm: Option<&str>) -> Self {
        let tools: Vec<Value> = sorted(settings.tools()).iter().map(tool).collect();
        let mut prompt = json!({"prompt": "You are a helpful assistant.", "tools": tools});
        if let Some(llm) = llm {
            json::set(&mut prompt, "llm", llm);
        }
        let mut configuration = json!({
            "agent": {"first_message": "", "language": "en", "prompt": prompt},
            "asr": {"user_input_audio_format": format_name(settings.input_format(), 16_000)},
            "tts": {"agent_output_audio_format": format_name(settings.output_format(), 24_000)},
            "conversation": {"client_events": CLIENT_EVENTS},
        });
        if let TurnDetection::Provider { eagerness: Some(eagerness), .. } = settings.turn_detection() {
            let eagerness = match eagerness {
                0 => "patient",
                1 => "normal",
                _ => "eager",
            };
            json::set(&mut configuration, "turn", json!({"turn_eagerness": eagerness}));
        }
        let name = format!("conduit-edge {}", fingerprint(&configuration));
        Self { name, configuration }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its id in the answer to a search for its name, which may list others too.
    pub(super) fn find(&self, body: &Object) -> Option<String> {
        let agents = body.get("agents")?.as_array()?;
        let agent = agents.iter().find(|agent| agent.get("name").and_then(Value::as_str) == Some(&self.name))?;
        json::name(agent.as_object()?, "agent_id")
    }

    /// The request that makes it. What a session may override must be allowed here, or the session ends.
    pub(super) fn into_body(self) -> Value {
        let overrides = json!({
            "agent": {"prompt": {"prompt": true}, "first_message": true, "language": true},
            "tts": {"voice_id": true},
            "conversation": {"text_only": true},
        });
        json!({
            "name": self.name,
            "conversation_config": self.configuration,
            "platform_settings": {"overrides": {"conversation_config_override": overrides}},
        })
    }
}

fn sorted(mut tools: Vec<FunctionTool>) -> Vec<FunctionTool> {
    tools.sort_by(|first, second| first.name.cmp(&second.name));
    tools
}

/// The agent's format that suits the client's: G.711 µ-law as it is, PCM at the rate that suits speech.
fn format_name(client: AudioFormat, rate_hz: u32) -> String {
    match client.encoding() {
        Encoding::Ulaw => "ulaw_8000".to_owned(),
        _ => format!("pcm_{rate_hz}"),
    }
}

fn tool(tool: &FunctionTool) -> Value {
    json!({
        "type": "client",
        "name": tool.name,
        "description": if tool.description.is_empty() { &tool.name } else { &tool.description },
        "expects_response": true,
        "parameters": schema(&tool.parameters, &tool.name, 0),
    })
}

/// A schema as ElevenLabs takes it: only what it knows, `enum` on strings only, and a description on every leaf.
fn schema(original: &Value, name: &str, depth: u32) -> Value {
    let text = |member: &str| original.get(member).and_then(Value::as_str);
    let kind = text("type").unwrap_or("string");
    let mut description = text("description").unwrap_or(name).to_owned();
    let mut written = json!({"type": kind});
    if depth == MAX_SCHEMA_DEPTH {
        return json!({"type": "string", "description": description});
    }
    match kind {
        "object" => {
            let properties = original.get("properties").and_then(Value::as_object);
            let properties: Object = properties
                .into_iter()
                .flatten()
                .map(|(name, property)| (name.clone(), schema(property, name, depth + 1)))
                .collect();
            json::set(&mut written, "properties", properties);
            if let Some(required @ Value::Array(_)) = original.get("required") {
                json::set(&mut written, "required", required.clone());
            }
        }
        "array" => {
            json::set(&mut written, "items", schema(original.get("items").unwrap_or(&Value::Null), name, depth + 1));
        }
        _ => match original.get("enum").and_then(Value::as_array) {
            Some(values) if values.iter().all(Value::is_string) => json::set(&mut written, "enum", values.clone()),
            Some(values) => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                description = format!("{description} (one of {})", values.join(", "));
            }
            None => {}
        },
    }
    json::set(&mut written, "description", description);
    written
}

/// The first 64 bits of the hash of its JSON, with members in alphabetical order.
fn fingerprint(value: &Value) -> String {
    let mut canonical = String::new();
    write_canonical(value, &mut canonical);
    let digest = Sha256::digest(canonical.as_bytes());
    let bits = digest.iter().take(8).fold(0_u64, |bits, &byte| (bits << 8) | u64::from(byte));
    format!("{bits:016x}")
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            text.push('{');
            for name in names {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                members.get(name).into_iter().for_each(|value| write_canonical(value, text));
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                write_canonical(value, text);
                text.push(',');
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(tools: &Value) -> SessionSettings {
        let mut settings = SessionSettings::new("m", Object::new());
        settings.change(json!({"tools": tools, "instructions": "x"}).as_object().expect("an object"));
        settings
    }

    #[test]
    fn an_agent_is_the_same_for_the_same_tools_in_any_order_and_another_for_others() {
        let first = json!({"type": "function", "name": "a", "parameters": {"type": "object", "properties": {}}});
        let second = json!({"type": "function", "name": "b", "description": "B"});
        let name = |tools: Value| ManagedAgent::new(&settings(&tools), None).name;
        assert_eq!(name(json!([first, second])), name(json!([second, first])));
        assert_ne!(name(json!([first])), name(json!([second])));
        assert_eq!(name(json!([])).len(), "conduit-edge ".len() + 16);
    }

    #[test]
    fn a_schema_keeps_only_what_elevenlabs_takes() {
        let original = json!({
            "type": "object", "additionalProperties": false, "required": ["unit"],
            "properties": {
                "unit": {"type": "string", "enum": ["c", "f"]},
                "days": {"type": "integer", "enum": [1, 7], "minimum": 1},
                "tags": {"type": "array", "items": {"$ref": "#/x"}},
            },
        });
        assert_eq!(
            schema(&original, "forecast", 0),
            json!({
                "type": "object", "description": "forecast", "required": ["unit"],
                "properties": {
                    "unit": {"type": "string", "enum": ["c", "f"], "description": "unit"},
                    "days": {"type": "integer", "description": "days (one of 1, 7)"},
                    "tags": {
                        "type": "array", "description": "tags",
                        "items": {"type": "string", "description": "tags"},
                    },
                },
            })
        );
    }
}
