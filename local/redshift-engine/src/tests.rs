//! Redshift's answers, as far as they are more than SQL and rows: those are in `tests/sql`.

mod columns;
mod concurrency;
mod damage;
mod explain;
mod external;
mod notices;
mod owners;
mod procedures;
mod promises;
mod session_views;
mod show_table;
mod storage;
mod types;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::copy::{Access, Progress};
use super::{
    DirectoryStorage, Engine, MemoryLimit, Outcome, Place, Session, Slices, SqlError, Value, empty_views, system_views,
};

/// A warehouse in a directory that goes with it.
pub struct Warehouse {
    pub session: Session,
    pub access: Access,
    directory: tempfile::TempDir,
}

impl Warehouse {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("directory");
        let slices = Slices { nodes: 2, per_node: 2 };
        let engine = Engine::open(directory.path(), "dwh", slices, MemoryLimit::default()).expect("engine");
        let session = engine.session("dwhadmin").expect("session");
        let place = Place { slices, ..Place::new("dwh", "dwh", "dwhadmin") };
        let access = Access::new(place, Arc::new(DirectoryStorage::new(directory.path())));
        Self { session, access, directory }
    }

    fn run(&mut self, sql: &str) -> Result<Outcome, SqlError> {
        self.session.run(sql, &self.access, 1)
    }

    /// Runs what must succeed.
    fn does(&mut self, sql: &str) {
        self.run(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }

    /// The rows of a query, values joined by `|`.
    fn rows(&mut self, sql: &str) -> Vec<String> {
        let outcome = self.run(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
        let rows = outcome.rows.unwrap_or_else(|| panic!("{sql} answers no rows")).rows;
        rows.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>().join("|")).collect()
    }

    /// The SQLSTATE and the words of what must fail.
    fn fails(&mut self, sql: &str) -> String {
        match self.run(sql) {
            Ok(_) => panic!("{sql} must be refused"),
            Err(error) => format!("{} {}", error.sqlstate, error.message),
        }
    }

    /// The SQLSTATE of what must fail.
    fn refuses(&mut self, sql: &str) -> &'static str {
        match self.run(sql) {
            Ok(_) => panic!("{sql} must be refused"),
            Err(error) => error.sqlstate,
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

#[test]
fn every_function_that_is_known_is_there() {
    let w = Warehouse::new();
    let there: BTreeSet<String> = w.session.functions().expect("functions").into_iter().collect();
    // The parser makes these from syntax of their own.
    let built_in = ["coalesce", "nullif", "trim", "position", "percentile_cont", "percentile_disc"];
    let known = redshift_sql::KNOWN.iter().chain(redshift_sql::OF_TEXTS.iter().map(|(name, _)| name)).copied();
    let missing: Vec<&str> = known.filter(|name| !there.contains(*name) && !built_in.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(redshift_sql::KNOWN.is_sorted() && redshift_sql::OF_TEXTS.is_sorted());
}

#[test]
fn a_copy_that_runs_is_told_as_far_as_it_is() {
    let mut warehouse = Warehouse::new();
    let progress = Progress::new(7, 1, "t", "s3://b/", 0, "json", vec![100, 300]);
    progress.open(100);
    progress.add_rows(5);
    let running = warehouse.session.system.copying(&progress);
    let history = "select status, loaded_rows, source_file_count, file_bytes_scanned, source_file_bytes, end_time is null \
                   from sys_load_history";
    assert_eq!(warehouse.rows(history), ["running|5|2|100|400|true"]);
    assert_eq!(warehouse.rows("select lines, num_files, pct_complete from stv_load_state"), ["5|2|25"]);
    progress.add_rows(2);
    assert_eq!(warehouse.rows(history), ["running|7|2|100|400|true"]);
    drop(running);
    assert_eq!(warehouse.rows(history), Vec::<String>::new());
    warehouse.session.system.record_load(&progress, Some(7), 0).expect("record");
    assert_eq!(warehouse.rows(history), ["completed|7|2|100|400|false"]);
    assert_eq!(warehouse.rows("select count(*) from stv_load_state"), ["0"]);
}

#[test]
fn every_system_view_can_be_read() {
    let mut warehouse = Warehouse::new();
    warehouse.does("create table t (a int, b varchar(3)) distkey(a) compound sortkey(a, b)");
    let views: Vec<&str> = system_views::names()
        .filter(|name| ["stl_", "stv_", "svl_", "svv_", "sys_", "pg_"].iter().any(|prefix| name.starts_with(prefix)))
        .chain(empty_views::names())
        .collect();
    assert!(views.len() > 40, "{views:?}");
    let unreadable: Vec<String> = views
        .iter()
        .filter_map(|view| {
            warehouse.run(&format!("select * from {view}")).err().map(|error| format!("{view}: {error}"))
        })
        .collect();
    assert!(unreadable.is_empty(), "{unreadable:#?}");
    // An empty table is not told of.
    assert!(warehouse.rows("select * from svv_table_info").is_empty());
    warehouse.does("insert into t values (1, 'x')");
    assert_eq!(warehouse.rows("select \"table\", sortkey1, sortkey_num from svv_table_info"), ["t|a|2"]);
}

#[test]
fn what_is_kept_beside_the_users_tables_is_not_in_their_way() {
    let mut warehouse = Warehouse::new();
    let kept = system_views::DEFINITIONS.split("TABLE IF NOT EXISTS redshift_system.").skip(1);
    let kept: Vec<&str> = kept.filter_map(|rest| rest.split(['(', ' ', '\n']).next()).collect();
    assert!(
        kept.iter().all(|name| ["redshift_", "stl_", "stv_", "sys_"].iter().any(|own| name.starts_with(own))),
        "{kept:?}"
    );
    for name in ["users", "loads", "queries", "relations", "privileges", "settings", "constraints"] {
        warehouse.does(&format!("drop table if exists {name}"));
        warehouse.does(&format!("create table if not exists {name} (id int, note varchar)"));
        warehouse.does(&format!("insert into {name} values (1, 'mine')"));
        assert_eq!(warehouse.rows(&format!("select note from {name}")), ["mine"]);
        warehouse.does(&format!("drop table {name}"));
        assert_eq!(warehouse.refuses(&format!("select * from {name}")), "42P01");
    }
}

/// R46.
#[test]
fn a_table_has_at_most_1600_columns() {
    let mut w = Warehouse::new();
    let columns = |count: usize| (0..count).map(|at| format!("c{at} int")).collect::<Vec<_>>().join(", ");
    assert_eq!(w.fails(&format!("create table t ({})", columns(1_601))), "54011 tables can have at most 1600 columns");
    w.does(&format!("create table t ({})", columns(1_600)));
    assert_eq!(w.refuses("alter table t add column one_more int"), "54011");
    assert_eq!(w.refuses("create table u as select *, 1 as one_more from t"), "54011");
}

#[test]
fn long_chains_and_deep_nesting_end_no_process() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b varchar(20))");
    w.does("insert into t values (1, 'x'), (2, 'y')");
    let chain = |link: &str, by: &str, count: usize| vec![link; count].join(by);
    assert_eq!(w.rows(&format!("select count(*) from t where {}", chain("a = 2", " or ", 3_000))), ["1"]);
    assert_eq!(w.rows(&format!("select count(*) from t where {}", chain("a < 3", " and ", 3_000))), ["2"]);
    assert_eq!(
        w.rows(&format!("select count(*) from t where b = 'y' and ({} or a = 2)", chain("a = 7", " or ", 300))),
        ["1"]
    );
    assert_eq!(w.rows(&format!("select {}", chain("1", "+", 900))), ["900"]);
    assert_eq!(w.rows(&format!("select {}7{}", "(".repeat(200), ")".repeat(200))), ["7"]);
    assert_eq!(
        w.rows(&format!("select {}7{} from t limit 1", "case when a = 9 then 0 else ".repeat(100), " end".repeat(100))),
        ["7"]
    );
    for deep in [
        chain("1", "+", 5_000),
        chain("1", "+", 400_000),
        chain("a", "||", 40_000),
        format!("1{}", "::int".repeat(40_000)),
        format!("{}1{}", "(".repeat(40_000), ")".repeat(40_000)),
        format!("case when {} = 1 then 1 end + 1", chain("1", "+", 120_000)),
    ] {
        assert_eq!(w.refuses(&format!("select {deep} from t")), "54001");
    }
    assert!(w.fails(&format!("select {} true", "not ".repeat(40_000))).starts_with("42601"));
    assert!(w.fails(&format!("{} select 1", "explain ".repeat(10_000))).starts_with("42601"));
    w.does(&format!("prepare long as select count(*) from t where {}", chain("a = 2", " or ", 9_000)));
    assert_eq!(w.rows("execute long"), ["1"]);
    w.does(&format!("prepare deep as select {}", chain("1", "+", 40_000)));
    assert_eq!(w.refuses("/* so */ execute deep"), "54001");
    assert!(w.fails("prepare p as execute p").starts_with("42601"));
    assert!(w.fails("declare c cursor for declare d cursor for select 1").starts_with("42601"));
}

#[test]
fn a_cursor_is_read_beyond_what_stays_in_memory() {
    let mut w = Warehouse::new();
    w.does("begin");
    w.does("declare c cursor for select * from generate_series(1, 12345)");
    let mut fetched = Vec::new();
    for count in ["1", "1000", "2500", "all"] {
        fetched.extend(w.rows(&format!("fetch {count} from c")));
    }
    assert_eq!(fetched, (1..=12_345).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn statements_are_parted_where_they_end() {
    let text = "select a[b], '[E''x'; select $$;$$ /* ; */; -- ;\nselect [E'x']";
    let parted = ["select a[b], '[E''x'", "select $$;$$ /* ; */", "-- ;\nselect [E'x']"];
    assert_eq!(redshift_sql::split(text).expect("statements"), parted);
}

#[test]
fn a_database_that_a_fatal_error_ended_is_opened_anew() {
    let mut w = Warehouse::new();
    let session = || Session::new(w.session.system.clone(), "dwhadmin").expect("session");
    let (mut idle, mut amid) = (session(), session());
    w.does("create table t (a int)");
    w.does("insert into t values (1)");
    for sql in ["begin", "insert into t values (2)"] {
        amid.run(sql, &w.access, 1).expect(sql);
    }
    let ended = w.session.connection.execute_batch("SET GLOBAL debug_checkpoint_abort = 'before_header'; CHECKPOINT");
    assert!(ended.is_err(), "a checkpoint that fails ends the database");

    let told = w.fails("select a from t");
    assert!(told.contains("FATAL Error") && told.contains("was opened anew"), "{told}");
    assert_eq!(w.rows("select a from t"), ["1"]);
    idle.run("insert into t values (3)", &w.access, 1).expect("another session goes on");
    assert_eq!(amid.run("commit", &w.access, 1).expect_err("it is gone").sqlstate, "40001");
    assert_eq!(amid.run("select 1", &w.access, 1).expect_err("it has failed").sqlstate, "25P02");
    amid.run("rollback", &w.access, 1).expect("rollback");
    amid.run("insert into t values (4)", &w.access, 1).expect("it goes on");
    assert_eq!(w.rows("select a from t order by a"), ["1", "3", "4"]);
    assert!(Session::new(w.session.system.clone(), "another").is_ok());
}
