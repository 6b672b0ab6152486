//! The example of an event as each dialect's clients get it.

use std::error::Error;

use contract::{AnyJson, Dialect, EventDeclaration, EventMeta, Hub, Notification};
use serde_json::Value;

/// 2026-01-31T12:00:00Z, in milliseconds since the epoch.
const TIME_MILLIS: i64 = 1_769_860_800_000;
/// An event id of that time.
pub(crate) const EVENT_ID: &str = "01KG9YS7G00000000000000000";

/// A call of a client's handler.
#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    /// The client method.
    pub(crate) name: &'static str,
    /// What its handler gets.
    pub(crate) arguments: Vec<Value>,
}

/// The same event in every dialect.
pub(crate) struct Examples {
    /// The contract's own.
    pub(crate) contract: Call,
    /// The original system's, where that is another.
    pub(crate) conduit: Option<Call>,
    /// The implementation guide's, where that is another.
    pub(crate) guide: Option<Call>,
}

impl Examples {
    /// The example that an event of a hub declares.
    pub(crate) fn of(hub: &'static Hub, declaration: &EventDeclaration) -> Result<Self, Box<dyn Error>> {
        let data = AnyJson::from_text(declaration.example)?;
        let meta = EventMeta { timestamp_millis: TIME_MILLIS, event_id: EVENT_ID.to_owned(), correlation_id: None };
        let notification = Notification::of_kept(hub, Vec::new(), declaration.name, &data, meta)
            .ok_or_else(|| format!("{} has no event {}", hub.name, declaration.name))?;
        let call = |dialect| -> Result<Call, Box<dyn Error>> {
            let arguments = notification.arguments(dialect, false)?;
            Ok(Call { name: notification.target(dialect), arguments: serde_json::from_str(arguments.json().get())? })
        };
        let contract = call(Dialect::Contract)?;
        let [conduit, guide] =
            [call(Dialect::Conduit)?, call(Dialect::Guide)?].map(|call| (call != contract).then_some(call));
        Ok(Self { contract, conduit, guide })
    }
}
