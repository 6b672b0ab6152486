//! How long somebody who is asked may take.

use std::time::Duration;

use futures::{
    future::{Either, select},
    pin_mut,
};
use worker::{Delay, Error, Result};

/// What is answered in time.
///
/// # Errors
///
/// [`Error::RustError`] where there is no answer in that time, whatever may still become of the question; the error that
/// was answered.
pub async fn in_time<T, E: Into<Error>>(
    patience: Duration,
    asking: impl Future<Output = std::result::Result<T, E>>,
) -> Result<T> {
    let patience = Delay::from(patience);
    pin_mut!(asking, patience);
    match select(asking, patience).await {
        Either::Left((outcome, _)) => outcome.map_err(Into::into),
        Either::Right(_) => Err(Error::RustError("no answer in time".to_owned())),
    }
}
