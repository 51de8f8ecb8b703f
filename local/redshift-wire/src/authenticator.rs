//! Who may connect to a warehouse.

use redshift_engine::Place;

/// Decides whether a user's password is right. Whether the database exists is checked after it.
pub trait Authenticator: Send + Sync {
    /// Returns true if `user` may connect to the warehouse with this password. It may block.
    ///
    /// # Errors
    /// Where the passwords cannot be read: the connection is refused with the SQLSTATE 58000.
    fn check(
        &self,
        place: &Place,
        user: &str,
        password: &str,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>>;
}
