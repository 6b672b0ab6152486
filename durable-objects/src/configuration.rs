//! The variables of `wrangler.toml`. What they may be and what they are for is said in one place:
//! [`contract::configuration`].

pub use contract::{Configuration, ConfigurationError};
use worker::Env;

use crate::identifiers;

/// Reads the environment, and sets the clock by it.
///
/// # Errors
///
/// [`ConfigurationError`] names the first variable that says something it cannot mean.
pub fn read(env: &Env) -> Result<Configuration, ConfigurationError> {
    let configuration = Configuration::from_lookup(|name| env.var(name).ok().map(|value| value.to_string()))?;
    let ahead_millis = configuration.clock_ahead_seconds.saturating_mul(1_000);
    identifiers::set_ahead(i64::try_from(ahead_millis).unwrap_or(0));
    Ok(configuration)
}
