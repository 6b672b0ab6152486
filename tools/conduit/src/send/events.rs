//! The events of a file, a pipe or a command line, one by one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::mpsc;

use crate::failure::Failure;

/// Events that are read ahead.
const READ_AHEAD: usize = 1_024;

/// What is said of events that have not said it themselves.
#[derive(Debug, Clone)]
pub(super) struct Defaults {
    pub(super) source: String,
    pub(super) virtual_key_id: Option<String>,
}

/// An event that is to be sent. Its data goes out as it was written, to the last digit.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// Its id.
    pub(super) id: String,
    /// Which it is, the first being 1.
    pub(super) number: u64,
    /// The event as JSON.
    pub(super) json: String,
    /// How many bytes of the file were read when it was.
    pub(super) end_offset: u64,
}

type Attributes = BTreeMap<String, Box<RawValue>>;

/// Reads events, in a thread of its own where that may take a while.
pub(super) struct EventReader {
    events: mpsc::Receiver<Result<Event, Failure>>,
    total_bytes: Option<u64>,
}

impl EventReader {
    /// One event of its parts.
    pub(super) fn one(event_type: &str, id: Option<&str>, data: &str, defaults: &Defaults) -> Result<Self, Failure> {
        let data = RawValue::from_string(data.to_owned())
            .map_err(|error| Failure::Usage(format!("--data is no JSON: {error}")))?;
        let mut attributes = Attributes::from([("type".to_owned(), raw(event_type)?), ("data".to_owned(), data)]);
        if let Some(id) = id {
            attributes.insert("id".to_owned(), raw(id)?);
        }
        let (sender, events) = mpsc::channel(1);
        // There is room for it.
        drop(sender.try_send(defaults.complete(attributes, 1, 0)));
        Ok(Self { events, total_bytes: None })
    }

    /// Those of a file; `-` is the standard input.
    pub(super) fn open(path: &Path, defaults: Defaults) -> Result<Self, Failure> {
        let (sender, events) = mpsc::channel(READ_AHEAD);
        let mut total_bytes = None;
        let input: Box<dyn Read + Send> = if path == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            let unreadable =
                |error: std::io::Error| Failure::Usage(format!("{} cannot be read: {error}", path.display()));
            let file = File::open(path).map_err(unreadable)?;
            let about = file.metadata().map_err(unreadable)?;
            if about.is_dir() {
                return Err(Failure::Usage(format!("{} is a folder", path.display())));
            }
            total_bytes = about.is_file().then_some(about.len());
            Box::new(file)
        };
        std::thread::spawn(move || read_all(input, &defaults, &sender));
        Ok(Self { events, total_bytes })
    }

    pub(super) async fn next(&mut self) -> Option<Result<Event, Failure>> {
        self.events.recv().await
    }

    /// How long the file is, where it is one.
    pub(super) fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }
}

/// Reads objects one after the other, or in arrays, until the end, the first that is none, or until nobody wants more.
fn read_all(input: Box<dyn Read + Send>, defaults: &Defaults, events: &mpsc::Sender<Result<Event, Failure>>) {
    let offset = Arc::new(AtomicU64::new(0));
    let counted = Counted { input, offset: Arc::clone(&offset) };
    let mut number = 0;
    let values = serde_json::Deserializer::from_reader(BufReader::new(counted)).into_iter::<Box<RawValue>>();
    for value in values {
        let value = match value {
            Ok(value) => value,
            Err(error) => {
                let failure = Failure::Rejected(format!("after event {number} comes what is no JSON: {error}"));
                drop(events.blocking_send(Err(failure)));
                return;
            }
        };
        let objects = if value.get().starts_with('[') {
            serde_json::from_str::<Vec<Attributes>>(value.get())
        } else {
            serde_json::from_str(value.get()).map(|attributes: Attributes| vec![attributes])
        };
        let objects = match objects {
            Ok(objects) => objects,
            Err(error) => {
                let failure = Failure::Rejected(format!("after event {number} comes what is no event: {error}"));
                drop(events.blocking_send(Err(failure)));
                return;
            }
        };
        for attributes in objects {
            number += 1;
            let event = defaults.complete(attributes, number, offset.load(Ordering::Relaxed));
            if events.blocking_send(event).is_err() {
                return;
            }
        }
    }
}

impl Defaults {
    /// The event with all that it must have.
    fn complete(&self, mut attributes: Attributes, number: u64, end_offset: u64) -> Result<Event, Failure> {
        let mut has = |name: &str, value: &str| -> Result<(), Failure> {
            if !attributes.contains_key(name) {
                attributes.insert(name.to_owned(), raw(value)?);
            }
            Ok(())
        };
        has("specversion", "1.0")?;
        has("source", &self.source)?;
        has("id", &new_id()?)?;
        if let Some(id) = &self.virtual_key_id {
            has("virtualkeyid", id)?;
        }
        let id = attributes.get("id").map(|id| id.get().trim_matches('"').to_owned()).unwrap_or_default();
        let json = serde_json::to_string(&attributes).map_err(|error| Failure::Other(error.to_string()))?;
        Ok(Event { id, number, json, end_offset })
    }
}

fn raw(text: &str) -> Result<Box<RawValue>, Failure> {
    to_raw_value(text).map_err(|error| Failure::Other(error.to_string()))
}

/// 128 random bits.
fn new_id() -> Result<String, Failure> {
    let number = || getrandom::u64().map_err(|error| Failure::Other(format!("the system has no randomness: {error}")));
    Ok(format!("{:016x}{:016x}", number()?, number()?))
}

/// Counts what is read.
struct Counted {
    input: Box<dyn Read + Send>,
    offset: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.offset.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> (Vec<Event>, Option<Failure>) {
        let defaults = Defaults { source: "/me".to_owned(), virtual_key_id: Some("7".to_owned()) };
        let (sender, mut receiver) = mpsc::channel(100);
        read_all(Box::new(text.as_bytes()), &defaults, &sender);
        drop(sender);
        let mut events = Vec::new();
        while let Some(event) = receiver.blocking_recv() {
            match event {
                Ok(event) => events.push(event),
                Err(failure) => return (events, Some(failure)),
            }
        }
        (events, None)
    }

    #[test]
    fn events_come_as_lines_in_arrays_or_over_many_lines() {
        for text in
            ["{\"id\":\"a\"}\n{\"id\":\"b\"}\n", "[{\"id\":\"a\"},{\"id\":\"b\"}]", "{\n \"id\":\n\"a\"}{\"id\":\"b\"}"]
        {
            let (events, failure) = read(text);
            assert!(failure.is_none(), "{text}");
            assert_eq!(events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        }
    }

    #[test]
    fn what_an_event_has_not_said_is_added_and_its_data_stays_as_it_is() {
        let (events, _) = read(r#"{"type":"SpendRecorded","source":"/own","data":{"amount":0.12345678901234567890}}"#);
        let json = &events[0].json;
        assert!(json.contains("0.12345678901234567890"), "{json}");
        assert!(json.contains(r#""source":"/own""#) && json.contains(r#""virtualkeyid":"7""#), "{json}");
        assert_eq!(events[0].id.len(), 32);
    }

    #[test]
    fn what_is_no_event_ends_it_after_those_before() {
        for text in ["{\"id\":\"a\"}\nnonsense", "{\"id\":\"a\"} 7", "{\"id\":\"a\"}\n{\"id\":"] {
            let (events, failure) = read(text);
            assert_eq!(events.len(), 1, "{text}");
            assert!(
                matches!(failure, Some(Failure::Rejected(message)) if message.starts_with("after event 1 ")),
                "{text}"
            );
        }
    }
}
