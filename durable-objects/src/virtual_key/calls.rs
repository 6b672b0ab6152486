//! What the object of a virtual key can be asked.

use contract::{
    AttemptOutcome, AuditEntry, Broadcast, ClientAccess, HistoryPage, KeyRecord, Money, Page, RealtimeConnection,
    RealtimeSessionRecord, RotatedWebhookSecret, SessionFigures, SpendView, StatisticsPeriod, TaskView,
    UndeliveredWebhook, WebhookStatistics,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use signalr_durable::azure::{Operation, Outcome};

use crate::call::ObjectCall;

/// What the object of a virtual key is called.
pub fn virtual_key_name(id: &str) -> String {
    format!("vkey-{id}")
}

macro_rules! virtual_key_call {
    ($call:ty => $answer:ty, $path:literal) => {
        impl ObjectCall for $call {
            type Answer = $answer;
            const BINDING: &'static str = "VIRTUAL_KEY";
            const PATH: &'static str = $path;

            fn object_name(&self) -> String {
                virtual_key_name(&self.virtual_key_id)
            }
        }
    };
}

/// Asks for a place for a connection (negotiate).
#[derive(Debug, Serialize, Deserialize)]
pub struct Reserve {
    /// The key.
    pub virtual_key_id: String,
    /// Where the client is, as a location hint, if the platform said so.
    #[serde(default)]
    pub region: Option<String>,
}
virtual_key_call!(Reserve => Admission, "/reserve");

/// Whether a key may do something now. The key's own object has the final say.
#[derive(Debug, Serialize, Deserialize)]
pub enum Admission {
    /// It may, under this connection id.
    Admitted {
        /// The connection's public id.
        connection_id: String,
        /// The relay that it is to begin at; none: at the object itself.
        #[serde(default)]
        relay: Option<u32>,
    },
    /// It may not.
    Refused(Refusal),
}

/// Why a key may not connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// No such key, or a deleted one: nobody learns which.
    Unknown,
    /// The operator turned the key off.
    Disabled,
    /// The key is past its time.
    Expired,
    /// The key has as many connections as it may have.
    TooManyConnections {
        /// That many.
        limit: u64,
    },
    /// The whole system has as many connections as it may have.
    SystemFull {
        /// That many.
        limit: u64,
    },
}

/// Asks which realtime sessions of the key go on. None where the key opens nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListSessions {
    /// The key.
    pub virtual_key_id: String,
}
virtual_key_call!(ListSessions => Option<Vec<RealtimeConnection>>, "/realtime/sessions");

/// Ends a realtime session, for the key's owner. False where the key has no such session.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndSession {
    /// The key.
    pub virtual_key_id: String,
    /// The session.
    pub connection_id: String,
}
virtual_key_call!(EndSession => bool, "/realtime/end");

/// Asks for the past realtime sessions of the key, the last one first. None where the key opens nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListPastSessions {
    /// The key.
    pub virtual_key_id: String,
    /// Whether it is the operator who asks: of a key that opens nothing too.
    pub for_operator: bool,
    /// The cursor of the page.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
virtual_key_call!(ListPastSessions => Option<Vec<RealtimeSessionRecord>>, "/realtime/past");

/// Says what a realtime session was, once it is over and its bills are paid or under way.
#[derive(Debug, Serialize, Deserialize)]
pub struct FinishSession {
    /// The key.
    pub virtual_key_id: String,
    /// The session.
    pub connection_id: String,
    /// The provider, the last one if there was more than one.
    pub provider: String,
    /// What it costs in all: what was billed beyond it is paid back.
    pub cost: Money,
    /// What it was.
    pub figures: SessionFigures,
    /// What the provider is to be asked later, if it says only then what it bills.
    pub inquiry: Option<Inquiry>,
}
virtual_key_call!(FinishSession => (), "/realtime/finish");

/// Asks for the recording of a session, to hear or to delete it, and has that audited. False where there is none; none at
/// all where the key opens nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct UseRecording {
    /// The key.
    pub virtual_key_id: String,
    /// The session.
    pub connection_id: String,
    /// Whether it is the operator who asks: of a key that opens nothing too.
    pub is_operator: bool,
    /// Whether it is deleted.
    pub deletes: bool,
    /// From which address of the network, for the audit trail.
    pub from: Option<String>,
}
virtual_key_call!(UseRecording => Option<bool>, "/realtime/recording");

/// What a provider is to be asked of a session that is over. Its key is not here: whoever asks has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inquiry {
    /// What is read.
    pub url: String,
    /// When, in milliseconds since the epoch, in ascending order: until it knows.
    pub at_millis: Vec<i64>,
    /// What a minute of the session costs.
    pub per_minute: Money,
}

