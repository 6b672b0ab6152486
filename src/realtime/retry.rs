//! Tries again what nobody took: what a session costs, and what it was, is said while its Worker lives, or never.

use std::time::Duration;

use worker::Delay;

/// How long to wait before each further try.
const WAITS_MILLIS: [u64; 3] = [500, 2_000, 8_000];

/// Tries until it succeeds, and gives the last error if it never does.
pub(super) async fn retried<E>(mut attempt: impl AsyncFnMut() -> Result<(), E>) -> Result<(), E> {
    for millis in WAITS_MILLIS {
        if attempt().await.is_ok() {
            return Ok(());
        }
        Delay::from(Duration::from_millis(millis)).await;
    }
    attempt().await
}
