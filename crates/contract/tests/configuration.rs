//! What holds of the configuration: of its table, of what it reads, and of `wrangler.toml`.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in tests, and all of this file is one")]

use contract::{
    AlertRule, BreakerRule, BudgetThresholds, Configuration, ConfigurationError, DeliveryRule, HubLimits, ModelPrices,
    RealtimeProviders,
    configuration::VARIABLES,
    hub::{DEBUG_HUB, HUBS, SPEND_HUB, TASK_HUB},
};
use std::{cell::RefCell, collections::BTreeMap, fs, path::Path};

fn read(variables: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
    Configuration::from_lookup(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

fn message(name: &str, found: &str) -> String {
    read(&[(name, found)]).unwrap_err().to_string()
}

fn defaults() -> Configuration {
    Configuration {
        max_message_bytes: 1_048_576,
        handshake_timeout_seconds: 15,
        keep_alive_seconds: 15,
        client_timeout_seconds: 30,
        close_on_authentication_expiration: false,
        max_connections_per_key: 100,
        max_connections_total: 100_000,
        relay_after_connections: 8_000,
        invocations_per_minute: 600,
        hub_limits: HubLimits::default(),
        max_subscriptions_per_connection: 1_000,
        max_groups_per_key: 100_000,
        journal_retention_hours: 24,
        journal_max_events: 10_000,
        deduplication_hours: 24,
        deduplication_max: 1_000_000,
        order_wait_seconds: 60,
        queue_max_attempts: 12,
        coalesce_millis: 5,
        alert_rule: AlertRule { thresholds: BudgetThresholds::default(), cooldown_millis: 3_600_000 },
        auth_failures_per_minute: 10,
        allowed_origins: Vec::new(),
        realtime_max_per_key: 5,
        realtime_max_total: 1_000,
        realtime_timeout_minutes: 30,
        realtime_providers: RealtimeProviders::default(),
        realtime_default_model: "gpt-realtime".to_owned(),
        realtime_retention_days: 30,
        model_prices: ModelPrices::default(),
        delivery_rule: DeliveryRule {
            max_attempts: 4,
            retry_millis: vec![2_000, 4_000, 8_000],
            timeout_millis: 10_000,
            breaker: BreakerRule { failures: 5, open_millis: 300_000 },
            max_pending: 10_000,
        },
        allow_private_targets: false,
        disabled_hubs: Vec::new(),
        enable_debug_hub: false,
        clock_ahead_seconds: 0,
    }
}

#[test]
fn without_variables_the_defaults_hold() {
    assert_eq!(read(&[]), Ok(defaults()));
}

#[test]
fn a_blank_variable_is_a_missing_one() {
    let blank = Configuration::from_lookup(|_| Some(" ".to_owned()));
    assert_eq!(blank, Ok(defaults()));
}

#[test]
fn the_defaults_of_the_table_are_the_defaults() {
    let of_table: Vec<(&str, &str)> = VARIABLES.iter().map(|variable| (variable.name, variable.default)).collect();
    assert_eq!(read(&of_table), Ok(defaults()));
}

#[test]
fn every_variable_of_the_table_is_read_once_and_no_other() {
    let read = RefCell::new(Vec::new());
    Configuration::from_lookup(|name| {
        read.borrow_mut().push(name.to_owned());
        None
    })
    .unwrap();
    let mut read = read.into_inner();
    let mut of_table: Vec<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
    read.sort_unstable();
    of_table.sort_unstable();
    assert_eq!(read, of_table);
}

#[test]
fn each_variable_has_its_own_field() {
    for (name, found) in [
        ("MAX_MESSAGE_BYTES", "2048"),
        ("HANDSHAKE_TIMEOUT_SECONDS", "16"),
        ("KEEP_ALIVE_SECONDS", "17"),
        ("CLIENT_TIMEOUT_SECONDS", "18"),
        ("CLOSE_ON_AUTHENTICATION_EXPIRATION", "true"),
        ("MAX_CONNECTIONS_PER_KEY", "19"),
        ("MAX_CONNECTIONS_TOTAL", "20"),
        ("INVOCATIONS_PER_MINUTE", "21"),
        ("MAX_SUBSCRIPTIONS_PER_CONNECTION", "22"),
        ("MAX_GROUPS_PER_KEY", "23"),
        ("JOURNAL_RETENTION_HOURS", "25"),
        ("JOURNAL_MAX_EVENTS", "26"),
        ("DEDUPLICATION_HOURS", "27"),
        ("DEDUPLICATION_MAX", "28"),
        ("ORDER_WAIT_SECONDS", "32"),
        ("QUEUE_MAX_ATTEMPTS", "33"),
        ("AUTH_FAILURES_PER_MINUTE", "29"),
        ("ALLOW_PRIVATE_TARGETS", "true"),
        ("ENABLE_DEBUG_HUB", "true"),
        ("CLOCK_AHEAD_SECONDS", "31"),
    ] {
        let configuration = read(&[(name, found)]).unwrap();
        let field = format!("{}: {found}", name.to_ascii_lowercase());
        assert!(format!("{configuration:?}").contains(&field), "{field}");
    }
}

#[test]
fn a_number_out_of_its_range_stops_the_start_by_name() {
    for found in ["0", "-1", "many", "100001", "1.5"] {
        let expected = format!("MAX_CONNECTIONS_PER_KEY must be a whole number from 1 to 100000, not {found:?}");
        assert_eq!(message("MAX_CONNECTIONS_PER_KEY", found), expected);
    }
}

#[test]
fn of_several_wrong_variables_the_first_of_the_table_is_named() {
    let wrong: Vec<(&str, &str)> = VARIABLES.iter().rev().map(|variable| (variable.name, "!")).collect();
    assert_eq!(read(&wrong).unwrap_err().name, "MAX_MESSAGE_BYTES");
}

#[test]
fn every_variable_refuses_nonsense_and_says_what_it_may_be() {
    for variable in VARIABLES {
        let error = read(&[(variable.name, "!")]).unwrap_err();
        assert_eq!((error.name, error.expected), (variable.name, variable.values.expected()));
    }
}

#[test]
fn what_is_wrong_within_a_variable_is_told() {
    let expected = "HUB_LIMITS must be JSON of events a minute by hub and event, such as \
                    `{\"TaskHub\":{\"TaskProgress\":600,\"*\":6000}}`, not \"{\\\"Task\\\":{}}\": HUB_LIMITS.Task: there is \
                    no such hub";
    assert_eq!(message("HUB_LIMITS", r#"{"Task":{}}"#), expected);

    let error = message("DISABLED_HUBS", "TaskHub,Chat");
    assert!(error.ends_with(", not \"TaskHub,Chat\": there is no hub `Chat`"), "{error}");
    for hub in HUBS {
        assert!(error.contains(hub.name), "{error}");
    }

    let error = message("ALLOWED_ORIGINS", "a.example");
    assert!(error.ends_with(", not \"a.example\": `a.example` is no origin"), "{error}");
}

#[test]
fn a_long_wrong_value_is_not_repeated_in_full() {
    assert!(message("MAX_MESSAGE_BYTES", &"9".repeat(10_000)).len() < 400);
}

#[test]
fn thresholds_and_cooldown_make_the_rule_of_alerts() {
    let configuration = read(&[("BUDGET_THRESHOLDS", "80, 100"), ("ALERT_COOLDOWN_SECONDS", "0")]).unwrap();
    let expected = AlertRule { thresholds: "80,100".parse().unwrap(), cooldown_millis: 0 };
    assert_eq!(configuration.alert_rule, expected);
    assert!(message("BUDGET_THRESHOLDS", "100,50").contains("in ascending order"));
}

#[test]
fn the_variables_of_webhooks_make_their_rule() {
    let configuration = read(&[
        ("WEBHOOK_MAX_ATTEMPTS", "2"),
        ("WEBHOOK_RETRY_SECONDS", "0.05, 3"),
        ("WEBHOOK_TIMEOUT_SECONDS", "4"),
        ("WEBHOOK_BREAKER_FAILURES", "6"),
        ("WEBHOOK_BREAKER_OPEN_SECONDS", "7"),
        ("WEBHOOK_MAX_PENDING", "8"),
    ]);
    let expected = DeliveryRule {
        max_attempts: 2,
        retry_millis: vec![50, 3_000],
        timeout_millis: 4_000,
        breaker: BreakerRule { failures: 6, open_millis: 7_000 },
        max_pending: 8,
    };
    assert_eq!(configuration.unwrap().delivery_rule, expected);
}

#[test]
fn a_disabled_hub_is_not_served() {
    let configuration = read(&[("DISABLED_HUBS", "tasks")]).unwrap();
    assert!(!configuration.serves(&TASK_HUB));
    assert!(configuration.serves(&SPEND_HUB));
}

#[test]
fn the_debug_hub_is_served_only_where_it_is_enabled() {
    assert!(!read(&[]).unwrap().serves(&DEBUG_HUB));
    assert!(read(&[("ENABLE_DEBUG_HUB", "true")]).unwrap().serves(&DEBUG_HUB));
    assert!(!read(&[("ENABLE_DEBUG_HUB", "true"), ("DISABLED_HUBS", "debug")]).unwrap().serves(&DEBUG_HUB));
}

#[test]
fn every_variable_but_those_for_tests_stands_in_wrangler_toml_with_its_default() {
    let expected: BTreeMap<String, String> = VARIABLES
        .iter()
        .filter(|variable| !variable.for_tests)
        .map(|variable| (variable.name.to_owned(), variable.default.to_owned()))
        .collect();
    assert_eq!(deployed_variables(), expected);
}

#[test]
fn the_page_names_every_variable_and_every_binding() {
    let page = project_file("docs/configuration.md");
    for variable in VARIABLES.iter().filter(|variable| !variable.for_tests) {
        assert!(page.contains(&format!("| `{}` |", variable.name)), "{}", variable.name);
    }
    for binding in deployed_bindings() {
        assert!(page.contains(&format!("`{binding}`")), "{binding}");
    }
}

fn project_file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The lines `NAME = "value"` under `[vars]`.
fn deployed_variables() -> BTreeMap<String, String> {
    let text = project_file("wrangler.toml");
    let (_, vars) = text.split_once("\n[vars]\n").unwrap();
    let assignments = vars.lines().take_while(|line| !line.starts_with('[')).filter_map(assignment);
    assignments.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What the lines `name = "NAME"` and `binding = "NAME"` say.
fn deployed_bindings() -> Vec<String> {
    let text = project_file("wrangler.toml");
    let assignments = text.lines().filter_map(assignment).filter(|(name, _)| ["name", "binding"].contains(name));
    let is_binding = |value: &str| value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let bindings: Vec<String> =
        assignments.map(|(_, value)| value.to_owned()).filter(|value| is_binding(value)).collect();
    assert!(bindings.len() >= 3, "{bindings:?}");
    bindings
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(" = ")?;
    // A literal string, where a value has quotes itself.
    let quoted = value.strip_prefix('"').zip(Some('"')).or_else(|| value.strip_prefix('\'').zip(Some('\'')));
    let (value, quote) = quoted?;
    Some((name, value.strip_suffix(quote)?))
}
