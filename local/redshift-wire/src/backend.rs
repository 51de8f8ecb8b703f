//! The engine, the objects and the passwords behind every connection.

use std::sync::Arc;

use redshift_engine::{StorageProvider, Warehouses};

use super::authenticator::Authenticator;
use super::cancel::CancelKeys;

/// Shared by the connections of all warehouses.
#[derive(Clone)]
pub struct Backend {
    pub warehouses: Warehouses,
    /// The storage of COPY and UNLOAD.
    pub storage: Arc<dyn StorageProvider>,
    pub authenticator: Arc<dyn Authenticator>,
    pub cancel_keys: CancelKeys,
}
