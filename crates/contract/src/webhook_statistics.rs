//! How the deliveries to a URL went: the rules that count them, and the figures that clients read.
//!
//! Deliveries are counted, not attempts: one is pending from the first that is heard of it until it succeeded or was given
//! up. What it came to first stays, so that events may come late, twice or in any order and none counts twice. For that the
//! caller keeps a [`DeliveryState`] for each (URL, delivery), beside the URL's [`DeliveryTally`].

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::num::NonZeroU32;

use crate::{
    percent::Percent,
    quantity::Quantity,
    webhook_event::{CircuitBreakerState, WebhookEvent},
    webhook_url::WebhookUrl,
};

/// Where one delivery stands. Its JSON is for storing; it is not part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryState {
    /// Neither arrived nor given up.
    Pending(LatestAttempt),
    /// It arrived.
    Succeeded,
    /// It was given up.
    Failed,
}

/// What is known of the latest attempt of a pending delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestAttempt {
    /// Which one it is, from 1; 0 where none was made or scheduled yet.
    pub attempt: u32,
    /// A retry was scheduled.
    pub is_scheduled: bool,
    /// It was made.
    pub is_made: bool,
    /// It failed, which did not end the delivery.
    pub has_failed: bool,
}

/// What an event changes about a URL's figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TallyChange {
    /// A delivery that is pending was not known.
    Began,
    /// A delivery that is pending went on: no figure changes.
    WentOn,
    /// A delivery that was given up is tried again.
    Reopened,
    /// A delivery ended.
    Ended {
        /// Whether it was known, and counts as pending.
        was_pending: bool,
        /// How long the answer took in milliseconds, if it succeeded; none if it was given up.
        response_time_ms: Option<Quantity>,
    },
}

impl DeliveryState {
    /// That of a delivery which was asked for, and of which no attempt was made yet.
    pub fn requested() -> (Self, TallyChange) {
        (Self::Pending(LatestAttempt::none()), TallyChange::Began)
    }

    /// That of a delivery which is asked for again. One that is pending stays as it is.
    pub fn requested_again(current: Option<Self>) -> (Self, TallyChange) {
        match current {
            Some(Self::Failed) => (Self::Pending(LatestAttempt::none()), TallyChange::Reopened),
            Some(Self::Pending(latest)) => (Self::Pending(latest), TallyChange::WentOn),
            // What had arrived has arrived, however often it is sent.
            Some(Self::Succeeded) => (Self::Succeeded, TallyChange::WentOn),
            None => Self::requested(),
        }
    }

    /// What an event makes of a delivery, `current` being none for one that was never heard of. None if the event is
    /// stale: a repetition, of an earlier attempt than is known, or later than the delivery's end.
    pub fn after(current: Option<Self>, event: &WebhookEvent) -> Option<(Self, TallyChange)> {
        let known = match current {
            Some(Self::Succeeded | Self::Failed) => return None,
            Some(Self::Pending(latest)) => Some(latest),
            None => None,
        };
        let ended = |response_time_ms| TallyChange::Ended { was_pending: known.is_some(), response_time_ms };
        let latest = match event {
            WebhookEvent::WebhookDeliverySucceeded(succeeded) => {
                return Some((Self::Succeeded, ended(Some(succeeded.response_time_ms))));
            }
            WebhookEvent::WebhookDeliveryFailed(failed) if failed.is_final => {
                return Some((Self::Failed, ended(None)));
            }
            WebhookEvent::WebhookDeliveryAttempted(made) => {
                LatestAttempt { is_made: true, ..LatestAttempt::new(made.attempt) }
            }
            WebhookEvent::WebhookDeliveryFailed(failed) => {
                // What has failed was made, whether that is heard of later or never.
                LatestAttempt { is_made: true, has_failed: true, ..LatestAttempt::new(failed.attempt) }
            }
            WebhookEvent::WebhookDeliveryRetryScheduled(retry) => {
                LatestAttempt { is_scheduled: true, ..LatestAttempt::new(retry.attempt) }
            }
        };
        match known {
            None => Some((Self::Pending(latest), TallyChange::Began)),
            Some(known) => Some((Self::Pending(known.with(latest)?), TallyChange::WentOn)),
        }
    }
}

impl LatestAttempt {
    fn none() -> Self {
        Self { attempt: 0, is_scheduled: false, is_made: false, has_failed: false }
    }

    fn new(attempt: NonZeroU32) -> Self {
        Self { attempt: attempt.get(), is_scheduled: false, is_made: false, has_failed: false }
    }

