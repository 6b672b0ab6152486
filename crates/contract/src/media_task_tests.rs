use super::*;
use crate::domain_event::DomainEvent;
use crate::notification::Dialect;

fn body(event_type: &str, data: &str) -> EventBody {
    let id = if event_type.starts_with("Video") { "requestId" } else { "taskId" };
    let json = format!(
        r#"{{"specversion":"1.0","id":"1","source":"s","type":"{event_type}","virtualkeyid":"k","data":{{"{id}":"t"{data}}}}}"#
    );
    DomainEvent::parse(&json).unwrap().body
}

fn meta() -> EventMeta {
    EventMeta { timestamp_millis: 0, event_id: "e".to_owned(), correlation_id: None }
}

/// What `TaskHub`'s clients are told of a video's or an image's event.
fn task_told(event_type: &str, data: &str) -> String {
    let body = body(event_type, data);
    let applied = apply(None, MediaEvent::of(&body).unwrap(), 0, None, None).unwrap();
    let Applied::Changed(change) = applied else { panic!("ignored") };
    let notification = change.notification.unwrap().notification(meta()).unwrap();
    assert!(notification.groups.contains(&format!("task-type:{}", change.task.task_type)));
    let arguments = notification.arguments(Dialect::Contract, false).unwrap();
    format!("{} {}", notification.target(Dialect::Contract), arguments.json())
}

/// Applies events one after the other, those of tasks as well, and says what became of each.
fn run(events: &[(&str, &str)]) -> (Task, Vec<String>) {
    let mut task = None;
    let mut outcomes = Vec::new();
    for (event_type, data) in events {
        let body = body(event_type, data);
        let applied = match &body {
            EventBody::Task(event) => task_rules::apply(task.clone(), event, 0, None, None),
            media => apply(task.clone(), MediaEvent::of(media).unwrap(), 0, None, None).unwrap(),
        };
        outcomes.push(match &applied {
            Applied::Ignored(reason) => reason.as_str().to_owned(),
            Applied::Changed(Change { notification: None, .. }) => "changed".to_owned(),
            Applied::Changed(_) => "told".to_owned(),
        });
        if let Applied::Changed(change) = applied {
            task = Some(change.task);
        }
    }
    (task.unwrap(), outcomes)
}

fn snapshot(task: &Task, hub: &'static Hub) -> Vec<String> {
    let stored: Task = serde_json::from_str(&serde_json::to_string(task).unwrap()).unwrap();
    let told = media_snapshot(&stored, hub, meta);
    told.iter().map(|told| format!("{} {} {}", told.groups[0], told.event.name, told.data())).collect()
}

const COMPLETED: &str = r#","videoUrl":"https://example.com/v.mp4""#;
const HALF: &str = r#","percentage":50,"status":"rendering""#;

