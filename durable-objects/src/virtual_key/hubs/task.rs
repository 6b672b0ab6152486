//! `TaskHub`: the progress of a key's long-running work, for whoever of the key subscribes.

use std::rc::Rc;

use contract::{
    Hub as Declaration, NameArgument, Task, TaskNotification,
    hub::TASK_HUB,
    snapshot,
    task_hub::{
        INVALID_TASK_ID, INVALID_TASK_TYPE, SUBSCRIBE_TO_TASK, SUBSCRIBE_TO_TASK_TYPE, TASK_NOT_FOUND,
        UNAUTHORIZED_TASK_TYPE, UNSUBSCRIBE_FROM_TASK, UNSUBSCRIBE_FROM_TASK_TYPE, task_group, task_of_group,
        task_type_group, task_type_of_group,
    },
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use super::welcome;
use crate::{
    desk::{Desk, DeskHub, with_resume},
    virtual_key::services::{Services, access},
};

/// Tasks whose progress is told to whoever follows a type again.
const MOST_CAUGHT_UP: i64 = 1_000;

/// The hub at `/hubs/tasks`.
pub(crate) struct TaskHub(pub(super) Rc<Services>);

impl Hub for TaskHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods)
            .on(SUBSCRIBE_TO_TASK.name, Self::subscribe_to_task)
            .on(UNSUBSCRIBE_FROM_TASK.name, Self::unsubscribe_from_task)
            .on(SUBSCRIBE_TO_TASK_TYPE.name, Self::subscribe_to_task_type)
            .on(UNSUBSCRIBE_FROM_TASK_TYPE.name, Self::unsubscribe_from_task_type);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        welcome(&self.0, &caller)
    }
}

impl DeskHub for TaskHub {
    const HUB: &'static Declaration = &TASK_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    /// Progress is in no journal: of the tasks that the caller follows again, the latest.
    fn after_replay(&self, caller: &Caller) -> Result<(), HubError> {
        let groups = caller.groups();
        let mut tasks = Vec::new();
        for id in groups.iter().filter_map(|group| task_of_group(group)) {
            tasks.extend(self.0.tasks.read(id).map_err(HubError::internal)?);
        }
        let types: Vec<&str> = groups.iter().filter_map(|group| task_type_of_group(group)).collect();
        if !types.is_empty() {
            let follows = |task: &Task| types.contains(&"*") || types.contains(&task.task_type.as_str());
            let running = self.0.tasks.running(MOST_CAUGHT_UP).map_err(HubError::internal)?;
            let is_new = |task: &Task| !tasks.iter().any(|known: &Task| known.task_id == task.task_id);
            let others: Vec<Task> = running.into_iter().filter(|task| follows(task) && is_new(task)).collect();
            tasks.extend(others);
        }
        for task in &tasks {
            let progress = snapshot(task).into_iter().filter(TaskNotification::is_ephemeral);
            self.tell(caller, task, progress)?;
        }
        Ok(())
    }
}

impl TaskHub {
    async fn subscribe_to_task(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        let id = id.id().ok_or(INVALID_TASK_ID)?;
        let access = access(&caller)?;
        let task = self.0.tasks.read(id).map_err(HubError::internal)?;
        let may_know = |task: &Task| access.may_subscribe_to_task(id, Some(task.task_type.as_str()));
        let task = task.filter(may_know).ok_or(TASK_NOT_FOUND)?;
        // In one turn: nothing can happen to the task between joining and the snapshot.
        self.0.desk.subscribe(&caller, &task_group(id))?;
        self.tell(&caller, &task, snapshot(&task))
    }

    /// Tells one connection where a task stands.
    fn tell(
        &self,
        caller: &Caller,
        task: &Task,
        notifications: impl IntoIterator<Item = TaskNotification>,
    ) -> Result<(), HubError> {
        for notification in notifications {
            let tell = |meta| notification.notification(meta);
            self.0.desk.tell_caller(caller, task.updated_at_millis, task.correlation_id.as_deref(), tell)?;
        }
        Ok(())
    }

    async fn unsubscribe_from_task(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        // Leaving is never refused: what cannot be an id has no group.
        id.id().map_or(Ok(()), |id| self.0.desk.unsubscribe(&caller, &task_group(id)))
    }

    async fn subscribe_to_task_type(self: Rc<Self>, caller: Caller, name: NameArgument) -> Result<(), HubError> {
        let task_type = name.task_type().ok_or(INVALID_TASK_TYPE)?;
        if !access(&caller)?.may_subscribe_to_type(task_type) {
            return Err(UNAUTHORIZED_TASK_TYPE.into());
        }
        self.0.desk.subscribe(&caller, &task_type_group(task_type))
    }

    async fn unsubscribe_from_task_type(self: Rc<Self>, caller: Caller, name: NameArgument) -> Result<(), HubError> {
        name.task_type().map_or(Ok(()), |task_type| self.0.desk.unsubscribe(&caller, &task_type_group(task_type)))
    }
}
