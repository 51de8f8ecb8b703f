//! The disk below the store: whether there is room, and who may read it.

use std::io::{self, Write};
use std::path::Path;

use redshift_engine::disk::keep_private;
pub use redshift_engine::disk::{open_private, write_private};

use crate::error::StoreError;

/// Bytes that must be free before a database is opened again: enough for what it writes while it opens.
const ROOM_BYTES: usize = 4 << 20;

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
