//! The disk below the store: whether there is room, and who may read it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::error::StoreError;

/// Bytes that must be free before a database is opened again: enough for what it writes while it opens.
const ROOM_BYTES: usize = 4 << 20;

/// Whether an error says that there is no room: on the disk, in a quota, or for a file of this size.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// Tries to write a file in `directory`, which is gone again at once.
///
/// # Errors
/// Where it cannot be made or has no room.
pub fn check_room(directory: &Path) -> Result<(), StoreError> {
    let write = || {
        let mut file = tempfile::tempfile_in(directory)?;
        let zeros = [0; 64 << 10];
        (0..ROOM_BYTES / zeros.len()).try_for_each(|_| file.write_all(&zeros))
    };
    write().map_err(|source| StoreError::from_io(directory, source))
}

/// Opens a file to write, made for its owner alone where it is new.
pub fn open_private(path: &Path, truncate: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(truncate);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
