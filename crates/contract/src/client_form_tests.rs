use serde_json::{Value, json};

use super::*;
use crate::hub::{ADMIN_HUB, HUBS, IMAGE_HUB, NAVIGATION_HUB, SYSTEM_HUB, TASK_HUB, VIDEO_HUB};

fn arguments(values: &Value) -> Vec<Box<RawValue>> {
    let values = values.as_array().unwrap();
    values.iter().map(|value| serde_json::value::to_raw_value(value).unwrap()).collect()
}

fn read(hub: &'static Hub, target: &str, values: &Value) -> Result<ClientForm, Rejection> {
    ClientForm::read(hub, target, &arguments(values))
}

fn accept(hub: &'static Hub, target: &str, values: &Value) -> Result<Value, Rejection> {
    let form = read(hub, target, values)?;
    let virtual_key_id = (form.scope() == Scope::Key).then_some("key-1");
    let envelope = Envelope { id: "id-1", source: "/azure-signalr", virtual_key_id, trace_parent: Some("00-a-b-01") };
    Ok(serde_json::from_str(form.accept(envelope)?.json.get()).unwrap())
}

fn refusal(hub: &'static Hub, target: &str, values: &Value) -> String {
    accept(hub, target, values).unwrap_err().to_string()
}

#[test]
fn arguments_by_position_become_the_members_of_the_event() {
    let event = accept(&TASK_HUB, "TaskProgress", &json!(["task-1", 42.5, "half"])).unwrap();
    let expected = json!({
        "specversion": "1.0", "id": "id-1", "source": "/azure-signalr", "type": "TaskProgress",
        "virtualkeyid": "key-1", "traceparent": "00-a-b-01",
        "data": {"taskId": "task-1", "percentComplete": 42.5, "message": "half"},
    });
    assert_eq!(event, expected);
}

#[test]
fn arguments_that_may_be_missing_may_be_null_too() {
    for values in [json!(["task-1"]), json!(["task-1", null])] {
        let event = accept(&TASK_HUB, "TaskCompleted", &values).unwrap();
        assert_eq!(event["data"], json!({"taskId": "task-1"}));
    }
}

#[test]
fn an_object_is_the_event_itself() {
    let video = json!({"requestId": "v-1", "percentage": 50, "status": "rendering"});
    let event = accept(&VIDEO_HUB, "VideoProgress", &json!([video])).unwrap();
    assert_eq!((&event["type"], &event["data"]), (&json!("VideoProgress"), &video));
    let alert = json!({"severity": "High", "title": "Cache", "message": "misses", "source": "core"});
    let event = accept(&ADMIN_HUB, "SystemAlert", &json!([alert])).unwrap();
    assert_eq!(event.get("virtualkeyid"), None);
}

#[test]
fn deliveries_of_webhooks_have_longer_names_as_domain_events() {
    for (target, domain_event) in [
        ("DeliveryAttempted", "WebhookDeliveryAttempted"),
        ("DeliverySucceeded", "WebhookDeliverySucceeded"),
        ("DeliveryFailed", "WebhookDeliveryFailed"),
        ("RetryScheduled", "WebhookDeliveryRetryScheduled"),
    ] {
        let data = event_types().find(|event_type| event_type.name == domain_event).unwrap().example;
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(accept(&WEBHOOK_HUB, target, &json!([data])).unwrap()["type"], domain_event);
    }
}

#[test]
fn the_example_of_every_event_that_can_be_sent_is_accepted() {
    let mut sent = 0;
    for hub in HUBS {
        for event in hub.events {
            let data: Value = serde_json::from_str(event.example).unwrap();
            let values = match event.form {
                Form::Object => json!([data]),
                Form::Positional(names) => names.iter().map(|name| data[name].clone()).collect(),
            };
            if read(hub, event.name, &values).is_ok() {
                accept(hub, event.name, &values).unwrap();
                sent += 1;
            }
        }
    }
    // Tasks, videos, images, system, webhooks, the three of them that the navigation hub has, and two for operators.
    assert_eq!(sent, 6 + 5 + 5 + 8 + 4 + 3 + 2);
}

