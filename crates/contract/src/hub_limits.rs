//! How many events of a type a hub may send a minute: the configuration's `HUB_LIMITS`.

use serde_json::Value;

use crate::{
    fields,
    hub::{self, Hub},
    named_members::NamedMembers,
    rejection::Rejection,
};

/// The highest limit: more a minute than a hub can send.
pub const MAX_EVENTS_PER_MINUTE: u32 = 1_000_000;

/// The name of the setting, in which an error lies.
const SETTING: &str = "HUB_LIMITS";
/// Stands for every event of a hub that has no limit of its own.
const EVERY_EVENT: &str = "*";

/// Limits by hub and event, in events a minute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubLimits(Vec<HubLimit>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct HubLimit {
    hub: &'static Hub,
    event: &'static str,
    per_minute: u32,
}

impl HubLimits {
    /// Reads `{ "TaskHub": { "TaskProgress": 600, "*": 6000 } }`. A hub is named by its name or its route.
    ///
    /// # Errors
    ///
    /// The place that is wrong, such as `HUB_LIMITS.TaskHub.TaskProgress`.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        Self::read(json).map_err(|rejection| rejection.inside(SETTING))
    }

    fn read(json: &str) -> Result<Self, Rejection> {
        let NamedMembers(hubs) = fields::parse::<NamedMembers<NamedMembers<Value>>>(json)?;
        let mut limits = Self::default();
        let mut seen: Vec<&Hub> = Vec::new();
        for (hub_name, NamedMembers(events)) in hubs {
            let hub =
                hub::named(&hub_name).ok_or_else(|| Rejection::of_field(hub_name.as_str(), "there is no such hub"))?;
            if seen.contains(&hub) {
                return Err(Rejection::of_field(hub_name, format!("{} is named more than once", hub.name)));
            }
            seen.push(hub);
            for (event_name, value) in events {
                let wrong = |message: String| Rejection::of_field(format!("{hub_name}.{event_name}"), message);
                let event =
                    event_of(hub, &event_name).ok_or_else(|| wrong(format!("{} has no such event", hub.name)))?;
                if limits.0.iter().any(|limit| limit.hub == hub && limit.event == event) {
                    return Err(wrong("given more than once".to_owned()));
                }
                let per_minute = whole_number(&value)
                    .ok_or_else(|| wrong(format!("must be a whole number from 1 to {MAX_EVENTS_PER_MINUTE}")))?;
                limits.0.push(HubLimit { hub, event, per_minute });
            }
        }
        Ok(limits)
    }

    /// How many events of that name a hub may send a minute; none where there is no limit.
    pub fn limit(&self, hub: &Hub, event: &str) -> Option<u32> {
        let of = |name: &str| self.0.iter().find(|limit| limit.hub == hub && limit.event == name);
        of(event).or_else(|| of(EVERY_EVENT)).map(|limit| limit.per_minute)
    }
}

fn event_of(hub: &Hub, name: &str) -> Option<&'static str> {
    if name == EVERY_EVENT {
        return Some(EVERY_EVENT);
    }
    hub.events.iter().map(|event| event.name).find(|event| event.eq_ignore_ascii_case(name))
}

fn whole_number(value: &Value) -> Option<u32> {
    let number = u32::try_from(value.as_u64()?).ok()?;
    (1..=MAX_EVENTS_PER_MINUTE).contains(&number).then_some(number)
}

#[cfg(test)]
#[path = "hub_limits_tests.rs"]
mod tests;
