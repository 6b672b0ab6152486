//! Conduit's simple protocol, `conduit.realtime.v1`.
//!
//! The client sends PCM16 at 24 kHz, mono, in binary messages, or JSON:
//!
//! | message | meaning |
//! |---|---|
//! | `{type: "audio", data}`, `{type: "audio_frame", audio}` | audio, in base64 |
//! | `{type: "text_input", text}` | something the user wrote |
//! | `{type: "function_response", callId, output}` | what a function returned |
//! | `{type: "response_request", instructions?}` | the model is to respond |
//! | any event of OpenAI's protocol, GA or beta | the same as there |
//!
//! It is answered in JSON: `audio`, `transcription`, `text`, `function_call`, `error`, and `connected`, `sessionupdated`,
//! `turnstarted`, `interrupted`, `responsecomplete`, `turnended` with what happened in `data`.

use super::fields::{missing, one_of, optional_text, required_text};
use super::{ClientEvent, ClientMessage, ServerEvent, beta, openai};
use crate::identifiers::Identifiers;
use crate::model::{Object, Problem};
use crate::transport::Frame;
use serde_json::{Value, json};

const OWN: [&str; 5] = ["audio", "audio_frame", "text_input", "function_response", "response_request"];

/// Reads a client's message.
///
/// # Errors
///
/// What the client is told of it.
pub(super) fn read(frame: Frame) -> Result<ClientMessage, Problem> {
    let text = match frame {
        Frame::Binary(audio) => return Ok(own(ClientEvent::AppendAudio { audio })),
        Frame::Text(text) => text,
    };
    let message = openai::parse(&text)?;
    let kind = required_text(&message, "type", "")?;
    // OpenAI's events are the ones with a dot.
    if kind.contains('.') {
        return openai::read(beta::upgrade(message));
    }
    let event = match kind {
        "audio" | "audio_frame" => {
            let member = if kind == "audio" { "data" } else { "audio" };
            let audio = message.get(member).ok_or_else(|| missing(member))?;
            let append = json!({"type": "input_audio_buffer.append", "audio": audio});
            return openai::read(append.as_object().cloned().unwrap_or_default())
                .map_err(|problem| Problem { param: problem.param.map(|_| member.to_owned()), ..problem });
        }
        "text_input" => {
            let content = json!([{"type": "input_text", "text": required_text(&message, "text", "")?}]);
            create(&json!({"type": "message", "role": "user", "content": content}))
        }
        "function_response" => {
            let call_id = required_text(&message, "callId", "")?;
            let output = required_text(&message, "output", "")?;
            create(&json!({"type": "function_call_output", "call_id": call_id, "output": output}))
        }
        "response_request" => {
            let instructions = optional_text(&message, "instructions", "")?;
            let parameters = instructions.map(|text| ("instructions".to_owned(), text.into()));
            ClientEvent::CreateResponse { parameters: parameters.into_iter().collect() }
        }
        kind => return Err(one_of(kind, &OWN, "type").err().unwrap_or_else(|| missing("type"))),
    };
    Ok(own(event))
}

fn own(event: ClientEvent) -> ClientMessage {
    ClientMessage { event_id: None, event }
}

fn create(item: &Value) -> ClientEvent {
    let item = item.as_object().cloned().unwrap_or_default();
    ClientEvent::CreateItem { item, previous_item_id: None }
}

/// Writes an event. The order is OpenAI's, of which this shows a part.
pub(super) fn write(event: &ServerEvent, identifiers: &Identifiers) -> Vec<Value> {
    let data = |kind: &str, name: &str, mut data: Object| {
        data.insert("eventType".to_owned(), name.into());
        json!({"type": kind, "data": data})
    };
    let transcription = |text: &str, role: &str, is_final: bool| json!({"type": "transcription", "text": text, "role": role, "isFinal": is_final});
    match event {
        ServerEvent::Error { error } => {
            vec![json!({"type": "error", "message": error.message, "code": error.code})]
        }
        ServerEvent::SessionCreated { session } => {
            let mut fields = member("session", session.clone().into());
            fields.insert("sessionId".to_owned(), identifiers.session().into());
            vec![data("connected", "Connected", fields)]
        }
        ServerEvent::SessionUpdated { session } => {
            vec![data("sessionupdated", "SessionUpdated", member("session", session.clone().into()))]
        }
        ServerEvent::UserTranscriptDelta { delta, .. } => vec![transcription(delta, "user", false)],
        ServerEvent::UserTranscriptCompleted { transcript, .. } => vec![transcription(transcript, "user", true)],
        ServerEvent::ResponseCreated { response } => vec![data("turnstarted", "TurnStarted", turn(response))],
        ServerEvent::ResponseDone { response } => {
            let mut complete = turn(response);
            complete.insert("usage".to_owned(), usage(response));
            let mut messages = vec![data("responsecomplete", "ResponseComplete", complete)];
            if response.get("status_details").and_then(|details| details.get("reason")) == Some(&"turn_detected".into())
            {
                messages.insert(0, data("interrupted", "Interrupted", turn(response)));
            }
            messages.push(data("turnended", "TurnEnded", turn(response)));
            messages
        }
        ServerEvent::AudioDelta { delta, .. } => vec![json!({"type": "audio", "data": delta, "isComplete": false})],
        ServerEvent::AudioDone { .. } => vec![json!({"type": "audio", "data": null, "isComplete": true})],
        ServerEvent::TranscriptDelta { delta, .. } => vec![transcription(delta, "assistant", false)],
        ServerEvent::TranscriptDone { transcript, .. } => vec![transcription(transcript, "assistant", true)],
        ServerEvent::TextDelta { delta, .. } => vec![json!({"type": "text", "text": delta})],
        ServerEvent::ArgumentsDone { call_id, name, arguments, .. } => {
            vec![json!({"type": "function_call", "callId": call_id, "name": name, "arguments": arguments})]
        }
        _ => Vec::new(),
    }
}

fn member(name: &str, value: Value) -> Object {
    [(name.to_owned(), value)].into_iter().collect()
}

fn turn(response: &Object) -> Object {
    let field = |name: &str| response.get(name).cloned().unwrap_or(Value::Null);
    member("turn", json!({"turnId": field("id"), "status": field("status")}))
}

fn usage(response: &Object) -> Value {
    let count =
        |name: &str| response.get("usage").and_then(|usage| usage.get(name)).cloned().unwrap_or_else(|| 0.into());
    let output = response.get("output").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_call = |item: &&Value| item.get("type").is_some_and(|kind| kind == "function_call");
    json!({
        "inputTokens": count("input_tokens"),
        "outputTokens": count("output_tokens"),
        "totalTokens": count("total_tokens"),
        "functionCalls": output.iter().filter(is_call).count(),
    })
}
