//! Calls that await their end.

use std::collections::HashMap;

use signalr::{Completion, Outcome, Payload};
use tokio::sync::{mpsc, oneshot};

use crate::Error;

/// Who awaits what comes of a call.
#[derive(Debug)]
pub(crate) enum Awaiting {
    /// One result; null where the hub answers with nothing.
    Result { method: String, reply: oneshot::Sender<Result<Option<Payload>, Error>> },
    /// Items, then an end.
    Items { method: String, items: mpsc::Sender<Result<Payload, Error>> },
}

impl Awaiting {
    pub(crate) fn fail(self, error: Error) {
        // Nobody may be waiting any more, or the reader be behind; then the channel's end tells it.
        match self {
            Self::Result { reply, .. } => drop(reply.send(Err(error))),
            Self::Items { items, .. } => drop(items.try_send(Err(error))),
        }
    }
}

/// The calls of a connection that are under way, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Calls(HashMap<String, Awaiting>);

impl Calls {
    pub(crate) fn begin(&mut self, id: String, awaiting: Awaiting) {
        self.0.insert(id, awaiting);
    }

    /// Forgets a call that nobody awaits any more, and says whether it was under way.
    pub(crate) fn forget(&mut self, id: &str) -> bool {
        self.0.remove(id).is_some()
    }

    /// Passes an item on. `false` means that its reader has gone, or is so far behind that the stream is to be cancelled.
    pub(crate) fn item(&mut self, id: &str, item: Result<Payload, Error>) -> bool {
        let Some(Awaiting::Items { items, .. }) = self.0.get(id) else {
            // The stream was cancelled meanwhile.
            return true;
        };
        // The last place is kept for saying that there was no place.
        let error = match (items.capacity(), item) {
            (0, _) => return !self.forget(id),
            (1, _) => Error::StreamOverrun,
            (_, Ok(item)) => {
                let is_read = items.try_send(Ok(item)).is_ok();
                return is_read || !self.forget(id);
            }
            (_, Err(error)) => error,
        };
        if let Some(awaiting) = self.0.remove(id) {
            awaiting.fail(error);
        }
        false
    }

    pub(crate) fn complete(&mut self, completion: Completion) {
        let Some(awaiting) = self.0.remove(&completion.invocation_id) else {
            return;
        };
        match (awaiting, completion.outcome) {
            (Awaiting::Result { method, reply }, outcome) => {
                let result = match outcome {
                    Outcome::Error(message) => Err(Error::Invocation { method, message }),
                    Outcome::Void => Ok(None),
                    Outcome::Result(payload) => Ok(Some(payload)),
                };
                drop(reply.send(result));
            }
            (Awaiting::Items { method, items }, Outcome::Error(message)) => {
                drop(items.try_send(Err(Error::Invocation { method, message })));
            }
            // The channel's end is the stream's.
            (Awaiting::Items { .. }, _) => {}
        }
    }

    /// Ends all of them: their connection is gone.
    pub(crate) fn fail_all(&mut self, error: &Error) {
        for (_, awaiting) in self.0.drain() {
            awaiting.fail(error.clone());
        }
    }
}
