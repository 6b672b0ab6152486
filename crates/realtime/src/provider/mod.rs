//! Providers: how each is reached, what is said to it, and what it means by its answers.
//!
//! | provider | module | connects | conversation |
//! |---|---|---|---|
//! | OpenAI Realtime (GA) | [`openai`] | at once | is the provider's: it names items and acknowledges |
//! | ElevenLabs' OpenAI-compatible door | [`openai`], with [`Dialect::ElevenLabs`](openai::Dialect) | at once | likewise |
//! | ElevenLabs Agents | [`elevenlabs_agents`] | when the settings are known | is the session's |
//! | Gemini Live | [`gemini`] | when the settings are known | is the session's |
//! | Ultravox | [`ultravox`] | when the settings are known, after a REST call | is the session's |
//!
//! A [`Provider`] is one connection: it encodes commands, decodes frames, and keeps what its protocol makes it keep. It
//! promises nothing about the order of its events; that is the [session](crate::session)'s task.

pub mod elevenlabs_agents;
pub mod gemini;
mod json;
pub mod openai;
mod quiet;
mod told;
pub mod ultravox;
mod voices;

use crate::Error;
use crate::audio::AudioFormat;
use crate::close::CloseMeaning;
use crate::model::{Command, Item, Problem, ProviderEvent, SessionSettings};
use crate::transport::{Frame, HttpRequest, HttpResponse, Method, SocketRequest};
use std::fmt;

/// What a provider is like.
#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traits {
    /// Whether it must know the settings before it can be connected to, since it takes them only once.
    pub waits_for_settings: bool,
    /// Whether it keeps the conversation's items by name, and acknowledges commits, items and cancellations itself.
    pub keeps_conversation: bool,
    /// Whether usage may come after the end of its response.
    pub usage_trails: bool,
    /// Whether [`Command::Leave`] makes it say what the response that is cut off has used.
    pub reports_when_left: bool,
    /// What is assumed where no usage arrives.
    pub estimate: crate::ledger::EstimateRates,
}

/// The next step on the way to an open socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send this, and hand over what comes back.
    Call(HttpRequest),
    /// Open this socket.
    Open(SocketRequest),
}

/// A command in the provider's words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Encoded {
    /// To be sent, in order.
    pub frames: Vec<Frame>,
    /// What of it the provider cannot do.
    pub problems: Vec<Problem>,
    /// Whether it takes a new connection, made with the settings as they are now and the old one's resumption handle, as
    /// soon as the provider [can](Provider::can_reconnect).
    pub needs_reconnection: bool,
}

impl Encoded {
    fn frames(frames: Vec<Frame>) -> Self {
        Self { frames, ..Self::default() }
    }

    fn problem(problem: Problem) -> Self {
        Self { problems: vec![problem], ..Self::default() }
    }
}

/// What a frame meant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// What happened, in order.
    pub events: Vec<ProviderEvent>,
    /// What the provider's protocol wants answered at once, such as a ping.
    pub replies: Vec<Frame>,
}

/// What a provider says of a call's usage after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageAnswer {
    /// The call's duration as it is billed, in milliseconds.
    Duration {
        /// Milliseconds.
        millis: u64,
    },
    /// Not known yet: ask again later.
    NotYet,
    /// There will be none.
    Nothing,
}

/// One connection to a provider.
///
/// Times are Unix time in milliseconds, as `Date.now()` gives it.
pub trait Provider: fmt::Debug + Send {
    /// Its name, for messages and statistics.
    fn name(&self) -> &'static str;

    /// What it is like.
    fn traits(&self) -> Traits;

    /// Begins to connect. `history` is what was said before, for a provider that takes it with its settings; `resume` is
    /// the handle of a session to go on with.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`]: it can never be reached like this.
    fn connect(&mut self, settings: &SessionSettings, history: &[Item], resume: Option<&str>) -> Result<Step, Error>;

    /// Goes on after a [`Step::Call`] was answered.
    ///
    /// # Errors
    ///
    /// The answer is a refusal, or cannot be read.
    fn on_response(&mut self, response: &HttpResponse) -> Result<Step, Error> {
        Err(refused(self.name(), response))
    }

    /// What to send first on the open socket.
    fn on_open(&mut self) -> Vec<Frame>;

    /// What [`Command::AppendAudio`] must carry.
    fn input_format(&self) -> AudioFormat;

    /// Puts a command into the provider's words.
    fn encode(&mut self, command: Command, settings: &SessionSettings) -> Encoded;

    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`]: the frame cannot be read. The next one may be.
    fn decode(&mut self, frame: &Frame, now_millis: u64) -> Result<Decoded, Error>;

    /// When [`on_tick`](Self::on_tick) has something to do.
    fn next_tick_millis(&self) -> Option<u64> {
        None
    }

    /// Does what time alone makes necessary.
    fn on_tick(&mut self, _now_millis: u64) -> Decoded {
        Decoded::default()
    }

    /// Whether [`Encoded::needs_reconnection`] can be done now: nothing would be lost.
    fn can_reconnect(&self) -> bool {
        false
    }

    /// What its closing the socket means.
    fn on_close(&mut self, code: u16, reason: &str) -> CloseMeaning {
        CloseMeaning::of_code(code, reason)
    }

    /// The request that tells, after the call, what the provider bills, if it does not say so during the call.
    fn usage_inquiry(&self) -> Option<HttpRequest> {
        None
    }

    /// The same request, of a call that another connection made: its address is known, its headers hold the key.
    fn usage_inquiry_at(&self, url: &str) -> HttpRequest {
        HttpRequest { method: Method::Get, url: url.to_owned(), headers: Vec::new(), body: None }
    }

    /// Reads the answer to [`usage_inquiry`](Self::usage_inquiry).
    fn usage_answer(&self, _response: &HttpResponse) -> UsageAnswer {
        UsageAnswer::Nothing
    }

    /// Another connection of the same configuration, not yet begun. It knows the calls that are still to be answered.
    fn another(&self) -> Box<dyn Provider>;
}

/// The refusal in an answer, with the message that it has in one of the usual places.
fn refused(provider: &'static str, response: &HttpResponse) -> Error {
    Error::Refused { provider, status: response.status, message: json::error_message(&response.body) }
}

/// The message in the body of a refusal.
pub(crate) fn refusal_message(body: &str) -> String {
    json::error_message(body)
}

/// Appends path and query to a base URL.
fn url(base: &str, path: &str, query: &[(&str, &str)]) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let mut url = format!("{}{path}", base.trim_end_matches('/'));
    for (name, value) in query {
        let separator = if url.contains('?') { '&' } else { '?' };
        url.push(separator);
        url.push_str(name);
        url.push('=');
        url.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    url
}
