//! The leases of a session: what says that it may go on, what it may cost, and when it must end.

use durable_objects::{Credit, Granted, LeaseEnd, LeaseRefusal, LeaseWord, NOT_BEGUN, TakeLease};
use futures::{StreamExt, channel::mpsc, future::pending};
use realtime::{
    close::{Close, NORMAL},
    session::EndReason,
    transport::Frame,
};
use worker::{Env, Error, WebSocket};

use super::socket::{Incoming, Socket};

/// What those say who have a say in a session.
pub(super) enum Word {
    /// What it may cost has changed; none where there is no budget.
    Credit(Option<Credit>),
    /// It must end.
    End(EndReason),
}

/// Why there is no session.
pub(super) enum NoLease {
    /// It is refused.
    Refused(LeaseRefusal),
    /// An object does not answer.
    Failed(Error),
}

/// The leases. Dropping them gives them back.
pub(super) struct Leases {
    sender: mpsc::UnboundedSender<Incoming>,
    words: mpsc::UnboundedReceiver<Incoming>,
    sockets: Vec<Socket>,
}

impl Leases {
    /// Takes both: that of the key, whose object has the final say, comes first, so who may not begin takes nobody's place.
    pub(super) async fn take(env: &Env, take: &TakeLease) -> Result<(Self, Granted), NoLease> {
        let (sender, words) = mpsc::unbounded();
        let mut leases = Self { sender, words, sockets: Vec::with_capacity(2) };
        let (lease, granted) = take.of_key(env).await.map_err(NoLease::Failed)?.map_err(NoLease::Refused)?;
        leases.hold(&lease)?;
        match take.of_system(env).await.map_err(NoLease::Failed)? {
            Ok((lease, _)) => leases.hold(&lease)?,
            Err(refusal) => {
                leases.close(NOT_BEGUN);
                return Err(NoLease::Refused(refusal));
            }
        }
        Ok((leases, granted))
    }

    fn hold(&mut self, lease: &WebSocket) -> Result<(), NoLease> {
        // Without a reason: whoever drops it without giving it back was lost.
        let socket = Socket::accept(lease, &self.sender, Close::new(NORMAL, ""), |incoming| incoming);
        self.sockets.push(socket.map_err(NoLease::Failed)?);
        Ok(())
    }

    /// What is said next.
    pub(super) async fn next(&mut self) -> Word {
        match self.words.next().await {
            Some(Incoming::Message(Frame::Text(text))) => match serde_json::from_str(&text) {
                Ok(LeaseWord::Credit(credit)) => Word::Credit(credit),
                Ok(LeaseWord::End(end)) => Word::End(reason_of(end)),
                // Another version's, as during a deploy.
                Err(_) => Word::End(EndReason::Restart),
            },
            // The object is gone, and with it the say over this session.
            Some(_) => Word::End(EndReason::Restart),
            // The channel never ends, as its sender is here.
            None => pending().await,
        }
    }

    /// Gives them back, and says why.
    pub(super) fn give_back(&mut self, reason: Option<&EndReason>) {
        self.close(reason.map_or("", EndReason::name));
    }

    fn close(&mut self, reason: &str) {
        for socket in self.sockets.drain(..) {
            socket.close(Close::new(NORMAL, reason));
        }
    }
}

fn reason_of(end: LeaseEnd) -> EndReason {
    match end {
        LeaseEnd::KeyShut => EndReason::KeyDisabled,
        LeaseEnd::BudgetSpent => EndReason::BudgetSpent,
        LeaseEnd::Owner => EndReason::EndedByOwner,
        LeaseEnd::Operator => EndReason::EndedByOperator,
    }
}
