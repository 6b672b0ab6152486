//! Video and image work is a task too: what its events mean for the task, and what its own hub's new subscribers are told.

use serde::Serialize;

use crate::{
    any_json::{AnyJson, AnyJsonError},
    client_event::ClientEvent,
    domain_event::EventBody,
    event_meta::EventMeta,
    hub::{Hub, IMAGE_HUB, VIDEO_HUB},
    identifier::Identifier,
    image_event::ImageEvent,
    image_hub,
    media_log::MediaEntry,
    notification::{Notification, NotificationError},
    task::Task,
    task_event::{TaskCancelled, TaskCompleted, TaskEvent, TaskFailed, TaskProgress, TaskStarted},
    task_rules::{self, Applied, Change, IgnoreReason},
    task_type::TaskType,
    video_event::VideoEvent,
    video_hub,
};

/// The members of an event that name its task.
const ID_NAMES: [&str; 2] = ["requestId", "taskId"];
/// The members of a failure that the task's failure has by itself.
const FAILURE_NAMES: [&str; 2] = ["error", "isRetryable"];

/// Something that happened to a video or to images in the making.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MediaEvent<'a> {
    /// To a video.
    Video(&'a VideoEvent),
    /// To images.
    Image(&'a ImageEvent),
}

/// Where in its work an event lies: which of the entries of a [`MediaLog`](crate::MediaLog) it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaStage {
    /// It began.
    Start,
    /// It goes on.
    Progress,
    /// It ended, well or badly.
    End,
}

impl<'a> MediaEvent<'a> {
    /// The event of a video or of images that this is, if it is one.
    pub fn of(body: &'a EventBody) -> Option<Self> {
        match body {
            EventBody::Video(event) => Some(Self::Video(event)),
            EventBody::Image(event) => Some(Self::Image(event)),
            _ => None,
        }
    }

    /// The task that it happened to.
    pub fn task_id(self) -> &'a Identifier {
        match self {
            Self::Video(event) => event.task_id(),
            Self::Image(event) => event.task_id(),
        }
    }

    /// That task's type.
    pub fn task_type(self) -> TaskType {
        match self {
            Self::Video(_) => TaskType::video(),
            Self::Image(_) => TaskType::image(),
        }
    }

    /// The hub whose clients are told of it as it came.
    pub fn hub(self) -> &'static Hub {
        match self {
            Self::Video(_) => &VIDEO_HUB,
            Self::Image(_) => &IMAGE_HUB,
        }
    }

    /// Which of a task's entries it is.
    pub fn stage(self) -> MediaStage {
        match self {
            Self::Video(VideoEvent::VideoStarted(_)) | Self::Image(ImageEvent::ImageStarted(_)) => MediaStage::Start,
            Self::Video(VideoEvent::VideoProgress(_)) | Self::Image(ImageEvent::ImageProgress(_)) => {
                MediaStage::Progress
            }
            Self::Video(VideoEvent::VideoCompleted(_) | VideoEvent::VideoFailed(_) | VideoEvent::VideoCancelled(_))
            | Self::Image(ImageEvent::ImageCompleted(_) | ImageEvent::ImageFailed(_) | ImageEvent::ImageCancelled(_)) => {
                MediaStage::End
            }
        }
    }

    /// What the clients of its own hub are told.
    ///
    /// # Errors
    ///
    /// It can't be written as JSON.
    pub fn notification(self, meta: EventMeta) -> Result<Notification, NotificationError> {
        let hub = self.hub();
        let groups = vec![group(hub, self.task_id())];
        match self {
            Self::Video(event) => event.notification(hub, groups, meta),
            Self::Image(event) => event.notification(hub, groups, meta),
        }
    }

    /// The event as it is kept for new subscribers.
    ///
    /// # Errors
    ///
    /// It can't be written as JSON.
    pub fn entry(self) -> Result<MediaEntry, AnyJsonError> {
        match self {
            Self::Video(VideoEvent::VideoStarted(event)) => entry(event),
            Self::Video(VideoEvent::VideoProgress(event)) => entry(event),
            Self::Video(VideoEvent::VideoCompleted(event)) => entry(event),
            Self::Video(VideoEvent::VideoFailed(event)) => entry(event),
            Self::Video(VideoEvent::VideoCancelled(event)) => entry(event),
            Self::Image(ImageEvent::ImageStarted(event)) => entry(event),
            Self::Image(ImageEvent::ImageProgress(event)) => entry(event),
            Self::Image(ImageEvent::ImageCompleted(event)) => entry(event),
            Self::Image(ImageEvent::ImageFailed(event)) => entry(event),
            Self::Image(ImageEvent::ImageCancelled(event)) => entry(event),
        }
    }

    /// What it is to the task. The metadata of a start and the result of a completion are the event's members but the id;
    /// the details of a failure are its code and what is said of another try.
    ///
    /// # Errors
    ///
    /// It can't be written as JSON.
    pub fn task_event(self) -> Result<TaskEvent, AnyJsonError> {
        let task_id = self.task_id().clone();
        Ok(match self {
            Self::Video(VideoEvent::VideoStarted(event)) => started(task_id, self.task_type(), members(event, &[])?),
            Self::Image(ImageEvent::ImageStarted(event)) => started(task_id, self.task_type(), members(event, &[])?),
            Self::Video(VideoEvent::VideoProgress(event)) => TaskEvent::Progress(TaskProgress {
                task_id,
                percent_complete: event.percentage,
                message: Some(event.message.as_ref().unwrap_or(&event.status).clone()),
                completed: event.frames_completed,
                total: event.total_frames,
            }),
            Self::Image(ImageEvent::ImageProgress(event)) => TaskEvent::Progress(TaskProgress {
                task_id,
                percent_complete: event.percentage,
                message: Some(event.message.as_ref().unwrap_or(&event.status).clone()),
                completed: event.images_completed,
                total: event.total_images,
            }),
            Self::Video(VideoEvent::VideoCompleted(event)) => completed(task_id, members(event, &[])?),
            Self::Image(ImageEvent::ImageCompleted(event)) => completed(task_id, members(event, &[])?),
            Self::Video(VideoEvent::VideoFailed(event)) => TaskEvent::Failed(TaskFailed {
                task_id,
                error: event.error.as_str().to_owned(),
                details: members(event, &FAILURE_NAMES)?,
                is_retryable: Some(event.is_retryable),
            }),
            Self::Image(ImageEvent::ImageFailed(event)) => TaskEvent::Failed(TaskFailed {
                task_id,
                error: event.error.as_str().to_owned(),
                details: members(event, &FAILURE_NAMES)?,
                is_retryable: Some(event.is_retryable),
            }),
            Self::Video(VideoEvent::VideoCancelled(event)) => cancelled(task_id, event.reason.as_ref()),
            Self::Image(ImageEvent::ImageCancelled(event)) => cancelled(task_id, event.reason.as_ref()),
        })
    }
}

