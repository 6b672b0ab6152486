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

#[cfg(test)]
mod tests {
    use signalr::{Headers, Protocol};

    use super::*;

    fn item(number: u32) -> Result<Payload, Error> {
        Payload::encode(Protocol::Json, &number).map_err(|error| Error::Encode(error.to_string()))
    }

    #[test]
    fn a_stream_whose_reader_is_too_slow_is_cancelled_and_says_so_after_what_it_brought() {
        let (items, mut received) = mpsc::channel(3);
        let mut calls = Calls::default();
        calls.begin("1".to_owned(), Awaiting::Items { method: "Count".to_owned(), items });
        assert!(calls.item("1", item(0)) && calls.item("1", item(1)));
        assert!(!calls.item("1", item(2)));
        assert!(calls.item("1", item(3)), "what comes after it is cancelled is nobody's");
        for number in 0..2 {
            assert_eq!(received.try_recv().unwrap().unwrap().decode::<u32>().unwrap(), number);
        }
        assert_eq!(received.try_recv().unwrap(), Err(Error::StreamOverrun));
        assert!(received.try_recv().is_err());
    }

    #[test]
    fn a_stream_whose_reader_has_gone_is_cancelled() {
        let (items, received) = mpsc::channel(3);
        let mut calls = Calls::default();
        calls.begin("1".to_owned(), Awaiting::Items { method: "Count".to_owned(), items });
        drop(received);
        assert!(!calls.item("1", item(0)));
    }

    #[test]
    fn a_call_ends_as_its_completion_says_or_with_its_connection() {
        let mut calls = Calls::default();
        let mut begin = |id: &str| {
            let (reply, result) = oneshot::channel();
            calls.begin(id.to_owned(), Awaiting::Result { method: "M".to_owned(), reply });
            result
        };
        let (mut failed, mut void, mut lost) = (begin("1"), begin("2"), begin("3"));
        let completion =
            |id: &str, outcome| Completion { headers: Headers::new(), invocation_id: id.to_owned(), outcome };
        calls.complete(completion("1", Outcome::Error("no".to_owned())));
        calls.complete(completion("2", Outcome::Void));
        calls.complete(completion("unknown", Outcome::Void));
        calls.fail_all(&Error::Lost("gone".to_owned()));
        let no = Error::Invocation { method: "M".to_owned(), message: "no".to_owned() };
        assert_eq!(failed.try_recv().unwrap(), Err(no));
        assert_eq!(void.try_recv().unwrap(), Ok(None));
        assert_eq!(lost.try_recv().unwrap(), Err(Error::Lost("gone".to_owned())));
    }
}
