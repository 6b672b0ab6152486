//! The platform's clock. It stands still while an event is handled.

/// Milliseconds since the epoch.
// Counts of milliseconds stay exact in an f64 for 285,000 years.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn now_millis() -> f64 {
    worker::Date::now().as_millis() as f64
}
