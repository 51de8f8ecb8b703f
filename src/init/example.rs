//! The warehouse that ships with the program: infra.toml and sql/ as they are in the repository.

use std::path::{Path, PathBuf};

use crate::error::Result;

include!(concat!(env!("OUT_DIR"), "/example.rs"));

/// Writes the example into the working directory and returns its paths.
///
/// # Errors
/// As `super::write`.
pub fn write() -> Result<Vec<PathBuf>> {
    super::require_free()?;
    write_into(Path::new(""))
}

/// Writes the example over whatever is there.
///
/// # Errors
/// Where a file cannot be written.
pub fn write_into(directory: &Path) -> Result<Vec<PathBuf>> {
    FILES.iter().map(|(path, text)| super::write_file(directory.join(path), text)).collect()
}
