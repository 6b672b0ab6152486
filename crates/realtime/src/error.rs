//! What can go wrong here.

use thiserror::Error;

/// Says what this crate could not do. What a client reads of it is decided by the [session](crate::session).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// No filter goes from one sample rate to the other.
    #[error("no resampler from {from_hz} Hz to {to_hz} Hz")]
    SampleRate {
        /// The rate that comes in.
        from_hz: u32,
        /// The rate that goes out.
        to_hz: u32,
    },
    /// A provider sent what its protocol does not have.
    #[error("{provider} sent what cannot be read: {reason}")]
    Malformed {
        /// The provider's name.
        provider: &'static str,
        /// What is wrong with it, without any of its text.
        reason: &'static str,
    },
    /// A provider's configuration cannot be used.
    #[error("provider {provider}: {reason}")]
    Configuration {
        /// The provider's name.
        provider: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A provider answered a request of ours with an error.
    #[error("{provider} answered {status}: {message}")]
    Refused {
        /// The provider's name.
        provider: &'static str,
        /// Its HTTP status.
        status: u16,
        /// Its message, as far as it has one.
        message: String,
    },
}