#[test]
fn task_hub_tells_of_a_video() {
    for (event_type, data, expected) in [
        ("VideoStarted", "", r#"TaskStarted ["t","video",{}]"#),
        (
            "VideoStarted",
            r#","provider":"p","model":"m","estimatedSeconds":1.5"#,
            r#"TaskStarted ["t","video",{"provider":"p","model":"m","estimatedSeconds":1.5}]"#,
        ),
        ("VideoProgress", HALF, r#"TaskProgress ["t",50,"rendering"]"#),
        (
            "VideoProgress",
            r#","percentage":50,"status":"rendering","message":"frame 1 of 2""#,
            r#"TaskProgress ["t",50,"frame 1 of 2"]"#,
        ),
        (
            "VideoCompleted",
            r#","videoUrl":"https://example.com/v.mp4","cost":"0.10""#,
            r#"TaskCompleted ["t",{"videoUrl":"https://example.com/v.mp4","cost":0.1}]"#,
        ),
        ("VideoFailed", r#","error":"e","isRetryable":true"#, r#"TaskFailed ["t","e",null]"#),
        (
            "VideoFailed",
            r#","error":"e","errorCode":"c","isRetryable":true,"retryCount":1,"nextRetryAt":"2026-01-31T12:00:00Z""#,
            r#"TaskFailed ["t","e",{"errorCode":"c","retryCount":1,"nextRetryAt":"2026-01-31T12:00:00.000Z"}]"#,
        ),
        ("VideoCancelled", r#","reason":"r""#, r#"TaskCancelled ["t","r"]"#),
    ] {
        assert_eq!(task_told(event_type, data), expected, "{event_type}");
    }
}

#[test]
fn task_hub_tells_of_images() {
    for (event_type, data, expected) in [
        ("ImageStarted", r#","totalImages":4"#, r#"TaskStarted ["t","image",{"totalImages":4}]"#),
        ("ImageProgress", HALF, r#"TaskProgress ["t",50,"rendering"]"#),
        ("ImageCompleted", r#","imageUrls":[]"#, r#"TaskCompleted ["t",{"imageUrls":[]}]"#),
        ("ImageFailed", r#","error":"e","isRetryable":false"#, r#"TaskFailed ["t","e",null]"#),
        ("ImageCancelled", "", r#"TaskCancelled ["t",null]"#),
    ] {
        assert_eq!(task_told(event_type, data), expected, "{event_type}");
    }
}

#[test]
fn how_often_it_may_be_tried_again_stays_known_to_the_task() {
    let body = body("VideoFailed", r#","error":"boom\n   at A.B()","isRetryable":true"#);
    let TaskEvent::Failed(failed) = MediaEvent::of(&body).unwrap().task_event().unwrap() else { panic!("another") };
    assert_eq!((failed.error.as_str(), failed.is_retryable), ("boom", Some(true)));
}

#[test]
fn a_new_subscriber_is_told_the_start_and_then_the_latest_progress() {
    let (task, _) = run(&[("VideoStarted", r#","provider":"p""#), ("VideoProgress", HALF)]);
    assert_eq!(
        snapshot(&task, &VIDEO_HUB),
        [
            r#"video-t VideoStarted {"requestId":"t","provider":"p"}"#,
            r#"video-t VideoProgress {"requestId":"t","percentage":50,"status":"rendering"}"#,
        ]
    );
    assert!(snapshot(&task, &IMAGE_HUB).is_empty());
}

#[test]
fn a_new_subscriber_of_what_ended_is_told_the_start_and_the_end() {
    let (task, _) = run(&[("VideoStarted", ""), ("VideoProgress", HALF), ("VideoCompleted", COMPLETED)]);
    assert_eq!(
        snapshot(&task, &VIDEO_HUB),
        [
            r#"video-t VideoStarted {"requestId":"t"}"#,
            r#"video-t VideoCompleted {"requestId":"t","videoUrl":"https://example.com/v.mp4"}"#,
        ]
    );
}

#[test]
fn of_a_task_that_ended_elsewhere_no_progress_is_told() {
    let (task, _) = run(&[("ImageStarted", ""), ("ImageProgress", HALF), ("TaskTimedOut", "")]);
    assert_eq!(snapshot(&task, &IMAGE_HUB), [r#"image-t ImageStarted {"taskId":"t"}"#]);
}

#[test]
fn of_a_task_that_is_only_registered_nothing_is_told() {
    let (task, _) = run(&[("TaskRegistered", r#","taskType":"video""#)]);
    assert!(snapshot(&task, &VIDEO_HUB).is_empty());
}

#[test]
fn a_video_that_is_first_heard_of_by_its_progress_has_its_type() {
    let (task, _) = run(&[("VideoProgress", HALF)]);
    assert_eq!(task.task_type, TaskType::video());
    let (task, _) = run(&[("TaskProgress", r#","percentComplete":1"#), ("VideoProgress", HALF)]);
    assert_eq!(task.task_type, TaskType::video());
}

#[test]
fn what_a_task_ignores_a_new_subscriber_is_not_told() {
    let events = [
        ("VideoStarted", ""),
        ("VideoProgress", HALF),
        ("VideoProgress", r#","percentage":49,"status":"late""#),
        ("VideoStarted", ""),
        ("VideoCancelled", ""),
        ("VideoCompleted", COMPLETED),
    ];
    let (task, outcomes) = run(&events);
    assert_eq!(outcomes, ["told", "told", "stale", "stale", "told", "task ended"]);
    assert_eq!(snapshot(&task, &VIDEO_HUB)[1], r#"video-t VideoCancelled {"requestId":"t"}"#);
    let (task, _) = run(&events[..4]);
    assert!(snapshot(&task, &VIDEO_HUB)[1].contains("rendering"));
}

#[test]
fn a_start_that_task_hub_knows_is_news_to_the_videos_own_hub_once() {
    let (task, outcomes) =
        run(&[("TaskStarted", r#","taskType":"video""#), ("VideoStarted", ""), ("VideoStarted", "")]);
    assert_eq!(outcomes, ["told", "changed", "stale"]);
    assert_eq!(snapshot(&task, &VIDEO_HUB).len(), 1);
}
