//! `HUB_LIMITS`: how much of each event a hub may say in a minute. Progress beyond that waits, the latest of each subject,
//! until there is room again; what else is ephemeral is dropped; everything durable is said. All of it is counted.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
};

use contract::{HubLimits, Notification, PerMinute};

/// A hub's event about one thing: the latest takes the place of those before it.
type Subject = (&'static str, &'static str, String);

/// What was said, and what waits.
#[derive(Default)]
pub(crate) struct Pace {
    limits: RefCell<HubLimits>,
    said: RefCell<HashMap<(&'static str, &'static str), PerMinute>>,
    waiting: RefCell<BTreeMap<Subject, Notification>>,
    /// Events beyond the limits, since that was asked last.
    excess: Cell<u64>,
}

/// What is to be done with an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is said.
    Say,
    /// It is said to nobody.
    Drop,
    /// It waits until this time; whatever waited for its subject is forgotten.
    Wait(i64),
}

impl Pace {
    pub(crate) fn set_limits(&self, limits: HubLimits) {
        self.limits.replace(limits);
    }

    /// Judges an event.
    pub(crate) fn judge(&self, notification: &Notification, now_millis: i64) -> Verdict {
        let (hub, event, subject) = subject_of(notification);
        if notification.is_durable() {
            // What waits about the same thing is older than this, and perhaps not so any more.
            self.waiting.borrow_mut().retain(|(known_hub, _, known), _| *known_hub != hub || *known != subject);
        }
        let Some(limit) = self.limits.borrow().limit(notification.hub, event) else { return Verdict::Say };
        let mut said = self.said.borrow_mut();
        let counter = said.entry((hub, event)).or_insert_with(|| PerMinute::new(limit, now_millis));
        let has_room = counter.take(now_millis);
        if !has_room {
            self.excess.set(self.excess.get() + 1);
        }
        if has_room || notification.is_durable() {
            self.waiting.borrow_mut().remove(&(hub, event, subject.to_owned()));
            return Verdict::Say;
        }
        if !event.ends_with("Progress") {
            return Verdict::Drop;
        }
        let next_millis = counter.next_millis().unwrap_or(now_millis);
        self.waiting.borrow_mut().insert((hub, event, subject.to_owned()), notification.clone());
        Verdict::Wait(next_millis)
    }

    /// What may be said now of what waited, and when to look again.
    pub(crate) fn release(&self, now_millis: i64) -> (Vec<Notification>, Option<i64>) {
        let mut said = self.said.borrow_mut();
        let mut released = Vec::new();
        let mut next: Option<i64> = None;
        self.waiting.borrow_mut().retain(|(hub, event, _), notification| {
            let Some(counter) = said.get_mut(&(*hub, *event)) else { return false };
            if counter.take(now_millis) {
                released.push(notification.clone());
                return false;
            }
            next = [next, counter.next_millis()].into_iter().flatten().min();
            true
        });
        (released, next)
    }

    /// How many events went beyond the limits, since this was asked last.
    pub(crate) fn take_excess(&self) -> u64 {
        self.excess.take()
    }
}

/// Which hub's event a notification is, and about what: the first of its groups.
pub(crate) fn subject_of(notification: &Notification) -> (&'static str, &'static str, &str) {
    let subject = notification.groups.first().map_or("", String::as_str);
    (notification.hub.name, notification.event.name, subject)
}

#[cfg(test)]
mod tests {
    use contract::{EventMeta, MediaEvent, VideoEvent};

    use super::*;

    /// A minute's worth at once, then one each second.
    fn pace() -> Pace {
        let pace = Pace::default();
        pace.set_limits(HubLimits::parse(r#"{"VideoGenerationHub":{"*":60}}"#).unwrap());
        pace
    }

    fn video(id: &str, json: &str) -> Notification {
        let body = format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"{json}","virtualkeyid":"k","data":{}}}"#,
            match json {
                "VideoProgress" => format!(r#"{{"requestId":"{id}","percentage":1,"status":"s"}}"#),
                _ => format!(r#"{{"requestId":"{id}"}}"#),
            }
        );
        let event = contract::DomainEvent::parse(&body).unwrap();
        let contract::EventBody::Video(event) = event.body else { panic!("another event") };
        let event: VideoEvent = event;
        let meta = EventMeta { timestamp_millis: 0, event_id: "1".to_owned(), correlation_id: None };
        MediaEvent::Video(&event).notification(meta).unwrap()
    }

    fn use_up(pace: &Pace) {
        for _ in 0..60 {
            assert_eq!(pace.judge(&video("other", "VideoProgress"), 0), Verdict::Say);
        }
    }

    #[test]
    fn progress_beyond_the_limit_waits_and_only_the_latest_of_each_subject_is_released() {
        let pace = pace();
        use_up(&pace);
        for id in ["a", "a", "b"] {
            assert_eq!(pace.judge(&video(id, "VideoProgress"), 0), Verdict::Wait(1_000));
        }
        let (released, next) = pace.release(1_000);
        assert_eq!((released.len(), next), (1, Some(2_000)));
        let (released, next) = pace.release(2_000);
        assert_eq!((released.len(), next), (1, None));
        assert_eq!(pace.take_excess(), 3);
    }

    #[test]
    fn a_state_change_is_always_said_and_what_waited_before_it_is_forgotten() {
        let pace = pace();
        use_up(&pace);
        assert!(matches!(pace.judge(&video("a", "VideoProgress"), 0), Verdict::Wait(_)));
        assert_eq!(pace.judge(&video("a", "VideoCancelled"), 0), Verdict::Say);
        assert!(pace.release(60_000).0.is_empty());
    }

    #[test]
    fn a_state_change_without_a_limit_of_its_own_makes_what_waits_forgotten_too() {
        let pace = Pace::default();
        pace.set_limits(HubLimits::parse(r#"{"VideoGenerationHub":{"VideoProgress":60}}"#).unwrap());
        use_up(&pace);
        assert!(matches!(pace.judge(&video("a", "VideoProgress"), 0), Verdict::Wait(_)));
        assert_eq!(pace.judge(&video("a", "VideoCancelled"), 0), Verdict::Say);
        assert!(pace.release(60_000).0.is_empty());
    }

    #[test]
    fn what_has_no_limit_is_said() {
        let pace = Pace::default();
        for _ in 0..1_000 {
            assert_eq!(pace.judge(&video("a", "VideoProgress"), 0), Verdict::Say);
        }
    }
}
