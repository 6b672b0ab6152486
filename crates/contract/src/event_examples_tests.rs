//! The events of videos, images and webhooks: their examples, read by their own types and told in every dialect, and
//! what is refused.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    client_event::ClientEvent,
    domain_event::{DomainEvent, EventBody},
    event_meta::EventMeta,
    hub::{Hub, IMAGE_HUB, VIDEO_HUB, WEBHOOK_HUB},
    image_event::{ImageCancelled, ImageCompleted, ImageFailed, ImageProgress, ImageStarted},
    notification::{Dialect, Notification},
    video_event::{VideoCancelled, VideoCompleted, VideoFailed, VideoProgress, VideoStarted},
    webhook_event::{
        CircuitBreakerStateChanged, WebhookDeliveryAttempted, WebhookDeliveryFailed, WebhookDeliveryRetryScheduled,
        WebhookDeliverySucceeded,
    },
};

const TIME: &str = "2026-01-31T12:00:00.000Z";

fn notification<E: ClientEvent + DeserializeOwned>(hub: &'static Hub, data: &str) -> Notification {
    let event: E = serde_json::from_str(data).unwrap();
    Notification::new(hub, vec![], &event, meta()).unwrap()
}

fn meta() -> EventMeta {
    EventMeta { timestamp_millis: 1_769_860_800_000, event_id: "e-1".to_owned(), correlation_id: Some("c".into()) }
}

fn told(notification: &Notification, dialect: Dialect) -> (&'static str, Value) {
    let arguments = notification.arguments(dialect, true).unwrap();
    (notification.target(dialect), serde_json::from_str(arguments.json().get()).unwrap())
}

/// Checks the example of an event: in the contract's and the guide's dialect the example with its metadata, in the
/// original's the members that are given, with the metadata.
fn check<E: ClientEvent + DeserializeOwned>(hub: &'static Hub, names: [&str; 3], mut conduit: Value) {
    let example = E::DECLARATION.example;
    let notification = notification::<E>(hub, example);
    assert_eq!(notification.data().get(), example);
    assert_eq!(hub.event(names[0]), Some(E::DECLARATION));

    let mut own: Value = serde_json::from_str(example).unwrap();
    for event in [&mut own, &mut conduit] {
        for (name, value) in [("timestamp", TIME), ("eventId", "e-1"), ("correlationId", "c")] {
            event[name] = json!(value);
        }
    }
    assert_eq!(told(&notification, Dialect::Contract), (names[0], json!([own])));
    assert_eq!(told(&notification, Dialect::Conduit), (names[1], json!([conduit])));
    assert_eq!(told(&notification, Dialect::Guide), (names[2], json!([own])));
}

#[test]
fn the_events_of_a_video_read_as_each_dialect_says() {
    check::<VideoStarted>(
        &VIDEO_HUB,
        ["VideoStarted", "VideoGenerationStarted", "VideoStarted"],
        json!({"taskId": "video-1", "provider": "replicate", "estimatedSeconds": 90, "startedAt": TIME}),
    );
    check::<VideoProgress>(
        &VIDEO_HUB,
        ["VideoProgress", "VideoGenerationProgress", "VideoProgress"],
        json!({
            "taskId": "video-1", "status": "rendering", "progress": 42, "progressPercentage": 42,
            "message": "frame 51 of 120", "framesCompleted": 51, "totalFrames": 120,
        }),
    );
    check::<VideoCompleted>(
        &VIDEO_HUB,
        ["VideoCompleted", "VideoGenerationCompleted", "VideoCompleted"],
        json!({
            "taskId": "video-1", "status": "completed", "videoUrl": "https://media.example.com/1.mp4",
            "previewUrl": "https://media.example.com/1.jpg", "duration": 6, "durationSeconds": 6,
            "resolution": "1280x720", "fileSize": 2_048_000, "cost": 0.25, "provider": "replicate",
            "model": "minimax-video", "completedAt": TIME, "generationDuration": null,
        }),
    );
    check::<VideoFailed>(
        &VIDEO_HUB,
        ["VideoFailed", "VideoGenerationFailed", "VideoFailed"],
        json!({
            "taskId": "video-1", "status": "failed", "error": "the provider refused the prompt",
            "errorCode": "content_policy", "isRetryable": false, "retryCount": 1, "maxRetries": 3,
            "nextRetryAt": null, "failedAt": TIME,
        }),
    );
    check::<VideoCancelled>(
        &VIDEO_HUB,
        ["VideoCancelled", "VideoGenerationCancelled", "VideoCancelled"],
        json!({"taskId": "video-1", "reason": "by its owner", "cancelledAt": TIME}),
    );
}

