//! What the hubs of Conduit Edge mean.
//!
//! Domain events come in as [`CloudEvents`](https://cloudevents.io) and are read by [`ingest`]; a rule such as
//! [`task_rules::apply`] turns one into a change of state and the client event that tells of it; a client event such as
//! [`TaskNotification`] knows its name, its arguments, its class and the groups it goes to.
//!
//! Nothing here knows of Workers, a clock or randomness: the time is an argument, in milliseconds since the Unix epoch,
//! and everything is a pure function.

#![forbid(unsafe_code)]

mod admin_event;
pub mod admin_hub;
mod admin_notice;
pub mod anomaly;
mod any_json;
mod audit;
mod binary_mode;
mod bounded_text;
mod broadcast;
pub mod budget;
mod budget_alert;
mod clear_text;
mod client_access;
mod client_event;
mod client_form;
mod cloud_event;
pub mod configuration;
mod dead_letter;
pub mod debug_hub;
mod domain_event;
mod error_text;
mod event_data;
#[cfg(test)]
mod event_examples_tests;
mod event_meta;
mod event_result;
mod fields;
mod health;
mod history;
mod http_status;
pub mod hub;
mod hub_limits;
mod identifier;
mod image_event;
pub mod image_hub;
mod ingest;
mod json_members;
mod json_path;
mod json_tree;
mod key_input;
pub mod key_secret;
mod key_view;
mod latency_histogram;
mod media_log;
pub mod media_task;
mod media_type;
mod media_url;
mod method;
mod metrics;
pub mod metrics_hub;
mod model_prices;
mod money;
mod name_argument;
mod named_enum;
mod named_members;
pub mod navigation_hub;
mod notification;
mod notification_type;
#[cfg(test)]
mod operator_events_tests;
mod page;
mod per_minute;
mod percent;
mod percentage;
pub mod period;
pub mod preferences;
mod problem;
pub mod prometheus;
mod provider;
pub mod provider_health;
mod quantity;
mod queue_view;
mod realtime_credit;
mod realtime_providers;
mod realtime_view;
mod rejection;
pub mod resume;
mod retry_after;
pub mod routes;
#[cfg(feature = "schema")]
mod schema;
mod service_token;
mod severity;
mod spend_event;
pub mod spend_hub;
pub mod spend_ledger;
pub mod spend_summary;
mod spend_view;
pub mod spend_window;
mod stack_trace;
mod system_dialect;
mod system_event;
pub mod system_hub;
mod target_url;
mod task;
mod task_event;
pub mod task_hub;
mod task_notification;
pub mod task_rules;
mod task_type;
mod task_view;
pub mod time;
mod token_request;
mod trace_parent;
mod video_event;
pub mod video_hub;
mod virtual_key;
mod webhook_attempt;
mod webhook_breaker;
mod webhook_conduit;
mod webhook_event;
mod webhook_headers;
pub mod webhook_hub;
mod webhook_period;
mod webhook_request;
mod webhook_secret;
mod webhook_statistics;
mod webhook_undelivered;
mod webhook_url;

