//! The routes.

use super::Route;
#[cfg(feature = "schema")]
use super::{
    description::{Answer, Body, Content, Description, Opener, Shape},
    parameters::{
        AFTER, BEFORE, CE_ID, CE_SOURCE, CE_SPEC_VERSION, CE_TYPE, CE_VIRTUAL_KEY_ID, CONNECTION, CONTENT_ENCODING,
        DELIVERY, DIALECT, HUB, HUB_NAME, KEY_ID, LETTER_ID, LETTER_KEY, LETTER_KIND, LIMIT, MAYBE_CONNECTION, META,
        MODEL, NEGOTIATE_VERSION, PERIOD, PROVIDER_NAME, REALTIME_ID, SERVICE_TOKEN_ID, SESSION_ID, TASK_ID,
        TASK_STATE, TASK_TYPE, TRACE_PARENT,
    },
};
#[cfg(feature = "schema")]
use crate::{
    AuditEntry, DeadLetter, Disconnected, EventResults, Health, HistoryEntry, IssuedToken, KeyCreation, KeyPatch,
    KeyRecord, KeyView, MadeServiceToken, OnlineKey, Page, ProblemKind, ProviderInput, ProviderView, QueuesView,
    RealtimeConnections, RealtimeSession, RealtimeSessionRecord, Replayed, ReplayedAll, RotatedWebhookSecret, Rotation,
    ServiceTokenCreation, ServiceTokenRecord, SpendView, TaskView, TokenRequest, UnavailableProblem, WebhookStatistics,
    problem::CONTENT_TYPE as PROBLEM, prometheus::CONTENT_TYPE as PROMETHEUS,
};

/// Declares routes: method, path, and the fields of [`Description`]; `body` and `problems` where there are any.
macro_rules! routes {
    ($($method:ident $path:literal {
        id: $id:literal,
        summary: $summary:literal,
        tag: $tag:literal,
        opener: $opener:ident,
        parameters: [$($parameter:ident),*],
        $(body: $body:expr,)?
        answers: [$($answer:expr),+ $(,)?],
        $(problems: [$($problem:ident),+],)?
    })*) => {
        /// Every route.
        pub const ROUTES: &[Route] = &[$(Route {
            method: stringify!($method),
            path: $path,
            #[cfg(feature = "schema")]
            description: Description {
                id: $id,
                summary: $summary,
                tag: $tag,
                opener: Opener::$opener,
                parameters: &[$($parameter),*],
                body: routes!(@or_none $($body)?),
                answers: &[$($answer),+],
                problems: &[$($(ProblemKind::$problem),+)?],
            },
        },)*];
    };
    (@or_none) => { None };
    (@or_none $given:expr) => { Some($given) };
}

/// A body, or an answer, of JSON of a type.
#[cfg(feature = "schema")]
macro_rules! json {
    ($type:ty) => {
        json!("application/json", $type)
    };
    ($media_type:expr, $type:ty) => {
        Content { media_type: $media_type, shape: Shape::Json(|generator| generator.subschema_for::<$type>()) }
    };
    ($status:literal $summary:literal: $type:ty) => {
        Answer { status: $status, summary: $summary, content: &[json!($type)] }
    };
}

/// What is written in another way than JSON.
#[cfg(feature = "schema")]
const fn written(media_type: &'static str, shape: Shape) -> Content {
    Content { media_type, shape }
}

#[cfg(feature = "schema")]
const fn no_content(status: u16, summary: &'static str) -> Answer {
    Answer { status, summary, content: &[] }
}

