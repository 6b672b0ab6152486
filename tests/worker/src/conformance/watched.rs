//! Streams whose end goes into the journal.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use futures::Stream;
use signalr_durable::{Caller, HubError};

use super::hub::ConfHub;

/// Which way a stream goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Down,
    Up,
}

/// A stream that is heard of when it ends, or is dropped before its end.
pub(super) struct Watched<S> {
    stream: Pin<Box<S>>,
    hub: Rc<ConfHub>,
    connection: String,
    direction: Direction,
    is_over: bool,
}

impl<S> Watched<S> {
    /// A stream to the caller: the journal says if it was cancelled.
    pub(super) fn down(hub: Rc<ConfHub>, caller: &Caller, stream: S) -> Self {
        Self::new(hub, caller, stream, Direction::Down)
    }

    /// A stream of the caller's: the journal says how it ended.
    pub(super) fn up(hub: Rc<ConfHub>, caller: &Caller, stream: S) -> Self {
        Self::new(hub, caller, stream, Direction::Up)
    }

    fn new(hub: Rc<ConfHub>, caller: &Caller, stream: S, direction: Direction) -> Self {
        let connection = caller.connection_id().to_owned();
        Self { stream: Box::pin(stream), hub, connection, direction, is_over: false }
    }

    fn note(&self, entry: &str) {
        self.hub.journal.add(&self.connection, entry);
    }
}

impl<S: Stream<Item = Result<T, HubError>>, T> Stream for Watched<S> {
    type Item = Result<T, HubError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.stream.as_mut().poll_next(context);
        let end = match &polled {
            Poll::Ready(None) => "upload ended".to_owned(),
            Poll::Ready(Some(Err(error))) => format!("upload failed: {error}"),
            _ => return polled,
        };
        if !std::mem::replace(&mut self.is_over, true) && self.direction == Direction::Up {
            self.note(&end);
        }
        polled
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        if !self.is_over {
            self.note(if self.direction == Direction::Up { "upload dropped" } else { "stream cancelled" });
        }
    }
}
