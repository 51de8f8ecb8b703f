//! A file that was found, to be read later as it was then.

use std::path::PathBuf;
use std::time::SystemTime;

/// A file, as it was when it was found.
#[derive(Debug, Clone)]
pub struct FoundFile {
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// `None` where it is not compared: files of the state are never written again.
    pub modified: Option<SystemTime>,
}

impl FoundFile {
    /// Opens the file.
    ///
    /// # Errors
    /// Where it is another one by now, or lost bytes: it would be read as a shorter object.
    pub fn open(&self) -> std::io::Result<std::fs::File> {
        let file = std::fs::File::open(&self.path)?;
        let metadata = file.metadata()?;
        let (path, found, size) = (self.path.display(), metadata.len(), self.size);
        match self.modified {
            Some(modified) if metadata.modified().ok() != Some(modified) => {
                Err(std::io::Error::other(format!("the file {path} changed since it was found")))
            }
            _ if found != size => Err(std::io::Error::other(format!("the file {path} has {found} of {size} bytes"))),
            _ => Ok(file),
        }
    }
}
