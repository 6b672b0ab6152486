//! What is sent: an event of the contract, which becomes the domain event that it tells of and takes the way of all
//! events, so that no state is passed by. Who is told of it follows from what clients subscribed to; whom it is sent to
//! says which key it is of.

use contract::{ClientForm, Envelope, Hub, ProblemKind, Rejection, Scope, is_trace_parent, key_secret::sha256_hex};
use durable_objects::{Published, key_of_connection, now_millis, random_bytes, ulid};
use serde_json::value::RawValue;
use signalr_durable::{
    azure::{Message, Missing, Outcome, Target},
    edge::azure::RestError,
};

use super::{rest_error, subject::KeyGroup};
use crate::{
    door::Visit,
    handover::{Handed, Way, hand_over},
    refusal::Refusal,
};

/// The source of the events that come in by this door.
const SOURCE: &str = "/azure-signalr";

pub(super) async fn send(
    visit: &Visit,
    hub: &'static Hub,
    to: &Target,
    message: &Message,
    excluded: &[String],
) -> Result<Outcome, RestError> {
    if !excluded.is_empty() {
        let text = "nobody can be excluded: an event is for whoever subscribed to it";
        return Err(RestError::invalid("excluded", text));
    }
    let arguments = message.arguments().map_err(|error| RestError::invalid("arguments", error.to_string()))?;
    let form = ClientForm::read(hub, &message.target, &arguments).map_err(rejected)?;
    let target = |text: &str| Err(RestError::invalid("target", format!("'{}' {text}", message.target)));
    let virtual_key_id = match (form.scope(), to) {
        (Scope::Broadcast, Target::All) => None,
        (Scope::Broadcast, _) => return target("is for everybody: send it to all"),
        (Scope::Key, Target::All) => {
            return target("is of one virtual key: send it to a user, a group or a connection");
        }
        (Scope::Key, Target::User(user)) => Some(user.clone()),
        (Scope::Key, Target::Connection(id)) => match key_of_connection(id) {
            Some(key) => Some(key),
            None => return Ok(Outcome::NotFound(Missing::Connection)),
        },
        (Scope::Key, Target::Group(group)) => {
            let KeyGroup { virtual_key_id, name } = KeyGroup::read(hub, group)?;
            if !form.is_told_in(&virtual_key_id, &name) {
                return target(&format!("is not told in the group '{name}', by what it says"));
            }
            Some(virtual_key_id)
        }
    };
    let id = event_id(visit, hub, virtual_key_id.as_deref(), message, &arguments);
    let trace_parent = header(visit, "traceparent").filter(|text| is_trace_parent(text));
    let envelope = Envelope {
        id: &id,
        source: SOURCE,
        virtual_key_id: virtual_key_id.as_deref(),
        trace_parent: trace_parent.as_deref(),
    };
    let event = form.accept(envelope).map_err(rejected)?;
    match hand_over(&visit.env, vec![event], Way::Straight).await.pop() {
        Some(Handed::Taken(Published::Rejected(reason))) => Err(RestError::new(429, "Error.Request.TooMany", reason)),
        Some(Handed::Taken(_) | Handed::Queued) => Ok(Outcome::Done),
        Some(Handed::Rejected(_)) => Ok(Outcome::NotFound(Missing::User)),
        Some(Handed::Unavailable(reason)) => Err(not_now(reason)),
        None => Err(not_now("nothing was handed over")),
    }
}

/// It may succeed later.
fn not_now(reason: &str) -> RestError {
    rest_error(Refusal::problem(ProblemKind::Unavailable, reason))
}

/// The event's id: the same for a request that is sent again with the same `x-ms-client-request-id`, as Azure's clients
/// do, and the same content. Without one each request is an event of its own.
fn event_id(
    visit: &Visit,
    hub: &Hub,
    virtual_key_id: Option<&str>,
    message: &Message,
    arguments: &[Box<RawValue>],
) -> String {
    let Some(request_id) = header(visit, "x-ms-client-request-id").filter(|id| !id.is_empty()) else {
        return ulid(now_millis(), random_bytes().unwrap_or_default()).to_string();
    };
    let arguments: Vec<&str> = arguments.iter().map(|argument| argument.get()).collect();
    let whole = serde_json::json!([request_id, hub.name, virtual_key_id, message.target, arguments]);
    sha256_hex(&whole.to_string())
}

fn header(visit: &Visit, name: &str) -> Option<String> {
    visit.request.headers().get(name).ok().flatten()
}

fn rejected(Rejection { field, message }: Rejection) -> RestError {
    RestError::invalid(field.unwrap_or_else(|| "body".to_owned()), message)
}
