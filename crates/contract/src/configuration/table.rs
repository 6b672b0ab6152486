//! Every variable of the configuration. The pages of the documentation are written from here.

use super::{
    values::{Delays, Flag, Hubs, LimitsByHub, ModelName, Origins, Prices, Providers, Thresholds, Whole},
    variable::Variable,
};
use crate::virtual_key::{MAX_CONNECTIONS, MAX_SOCKETS};

/// Every variable, in the order of the documentation.
pub static VARIABLES: &[&Variable] = &[
    &MAX_MESSAGE_BYTES,
    &HANDSHAKE_TIMEOUT_SECONDS,
    &KEEP_ALIVE_SECONDS,
    &CLIENT_TIMEOUT_SECONDS,
    &CLOSE_ON_AUTHENTICATION_EXPIRATION,
    &MAX_CONNECTIONS_PER_KEY,
    &MAX_CONNECTIONS_TOTAL,
    &RELAY_AFTER_CONNECTIONS,
    &INVOCATIONS_PER_MINUTE,
    &HUB_LIMITS,
    &MAX_SUBSCRIPTIONS_PER_CONNECTION,
    &MAX_GROUPS_PER_KEY,
    &JOURNAL_RETENTION_HOURS,
    &JOURNAL_MAX_EVENTS,
    &DEDUPLICATION_HOURS,
    &DEDUPLICATION_MAX,
    &ORDER_WAIT_SECONDS,
    &QUEUE_MAX_ATTEMPTS,
    &COALESCE_MILLISECONDS,
    &BUDGET_THRESHOLDS,
    &ALERT_COOLDOWN_SECONDS,
    &AUTH_FAILURES_PER_MINUTE,
    &ALLOWED_ORIGINS,
    &REALTIME_MAX_PER_KEY,
    &REALTIME_MAX_TOTAL,
    &REALTIME_TIMEOUT_MINUTES,
    &REALTIME_PROVIDERS,
    &REALTIME_DEFAULT_MODEL,
    &REALTIME_RETENTION_DAYS,
    &MODEL_PRICES,
    &WEBHOOK_MAX_ATTEMPTS,
    &WEBHOOK_RETRY_SECONDS,
    &WEBHOOK_TIMEOUT_SECONDS,
    &WEBHOOK_BREAKER_FAILURES,
    &WEBHOOK_BREAKER_OPEN_SECONDS,
    &WEBHOOK_MAX_PENDING,
    &ALLOW_PRIVATE_TARGETS,
    &DISABLED_HUBS,
    &ENABLE_DEBUG_HUB,
    &CLOCK_AHEAD_SECONDS,
];

pub(super) static MAX_MESSAGE_BYTES: Variable<Whole> = Variable {
    name: "MAX_MESSAGE_BYTES",
    default: "1048576",
    // The platform delivers messages of up to 32 MiB.
    values: Whole { lowest: 1_024, highest: 33_554_432 },
    meaning: "The largest message of a client.",
    when_reached: Some("The connection is closed with an error; it may reconnect."),
    for_tests: false,
};

pub(super) static HANDSHAKE_TIMEOUT_SECONDS: Variable<Whole> = Variable {
    name: "HANDSHAKE_TIMEOUT_SECONDS",
    default: "15",
    values: Whole { lowest: 1, highest: 300 },
    meaning: "How long a client may take for the handshake, and for the first use of its connection token.",
    when_reached: Some("`Handshake was canceled.`, and the connection is closed; a token that was not used: 404."),
    for_tests: false,
};

pub(super) static KEEP_ALIVE_SECONDS: Variable<Whole> = Variable {
    name: "KEEP_ALIVE_SECONDS",
    default: "15",
    values: Whole { lowest: 1, highest: 300 },
    meaning: "How often Server-Sent Events are pinged; below 10 WebSockets too, which keeps their object awake.",
    when_reached: None,
    for_tests: false,
};

pub(super) static CLIENT_TIMEOUT_SECONDS: Variable<Whole> = Variable {
    name: "CLIENT_TIMEOUT_SECONDS",
    default: "30",
    values: Whole { lowest: 1, highest: 3_600 },
    meaning: "How long a client that has pinged may be silent; below 10 a timer watches, which keeps the object awake.",
    when_reached: Some(
        "The connection is closed when its place is needed or its key is looked at, and at most half an hour later.",
    ),
    for_tests: false,
};

pub(super) static CLOSE_ON_AUTHENTICATION_EXPIRATION: Variable<Flag> = Variable {
    name: "CLOSE_ON_AUTHENTICATION_EXPIRATION",
    default: "false",
    values: Flag,
    meaning: "Whether an open connection ends with the client token that it came with.",
    when_reached: None,
    for_tests: false,
};

