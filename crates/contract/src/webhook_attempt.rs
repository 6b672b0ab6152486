//! What an attempt to deliver a webhook came to, and what follows from it.

use serde::{Deserialize, Serialize};

use crate::{
    error_text::ErrorText,
    http_status::HttpStatus,
    retry_after::retry_after_millis,
    webhook_breaker::{BreakerRule, Sign},
};

/// The longest that a receiver can put a retry off by `Retry-After`: an hour.
const LONGEST_RETRY_AFTER_MILLIS: i64 = 3_600_000;

/// Attempts that were lost on our side and are not counted: whatever loses more loses all of them.
const MOST_LOST: u32 = 3;

/// How deliveries are made: the configuration's `WEBHOOK_` variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRule {
    /// Attempts in all.
    pub max_attempts: u32,
    /// How long after the first attempt, the second and so on the next one comes, in milliseconds; the last of these
    /// stands for all that follow.
    pub retry_millis: Vec<i64>,
    /// How long an answer may take, in milliseconds.
    pub timeout_millis: i64,
    /// When deliveries to a URL wait.
    pub breaker: BreakerRule,
    /// How many deliveries of a key may be waiting or under way.
    pub max_pending: u64,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AttemptOutcome {
    /// The receiver answered.
    Answered {
        /// With this status, which may be any number.
        status: u16,
        /// After so many milliseconds.
        response_time_millis: u32,
        /// And said this of when to come again.
        retry_after: Option<String>,
    },
    /// It did not in time.
    TimedOut,
    /// It could not be reached, or hung up.
    Unreachable,
    /// Conduit does not go there any more: no attempt was made.
    NotAllowed,
    /// It waited too long for the receiver to work again: no attempt was made.
    Stuck,
    /// Nobody knows: whoever made the attempt ended before it did.
    Lost,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The webhook was taken.
    Delivered,
    /// Another attempt is made after so many milliseconds.
    Retry {
        /// From now.
        delay_millis: i64,
    },
    /// There is no other attempt.
    GivenUp,
}

impl AttemptOutcome {
    /// The status, where it was one of HTTP.
    pub fn status(&self) -> Option<HttpStatus> {
        match self {
            Self::Answered { status, .. } => HttpStatus::new(*status),
            _ => None,
        }
    }

    /// Whether the receiver took it.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299, .. })
    }

    /// Whether another attempt may come to something else: where there was no answer, and where the answer asks for it.
    fn is_worth_a_retry(&self) -> bool {
        match self {
            // What is no status counts as one of the server's errors (RFC 9110, 15).
            Self::Answered { status, .. } => matches!(status, 408 | 425 | 429 | ..=199 | 500..),
            Self::TimedOut | Self::Unreachable | Self::Lost => true,
            Self::NotAllowed | Self::Stuck => false,
        }
    }

    /// What it says of the receiver.
    pub fn sign(&self) -> Sign {
        match self {
            Self::Lost | Self::NotAllowed | Self::Stuck => Sign::None,
            _ if self.is_worth_a_retry() => Sign::Fails,
            _ => Sign::Works,
        }
    }

    /// What went wrong, for a person.
    pub fn error(&self, rule: &DeliveryRule) -> ErrorText {
        ErrorText::new(&match self {
            Self::Answered { status: 300..=399, .. } => format!("{}: redirects are not followed", self.answer()),
            Self::Answered { .. } => self.answer(),
            Self::TimedOut => format!("no answer within {} s", seconds(rule.timeout_millis)),
            Self::Unreachable => "no answer: the connection failed".to_owned(),
            Self::NotAllowed => "the URL leads where Conduit does not go".to_owned(),
            Self::Stuck => "waited for a day while the receiver did not work".to_owned(),
            Self::Lost => "the attempt was interrupted; what came of it is not known".to_owned(),
        })
    }

    fn answer(&self) -> String {
        match self {
            Self::Answered { status, .. } => format!("HTTP {status}"),
            _ => String::new(),
        }
    }
}

impl DeliveryRule {
    /// What follows from an attempt: the `attempt`th, from 1, of a delivery of which `lost` were lost before.
    pub fn verdict(&self, outcome: &AttemptOutcome, attempt: u32, lost: u32, now_millis: i64) -> Verdict {
        if outcome.is_success() {
            return Verdict::Delivered;
        }
        let lost = lost + u32::from(*outcome == AttemptOutcome::Lost);
        let counted = attempt.saturating_sub(lost.min(MOST_LOST));
        if counted >= self.max_attempts || !outcome.is_worth_a_retry() {
            return Verdict::GivenUp;
        }
        let delay_millis = match outcome {
            // It may have been delivered: the sooner this is known, the better.
            AttemptOutcome::Lost => 0,
            AttemptOutcome::Answered { retry_after: Some(retry_after), .. } => {
                let asked_millis = retry_after_millis(retry_after, now_millis).unwrap_or(0);
                self.retry_delay_millis(counted).max(asked_millis.min(LONGEST_RETRY_AFTER_MILLIS))
            }
            _ => self.retry_delay_millis(counted),
        };
        Verdict::Retry { delay_millis }
    }

    /// How long after the `attempt`th attempt, from 1, the next one comes.
    fn retry_delay_millis(&self, attempt: u32) -> i64 {
        let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        self.retry_millis.get(index).or(self.retry_millis.last()).copied().unwrap_or(0)
    }
}

/// Seconds without a fraction that says nothing.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a time-out are far below 2^53")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

#[cfg(test)]
#[path = "webhook_attempt_tests.rs"]
mod tests;
