//! What a kill leaves of a database, and what is missed of it.

use std::path::{Path, PathBuf};

use super::*;
use crate::Check;

/// A copy of the files as a kill leaves them, in the directory of a warehouse.
fn killed(warehouse: &Warehouse) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("directory");
    let left = home.path().join("c");
    std::fs::create_dir(&left).expect("directory");
    for ending in ["duckdb", "duckdb.wal", "mark"] {
        let name = format!("dwh.{ending}");
        std::fs::copy(warehouse.session.system.directory().join(&name), left.join(&name)).expect("copied");
    }
    (home, left)
}

fn open(directory: &Path) -> Result<Engine, SqlError> {
    Engine::open(directory, "dwh", Slices { nodes: 2, per_node: 2 }, MemoryLimit::default())
}

#[test]
fn a_commit_that_the_log_has_lost_is_missed_however_it_was_made() {
    let ways: [&[&str]; 5] = [
        &["create table more (a int)"],
        &["insert into t values (2)"],
        &["begin", "insert into t values (2)", "commit"],
        &["begin", "truncate t"],
        &["insert into t values (2)", "begin", "insert into t values (3)"],
    ];
    for statements in ways {
        let mut warehouse = Warehouse::new();
        warehouse.does("create table t as select 1 as a");
        warehouse.session.connection.execute_batch("CHECKPOINT").expect("checkpoint");
        statements.iter().for_each(|sql| warehouse.does(sql));
        let (_home, left) = killed(&warehouse);
        drop(open(&left).unwrap_or_else(|error| panic!("{statements:?}: a kill loses nothing: {error}")));

        let (home, left) = killed(&warehouse);
        std::fs::remove_file(left.join("dwh.duckdb.wal")).expect("removed");
        let error = open(&left).map(drop).expect_err("missing");
        assert!(error.sqlstate == "58030" && error.message.contains("dwh.duckdb.wal is missing"), "{error}");
        let mut found = Check::default();
        crate::check(home.path(), &mut found);
        assert!(found.damaged.iter().any(|line| line.contains("What is left: ")), "{found:?}");
        // Once it was said, what is left can be used.
        std::fs::remove_file(left.join("dwh.mark")).expect("removed");
        drop(open(&left).expect("what is left"));
        drop(open(&left).expect("again"));
    }
}