#[test]
fn the_events_of_images_read_as_each_dialect_says() {
    check::<ImageStarted>(
        &IMAGE_HUB,
        ["ImageStarted", "ImageGenerationStarted", "ImageStarted"],
        json!({
            "taskId": "image-1", "prompt": null, "numberOfImages": 4, "size": null, "style": null, "startedAt": TIME,
        }),
    );
    check::<ImageProgress>(
        &IMAGE_HUB,
        ["ImageProgress", "ImageGenerationProgress", "ImageProgress"],
        json!({
            "taskId": "image-1", "progressPercentage": 50, "status": "processing", "imagesCompleted": 2,
            "totalImages": 4, "message": "2 of 4",
        }),
    );
    check::<ImageCompleted>(
        &IMAGE_HUB,
        ["ImageCompleted", "ImageGenerationCompleted", "ImageCompleted"],
        json!({
            "taskId": "image-1", "imageUrls": ["https://media.example.com/1.png"], "durationSeconds": 8.5, "cost": 0.04,
            "completedAt": TIME,
        }),
    );
    check::<ImageFailed>(
        &IMAGE_HUB,
        ["ImageFailed", "ImageGenerationFailed", "ImageFailed"],
        json!({
            "taskId": "image-1", "error": "the provider refused the prompt", "isRetryable": false, "failedAt": TIME,
        }),
    );
    check::<ImageCancelled>(
        &IMAGE_HUB,
        ["ImageCancelled", "ImageGenerationCancelled", "ImageCancelled"],
        json!({"taskId": "image-1", "reason": "by its owner", "cancelledAt": TIME}),
    );
}

#[test]
fn the_events_of_a_delivery_read_as_each_dialect_says() {
    // printf https://example.com/hook | sha256sum
    let common = |members: Value| {
        let mut event = json!({
            "webhookId": "video-1_19f13522", "deliveryId": "delivery-1", "url": "https://example.com/hook",
            "eventType": "video.completed",
        });
        for (name, value) in members.as_object().unwrap() {
            event[name] = value.clone();
        }
        event
    };
    check::<WebhookDeliveryAttempted>(
        &WEBHOOK_HUB,
        ["DeliveryAttempted"; 3],
        common(json!({"attemptNumber": 1, "taskId": "video-1", "taskType": null})),
    );
    check::<WebhookDeliverySucceeded>(
        &WEBHOOK_HUB,
        ["DeliverySucceeded", "DeliverySucceeded", "WebhookDelivered"],
        common(json!({
            "statusCode": 204, "responseTimeMs": 31.5, "attemptCount": 2, "totalAttempts": 2, "taskId": "video-1",
        })),
    );
    check::<WebhookDeliveryFailed>(
        &WEBHOOK_HUB,
        ["DeliveryFailed", "DeliveryFailed", "WebhookFailed"],
        common(json!({
            "error": "HTTP 503", "errorMessage": "HTTP 503", "statusCode": 503, "attemptCount": 4, "attemptNumber": 4,
            "isFinal": true, "isPermanentFailure": true, "taskId": "video-1",
        })),
    );
    check::<WebhookDeliveryRetryScheduled>(
        &WEBHOOK_HUB,
        ["RetryScheduled"; 3],
        common(json!({
            "nextAttemptNumber": 2, "scheduledAt": "2026-01-31T12:00:02.000Z", "delaySeconds": 2, "reason": null,
        })),
    );
    check::<CircuitBreakerStateChanged>(
        &WEBHOOK_HUB,
        ["CircuitBreakerStateChanged"; 3],
        json!({
            "url": "https://example.com/hook", "previousState": "Closed", "currentState": "Open", "reason": null,
            "failureCount": null, "successCount": null, "nextTestAt": null,
        }),
    );
}

#[test]
fn a_failure_that_is_tried_again_is_not_the_guides_webhook_failed() {
    let tried_again = WebhookDeliveryFailed::DECLARATION.example.replace("\"isFinal\":true", "\"isFinal\":false");
    let notification = notification::<WebhookDeliveryFailed>(&WEBHOOK_HUB, &tried_again);
    assert_eq!(notification.target(Dialect::Guide), "DeliveryFailed");
}

