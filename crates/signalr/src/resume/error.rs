//! Why a connection cannot be resumed.

/// Says why a connection cannot be resumed, which ends it.
///
/// With detailed errors the text is what the client reads, so it is ASP.NET Core's; see
/// [`close_text::sequence_id_too_high`](crate::close_text::sequence_id_too_high).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The other side would go on beyond what has been received, so that messages between are lost for good.
    #[error("Sequence ID greater than amount of messages we've received.")]
    Gap,
}

impl ResumeError {
    /// Returns the name of the .NET exception that a client reads before the text when errors are detailed.
    pub fn exception_name(&self) -> &'static str {
        match self {
            Self::Gap => "InvalidOperationException",
        }
    }
}
