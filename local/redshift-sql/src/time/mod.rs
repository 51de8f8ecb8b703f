//! Days, times of day and timestamps.

pub mod civil;
pub mod datetime;
pub mod era;
mod format_fields;
pub mod loose_time;
pub mod zone;
