//! What of a local state is damaged, and what can still be read. Nothing is changed: the stores are opened as copies, of
//! which fjall may cut and delete what it cannot read.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

pub use redshift_engine::Check;
use tempfile::TempDir;

use crate::error::StoreError;
use crate::s3;
use crate::store::Store;

/// The databases of the store, by the names of their directories and marks.
const STORES: [&str; 2] = ["records", "objects"];

/// Looks through a state that no process uses meanwhile: records, objects with their bytes and checksums, databases.
///
/// # Errors
/// `StoreError::Locked` where a process has it open; where the copies have no room.
pub fn check(state: &Path) -> Result<Check, StoreError> {
    let mut check = Check::default();
    if !state.exists() {
        return Ok(check);
    }
    let failed = |source| StoreError::from_io(state, source);
    let _locks = lock(state)?;
    let scratch = copy_stores(state).map_err(failed)?;
    check_stores(state, scratch.path(), &mut check)?;
    redshift_engine::check(&state.join("warehouses"), &mut check);
    let (copy, original) = (scratch.path().display().to_string(), state.display().to_string());
    for line in check.sound.iter_mut().chain(&mut check.damaged) {
        *line = line.replace(&copy, &original);
    }
    Ok(check)
}

fn check_stores(state: &Path, scratch: &Path, check: &mut Check) -> Result<(), StoreError> {
    let open = || Store::open(scratch).and_then(|store| store.objects_were_interrupted().map(|_| store));
    let mut store = open();
    // Without its mark a store that has lost something can be opened all the same, as far as it goes.
    for name in STORES {
        let Err(error) = &store else { break };
        check.damage(reason(error));
        let mark = scratch.join(format!("{name}.mark"));
        if mark.exists() {
            std::fs::remove_file(&mark).map_err(|source| StoreError::from_io(&mark, source))?;
        }
        store = open();
    }
    match store {
        Ok(store) => {
            check_records(&store, check);
            s3::check(&store, state, check);
        }
        Err(error) => check.damage(reason(&error)),
    }
    check.damaged.dedup();
    Ok(())
}

/// Why a store cannot be opened, without what to do about it.
fn reason(error: &StoreError) -> String {
    match error {
        StoreError::Damaged { path, what, .. } => format!("{path}: {what}"),
        other => other.explained(),
    }
}

fn check_records(store: &Store, check: &mut Check) {
    let records = match store.every_record() {
        Ok(records) => records,
        Err(error) => return check.damage(reason(&error)),
    };
    let mut count = 0_u64;
    for record in records {
        match record {
            Ok((kind, id, json)) => match serde_json::from_slice::<serde::de::IgnoredAny>(&json) {
                Ok(_) => count += 1,
                Err(error) => check.damage(format!("the record of {kind} '{id}' does not parse: {error}")),
            },
            // Nothing behind it can be read.
            Err(error) => {
                check.damage(format!("records: {}", reason(&error)));
                break;
            }
        }
    }
    check.sound.push(format!("records: {count}"));
}

/// Holds the stores for as long as they are looked at.
fn lock(state: &Path) -> Result<Vec<File>, StoreError> {
    let mut locks = Vec::new();
    for name in STORES {
        let path = state.join("store").join(name).join("lock");
        let file = match File::options().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file.map_err(|source| StoreError::from_io(&path, source))?,
        };
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::Locked(state.display().to_string()),
            TryLockError::Error(source) => StoreError::from_io(&path, source),
        })?;
        locks.push(file);
    }
    Ok(locks)
}

fn copy_stores(state: &Path) -> io::Result<TempDir> {
    let scratch = tempfile::Builder::new().prefix("check-").tempdir_in(state)?;
    for name in STORES {
        let mark = format!("{name}.mark");
        if state.join(&mark).is_file() {
            std::fs::copy(state.join(&mark), scratch.path().join(&mark))?;
        }
    }
    if state.join("store").is_dir() {
        copy_directory(&state.join("store"), &scratch.path().join("store"))?;
    }
    Ok(scratch)
}

/// Copies what is written in place, and links what is only read or deleted.
fn copy_directory(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (from, to): (PathBuf, PathBuf) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if from.is_dir() {
            copy_directory(&from, &to)?;
            continue;
        }
        let is_written = from.file_name().is_some_and(|name| name == "lock")
            || from.extension().is_some_and(|extension| extension == "jnl");
        if is_written || std::fs::hard_link(&from, &to).is_err() {
            std::fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Buckets;

    #[tokio::test]
    async fn damage_is_found_where_it_is() {
        type Inflict = fn(&Path);
        let cases: [(Inflict, &str); 6] = [
            (|state| std::fs::remove_dir_all(state.join("store/objects")).expect("removed"), "version is missing"),
            (
                |state| std::fs::remove_file(state.join("store/records/0.jnl")).expect("removed"),
                "the journal is missing",
            ),
            (|state| std::fs::remove_file(large(state)).expect("removed"), "kept/large"),
            (|state| std::fs::write(large(state), "short").expect("cut"), "5 of 300000 bytes"),
            (|state| std::fs::write(large(state), vec![8; 300_000]).expect("changed"), "ETag"),
            (|state| std::fs::write(state.join("warehouses/a/dev.duckdb"), "no database").expect("made"), "dev.duckdb"),
        ];
        for (inflict, says) in cases {
            let home = tempfile::tempdir().expect("directory");
            let state = home.path().join("state");
            let buckets = Buckets::alone(&state);
            buckets.fill_for_check().await;
            assert!(matches!(check(&state), Err(StoreError::Locked(_))), "a store that is open");
            drop(buckets);
            std::fs::create_dir_all(state.join("warehouses/a")).expect("directory");
            let sound = check(&state).expect("checked");
            assert_eq!(sound.damaged, Vec::<String>::new());
            assert!(sound.sound.iter().any(|line| line.contains("objects: 3")), "{:?}", sound.sound);

            inflict(&state);
            let before = files(&state);
            let found = check(&state).expect("checked");
            assert!(found.damaged.iter().any(|line| line.contains(says)), "{says}: {found:?}");
            assert_eq!(files(&state), before, "nothing is changed");
        }
    }

    /// The only object that is a file.
    fn large(state: &Path) -> PathBuf {
        let mut files = std::fs::read_dir(state.join("objects/kept")).expect("objects");
        files.next().expect("one").expect("entry").path()
    }

    fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(directory).expect("directory") {
            let path = entry.expect("entry").path();
            match path.is_dir() {
                true => found.extend(files(&path)),
                false => found.push((path.clone(), std::fs::read(&path).expect("read"))),
            }
        }
        found.sort();
        found
    }
}
