//! Who the stand-in's caller is, and what time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The account and region that the stand-in plays.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub region: String,
}

/// Milliseconds since the epoch, by the clock that tokio waits by: where that is paused, time is what was slept.
pub fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (waited, real) = (tokio::time::Instant::now().into_std(), std::time::Instant::now());
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    millis(since) + millis(waited.saturating_duration_since(real)) - millis(real.saturating_duration_since(waited))
}

/// Now, as the XML protocols write it: `2026-11-22T08:00:00.123Z`.
pub fn iso_now() -> String {
    iso(now_millis())
}

pub fn iso(millis: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
