//! ElevenLabs Agents: `wss://api.elevenlabs.io/v1/convai/conversation?agent_id=…`.
//!
//! The socket belongs to an agent that exists beforehand, and whose tools and audio formats cannot be changed from the
//! socket. So there are two ways: the operator names an agent, or the gateway keeps agents of its own, one for
//! each set of tools and formats, found by name and made when there is none. Prompt, voice and language go with the first
//! message. Ends of turns are announced to new clients only; otherwise silence ends them.

mod decode;
mod encode;
mod managed;

use super::quiet::Quiet;
use super::{Decoded, Encoded, Provider, Step, Traits, UsageAnswer, json, refused, url};
use crate::Error;
use crate::audio::AudioFormat;
use crate::close::CloseMeaning;
use crate::ledger::EstimateRates;
use crate::model::{Command, FunctionTool, Item, Outcome, ProviderEvent, SessionSettings};
use crate::transport::{Frame, Headers, HttpRequest, HttpResponse, Method, Secret, SocketRequest};
use serde_json::Value;

const NAME: &str = "elevenlabs";

/// Whose agent answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// One that the operator made.
    Named {
        /// Its id.
        agent_id: String,
    },
    /// One that the gateway keeps for these tools and formats.
    Managed {
        /// The language model, by ElevenLabs' name; nothing leaves it to ElevenLabs.
        llm: Option<String>,
    },
}

/// How to reach the provider.
#[derive(Debug, Clone)]
pub struct ElevenLabsAgentsConfig {
    /// `wss://api.elevenlabs.io/v1/convai/conversation`, or a regional one.
    pub socket_url: String,
    /// `https://api.elevenlabs.io`, or a regional one.
    pub api_url: String,
    /// The provider's key.
    pub api_key: Secret,
    /// Whose agent answers.
    pub agent: Agent,
    /// The voice's id, where the client names none that ElevenLabs has.
    pub voice_id: Option<String>,
}

/// A connection to an agent.
#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
#[derive(Debug, Clone)]
pub struct ElevenLabsAgents {
    config: ElevenLabsAgentsConfig,
    connecting: Connecting,
    /// What the first message says.
    overrides: Value,
    tools: Vec<FunctionTool>,
    wants_text_only: bool,
    conversation_id: Option<String>,
    input_format: AudioFormat,
    output_format: AudioFormat,
    /// Texts of the user that wait for `response.create`.
    pending_texts: Vec<String>,
    /// The user is speaking, as far as was said.
    user_speaks: bool,
    last_vad_score: f64,
    /// Audio up to this number was interrupted.
    interrupted_through: Option<i64>,
    turn_is_open: bool,
    quiet: Quiet,
    has_lasted_long_enough: bool,
}

/// How far finding the agent has come.
#[derive(Debug, Clone, PartialEq)]
enum Connecting {
    NotYet,
    /// Asked whether there is an agent of that name; this would make it.
    Searching(managed::ManagedAgent),
    Creating,
    Opening,
}

impl ElevenLabsAgents {
    /// Makes a connection, not yet begun.
    pub fn new(config: ElevenLabsAgentsConfig) -> Self {
        Self {
            config,
            connecting: Connecting::NotYet,
            overrides: Value::Null,
            tools: Vec::new(),
            wants_text_only: false,
            conversation_id: None,
            input_format: AudioFormat::PCM16_16KHZ,
            output_format: AudioFormat::PCM16_16KHZ,
            pending_texts: Vec::new(),
            user_speaks: false,
            last_vad_score: 0.0,
            interrupted_through: None,
            turn_is_open: false,
            quiet: Quiet::default(),
            has_lasted_long_enough: false,
        }
    }

    fn open(&mut self, agent_id: &str) -> Step {
        self.connecting = Connecting::Opening;
        let url = url(&self.config.socket_url, "", &[("agent_id", agent_id)]);
        Step::Open(SocketRequest { url: Secret::new(url), headers: self.headers(), subprotocols: Vec::new() })
    }

    fn call(&self, method: Method, path: &str, query: &[(&str, &str)], body: Option<Value>) -> HttpRequest {
        HttpRequest { method, url: url(&self.config.api_url, path, query), headers: self.headers(), body }
    }

    fn headers(&self) -> Headers {
        vec![("xi-api-key", self.config.api_key.clone())]
    }