pub use admin_event::{AdminEvent, ConfigurationChanged, SystemAlert};
pub use admin_notice::{
    AdminError, ConnectionCountChanged, InitialProviderHealth, ProviderHealthRefreshed, RealtimeSessionChanged,
    RealtimeSessionState, SubscribedToProvider, SubscribedToVirtualKey, UnsubscribedFromProvider,
    UnsubscribedFromVirtualKey, VirtualKeyChange, VirtualKeyCreated, VirtualKeyDeleted, VirtualKeyUpdated,
};
pub use anomaly::AnomalyState;
pub use any_json::{AnyJson, AnyJsonError, JsonValues, MAX_JSON_DEPTH};
pub use audit::AuditEntry;
pub use binary_mode::{HEADER_PREFIX, read_request};
pub use broadcast::Broadcast;
pub use budget::{AlertRule, AlertState, Budget, BudgetThresholds, SpendAccount};
pub use budget_alert::{BudgetAlert, BudgetSeverity, HIGH_SPEND_PERCENT, HighSpendAlert};
pub use client_access::{ClaimsError, ClientAccess};
pub use client_event::{ClientEvent, ConduitForm, EventClass, EventDeclaration, Form, Told};
pub use client_form::{ClientForm, Envelope, is_group_of_key};
pub use cloud_event::{CloudEvent, MAX_ID_BYTES, MAX_SOURCE_BYTES, MAX_TYPE_BYTES};
pub use configuration::{Configuration, ConfigurationError};
pub use dead_letter::{DeadLetter, DeadLetterKind, Replayed, ReplayedAll};
pub use domain_event::{AcceptedEvent, Arrival, DomainEvent, EventBody, EventType, Scope, event_types};
pub use error_text::ErrorText;
pub use event_meta::EventMeta;
pub use event_result::{EventResult, EventResults, EventStatus, UnavailableProblem};
pub use health::{Health, HealthCheck, Wellbeing};
pub use history::{HistoryEntry, HistoryPage};
pub use http_status::HttpStatus;
pub use hub::{GroupDeclaration, Hub, KeyKind};
pub use hub_limits::{HubLimits, MAX_EVENTS_PER_MINUTE};
pub use identifier::{Identifier, IdentifierError, MAX_IDENTIFIER_BYTES};
pub use image_event::{ImageCancelled, ImageCompleted, ImageEvent, ImageFailed, ImageProgress, ImageStarted};
pub use ingest::{IngestError, MAX_BODY_BYTES, MAX_EVENT_BYTES, MAX_EVENTS, ingest};
pub use key_input::{KeyCreation, KeyPatch, KeySha256, LimitsPatch, Rotation};
pub use key_secret::KeySecret;
pub use key_view::{Disconnected, KeyView, OnlineKey};
pub use latency_histogram::{BOUNDS_MILLIS, LatencyHistogram};
pub use media_log::{MediaEntry, MediaLog};
pub use media_task::{MediaEvent, MediaStage, media_snapshot};
pub use media_url::{MAX_MEDIA_URL_BYTES, MediaUrl, MediaUrlError};
pub use method::{Answer, MethodDeclaration, Parameter};
pub use metrics::{AuthenticationFigure, ConnectionFigure, Direction, MessageFigure, MetricsSnapshot};
pub use model_prices::{ModelPrices, RealtimePrices};
pub use money::{Amount, MAX_AMOUNT, MAX_MONEY_DECIMALS, Money, MoneyError};
pub use name_argument::NameArgument;
pub use notification::{Dialect, EventArguments, Notification, NotificationError};
pub use notification_type::NotificationType;
pub use page::Page;
pub use per_minute::PerMinute;
pub use percent::{Percent, PercentError};
pub use percentage::Percentage;
pub use period::{BudgetPeriod, PeriodBounds};
pub use preferences::{NotificationPreferences, PreferencesArgument, PreferencesUpdated, UnknownNotificationType};
pub use problem::{CONTENT_TYPE as PROBLEM_CONTENT_TYPE, Problem, ProblemKind};
pub use provider::{
    MAX_PROVIDER_NAME_LENGTH, ProviderInput, ProviderName, ProviderNameError, ProviderSettings, ProviderView,
};
pub use provider_health::{HealthStatus, Observed, ProbeOutcome, ProviderHealthRecord};
pub use quantity::{MAX_QUANTITY, Quantity};
pub use queue_view::{QueueView, QueuesView};
pub use realtime_credit::SessionAccount;
pub use realtime_providers::{Models, RealtimeProtocol, RealtimeProvider, RealtimeProviders, key_secret_name};
pub use realtime_view::{
    RealtimeConnection, RealtimeConnections, RealtimeSession, RealtimeSessionRecord, SessionFigures,
};
pub use rejection::{RejectedEvent, Rejection};
pub use resume::{ResumeToken, Resumed};
pub use service_token::{
    MAX_SERVICE_TOKEN_NAMES, MadeServiceToken, ServiceAccess, ServiceTokenCreation, ServiceTokenRecord,
    ServiceTokenSecret,
};
pub use severity::Severity;
pub use spend_event::SpendRecorded;
pub use spend_hub::{SpendSummary, SpendUpdate, UnusualSpendingDetected};
pub use spend_ledger::SpendTotals;
pub use spend_summary::DaySpend;
pub use spend_view::SpendView;
pub use spend_window::SpendWindow;
pub use system_event::{
    ModelAvailabilityChanged, ModelCapabilitiesDiscovered, ModelCapability, ModelMappingChanged, ProviderHealthChanged,
    RateLimitWarning, ServiceDegraded, ServiceRestored, SystemAnnouncement, SystemEvent,
};
pub use target_url::{MAX_TARGET_BYTES, TargetError, check_target};
pub use task::{Outcome, Progress, Task, TaskState};
pub use task_event::{
    DeadlineSeconds, MAX_DEADLINE_SECONDS, TaskCancelled, TaskCompleted, TaskEvent, TaskFailed, TaskProgress,
    TaskRegistered, TaskStarted, TaskTimedOut,
};
pub use task_notification::{TaskNotice, TaskNotification, snapshot};
pub use task_rules::{Applied, Change, IgnoreReason};
pub use task_type::{MAX_TASK_TYPE_BYTES, TaskType, TaskTypeError};
pub use task_view::TaskView;
pub use token_request::{IssuedToken, MAX_TOKEN_NAMES, MAX_TOKEN_SECONDS, TokenRequest};
pub use trace_parent::is_trace_parent;
pub use video_event::{VideoCancelled, VideoCompleted, VideoEvent, VideoFailed, VideoProgress, VideoStarted};
pub use virtual_key::{AllowedModels, ConnectionLimit, KeyLimits, KeyName, KeyRecord, MAX_CONNECTIONS, PositiveLimit};
pub use webhook_attempt::{AttemptOutcome, DeliveryRule, Verdict};
pub use webhook_breaker::{Breaker, BreakerRule, Sign};
pub use webhook_event::{
    CircuitBreakerState, CircuitBreakerStateChanged, WebhookDeliveryAttempted, WebhookDeliveryFailed,
    WebhookDeliveryRetryScheduled, WebhookDeliverySucceeded, WebhookEvent,
};
pub use webhook_headers::{MAX_WEBHOOK_HEADER_BYTES, MAX_WEBHOOK_HEADERS, WebhookHeaderError, WebhookHeaders};
pub use webhook_period::{LONGEST_PERIOD_MILLIS, StatisticsPeriod, StatisticsPeriodError, slot_millis};
pub use webhook_request::WebhookDeliveryRequested;
pub use webhook_secret::{RotatedWebhookSecret, WEBHOOK_SECRET_BYTES, WebhookSecrets};
pub use webhook_statistics::{
    DeliveryState, DeliveryTally, LatestAttempt, PeriodTally, TallyChange, WebhookStatistics,
};
pub use webhook_undelivered::UndeliveredWebhook;
pub use webhook_url::{MAX_WEBHOOK_URL_BYTES, WebhookUrl, WebhookUrlError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
