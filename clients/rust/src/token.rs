//! Where the access token of a connection comes from.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::Error;

type TokenFuture = Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>;

/// Gives an access token (a key, or a client token) whenever a connection is made or its socket replaced.
///
/// ```
/// # use conduit_client::AccessToken;
/// let key = AccessToken::from("condt_…");
/// let fetched = AccessToken::provider(|| async { Ok("a token that somebody just made".to_owned()) });
/// # let _ = (key, fetched);
/// ```
#[derive(Clone, Default)]
pub struct AccessToken(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    None,
    Fixed(Arc<str>),
    Provider(Arc<dyn Fn() -> TokenFuture + Send + Sync>),
}

impl AccessToken {
    /// Asks `provide` each time. What it fails with should be [`Error::Token`].
    pub fn provider<F, T>(provide: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<String, Error>> + Send + 'static,
    {
        Self(Source::Provider(Arc::new(move || Box::pin(provide()))))
    }

    /// Whether it may be another one next time.
    pub(crate) fn may_change(&self) -> bool {
        matches!(self.0, Source::Provider(_))
    }

    pub(crate) async fn get(&self) -> Result<Option<String>, Error> {
        match &self.0 {
            Source::None => Ok(None),
            Source::Fixed(token) => Ok(Some(token.to_string())),
            Source::Provider(provide) => provide().await.map(Some),
        }
    }
}

impl From<&str> for AccessToken {
    fn from(token: &str) -> Self {
        Self(Source::Fixed(token.into()))
    }
}

impl From<String> for AccessToken {
    fn from(token: String) -> Self {
        Self(Source::Fixed(token.into()))
    }
}

/// Says that there is one, and not which.
impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.0 {
            Source::None => "AccessToken(none)",
            Source::Fixed(_) => "AccessToken(fixed)",
            Source::Provider(_) => "AccessToken(provider)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        assert!(!format!("{:?}", AccessToken::from("condt_secret")).contains("secret"));
    }
}
