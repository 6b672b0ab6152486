//! `TaskHub`: the progress of a key's long-running work, for whoever of the key subscribes.

use std::rc::Rc;

use contract::{
    ClientAccess, Task,
    hub::key_group,
    snapshot,
    task_hub::{
        NameArgument, SUBSCRIBE_TO_TASK, SUBSCRIBE_TO_TASK_TYPE, TASK_NOT_FOUND, UNAUTHORIZED_TASK_TYPE,
        UNSUBSCRIBE_FROM_TASK, UNSUBSCRIBE_FROM_TASK_TYPE, task_group, task_type_group,
    },
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use super::{task_event::OutgoingTaskEvent, tasks::Tasks};

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
            .on(SUBSCRIBE_TO_TASK, Self::subscribe_to_task)
            .on(UNSUBSCRIBE_FROM_TASK, Self::unsubscribe_from_task)
            .on(SUBSCRIBE_TO_TASK_TYPE, Self::subscribe_to_task_type)
            .on(UNSUBSCRIBE_FROM_TASK_TYPE, Self::unsubscribe_from_task_type);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        match caller.user_id() {
            Some(key) => caller.join(&key_group(key)),
            None => Err(HubError::internal("a connection without a key")),
        }
    }
}

impl TaskHub {
    async fn subscribe_to_task(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        let id = id.task_id()?;
        let access = access(&caller)?;
        let task = self.tasks.store().read(id).map_err(HubError::internal)?;
        let may_know = |task: &Task| access.may_subscribe_to_task(id, Some(task.task_type.as_str()));
        let task = task.filter(may_know).ok_or(TASK_NOT_FOUND)?;
        // In one turn: nothing can happen to the task between joining and the snapshot.
        caller.join(&task_group(id))?;
        for notification in &snapshot(&task) {
            let meta = self.tasks.meta(&task);
            caller.send(OutgoingTaskEvent { notification, meta: &meta })?;
        }
        Ok(())
    }

    async fn unsubscribe_from_task(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        // Leaving is never refused: what cannot be an id has no group.
        id.task_id().map_or(Ok(()), |id| caller.leave(&task_group(id)))
    }

    async fn subscribe_to_task_type(self: Rc<Self>, caller: Caller, name: NameArgument) -> Result<(), HubError> {
        let task_type = name.task_type()?;
        if !access(&caller)?.may_subscribe_to_type(task_type) {
            return Err(UNAUTHORIZED_TASK_TYPE.into());
        }
        caller.join(&task_type_group(task_type))
    }

    async fn unsubscribe_from_task_type(self: Rc<Self>, caller: Caller, name: NameArgument) -> Result<(), HubError> {
        name.task_type().map_or(Ok(()), |task_type| caller.leave(&task_type_group(task_type)))
    }
}

/// What the connection's token allows; whoever came with the key itself may do everything. Claims that cannot be read
/// allow nothing.
fn access(caller: &Caller) -> Result<ClientAccess, HubError> {
    ClientAccess::from_claims(caller.claims()).map_err(HubError::internal)
}
