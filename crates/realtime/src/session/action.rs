//! What the edge is to do.

use super::{LinkId, Summary};
use crate::audio::AudioFormat;
use crate::close::Close;
use crate::ledger::Row;
use crate::model::Problem;
use crate::transport::{Frame, HttpRequest, SocketRequest};

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client's socket.
    Client,
    /// The provider's socket.
    Provider,
}

/// What a recording is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// What the user said.
    User(Vec<u8>, AudioFormat),
    /// What the client was sent, which may be ahead of what it plays.
    Agent(Vec<u8>, AudioFormat),
    /// What of that is not played yet, never will be.
    AgentCutOff,
}

/// What the edge is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Send this to the client.
    SendToClient(Frame),
    /// Close the client's socket; nothing is sent to it after this.
    CloseClient(Close),
    /// Send this request, and hand over the answer.
    CallProvider {
        /// For which connection.
        link: LinkId,
        /// The request.
        request: HttpRequest,
    },
    /// Open this socket.
    OpenProvider {
        /// Which connection it becomes.
        link: LinkId,
        /// The request.
        request: SocketRequest,
    },
    /// Send this to the provider.
    SendToProvider {
        /// On which connection.
        link: LinkId,
        /// What.
        frame: Frame,
    },
    /// Close the provider's socket, or forget the attempt to open it.
    CloseProvider {
        /// Which connection.
        link: LinkId,
        /// How.
        close: Close,
    },
    /// The provider failed before it answered anything: another may take its place.
    TryNextProvider {
        /// What the client will read if there is none.
        problem: Problem,
    },
    /// Read no more messages from this side, until told to.
    Pause(Side),
    /// Read messages from this side again.
    Resume(Side),
    /// This came to be due.
    Bill(Row),
    /// Put this into the recording.
    Record(Recorded),
    /// Ask this after the session, at [`USAGE_INQUIRY_MILLIS`](super::USAGE_INQUIRY_MILLIS), until [`Session::on_usage`](super::Session::on_usage) says that it is enough.
    AskForUsage {
        /// The request.
        request: HttpRequest,
    },
    /// The session is over, and this is what it was. Both sockets are closed or being closed.
    Ended(Box<Summary>),
}
