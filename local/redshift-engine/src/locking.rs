//! The locks of a session: which tables a command needs, how long it waits for them, and when they are released.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::activity::Activity;
use super::backends::{Backend, Ending};
use super::error::SqlError;
use super::locks::{LockMode, LockWait};
use super::session::Session;
use super::transaction_state::Transaction;
use super::{catalog, statement_threads};
use redshift_sql::{Command, Name, TableUse};

/// The session among those that are open, until it is dropped. Its connection is closed before: what it has written is
/// rolled back when its locks are released.
pub(super) struct OpenBackend {
    activity: Arc<Activity>,
    backend: Arc<Backend>,
}

impl OpenBackend {
    pub(super) fn new(activity: Arc<Activity>, user: &str, pid: i32) -> Self {
        let backend = activity.backends.open(user, pid);
        Self { activity, backend }
    }

    /// The transaction has ended, and others can have its tables.
    pub(super) fn end_transaction(&self, is_committed: bool) {
        self.activity.serializable.end(self.backend.id, is_committed);
        self.activity.locks.release(self.backend.id);
    }
}

impl Deref for OpenBackend {
    type Target = Arc<Backend>;

    fn deref(&self) -> &Arc<Backend> {
        &self.backend
    }
}

impl Drop for OpenBackend {
    fn drop(&mut self) {
        self.end_transaction(false);
        self.activity.backends.close(&self.backend);
    }
}

/// The tables of a command, by their keys.
#[derive(Debug, Default)]
pub(super) struct Tables {
    reads: BTreeSet<String>,
    writes: BTreeMap<String, LockMode>,
}

/// The tables that views read, tables among them; what a materialized view reads was read before.
const READ_BY_VIEW: &str = "WITH RECURSIVE found (name) AS (SELECT CAST(? AS VARCHAR) UNION \
     SELECT d.relation_name FROM redshift_system.redshift_dependencies d JOIN found ON d.view_name = found.name \
     WHERE found.name NOT IN (SELECT m.name FROM redshift_system.redshift_materialized_views m)) \
     SELECT name FROM found";

impl Session {
    /// The tables that a command reads and writes, when it was translated.
    ///
    /// # Errors
    /// 42P01 and 42809 where LOCK names no table.
    pub(super) fn tables_of(&self, command: &Command) -> Result<Tables, SqlError> {
        let mut tables = Tables::default();
        for (name, on) in command.targets() {
            let keys = match on {
                TableUse::DefineAll => {
                    catalog::tables_in(&self.connection, &name.table)?.iter().map(Name::key).collect()
                }
                TableUse::Define | TableUse::Write => self.target_key(&name)?.into_iter().collect::<Vec<_>>(),
            };
            let mode = if on == TableUse::Write { LockMode::ShareRowExclusive } else { LockMode::AccessExclusive };
            tables.writes.extend(keys.into_iter().map(|key| (key, mode)));
        }
        if let Command::Lock(names) = command {
            names.iter().try_for_each(|name| self.check_table(name))?;
        }
        if command.needs_snapshot() {
            for name in &self.relations.asked.take() {
                tables.reads.extend(self.read_keys(name)?);
            }
        }
        if !command.reads_targets() {
            tables.reads.retain(|key| !tables.writes.contains_key(key));
        }
        Ok(tables)
    }

    /// Takes the locks of tables; answers what it has to wait for. Locks are taken in the order of the tables' names.
    ///
    /// # Errors
    /// 40P01 for a deadlock.
    pub(super) fn lock(&self, tables: &Tables) -> Result<Option<LockWait>, SqlError> {
        let reads = tables.reads.iter().map(|key| (key.clone(), LockMode::AccessShare));
        // A table that is written to as well has the stronger lock.
        let mut wanted: BTreeMap<String, LockMode> = reads.collect();
        wanted.extend(tables.writes.clone());
        for (table, mode) in wanted {
            if let Some(wait) = self.system.activity().locks.request(self.backend.id, &table, mode)? {
                return Ok(Some(wait));
            }
        }
        Ok(None)
    }

