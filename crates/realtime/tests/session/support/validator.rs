//! The order of events that a client of OpenAI's realtime protocol relies on. It panics where it is broken.

use serde_json::Value;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Clone)]
struct Part {
    content_index: u64,
    is_audio: bool,
    text: String,
    audio_done: bool,
    text_done: bool,
}

#[derive(Debug, Clone)]
struct OpenItem {
    id: String,
    kind: String,
    parts: u64,
    part: Option<Part>,
    arguments: String,
    arguments_done: bool,
}

#[derive(Debug, Clone, Default)]
struct Response {
    open: Option<OpenItem>,
    done_items: Vec<String>,
    is_out_of_band: bool,
}

/// Checks one event after another.
#[derive(Debug, Clone, Default)]
pub(crate) struct Validator {
    event_ids: HashSet<String>,
    is_created: bool,
    /// The item that speech is about, its start, and its end once it has one.
    speech: Option<(String, u64, Option<u64>)>,
    last_speech_end_ms: u64,
    /// Items in order, and whether they are done.
    items: Vec<String>,
    done: HashSet<String>,
    spoken: HashSet<String>,
    transcribed: HashSet<String>,
    responses: HashMap<String, Response>,
    finished: HashSet<String>,
    /// What must come next, if something must.
    next: Option<(&'static str, String)>,
}

impl Validator {
    pub(crate) fn check(&mut self, event: &Value) {
        let kind = event["type"].as_str().expect("a type").to_owned();
        let event_id = event["event_id"].as_str().expect("an event_id");
        assert!(self.event_ids.insert(event_id.to_owned()), "event_id twice: {event}");
        assert_eq!(self.is_created, kind != "session.created", "session.created is the first: {event}");
        if let Some((expected, item_id)) = self.next.take() {
            let id = event["item"]["id"].as_str();
            assert!(kind == expected && id == Some(&item_id), "expected {expected} of {item_id}: {event}");
        }
        match kind.as_str() {
            "session.created" => self.is_created = true,
            "session.updated" | "input_audio_buffer.cleared" => {}
            "error" => {
                assert!(event["error"]["type"].is_string() && event["error"]["message"].is_string(), "{event}");
            }
            "input_audio_buffer.speech_started" => self.speech_started(event),
            "input_audio_buffer.speech_stopped" => self.speech_stopped(event),
            "input_audio_buffer.committed" => self.committed(event),
            "conversation.item.added" => self.item_added(event),
            "conversation.item.done" => {
                let id = text(event, "/item/id");
                assert!(self.items.contains(&id), "done before added: {event}");
                let is_assistants = event["item"]["role"] == "assistant";
                assert!(self.done.insert(id) || is_assistants, "done twice: {event}");
            }
            "conversation.item.retrieved" => assert!(self.items.contains(&text(event, "/item/id")), "{event}"),
            "conversation.item.truncated" => assert!(self.items.contains(&text(event, "/item_id")), "{event}"),
            "conversation.item.deleted" => self.items.retain(|id| event["item_id"] != **id),
            "conversation.item.input_audio_transcription.delta" => {
                let id = text(event, "/item_id");
                assert!(self.spoken.contains(&id) && !self.transcribed.contains(&id), "{event}");
            }
            "conversation.item.input_audio_transcription.completed"
            | "conversation.item.input_audio_transcription.failed" => {
                let id = text(event, "/item_id");
                assert!(self.spoken.contains(&id) && self.transcribed.insert(id), "{event}");
            }
            "response.created" => self.response_created(event),
            "response.done" => self.response_done(event),
            "response.output_item.added" => self.output_item_added(event),
            "response.output_item.done" => self.output_item_done(event),
            "response.content_part.added" | "response.content_part.done" => self.content_part(event, &kind),
            "response.output_audio.delta" => {
                let part = self.part(event);
                assert!(part.is_audio && !part.audio_done, "{event}");
                assert!(!event["delta"].as_str().expect("audio").is_empty());
            }
            "response.output_audio.done" => {
                let part = self.part(event);
                assert!(part.is_audio && !std::mem::replace(&mut part.audio_done, true), "{event}");
            }
            "response.output_audio_transcript.delta" | "response.output_text.delta" => {
                let part = self.part(event);
                assert_eq!(part.is_audio, kind.contains("transcript"), "{event}");
                assert!(!part.text_done, "{event}");
                part.text.push_str(event["delta"].as_str().expect("text"));
            }
            "response.output_audio_transcript.done" | "response.output_text.done" => {
                let part = self.part(event);
                assert_eq!(part.is_audio, kind.contains("transcript"), "{event}");
                assert!(!std::mem::replace(&mut part.text_done, true), "{event}");
                part.text = text(event, if part.is_audio { "/transcript" } else { "/text" });
            }
            "response.function_call_arguments.delta" => {
                let item = self.open_item(event);
                assert!(item.kind == "function_call" && !item.arguments_done, "{event}");
                item.arguments.push_str(event["delta"].as_str().expect("arguments"));
            }
            "response.function_call_arguments.done" => {
                let item = self.open_item(event);
                assert!(item.kind == "function_call" && !item.arguments_done, "{event}");
                item.arguments_done = true;
                assert_eq!(item.arguments, text(event, "/arguments"), "{event}");
                assert!(event["name"].is_string() && event["call_id"].is_string(), "{event}");
            }
            // Events of OpenAI's own, which are passed on.
            kind => assert!(kind.contains("mcp") || kind.contains("timeout"), "unknown: {event}"),
        }
    }

