//! Who answers a model, as the configuration says.

use contract::{Configuration, RealtimePrices, RealtimeProtocol, RealtimeProvider, key_secret_name};
use realtime::{
    ledger::Prices,
    provider::{
        Provider,
        elevenlabs_agents::{Agent, ElevenLabsAgents, ElevenLabsAgentsConfig},
        gemini::{Gemini, GeminiConfig},
        openai::{Dialect, OpenAi, OpenAiConfig},
        ultravox::{Ultravox, UltravoxConfig},
    },
    transport::Secret,
};
use rust_decimal::Decimal;
use worker::Env;

use super::upstream::Additions;

/// A provider that may be called, not yet connected.
pub(super) struct Candidate {
    /// Its name in the configuration.
    pub(super) name: String,
    pub(super) provider: Box<dyn Provider>,
    pub(super) additions: Additions,
}

/// The providers of a model, in the order in which they are tried. One without a key is left out.
///
/// None where the configuration names nobody for the model.
pub(super) fn of_model(env: &Env, configuration: &Configuration, model: &str) -> Option<Vec<Candidate>> {
    let mut named = configuration.realtime_providers.of_model(model).peekable();
    named.peek()?;
    let candidates = named.filter_map(|(name, settings, model)| {
        let key = env.secret(&key_secret_name(name)).ok()?.to_string();
        Some(Candidate {
            name: name.to_owned(),
            provider: provider(settings, model, Secret::new(key)),
            additions: additions(settings),
        })
    });
    Some(candidates.collect())
}

/// What the configuration adds to what a provider's protocol needs.
pub(super) fn additions(settings: &RealtimeProvider) -> Additions {
    let headers = settings.headers.iter().map(|(name, value)| (name.clone(), Secret::new(value.clone())));
    Additions { headers: headers.collect(), subprotocols: settings.subprotocols.clone() }
}

/// A provider that speaks what the configuration says, not yet connected.
pub(super) fn provider(settings: &RealtimeProvider, model: &str, api_key: Secret) -> Box<dyn Provider> {
    let socket_url = |usual: &str| settings.web_socket_url.clone().unwrap_or_else(|| usual.to_owned());
    let api_url = |usual: &str| settings.api_url.clone().unwrap_or_else(|| usual.to_owned());
    let model = model.to_owned();
    let openai = |dialect, socket_url| {
        OpenAi::new(OpenAiConfig {
            dialect,
            socket_url,
            api_key: api_key.clone(),
            model: model.clone(),
            headers: Vec::new(),
        })
    };
    match settings.protocol.unwrap_or(RealtimeProtocol::Openai) {
        RealtimeProtocol::Openai => Box::new(openai(Dialect::OpenAi, socket_url("wss://api.openai.com/v1/realtime"))),
        RealtimeProtocol::ElevenlabsRealtime => {
            Box::new(openai(Dialect::ElevenLabs, socket_url("wss://api.elevenlabs.io/v1/convai/realtime")))
        }
        RealtimeProtocol::Elevenlabs => Box::new(ElevenLabsAgents::new(ElevenLabsAgentsConfig {
            socket_url: socket_url("wss://api.elevenlabs.io/v1/convai/conversation"),
            api_url: api_url("https://api.elevenlabs.io"),
            api_key,
            agent: match &settings.agent_id {
                Some(agent_id) => Agent::Named { agent_id: agent_id.clone() },
                None => Agent::Managed { llm: None },
            },
            voice_id: settings.voice.clone(),
        })),
        RealtimeProtocol::Gemini => Box::new(Gemini::new(GeminiConfig {
            socket_url: socket_url(
                "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
            ),
            api_key,
            model,
            voice: settings.voice.clone(),
            takes_context_updates: false,
        })),
        RealtimeProtocol::Ultravox => Box::new(Ultravox::new(UltravoxConfig {
            api_url: api_url("https://api.ultravox.ai"),
            api_key,
            model,
            agent_id: settings.agent_id.clone(),
            voice: settings.voice.clone(),
        })),
    }
}

/// What a model costs, in the session's words.
pub(super) fn prices(configured: Option<&RealtimePrices>) -> Prices {
    let Some(prices) = configured else { return Prices::default() };
    let price = |amount: contract::Amount| Decimal::from(amount.get());
    Prices {
        input_text_per_million: price(prices.input_text_per_million),
        input_audio_per_million: price(prices.input_audio_per_million),
        input_image_per_million: price(prices.input_image_per_million),
        cached_text_per_million: price(prices.cached_text_per_million),
        cached_audio_per_million: price(prices.cached_audio_per_million),
        cached_image_per_million: price(prices.cached_image_per_million),
        output_text_per_million: price(prices.output_text_per_million),
        output_audio_per_million: price(prices.output_audio_per_million),
        transcription_input_per_million: price(prices.transcription_input_per_million),
        transcription_output_per_million: price(prices.transcription_output_per_million),
        transcription_per_minute: price(prices.transcription_per_minute),
        input_audio_per_minute: price(prices.input_audio_per_minute),
        output_audio_per_minute: price(prices.output_audio_per_minute),
        session_per_minute: price(prices.session_per_minute),
        per_tool_call: prices.per_tool_call.map(price),
    }
}
