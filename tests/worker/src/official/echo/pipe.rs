//! Bytes on their way back.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

use futures::channel::oneshot;

/// What came and was not yet fetched.
#[derive(Default)]
pub(super) struct Pipe {
    chunks: RefCell<VecDeque<Vec<u8>>>,
    /// Tells whoever waits; dropped where somebody else waits instead.
    arrived: RefCell<Option<oneshot::Sender<()>>>,
    is_over: Cell<bool>,
}

impl Pipe {
    pub(super) fn push(&self, chunk: Vec<u8>) {
        self.chunks.borrow_mut().push_back(chunk);
        self.tell();
    }

    pub(super) fn end(&self) {
        self.is_over.set(true);
        self.tell();
    }

    /// The next bytes; none when it is over, or somebody else waits for them.
    pub(super) async fn next(&self) -> Option<Vec<u8>> {
        loop {
            let chunk = self.chunks.borrow_mut().pop_front();
            if chunk.is_some() || self.is_over.get() {
                return chunk;
            }
            let (arrived, waiting) = oneshot::channel();
            self.arrived.replace(Some(arrived));
            waiting.await.ok()?;
        }
    }

    fn tell(&self) {
        if let Some(arrived) = self.arrived.take() {
            let _nobody_waits = arrived.send(());
        }
    }
}
