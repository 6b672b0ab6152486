//! What the hubs of videos and of images have in common: a task of one type, followed by its id.

use contract::{EventMeta, Hub, NameArgument, Notification, Task, media_snapshot};
use signalr_durable::{Caller, HubError};

use crate::{
    desk::Notifier,
    identifiers::now_millis,
    virtual_key::services::{Services, access},
};

/// How one hub calls things.
pub(super) struct MediaHub {
    pub(super) hub: &'static Hub,
    pub(super) task_type: &'static str,
    pub(super) group: fn(&str) -> String,
    pub(super) id_of_group: fn(&str) -> Option<&str>,
}

impl MediaHub {
    /// Joins the group of one request, and tells where it stands.
    pub(super) fn subscribe(
        &self,
        services: &Services,
        caller: &Caller,
        id: &NameArgument,
        blank: &'static str,
        unknown: &'static str,
    ) -> Result<(), HubError> {
        let id = id.id().ok_or(blank)?;
        let task = self.task(services, id)?.ok_or(unknown)?;
        // Its type as it was named: that is what `TaskHub` goes by.
        if !access(caller)?.may_subscribe_to_task(id, Some(task.task_type.as_str())) {
            return Err(unknown.into());
        }
        // In one turn: nothing can happen to it between joining and the snapshot.
        services.desk.subscribe(caller, &(self.group)(id))?;
        self.tell(services, caller, &task, false)
    }

    /// Leaves the group of one request. It is never refused: what cannot be an id has no group.
    pub(super) fn unsubscribe(&self, services: &Services, caller: &Caller, id: &NameArgument) -> Result<(), HubError> {
        id.id().map_or(Ok(()), |id| services.desk.unsubscribe(caller, &(self.group)(id)))
    }

    /// Progress is in no journal: of what the caller follows again, the latest.
    pub(super) fn after_replay(&self, services: &Services, caller: &Caller) -> Result<(), HubError> {
        for group in caller.groups() {
            let Some(id) = (self.id_of_group)(&group) else { continue };
            if let Some(task) = self.task(services, id)? {
                self.tell(services, caller, &task, true)?;
            }
        }
        Ok(())
    }

    fn task(&self, services: &Services, id: &str) -> Result<Option<Task>, HubError> {
        let task = services.tasks.read(id).map_err(HubError::internal)?;
        Ok(task.filter(|task| task.task_type.as_str().eq_ignore_ascii_case(self.task_type)))
    }

    fn tell(&self, services: &Services, caller: &Caller, task: &Task, only_progress: bool) -> Result<(), HubError> {
        let desk = &services.desk;
        let meta = || EventMeta {
            timestamp_millis: task.updated_at_millis,
            ..desk.meta(now_millis(), task.correlation_id.as_deref())
        };
        let is_wanted = |one: &Notification| !only_progress || !one.is_durable();
        for notification in media_snapshot(task, self.hub, meta).iter().filter(|one| is_wanted(one)) {
            Notifier::send_to(caller, notification)?;
        }
        Ok(())
    }
}
