//! What is said to a client, in the terms of OpenAI's GA protocol.

use crate::model::{Item, Object, Problem};
use serde::Serialize;
use serde_json::Value;

/// Where in a response something is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The response.
    pub response_id: String,
    /// The item.
    pub item_id: String,
    /// Which item of the response it is, from 0.
    pub output_index: u64,
    /// Which part of the item it is, from 0; a function call has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_index: Option<u64>,
}

/// An event for the client. Members are named as on the wire.
#[allow(missing_docs, reason = "OpenAI's reference describes them")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type")]
pub enum ServerEvent {
    /// Something is wrong; hardly ever the end.
    #[serde(rename = "error")]
    Error { error: Problem },
    /// The first event of every session.
    #[serde(rename = "session.created")]
    SessionCreated { session: Object },
    /// The answer to `session.update`.
    #[serde(rename = "session.updated")]
    SessionUpdated { session: Object },
    /// The user began to speak: stop playing.
    #[serde(rename = "input_audio_buffer.speech_started")]
    SpeechStarted { audio_start_ms: u64, item_id: String },
    /// The user stopped speaking.
    #[serde(rename = "input_audio_buffer.speech_stopped")]
    SpeechStopped { audio_end_ms: u64, item_id: String },
    /// What the user said is an item.
    #[serde(rename = "input_audio_buffer.committed")]
    Committed { previous_item_id: Option<String>, item_id: String },
    /// The answer to `input_audio_buffer.clear`.
    #[serde(rename = "input_audio_buffer.cleared")]
    Cleared,
    /// An item is in the conversation.
    #[serde(rename = "conversation.item.added")]
    ItemAdded { previous_item_id: Option<String>, item: Item },
    /// An item is complete. It comes again where it turns out that less was said.
    #[serde(rename = "conversation.item.done")]
    ItemDone { previous_item_id: Option<String>, item: Item },
    /// The answer to `conversation.item.retrieve`.
    #[serde(rename = "conversation.item.retrieved")]
    ItemRetrieved { item: Item },
    /// The answer to `conversation.item.delete`.
    #[serde(rename = "conversation.item.deleted")]
    ItemDeleted { item_id: String },
    /// The answer to `conversation.item.truncate`.
    #[serde(rename = "conversation.item.truncated")]
    ItemTruncated { item_id: String, content_index: u64, audio_end_ms: u64 },
    /// More of what the user said.
    #[serde(rename = "conversation.item.input_audio_transcription.delta")]
    UserTranscriptDelta { item_id: String, content_index: u64, delta: String },
    /// All that the user said.
    #[serde(rename = "conversation.item.input_audio_transcription.completed")]
    UserTranscriptCompleted { item_id: String, content_index: u64, transcript: String, usage: Value },
    /// What the user said could not be put into words.
    #[serde(rename = "conversation.item.input_audio_transcription.failed")]
    UserTranscriptFailed { item_id: String, content_index: u64, error: Problem },
    /// A response begins.
    #[serde(rename = "response.created")]
    ResponseCreated { response: Object },
    /// A response is over.
    #[serde(rename = "response.done")]
    ResponseDone { response: Object },
    /// An item of the response begins.
    #[serde(rename = "response.output_item.added")]
    OutputItemAdded { response_id: String, output_index: u64, item: Item },
    /// An item of the response is complete.
    #[serde(rename = "response.output_item.done")]
    OutputItemDone { response_id: String, output_index: u64, item: Item },
    /// A part of an item begins.
    #[serde(rename = "response.content_part.added")]
    ContentPartAdded {
        #[serde(flatten)]
        place: Place,
        part: Value,
    },
    /// A part of an item is complete.
    #[serde(rename = "response.content_part.done")]
    ContentPartDone {
        #[serde(flatten)]
        place: Place,
        part: Value,
    },
    /// More text.
    #[serde(rename = "response.output_text.delta")]
    TextDelta {
        #[serde(flatten)]
        place: Place,
        delta: String,
    },
    /// All the text.
    #[serde(rename = "response.output_text.done")]
    TextDone {
        #[serde(flatten)]
        place: Place,
        text: String,
    },
    /// More audio, in base64.
    #[serde(rename = "response.output_audio.delta")]
    AudioDelta {
        #[serde(flatten)]
        place: Place,
        delta: String,
    },
    /// That was all the audio.
    #[serde(rename = "response.output_audio.done")]
    AudioDone {
        #[serde(flatten)]
        place: Place,
    },
    /// More words of the audio.
    #[serde(rename = "response.output_audio_transcript.delta")]
    TranscriptDelta {
        #[serde(flatten)]
        place: Place,
        delta: String,
    },
    /// All the words of the audio.
    #[serde(rename = "response.output_audio_transcript.done")]
    TranscriptDone {
        #[serde(flatten)]
        place: Place,
        transcript: String,
    },
    /// More arguments of a function.
    #[serde(rename = "response.function_call_arguments.delta")]
    ArgumentsDelta {
        #[serde(flatten)]
        place: Place,
        call_id: String,
        delta: String,
    },
    /// All arguments of a function.
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone {
        #[serde(flatten)]
        place: Place,
        call_id: String,
        name: String,
        arguments: String,
    },
    /// An event of OpenAI's own, as it came.
    #[serde(untagged)]
    Native(Object),
}
