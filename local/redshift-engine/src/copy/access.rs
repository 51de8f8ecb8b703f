//! For whom statements run, and the storage that COPY and UNLOAD reach.

use std::sync::Arc;

use redshift_sql::Credential;

use crate::Place;
use crate::error::SqlError;
use crate::storage::{Storage, StorageProvider};

/// A warehouse with the storage of its COPY and UNLOAD.
#[derive(Clone)]
pub struct Access {
    pub place: Place,
    provider: Arc<dyn StorageProvider>,
}

impl Access {
    pub fn new(place: Place, provider: Arc<dyn StorageProvider>) -> Self {
        Self { place, provider }
    }

    /// The storage as the role or the keys of a statement may reach it.
    pub(crate) fn storage(&self, credential: Option<&Credential>) -> Result<Arc<dyn Storage>, SqlError> {
        self.provider.storage(&self.place, credential)
    }
}
