use proptest::prelude::*;

use super::*;
use crate::event_meta::EventMeta;
use crate::{
    domain_event::{DomainEvent, EventBody},
    task_notification::snapshot,
};

fn target(notification: &TaskNotification) -> &'static str {
    let meta = EventMeta { timestamp_millis: 0, event_id: "e".to_owned(), correlation_id: None };
    notification.notification(meta).unwrap().event.name
}

fn event(event_type: &str, data: &str) -> TaskEvent {
    let json = format!(
        r#"{{"specversion":"1.0","id":"1","source":"s","type":"{event_type}","virtualkeyid":"k","data":{{"taskId":"t"{data}}}}}"#
    );
    let EventBody::Task(event) = DomainEvent::parse(&json).unwrap().body else { panic!("another event") };
    event
}

fn progress(percent: u8) -> TaskEvent {
    event("TaskProgress", &format!(r#","percentComplete":{percent}"#))
}

fn started(metadata: &str) -> TaskEvent {
    event("TaskStarted", &format!(r#","taskType":"video","metadata":{metadata}"#))
}

/// Applies events one after the other and says what became of each.
fn run(events: &[TaskEvent]) -> (Option<Task>, Vec<Result<Option<&'static str>, &'static str>>) {
    let mut task = None;
    let mut outcomes = Vec::new();
    for event in events {
        match apply(task.clone(), event, 1_000, None, None) {
            Applied::Ignored(reason) => outcomes.push(Err(reason.as_str())),
            Applied::Changed(change) => {
                outcomes.push(Ok(change.notification.as_ref().map(target)));
                task = Some(change.task);
            }
        }
    }
    (task, outcomes)
}

#[test]
fn a_task_runs_from_its_registration_to_its_end() {
    let registered = event("TaskRegistered", r#","taskType":"video""#);
    let (task, outcomes) = run(&[registered, started("{}"), progress(10), progress(90), event("TaskCompleted", "")]);
    let told = [None, Some("TaskStarted"), Some("TaskProgress"), Some("TaskProgress"), Some("TaskCompleted")];
    assert_eq!(outcomes, told.map(Ok));
    assert!(task.unwrap().state.has_ended());
}

#[test]
fn after_its_end_nothing_happens_to_a_task() {
    for end in ["TaskCompleted", "TaskCancelled", "TaskTimedOut"] {
        let (_, outcomes) = run(&[event(end, ""), progress(1), started("{}"), event("TaskCompleted", "")]);
        assert_eq!(outcomes[1..], [Err("task ended"); 3], "{end}");
    }
}

#[test]
fn progress_never_goes_back_but_may_stay() {
    let (_, outcomes) = run(&[progress(50), progress(49), progress(50), progress(51)]);
    let told = Ok(Some("TaskProgress"));
    assert_eq!(outcomes, [told, Err("stale"), told, told]);
}

#[test]
fn progress_that_is_older_by_its_own_clock_is_stale_and_a_state_change_never_is() {
    let Applied::Changed(first) = apply(None, &progress(10), 0, Some(2_000), None) else { panic!("ignored") };
    let older = apply(Some(first.task.clone()), &progress(20), 0, Some(1_999), None);
    assert_eq!(older, Applied::Ignored(IgnoreReason::Stale));
    let end = apply(Some(first.task), &event("TaskCompleted", ""), 0, Some(1_000), None);
    assert!(matches!(end, Applied::Changed(_)));
}

#[test]
fn a_start_is_told_again_only_with_other_metadata() {
    let (_, outcomes) = run(&[started("{\"a\":1}"), started("{ \"a\": 1 }"), started("{\"a\":2}")]);
    assert_eq!(outcomes, [Ok(Some("TaskStarted")), Err("stale"), Ok(Some("TaskStarted"))]);
}

#[test]
fn a_later_start_takes_nothing_away_and_may_move_the_deadline() {
    let bare = event("TaskStarted", r#","taskType":"image""#);
    let later = event("TaskStarted", r#","taskType":"video","deadlineSeconds":9"#);
    let (task, outcomes) = run(&[started("{\"a\":1}"), bare, later]);
    assert_eq!(outcomes, [Ok(Some("TaskStarted")), Err("stale"), Ok(None)]);
    let task = task.unwrap();
    assert_eq!((task.task_type.as_str(), task.known_metadata().get()), ("video", r#"{"a":1}"#));
    assert_eq!(task.deadline_at_millis, Some(10_000));
}

#[test]
fn a_registration_gives_a_task_known_by_progress_its_type() {
    let registered = event("TaskRegistered", r#","taskType":"video","deadlineSeconds":1"#);
    let (task, outcomes) = run(&[progress(5), registered.clone(), registered]);
    assert_eq!(outcomes, [Ok(Some("TaskProgress")), Ok(None), Err("stale")]);
    assert_eq!(task.unwrap().task_type.as_str(), "video");
}

#[test]
fn webhook_headers_never_leave() {
    let (task, _) = run(&[started(r#"{"webhookHeaders":{"Authorization":"secret"},"model":"m"}"#)]);
    assert_eq!(task.unwrap().metadata.unwrap().get(), r#"{"model":"m"}"#);
}

#[test]
fn a_task_times_out_at_its_deadline_and_not_before() {
    let registered = event("TaskRegistered", r#","taskType":"video","deadlineSeconds":1.5"#);
    let task = run(&[registered]).0.unwrap();
    assert_eq!(time_out(task.clone(), 2_499), None);
    let change = time_out(task, 2_500).unwrap();
    assert_eq!(target(&change.notification.unwrap()), "TaskTimedOut");
    assert_eq!(time_out(change.task, 2_500), None);
}

#[test]
fn a_task_follows_its_parts_until_somebody_reports_it() {
    let parent = run(&[started("{}")]).0.unwrap();
    let half = run(&[progress(50)]).0.unwrap();
    let done = run(&[event("TaskFailed", r#","error":"e""#)]).0.unwrap();
    let change = follow_parts(parent.clone(), [&half, &done], 0).unwrap();
    assert_eq!(change.task.progress.as_ref().unwrap().percent_complete, Percent::new(75.0).unwrap());
    assert_eq!(follow_parts(change.task, [&half, &half], 0), None, "it goes back");
    let reported = run(&[started("{}"), progress(1)]).0.unwrap();
    assert_eq!(follow_parts(reported, [&done], 0), None, "it is reported");
    assert_eq!(follow_parts(parent, [], 0), None, "it has no parts");
}

#[test]
fn a_snapshot_tells_the_start_and_where_the_task_stands() {
    let targets =
        |events: &[TaskEvent]| -> Vec<&str> { snapshot(&run(events).0.unwrap()).iter().map(target).collect() };
    assert!(targets(&[event("TaskRegistered", r#","taskType":"v""#)]).is_empty());
    assert_eq!(targets(&[started("{}")]), ["TaskStarted"]);
    assert_eq!(targets(&[started("{}"), progress(1), progress(2)]), ["TaskStarted", "TaskProgress"]);
    assert_eq!(targets(&[started("{}"), progress(1), event("TaskCompleted", "")]), ["TaskStarted", "TaskCompleted"]);
    assert_eq!(targets(&[progress(1)]), ["TaskProgress"]);
}

fn any_event() -> impl Strategy<Value = TaskEvent> {
    prop_oneof![
        (0u8..=100).prop_map(progress),
        (0u8..3).prop_map(|number| started(&format!("{{\"n\":{number}}}"))),
        Just(event("TaskRegistered", r#","taskType":"v","deadlineSeconds":1"#)),
        Just(event("TaskCompleted", r#","result":1"#)),
        Just(event("TaskFailed", r#","error":"e""#)),
        Just(event("TaskCancelled", "")),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_order_progress_rises_and_the_end_is_the_end(
        events in proptest::collection::vec((any_event(), proptest::option::of(0i64..100)), 0..40)
    ) {
        let mut task: Option<Task> = None;
        let mut highest = Percent::ZERO;
        for (event, at_millis) in events {
            let had_ended = task.as_ref().is_some_and(|task| task.state.has_ended());
            let Applied::Changed(change) = apply(task.clone(), &event, 0, at_millis, None) else { continue };
            prop_assert!(!had_ended);
            if let Some(TaskNotification { notice: TaskNotice::Progress(percent, _), .. }) = &change.notification {
                prop_assert!(*percent >= highest);
                highest = *percent;
            }
            let text = serde_json::to_string(&change.task)?;
            prop_assert_eq!(&serde_json::from_str::<Task>(&text)?, &change.task);
            task = Some(change.task);
        }
    }
}
