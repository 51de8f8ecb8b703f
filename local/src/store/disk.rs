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

/// Writes a file that its owner alone may read, also where it was there before.
///
/// # Errors
/// Where it cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    open_private(path, true)?.write_all(content)?;
    keep_private(path, 0o600)
}

/// Makes the directory of a state, or takes it over, so that its owner alone can read it and everything in it.
///
/// # Errors
/// Where it cannot be made. That it cannot be closed to others, as on a file system without permissions, is none.
pub fn make_private(state: &Path) -> io::Result<()> {
    std::fs::create_dir_all(state)?;
    let _ = keep_private(state, 0o700);
    let _ = keep_private(&state.join("objects"), 0o700);
    for entry in std::fs::read_dir(state)?.flatten().filter(|entry| entry.path().is_file()) {
        let _ = keep_private(&entry.path(), 0o600);
    }
    // Those of the objects may be many, and are made so.
    for directory in ["store", "warehouses"] {
        keep_all_private(&state.join(directory));
    }
    Ok(())
}

fn keep_all_private(directory: &Path) {
    let _ = keep_private(directory, 0o700);
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => keep_all_private(&entry.path()),
            Ok(kind) if kind.is_file() => drop(keep_private(&entry.path(), 0o600)),
            _ => {}
        }
    }
}

/// Takes from everybody else what they may do with a file. A directory that is meant for all, as `/tmp` is, is left alone.
#[cfg(unix)]
fn keep_private(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::metadata(path)?.permissions();
    let (found, sticky) = (permissions.mode(), 0o1000);
    match found & 0o077 == 0 || found & sticky != 0 {
        true => Ok(()),
        false => std::fs::set_permissions(path, PermissionsExt::from_mode(mode)),
    }
}

#[cfg(not(unix))]
fn keep_private(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("metadata").permissions().mode() & 0o1777
    }

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("permissions");
    }

    #[test]
    fn a_state_is_its_owners_alone_also_where_it_was_there_before() {
        let home = tempfile::tempdir().expect("directory");
        let state = home.path().join("state");
        make_private(&state).expect("made");
        assert_eq!(mode(&state), 0o700);
        let files = ["ca.pem", "store/records/0.jnl", "warehouses/a/dev.duckdb"].map(|file| state.join(file));
        for file in &files {
            std::fs::create_dir_all(file.parent().expect("parent")).expect("directory");
            std::fs::write(file, "").expect("file");
            set(file, 0o644);
            set(file.parent().expect("parent"), 0o755);
        }
        make_private(&state).expect("made");
        for file in &files {
            assert_eq!((mode(file), mode(file.parent().expect("parent"))), (0o600, 0o700), "{}", file.display());
        }
        write_private(&files[0], b"new").expect("written");
        assert_eq!(mode(&files[0]), 0o600);
        // What is shared by everybody stays so.
        set(&state, 0o1777);
        make_private(&state).expect("made");
        assert_eq!(mode(&state), 0o1777);
    }
}