    /// Nothing is left open.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.responses.is_empty() && self.next.is_none()
    }

    fn speech_started(&mut self, event: &Value) {
        let is_open = self.speech.as_ref().is_some_and(|(_, _, end)| end.is_none());
        assert!(!is_open, "speech in speech: {event}");
        let (id, start) = (text(event, "/item_id"), number(event, "/audio_start_ms"));
        assert!(!self.items.contains(&id), "speech of an item that there is: {event}");
        assert!(start >= self.last_speech_end_ms, "speech in the past: {event}");
        self.speech = Some((id, start, None));
    }

    fn speech_stopped(&mut self, event: &Value) {
        let (id, start, end) = self.speech.as_mut().expect("speech");
        assert!(end.is_none() && event["item_id"] == **id, "{event}");
        let stopped = number(event, "/audio_end_ms");
        assert!(stopped >= *start, "speech that ends before it starts: {event}");
        (*end, self.last_speech_end_ms) = (Some(stopped), stopped);
    }

    fn committed(&mut self, event: &Value) {
        let id = text(event, "/item_id");
        if let Some((speech, _, end)) = self.speech.take() {
            assert!(end.is_some() && speech == id, "committed while speaking, or something else: {event}");
        }
        assert!(!self.items.contains(&id), "committed twice: {event}");
        assert_eq!(event["previous_item_id"].as_str(), self.items.last().map(String::as_str), "{event}");
        self.spoken.insert(id.clone());
        self.next = Some(("conversation.item.added", id));
    }

    fn item_added(&mut self, event: &Value) {
        let id = text(event, "/item/id");
        assert_eq!(event["item"]["object"], "realtime.item");
        assert!(!self.items.contains(&id), "added twice: {event}");
        let previous = event["previous_item_id"].as_str();
        let place = match previous {
            None => 0,
            Some(previous) => 1 + self.items.iter().position(|id| id == previous).expect("the item before"),
        };
        self.items.insert(place, id);
    }

    fn response_created(&mut self, event: &Value) {
        let id = text(event, "/response/id");
        assert!(!self.finished.contains(&id), "created again: {event}");
        let is_out_of_band = event["response"]["conversation_id"].is_null();
        let is_other = |response: &Response| !response.is_out_of_band && !is_out_of_band;
        assert!(!self.responses.values().any(is_other), "a response in a response: {event}");
        assert_eq!(event["response"]["status"], "in_progress");
        assert_eq!(event["response"]["output"], serde_json::json!([]));
        self.responses.insert(id, Response { is_out_of_band, ..Response::default() });
    }