    /// Notes what a statement reads and writes, where the database has serializable isolation.
    ///
    /// # Errors
    /// XX000 where the transaction has no place among the others any more.
    pub(super) fn note_access(&self, tables: &Tables) -> Result<(), SqlError> {
        let serializable = &self.system.activity().serializable;
        let Some(transaction) = self.backend.state().transaction.filter(|_| serializable.is_on()) else {
            return Ok(());
        };
        let writes = tables.writes.keys().cloned().collect();
        serializable.note((self.backend.id, transaction.xid), &tables.reads, &writes).map_err(|violation| {
            let name = Name::from_key(&violation.table);
            let sql = "SELECT table_oid FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?";
            let id = self.connection.query_row(sql, [&name.schema, &Some(name.table)], |row| row.get(0)).unwrap_or(0);
            let cycle: Vec<String> = violation.cycle.iter().map(ToString::to_string).collect();
            let (cycle, pid) = (cycle.join(", "), self.pid());
            // aws/aws-sdk-pandas#665 has the code and the words.
            let detail = format!("Serializable isolation violation on table - {id}, transactions forming the cycle are: {cycle} (pid:{pid})");
            SqlError::new("XX000", format!("1023\nDETAIL:  {detail}"))
        })
    }

    /// What a table that is written to is known by; `None` for a temporary one, which nobody else sees.
    fn target_key(&self, name: &Name) -> Result<Option<String>, SqlError> {
        if name.table.is_empty() {
            return Ok(None);
        }
        if let Some(known) = self.relations.target_keys.borrow().get(name) {
            return Ok(known.clone());
        }
        let key = match catalog::found(&self.connection, name)? {
            Some(found) => found.schema.is_some().then(|| found.key()),
            None => catalog::new_name(&self.connection, name).ok().map(|name| name.key()),
        };
        self.relations.target_keys.borrow_mut().insert(name.clone(), key.clone());
        Ok(key)
    }

    /// What the tables behind a name are known by; nothing where it is one of the system's.
    fn read_keys(&self, name: &Name) -> Result<Vec<String>, SqlError> {
        if let Some(known) = self.relations.read_keys.borrow().get(name) {
            return Ok(known.clone());
        }
        let found = catalog::found(&self.connection, name)?.filter(|found| found.schema.is_some());
        let keys = match found {
            Some(found) => {
                let mut statement = self.connection.prepare(READ_BY_VIEW)?;
                let rows = statement.query_map([found.key()], |row| row.get(0))?;
                rows.collect::<Result<Vec<String>, _>>()?
            }
            None => Vec::new(),
        };
        self.relations.read_keys.borrow_mut().insert(name.clone(), keys.clone());
        Ok(keys)
    }

    /// LOCK takes tables (r_LOCK: views cannot be locked).
    fn check_table(&self, name: &Name) -> Result<(), SqlError> {
        match catalog::found(&self.connection, name)? {
            None => Err(SqlError::new("42P01", format!("relation \"{}\" does not exist", name.table))),
            Some(found) if found.schema.is_some() && catalog::is_view(&self.connection, &found)? => {
                Err(SqlError::new("42809", format!("\"{}\" is not a table", name.table)))
            }
            Some(_) => Ok(()),
        }
    }

    /// Waits for a lock, without anything that others wait for. Where it gives up, the transaction has failed.
    pub(super) fn wait_for_lock(&mut self, wait: &LockWait, started: Instant) -> Result<(), SqlError> {
        statement_threads::give_up_turn();
        let timeout = self.setting("statement_timeout").and_then(|millis| millis.parse().ok()).unwrap_or(0);
        let check = || {
            self.check_cancelled()?;
            self.backend.check_waiting()?;
            self.system.check_there()?;
            match timeout > 0 && started.elapsed() > Duration::from_millis(timeout) {
                true => Err(SqlError::new("57014", "Query cancelled on user's request")),
                false => Ok(()),
            }
        };
        let waited = self.system.activity().locks.wait(wait, check);
        if waited.is_err() {
            self.fail_transaction();
        }
        waited
    }

    /// A transaction that failed is rolled back at once: it must not keep others waiting until its client has noticed.
    pub(super) fn fail_transaction(&mut self) {
        if self.transaction == Transaction::Open {
            self.transaction = Transaction::Failed;
            self.abandon();
        }
    }

    /// Has whoever serves the session told when it is to end.
    pub fn on_ending(&self, listener: impl Fn(Ending) + Send + Sync + 'static) {
        self.backend.set_listener(listener);
    }

    /// What tells that the client has gone.
    pub fn backend(&self) -> Arc<Backend> {
        Arc::clone(&self.backend)
    }

    /// Rolls back what a session that was terminated has open.
    pub fn end_terminated(&mut self) {
        self.fail_transaction();
        self.backend.end(false);
    }
}