/// Applies an event of a video or of images to its task, as [`task_rules::apply`] does an event of a task, and notes it for
/// the new subscribers of its own hub. What is ignored is told in neither hub.
///
/// # Errors
///
/// The event can't be written as JSON.
pub fn apply(
    current: Option<Task>,
    event: MediaEvent<'_>,
    now_millis: i64,
    reported_at_millis: Option<i64>,
    correlation_id: Option<&str>,
) -> Result<Applied, AnyJsonError> {
    // Whatever is heard of it first says what it is.
    let mut task = current.unwrap_or_else(|| Task::new(event.task_id().clone(), event.task_type(), now_millis));
    if task.task_type.is_unknown() {
        task.task_type = event.task_type();
    }
    // A start that says no more than the task's own is news to the media's hub all the same.
    let is_first_start = event.stage() == MediaStage::Start && task.media.start.is_none();
    let unstarted = is_first_start.then(|| task.clone());
    let applied = task_rules::apply(Some(task), &event.task_event()?, now_millis, reported_at_millis, correlation_id);
    let mut change = match (applied, unstarted) {
        (Applied::Changed(change), _) => change,
        (Applied::Ignored(IgnoreReason::Stale), Some(task)) => Change { task, notification: None },
        (ignored, _) => return Ok(ignored),
    };
    change.task.media.note(event)?;
    Ok(Applied::Changed(change))
}

/// What a new subscriber of a task in [`VIDEO_HUB`] or [`IMAGE_HUB`] is told at once: its start, then its latest progress
/// if it runs, or how it ended, as the hub's clients were told. Of a task that only other hubs heard of, nothing. Each gets
/// its metadata from `meta`.
pub fn media_snapshot(task: &Task, hub: &'static Hub, mut meta: impl FnMut() -> EventMeta) -> Vec<Notification> {
    let entries = task.media.snapshot().filter(|entry| {
        // A task that timed out has no end here, and does not run any more.
        let is_progress = task.media.progress.as_ref() == Some(entry);
        !(is_progress && task.state.has_ended())
    });
    entries
        .filter_map(|entry| {
            let groups = vec![group(hub, &task.task_id)];
            Notification::of_kept(hub, groups, &entry.event, &entry.data, meta())
        })
        .collect()
}

/// The group of a task's subscribers in a hub.
fn group(hub: &Hub, task_id: &Identifier) -> String {
    if *hub == VIDEO_HUB { video_hub::request_group(task_id.as_str()) } else { image_hub::task_group(task_id.as_str()) }
}

fn entry<E: ClientEvent>(event: &E) -> Result<MediaEntry, AnyJsonError> {
    Ok(MediaEntry { event: E::DECLARATION.name.to_owned(), data: AnyJson::from_value(event)? })
}

/// The members of an event but the task's id and those `withheld`; none if there is no other.
fn members(event: &impl Serialize, withheld: &[&str]) -> Result<Option<AnyJson>, AnyJsonError> {
    let members =
        AnyJson::from_value(event)?.without_members(|name| ID_NAMES.contains(&name) || withheld.contains(&name));
    Ok((members != AnyJson::empty_object()).then_some(members))
}

fn started(task_id: Identifier, task_type: TaskType, metadata: Option<AnyJson>) -> TaskEvent {
    TaskEvent::Started(TaskStarted { task_id, task_type, metadata, deadline_seconds: None, parent_task_id: None })
}

fn completed(task_id: Identifier, result: Option<AnyJson>) -> TaskEvent {
    TaskEvent::Completed(TaskCompleted { task_id, result })
}

fn cancelled(task_id: Identifier, reason: Option<&String>) -> TaskEvent {
    TaskEvent::Cancelled(TaskCancelled { task_id, reason: reason.cloned() })
}

#[cfg(test)]
#[path = "media_task_tests.rs"]
mod tests;
