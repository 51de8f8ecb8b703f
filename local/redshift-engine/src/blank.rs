//! A database without tables, kept as the bytes of its file: to define the system catalog takes most of the time that a new
//! database takes.

use std::io;
use std::path::Path;
use std::sync::OnceLock;

use crate::disk;

/// The file of such a database, once this process has created one: the catalog is that of the program.
pub static BLANK: OnceLock<Vec<u8>> = OnceLock::new();

/// Writes the file of a new database where its content is known; answers whether it is.
///
/// # Errors
/// Where it cannot be written.
pub fn write(path: &Path) -> io::Result<bool> {
    let Some(bytes) = BLANK.get() else { return Ok(false) };
    // In one piece: what a kill cut short would be no database.
    let begun = path.with_extension("new");
    disk::write_private(&begun, bytes)?;
    std::fs::rename(&begun, path)?;
    Ok(true)
}
