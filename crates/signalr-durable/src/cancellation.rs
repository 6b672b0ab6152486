//! Telling running code that nobody waits for it any more: what .NET calls a cancellation token.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

/// Set once, by the client's wish or the connection's end, and heard by whoever listens.
#[derive(Debug, Default)]
pub(crate) struct Cancellation {
    is_cancelled: Cell<bool>,
    listening: RefCell<Vec<Waker>>,
}

impl Cancellation {
    pub(crate) fn cancel(&self) {
        self.is_cancelled.set(true);
        for waker in self.listening.take() {
            waker.wake();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.get()
    }

    /// Waits until it is cancelled, at once if it was.
    pub(crate) fn cancelled(self: Rc<Self>) -> impl Future<Output = ()> {
        poll_fn(move |context| {
            if self.is_cancelled() {
                return Poll::Ready(());
            }
            let mut listening = self.listening.borrow_mut();
            if !listening.iter().any(|waker| waker.will_wake(context.waker())) {
                listening.push(context.waker().clone());
            }
            Poll::Pending
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn whoever_listens_hears_it_before_and_after() {
        let cancellation = Rc::new(Cancellation::default());
        let mut first = Box::pin(cancellation.clone().cancelled());
        assert_eq!(first.as_mut().now_or_never(), None);
        cancellation.cancel();
        assert_eq!(first.now_or_never(), Some(()));
        assert_eq!(cancellation.cancelled().now_or_never(), Some(()));
    }
}
