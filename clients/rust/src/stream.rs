//! The items of a stream that a hub sends.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use signalr::Payload;
use tokio::sync::mpsc;

use crate::Error;
use crate::commands::{Command, cancel};

/// The items of a stream, each once, in order. Dropping it tells the hub to stop.
///
/// It keeps 1,024 items for a reader that is slow; one that falls further behind gets [`Error::StreamOverrun`].
#[derive(Debug)]
pub struct HubStream<T> {
    items: mpsc::Receiver<Result<Payload, Error>>,
    invocation_id: String,
    commands: mpsc::WeakSender<Command>,
    protocol: signalr::Protocol,
    has_ended: bool,
    item: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> HubStream<T> {
    pub(crate) fn new(
        items: mpsc::Receiver<Result<Payload, Error>>,
        invocation_id: String,
        commands: mpsc::WeakSender<Command>,
        protocol: signalr::Protocol,
    ) -> Self {
        Self { items, invocation_id, commands, protocol, has_ended: false, item: PhantomData }
    }

    /// The next item; `None` when the hub has ended the stream. An error is the last item.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T: DeserializeOwned> Stream for HubStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let item = ready!(self.items.poll_recv(context));
        let item = item
            .map(|item| item.and_then(|payload| payload.decode().map_err(|error| Error::Decode(error.to_string()))));
        self.has_ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl<T> Drop for HubStream<T> {
    fn drop(&mut self) {
        if self.items.is_closed() {
            return;
        }
        // Where there is no room to say so, the next item finds that nobody reads, and says it then.
        if let Some(commands) = self.commands.upgrade() {
            drop(commands.try_send(cancel(self.protocol, &self.invocation_id)));
        }
    }
}