#[test]
fn a_delivery_without_a_task_is_named_by_itself() {
    let no_task = WebhookDeliveryAttempted::DECLARATION.example.replace(r#""taskId":"video-1","#, "");
    let notification = notification::<WebhookDeliveryAttempted>(&WEBHOOK_HUB, &no_task);
    let (_, arguments) = told(&notification, Dialect::Conduit);
    assert_eq!(arguments[0]["webhookId"], "delivery-1_19f13522");
    assert_eq!(arguments[0]["taskId"], Value::Null);
}

fn parsed(event_type: &str, data: &str) -> Result<DomainEvent, String> {
    let json = format!(
        r#"{{"specversion":"1.0","id":"1","source":"s","type":"{event_type}","virtualkeyid":"k","data":{data}}}"#
    );
    DomainEvent::parse(&json).map_err(|rejection| rejection.to_string())
}

#[test]
fn a_backend_says_what_clients_are_told() {
    for hub in [&VIDEO_HUB, &IMAGE_HUB, &WEBHOOK_HUB] {
        for declaration in hub.events.iter().filter(|event| event.name != "CircuitBreakerStateChanged") {
            let prefix = if *hub == WEBHOOK_HUB { "Webhook" } else { "" };
            let event_type = format!("{prefix}{}", declaration.name).replace("WebhookRetry", "WebhookDeliveryRetry");
            let told = match parsed(&event_type, declaration.example).unwrap().body {
                EventBody::Video(event) => event.notification(hub, Vec::new(), meta()),
                EventBody::Image(event) => event.notification(hub, Vec::new(), meta()),
                EventBody::Webhook(event) => event.notification(hub, Vec::new(), meta()),
                _ => panic!("another event"),
            };
            assert_eq!(told.unwrap().data().get(), declaration.example, "{event_type}");
        }
    }
}

#[test]
fn a_wrong_value_is_refused_by_its_path() {
    for (event_type, data, expected) in [
        ("VideoStarted", r#"{"requestId":"v","seconds":1}"#, "data.seconds: unknown field"),
        (
            "VideoStarted",
            r#"{"requestId":"v","estimatedSeconds":-1}"#,
            "data.estimatedSeconds: must be a number from 0",
        ),
        ("VideoProgress", r#"{"requestId":"v","status":"s"}"#, "data.percentage: missing"),
        ("VideoProgress", r#"{"requestId":"v","status":"s","percentage":101}"#, "data.percentage: must be a number"),
        ("VideoCompleted", r#"{"requestId":"v","videoUrl":"/v"}"#, "data.videoUrl: must be an absolute http, https"),
        (
            "VideoCompleted",
            r#"{"requestId":"v","videoUrl":"data:,","cost":"1,5"}"#,
            "data.cost: must be a number or a decimal string",
        ),
        ("VideoFailed", r#"{"requestId":"v","error":"e"}"#, "data.isRetryable: missing"),
        ("VideoCancelled", r#"{"requestId":" "}"#, "data.requestId: must not be blank"),
        ("ImageCompleted", r#"{"taskId":"i"}"#, "data.imageUrls: missing"),
        ("ImageCompleted", r#"{"taskId":"i","imageUrls":["data:,","x"]}"#, "data.imageUrls[1]: must be an absolute"),
        (
            "WebhookDeliveryAttempted",
            r#"{"deliveryId":"d","url":"https://u:p@a/"}"#,
            "data.url: must not have user inf",
        ),
        ("WebhookDeliveryAttempted", r#"{"deliveryId":"d","attempt":0}"#, "data.attempt: invalid value: integer `0`"),
        ("WebhookDeliverySucceeded", r#"{"statusCode":7}"#, "data.statusCode: must be an HTTP status"),
        ("WebhookDeliveryRetryScheduled", r#"{"scheduledAt":"soon"}"#, "data.scheduledAt: must be a time"),
    ] {
        let rejection = parsed(event_type, data).unwrap_err();
        assert!(rejection.starts_with(expected), "{rejection} is not {expected}");
    }
}

#[test]
fn every_event_of_every_hub_is_told_under_one_name_only() {
    for hub in [&VIDEO_HUB, &IMAGE_HUB, &WEBHOOK_HUB] {
        for dialect in 0..3 {
            let mut names: Vec<_> = hub
                .events
                .iter()
                .map(|event| match dialect {
                    0 => event.name,
                    1 => event.conduit.map_or(event.name, |form| form.name),
                    _ => event.guide.unwrap_or(event.name),
                })
                .collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), hub.events.len());
        }
    }
}
