//! The platform's clock. It stands still while an event is handled.

/// Milliseconds since the epoch.
pub(crate) fn now_millis() -> f64 {
    // Without the `Date` that `worker` makes each time.
    js_sys::Date::now()
}
