//! The time, by a clock that tests can stop.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch, by the clock that tokio waits by: where that is paused, time is what was slept.
pub fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (waited, real) = (tokio::time::Instant::now().into_std(), std::time::Instant::now());
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    millis(since) + millis(waited.saturating_duration_since(real)) - millis(real.saturating_duration_since(waited))
}
