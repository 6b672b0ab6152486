//! Ultravox: a call made by REST, whose `joinUrl` is the socket.
//!
//! Audio is binary PCM16 both ways at the rates that the call was made with, so the client's own; everything else is JSON.
//! The client buffer is declared large: audio then comes faster than it is played, and `playback_clear_buffer` tells when
//! to forget it.

mod call;
mod decode;
mod encode;

use super::quiet::Quiet;
use super::{Decoded, Encoded, Provider, Step, Traits, UsageAnswer, json, refused, url};
use crate::Error;
use crate::audio::AudioFormat;
use crate::ledger::EstimateRates;
use crate::model::{Command, Item, SessionSettings};
use crate::transport::{Frame, Headers, HttpRequest, HttpResponse, Method, Secret, SocketRequest};
use serde_json::Value;

const NAME: &str = "ultravox";
/// How often to say that we are there, in milliseconds.
const PING_MILLIS: u64 = 15_000;
/// The longest that a call may last: Ultravox's own limit.
const MAX_CALL_SECONDS: u64 = 3_600;

/// How to reach the provider.
#[derive(Debug, Clone)]
pub struct UltravoxConfig {
    /// `https://api.ultravox.ai`
    pub api_url: String,
    /// The provider's key.
    pub api_key: Secret,
    /// The model, by Ultravox's name.
    pub model: String,
    /// An agent to call instead of a model: it has its own prompt, voice and tools.
    pub agent_id: Option<String>,
    /// The voice, where the client names none that Ultravox has.
    pub voice: Option<String>,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Ultravox {
    config: UltravoxConfig,
    call_id: Option<String>,
    input_format: AudioFormat,
    output_format: AudioFormat,
    settings_at_start: Option<SessionSettings>,
    wants_text_only: bool,
    /// Texts of the user that wait for `response.create`.
    pending_texts: Vec<String>,
    user: UserTurn,
    is_speaking: bool,
    turn_is_open: bool,
    /// The agent's utterance that is being said, and the last one that is over.
    utterance: i64,
    ended_utterance: Option<i64>,
    quiet: Quiet,
    next_ping_millis: Option<u64>,
}

/// Where the user's turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UserTurn {
    Silent,
    Speaking,
    /// Done speaking; its transcript is still to come.
    Done,
}

impl Ultravox {
    /// Makes a connection, not yet begun.
    pub fn new(config: UltravoxConfig) -> Self {
        Self {
            config,
            call_id: None,
            input_format: AudioFormat::PCM16_24KHZ,
            output_format: AudioFormat::PCM16_24KHZ,
            settings_at_start: None,
            wants_text_only: false,
            pending_texts: Vec::new(),
            user: UserTurn::Silent,
            is_speaking: false,
            turn_is_open: false,
            utterance: -1,
            ended_utterance: None,
            quiet: Quiet::default(),
            next_ping_millis: None,
        }
    }

    fn headers(&self) -> Headers {
        vec![("X-API-Key", self.config.api_key.clone())]
    }
}

impl Provider for Ultravox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn traits(&self) -> Traits {
        Traits {
            waits_for_settings: true,
            keeps_conversation: false,
            usage_trails: false,
            reports_when_left: false,
            estimate: EstimateRates::SECONDS_ONLY,
        }
    }

    fn connect(&mut self, settings: &SessionSettings, history: &[Item], _: Option<&str>) -> Result<Step, Error> {
        self.input_format = call::format(settings.input_format());
        self.output_format = call::format(settings.output_format());
        self.wants_text_only = settings.wants_text_only();
        self.settings_at_start = Some(settings.clone());
        let path = match &self.config.agent_id {
            Some(agent_id) => format!("/api/agents/{agent_id}/calls"),
            None => "/api/calls".to_owned(),
        };
        let body = Some(call::body(&self.config, settings, history));
        let url = url(&self.config.api_url, &path, &[]);
        Ok(Step::Call(HttpRequest { method: Method::Post, url, headers: self.headers(), body }))
    }

    fn on_response(&mut self, response: &HttpResponse) -> Result<Step, Error> {
        if !matches!(response.status, 200..=299) {
            return Err(refused(NAME, response));
        }
        let call = json::object(NAME, &Frame::Text(response.body.clone()))?;
        self.call_id = json::name(&call, "callId");
        let join_url = json::text(&call, "joinUrl").filter(|url| url.starts_with("wss://") || url.starts_with("ws://"));
        let join_url = join_url.ok_or(Error::Malformed { provider: NAME, reason: "a call without a join URL" })?;
        let url = Secret::new(url(join_url, "", &[("apiVersion", "1"), ("clientVersion", "conduit-edge")]));
        Ok(Step::Open(SocketRequest { url, headers: Vec::new(), subprotocols: Vec::new() }))
    }

    fn on_open(&mut self) -> Vec<Frame> {
        Vec::new()
    }

    fn input_format(&self) -> AudioFormat {
        self.input_format
    }

    fn encode(&mut self, command: Command, settings: &SessionSettings) -> Encoded {
        self.command(command, settings)
    }

    fn decode(&mut self, frame: &Frame, now_millis: u64) -> Result<Decoded, Error> {
        self.next_ping_millis.get_or_insert(now_millis + PING_MILLIS);
        let events = match frame {
            Frame::Binary(audio) => self.audio(audio, now_millis),
            Frame::Text(_) => self.message(&json::object(NAME, frame)?, now_millis)?,
        };
        Ok(Decoded { events, replies: Vec::new() })
    }

    fn next_tick_millis(&self) -> Option<u64> {
        [self.quiet.ends_at_millis(), self.next_ping_millis].into_iter().flatten().min()
    }

    fn on_tick(&mut self, now_millis: u64) -> Decoded {
        let mut decoded = Decoded::default();
        if self.quiet.is_over(now_millis) {
            decoded.events.extend(self.end_turn());
        }
        if self.next_ping_millis.is_some_and(|at| now_millis >= at) {
            self.next_ping_millis = Some(now_millis + PING_MILLIS);
            decoded.replies.push(Frame::json(&serde_json::json!({"type": "ping", "timestamp": now_millis})));
        }
        decoded
    }

    fn usage_inquiry(&self) -> Option<HttpRequest> {
        let path = format!("/api/calls/{}", self.call_id.as_deref()?);
        Some(self.usage_inquiry_at(&url(&self.config.api_url, &path, &[])))
    }

    fn usage_inquiry_at(&self, url: &str) -> HttpRequest {
        HttpRequest { method: Method::Get, url: url.to_owned(), headers: self.headers(), body: None }
    }

    fn usage_answer(&self, response: &HttpResponse) -> UsageAnswer {
        let Ok(call) = json::object(NAME, &Frame::Text(response.body.clone())) else { return UsageAnswer::NotYet };
        let billed = call.get("billedDuration").and_then(|duration| match duration {
            Value::String(duration) => duration.strip_suffix('s')?.parse::<f64>().ok(),
            duration => duration.as_f64(),
        });
        match billed.filter(|seconds| (0.0..1e9).contains(seconds)) {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1e12")]
            Some(seconds) => UsageAnswer::Duration { millis: (seconds * 1_000.0).round() as u64 },
            None if call.get("ended").is_none_or(Value::is_null) => UsageAnswer::NotYet,
            None => UsageAnswer::Nothing,
        }
    }

    fn another(&self) -> Box<dyn Provider> {
        Box::new(Self::new(self.config.clone()))
    }
}
