//! `VideoGenerationHub`: how the making of one video goes.

use std::rc::Rc;

use contract::{
    NameArgument,
    hub::VIDEO_HUB,
    video_hub::{
        ACCESS_DENIED, REQUEST_ID_REQUIRED, SUBSCRIBE_TO_REQUEST, SUBSCRIBE_TO_TASK, SUBSCRIBE_TO_VIDEO_GENERATION,
        UNAUTHORIZED_REQUEST, UNAUTHORIZED_TASK, UNSUBSCRIBE_FROM_REQUEST, UNSUBSCRIBE_FROM_TASK,
        UNSUBSCRIBE_FROM_VIDEO_GENERATION, request_group, request_of_group,
    },
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use super::{media::MediaHub, welcome};
use crate::{
    desk::{Desk, DeskHub, with_resume},
    virtual_key::services::Services,
};

const VIDEOS: MediaHub =
    MediaHub { hub: &VIDEO_HUB, task_type: "video", group: request_group, id_of_group: request_of_group };

/// The hub at `/hubs/video-generation`.
pub(crate) struct VideoHub(pub(super) Rc<Services>);

impl Hub for VideoHub {
    fn methods(methods: &mut Methods<Self>) {
        // Three names of the same, each with its own words of refusal: clients were written against all of them.
        with_resume(methods)
            .on(SUBSCRIBE_TO_REQUEST.name, Self::subscribe_to_request)
            .on(SUBSCRIBE_TO_VIDEO_GENERATION.name, Self::subscribe_to_video_generation)
            .on(SUBSCRIBE_TO_TASK.name, Self::subscribe_to_task)
            .on(UNSUBSCRIBE_FROM_REQUEST.name, Self::unsubscribe)
            .on(UNSUBSCRIBE_FROM_VIDEO_GENERATION.name, Self::unsubscribe)
            .on(UNSUBSCRIBE_FROM_TASK.name, Self::unsubscribe);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        welcome(&self.0, &caller)
    }
}

impl DeskHub for VideoHub {
    const HUB: &'static contract::Hub = &VIDEO_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    fn after_replay(&self, caller: &Caller) -> Result<(), HubError> {
        VIDEOS.after_replay(&self.0, caller)
    }
}

impl VideoHub {
    async fn subscribe_to_request(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        VIDEOS.subscribe(&self.0, &caller, &id, REQUEST_ID_REQUIRED, UNAUTHORIZED_REQUEST)
    }

    async fn subscribe_to_video_generation(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        VIDEOS.subscribe(&self.0, &caller, &id, REQUEST_ID_REQUIRED, ACCESS_DENIED)
    }

    async fn subscribe_to_task(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        VIDEOS.subscribe(&self.0, &caller, &id, REQUEST_ID_REQUIRED, UNAUTHORIZED_TASK)
    }

    async fn unsubscribe(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        VIDEOS.unsubscribe(&self.0, &caller, &id)
    }
}
