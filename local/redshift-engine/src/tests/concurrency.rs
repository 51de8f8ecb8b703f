//! Sessions beside each other: locks, deadlocks, and sessions that end others.

use std::sync::Arc;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use super::super::copy::Access;
use super::super::{DirectoryStorage, Engine, MemoryLimit, Outcome, Place, Session, Slices, SqlError};
use super::shown;

/// A database with several sessions.
struct Shared {
    engine: Arc<Engine>,
    access: Access,
    _directory: tempfile::TempDir,
}

/// A session among others.
struct Client {
    session: Session,
    engine: Arc<Engine>,
    access: Access,
}

impl Shared {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("directory");
        let slices = Slices { nodes: 1, per_node: 1 };
        let engine = Arc::new(Engine::open(directory.path(), "dwh", slices, MemoryLimit::default()).expect("engine"));
        let access = Access::new(Place::new("dwh", "dwh", "admin"), Arc::new(DirectoryStorage::new(directory.path())));
        Self { engine, access, _directory: directory }
    }

    fn client(&self) -> Client {
        self.client_of("admin")
    }

    fn client_of(&self, user: &str) -> Client {
        let session = self.engine.session(user).expect("session");
        Client { session, engine: self.engine.clone(), access: self.access.clone() }
    }
}

impl Client {
    fn run(&mut self, sql: &str) -> Result<Outcome, SqlError> {
        self.session.run(sql, &self.access, self.engine.next_query())
    }