    fn response_done(&mut self, event: &Value) {
        let id = text(event, "/response/id");
        let response = self.responses.remove(&id).expect("a response");
        assert!(response.open.is_none(), "an item is open: {event}");
        let status = text(event, "/response/status");
        assert!(["completed", "cancelled", "incomplete", "failed"].contains(&status.as_str()), "{event}");
        assert_eq!(event["response"]["status_details"].is_null(), status == "completed", "{event}");
        let output = event["response"]["output"].as_array().expect("output");
        let ids: Vec<String> = output.iter().map(|item| text(item, "/id")).collect();
        assert_eq!(ids, response.done_items, "{event}");
        assert!(event["response"]["usage"].is_null() || event["response"]["usage"]["total_tokens"].is_u64());
        self.finished.insert(id);
    }

    fn output_item_added(&mut self, event: &Value) {
        let (id, kind) = (text(event, "/item/id"), text(event, "/item/type"));
        assert!(!self.items.contains(&id), "an item that there is: {event}");
        let response = self.responses.get_mut(&text(event, "/response_id")).expect("a response");
        assert!(response.open.is_none(), "an item in an item: {event}");
        assert_eq!(number(event, "/output_index"), response.done_items.len() as u64, "{event}");
        if !response.is_out_of_band {
            self.next = Some(("conversation.item.added", id.clone()));
        }
        let (parts, part, arguments, arguments_done) = (0, None, String::new(), false);
        response.open = Some(OpenItem { id, kind, parts, part, arguments, arguments_done });
    }

    fn output_item_done(&mut self, event: &Value) {
        let id = text(event, "/item/id");
        let response = self.responses.get_mut(&text(event, "/response_id")).expect("a response");
        let item = response.open.take().expect("an item");
        assert!(item.id == id && item.part.is_none(), "{event}");
        assert_eq!(number(event, "/output_index"), response.done_items.len() as u64, "{event}");
        match item.kind.as_str() {
            "message" => {
                assert_eq!(event["item"]["content"].as_array().map(Vec::len), Some(item.parts as usize), "{event}");
                assert!(event["item"]["status"] == "completed" || event["item"]["status"] == "incomplete");
            }
            "function_call" => {
                assert!(item.arguments_done && event["item"]["arguments"] == *item.arguments, "{event}");
            }
            _ => {}
        }
        response.done_items.push(id.clone());
        if !response.is_out_of_band {
            self.next = Some(("conversation.item.done", id));
        }
    }

    fn content_part(&mut self, event: &Value, kind: &str) {
        let content_index = number(event, "/content_index");
        let is_audio = event["part"]["type"] == "audio";
        let item = self.open_item(event);
        assert_eq!(item.kind, "message", "{event}");
        if kind.ends_with("added") {
            assert!(item.part.is_none() && content_index == item.parts, "{event}");
            let (text, audio_done, text_done) = (String::new(), false, false);
            item.part = Some(Part { content_index, is_audio, text, audio_done, text_done });
        } else {
            let part = item.part.take().expect("a part");
            assert_eq!((part.content_index, part.is_audio), (content_index, is_audio), "{event}");
            assert!(part.text_done && part.audio_done == is_audio, "{event}");
            assert_eq!(event["part"][if is_audio { "transcript" } else { "text" }], *part.text, "{event}");
            item.parts += 1;
        }
    }

    fn open_item(&mut self, event: &Value) -> &mut OpenItem {
        let response = self.responses.get_mut(&text(event, "/response_id")).expect("a response");
        assert_eq!(number(event, "/output_index"), response.done_items.len() as u64, "{event}");
        let item = response.open.as_mut().expect("an item");
        assert_eq!(event["item_id"], *item.id, "{event}");
        item
    }

    fn part(&mut self, event: &Value) -> &mut Part {
        let content_index = number(event, "/content_index");
        let part = self.open_item(event).part.as_mut().expect("a part");
        assert_eq!(part.content_index, content_index, "{event}");
        part
    }
}

fn text(event: &Value, pointer: &str) -> String {
    let value = event.pointer(pointer).and_then(Value::as_str);
    value.unwrap_or_else(|| panic!("no {pointer}: {event}")).to_owned()
}

fn number(event: &Value, pointer: &str) -> u64 {
    event.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {pointer}: {event}"))
}
