//! What a session is made of.

use crate::client::ClientProtocol;
use crate::ledger::Prices;
use crate::model::Object;
use crate::provider::Provider;

/// What a session is made of.
#[derive(Debug)]
pub struct SessionOptions {
    /// Its name, which must be unique, such as a connection id: identifiers are made of it.
    pub name: String,
    /// How the client speaks.
    pub protocol: ClientProtocol,
    /// The model, by the client's name of it.
    pub model: String,
    /// What the operator wishes: fields of OpenAI's session object.
    pub settings: Object,
    /// What things cost.
    pub prices: Prices,
    /// Whether both sides are recorded: the client is told so in each session object, as `"recording": true`.
    pub is_recorded: bool,
    /// The provider to begin with.
    pub provider: Box<dyn Provider>,
    /// How long a provider may take to get ready, in milliseconds.
    pub connect_timeout_millis: u64,
    /// How long a provider may say nothing while it owes an answer, in milliseconds.
    pub answer_timeout_millis: u64,
    /// How long both sides may be silent, in milliseconds.
    pub idle_timeout_millis: u64,
    /// How long a provider is listened to after the client left in the middle of an answer, in milliseconds.
    pub drain_millis: u64,
    /// How often what came to be due is billed during the session, in milliseconds.
    pub billing_interval_millis: u64,
}

impl SessionOptions {
    /// The usual times: 15 s to connect, 30 s to answer, 30 minutes idle, 5 s to drain, a bill every 2 s.
    pub fn new(
        name: impl Into<String>,
        protocol: ClientProtocol,
        model: impl Into<String>,
        provider: Box<dyn Provider>,
    ) -> Self {
        Self {
            name: name.into(),
            protocol,
            model: model.into(),
            settings: Object::new(),
            prices: Prices::default(),
            is_recorded: false,
            provider,
            connect_timeout_millis: 15_000,
            answer_timeout_millis: 30_000,
            idle_timeout_millis: 30 * 60_000,
            drain_millis: 5_000,
            billing_interval_millis: 2_000,
        }
    }
}