    /// Runs what must succeed.
    fn does(&mut self, sql: &str) {
        self.run(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }

    /// The one value that a query answers.
    fn value(&mut self, sql: &str) -> String {
        let outcome = self.run(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
        shown(&outcome.rows.unwrap_or_else(|| panic!("{sql} answers no rows")).rows[0][0])
    }

    /// The SQLSTATE of what must fail.
    fn refuses(&mut self, sql: &str) -> &'static str {
        self.run(sql).map(drop).expect_err(sql).sqlstate
    }

    /// Runs a statement on a thread of its own.
    fn starts(mut self, sql: &'static str) -> JoinHandle<(Self, Result<i64, SqlError>)> {
        spawn(move || {
            let done = self.run(sql).map(|outcome| outcome.count);
            (self, done)
        })
    }
}

/// Waits until so many locks are waited for.
fn wait_for_waiters(client: &mut Client, count: usize) {
    let begun = Instant::now();
    while client.value("select count(*) from pg_locks where not granted") != count.to_string() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{count} never waited");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn updates_from_four_threads_all_succeed() {
    let shared = Shared::new();
    let mut client = shared.client();
    client.does("create table t (n int)");
    client.does("insert into t values (0)");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mut client = shared.client();
            spawn(move || (0..50).for_each(|_| client.does("update t set n = n + 1")))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
    assert_eq!(client.value("select n from t"), "200");
    assert_eq!(client.value("select count(*) from stv_locks"), "0");
}

#[test]
fn a_writer_waits_for_the_end_of_the_transaction_and_sees_what_it_has_committed() {
    let shared = Shared::new();
    let [mut one, two, three, mut watcher] = [(); 4].map(|()| shared.client());
    one.does("create table t (n int)");
    one.does("insert into t values (1)");
    one.does("begin");
    one.does("update t set n = n + 1");
    let mut two_begun = two;
    two_begun.does("begin");
    let two = two_begun.starts("update t set n = n * 10");
    wait_for_waiters(&mut watcher, 1);
    assert_eq!(watcher.value("select n from t"), "1", "readers do not wait");
    let three = three.starts("alter table t add column m int");
    wait_for_waiters(&mut watcher, 2);
    one.does("commit");
    let (mut two, done) = two.join().expect("a thread");
    assert_eq!(done.expect("updated"), 1);
    assert_eq!(two.value("select n from t"), "20");
    two.does("rollback");
    three.join().expect("a thread").1.expect("altered");
    assert_eq!(watcher.value("select n from t where m is null"), "2");
}

#[test]
fn one_transaction_of_a_deadlock_fails_and_the_other_goes_on() {
    let shared = Shared::new();
    let [mut one, mut two, mut watcher] = [(); 3].map(|()| shared.client());
    ["create table a (n int)", "create table b (n int)"].iter().for_each(|sql| one.does(sql));
    one.does("begin");
    one.does("insert into a values (1)");
    two.does("begin");
    two.does("insert into b values (2)");
    let one = one.starts("insert into b values (1)");
    wait_for_waiters(&mut watcher, 1);
    assert_eq!(two.refuses("insert into a values (2)"), "40P01");
    let (mut one, done) = one.join().expect("a thread");
    done.expect("the other one goes on, though nobody has rolled back yet");
    assert_eq!(two.refuses("select 1"), "25P02");
    two.does("rollback");
    one.does("commit");
    assert_eq!(watcher.value("select count(*) from a, b"), "1");
}

#[test]
fn lock_keeps_readers_out_and_comes_before_the_snapshot() {
    let shared = Shared::new();
    let [mut one, mut two, reader, mut watcher] = [(); 4].map(|()| shared.client());
    one.does("create table t (n int)");
    one.does("create view v as select n from t");
    two.does("begin");
    one.does("begin");
    one.does("lock t");
    let two = two.starts("lock table t");
    wait_for_waiters(&mut watcher, 1);
    let reader = reader.starts("select * from v");
    wait_for_waiters(&mut watcher, 2);
    one.does("insert into t values (1)");
    one.does("commit");
    let (mut two, done) = two.join().expect("a thread");
    done.expect("locked");
    assert_eq!(two.value("select count(*) from t"), "1", "its snapshot is one of after the lock");
    two.does("update t set n = 2");
    two.does("commit");
    assert_eq!(reader.join().expect("a thread").1.expect("read"), 1);
    assert_eq!(two.refuses("lock v"), "42809");
}

#[test]
fn a_wait_ends_by_a_cancel_by_the_timeout_and_when_nobody_waits() {
    let shared = Shared::new();
    let [mut one, two, mut three, mut watcher] = [(); 4].map(|()| shared.client());
    one.does("create table t (n int)");
    one.does("begin");
    one.does("delete from t");
    let pid = two.session.pid();
    let two = two.starts("delete from t");
    wait_for_waiters(&mut watcher, 1);
    watcher.does(&format!("cancel {pid} 'make room'"));
    let (two, done) = two.join().expect("a thread");
    assert_eq!(done.expect_err("cancelled").to_string(), SqlError::new("57014", "make room").to_string());
    wait_for_waiters(&mut watcher, 0);
    three.does("set statement_timeout to 300");
    assert_eq!(three.refuses("truncate t"), "57014");
    let backend = two.session.backend();
    let two = two.starts("delete from t");
    wait_for_waiters(&mut watcher, 1);
    backend.leave();
    assert_eq!(two.join().expect("a thread").1.expect_err("left").sqlstate, "08006");
    wait_for_waiters(&mut watcher, 0);
    one.does("commit");
}

#[test]
fn a_session_that_is_terminated_lets_go_of_its_locks() {
    let shared = Shared::new();
    let [mut one, two, mut watcher] = [(); 3].map(|()| shared.client());
    one.does("create table t (n int)");
    one.does("create user plain password 'Abcd1234'");
    one.does("begin");
    one.does("insert into t values (1)");
    let pid = one.session.pid();
    let one = Arc::new(std::sync::Mutex::new(Some(one)));
    let held = one.clone();
    // As a connection does that is closed.
    one.lock().expect("lock").as_ref().expect("session").session.on_ending(move |ending| {
        if ending == super::super::Ending::Session {
            drop(held.lock().expect("lock").take());
        }
    });
    let two = two.starts("insert into t values (2)");
    wait_for_waiters(&mut watcher, 1);
    let mut plain = shared.client_of("plain");
    assert_eq!(plain.refuses(&format!("select pg_terminate_backend({pid})")), "42501");
    assert_eq!(plain.refuses(&format!("cancel {pid}")), "42501");
    assert_eq!(watcher.value(&format!("select pg_terminate_backend({pid})")), "1");
    assert_eq!(watcher.value(&format!("select pg_terminate_backend({pid})")), "0");
    two.join().expect("a thread").1.expect("inserted");
    assert_eq!(watcher.value("select sum(n) from t"), "2");
}

#[test]
fn a_transaction_without_an_order_fails_where_isolation_is_serializable() {
    let shared = Shared::new();
    let [mut one, mut two] = [(); 2].map(|()| shared.client());
    ["create table t (n int)", "create table other (n int)", "insert into t values (1)"]
        .iter()
        .for_each(|sql| one.does(sql));
    // SNAPSHOT keeps apart only those who change the same rows.
    for (level, refused) in [("snapshot", "40001"), ("serializable", "XX000")] {
        one.does(&format!("alter database dwh isolation level {level}"));
        two.does("begin");
        two.does("select * from other");
        one.does("update t set n = n + 1");
        assert_eq!(two.refuses("update t set n = 0"), refused, "{level}");
        two.does("rollback");
    }
    // The example of c_serial_isolation.
    one.does("begin");
    one.does("select * from t");
    one.does("insert into other values (1)");
    two.does("begin");
    two.does("insert into t values (1)");
    let error = two.run("select * from other").map(drop).expect_err("no order");
    let detail = "1023\nDETAIL:  Serializable isolation violation on table - ";
    assert!(error.sqlstate == "XX000" && error.message.starts_with(detail), "{error}");
    one.does("commit");
    two.does("rollback");
    two.does("update t set n = 0");
    assert_eq!(two.value("select count(*) from t where n = 0"), "1");
}

/// Adds to both tables in a transaction; false where that was refused for a deadlock.
fn adds_to(client: &mut Client, tables: [&str; 2]) -> bool {
    client.does("begin");
    tables.iter().all(|table| match client.run(&format!("update {table} set n = n + 1")) {
        Err(error) if error.sqlstate == "40P01" => {
            client.does("rollback");
            false
        }
        done => done.is_ok_and(|outcome| outcome.count == 1),
    })
}

#[test]
fn ddl_of_different_tables_and_transactions_in_any_order_end() {
    let shared = Shared::new();
    let mut client = shared.client();
    for table in ["a", "b"] {
        client.does(&format!("create table {table} (n int)"));
        client.does(&format!("insert into {table} values (0)"));
    }
    let work = |number: usize| {
        let mut client = shared.client();
        let mut random = fastrand::Rng::with_seed(number as u64);
        spawn(move || {
            for _ in 0..10 {
                client.does(&format!("create table t{number} (n int)"));
                client.does(&format!("create view v{number} as select n from t{number}"));
                client.does(&format!("insert into t{number} select n from a"));
                client.does(&format!("grant select on t{number} to public"));
                client.does(&format!("drop table t{number} cascade"));
                let tables = if random.bool() { ["a", "b"] } else { ["b", "a"] };
                while !adds_to(&mut client, tables) {}
                client.does("commit");
            }
        })
    };
    let threads: Vec<_> = (0..4).map(work).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
    assert_eq!(client.value("select a.n + b.n from a, b"), "80");
    assert_eq!(client.value("select count(*) from stv_locks"), "0");
}
