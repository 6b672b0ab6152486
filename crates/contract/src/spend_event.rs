//! The domain event of money that was spent.

use serde::{Deserialize, Serialize};

use crate::domain_event::{EventBody, EventType, ParsedData, Scope};
use crate::event_data;
use crate::identifier::Identifier;
use crate::money::Amount;

/// The types of this family, by the `type` of their `CloudEvents`.
pub(crate) const EVENT_TYPES: &[EventType] = &[EventType {
    name: "SpendRecorded",
    scope: Scope::Key,
    parse: |data| {
        let (own, common) = event_data::parse(data)?;
        Ok(ParsedData { body: EventBody::Spend(own), common })
    },
    example: r#"{"amount":"0.0125","provider":"openai","model":"gpt-4o","requestId":"req-1","inputTokens":1200,"outputTokens":300}"#,
    #[cfg(feature = "schema")]
    schema: |generator| generator.subschema_for::<SpendRecorded>(),
}];

/// Says that a request of a key cost something.
///
/// Provider and model are read as identifiers are, because some producers know their providers by number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpendRecorded {
    /// What it cost; 0 counts as a request.
    pub amount: Amount,
    /// Who was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Identifier>,
    /// For which model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Identifier>,
    /// The request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Identifier>,
    /// How many tokens went in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// How many tokens came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain_event::DomainEvent;

    fn parse(data: &str) -> Result<DomainEvent, String> {
        let json = format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"SpendRecorded","virtualkeyid":7,"data":{data}}}"#
        );
        DomainEvent::parse(&json).map_err(|rejection| rejection.to_string())
    }

    #[test]
    fn a_record_is_read_exactly() {
        let event =
            parse(r#"{"amount":"0.1","provider":5,"model":"gpt-4o","timestamp":"1970-01-01T00:00:01Z"}"#).unwrap();
        assert_eq!(event.time_millis, Some(1_000));
        let EventBody::Spend(record) = event.body else { panic!("another event") };
        assert_eq!(record.amount, "0.1".parse().unwrap());
        assert_eq!(record.provider.as_ref().map(Identifier::as_str), Some("5"));
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (data, expected) in [
            ("{}", "data.amount: missing"),
            (r#"{"amount":-0.01}"#, "data.amount: must not be negative"),
            (r#"{"amount":0.00000000001}"#, "data.amount: must have at most 10 decimals"),
            (r#"{"amount":1,"model":" "}"#, "data.model: must not be blank"),
            (r#"{"amount":1,"currency":"EUR"}"#, "data.currency: unknown field"),
        ] {
            assert_eq!(parse(data).unwrap_err(), expected);
        }
        assert!(parse(r#"{"amount":1,"inputTokens":-1}"#).unwrap_err().starts_with("data.inputTokens: "));
    }
}
