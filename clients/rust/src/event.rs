//! What a hub invokes at its clients, and who is told.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use signalr::Payload;

use crate::Error;

/// An event: a method that the hub invokes at its client.
#[derive(Debug, Clone)]
pub struct Event {
    /// The method's name, such as `TaskProgress`.
    pub name: String,
    /// Its arguments, as they came.
    pub arguments: Vec<Payload>,
}

impl Event {
    /// An argument, the first being 0.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] where there is none, or it is no `T`.
    pub fn argument<T: DeserializeOwned>(&self, index: usize) -> Result<T, Error> {
        let argument =
            self.arguments.get(index).ok_or_else(|| Error::Decode(format!("there is no argument {index}")))?;
        argument.decode().map_err(|error| Error::Decode(error.to_string()))
    }

    /// All arguments as JSON.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] for what only MessagePack has.
    pub fn json(&self) -> Result<Vec<serde_json::Value>, Error> {
        (0..self.arguments.len()).map(|index| self.argument(index)).collect()
    }
}

/// What a client answers that a hub asks something.
pub type ClientResult = Result<serde_json::Value, String>;

type Handler = Arc<dyn Fn(&Event) + Send + Sync>;
type Answerer = Arc<dyn Fn(Event) -> Pin<Box<dyn Future<Output = ClientResult> + Send>> + Send + Sync>;

/// A handler that was registered, by which it can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandlerId(u64);

/// Who is told of what. Names are compared without regard to case, as the JavaScript client does.
#[derive(Default)]
pub(crate) struct Handlers(Mutex<Registered>);

#[derive(Default)]
struct Registered {
    last_id: u64,
    by_name: HashMap<String, Vec<(HandlerId, Handler)>>,
    of_all: Vec<(HandlerId, Handler)>,
    answerers: HashMap<String, Answerer>,
}

impl Handlers {
    /// Registers a handler of one event, or of all.
    pub(crate) fn add(&self, name: Option<&str>, handler: Handler) -> HandlerId {
        let mut registered = self.lock();
        registered.last_id += 1;
        let id = HandlerId(registered.last_id);
        match name {
            Some(name) => registered.by_name.entry(name.to_lowercase()).or_default().push((id, handler)),
            None => registered.of_all.push((id, handler)),
        }
        id
    }

    pub(crate) fn answer(&self, name: &str, answerer: Answerer) {
        self.lock().answerers.insert(name.to_lowercase(), answerer);
    }

    /// Removes a handler, and says whether it was there.
    pub(crate) fn remove(&self, id: HandlerId) -> bool {
        let mut registered = self.lock();
        let before = registered.count();
        registered.by_name.values_mut().for_each(|handlers| handlers.retain(|(own, _)| *own != id));
        registered.of_all.retain(|(own, _)| *own != id);
        registered.by_name.retain(|_, handlers| !handlers.is_empty());
        registered.count() < before
    }

    /// Removes all handlers of an event.
    pub(crate) fn remove_all(&self, name: &str) {
        self.lock().by_name.remove(&name.to_lowercase());
    }

    /// Tells whoever listens, in the order in which they were registered: those of the event, then those of all.
    pub(crate) fn tell(&self, event: &Event) {
        let handlers: Vec<Handler> = {
            let registered = self.lock();
            let own = registered.by_name.get(&event.name.to_lowercase()).into_iter().flatten();
            own.chain(&registered.of_all).map(|(_, handler)| Arc::clone(handler)).collect()
        };
        for handler in handlers {
            handler(event);
        }
    }

    pub(crate) fn answerer(&self, name: &str) -> Option<Answerer> {
        self.lock().answerers.get(&name.to_lowercase()).map(Arc::clone)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Registered> {
        // No handler runs under the lock, so what is behind it is whole whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registered {
    fn count(&self) -> usize {
        self.by_name.values().map(Vec::len).sum::<usize>() + self.of_all.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn handlers_are_told_in_any_case_until_they_are_removed() {
        let handlers = Handlers::default();
        let told = Arc::new(AtomicUsize::new(0));
        let count = |weight| {
            let told = Arc::clone(&told);
            Arc::new(move |_: &Event| {
                told.fetch_add(weight, Ordering::SeqCst);
            })
        };
        let one = handlers.add(Some("TaskStarted"), count(1));
        handlers.add(None, count(10));
        let event = Event { name: "taskstarted".to_owned(), arguments: Vec::new() };
        handlers.tell(&event);
        assert_eq!(told.load(Ordering::SeqCst), 11);
        assert!(handlers.remove(one));
        assert!(!handlers.remove(one));
        handlers.tell(&event);
        assert_eq!(told.load(Ordering::SeqCst), 21);
    }
}
