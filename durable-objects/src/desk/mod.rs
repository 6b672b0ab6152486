//! What all hubs of an object share: sending, the journal, resuming, the audit trail.

mod journal;
mod notifier;
mod outgoing;
mod pace;
mod resumption;

use std::{cell::Cell, rc::Rc};

use contract::{
    AuditEntry, EventMeta, Notification, NotificationError,
    debug_hub::{Description, GroupDescription, JournalDescription},
};
use serde_json::json;
use signalr_durable::{Caller, ConnectionCall, Ended, HubError, Server};
use worker::{Result, SqlStorage};

use crate::{
    audit::AuditTrail,
    identifiers::{SortableIds, now_millis},
    log,
};

pub use self::outgoing::variant;
pub(crate) use self::{
    journal::{Journal, JournalLimits},
    notifier::Notifier,
    pace::subject_of,
    resumption::{DeskHub, Resumption, with_resume},
};

/// What all hubs of an object share.
pub(crate) struct Desk {
    pub(crate) notifier: Rc<Notifier>,
    pub(crate) journal: Journal,
    pub(crate) resumption: Resumption,
    pub(crate) audit: AuditTrail,
    has_begun: Cell<bool>,
    ids_of_then: SortableIds,
}

impl Desk {
    /// A desk whose audit trail keeps so many entries at the most.
    pub(crate) fn new(sql: &SqlStorage, most_audit_entries: i64) -> Self {
        Self {
            notifier: Rc::default(),
            journal: Journal::new(sql.clone()),
            resumption: Resumption::new(sql.clone()),
            audit: AuditTrail::new(sql.clone(), most_audit_entries),
            has_begun: Cell::default(),
            ids_of_then: SortableIds::default(),
        }
    }

    /// Tells it which server sends, once that is built with the hubs that hold the desk.
    pub(crate) fn attach(&self, server: &Rc<Server>) {
        self.notifier.attach(server);
    }

    /// Metadata under a new id, later than all before it: those of the journal too, whatever the clock says.
    pub(crate) fn meta(&self, now_millis: i64, correlation_id: Option<&str>) -> EventMeta {
        if !self.has_begun.replace(true)
            && let Ok(Some(last)) = self.journal.last_id()
        {
            self.notifier.begin_after(&last);
        }
        self.notifier.meta(now_millis, correlation_id)
    }

    /// Two ids for what was at that time and is told only now: later than all ids given for such, and in their place among
    /// those of what was told then.
    pub(crate) fn id_of_then(&self, at_millis: i64) -> (String, String) {
        (self.ids_of_then.next(at_millis), self.ids_of_then.next(at_millis))
    }

    /// Adds the caller to a group, and remembers that for whoever may resume the connection.
    pub(crate) fn join(&self, caller: &Caller, group: &str) -> std::result::Result<(), HubError> {
        caller.join(group)?;
        self.resumption.joined(caller.connection_id(), group).map_err(HubError::internal)
    }

    /// Takes the caller out of a group.
    pub(crate) fn leave(&self, caller: &Caller, group: &str) -> std::result::Result<(), HubError> {
        caller.leave(group)?;
        self.resumption.left(caller.connection_id(), group).map_err(HubError::internal)
    }

    /// Has the caller subscribe to a group, which the audit trail keeps.
    pub(crate) fn subscribe(&self, caller: &Caller, group: &str) -> std::result::Result<(), HubError> {
        self.join(caller, group)?;
        self.note(caller, "subscription.added", group)
    }

    /// Ends a subscription of the caller's.
    pub(crate) fn unsubscribe(&self, caller: &Caller, group: &str) -> std::result::Result<(), HubError> {
        self.leave(caller, group)?;
        self.note(caller, "subscription.removed", group)
    }

    /// Has the audit trail keep that a connection was opened.
    pub(crate) fn note_opened(&self, call: &ConnectionCall) -> Result<()> {
        let entry = AuditEntry::new(call.connection_id.as_str(), "connection.opened").to(call.hub.as_str());
        self.audit.record(entry.from(call.remote_address.clone()))
    }

    /// Has the audit trail keep that a connection has ended. Those that end with the object's process are not in it.
    pub(crate) fn note_ended(&self, ended: &Ended<'_>) {
        let entry = AuditEntry::new(ended.connection_id, "connection.closed").to(ended.hub).because(ended.error);
        if let Err(error) = self.audit.record(entry.from(ended.remote_address.map(str::to_owned))) {
            log::error("the end of a connection was not recorded", json!({ "error": error.to_string() }));
        }
    }

    fn note(&self, caller: &Caller, action: &str, group: &str) -> std::result::Result<(), HubError> {
        self.audit.record(AuditEntry::new(caller.connection_id(), action).to(group)).map_err(HubError::internal)
    }

    /// Tells one connection something that was so at that time, under an id of its own.
    pub(crate) fn tell_caller(
        &self,
        caller: &Caller,
        at_millis: i64,
        correlation_id: Option<&str>,
        notification: impl FnOnce(EventMeta) -> std::result::Result<Notification, NotificationError>,
    ) -> std::result::Result<(), HubError> {
        let meta = EventMeta { timestamp_millis: at_millis, ..self.meta(now_millis(), correlation_id) };
        let notification = notification(meta).map_err(HubError::internal)?;
        Notifier::send_to(caller, &notification)
    }

    /// Drops what nobody can ask for any more. True if anything is left.
    pub(crate) fn sweep(&self, limits: JournalLimits, now_millis: i64) -> Result<bool> {
        let has_journal = self.journal.sweep(limits, now_millis)?;
        let has_tokens = self.resumption.sweep(limits.kept_since_millis(now_millis))?;
        let has_audit = self.audit.sweep()?;
        Ok(has_journal || has_tokens || has_audit)
    }

    /// What the object holds, for whoever looks for what is wrong.
    pub(crate) fn describe(&self, wakes: u64) -> Result<Description> {
        let (events, oldest_event_id, newest_event_id) = self.journal.extent()?;
        let (connections, groups) = self.notifier.members();
        let groups = groups.into_iter().map(|(name, connections)| GroupDescription { name, connections }).collect();
        let journal = JournalDescription { events, oldest_event_id, newest_event_id };
        Ok(Description { connections, groups, wakes, journal })
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.journal.forget();
        self.resumption.forget();
        self.audit.forget();
    }
}
