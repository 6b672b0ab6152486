//! What a provider says, in no provider's words.

use super::{Item, Object, Problem, TokenUsage};
use crate::audio::AudioFormat;
use serde_json::Value;

/// Words that arrive bit by bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// The next bit.
    Piece(String),
    /// All of them so far, which may take back what was said before.
    SoFar(String),
    /// All of them, for good.
    Whole(String),
    /// There will be no more.
    End,
}

/// Something the model says or does.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Speech.
    Audio {
        /// Any number of bytes.
        bytes: Vec<u8>,
        /// Their format.
        format: AudioFormat,
    },
    /// The words of the speech.
    Transcript(Words),
    /// Text that is not spoken.
    Text(Words),
    /// A function is to be called.
    ToolCall {
        /// The provider's name of the call.
        call_id: String,
        /// The function.
        name: String,
        /// JSON.
        arguments: String,
    },
    /// An item of another kind, such as MCP's: as it begins, and as it is done.
    Other {
        /// The item.
        item: Object,
        /// Whether it is done.
        is_done: bool,
    },
}

/// How a response ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Completed,
    /// Cut short by a limit (`max_output_tokens`, `content_filter`).
    Incomplete {
        /// OpenAI's `status_details.reason`.
        reason: String,
    },
    /// By the user's voice (`turn_detected`) or by the client (`client_cancelled`).
    Cancelled {
        /// OpenAI's `status_details.reason`.
        reason: String,
    },
    /// By an error.
    Failed {
        /// What a program can tell it by.
        code: String,
        /// What a person can.
        message: String,
    },
}

/// An event from a provider. Names of responses and items are the provider's, where it has any.
#[derive(Debug, Clone, PartialEq)]
pub enum ProviderEvent {
    /// It listens from now on.
    Ready {
        /// Its name of the conversation.
        conversation_id: Option<String>,
        /// Its session object, if it is OpenAI's.
        session: Option<Object>,
        /// How long it will last, in milliseconds.
        lasts_millis: Option<u64>,
    },
    /// It took over changed settings.
    SettingsApplied {
        /// Its session object, if it is OpenAI's.
        session: Option<Object>,
    },
    /// The user began to speak.
    SpeechStarted {
        /// The item that it will be.
        item_id: Option<String>,
        /// Where in the audio of the session, in milliseconds; nothing means now.
        audio_start_ms: Option<u64>,
    },
    /// The user stopped speaking.
    SpeechStopped {
        /// Where in the audio of the session, in milliseconds; nothing means now.
        audio_end_ms: Option<u64>,
    },
    /// What the user said is an item of the conversation.
    Committed {
        /// The item.
        item_id: Option<String>,
    },
    /// The input buffer was cleared.
    BufferCleared,
    /// What the user said, in words.
    UserTranscript {
        /// The item; nothing means the one being said, or said last.
        item_id: Option<String>,
        /// The words.
        words: Words,
        /// OpenAI's `usage` of the transcription.
        usage: Option<Value>,
    },
    /// What the user said could not be put into words.
    UserTranscriptFailed {
        /// The item.
        item_id: Option<String>,
        /// Why.
        problem: Problem,
    },
    /// A response began.
    ResponseStarted {
        /// The response.
        response_id: Option<String>,
        /// What the client attached to it.
        metadata: Option<Object>,
        /// Whether it stays outside the conversation.
        is_out_of_band: bool,
    },
    /// The model says or does something.
    Output {
        /// The response; nothing means the one there is.
        response_id: Option<String>,
        /// The item; nothing means the one of this kind that there is.
        item_id: Option<String>,
        /// What it says or does.
        output: Output,
    },
    /// All audio of the response is there; words may still come.
    AudioComplete,
    /// A response ended.
    ResponseDone {
        /// The response; nothing means the one there is.
        response_id: Option<String>,
        /// How.
        outcome: Outcome,
        /// What it used, if that is known already.
        usage: Option<TokenUsage>,
    },
    /// The user's voice cut the response off.
    Interrupted,
    /// What was really said of the last response, after it was cut off.
    TranscriptCorrected {
        /// The words.
        text: String,
    },
    /// Functions need not be called any more.
    ToolCallsCancelled {
        /// The calls.
        call_ids: Vec<String>,
    },
    /// An item that the client created is in the conversation.
    ItemAdded {
        /// The item.
        item: Item,
    },
    /// What a response used, apart from its end.
    Usage(TokenUsage),
    /// The connection will be closed.
    GoingAway {
        /// In so many milliseconds.
        left_millis: u64,
    },
    /// With this handle the session can go on over another connection, until there is a later one.
    Resumption {
        /// The handle.
        handle: String,
    },
    /// Something is wrong. It ends nothing; what ends a session is a closed socket.
    Problem(Problem),
    /// An event of OpenAI's own that needs no translation; others drop it.
    Native(Object),
}
