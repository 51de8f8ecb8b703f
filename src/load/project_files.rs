//! The files of `sql/` that a load reads.

use std::path::Path;

use super::copy_files;
use super::sql::{self, SqlFile};
use crate::error::Result;

/// The statements of a project, by the folders of `sql/`.
#[derive(Debug, Clone, Default)]
pub struct ProjectFiles {
    pub schema: Vec<SqlFile>,
    pub copies: Vec<SqlFile>,
    pub transforms: Vec<SqlFile>,
    pub checks: Vec<SqlFile>,
    /// The folder is `reconcile`.
    pub sums: Vec<SqlFile>,
}

impl ProjectFiles {
    /// # Errors
    /// Where a file cannot be read, or is not as it should be.
    pub fn read(directory: &Path) -> Result<Self> {
        Ok(Self {
            schema: sql::files(directory, "schema")?,
            copies: copy_files::read(directory)?,
            transforms: sql::files(directory, "transform")?,
            checks: sql::files(directory, "check")?,
            sums: sql::files(directory, "reconcile")?,
        })
    }
}