pub(super) static MAX_CONNECTIONS_PER_KEY: Variable<Whole> = Variable {
    name: "MAX_CONNECTIONS_PER_KEY",
    default: "100",
    values: Whole { lowest: 1, highest: MAX_CONNECTIONS as u64 },
    meaning: "Connections of one virtual key; a key may have its own figure.",
    when_reached: Some("429 at negotiation and at the upgrade; the text says which limit it is."),
    for_tests: false,
};

pub(super) static MAX_CONNECTIONS_TOTAL: Variable<Whole> = Variable {
    name: "MAX_CONNECTIONS_TOTAL",
    default: "100000",
    values: Whole { lowest: 1, highest: 100_000_000 },
    meaning: "Connections of all virtual keys together. Keys are lent places in blocks, so that the last ones may not all \
              be used; there are never more.",
    when_reached: Some("429 at negotiation and at the upgrade; the text says which limit it is."),
    for_tests: false,
};

pub(super) static RELAY_AFTER_CONNECTIONS: Variable<Whole> = Variable {
    name: "RELAY_AFTER_CONNECTIONS",
    default: "8000",
    // The platform gives an object 32,768 sockets.
    values: Whole { lowest: 0, highest: 30_000 },
    meaning: "Connections that a key's own object holds, and each relay of it; 0 is no relays.",
    when_reached: Some("Further connections of the key begin at relays, of which there are as many as it takes."),
    for_tests: false,
};

pub(super) static INVOCATIONS_PER_MINUTE: Variable<Whole> = Variable {
    name: "INVOCATIONS_PER_MINUTE",
    default: "600",
    values: Whole { lowest: 0, highest: 1_000_000 },
    meaning: "Invocations of one connection, in bursts of up to twice that; 0 is no limit.",
    when_reached: Some("The invocation ends in `Rate limit exceeded. Please try again later.`"),
    for_tests: false,
};

pub(super) static HUB_LIMITS: Variable<LimitsByHub> = Variable {
    name: "HUB_LIMITS",
    default: "{}",
    values: LimitsByHub,
    meaning: "How many events of a type a hub sends a minute; `*` stands for every event that has no limit of its own.",
    when_reached: Some(
        "Progress is put off, and only the latest is sent; other events are dropped if they are ephemeral.",
    ),
    for_tests: false,
};

pub(super) static MAX_SUBSCRIPTIONS_PER_CONNECTION: Variable<Whole> = Variable {
    name: "MAX_SUBSCRIPTIONS_PER_CONNECTION",
    default: "1000",
    values: Whole { lowest: 1, highest: 1_000_000 },
    meaning: "Groups that one connection is in.",
    when_reached: Some("The invocation ends in `Too many subscriptions`."),
    for_tests: false,
};

pub(super) static MAX_GROUPS_PER_KEY: Variable<Whole> = Variable {
    name: "MAX_GROUPS_PER_KEY",
    default: "100000",
    values: Whole { lowest: 1, highest: 10_000_000 },
    meaning: "Groups that the connections of one virtual key are in.",
    when_reached: Some("The invocation ends in `Too many subscriptions`."),
    for_tests: false,
};

pub(super) static JOURNAL_RETENTION_HOURS: Variable<Whole> = Variable {
    name: "JOURNAL_RETENTION_HOURS",
    default: "24",
    values: Whole { lowest: 1, highest: 8_760 },
    meaning: "How long events that clients were told, ended tasks, and the data of a deleted key are kept; an unfinished \
              task of which nothing is heard, 30 days.",
    when_reached: Some("They are erased; `Resume` from before that answers `recovered: false`."),
    for_tests: false,
};

pub(super) static JOURNAL_MAX_EVENTS: Variable<Whole> = Variable {
    name: "JOURNAL_MAX_EVENTS",
    default: "10000",
    values: Whole { lowest: 1, highest: 10_000_000 },
    meaning: "How many events that clients were told are kept, of each virtual key.",
    when_reached: Some("The oldest are erased; `Resume` from before that answers `recovered: false`."),
    for_tests: false,
};

pub(super) static DEDUPLICATION_HOURS: Variable<Whole> = Variable {
    name: "DEDUPLICATION_HOURS",
    default: "24",
    values: Whole { lowest: 1, highest: 720 },
    meaning: "How long an event is known by its (source, id), so that a second one is a `duplicate`.",
    when_reached: Some("It is forgotten."),
    for_tests: false,
};

pub(super) static DEDUPLICATION_MAX: Variable<Whole> = Variable {
    name: "DEDUPLICATION_MAX",
    default: "1000000",
    values: Whole { lowest: 1, highest: 100_000_000 },
    meaning: "How many events of one virtual key are known by their (source, id).",
    when_reached: Some("The oldest are forgotten."),
    for_tests: false,
};

