//! What an endpoint needs of its application: who somebody is, where their connections are, whether there is room.

use worker::{Request, Response, Stub};

use super::{endpoint::random_id, token::ConnectionToken};
use crate::{connect::plain, event::Variant};

/// Whom a request comes from, as the application has found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Visitor {
    /// What the application calls the object that holds this visitor's connections; [`Host::object`] finds it.
    pub object: String,
    /// Whom the connection belongs to.
    pub user_id: Option<String>,
    /// Anything else that hubs need to know; at most a few kilobytes.
    pub claims: String,
    /// The shape in which the connection reads events.
    pub variant: Variant,
    /// What recognises the visitor's secret again without holding it. It travels in the connection token, so that
    /// [`Host::identify`] may spare itself a look-up.
    pub fingerprint: String,
    /// When the authentication expires, in milliseconds since the epoch.
    pub expires_at_millis: Option<i64>,
}

/// A place for a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reserved {
    /// The connection's public id.
    pub connection_id: String,
    /// The relay that it is to begin at; none: at the object itself.
    pub relay: Option<u32>,
}

/// What an endpoint needs of its application.
pub trait Host {
    /// Why a request is not served. [`Refused`] will do where there is no type of your own.
    type Error: From<worker::Error>;

    /// Finds out whom a request comes from. `token` is the connection token that it brought, if it is one of ours. Every
    /// request is asked about, not only negotiation.
    ///
    /// # Errors
    ///
    /// The answer to a visitor who may not come in.
    fn identify(
        &self,
        request: &Request,
        token: Option<&ConnectionToken>,
    ) -> impl Future<Output = Result<Visitor, Self::Error>>;

    /// The object that holds a visitor's connections.
    ///
    /// # Errors
    ///
    /// There is none.
    fn object(&self, visitor: &Visitor) -> Result<Stub, Self::Error>;

    /// Gives a connection its public id in negotiation, and the relay that it begins at if it is not to begin at the object
    /// ([`Server::relay_for`](crate::Server::relay_for)), or refuses it for lack of room. Whether there is room when the
    /// connection begins is for its object to say.
    ///
    /// # Errors
    ///
    /// The answer to a visitor for whom there is no room.
    fn reserve(&self, request: &Request, visitor: &Visitor) -> impl Future<Output = Result<Reserved, Self::Error>> {
        let _ = request;
        let id = self.connection_id(visitor);
        async { Ok(Reserved { connection_id: id?, relay: None }) }
    }

    /// A relay of the object, by its number; to be created near this region, a location hint, if there is none yet. An
    /// application without relays is not asked.
    ///
    /// # Errors
    ///
    /// There is none.
    fn relay(&self, visitor: &Visitor, number: u32, region: Option<&str>) -> Result<Stub, Self::Error> {
        let _ = (visitor, region);
        Err(worker::Error::RustError(format!("there is no relay {number}")).into())
    }

    /// Gives a connection that skips negotiation its public id: one that nobody guesses, of unreserved characters, at
    /// most 200 bytes.
    ///
    /// # Errors
    ///
    /// There is no randomness.
    fn connection_id(&self, visitor: &Visitor) -> Result<String, Self::Error> {
        let _ = visitor;
        Ok(random_id()?)
    }
}

/// Why a request is not served, for applications that have no type of their own for that.
#[derive(Debug)]
pub enum Refused {
    /// This is the answer.
    Answer(Box<Response>),
    /// Something failed.
    Failed(worker::Error),
}

impl Refused {
    /// An answer with a status and a text.
    pub fn plain(status: u16, text: &str) -> Self {
        match plain(status, text) {
            Ok(response) => Self::Answer(Box::new(response)),
            Err(error) => Self::Failed(error.into()),
        }
    }

    /// The answer that is sent, or the error of the platform.
    ///
    /// # Errors
    ///
    /// What failed.
    pub fn into_response(self) -> worker::Result<Response> {
        match self {
            Self::Answer(response) => Ok(*response),
            Self::Failed(error) => Err(error),
        }
    }
}

impl From<worker::Error> for Refused {
    fn from(error: worker::Error) -> Self {
        Self::Failed(error)
    }
}
