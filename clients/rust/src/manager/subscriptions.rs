//! What a program has subscribed to at a hub, by the calls that it made for it.

use serde_json::Value;

/// A call that subscribes to one thing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Subscription {
    pub(super) method: String,
    pub(super) arguments: Vec<Value>,
    /// What kind of thing, such as `Task`.
    topic: String,
}

/// The subscriptions that the hub has accepted, in the order in which it did.
#[derive(Debug, Clone, Default)]
pub(super) struct Subscriptions(Vec<Subscription>);

impl Subscriptions {
    /// Whether a method subscribes to something, or ends that: one that may be called twice without harm.
    pub(super) fn concern(method: &str) -> bool {
        topic(method, "SubscribeTo").or_else(|| topic(method, "UnsubscribeFrom")).is_some()
    }

    /// Whether a method subscribes, which has the hub tell where things stand, whoever was told before.
    pub(super) fn begin(method: &str) -> bool {
        topic(method, "SubscribeTo").is_some()
    }

    /// Notes that the hub accepted a call.
    pub(super) fn accepted(&mut self, method: &str, arguments: &[Value]) {
        let subscribes = topic(method, "SubscribeTo");
        let Some(name) = subscribes.or_else(|| topic(method, "UnsubscribeFrom")) else {
            return;
        };
        for arguments in each(arguments) {
            self.0.retain(|own| own.topic != name || own.arguments != arguments);
            if subscribes.is_some() {
                self.0.push(Subscription { method: method.to_owned(), arguments, topic: name.to_owned() });
            }
        }
    }

    /// Whether one of these topics was subscribed to for an id, which may have been said as a number or in a list.
    pub(super) fn have(&self, topics: &[&str], id: &str) -> bool {
        let is_id = |argument: &Value| match argument {
            Value::Number(number) => number.to_string() == id,
            Value::Array(items) => items.iter().any(|item| item.as_str() == Some(id)),
            Value::String(text) => text == id,
            _ => false,
        };
        self.0.iter().any(|own| topics.contains(&own.topic.as_str()) && own.arguments.first().is_some_and(is_id))
    }

    pub(super) fn all(&self) -> Vec<Subscription> {
        self.0.clone()
    }
}

fn topic<'a>(method: &'a str, prefix: &str) -> Option<&'a str> {
    method.strip_prefix(prefix).filter(|topic| !topic.is_empty())
}

/// A list is as many subscriptions, which may end one by one.
fn each(arguments: &[Value]) -> Vec<Vec<Value>> {
    match arguments {
        [Value::Array(items)] => items.iter().map(|item| vec![Value::Array(vec![item.clone()])]).collect(),
        _ => vec![arguments.to_vec()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(calls: &[(&str, Value)]) -> Vec<(String, Value)> {
        let mut subscriptions = Subscriptions::default();
        for (method, arguments) in calls {
            subscriptions.accepted(method, arguments.as_array().unwrap());
        }
        subscriptions.all().into_iter().map(|it| (it.method, Value::Array(it.arguments))).collect()
    }

    #[test]
    fn a_subscription_lasts_until_it_is_ended_by_the_same_name() {
        let left = after(&[
            ("SubscribeToTask", json!(["1"])),
            ("SubscribeToTask", json!(["2"])),
            ("SubscribeToTask", json!(["1"])),
            ("UnsubscribeFromTask", json!(["2"])),
            ("UnsubscribeFromTaskType", json!(["1"])),
            ("GetPreferences", json!([])),
        ]);
        assert_eq!(left, [("SubscribeToTask".to_owned(), json!(["1"]))]);
    }

    #[test]
    fn the_items_of_a_list_are_subscriptions_of_their_own() {
        let left = after(&[
            ("SubscribeToWebhooks", json!([["https://a", "https://b"]])),
            ("UnsubscribeFromWebhooks", json!([["https://a"]])),
        ]);
        assert_eq!(left, [("SubscribeToWebhooks".to_owned(), json!([["https://b"]]))]);
    }

    #[test]
    fn a_subscription_is_found_by_its_topic_and_id() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.accepted("SubscribeToTask", &[json!(7)]);
        subscriptions.accepted("SubscribeToWebhooks", &[json!(["*", "https://a"])]);
        assert!(subscriptions.have(&["Request", "Task"], "7") && subscriptions.have(&["Webhooks"], "https://a"));
        assert!(!subscriptions.have(&["TaskType"], "7") && !subscriptions.have(&["Webhooks"], "7"));
    }

    #[test]
    fn only_methods_that_subscribe_are_repeated() {
        assert!(Subscriptions::concern("SubscribeToTask") && Subscriptions::concern("UnsubscribeFromTask"));
        assert!(!Subscriptions::concern("SubscribeTo") && !Subscriptions::concern("Resume"));
    }
}