pub(super) static ORDER_WAIT_SECONDS: Variable<Whole> = Variable {
    name: "ORDER_WAIT_SECONDS",
    default: "60",
    values: Whole { lowest: 1, highest: 3_600 },
    meaning: "How long events of a key wait for others that were accepted before them and are on their way through the \
              queue.",
    when_reached: Some("The events that waited are applied; those that come late are applied then."),
    for_tests: false,
};

pub(super) static QUEUE_MAX_ATTEMPTS: Variable<Whole> = Variable {
    name: "QUEUE_MAX_ATTEMPTS",
    default: "12",
    // The platform tries a message 101 times at the most.
    values: Whole { lowest: 1, highest: 100 },
    meaning: "How often events from the queue are brought to an object that does not take them: after a second, then each \
              time twice as long, up to ten minutes.",
    when_reached: Some("They become a dead letter, which the operator can replay."),
    for_tests: false,
};

pub(super) static COALESCE_MILLISECONDS: Variable<Whole> = Variable {
    name: "COALESCE_MILLISECONDS",
    default: "5",
    values: Whole { lowest: 0, highest: 1_000 },
    meaning: "How long events wait at most so that more of them leave in one message, where a connection is told of several \
              within that time; one alone never waits. 0 turns it off.",
    when_reached: None,
    for_tests: false,
};

pub(super) static BUDGET_THRESHOLDS: Variable<Thresholds> = Variable {
    name: "BUDGET_THRESHOLDS",
    default: "50,75,90,100",
    values: Thresholds,
    meaning: "At what use of its budget, in percent, a key's clients are alerted: of each once a period.",
    when_reached: Some("`BudgetAlert`, and from 90 on `HighSpendAlert` to operators."),
    for_tests: false,
};

pub(super) static ALERT_COOLDOWN_SECONDS: Variable<Whole> = Variable {
    name: "ALERT_COOLDOWN_SECONDS",
    default: "3600",
    // 30 days.
    values: Whole { lowest: 0, highest: 2_592_000 },
    meaning: "How long after an alert its threshold is held back; it is sent at the end if it is still reached.",
    when_reached: None,
    for_tests: false,
};

pub(super) static AUTH_FAILURES_PER_MINUTE: Variable<Whole> = Variable {
    name: "AUTH_FAILURES_PER_MINUTE",
    default: "10",
    values: Whole { lowest: 0, highest: 1_000_000 },
    meaning: "Failed authentications of one address; 0 is no limit, which `npm start` sets locally. The binding \
              `AUTH_FAILURES` must have the same figure.",
    when_reached: Some("429 with `Retry-After`; a valid key still passes."),
    for_tests: false,
};

pub(super) static ALLOWED_ORIGINS: Variable<Origins> = Variable {
    name: "ALLOWED_ORIGINS",
    default: "",
    values: Origins,
    meaning: "Whose pages may ask, besides the Worker's own; `*` is any, which `npm start` sets locally. What comes from no \
              page may always.",
    when_reached: None,
    for_tests: false,
};

pub(super) static REALTIME_MAX_PER_KEY: Variable<Whole> = Variable {
    name: "REALTIME_MAX_PER_KEY",
    default: "5",
    values: Whole { lowest: 1, highest: 1_000_000 },
    meaning: "How many realtime sessions a virtual key may have at once, where it has no figure of its own.",
    when_reached: Some("429; a browser, which cannot read that, gets an `error` event and a close with code 1013."),
    for_tests: false,
};

pub(super) static REALTIME_MAX_TOTAL: Variable<Whole> = Variable {
    name: "REALTIME_MAX_TOTAL",
    default: "1000",
    // One object counts them, by sockets that it holds.
    values: Whole { lowest: 1, highest: MAX_SOCKETS as u64 },
    meaning: "How many realtime sessions all keys together may have at once.",
    when_reached: Some("The same."),
    for_tests: false,
};

pub(super) static REALTIME_TIMEOUT_MINUTES: Variable<Whole> = Variable {
    name: "REALTIME_TIMEOUT_MINUTES",
    default: "30",
    values: Whole { lowest: 1, highest: 1_440 },
    meaning: "How long both sides of a realtime session may be silent.",
    when_reached: Some("The session ends with code 1001."),
    for_tests: false,
};

pub(super) static REALTIME_PROVIDERS: Variable<Providers> = Variable {
    name: "REALTIME_PROVIDERS",
    default: "{}",
    values: Providers,
    meaning: "Who answers realtime sessions. The first provider that has the model is called, and where it fails before \
              it has answered anything, the next. The key of each is the secret `PROVIDER_KEY_` and its name in capitals.",
    when_reached: None,
    for_tests: false,
};

