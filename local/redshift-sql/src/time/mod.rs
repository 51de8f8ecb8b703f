//! Days, times of day and timestamps.

pub mod civil;
pub mod datetime;
pub mod era;
pub mod loose_time;
