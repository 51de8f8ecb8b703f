//! COPY and UNLOAD: their options.

pub mod copy_conflicts;
pub mod copy_format;
pub mod copy_options;
pub mod credential;
pub mod unload_options;
