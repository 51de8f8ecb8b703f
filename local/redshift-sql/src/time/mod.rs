//! Days, times of day and timestamps.

pub mod civil;
pub mod datetime;
pub mod era;
mod format_fields;
pub mod interval;
pub mod loose_time;
pub mod session_zone;
pub mod time_of_day;
pub mod zone;