routes! {
    POST "/v1/events" {
        id: "publishEvents",
        summary: "Takes what happened: one CloudEvent, a batch of them, one a line, or one in binary mode.",
        tag: "Events",
        opener: Sender,
        parameters: [
            DELIVERY, CONTENT_ENCODING, TRACE_PARENT, CE_SPEC_VERSION, CE_ID, CE_SOURCE, CE_TYPE, CE_VIRTUAL_KEY_ID
        ],
        body: Body { is_required: true, content: &[
            written("application/cloudevents+json", Shape::Event),
            written("application/cloudevents-batch+json", Shape::Events),
            written("application/x-ndjson", Shape::Text),
            written("application/json", Shape::EventsOrData),
        ] },
        answers: [
            json!(200 "What became of each event, in the order of the request.": EventResults<'_>),
            json!(202 "The same, where anything was queued.": EventResults<'_>),
            Answer { status: 400, summary: "Every event is rejected, or the body cannot be read.", content: &[
                json!(EventResults<'_>),
            ] },
            Answer { status: 503, summary: "Not every event could be handed over: send all of them again.", content: &[
                json!(PROBLEM, UnavailableProblem<'_>),
            ] },
        ],
        problems: [InvalidParameter, MalformedBody, ContentTooLarge, UnsupportedMediaType],
    }

    POST "/v1/tokens" {
        id: "issueToken",
        summary: "Makes a client token, for a browser or an app instead of a key.",
        tag: "Client tokens",
        opener: KeyHolder,
        parameters: [],
        body: Body { is_required: true, content: &[json!(TokenRequest)] },
        answers: [json!(200 "The token.": IssuedToken)],
        problems: [InvalidField, MalformedBody, ContentTooLarge],
    }

    GET "/v1/tasks" {
        id: "listTasks",
        summary: "Lists the key's tasks, in the order of their ids.",
        tag: "What a key's owner reads",
        opener: Owner,
        parameters: [TASK_TYPE, TASK_STATE, AFTER, LIMIT],
        answers: [json!(200 "A page of tasks.": Page<TaskView>)],
        problems: [InvalidParameter],
    }
    GET "/v1/tasks/{id}" {
        id: "readTask",
        summary: "Reads one of the key's tasks.",
        tag: "What a key's owner reads",
        opener: Owner,
        parameters: [TASK_ID],
        answers: [json!(200 "The task, with its latest state.": TaskView)],
        problems: [NotFound],
    }
    GET "/v1/realtime" {
        id: "openRealtime",
        summary: "Opens a realtime session: a WebSocket that speaks OpenAI's realtime protocol, whichever provider answers.",
        tag: "Realtime",
        opener: Owner,
        parameters: [MODEL],
        answers: [no_content(101, "The session.")],
        problems: [InvalidParameter, NotFound, TooManyRequests, Unavailable],
    }
    GET "/v1/realtime/connect" {
        id: "connectRealtime",
        summary: "The same, where the original system has it.",
        tag: "Realtime",
        opener: Owner,
        parameters: [MODEL],
        answers: [no_content(101, "The session.")],
        problems: [InvalidParameter, NotFound, TooManyRequests, Unavailable],
    }
    GET "/v1/realtime/connections" {
        id: "listRealtimeConnections",
        summary: "Lists the key's realtime sessions that go on.",
        tag: "Realtime",
        opener: Owner,
        parameters: [],
        answers: [json!(200 "The sessions, the oldest first.": RealtimeConnections)],
    }
    DELETE "/v1/realtime/connections/{id}" {
        id: "endRealtimeConnection",
        summary: "Ends one of the key's realtime sessions.",
        tag: "Realtime",
        opener: Owner,
        parameters: [REALTIME_ID],
        answers: [no_content(204, "It is ended.")],
        problems: [NotFound],
    }
    GET "/v1/realtime/sessions" {
        id: "listPastRealtimeSessions",
        summary: "Lists the key's realtime sessions that are over.",
        tag: "Realtime",
        opener: Owner,
        parameters: [AFTER, LIMIT],
        answers: [json!(200 "The sessions, the last one first.": Page<RealtimeSessionRecord>)],
        problems: [InvalidParameter],
    }
    GET "/v1/realtime/sessions/{id}/recording" {
        id: "playRecording",
        summary: "Plays the recording of one of the key's realtime sessions, once it is over: the user on the left, the model on the right.",
        tag: "Realtime",
        opener: Owner,
        parameters: [REALTIME_ID],
        answers: [Answer { status: 200, summary: "A WAV file.", content: &[written("audio/wav", Shape::Text)] }],
        problems: [NotFound],
    }
    DELETE "/v1/realtime/sessions/{id}/recording" {
        id: "deleteRecording",
        summary: "Deletes the recording of one of the key's realtime sessions. What is known of the session stays.",
        tag: "Realtime",
        opener: Owner,
        parameters: [REALTIME_ID],
        answers: [no_content(204, "It is deleted.")],
        problems: [NotFound],
    }
    GET "/v1/spend" {
        id: "readSpend",
        summary: "Reads what the key has spent in its period.",
        tag: "What a key's owner reads",
        opener: Owner,
        parameters: [],
        answers: [json!(200 "What was spent.": SpendView)],
    }
    GET "/v1/history" {
        id: "readHistory",
        summary: "Reads what the key's clients were told, broadcasts included, oldest first.",
        tag: "What a key's owner reads",
        opener: Owner,
        parameters: [HUB_NAME, AFTER, LIMIT],
        answers: [json!(200 "A page of events.": Page<HistoryEntry>)],
        problems: [InvalidParameter],
    }
    GET "/v1/webhooks" {
        id: "listWebhooks",
        summary: "Reads how the deliveries to each URL went.",
        tag: "What a key's owner reads",
        opener: Owner,
        parameters: [PERIOD, AFTER, LIMIT],
        answers: [json!(200 "A page of statistics.": Page<WebhookStatistics>)],
        problems: [InvalidParameter],
    }
    POST "/v1/webhooks/secret/rotate" {
        id: "rotateWebhookSecret",
        summary: "Gives the key another secret to sign webhooks with; older ones sign too for a day.",
        tag: "What a key's owner reads",
        opener: Key,
        parameters: [],
        answers: [json!(200 "The secret, which is shown this once.": RotatedWebhookSecret)],
    }

    POST "/v1/admin/keys" {
        id: "createKey",
        summary: "Makes a virtual key, or takes over one that exists elsewhere.",
        tag: "Virtual keys",
        opener: Operator,
        parameters: [],
        body: Body { is_required: true, content: &[json!(KeyCreation)] },
        answers: [json!(201 "The key, with its secret, which is shown this once.": KeyView<'_>)],
        problems: [InvalidField, MalformedBody, Conflict, ContentTooLarge],
    }
    GET "/v1/admin/keys" {
        id: "listKeys",
        summary: "Lists the virtual keys, in the order in which they were made.",
        tag: "Virtual keys",
        opener: Operator,
        parameters: [AFTER, LIMIT],
        answers: [json!(200 "A page of keys.": Page<KeyRecord>)],
        problems: [InvalidParameter],
    }
    GET "/v1/admin/keys/{id}" {
        id: "readKey",
        summary: "Reads a virtual key, with what was spent and its open connections.",
        tag: "Virtual keys",
        opener: Operator,
        parameters: [KEY_ID],
        answers: [json!(200 "The key.": KeyView<'_>)],
        problems: [NotFound],
    }
    PATCH "/v1/admin/keys/{id}" {
        id: "changeKey",
        summary: "Changes what it names of a virtual key; null takes away.",
        tag: "Virtual keys",
        opener: Operator,
        parameters: [KEY_ID],
        body: Body { is_required: true, content: &[json!(KeyPatch)] },
        answers: [json!(200 "The key as it is now.": KeyView<'_>)],
        problems: [InvalidField, MalformedBody, NotFound, ContentTooLarge],
    }
    DELETE "/v1/admin/keys/{id}" {
        id: "deleteKey",
        summary: "Deletes a virtual key and closes its connections.",
        tag: "Virtual keys",
        opener: Operator,
        parameters: [KEY_ID],
        answers: [no_content(204, "It is deleted.")],
        problems: [NotFound],
    }
    POST "/v1/admin/keys/{id}/rotate" {
        id: "rotateKey",
        summary: "Gives a virtual key another secret; the old one is good for a while.",
        tag: "Virtual keys",
        opener: Operator,
        parameters: [KEY_ID],
        body: Body { is_required: false, content: &[json!(Rotation)] },
        answers: [json!(200 "The key, with its new secret, which is shown this once.": KeyView<'_>)],
        problems: [InvalidField, MalformedBody, NotFound, ContentTooLarge],
    }
    POST "/v1/admin/keys/{id}/disconnect" {
        id: "disconnectKey",
        summary: "Closes the connections of a virtual key, whose clients may come back.",
        tag: "Virtual keys",
        opener: Operator,
        parameters: [KEY_ID],
        answers: [json!(200 "How many were closed.": Disconnected)],
        problems: [NotFound],
    }
    GET "/v1/admin/keys/{id}/audit" {
        id: "readKeyAudit",
        summary: "Reads a virtual key's connections and subscriptions, newest first.",
        tag: "Operating",
        opener: Operator,
        parameters: [KEY_ID, BEFORE, LIMIT],
        answers: [Answer { status: 200, summary: "A page of entries.", content: &[
            json!(Page<AuditEntry>), written("application/x-ndjson", Shape::Text),
        ] }],
        problems: [InvalidParameter],
    }

    GET "/v1/admin/keys/{id}/realtime/sessions" {
        id: "listPastRealtimeSessionsOfKey",
        summary: "Lists a key's realtime sessions that are over.",
        tag: "Realtime",
        opener: Operator,
        parameters: [KEY_ID, AFTER, LIMIT],
        answers: [json!(200 "The sessions, the last one first.": Page<RealtimeSessionRecord>)],
        problems: [InvalidParameter],
    }
    GET "/v1/admin/keys/{id}/realtime/sessions/{session}/recording" {
        id: "playRecordingOfKey",
        summary: "Plays the recording of a realtime session of a key, once it is over: the user on the left, the model on the right.",
        tag: "Realtime",
        opener: Operator,
        parameters: [KEY_ID, SESSION_ID],
        answers: [Answer { status: 200, summary: "A WAV file.", content: &[written("audio/wav", Shape::Text)] }],
        problems: [NotFound],
    }
    DELETE "/v1/admin/keys/{id}/realtime/sessions/{session}/recording" {
        id: "deleteRecordingOfKey",
        summary: "Deletes the recording of a realtime session of a key. What is known of the session stays.",
        tag: "Realtime",
        opener: Operator,
        parameters: [KEY_ID, SESSION_ID],
        answers: [no_content(204, "It is deleted.")],
        problems: [NotFound],
    }
    POST "/v1/admin/service-tokens" {
        id: "createServiceToken",
        summary: "Makes a token that a backend sends events with instead of the master key.",
        tag: "Service tokens",
        opener: Operator,
        parameters: [],
        body: Body { is_required: true, content: &[json!(ServiceTokenCreation)] },
        answers: [json!(201 "The token, which is shown this once.": MadeServiceToken<'_>)],
        problems: [InvalidField, MalformedBody, ContentTooLarge],
    }
    GET "/v1/admin/service-tokens" {
        id: "listServiceTokens",
        summary: "Lists the service tokens, in the order in which they were made.",
        tag: "Service tokens",
        opener: Operator,
        parameters: [AFTER, LIMIT],
        answers: [json!(200 "A page of tokens, without the tokens themselves.": Page<ServiceTokenRecord>)],
        problems: [InvalidParameter],
    }
    GET "/v1/admin/service-tokens/{id}" {
        id: "readServiceToken",
        summary: "Reads a service token, without the token itself.",
        tag: "Service tokens",
        opener: Operator,
        parameters: [SERVICE_TOKEN_ID],
        answers: [json!(200 "What it may send, and when it was used.": ServiceTokenRecord)],
        problems: [NotFound],
    }
    DELETE "/v1/admin/service-tokens/{id}" {
        id: "revokeServiceToken",
        summary: "Revokes a service token: within ten seconds it is worth nothing anywhere.",
        tag: "Service tokens",
        opener: Operator,
        parameters: [SERVICE_TOKEN_ID],
        answers: [no_content(204, "It is revoked.")],
        problems: [NotFound],
    }

    GET "/v1/admin/providers" {
        id: "listProviders",
        summary: "Lists the providers, in the order of their names.",
        tag: "Providers",
        opener: Operator,
        parameters: [],
        answers: [json!(200 "All providers.": Page<ProviderView>)],
    }
    GET "/v1/admin/providers/{name}" {
        id: "readProvider",
        summary: "Reads a provider, with its health.",
        tag: "Providers",
        opener: Operator,
        parameters: [PROVIDER_NAME],
        answers: [json!(200 "The provider.": ProviderView)],
        problems: [NotFound],
    }
    PUT "/v1/admin/providers/{name}" {
        id: "setProvider",
        summary: "Sets a provider.",
        tag: "Providers",
        opener: Operator,
        parameters: [PROVIDER_NAME],
        body: Body { is_required: true, content: &[json!(ProviderInput)] },
        answers: [
            json!(200 "The provider as it is now.": ProviderView),
            json!(201 "The provider, which is new.": ProviderView),
        ],
        problems: [InvalidField, MalformedBody, ContentTooLarge],
    }
    DELETE "/v1/admin/providers/{name}" {
        id: "deleteProvider",
        summary: "Forgets a provider.",
        tag: "Providers",
        opener: Operator,
        parameters: [PROVIDER_NAME],
        answers: [no_content(204, "It is forgotten.")],
        problems: [NotFound],
    }

    GET "/v1/admin/audit" {
        id: "readAudit",
        summary: "Reads what operators did, newest first.",
        tag: "Operating",
        opener: Operator,
        parameters: [BEFORE, LIMIT],
        answers: [Answer { status: 200, summary: "A page of entries.", content: &[
            json!(Page<AuditEntry>), written("application/x-ndjson", Shape::Text),
        ] }],
        problems: [InvalidParameter],
    }
    GET "/v1/admin/connections" {
        id: "listConnections",
        summary: "Lists the virtual keys that somebody is connected with, in the order of their ids.",
        tag: "Operating",
        opener: Operator,
        parameters: [AFTER, LIMIT],
        answers: [json!(200 "A page of keys.": Page<OnlineKey>)],
        problems: [InvalidParameter],
    }

    GET "/v1/admin/realtime/sessions" {
        id: "listRealtimeSessions",
        summary: "Lists the realtime sessions of all keys that go on, in the order of their ids.",
        tag: "Operating",
        opener: Operator,
        parameters: [AFTER, LIMIT],
        answers: [json!(200 "A page of sessions.": Page<RealtimeSession>)],
        problems: [InvalidParameter],
    }
    DELETE "/v1/admin/realtime/sessions/{id}" {
        id: "endRealtimeSession",
        summary: "Ends a realtime session of any key.",
        tag: "Operating",
        opener: Operator,
        parameters: [REALTIME_ID],
        answers: [no_content(204, "It is ended.")],
        problems: [NotFound],
    }

    GET "/v1/admin/dead-letters" {
        id: "listDeadLetters",
        summary: "Lists what was accepted and could not be delivered, oldest first.",
        tag: "Operating",
        opener: Operator,
        parameters: [LETTER_KIND, LETTER_KEY, AFTER, LIMIT],
        answers: [json!(200 "A page of letters.": Page<DeadLetter>)],
        problems: [InvalidParameter],
    }
    POST "/v1/admin/dead-letters/replay" {
        id: "replayDeadLetters",
        summary: "Sends dead letters on their way again, up to 500; what cannot be sent stays.",
        tag: "Operating",
        opener: Operator,
        parameters: [LETTER_KIND, LETTER_KEY],
        answers: [json!(202 "How many were sent.": ReplayedAll)],
        problems: [InvalidParameter],
    }
    GET "/v1/admin/dead-letters/{id}" {
        id: "readDeadLetter",
        summary: "Reads a dead letter.",
        tag: "Operating",
        opener: Operator,
        parameters: [LETTER_ID],
        answers: [json!(200 "The letter, with its cause.": DeadLetter)],
        problems: [NotFound],
    }
    DELETE "/v1/admin/dead-letters/{id}" {
        id: "deleteDeadLetter",
        summary: "Throws a dead letter away.",
        tag: "Operating",
        opener: Operator,
        parameters: [LETTER_ID],
        answers: [no_content(204, "It is gone.")],
        problems: [NotFound],
    }
    POST "/v1/admin/dead-letters/{id}/replay" {
        id: "replayDeadLetter",
        summary: "Sends a dead letter on its way again.",
        tag: "Operating",
        opener: Operator,
        parameters: [LETTER_ID],
        answers: [json!(202 "It was sent.": Replayed)],
        problems: [NotFound, Conflict],
    }
    GET "/v1/admin/queues" {
        id: "readQueues",
        summary: "Reads how much waits in each queue, and how many dead letters there are.",
        tag: "Operating",
        opener: Operator,
        parameters: [],
        answers: [json!(200 "The queues.": QueuesView)],
    }

    GET "/metrics" {
        id: "readMetrics",
        summary: "Reads the figures of the whole system, for Prometheus.",
        tag: "Operating",
        opener: Operator,
        parameters: [],
        answers: [Answer { status: 200, summary: "The figures.", content: &[written(PROMETHEUS, Shape::Text)] }],
    }
    GET "/health" {
        id: "readHealth",
        summary: "Asks each class of objects, storage and the key lookup.",
        tag: "Operating",
        opener: Anybody,
        parameters: [],
        answers: [json!(200 "All is well.": Health), json!(503 "Something is not.": Health)],
    }
    GET "/health/ready" {
        id: "readReadiness",
        summary: "The same.",
        tag: "Operating",
        opener: Anybody,
        parameters: [],
        answers: [json!(200 "All is well.": Health), json!(503 "Something is not.": Health)],
    }
    GET "/health/signalr" {
        id: "readHealthOfHubs",
        summary: "The same, and has a message go through a hub.",
        tag: "Operating",
        opener: Anybody,
        parameters: [],
        answers: [json!(200 "All is well.": Health), json!(503 "Something is not.": Health)],
    }
    GET "/health/live" {
        id: "readLiveness",
        summary: "Answers at once.",
        tag: "Operating",
        opener: Anybody,
        parameters: [],
        answers: [json!(200 "The Worker answers.": Health)],
    }

    GET "/openapi.json" {
        id: "readOpenApi",
        summary: "This document.",
        tag: "Descriptions",
        opener: Anybody,
        parameters: [],
        answers: [Answer { status: 200, summary: "An OpenAPI document.", content: &[
            written("application/json", Shape::AnyJson),
        ] }],
    }
    GET "/asyncapi.json" {
        id: "readAsyncApi",
        summary: "What the hubs say and understand.",
        tag: "Descriptions",
        opener: Anybody,
        parameters: [],
        answers: [Answer { status: 200, summary: "An AsyncAPI document.", content: &[
            written("application/json", Shape::AnyJson),
        ] }],
    }
    GET "/js/conduit-signalr-service.js" {
        id: "readClient",
        summary: "The JavaScript client as one file for pages.",
        tag: "Descriptions",
        opener: Anybody,
        parameters: [],
        answers: [Answer { status: 200, summary: "A script.", content: &[written("text/javascript", Shape::Text)] }],
    }
    GET "/js/conduit-components.js" {
        id: "readComponents",
        summary: "The web components as one file for pages.",
        tag: "Descriptions",
        opener: Anybody,
        parameters: [],
        answers: [Answer { status: 200, summary: "A script.", content: &[written("text/javascript", Shape::Text)] }],
    }

    POST "/hubs/{hub}/negotiate" {
        id: "negotiate",
        summary: "Begins a SignalR connection. Clients of SignalR do this by themselves.",
        tag: "SignalR",
        opener: Hub,
        parameters: [HUB, NEGOTIATE_VERSION, DIALECT, META],
        answers: [Answer { status: 200, summary: "A connection's id and token, and the transports.", content: &[
            written("application/json", Shape::AnyJson),
        ] }],
    }
    GET "/hubs/{hub}" {
        id: "connect",
        summary: "Opens a WebSocket, opens Server-Sent Events, or polls.",
        tag: "SignalR",
        opener: Hub,
        parameters: [HUB, MAYBE_CONNECTION, DIALECT, META],
        answers: [
            no_content(101, "A WebSocket."),
            Answer { status: 200, summary: "Events, or what a poll brings.", content: &[
                written("text/event-stream", Shape::Text), written("text/plain", Shape::Text),
                written("application/octet-stream", Shape::Text),
            ] },
            no_content(204, "The connection that polls is over."),
        ],
    }
    POST "/hubs/{hub}" {
        id: "send",
        summary: "Sends messages over Server-Sent Events or long polling.",
        tag: "SignalR",
        opener: Hub,
        parameters: [HUB, CONNECTION],
        body: Body { is_required: true, content: &[
            written("text/plain", Shape::Text), written("application/octet-stream", Shape::Text),
        ] },
        answers: [no_content(200, "They are taken.")],
    }
    DELETE "/hubs/{hub}" {
        id: "disconnect",
        summary: "Ends a connection that polls.",
        tag: "SignalR",
        opener: Hub,
        parameters: [HUB, CONNECTION],
        answers: [no_content(202, "It is over.")],
    }
    POST "/hubs/{hub}/refresh" {
        id: "refresh",
        summary: "Renews the authentication of a connection.",
        tag: "SignalR",
        opener: Hub,
        parameters: [HUB, CONNECTION],
        answers: [Answer { status: 200, summary: "How long it lasts now.", content: &[
            written("application/json", Shape::AnyJson),
        ] }],
    }
}
