//! The files of a database: their names, and their removal.

use std::path::Path;

use super::error::SqlError;
use super::log_mark::LOG;
use super::stored_rows::StoredRows;

/// How the names of a database's files end. The mark is the last: with it the database is there.
pub const FILES: [&str; 3] = ["duckdb", LOG, "mark"];

/// The databases that have files in a directory.
pub fn names(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let name = |file: std::fs::DirEntry| file.file_name().to_str()?.strip_suffix(".duckdb").map(str::to_owned);
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    names
}

/// Refuses a name that is no file's.
pub fn check_name(name: &str) -> Result<(), SqlError> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"_$".contains(&byte);
    match (1..=64).contains(&name.len()) && name.bytes().all(is_good) {
        true => Ok(()),
        false => Err(SqlError::new("42602", format!("invalid database name \"{name}\""))),
    }
}

/// Removes the files of a database that nobody uses any more, and what was spilled.
///
/// # Errors
/// Where one cannot be removed.
pub fn remove_files(directory: &Path, name: &str) -> Result<(), SqlError> {
    StoredRows::remove_left(directory, name);
    let _ = std::fs::remove_dir_all(directory.join(format!("{name}.duckdb.tmp")));
    // The mark first: a database whose file is gone is missing with it, and was never there without.
    FILES.iter().rev().try_for_each(|ending| {
        let path = directory.join(format!("{name}.{ending}"));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SqlError::from_io("cannot remove", &path, &error))
            }
            _ => Ok(()),
        }
    })
}