pub(super) static REALTIME_DEFAULT_MODEL: Variable<ModelName> = Variable {
    name: "REALTIME_DEFAULT_MODEL",
    default: "gpt-realtime",
    values: ModelName,
    meaning: "The model of a realtime session whose client names none.",
    when_reached: None,
    for_tests: false,
};

pub(super) static REALTIME_RETENTION_DAYS: Variable<Whole> = Variable {
    name: "REALTIME_RETENTION_DAYS",
    default: "30",
    values: Whole { lowest: 1, highest: 3_650 },
    meaning: "How long past realtime sessions are listed, at most 10,000 of a key, and their recordings kept.",
    when_reached: Some("The session and its recording are deleted."),
    for_tests: false,
};

pub(super) static MODEL_PRICES: Variable<Prices> = Variable {
    name: "MODEL_PRICES",
    default: "{}",
    values: Prices,
    meaning: "What the units of a realtime session cost, by model. What has no price is free.",
    when_reached: None,
    for_tests: false,
};

pub(super) static WEBHOOK_MAX_ATTEMPTS: Variable<Whole> = Variable {
    name: "WEBHOOK_MAX_ATTEMPTS",
    default: "4",
    values: Whole { lowest: 1, highest: 100 },
    meaning: "How often a webhook is tried in all.",
    when_reached: Some("`DeliveryFailed` with `isFinal`, and a dead letter."),
    for_tests: false,
};

pub(super) static WEBHOOK_RETRY_SECONDS: Variable<Delays> = Variable {
    name: "WEBHOOK_RETRY_SECONDS",
    default: "2,4,8",
    values: Delays,
    meaning: "How long after the first attempt, the second and so on a webhook is tried again; the last figure stands for \
              all that follow.",
    when_reached: None,
    for_tests: false,
};

pub(super) static WEBHOOK_TIMEOUT_SECONDS: Variable<Whole> = Variable {
    name: "WEBHOOK_TIMEOUT_SECONDS",
    default: "10",
    // The platform gives what goes on after a queue's messages were taken 30 seconds (waitUntil).
    values: Whole { lowest: 1, highest: 25 },
    meaning: "How long the receiver of a webhook may take to answer.",
    when_reached: Some("The attempt has failed."),
    for_tests: false,
};

pub(super) static WEBHOOK_BREAKER_FAILURES: Variable<Whole> = Variable {
    name: "WEBHOOK_BREAKER_FAILURES",
    default: "5",
    values: Whole { lowest: 1, highest: 1_000 },
    meaning: "How many attempts in a row, of one key to one URL, get no answer or one that asks to come again.",
    when_reached: Some("Deliveries of that key to that URL wait."),
    for_tests: false,
};

pub(super) static WEBHOOK_BREAKER_OPEN_SECONDS: Variable<Whole> = Variable {
    name: "WEBHOOK_BREAKER_OPEN_SECONDS",
    default: "300",
    values: Whole { lowest: 1, highest: 86_400 },
    meaning: "How long they wait; then one is tried, and what comes of it decides for all.",
    when_reached: None,
    for_tests: false,
};

pub(super) static WEBHOOK_MAX_PENDING: Variable<Whole> = Variable {
    name: "WEBHOOK_MAX_PENDING",
    default: "10000",
    values: Whole { lowest: 1, highest: 1_000_000 },
    meaning: "How many webhooks of one virtual key may wait or be under way; to one URL half as many.",
    when_reached: Some("`WebhookDeliveryRequested` is `rejected`, and says so."),
    for_tests: false,
};

pub(super) static ALLOW_PRIVATE_TARGETS: Variable<Flag> = Variable {
    name: "ALLOW_PRIVATE_TARGETS",
    default: "false",
    values: Flag,
    meaning: "Whether URLs that are called (webhooks, health) may be `http`, and lead to private, loopback, link-local \
              and local hosts.",
    when_reached: None,
    for_tests: false,
};

pub(super) static DISABLED_HUBS: Variable<Hubs> = Variable {
    name: "DISABLED_HUBS",
    default: "",
    values: Hubs,
    meaning: "Hubs that are not served: they answer 404.",
    when_reached: None,
    for_tests: false,
};

pub(super) static ENABLE_DEBUG_HUB: Variable<Flag> = Variable {
    name: "ENABLE_DEBUG_HUB",
    default: "false",
    values: Flag,
    meaning: "Whether `DebugHub` is served, to holders of the master key.",
    when_reached: None,
    for_tests: false,
};

pub(super) static CLOCK_AHEAD_SECONDS: Variable<Whole> = Variable {
    name: "CLOCK_AHEAD_SECONDS",
    default: "0",
    // 136 years.
    values: Whole { lowest: 0, highest: 4_294_967_296 },
    meaning: "How far ahead the clock is, so that a test need not wait for midnight.",
    when_reached: None,
    for_tests: true,
};
