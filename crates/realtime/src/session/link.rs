//! One connection to a provider, and how far it has come.

use super::Action;
use crate::Error;
use crate::model::{Item, SessionSettings};
use crate::provider::{Provider, Step};
use crate::transport::HttpResponse;

/// Names a connection to a provider: a session may have one after another, and two while it changes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u32);

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkState {
    /// Not begun: it waits for the settings.
    Resting,
    /// A request or the socket is on the way.
    Connecting,
    /// The socket is open, and the provider has not said that it listens.
    Opened,
    /// It listens.
    Ready,
    /// The socket is closed, or is to be.
    Closed,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) provider: Box<dyn Provider>,
    pub(super) state: LinkState,
    /// When it must be ready.
    pub(super) deadline_millis: u64,
    /// When it was last heard of.
    pub(super) heard_at_millis: u64,
    /// When the provider will end it, as far as it said.
    pub(super) ends_at_millis: Option<u64>,
}

impl Link {
    pub(super) fn new(id: LinkId, provider: Box<dyn Provider>) -> Self {
        let state = LinkState::Resting;
        Self { id, provider, state, deadline_millis: 0, heard_at_millis: 0, ends_at_millis: None }
    }

    pub(super) fn connect(
        &mut self,
        settings: &SessionSettings,
        history: &[Item],
        resume: Option<&str>,
        deadline_millis: u64,
    ) -> Result<Action, Error> {
        self.state = LinkState::Connecting;
        self.deadline_millis = deadline_millis;
        self.provider.connect(settings, history, resume).map(|step| self.action(step))
    }

    pub(super) fn on_response(&mut self, response: &HttpResponse) -> Result<Action, Error> {
        self.provider.on_response(response).map(|step| self.action(step))
    }

    /// Whether the provider is expected to get ready.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.state, LinkState::Connecting | LinkState::Opened)
    }

    fn action(&self, step: Step) -> Action {
        match step {
            Step::Call(request) => Action::CallProvider { link: self.id, request },
            Step::Open(request) => Action::OpenProvider { link: self.id, request },
        }
    }
}
