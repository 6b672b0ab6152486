//! A provider whose frames say which events they mean.

use realtime::Error;
use realtime::audio::AudioFormat;
use realtime::ledger::EstimateRates;
use realtime::model::{Command, Item, ProviderEvent, SessionSettings};
use realtime::provider::{Decoded, Encoded, Provider, Step, Traits};
use realtime::transport::{Frame, Secret, SocketRequest};
use std::sync::{Arc, Mutex};

/// What the provider is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScriptedTraits {
    pub(crate) waits_for_settings: bool,
    pub(crate) keeps_conversation: bool,
    pub(crate) usage_trails: bool,
}

/// Each frame is a number: the place of its event in the script.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    pub(crate) traits: ScriptedTraits,
    pub(crate) script: Arc<Vec<ProviderEvent>>,
    pub(crate) commands: Arc<Mutex<Vec<Command>>>,
}

impl Scripted {
    pub(crate) fn new(traits: ScriptedTraits, script: Vec<ProviderEvent>) -> Self {
        Self { traits, script: Arc::new(script), commands: Arc::default() }
    }
}

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn traits(&self) -> Traits {
        Traits {
            waits_for_settings: self.traits.waits_for_settings,
            keeps_conversation: self.traits.keeps_conversation,
            usage_trails: self.traits.usage_trails,
            reports_when_left: self.traits.keeps_conversation,
            estimate: EstimateRates::OPENAI,
        }
    }

    fn connect(&mut self, _: &SessionSettings, _: &[Item], _: Option<&str>) -> Result<Step, Error> {
        let url = Secret::new("wss://scripted.test");
        Ok(Step::Open(SocketRequest { url, headers: Vec::new(), subprotocols: Vec::new() }))
    }

    fn on_open(&mut self) -> Vec<Frame> {
        Vec::new()
    }

    fn input_format(&self) -> AudioFormat {
        AudioFormat::PCM16_16KHZ
    }

    fn encode(&mut self, command: Command, _: &SessionSettings) -> Encoded {
        self.commands.lock().expect("a lock").push(command);
        Encoded::default()
    }

    fn decode(&mut self, frame: &Frame, _: u64) -> Result<Decoded, Error> {
        let Frame::Text(text) = frame else { return Ok(Decoded::default()) };
        let event = text.parse::<usize>().ok().and_then(|place| self.script.get(place)).cloned();
        Ok(Decoded { events: event.into_iter().collect(), replies: Vec::new() })
    }

    fn another(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}
