//! Keys of what the tool itself writes into the warehouse's bucket.

/// The lock of a load.
pub const LOCK: &str = "load/lock.json";

/// Prefix of the parts of all sources, and of the manifests and lists of an append.
pub const GATHERED: &str = "load/";

/// Prefix of the parts of a gathered source.
pub fn gathered_prefix(source: &str) -> String {
    format!("{GATHERED}{source}/")
}
