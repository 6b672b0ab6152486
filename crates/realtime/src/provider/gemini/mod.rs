//! Gemini Live: `wss://generativelanguage.googleapis.com/ws/…BidiGenerateContent`.
//!
//! The first message sets everything up, once; what changes later takes a new connection, which goes on with the session
//! by its resumption handle, as it does when the server announces that it goes away. Input is PCM16 at 16 kHz, output at
//! 24 kHz. Messages are JSON, in text or binary frames.

mod decode;
mod encode;
mod setup;
mod usage;

use super::{Decoded, Encoded, Provider, Step, Traits, json};
use crate::Error;
use crate::audio::AudioFormat;
use crate::close::CloseMeaning;
use crate::ledger::EstimateRates;
use crate::model::{Command, Item, SessionSettings, TurnDetection};
use crate::transport::{Frame, Secret, SocketRequest};
use serde_json::Value;
use std::collections::HashSet;

const NAME: &str = "gemini";

/// How to reach the provider.
#[derive(Debug, Clone)]
pub struct GeminiConfig {
    /// `wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent`
    pub socket_url: String,
    /// The provider's key.
    pub api_key: Secret,
    /// The model, by Google's name, with `models/` or without.
    pub model: String,
    /// The voice, where the client names none that Gemini has.
    pub voice: Option<String>,
    /// Whether the model takes `contextUpdate`, by which instructions and tools change without a new connection.
    pub takes_context_updates: bool,
}

/// A connection to Gemini.
#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
#[derive(Debug, Clone)]
pub struct Gemini {
    config: GeminiConfig,
    /// The setup as it was sent, without what belongs to the connection.
    setup: Value,
    resume: Option<String>,
    history: Vec<Value>,
    /// The client brackets its speech itself.
    is_manual: bool,
    wants_text_only: bool,
    activity_is_open: bool,
    has_handle: bool,
    /// Nothing was said on this connection yet.
    is_fresh: bool,
    user: UserTurn,
    /// Audio was sent that no turn has answered yet.
    was_heard: bool,
    /// What the model says next answers a text or a function, not the user's voice.
    was_asked: bool,
    /// The model's turn has begun: what it says more of it tells nothing new of the user.
    model_is_speaking: bool,
    /// Calls that got their name here, since the model gave them none.
    nameless_calls: HashSet<String>,
    calls_made: u64,
}

/// Where the user's turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UserTurn {
    Silent,
    Speaking,
    /// Done speaking; its transcript may still arrive.
    Done,
}

impl Gemini {
    /// Makes a connection, not yet begun.
    pub fn new(config: GeminiConfig) -> Self {
        Self {
            config,
            setup: Value::Null,
            resume: None,
            history: Vec::new(),
            is_manual: false,
            wants_text_only: false,
            activity_is_open: false,
            has_handle: false,
            is_fresh: true,
            user: UserTurn::Silent,
            was_heard: false,
            was_asked: false,
            model_is_speaking: false,
            nameless_calls: HashSet::new(),
            calls_made: 0,
        }
    }
}

impl Provider for Gemini {
    fn name(&self) -> &'static str {
        NAME
    }

    fn traits(&self) -> Traits {
        Traits {
            waits_for_settings: true,
            keeps_conversation: false,
            usage_trails: true,
            reports_when_left: false,
            estimate: EstimateRates::GEMINI,
        }
    }

    fn connect(&mut self, settings: &SessionSettings, history: &[Item], resume: Option<&str>) -> Result<Step, Error> {
        if !self.config.socket_url.starts_with("wss://") && !self.config.socket_url.starts_with("ws://") {
            let reason = "the socket URL must begin with wss:// or ws://";
            return Err(Error::Configuration { provider: NAME, reason });
        }
        self.is_manual = settings.turn_detection() == TurnDetection::Client;
        self.wants_text_only = settings.wants_text_only();
        self.setup = setup::setup(&self.config, settings);
        self.resume = resume.map(str::to_owned);
        self.has_handle = resume.is_some();
        self.is_fresh = resume.is_none() && history.is_empty();
        // A session that goes on knows its history.
        let history = if resume.is_some() { &[] } else { history };
        self.history = history.iter().filter_map(|item| encode::turn(item).ok()).collect();
        // In a header, not in the URL: URLs are logged.
        let headers = vec![("x-goog-api-key", self.config.api_key.clone())];
        let url = Secret::new(self.config.socket_url.clone());
        Ok(Step::Open(SocketRequest { url, headers, subprotocols: Vec::new() }))
    }

    fn on_open(&mut self) -> Vec<Frame> {
        vec![setup::first_message(&self.setup, self.resume.as_deref(), !self.history.is_empty())]
    }

    fn input_format(&self) -> AudioFormat {
        AudioFormat::PCM16_16KHZ
    }

    fn encode(&mut self, command: Command, settings: &SessionSettings) -> Encoded {
        self.is_fresh &= matches!(command, Command::Configure { .. });
        self.command(command, settings)
    }

    fn can_reconnect(&self) -> bool {
        self.has_handle || self.is_fresh
    }

    fn decode(&mut self, frame: &Frame, _: u64) -> Result<Decoded, Error> {
        let message = json::object(NAME, frame)?;
        self.message(&message)
    }

    /// The reason is the only detail there is.
    fn on_close(&mut self, code: u16, reason: &str) -> CloseMeaning {
        let says = |text: &str| reason.to_ascii_lowercase().contains(text);
        match code {
            1008 | 1011 if says("session expired") || says("deadline expired") => CloseMeaning::SessionLimit,
            1008 | 1011 if says("resource_exhausted") || says("quota") => CloseMeaning::of_code(1013, reason),
            code => CloseMeaning::of_code(code, reason),
        }
    }

    fn another(&self) -> Box<dyn Provider> {
        let mut another = Self::new(self.config.clone());
        another.nameless_calls.clone_from(&self.nameless_calls);
        another.calls_made = self.calls_made;
        Box::new(another)
    }
}
