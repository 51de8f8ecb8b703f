//! The files of a new database.

use std::path::Path;

use super::blank::{BLANK, write};
use super::database_files::remove_files;
use super::engine::Engine;
use super::error::SqlError;
use super::isolation;
use super::memory::MemoryLimit;
use super::place::Slices;
use redshift_sql::IsolationLevel;

/// Creates the files of a database, which is not open afterwards. It has SNAPSHOT isolation where nothing else is said.
///
/// # Errors
/// Where they cannot be written.
pub fn create(directory: &Path, name: &str, isolation: Option<IsolationLevel>) -> Result<(), SqlError> {
    write_files(directory, name)?;
    if isolation != Some(IsolationLevel::Serializable) {
        return Ok(());
    }
    let opened = Engine::open(directory, name, Slices { nodes: 1, per_node: 1 }, MemoryLimit::new(0));
    opened.and_then(|engine| isolation::set(&engine.session("")?, IsolationLevel::Serializable))
}

fn write_files(directory: &Path, name: &str) -> Result<(), SqlError> {
    let file = |ending: &str| directory.join(format!("{name}.{ending}"));
    let path = file("duckdb");
    let unusable = |error| SqlError::from_io("cannot write", &path, &error);
    if write(&path).map_err(unusable)? {
        return std::fs::write(file("mark"), "").map_err(unusable);
    }
    let opened = Engine::open(directory, name, Slices { nodes: 1, per_node: 1 }, MemoryLimit::new(0));
    if let Err(error) = opened.map(drop) {
        // What is left of it would count as a database.
        remove_files(directory, name)?;
        return Err(error);
    }
    // Closed, it has no log: everything lies in the file.
    if let (false, Ok(bytes)) = (file("duckdb.wal").exists(), std::fs::read(&path)) {
        let _ = BLANK.set(bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_from_the_bytes_of_another_is_like_one_that_was_made_anew() {
        let directory = tempfile::tempdir().expect("directory");
        let slices = Slices { nodes: 2, per_node: 2 };
        let catalogs = ["one", "two", "three"].map(|name| {
            create(directory.path(), name, None).expect("created");
            assert!(directory.path().join(format!("{name}.mark")).exists());
            let engine = Engine::open(directory.path(), name, slices, MemoryLimit::new(0)).expect("opened");
            let session = engine.session("admin").expect("session");
            let sql = "SELECT current_database(), redshift_initcap('ab'), (SELECT count(*) FROM stv_slices), \
                       (SELECT count(*) FROM duckdb_views()), (SELECT count(*) FROM duckdb_tables()), \
                       (SELECT count(*) FROM duckdb_functions() WHERE function_type = 'macro')";
            let found: (String, String, i64, i64, i64, i64) = session
                .connection
                .query_row(sql, [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
                })
                .expect("row");
            session.connection.execute_batch("CREATE TABLE public.t AS SELECT 1 AS a").expect("table");
            assert_eq!((found.0.as_str(), found.1.as_str(), found.2), (name, "Ab", 4));
            (found.3, found.4, found.5)
        });
        assert!(BLANK.get().is_some());
        create(directory.path(), "strict", Some(IsolationLevel::Serializable)).expect("created");
        let engine = Engine::open(directory.path(), "strict", slices, MemoryLimit::new(0)).expect("opened");
        assert!(engine.system().activity().serializable.is_on());
        assert_eq!((catalogs[0], catalogs[1]), (catalogs[1], catalogs[2]), "views, tables and macros");
    }
}
