//! What the translation of a statement has to know of the database.

use std::fmt::Debug;

/// The relations of a database, as a session sees them.
pub trait Catalog: Debug {
    /// Whether `redshift_system` has a view of this name.
    fn is_system_view(&self, name: &str) -> bool;
}