    fn end_turn(&mut self) -> Option<ProviderEvent> {
        self.quiet.reset();
        let was_open = std::mem::take(&mut self.turn_is_open);
        let done = ProviderEvent::ResponseDone { response_id: None, outcome: Outcome::Completed, usage: None };
        was_open.then_some(done)
    }
}

impl Provider for ElevenLabsAgents {
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
        self.tools = settings.tools();
        self.wants_text_only = settings.wants_text_only();
        self.overrides = encode::initiation(settings, history, self.config.voice_id.as_deref());
        match self.config.agent.clone() {
            Agent::Named { agent_id } => Ok(self.open(&agent_id)),
            Agent::Managed { llm } => {
                let agent = managed::ManagedAgent::new(settings, llm.as_deref());
                let query = [("search", agent.name()), ("page_size", "30")];
                let request = self.call(Method::Get, "/v1/convai/agents", &query, None);
                self.connecting = Connecting::Searching(agent);
                Ok(Step::Call(request))
            }
        }
    }

    fn on_response(&mut self, response: &HttpResponse) -> Result<Step, Error> {
        if !matches!(response.status, 200..=299) {
            return Err(refused(NAME, response));
        }
        let body = json::object(NAME, &Frame::Text(response.body.clone()))?;
        match std::mem::replace(&mut self.connecting, Connecting::NotYet) {
            Connecting::Searching(agent) => {
                if let Some(agent_id) = agent.find(&body) {
                    return Ok(self.open(&agent_id));
                }
                self.connecting = Connecting::Creating;
                let body = Some(agent.into_body());
                Ok(Step::Call(self.call(Method::Post, "/v1/convai/agents/create", &[], body)))
            }
            Connecting::Creating => {
                let reason = "a new agent without an id";
                let agent_id = json::name(&body, "agent_id").ok_or(Error::Malformed { provider: NAME, reason })?;
                Ok(self.open(&agent_id))
            }
            Connecting::NotYet | Connecting::Opening => {
                Err(Error::Malformed { provider: NAME, reason: "an answer that nobody asked for" })
            }
        }
    }

    fn on_open(&mut self) -> Vec<Frame> {
        vec![Frame::json(&self.overrides)]
    }

    fn input_format(&self) -> AudioFormat {
        self.input_format
    }

    fn encode(&mut self, command: Command, settings: &SessionSettings) -> Encoded {
        self.command(command, settings)
    }

    fn decode(&mut self, frame: &Frame, now_millis: u64) -> Result<Decoded, Error> {
        let message = json::object(NAME, frame)?;
        self.message(&message, now_millis)
    }

    fn next_tick_millis(&self) -> Option<u64> {
        self.quiet.ends_at_millis()
    }

    fn on_tick(&mut self, now_millis: u64) -> Decoded {
        let over = self.quiet.is_over(now_millis);
        let events = if over { self.end_turn().into_iter().collect() } else { Vec::new() };
        Decoded { events, replies: Vec::new() }
    }

    fn on_close(&mut self, code: u16, reason: &str) -> CloseMeaning {
        if self.has_lasted_long_enough || reason.contains("max_duration") {
            return CloseMeaning::SessionLimit;
        }
        match code {
            1008 if reason.contains("limit") => CloseMeaning::of_code(1013, reason),
            code => CloseMeaning::of_code(code, reason),
        }
    }

    fn usage_inquiry(&self) -> Option<HttpRequest> {
        let path = format!("/v1/convai/conversations/{}", self.conversation_id.as_deref()?);
        Some(self.call(Method::Get, &path, &[], None))
    }

    fn usage_inquiry_at(&self, url: &str) -> HttpRequest {
        HttpRequest { method: Method::Get, url: url.to_owned(), headers: self.headers(), body: None }
    }

    fn usage_answer(&self, response: &HttpResponse) -> UsageAnswer {
        let Ok(body) = json::object(NAME, &Frame::Text(response.body.clone())) else { return UsageAnswer::NotYet };
        let seconds = json::member(&body, "metadata").get("call_duration_secs").and_then(Value::as_u64);
        match (json::text(&body, "status"), seconds) {
            (Some("done" | "failed"), Some(seconds)) => UsageAnswer::Duration { millis: seconds.saturating_mul(1_000) },
            (Some("done" | "failed"), None) => UsageAnswer::Nothing,
            _ => UsageAnswer::NotYet,
        }
    }

    fn another(&self) -> Box<dyn Provider> {
        Box::new(Self::new(self.config.clone()))
    }
}