#[test]
fn what_is_no_event_of_the_hub_is_refused_by_name() {
    let refused = refusal(&TASK_HUB, "TaskDone", &json!([]));
    assert!(refused.starts_with("target: 'TaskDone' is no event of TaskHub, which has TaskStarted, "), "{refused}");
    assert!(refusal(&TASK_HUB, "VideoStarted", &json!([{}])).starts_with("target: "));
}

#[test]
fn what_only_conduit_tells_is_refused() {
    let spend = refusal(&SPEND_HUB, "SpendUpdate", &json!([{}]));
    assert!(spend.contains("post SpendRecorded to /v1/events"), "{spend}");
    for (hub, target) in [
        (&NAVIGATION_HUB, "NavigationUpdated"),
        (&SYSTEM_HUB, "PreferencesUpdated"),
        (&WEBHOOK_HUB, "CircuitBreakerStateChanged"),
        (&ADMIN_HUB, "VirtualKeyCreated"),
    ] {
        let refused = refusal(hub, target, &json!([{}]));
        assert_eq!(refused, format!("target: '{target}' is told by Conduit, and can't be sent"));
    }
}

#[test]
fn an_argument_that_does_not_fit_is_named_by_its_place() {
    for (hub, target, values, expected) in [
        (&TASK_HUB, "TaskProgress", json!(["t", 101]), "arguments[1]: "),
        (&TASK_HUB, "TaskProgress", json!(["t"]), "arguments[1]: missing"),
        (&TASK_HUB, "TaskProgress", json!([]), "arguments[0]: missing"),
        (&TASK_HUB, "TaskTimedOut", json!(["t", 1]), "arguments: too many: TaskTimedOut has taskId"),
        (&SYSTEM_HUB, "ModelCapabilitiesDiscovered", json!(["p", [{"model": 1}]]), "arguments[1][0].model: "),
        (&IMAGE_HUB, "ImageStarted", json!([{"taskId": "i", "foo": 1}]), "arguments[0].foo: unknown field"),
        (&IMAGE_HUB, "ImageStarted", json!(["i"]), "arguments: must be one object"),
        (&IMAGE_HUB, "ImageStarted", json!([{}, {}]), "arguments: must be one object"),
    ] {
        let refused = refusal(hub, target, &values);
        assert!(refused.starts_with(expected), "{refused}");
    }
    let large = refusal(&TASK_HUB, "TaskCompleted", &json!(["t", "x".repeat(100_000)]));
    assert!(large.contains("at most 100000"), "{large}");
}

#[test]
fn a_group_is_told_of_what_its_name_says() {
    let form = read(&TASK_HUB, "TaskStarted", &json!(["t-1", "video", {}])).unwrap();
    for group in ["vkey-key-1", "task:t-1", "task-type:video", "task-type:*"] {
        assert!(form.is_told_in("key-1", group), "{group}");
    }
    for group in ["vkey-key-2", "task:t-2", "task:", "task-type:image", "team", ""] {
        assert!(!form.is_told_in("key-1", group), "{group}");
    }
    // Progress does not say of which type its task is.
    let form = read(&TASK_HUB, "TaskProgress", &json!([5, 50])).unwrap();
    assert!(form.is_told_in("key-1", "task-type:image") && form.is_told_in("key-1", "task:5"));
    let delivery = json!({"url": "https://EXAMPLE.com/hook"});
    let form = read(&WEBHOOK_HUB, "DeliveryAttempted", &json!([delivery])).unwrap();
    assert!(form.is_told_in("key-1", "webhook:https://example.com/hook") && form.is_told_in("key-1", "webhook:*"));
    assert!(!form.is_told_in("key-1", "webhook:https://example.com/other"));
}

#[test]
fn a_key_has_the_groups_that_its_hub_declares() {
    for (group, expected) in [("task:anything", true), ("vkey-key-1", true), ("vkey-key-2", false), ("team", false)] {
        assert_eq!(is_group_of_key(&TASK_HUB, "key-1", group), expected, "{group}");
    }
}