    /// The same with what else is heard; none if nothing of it is new.
    ///
    /// A retry has the number of the attempt to come, but some producers give it that of the one that failed: at one
    /// attempt, either may be heard of first.
    fn with(self, heard: Self) -> Option<Self> {
        match heard.attempt.cmp(&self.attempt) {
            Ordering::Less => return None,
            Ordering::Greater => return Some(heard),
            Ordering::Equal => {}
        }
        let both = Self {
            attempt: self.attempt,
            is_scheduled: self.is_scheduled || heard.is_scheduled,
            is_made: self.is_made || heard.is_made,
            has_failed: self.has_failed || heard.has_failed,
        };
        (both != self).then_some(both)
    }
}

/// The sums of a URL's deliveries. Its JSON is for storing; it is not part of the contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryTally {
    pending: u64,
    successful: u64,
    failed: u64,
    /// The sum over the successful ones.
    response_time_ms: f64,
}

impl DeliveryTally {
    /// Counts what [`DeliveryState::after`] said of an event.
    pub fn apply(&mut self, change: TallyChange) {
        match change {
            TallyChange::Began => self.pending += 1,
            TallyChange::WentOn => {}
            TallyChange::Reopened => {
                self.failed = self.failed.saturating_sub(1);
                self.pending += 1;
            }
            TallyChange::Ended { was_pending, response_time_ms } => {
                if was_pending {
                    self.pending = self.pending.saturating_sub(1);
                }
                match response_time_ms {
                    Some(response_time_ms) => {
                        self.successful += 1;
                        self.response_time_ms += response_time_ms.get();
                    }
                    None => self.failed += 1,
                }
            }
        }
    }

    /// The figures as clients read them.
    pub fn statistics(&self, url: WebhookUrl, circuit_breaker_state: CircuitBreakerState) -> WebhookStatistics {
        let ended =
            PeriodTally { successful: self.successful, failed: self.failed, response_time_ms: self.response_time_ms };
        self.statistics_of(ended, url, circuit_breaker_state)
    }

    /// The figures of a period: of what ended in it, and of what is pending now.
    #[expect(clippy::cast_precision_loss, reason = "a share and a mean of counts need no more than 53 bits")]
    pub fn statistics_of(
        &self,
        ended: PeriodTally,
        url: WebhookUrl,
        circuit_breaker_state: CircuitBreakerState,
    ) -> WebhookStatistics {
        let successful = ended.successful as f64;
        // Nothing divided by nothing is no number, and neither figure takes it.
        let share = Percent::new(100.0 * successful / (successful + ended.failed as f64));
        let mean = Quantity::new(ended.response_time_ms / successful);
        WebhookStatistics {
            url,
            total_deliveries: self.pending + ended.successful + ended.failed,
            successful_deliveries: ended.successful,
            failed_deliveries: ended.failed,
            pending_deliveries: self.pending,
            success_rate: share.unwrap_or(Percent::ZERO),
            average_response_time_ms: mean.unwrap_or_default(),
            circuit_breaker_state,
        }
    }
}

/// The sums of the deliveries to a URL that ended in a time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PeriodTally {
    /// Those that arrived.
    pub successful: u64,
    /// Those that were given up.
    pub failed: u64,
    /// The sum over those that arrived.
    pub response_time_ms: f64,
}

impl PeriodTally {
    /// Counts a change, if it is an end.
    pub fn apply(&mut self, change: TallyChange) {
        if let TallyChange::Ended { response_time_ms, .. } = change {
            match response_time_ms {
                Some(response_time_ms) => {
                    self.successful += 1;
                    self.response_time_ms += response_time_ms.get();
                }
                None => self.failed += 1,
            }
        }
    }
}

/// How a key's deliveries to a URL went. All is zero where there were none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookStatistics {
    /// The URL.
    pub url: WebhookUrl,
    /// All of them: those that arrived, that were given up, and that are pending.
    pub total_deliveries: u64,
    /// Those that arrived.
    pub successful_deliveries: u64,
    /// Those that were given up.
    pub failed_deliveries: u64,
    /// Those that neither arrived nor were given up.
    pub pending_deliveries: u64,
    /// How many of those that ended arrived, in percent.
    pub success_rate: Percent,
    /// How long the answer took on average where a delivery arrived, in milliseconds.
    pub average_response_time_ms: Quantity,
    /// Whether deliveries to the URL go out.
    pub circuit_breaker_state: CircuitBreakerState,
}

#[cfg(test)]
#[path = "webhook_statistics_tests.rs"]
mod tests;
