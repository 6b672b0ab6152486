//! A stream that a client sends as an argument of a call (client-to-server streaming).

use std::{
    cell::RefCell,
    collections::VecDeque,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use futures::Stream;
use serde::de::DeserializeOwned;
use signalr::{BindingError, Payload, error_text};

use crate::error::HubError;

/// The items that a client streams into a hub method, in order. Dropping it tells nobody; items that come later are
/// thrown away.
///
/// An item is an error, and the last one, where it is no `T`, where the client ended the stream with an error, or where
/// the connection ended before the stream. A hub that reads slowly makes its client wait: past
/// [`ServerOptions::stream_buffer_capacity`](crate::ServerOptions) items nothing more of the connection is handled
/// until one is taken.
///
/// ```
/// # use std::rc::Rc;
/// use futures::TryStreamExt;
/// # use signalr_durable::{Caller, Hub, HubError, Methods, Upload};
///
/// # struct Sums;
/// # impl Hub for Sums {
/// #     fn methods(methods: &mut Methods<Self>) {
/// #         methods.on("Sum", Self::sum);
/// #     }
/// # }
/// # impl Sums {
/// // `methods.on("Sum", Self::sum)`; in JavaScript `connection.invoke('Sum', subject)`.
/// async fn sum(self: Rc<Self>, _caller: Caller, numbers: Upload<f64>) -> Result<f64, HubError> {
///     numbers.try_fold(0.0, async |sum, number| Ok(sum + number)).await
/// }
/// # }
/// ```
pub struct Upload<T> {
    buffer: Rc<UploadBuffer>,
    item: PhantomData<fn() -> T>,
}

/// What has arrived of an upload and was not read yet.
pub(crate) struct UploadBuffer {
    state: RefCell<State>,
    capacity: usize,
    detailed_errors: bool,
    /// Runs when a full buffer has room again, or needs none any more.
    on_room: Box<dyn Fn()>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Payload>,
    end: Option<Result<(), HubError>>,
    reader: Option<Waker>,
    is_dropped: bool,
}

impl UploadBuffer {
    pub(crate) fn new(capacity: usize, detailed_errors: bool, on_room: impl Fn() + 'static) -> Self {
        Self { state: RefCell::default(), capacity: capacity.max(1), detailed_errors, on_room: Box::new(on_room) }
    }

    /// Whether the next item has to wait.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.state.borrow();
        !state.is_dropped && state.end.is_none() && state.items.len() >= self.capacity
    }

    /// Takes an item; one that comes after the end, or that nobody will read, is dropped.
    pub(crate) fn push(&self, item: Result<Payload, BindingError>) {
        let mut state = self.state.borrow_mut();
        if state.is_dropped || state.end.is_some() {
            return;
        }
        match item {
            Ok(payload) => state.items.push_back(payload),
            Err(error) => state.end = Some(Err(self.not_bound(&error))),
        }
        wake(state.reader.take());
    }

    /// Ends the upload, with an error or without.
    pub(crate) fn end(&self, outcome: Result<(), HubError>) {
        let mut state = self.state.borrow_mut();
        state.end.get_or_insert(outcome);
        wake(state.reader.take());
    }

    fn not_bound(&self, error: &BindingError) -> HubError {
        HubError::refused(error_text::stream_item_not_bound(error, self.detailed_errors))
    }
}

fn wake(reader: Option<Waker>) {
    if let Some(reader) = reader {
        reader.wake();
    }
}

impl<T> Upload<T> {
    pub(crate) fn new(buffer: Rc<UploadBuffer>) -> Self {
        Self { buffer, item: PhantomData }
    }
}

impl<T: DeserializeOwned> Stream for Upload<T> {
    type Item = Result<T, HubError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let buffer = &self.buffer;
        let mut state = buffer.state.borrow_mut();
        let Some(payload) = state.items.pop_front() else {
            if let Some(end) = &mut state.end {
                // An error is told once; then the stream has ended.
                return Poll::Ready(std::mem::replace(end, Ok(())).err().map(Err));
            }
            state.reader = Some(context.waker().clone());
            return Poll::Pending;
        };
        let had_no_room = state.items.len() + 1 == buffer.capacity;
        let item = payload.decode().map_err(|error| {
            state.items.clear();
            state.end = Some(Ok(()));
            buffer.not_bound(&error)
        });
        drop(state);
        if had_no_room {
            (buffer.on_room)();
        }
        Poll::Ready(Some(item))
    }
}

impl<T> Drop for Upload<T> {
    fn drop(&mut self) {
        let mut state = self.buffer.state.borrow_mut();
        state.is_dropped = true;
        let had_no_room = state.items.len() >= self.buffer.capacity;
        state.items.clear();
        drop(state);
        if had_no_room {
            (self.buffer.on_room)();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::{FutureExt, StreamExt};
    use signalr::Protocol;

    use super::*;

    fn buffer(capacity: usize) -> (Rc<UploadBuffer>, Rc<Cell<usize>>) {
        let rooms = Rc::new(Cell::new(0));
        let counter = rooms.clone();
        (Rc::new(UploadBuffer::new(capacity, false, move || counter.set(counter.get() + 1))), rooms)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as `push` takes it")]
    fn item<T: serde::Serialize>(value: T) -> Result<Payload, BindingError> {
        Ok(Payload::encode(Protocol::Json, &value).unwrap())
    }

    #[test]
    fn items_come_in_order_and_then_the_end() {
        let (buffer, _) = buffer(10);
        let upload = Upload::<u32>::new(buffer.clone());
        buffer.push(item(1));
        buffer.push(item(2));
        buffer.end(Ok(()));
        buffer.push(item(3));
        let items: Vec<_> = upload.collect().now_or_never().unwrap();
        assert_eq!(items, [Ok(1), Ok(2)]);
    }

    #[test]
    fn a_full_buffer_has_room_once_something_is_read() {
        let (buffer, rooms) = buffer(2);
        let mut upload = Upload::<u32>::new(buffer.clone());
        buffer.push(item(1));
        assert!(!buffer.is_full());
        buffer.push(item(2));
        assert!(buffer.is_full());
        assert_eq!(upload.next().now_or_never(), Some(Some(Ok(1))));
        assert_eq!((buffer.is_full(), rooms.get()), (false, 1));
    }

    #[test]
    fn what_nobody_reads_is_never_full() {
        let (buffer, rooms) = buffer(1);
        let upload = Upload::<u32>::new(buffer.clone());
        buffer.push(item(1));
        drop(upload);
        assert_eq!((buffer.is_full(), rooms.get()), (false, 1));
    }

    #[test]
    fn an_item_of_another_type_is_an_error_and_the_last() {
        let (buffer, _) = buffer(10);
        let upload = Upload::<u32>::new(buffer.clone());
        buffer.push(item(1));
        buffer.push(item("two"));
        buffer.push(item(3));
        let items: Vec<_> = upload.collect().now_or_never().unwrap();
        assert_eq!(items, [Ok(1), Err(HubError::refused("Failed to bind Stream message."))]);
    }

    #[test]
    fn an_error_of_the_client_follows_its_items() {
        let (buffer, _) = buffer(10);
        let upload = Upload::<u32>::new(buffer.clone());
        buffer.push(item(1));
        buffer.end(Err(HubError::refused("Something bad")));
        let items: Vec<_> = upload.collect().now_or_never().unwrap();
        assert_eq!(items, [Ok(1), Err(HubError::refused("Something bad"))]);
    }
}
