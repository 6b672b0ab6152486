//! What goes wrong, and the exit code that says so.

use conduit_client::Error;

/// For the help and the page: the codes of [`Failure::exit_code`].
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed in another way than these
  2  the command line or the environment is wrong
  3  nothing answers there, or what does is not Conduit Edge
  4  the key is missing, wrong, or not for this
  5  there is no such thing
  6  what was sent is wrong: a field, or some of the events
  7  the server could not do it now, however often it was asked
  8  doctor or bench found something wrong";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line or the environment is wrong.
    #[error("{0}")]
    Usage(String),
    /// Nothing answers, or what does is not Conduit Edge.
    #[error("{0}")]
    Unreachable(String),
    /// The key is missing, wrong, or not for this.
    #[error("{0}")]
    Refused(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// What was sent is wrong.
    #[error("{0}")]
    Rejected(String),
    /// The server could not do it now.
    #[error("{0}")]
    Unavailable(String),
    /// A check found something wrong.
    #[error("{0}")]
    Found(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
    /// What is to be printed cannot be.
    #[error("nothing can be printed: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> u8 {
        self.facts().0
    }

    /// A word for it that programs may rely on.
    pub(crate) fn kind(&self) -> &'static str {
        self.facts().1
    }

    const fn facts(&self) -> (u8, &'static str) {
        match self {
            Self::Other(_) | Self::Output(_) => (1, "failed"),
            Self::Usage(_) => (2, "usage"),
            Self::Unreachable(_) => (3, "unreachable"),
            Self::Refused(_) => (4, "refused"),
            Self::NotFound(_) => (5, "not-found"),
            Self::Rejected(_) => (6, "rejected"),
            Self::Unavailable(_) => (7, "unavailable"),
            Self::Found(_) => (8, "found"),
        }
    }

    /// What an HTTP status that says no means.
    pub(crate) fn of_status(status: u16, message: String) -> Self {
        match status {
            401 | 403 => Self::Refused(message),
            404 => Self::NotFound(message),
            408 | 429 | 502..=504 => Self::Unavailable(message),
            400..500 => Self::Rejected(message),
            _ => Self::Other(message),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::InvalidAddress { .. } | Error::InvalidHub(_) => Self::Usage(message),
            Error::Unreachable { .. } | Error::Tls { .. } | Error::NotSignalR(_) => Self::Unreachable(message),
            Error::NoKey { .. } | Error::Token(_) => Self::Refused(message),
            Error::Refused { status, .. } => Self::of_status(status, format!("{message}{}", hint(status))),
            Error::Invocation { .. } | Error::Declined(_) => Self::Rejected(message),
            Error::TimedOut { .. } | Error::Lost(_) | Error::NotConnected => Self::Unavailable(message),
            _ => Self::Other(message),
        }
    }
}

/// What to look at where a key is not taken.
pub(crate) fn hint(status: u16) -> &'static str {
    match status {
        401 => " (is the key in the environment the right one, and enabled?)",
        403 => " (it is somebody's key, but not one for this)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_help() {
        let of_each = [
            Failure::Other(String::new()),
            Failure::Usage(String::new()),
            Failure::Unreachable(String::new()),
            Failure::of_status(401, String::new()),
            Failure::of_status(404, String::new()),
            Failure::of_status(409, String::new()),
            Failure::of_status(503, String::new()),
            Failure::Found(String::new()),
        ];
        for (index, failure) in of_each.iter().enumerate() {
            assert_eq!(usize::from(failure.exit_code()), index + 1);
            assert!(EXIT_CODES.contains(&format!("\n  {}  ", failure.exit_code())));
        }
    }
}
