//! Files: whether there is room for them, and who may read them.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Returns true if an error says that there is no room: on the disk, in a quota, or for a file of this size.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// Opens a file to write, made for its owner alone where it is new.
///
/// # Errors
/// Where it cannot be opened.
pub fn open_private(path: &Path, truncate: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(truncate);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a file that its owner alone may read, also where it was there before.
///
/// # Errors
/// Where it cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    open_private(path, true)?.write_all(content)?;
    keep_private(path, 0o600)
}

/// Takes from everybody else what they may do with a file. A directory that is meant for all, as `/tmp` is, is left alone.
///
/// # Errors
/// Where its permissions cannot be read or changed.
#[cfg(unix)]
pub fn keep_private(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::metadata(path)?.permissions();
    let (found, sticky) = (permissions.mode(), 0o1000);
    match found & 0o077 == 0 || found & sticky != 0 {
        true => Ok(()),
        false => std::fs::set_permissions(path, PermissionsExt::from_mode(mode)),
    }
}

#[cfg(not(unix))]
pub fn keep_private(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}
