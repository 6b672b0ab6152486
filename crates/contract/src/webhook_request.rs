//! The domain event that has Conduit deliver a webhook.

use serde::{
    Serialize,
    de::{self, Deserialize, Deserializer},
};

use crate::{
    any_json::AnyJson,
    bounded_text,
    domain_event::{AcceptedEvent, Arrival, EventBody, EventType, ParsedData, Scope},
    event_data,
    identifier::Identifier,
    rejection::{RejectedEvent, Rejection},
    target_url::check_target,
    webhook_headers::WebhookHeaders,
    webhook_url::WebhookUrl,
};

/// The longest name of what a webhook tells of, in bytes.
const MAX_EVENT_TYPE_BYTES: usize = 200;

/// The types of this family, by the `type` of their `CloudEvents`.
pub(crate) const EVENT_TYPES: &[EventType] = &[EventType {
    name: "WebhookDeliveryRequested",
    scope: Scope::Key,
    parse: |data| {
        let (own, common) = event_data::parse(data)?;
        Ok(ParsedData { body: EventBody::WebhookRequest(own), common })
    },
    example: r#"{"url":"https://example.com/hook","eventType":"video.completed","payload":{"taskId":"video-1","videoUrl":"https://media.example.com/1.mp4"},"headers":{"authorization":"Bearer token-of-the-receiver"},"taskId":"video-1"}"#,
    #[cfg(feature = "schema")]
    schema: |generator| generator.subschema_for::<WebhookDeliveryRequested>(),
}];

/// Has Conduit deliver a webhook: `POST`ed as JSON, signed, and tried again where that helps.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookDeliveryRequested {
    /// Where it goes: `https`, to a public host, unless `ALLOW_PRIVATE_TARGETS` says otherwise.
    pub url: WebhookUrl,
    /// What it tells of, such as `video.completed`.
    #[serde(deserialize_with = "event_type")]
    pub event_type: String,
    /// The body, as it is sent.
    pub payload: AnyJson,
    /// Headers beside Conduit's own, such as the receiver's credentials. Nobody but the receiver is shown them.
    #[serde(default, skip_serializing_if = "WebhookHeaders::is_empty")]
    pub headers: WebhookHeaders,
    /// The task that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Identifier>,
}

fn event_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    bounded_text::check(&text, MAX_EVENT_TYPE_BYTES).map_err(de::Error::custom)?;
    Ok(text)
}

impl AcceptedEvent {
    /// The event, if it sends Conduit nowhere, or where Conduit goes. `allow_private` is the configuration's
    /// `ALLOW_PRIVATE_TARGETS`.
    ///
    /// # Errors
    ///
    /// The URL leads elsewhere.
    pub fn with_target_checked(self, allow_private: bool) -> Arrival {
        let checked = match &self.event.body {
            EventBody::WebhookRequest(request) => check_target(request.url.as_str(), allow_private),
            _ => Ok(()),
        };
        match checked {
            Ok(()) => Ok(self),
            Err(error) => {
                let rejection = Rejection::of_field("data.url", error.to_string());
                Err(RejectedEvent { id: Some(self.event.id), rejection })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest;

    fn accepted(data: &str) -> Arrival {
        let json = format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"WebhookDeliveryRequested","virtualkeyid":7,"data":{data}}}"#
        );
        ingest("application/cloudevents+json", json.as_bytes()).unwrap().remove(0)
    }

    fn rejection(data: &str) -> String {
        accepted(data).unwrap_err().to_string()
    }

    fn request(data: &str) -> WebhookDeliveryRequested {
        let EventBody::WebhookRequest(request) = accepted(data).unwrap().event.body else { panic!("another event") };
        request
    }

    #[test]
    fn the_payload_is_kept_as_it_was_written() {
        let request = request(
            r#"{"url":"https://example.com/hook","eventType":"e","payload":{"b":1.0,"a":12345678901234567890},"headers":{"X-A":"b"}}"#,
        );
        assert_eq!(request.payload.get(), r#"{"b":1.0,"a":12345678901234567890}"#);
        let stored = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<WebhookDeliveryRequested>(&stored).unwrap(), request);
    }

    #[test]
    fn every_refusal_names_its_field() {
        for (data, expected) in [
            (r#"{"eventType":"e","payload":1}"#, "data.url: missing"),
            (r#"{"url":"https://e.com/","payload":1}"#, "data.eventType: missing"),
            (r#"{"url":"https://e.com/","eventType":"e"}"#, "data.payload: missing"),
            (r#"{"url":"hook","eventType":"e","payload":1}"#, "data.url: must be an absolute http or https URL"),
            (r#"{"url":"https://a:b@e.com/","eventType":"e","payload":1}"#, "data.url: must not have user information"),
            (r#"{"url":"https://e.com/","eventType":" ","payload":1}"#, "data.eventType: must not be blank"),
            (
                r#"{"url":"https://e.com/","eventType":"e","payload":1,"headers":{"x-a":"1","x b":"2"}}"#,
                "data.headers.x b: must have a field name of RFC 9110: letters, digits and !#$%&'*+-.^_`|~",
            ),
            (
                r#"{"url":"https://e.com/","eventType":"e","payload":1,"headers":{"webhook-id":"1"}}"#,
                "data.headers.webhook-id: is set by Conduit, or belongs to the connection",
            ),
            (
                r#"{"url":"https://e.com/","eventType":"e","payload":1,"headers":{"x-a":"a\r\nb: c"}}"#,
                "data.headers.x-a: must be visible ASCII characters, spaces and tabs, with none of the latter at its ends",
            ),
            (
                r#"{"url":"https://e.com/","eventType":"e","payload":1,"headers":{"x-a":1}}"#,
                "data.headers.x-a: invalid type: integer `1`, expected a string",
            ),
            (r#"{"url":"https://e.com/","eventType":"e","payload":1,"secret":"s"}"#, "data.secret: unknown field"),
        ] {
            assert_eq!(rejection(data), expected, "{data}");
        }
    }

    #[test]
    fn where_conduit_does_not_go_is_told_of_the_url() {
        for url in ["http://example.com/", "https://127.1/", "https://0x7f.1/", "https://localhost/", "https://[::1]/"]
        {
            let event = || accepted(&format!(r#"{{"url":"{url}","eventType":"e","payload":1}}"#)).unwrap();
            let rejected = event().with_target_checked(false).unwrap_err();
            assert_eq!(rejected.rejection.field.as_deref(), Some("data.url"), "{url}");
            assert!(event().with_target_checked(true).is_ok(), "{url}");
        }
        let event = accepted(r#"{"url":"https://hooks.example.com/a?b=c","eventType":"e","payload":1}"#).unwrap();
        assert!(event.with_target_checked(false).is_ok());
    }
}
