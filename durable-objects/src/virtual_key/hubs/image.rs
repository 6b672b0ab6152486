//! `ImageGenerationHub`: how the making of some images goes.

use std::rc::Rc;

use contract::{
    NameArgument,
    hub::IMAGE_HUB,
    image_hub::{
        INVALID_TASK_ID, SUBSCRIBE_TO_TASK, UNAUTHORIZED_TASK, UNSUBSCRIBE_FROM_TASK, task_group, task_of_group,
    },
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use super::{media::MediaHub, welcome};
use crate::{
    desk::{Desk, DeskHub, with_resume},
    virtual_key::services::Services,
};

const IMAGES: MediaHub =
    MediaHub { hub: &IMAGE_HUB, task_type: "image", group: task_group, id_of_group: task_of_group };

/// The hub at `/hubs/image-generation`.
pub(crate) struct ImageHub(pub(super) Rc<Services>);

impl Hub for ImageHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods)
            .on(SUBSCRIBE_TO_TASK.name, Self::subscribe)
            .on(UNSUBSCRIBE_FROM_TASK.name, Self::unsubscribe);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        welcome(&self.0, &caller)
    }
}

impl DeskHub for ImageHub {
    const HUB: &'static contract::Hub = &IMAGE_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    fn after_replay(&self, caller: &Caller) -> Result<(), HubError> {
        IMAGES.after_replay(&self.0, caller)
    }
}

impl ImageHub {
    async fn subscribe(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        IMAGES.subscribe(&self.0, &caller, &id, INVALID_TASK_ID, UNAUTHORIZED_TASK)
    }

    async fn unsubscribe(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        IMAGES.unsubscribe(&self.0, &caller, &id)
    }
}
