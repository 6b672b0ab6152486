//! OpenAI's realtime protocol (GA), and ElevenLabs' door that speaks it with an accent.
//!
//! `wss://…/realtime?model=M`, with the key as bearer (OpenAI) or `xi-api-key` (ElevenLabs). The provider names items and
//! responses, and acknowledges what it is told; all that passes unchanged. Audio is PCM16 at 24 kHz or G.711.

mod decode;
mod dialect;
mod encode;

pub use dialect::Dialect;

use super::{Decoded, Encoded, Provider, Step, Traits, json, url};
use crate::Error;
use crate::audio::AudioFormat;
use crate::close::CloseMeaning;
use crate::ledger::EstimateRates;
use crate::model::{Command, Item, Object, ProblemKind, SessionSettings};
use crate::transport::{Frame, Secret, SocketRequest};
use std::collections::VecDeque;

/// How to reach the provider.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// Whose door it is.
    pub dialect: Dialect,
    /// `wss://api.openai.com/v1/realtime`, `wss://api.elevenlabs.io/v1/convai/realtime`, or another.
    pub socket_url: String,
    /// The provider's key.
    pub api_key: Secret,
    /// The model, by the provider's name.
    pub model: String,
    /// Further headers, such as `OpenAI-Organization`.
    pub headers: Vec<(&'static str, Secret)>,
}

/// A connection that speaks OpenAI's protocol.
#[derive(Debug, Clone)]
pub struct OpenAi {
    config: OpenAiConfig,
    input_format: AudioFormat,
    output_format: AudioFormat,
    /// What the first `session.update` will say.
    setup: Object,
    /// `session.updated` still to come for updates that no client asked for.
    own_updates: u32,
    /// Items that a response has announced: they need no announcement of their own. The latest of them.
    response_items: VecDeque<String>,
    /// The last error, which a close may follow.
    last_error: Option<(ProblemKind, String)>,
}

impl OpenAi {
    /// Makes a connection, not yet begun.
    pub fn new(config: OpenAiConfig) -> Self {
        Self {
            config,
            input_format: AudioFormat::PCM16_24KHZ,
            output_format: AudioFormat::PCM16_24KHZ,
            setup: Object::new(),
            own_updates: 0,
            response_items: VecDeque::new(),
            last_error: None,
        }
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &'static str {
        self.config.dialect.provider_name()
    }

    fn traits(&self) -> Traits {
        Traits {
            waits_for_settings: false,
            keeps_conversation: true,
            usage_trails: false,
            reports_when_left: true,
            estimate: EstimateRates::OPENAI,
        }
    }

    fn connect(&mut self, settings: &SessionSettings, _: &[Item], _: Option<&str>) -> Result<Step, Error> {
        let reason = "the socket URL must begin with wss:// or ws://";
        if !self.config.socket_url.starts_with("wss://") && !self.config.socket_url.starts_with("ws://") {
            return Err(Error::Configuration { provider: self.name(), reason });
        }
        self.setup = self.session_fields(settings.requested(), settings);
        let mut headers = vec![self.config.dialect.authorization(&self.config.api_key)];
        headers.extend(self.config.headers.iter().cloned());
        let url = url(&self.config.socket_url, "", &[("model", &self.config.model)]);
        Ok(Step::Open(SocketRequest { url: Secret::new(url), headers, subprotocols: vec!["realtime".to_owned()] }))
    }

    fn on_open(&mut self) -> Vec<Frame> {
        self.own_updates += 1;
        vec![encode::session_update(&std::mem::take(&mut self.setup), Some(encode::SETUP_EVENT_ID))]
    }

    fn input_format(&self) -> AudioFormat {
        self.input_format
    }

    fn encode(&mut self, command: Command, settings: &SessionSettings) -> Encoded {
        Encoded::frames(vec![self.command(command, settings)])
    }

    fn decode(&mut self, frame: &Frame, now_millis: u64) -> Result<Decoded, Error> {
        let event = json::object(self.name(), frame)?;
        let events = self.event(event, now_millis)?;
        Ok(Decoded { events, replies: Vec::new() })
    }

    fn on_close(&mut self, code: u16, reason: &str) -> CloseMeaning {
        match self.last_error.take() {
            Some((_, code)) if code == "session_expired" => CloseMeaning::SessionLimit,
            Some((ProblemKind::RateLimit | ProblemKind::InsufficientQuota, message)) => {
                CloseMeaning::of_code(1013, &message)
            }
            // ElevenLabs closes like this when `max_duration_seconds` is over.
            _ if code == 1000 && reason.contains("duration") => CloseMeaning::SessionLimit,
            _ => CloseMeaning::of_code(code, reason),
        }
    }

    fn another(&self) -> Box<dyn Provider> {
        Box::new(Self::new(self.config.clone()))
    }
}
