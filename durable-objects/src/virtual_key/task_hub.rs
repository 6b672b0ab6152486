//! `TaskHub`: the progress of a key's long-running work, for whoever of the key subscribes.

use std::rc::Rc;

use contract::{EventMeta, TaskNotification, task_hub::{self, TaskTypeArgument}};
use signalr::{EncodeError, Protocol};
use signalr_durable::{Caller, Event, Hub, HubError, Methods, Variant};

use super::tasks::Tasks;

/// Bit of a connection's variant: it reads one more, last argument with the event's metadata.
pub(crate) const WITH_META: Variant = 1;

/// The hub at `/hubs/tasks`.
pub(crate) struct TaskHub {
    tasks: Rc<Tasks>,
}

impl TaskHub {
    pub(crate) fn new(tasks: Rc<Tasks>) -> Self {
        Self { tasks }
    }
}

impl Hub for TaskHub {
    fn methods(methods: &mut Methods<Self>) {
        methods
            .on(task_hub::SUBSCRIBE_TO_TASK, Self::subscribe_to_task)
            .on(task_hub::UNSUBSCRIBE_FROM_TASK, Self::unsubscribe_from_task)
            .on(task_hub::SUBSCRIBE_TO_TASK_TYPE, Self::subscribe_to_task_type)
            .on(task_hub::UNSUBSCRIBE_FROM_TASK_TYPE, Self::unsubscribe_from_task_type);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        match caller.user_id() {
            Some(key) => caller.join(&contract::key_group(key)),
            None => Err(HubError::internal("a connection without a key")),
        }
    }
}

impl TaskHub {
    async fn subscribe_to_task(self: Rc<Self>, caller: Caller, id: TaskIdArgument) -> Result<(), HubError> {
        let id = id.checked()?;
        let task = self.tasks.read(id).map_err(HubError::internal)?;
        let task = task.ok_or(task_hub::TASK_NOT_FOUND)?;
        // In one turn: nothing can happen to the task between joining and the snapshot.
        caller.join(&task_hub::task_group(id))?;
        for notification in contract::snapshot(&task) {
            let meta = self.tasks.meta_of(&task);
            caller.send(TaskEventOut { notification: &notification, meta: &meta })?;
        }
        Ok(())
    }

    async fn unsubscribe_from_task(self: Rc<Self>, caller: Caller, id: TaskIdArgument) -> Result<(), HubError> {
        caller.leave(&task_hub::task_group(id.checked()?))
    }

    async fn subscribe_to_task_type(self: Rc<Self>, caller: Caller, of: TaskTypeArgument) -> Result<(), HubError> {
        caller.join(&task_hub::task_type_group(of.checked()?))
    }

    async fn unsubscribe_from_task_type(self: Rc<Self>, caller: Caller, of: TaskTypeArgument) -> Result<(), HubError> {
        caller.leave(&task_hub::task_type_group(of.checked()?))
    }
}
