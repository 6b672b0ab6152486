use super::*;
use crate::{
    admin_hub::ADMIN_HUB,
    hub::{HUBS, TASK_HUB},
    system_hub::SYSTEM_HUB,
};

#[test]
fn an_event_has_its_own_limit_or_that_of_every_event_of_its_hub() {
    let limits =
        HubLimits::parse(r#"{"TaskHub":{"TaskProgress":600,"*":6000},"notifications":{"serviceRestored":1}}"#).unwrap();
    assert_eq!(limits.limit(&TASK_HUB, "TaskProgress"), Some(600));
    assert_eq!(limits.limit(&TASK_HUB, "TaskStarted"), Some(6_000));
    assert_eq!(limits.limit(&SYSTEM_HUB, "ServiceRestored"), Some(1));
    assert_eq!(limits.limit(&SYSTEM_HUB, "ServiceDegraded"), None);
    assert_eq!(limits.limit(&ADMIN_HUB, "Error"), None);
}

#[test]
fn without_limits_there_are_none() {
    let limits = HubLimits::parse("{}").unwrap();
    assert_eq!(limits, HubLimits::default());
    assert!(HUBS.iter().all(|hub| limits.limit(hub, "TaskProgress").is_none()));
}

#[test]
fn the_place_that_is_wrong_is_named() {
    for (json, expected) in [
        ("", "HUB_LIMITS: EOF while parsing a value"),
        ("[]", "HUB_LIMITS: invalid type: sequence, expected an object"),
        (r#"{"TaskHub":600}"#, "HUB_LIMITS.TaskHub: invalid type: integer `600`, expected an object"),
        (r#"{"Task":{}}"#, "HUB_LIMITS.Task: there is no such hub"),
        (r#"{"TaskHub":{"TaskStart":1}}"#, "HUB_LIMITS.TaskHub.TaskStart: TaskHub has no such event"),
        (r#"{"tasks":{"*":1},"TaskHub":{"*":2}}"#, "HUB_LIMITS.TaskHub: TaskHub is named more than once"),
        (r#"{"TaskHub":{},"TaskHub":{}}"#, "HUB_LIMITS.TaskHub: TaskHub is named more than once"),
        (r#"{"TaskHub":{"*":1,"*":2}}"#, "HUB_LIMITS.TaskHub.*: given more than once"),
    ] {
        assert_eq!(HubLimits::parse(json).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_limit_is_a_whole_number_from_1_to_a_million() {
    for number in ["1", "1000000"] {
        assert!(HubLimits::parse(&format!(r#"{{"TaskHub":{{"*":{number}}}}}"#)).is_ok(), "{number}");
    }
    for number in ["0", "-1", "1000001", "1.5", "600.0", "\"600\"", "null", "[1]", "1e9"] {
        let error = HubLimits::parse(&format!(r#"{{"TaskHub":{{"*":{number}}}}}"#)).unwrap_err();
        assert_eq!(error.to_string(), "HUB_LIMITS.TaskHub.*: must be a whole number from 1 to 1000000", "{number}");
    }
}