/// What the queue carries when a provider is to be asked how long it bills a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inquire {
    /// The key.
    pub virtual_key_id: String,
    /// The session.
    pub connection_id: String,
    /// The provider's name in the configuration.
    pub provider: String,
    /// What is read.
    pub url: String,
}

/// Says what a provider answered.
#[derive(Debug, Serialize, Deserialize)]
pub struct FinishInquiry {
    /// The key.
    pub virtual_key_id: String,
    /// The session.
    pub connection_id: String,
    /// How long the provider bills, in milliseconds; none if it never says.
    pub billed_millis: Option<u64>,
}
virtual_key_call!(FinishInquiry => (), "/realtime/inquiry");

/// Hands the object events of its key, in order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Publish {
    /// The key.
    pub virtual_key_id: String,
    /// When the Worker took them, in milliseconds since the epoch: latency counts from there.
    pub accepted_at_millis: i64,
    /// The events, as they were sent.
    pub events: Vec<Box<RawValue>>,
}
virtual_key_call!(Publish => Option<Vec<Published>>, "/publish");

/// What became of an event. The object answers none at all where the key is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Published {
    /// Its effect is committed, and it was sent to that many connections.
    Delivered {
        /// Connections it was sent to; not known of what goes to everybody.
        recipients: Option<usize>,
    },
    /// Others that were accepted before it are on their way through the queue: it waits for them, in storage.
    Queued,
    /// Its (source, id) was seen before.
    Duplicate,
    /// It changes nothing, for this reason.
    Ignored(String),
    /// It is not taken, for this reason, and may be sent again.
    Rejected(String),
}

/// Keeps places in the key's line for batches of events that go through the queue: what comes after waits for them. The
/// object answers none where the key is unknown.
#[derive(Debug, Serialize, Deserialize)]
pub struct TakeNumbers {
    /// The key.
    pub virtual_key_id: String,
    /// How many.
    pub count: usize,
}
virtual_key_call!(TakeNumbers => Option<Numbers>, "/line/take");

/// Places in a key's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Numbers {
    /// In this order.
    Taken(Vec<i64>),
    /// So much waits that nothing more is taken now.
    LineIsFull,
}

/// Brings batches of events that went through the queue. The object answers false where the key is unknown.
#[derive(Debug, Serialize, Deserialize)]
pub struct Arrive {
    /// The key.
    pub virtual_key_id: String,
    /// The batches, in the order of their numbers.
    pub batches: Vec<NumberedEvents>,
}
virtual_key_call!(Arrive => bool, "/line/arrive");

/// A batch of events with its place.
#[derive(Debug, Serialize, Deserialize)]
pub struct NumberedEvents {
    /// Its place; none where the object could not be asked for one: then it is at the end.
    pub number: Option<i64>,
    /// When the Worker took the events, in milliseconds since the epoch.
    pub accepted_at_millis: i64,
    /// The events, as they were sent.
    pub events: Vec<Box<RawValue>>,
}

/// Says that batches of events will not come.
#[derive(Debug, Serialize, Deserialize)]
pub struct GiveUp {
    /// The key.
    pub virtual_key_id: String,
    /// Their places.
    pub numbers: Vec<i64>,
}
virtual_key_call!(GiveUp => (), "/line/give-up");
/// Has the object do what a backend asks for by Azure's REST API.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyOperation {
    /// The key.
    pub virtual_key_id: String,
    /// What to do for the key's connections. Groups are named without the key.
    pub operation: Operation,
}
virtual_key_call!(ApplyOperation => Outcome, "/operation");

/// Gives the object its key's record.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyKey {
    /// The key.
    pub virtual_key_id: String,
    /// The record; none for a deleted key.
    pub record: Option<KeyRecord>,
    /// Grows with every change: an older record never replaces a newer one.
    pub revision: i64,
}
virtual_key_call!(ApplyKey => (), "/apply");

/// Asks what the object holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Inspect {
    /// The key.
    pub virtual_key_id: String,
}
virtual_key_call!(Inspect => Inspection, "/inspect");

/// What an object holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Inspection {
    /// Open connections, over all hubs.
    pub connections: usize,
    /// What the key has spent in its period.
    pub current_spend: Money,
}

/// Asks whether the object class answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ping {
    /// An object kept for this question.
    pub virtual_key_id: String,
}
virtual_key_call!(Ping => (), "/ping");

/// Brings the object broadcasts, in order: what it lacks of the numbers before them, it asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Deliver {
    pub(crate) virtual_key_id: String,
    pub(crate) broadcasts: Vec<Broadcast>,
}
virtual_key_call!(Deliver => (), "/deliver");

