use crate::{DomainEvent, EventBody, SystemEvent};

fn parse(event_type: &str, key: &str, data: &str) -> Result<SystemEvent, String> {
    let json =
        format!(r#"{{"specversion":"1.0","id":"e-1","source":"/core","type":"{event_type}"{key},"data":{data}}}"#);
    match DomainEvent::parse(&json).map_err(|rejection| rejection.to_string())?.body {
        EventBody::System(event) => Ok(event),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dot_net_backend_may_send_numbers_for_names_and_for_the_provider() {
    let SystemEvent::ProviderHealthChanged(event) =
        parse("ProviderHealthChanged", "", r#"{"provider":3,"status":2}"#).unwrap()
    else {
        panic!("another event")
    };
    assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"provider":"3","status":"Unhealthy"}"#);
}

#[test]
fn a_wrong_value_is_refused_by_its_path() {
    for (event_type, data, expected) in [
        (
            "ProviderHealthChanged",
            r#"{"provider":"x","status":"Offline"}"#,
            "data.status: must be Healthy, Degraded or Unhealthy",
        ),
        (
            "SystemAnnouncement",
            r#"{"title":"t","message":"m","severity":9}"#,
            "data.severity: must be Low, Medium, High or Critical",
        ),
        (
            "ModelCapabilitiesDiscovered",
            r#"{"provider":"x","capabilities":[{"model":"m"}]}"#,
            "data.capabilities[0].capabilities: missing",
        ),
        ("ServiceRestored", r#"{"service":"s","reason":"r"}"#, "data.reason: unknown field"),
        ("ModelAvailabilityChanged", r#"{"model":"m"}"#, "data.isAvailable: missing"),
    ] {
        assert_eq!(parse(event_type, "", data).unwrap_err(), expected);
    }
}

#[test]
fn a_warning_is_for_one_key_and_everything_else_for_everybody() {
    let warning = r#"{"endpoint":"/v1","remaining":0,"resetTime":"2026-01-31T12:00:00Z"}"#;
    assert!(parse("RateLimitWarning", r#","virtualkeyid":456"#, warning).is_ok());
    assert!(parse("RateLimitWarning", "", warning).unwrap_err().starts_with("virtualkeyid: missing"));
    for (event_type, data) in [
        ("ProviderHealthChanged", r#"{"provider":"x","status":"Healthy"}"#),
        ("SystemAnnouncement", r#"{"title":"t","message":"m","severity":"Low"}"#),
        ("ServiceDegraded", r#"{"service":"s","reason":"r"}"#),
        ("ServiceRestored", r#"{"service":"s"}"#),
        ("ModelMappingChanged", r#"{"model":"m"}"#),
        ("ModelCapabilitiesDiscovered", r#"{"provider":"x","capabilities":[]}"#),
        ("ModelAvailabilityChanged", r#"{"model":"m","isAvailable":true}"#),
    ] {
        assert!(parse(event_type, "", data).is_ok(), "{event_type}");
        let for_one = parse(event_type, r#","virtualkeyid":456"#, data).unwrap_err();
        assert!(for_one.starts_with("virtualkeyid: must be absent"), "{for_one}");
    }
}

#[test]
fn no_stack_trace_gets_in() {
    let data = r#"{"service":"s","reason":"it broke\n   at A.B() in /src/a.cs:line 3"}"#;
    let SystemEvent::ServiceDegraded(event) = parse("ServiceDegraded", "", data).unwrap() else {
        panic!("another event")
    };
    assert_eq!(event.reason, "it broke");
}
