//! Close codes, both ways: what a client is told, and what a provider's close means.

use crate::model::{Problem, ProblemKind};

/// The longest reason that a close frame can carry, in bytes of UTF-8 (RFC 6455, 5.5).
pub const MAX_REASON_BYTES: usize = 123;

/// The session ended as it should.
pub const NORMAL: u16 = 1000;
/// Nobody said anything for too long.
pub const GOING_AWAY: u16 = 1001;
/// The client may not do what it did, or may not go on.
pub const POLICY_VIOLATION: u16 = 1008;
/// A message was too large.
pub const MESSAGE_TOO_BIG: u16 = 1009;
/// The provider or the gateway failed.
pub const INTERNAL_ERROR: u16 = 1011;
/// The gateway restarts; the client may come again.
pub const SERVICE_RESTART: u16 = 1012;
/// Come again later.
pub const TRY_AGAIN_LATER: u16 = 1013;

/// How a connection is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The code, never one that may not be sent (1005, 1006, 1015).
    pub code: u16,
    /// The reason, [`MAX_REASON_BYTES`] at the most.
    pub reason: String,
}

impl Close {
    /// Makes a close; the reason is cut where it is too long, between two characters.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        let mut end = reason.len().min(MAX_REASON_BYTES);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
        let may_be_sent = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        Self { code: if may_be_sent { code } else { INTERNAL_ERROR }, reason }
    }
}

/// Why a provider closed its socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseMeaning {
    /// The agent or the provider's rules ended the conversation.
    Ended,
    /// The session lasted as long as the provider allows.
    SessionLimit,
    /// Something failed.
    Failed {
        /// What the client reads.
        problem: Problem,
        /// What the client's socket is closed with, unless another provider takes over.
        close: Close,
    },
}

impl CloseMeaning {
    /// A failure that is not the client's.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let close = Close::new(INTERNAL_ERROR, message.clone());
        Self::Failed { problem: Problem::server(code, message), close }
    }

    /// What any provider's close code means; `reason` is the provider's.
    pub fn of_code(code: u16, reason: &str) -> Self {
        match code {
            // 1005: it was closed in order, and nobody said why.
            1000 | 1005 => Self::Ended,
            1007 => Self::Failed {
                problem: Problem::invalid("provider_refused_request", said("the provider refused the request", reason)),
                close: Close::new(INTERNAL_ERROR, "the provider refused the request"),
            },
            1013 => Self::Failed {
                problem: Problem::new(
                    ProblemKind::RateLimit,
                    "provider_overloaded",
                    said("the provider is overloaded", reason),
                ),
                close: Close::new(TRY_AGAIN_LATER, "the provider is overloaded"),
            },
            1008 => Self::failed("provider_refused", said("the provider refused to go on", reason)),
            _ => Self::failed("provider_error", said("the connection to the provider was lost", reason)),
        }
    }

    /// What a refusal of the provider's socket, or of a request before it, means.
    ///
    /// A wrong key is the gateway's, so the client does not learn of it in so many words.
    pub fn of_refusal(status: u16, message: &str) -> Self {
        match status {
            401 | 403 => Self::failed("provider_unavailable", "the provider does not accept the gateway"),
            429 => Self::Failed {
                problem: Problem::new(
                    ProblemKind::RateLimit,
                    "provider_overloaded",
                    said("the provider is overloaded", message),
                ),
                close: Close::new(TRY_AGAIN_LATER, "the provider is overloaded"),
            },
            400 | 404 | 422 => Self::Failed {
                problem: Problem::invalid(
                    "provider_refused_request",
                    said("the provider refused the request", message),
                ),
                close: Close::new(INTERNAL_ERROR, "the provider refused the request"),
            },
            _ => Self::failed("provider_unavailable", said("the provider cannot be reached", message)),
        }
    }
}

fn said(what: &str, reason: &str) -> String {
    /// Enough of a provider's words.
    const MAX_CHARACTERS: usize = 500;
    if reason.is_empty() {
        return what.to_owned();
    }
    let reason: String = reason.chars().take(MAX_CHARACTERS).collect();
    format!("{what}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        let close = Close::new(1000, "ü".repeat(100));
        assert_eq!(close.reason, "ü".repeat(61));
        assert_eq!(Close::new(1000, "a".repeat(123)).reason.len(), 123);
    }

    #[test]
    fn a_code_that_may_not_be_sent_is_not() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            assert_eq!(Close::new(code, "").code, INTERNAL_ERROR, "{code}");
        }
        assert_eq!(Close::new(4000, "").code, 4000);
    }
}