/// Tells the object whether an operator follows its key, and so wants to know how many are connected.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Watch {
    pub(crate) virtual_key_id: String,
    pub(crate) is_watched: bool,
}
virtual_key_call!(Watch => (), "/watch");

/// Closes all connections of the key, which may come back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Disconnect {
    /// The key.
    pub virtual_key_id: String,
}
virtual_key_call!(Disconnect => usize, "/disconnect");

/// Asks what the key's clients were told.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadHistory {
    /// The key.
    pub virtual_key_id: String,
    /// What the reader may see.
    pub access: ClientAccess,
    /// Only of this hub.
    pub hub: Option<String>,
    /// After this event.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
virtual_key_call!(ReadHistory => Option<HistoryPage>, "/history");

/// Asks for the key's tasks, in the order of their ids.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListTasks {
    /// The key.
    pub virtual_key_id: String,
    /// What the reader may see.
    pub access: ClientAccess,
    /// Only of this type.
    pub task_type: Option<String>,
    /// Only in this state.
    pub state: Option<String>,
    /// After this task.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
virtual_key_call!(ListTasks => Option<TaskPage>, "/tasks");

/// One page of tasks.
pub type TaskPage = Page<TaskView>;

/// Asks for one task.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadTask {
    /// The key.
    pub virtual_key_id: String,
    /// What the reader may see.
    pub access: ClientAccess,
    /// The task.
    pub task_id: String,
}
virtual_key_call!(ReadTask => Option<FoundTask>, "/task");

/// A task, if there is one; the object answers none at all where the key opens nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct FoundTask {
    /// The task.
    pub task: Option<TaskView>,
}

/// Asks what the key has spent.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadSpend {
    /// The key.
    pub virtual_key_id: String,
}
virtual_key_call!(ReadSpend => Option<SpendView>, "/spend");

/// Asks how the deliveries to the key's webhooks went.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadWebhooks {
    /// The key.
    pub virtual_key_id: String,
    /// Of this period; without one, of all time.
    pub period: Option<StatisticsPeriod>,
    /// After this URL.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
virtual_key_call!(ReadWebhooks => Option<Vec<WebhookStatistics>>, "/webhooks");

/// What the queue of webhooks carries: an attempt is due. The object says whether it is still to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Poke {
    /// The key.
    pub virtual_key_id: String,
    /// The delivery.
    pub delivery_id: String,
    /// Which attempt, from 1.
    pub attempt: u32,
}

/// Begins an attempt to deliver a webhook.
#[derive(Debug, Serialize, Deserialize)]
pub struct BeginAttempt {
    /// The key.
    pub virtual_key_id: String,
    /// The delivery.
    pub delivery_id: String,
    /// Which attempt, from 1.
    pub attempt: u32,
}
virtual_key_call!(BeginAttempt => Option<AttemptToMake>, "/webhooks/begin");

/// The request to make. It has no `Debug`: its headers are secrets of the receiver.
#[derive(Serialize, Deserialize)]
pub struct AttemptToMake {
    /// Where it goes.
    pub url: String,
    /// All of its headers: names and values.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    pub body: String,
    /// How long an answer may take, in milliseconds.
    pub timeout_millis: i64,
}

/// Says what an attempt came to.
#[derive(Debug, Serialize, Deserialize)]
pub struct FinishAttempt {
    /// The key.
    pub virtual_key_id: String,
    /// The delivery.
    pub delivery_id: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What it came to.
    pub outcome: AttemptOutcome,
}
virtual_key_call!(FinishAttempt => (), "/webhooks/finish");

/// Has a webhook that was given up delivered again: from the first attempt, under the same id.
#[derive(Debug, Serialize, Deserialize)]
pub struct Redeliver {
    /// The key.
    pub virtual_key_id: String,
    /// What is left of it.
    pub letter: UndeliveredWebhook,
}
virtual_key_call!(Redeliver => Option<Redelivery>, "/webhooks/redeliver");

/// Whether a webhook is delivered again. The object answers none at all where the key is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Redelivery {
    /// It is.
    Armed,
    /// It is being delivered already.
    Pending,
    /// Too many others wait.
    Full,
}

/// Gives the key another secret to sign webhooks with.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotateWebhookSecret {
    /// The key.
    pub virtual_key_id: String,
    /// From which address of the network, for the audit trail.
    pub from: Option<String>,
}
virtual_key_call!(RotateWebhookSecret => Option<RotatedWebhookSecret>, "/webhooks/secret");

/// Asks for the audit trail of the key's connections and subscriptions, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadKeyAudit {
    /// The key.
    pub virtual_key_id: String,
    /// Before this entry.
    pub before: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
virtual_key_call!(ReadKeyAudit => Vec<AuditEntry>, "/audit");
