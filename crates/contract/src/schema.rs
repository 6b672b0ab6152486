//! JSON Schema of the types that read themselves.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    any_json::AnyJson,
    domain_event::event_types,
    error_text::ErrorText,
    http_status::HttpStatus,
    identifier::{Identifier, MAX_IDENTIFIER_BYTES},
    key_input::KeySha256,
    media_url::{MAX_MEDIA_URL_BYTES, MediaUrl},
    money::{Amount, MAX_AMOUNT, Money},
    percent::Percent,
    percentage::Percentage,
    provider::{MAX_PROVIDER_NAME_LENGTH, ProviderName},
    quantity::{MAX_QUANTITY, Quantity},
    service_token::MAX_SERVICE_TOKEN_NAMES,
    task_event::{DeadlineSeconds, MAX_DEADLINE_SECONDS},
    task_type::{MAX_TASK_TYPE_BYTES, TaskType},
    time::Timestamp,
    token_request::{HubName, MAX_TOKEN_SECONDS, TtlSeconds},
    virtual_key::{
        AllowedModels, ConnectionLimit, KeyName, MAX_CONNECTIONS, MAX_KEY_NAME_BYTES, MAX_MODELS, MAX_POSITIVE_LIMIT,
        PositiveLimit,
    },
    webhook_headers::{MAX_WEBHOOK_HEADERS, WebhookHeaders},
    webhook_url::{MAX_WEBHOOK_URL_BYTES, WebhookUrl},
};

macro_rules! described {
    ($($type:ty => $name:literal, $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

described! {
    TaskType => "TaskType", { "type": "string", "minLength": 1, "maxLength": MAX_TASK_TYPE_BYTES };
    Percent => "Percent", { "type": "number", "minimum": 0, "maximum": 100 };
    Percentage => "Percentage", { "type": "number" };
    DeadlineSeconds => "DeadlineSeconds", {
        "type": "number", "exclusiveMinimum": 0, "maximum": MAX_DEADLINE_SECONDS
    };
    ErrorText => "ErrorText", { "type": "string" };
    HttpStatus => "HttpStatus", { "type": "integer", "minimum": 100, "maximum": 599 };
    MediaUrl => "MediaUrl", { "type": "string", "format": "uri", "maxLength": MAX_MEDIA_URL_BYTES };
    Quantity => "Quantity", { "type": "number", "minimum": 0, "maximum": MAX_QUANTITY };
    WebhookHeaders => "WebhookHeaders", {
        "type": "object", "maxProperties": MAX_WEBHOOK_HEADERS, "additionalProperties": { "type": "string" }
    };
    WebhookUrl => "WebhookUrl", { "type": "string", "format": "uri", "maxLength": MAX_WEBHOOK_URL_BYTES };
    ProviderName => "ProviderName", {
        "type": "string", "minLength": 1, "maxLength": MAX_PROVIDER_NAME_LENGTH, "pattern": "^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$"
    };
    ConnectionLimit => "ConnectionLimit", { "type": "integer", "minimum": 1, "maximum": MAX_CONNECTIONS };
    PositiveLimit => "PositiveLimit", { "type": "integer", "minimum": 1, "maximum": MAX_POSITIVE_LIMIT };
    AllowedModels => "AllowedModels", {
        "type": "array", "maxItems": MAX_MODELS,
        "items": { "type": "string", "minLength": 1, "maxLength": MAX_KEY_NAME_BYTES }
    };
    KeySha256 => "KeySha256", { "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" };
    HubName => "HubName", { "type": "string" };
    TtlSeconds => "TtlSeconds", { "type": "integer", "minimum": 1, "maximum": MAX_TOKEN_SECONDS };
    KeyName => "KeyName", { "type": "string", "minLength": 1, "maxLength": MAX_KEY_NAME_BYTES };
    Timestamp => "Timestamp", { "type": "string", "format": "date-time" };
    AnyJson => "AnyJson", {};
}

/// The types of events that a service token sends.
pub(crate) fn event_type_names(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = event_types().map(|event_type| event_type.name).collect();
    json_schema!({ "type": "array", "minItems": 1, "maxItems": MAX_SERVICE_TOKEN_NAMES, "items": { "enum": names } })
}

/// Out, an identifier is a string; in, it may be a number as well.
impl JsonSchema for Identifier {
    fn schema_name() -> Cow<'static, str> {
        "Identifier".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_serialize() {
            return json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX_IDENTIFIER_BYTES });
        }
        json_schema!({ "type": ["string", "integer"], "minLength": 1, "maxLength": MAX_IDENTIFIER_BYTES })
    }
}

/// The usual way to write money in a string.
const MONEY_PATTERN: &str = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$";

/// Out, money is a number; in, it may be a decimal string as well.
fn money_schema(generator: &SchemaGenerator) -> Schema {
    if generator.contract().is_serialize() {
        return json_schema!({ "type": "number" });
    }
    json_schema!({ "type": ["number", "string"], "pattern": MONEY_PATTERN })
}

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        money_schema(generator)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = money_schema(generator);
        schema.insert("minimum".to_owned(), 0.into());
        schema.insert("maximum".to_owned(), MAX_AMOUNT.into());
        schema
    }
}
