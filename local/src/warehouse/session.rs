//! A session: one connection to the engine, its transaction, and the statements that run on it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use duckdb::{Connection, InterruptHandle};
use regex::Regex;
use sqlparser::ast::ObjectType;

use super::copy::{self, Access};
use super::cursor::Cursors;
use super::error::SqlError;
use super::result::{self, Collected, ResultColumn, ResultSet, Rows};
use super::system::{QueryRecord, System};
use super::translation::Relations;
use super::{catalog, copies, define, late_view, materialized, memory, principals, removal, reopen, schema, show};
use crate::account::now_millis;
use crate::sync::locked;
use redshift_sql::{Command, Maintenance, Name, Parameters, Prepared, Target};

pub struct Session {
    pub connection: Connection,
    pub system: System,
    /// The number of the opening of the database that the connection is of.
    pub(super) opening: u64,
    cancel: Cancel,
    pub(super) transaction: Transaction,
    /// The access mode of the transaction that is open.
    pub(super) read_only: bool,
    user: String,
    pid: i32,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) cursors: Cursors,
    prepared: HashMap<String, Prepared>,
    copied: Option<Arc<copy::Progress>>,
    /// What the last statement told beside its answer.
    pub(super) notices: Vec<String>,
    last_query: i64,
    /// Columns of tables that were written to, as of a state of the catalog.
    pub(super) targets: HashMap<Name, Arc<Vec<Target>>>,
    /// Columns of relations that were read, as of the same state.
    pub(super) relations: Relations,
    pub(super) catalog: u64,
    /// Whether anything was defined in the transaction.
    has_defined: bool,
    /// The settings when the transaction began, and the names of those that end with it.
    pub(super) before: BTreeMap<String, String>,
    pub(super) local: BTreeSet<String>,
}

/// Schemas that stand behind every search path: where the system views and functions are.
pub(super) const SYSTEM_SCHEMA: &str = "redshift_system";
/// What the history keeps of a statement's text.
const HISTORY_CHARACTERS: usize = 4000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transaction {
    None,
    Open,
    /// A statement in it failed: nothing runs until it is rolled back.
    Failed,
}

/// Stops what a session is running, from another thread.
#[derive(Clone)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    /// Of the session's connection, which may become another one.
    interrupt: Arc<Mutex<Arc<InterruptHandle>>>,
}

impl Cancel {
    /// Whether both are of the same statement.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.asked, &other.asked)
    }

    pub fn cancel(&self) {
        self.asked.store(true, Ordering::SeqCst);
        locked(&self.interrupt).interrupt();
    }

    /// An error once the statement is to end.
    pub fn check(&self) -> Result<(), SqlError> {
        match self.asked.load(Ordering::Relaxed) {
            true => Err(SqlError::new("57014", "Query cancelled on user's request")),
            false => Ok(()),
        }
    }
}

/// What a statement left: rows to read, or how many it changed.
#[derive(Debug, Default)]
pub struct Outcome {
    pub rows: Option<ResultSet>,
    /// Rows returned, or changed; -1 where neither is meant.
    #[cfg_attr(not(test), expect(dead_code, reason = "who reads rows as they come is told"))]
    pub count: i64,
}

impl Session {
    /// A session of a database user.
    pub fn new(system: System, user: &str) -> Result<Self, SqlError> {
        let pid = fastrand::i32(1000..1_000_000);
        let (connection, opening) = reopen::connect(&system, user, pid)?;
        let interrupt = Arc::new(Mutex::new(connection.interrupt_handle()));
        let cancel = Cancel { asked: Arc::default(), interrupt };
        Ok(Self {
            connection,
            system,
            opening,
            cancel,
            transaction: Transaction::None,
            read_only: false,
            user: user.to_owned(),
            pid,
            settings: BTreeMap::new(),
            cursors: Cursors::default(),
            prepared: HashMap::new(),
            copied: None,
            notices: Vec::new(),
            last_query: -1,
            targets: HashMap::new(),
            relations: Relations::default(),
            catalog: 0,
            has_defined: false,
            before: BTreeMap::new(),
            local: BTreeSet::new(),
        })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// The process id, by which the system views know the session.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Takes on the process id that the client was given.
    pub fn set_pid(&mut self, pid: i32) -> Result<(), SqlError> {
        self.pid = pid;
        self.remember("redshift_pid", pid)
    }

    /// Forgets what was of another connection.
    pub(super) fn reset(&mut self) {
        *locked(&self.cancel.interrupt) = self.connection.interrupt_handle();
        // Until the client has ended it: a COMMIT must not seem to have been one.
        if self.transaction == Transaction::Open {
            self.transaction = Transaction::Failed;
        }
        self.has_defined = false;
        self.cursors.clear();
        self.targets.clear();
        self.relations.clear();
        self.catalog = u64::MAX;
    }

    /// The columns of a cursor that is open.
    pub fn cursor_columns(&self, name: &str) -> Option<Vec<ResultColumn>> {
        self.cursors.columns(name)
    }

    /// The names of all functions that DuckDB has here.
    #[cfg(test)]
    pub fn functions(&self) -> Result<Vec<String>, SqlError> {
        let mut statement = self.connection.prepare("SELECT DISTINCT function_name FROM duckdb_functions()")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// What the last statement copied, if it was a COPY.
    pub fn take_copied(&mut self) -> Option<Arc<copy::Progress>> {
        self.copied.take()
    }

    /// What the last statement told beside its answer: that a COPY has loaded, that there was nothing to drop.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// `I` outside a transaction, `T` in one, `E` in one that failed: as the wire protocol tells it.
    pub fn transaction_status(&self) -> u8 {
        match self.transaction {
            Transaction::None => b'I',
            Transaction::Open => b'T',
            Transaction::Failed => b'E',
        }
    }

    /// What cancels the statement that comes next, and none before it.
    pub fn new_canceller(&mut self) -> Cancel {
        self.cancel.asked = Arc::default();
        self.cancel.clone()
    }

    /// What cancels the statement that runs.
    pub fn canceller(&self) -> Cancel {
        self.cancel.clone()
    }

    pub fn check_cancelled(&self) -> Result<(), SqlError> {
        self.cancel.check()
    }

    /// Runs one statement. Outside a transaction it is one of its own.
    pub fn run(&mut self, text: &str, access: &Access, query: i64) -> Result<Outcome, SqlError> {
        self.run_with(text, &Parameters::default(), access, query)
    }

    /// Runs one statement with values for its parameters.
    pub fn run_with(
        &mut self,
        text: &str,
        parameters: &Parameters,
        access: &Access,
        query: i64,
    ) -> Result<Outcome, SqlError> {
        let mut collected = Collected::default();
        let count = self.run_into(text, parameters, access, query, &mut collected)?;
        Ok(Outcome { rows: collected.0, count })
    }

    /// Runs one statement and hands its rows on as they come; answers how many it returned or changed.
    pub fn run_into(
        &mut self,
        text: &str,
        parameters: &Parameters,
        access: &Access,
        query: i64,
        to: &mut dyn Rows,
    ) -> Result<i64, SqlError> {
        let started = std::time::Instant::now();
        self.notices.clear();
        let lower = text.to_ascii_lowercase();
        let last_query = std::mem::replace(&mut self.last_query, query);
        let mut kind = "OTHER";
        let running = self.system.running.clone();
        let _running = running.read().unwrap_or_else(PoisonError::into_inner);
        self.system.look_for_room_to_spill();
        let watched = memory::watch(self.cancel.clone(), self.system.memory);
        let outcome = redshift_sql::with_room(text, || {
            self.bound(|session| {
                let command = redshift_sql::translate(text, parameters, session.reading())?;
                kind = command.kind();
                let database = session.system.database.clone();
                let writing = command.may_write().then(|| database.writing());
                if lower.contains("pg_last_query_id") {
                    session.remember("redshift_query", last_query)?;
                }
                session.system.refresh_for(&lower)?;
                let done = session.run_command(command, access, query, to);
                if writing.is_some() && session.transaction == Transaction::None {
                    database.note_commits();
                }
                done
            })
        });
        let outcome = outcome.map_err(|error| match error.sqlstate {
            "57014" if watched.is_ended() => self.system.memory.exceeded(),
            "53200" => self.system.memory.exceeded(),
            "53100" if error.is_unspilled() => self.system.no_room_to_spill(),
            _ => error,
        });
        drop(watched);
        let elapsed = i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.system.note_query(QueryRecord {
            id: query,
            session: self.pid,
            user: self.user.clone(),
            kind,
            started: now_millis() * 1000 - elapsed,
            elapsed,
            rows: *outcome.as_ref().unwrap_or(&0),
            error: outcome.as_ref().err().map(ToString::to_string),
            text: beginning(&without_secrets(text), HISTORY_CHARACTERS).into(),
        });
        outcome
    }

    fn run_command(
        &mut self,
        command: Command,
        access: &Access,
        query: i64,
        to: &mut dyn Rows,
    ) -> Result<i64, SqlError> {
        // What was cancelled is still rolled back.
        if !matches!(command, Command::Rollback) {
            self.check_cancelled()?;
        }
        if self.transaction == Transaction::Failed && !matches!(command, Command::Commit | Command::Rollback) {
            let message = "current transaction is aborted, commands ignored until end of transaction block";
            return Err(SqlError::new("25P02", message));
        }
        // Nothing can be asked in a transaction that failed.
        if self.transaction != Transaction::Failed {
            self.see_catalog()?;
        }
        self.refuse_write(&command)?;
        match command {
            Command::Begin { read_only } => self.begin(read_only),
            Command::Commit | Command::Rollback => self.end(matches!(command, Command::Commit)),
            Command::Query(sql) => result::query(&self.connection, &sql, to),
            Command::Change(sql) => Ok(counted(self.connection.execute(&sql, [])?)),
            Command::Write(mut write) => {
                if let Some(columns) = self.targets(&write.table)? {
                    write.fit(&columns)?;
                }
                Ok(counted(self.connection.execute(&write.sql(), [])?))
            }
            Command::Changes(statements) => self.all_or_nothing(|session| {
                let mut changed = 0;
                for sql in &statements {
                    changed = counted(session.connection.execute(sql, [])?);
                }
                Ok(changed)
            }),
            Command::CreateTable(create) => {
                if create.if_not_exists && define::is_taken(self, &create)? {
                    self.notices.push(format!("Relation \"{}\" already exists and will be skipped", create.name.table));
                }
                self.defined(|session| define::create(session, &create))
            }
            Command::Alter(alter) => {
                if let Some(what) = alter.change.outside_transaction() {
                    self.refuse_in_transaction(what)?;
                }
                self.defined(|session| define::alter(session, &access.admin, *alter))
            }
            Command::CreateSchema(new) => self.defined(|session| schema::create(session, &access.admin, &new)),
            Command::AlterSchema(alter) => self.defined(|session| schema::alter(session, &access.admin, &alter)),
            Command::Drop(drop) => {
                for name in drop.names.iter().filter(|_| drop.if_exists && drop.kind != ObjectType::Schema) {
                    if !removal::is_there(self, name)? {
                        let kind = drop.kind.to_string().to_lowercase();
                        let kind = format!("{}{}", kind[..1].to_uppercase(), &kind[1..]);
                        self.notices.push(format!("{kind} \"{}\" does not exist and will be skipped", name.table));
                    }
                }
                self.defined(|session| removal::drop(session, &drop))
            }
            Command::Define(statements) => self.defined(|session| define::each(session, &statements)),
            Command::Grant(grant) => self.defined(|session| schema::grant(session, &grant)),
            Command::Principals(change) => self.defined(|session| principals::apply(session, &change)),
            Command::CreateView(view) => self.defined(|session| define::create_view(session, *view)),
            Command::CreateLateView(view) => self.defined(|session| late_view::create(session, *view)),
            Command::CreateMaterialized(view) => self.defined(|session| materialized::create(session, *view)),
            Command::AutoRefresh { view, on } => self.defined(|session| materialized::auto_refresh(session, &view, on)),
            Command::Refresh(view) => self.defined(|session| materialized::refresh(session, &view)),
            Command::Truncate(sql) => {
                self.connection.execute_batch(&sql)?;
                match self.transaction {
                    Transaction::Open => self.end(true),
                    _ => Ok(0),
                }
            }
            Command::Copy(command) => self.all_or_nothing(|session| {
                let copied = copy::run(session, &command, access, query)?;
                session.remember("redshift_copied", copied.rows)?;
                session.remember("redshift_copy", query)?;
                session.copied = Some(copied.progress);
                session.notices.push(format!(
                    "Load into table '{}' completed, {} record(s) loaded successfully.",
                    command.table, copied.rows
                ));
                if copied.replaced > 0 {
                    session.notices.push(format!(
                        "Load into table '{}' completed, {} record(s) were loaded with replacements made for \
                         ACCEPTINVCHARS. Check 'stl_replacements' system table for details.",
                        command.table, copied.replaced
                    ));
                }
                Ok(counted(copied.rows))
            }),
            Command::Unload(command) => {
                let rows = copy::unload(self, &command, access)?;
                self.remember("redshift_unloaded", rows)?;
                self.notices.push(format!("UNLOAD completed, {rows} record(s) unloaded successfully."));
                Ok(counted(rows))
            }
            Command::Explain(sql) => {
                let plan: String = self.connection.query_row(&format!("EXPLAIN {sql}"), [], |row| row.get(1))?;
                let lines = plan.lines().map(|line| vec![line.to_owned()]).collect();
                show::texts(&["QUERY PLAN"], lines).into_rows(to)
            }
            Command::Show(what) => show::run(self, &what)?.into_rows(to),
            Command::SetTransaction { read_only, of_session } => self.set_transaction(read_only, of_session),
            Command::Set { name, value, local } => self.set(&name, value, local),
            Command::Declare { cursor, query } => self.declare(cursor, &query),
            Command::Fetch { cursor, count } => self.cursors.fetch(&cursor, count, to),
            Command::Close(cursor) => self.cursors.close(&cursor),
            Command::Prepare { name, statement } => {
                if self.prepared.contains_key(&name) {
                    return Err(SqlError::new("42P05", format!("prepared statement \"{name}\" already exists")));
                }
                self.prepared.insert(name, statement);
                Ok(0)
            }
            Command::Execute { name, arguments } => {
                let prepared = self.prepared.get(&name);
                let missing = || SqlError::new("26000", format!("prepared statement \"{name}\" does not exist"));
                let command =
                    redshift_sql::translate_prepared(prepared.ok_or_else(missing)?, &arguments, self.reading())?;
                self.run_command(command, access, query, to)
            }
            Command::Deallocate(name) => {
                self.prepared.retain(|known, _| name.as_ref().is_some_and(|name| name != known));
                Ok(0)
            }
            Command::CreateDatabase(name) => {
                self.refuse_in_transaction("CREATE DATABASE")?;
                self.system.create_database(&name)?;
                Ok(0)
            }
            Command::DropDatabase { name, force } => {
                self.refuse_in_transaction("DROP DATABASE")?;
                copies::drop_beside(&self.system, &name, force)?;
                Ok(0)
            }
            Command::Comment(comment) => self.defined(|session| define::comment(session, &comment)),
            Command::Maintenance(what) => self.maintain(&what),
            Command::Accepted => Ok(0),
        }
    }

    /// ANALYZE, LOCK and VACUUM change nothing here, but of what is not there they are refused.
    fn maintain(&self, what: &Maintenance) -> Result<i64, SqlError> {
        if what.is_vacuum {
            self.refuse_in_transaction("VACUUM")?;
        }
        for table in &what.tables {
            if !removal::is_there(self, table)? && !catalog::is_system(&self.connection, &table.table)? {
                return Err(SqlError::new("42P01", format!("relation \"{}\" does not exist", table.table)));
            }
        }
        Ok(0)
    }

    fn refuse_in_transaction(&self, what: &str) -> Result<(), SqlError> {
        match self.transaction {
            Transaction::None => Ok(()),
            _ => Err(SqlError::new("25001", format!("{what} cannot run inside a transaction block"))),
        }
    }

    /// The columns of a table that is to be written to; `None` where there is none of this name. They are asked for again
    /// when any session has changed the catalog.
    pub(super) fn targets(&mut self, name: &Name) -> Result<Option<Arc<Vec<Target>>>, SqlError> {
        if let Some(known) = self.targets.get(name) {
            return Ok(Some(known.clone()));
        }
        let table = match catalog::table(&self.connection, name.schema.as_deref(), &name.table) {
            Ok(table) => table,
            Err(error) if error.is_missing_relation() => return Ok(None),
            Err(error) => return Err(error),
        };
        let column = |column: &catalog::Column| Target {
            name: column.name.clone(),
            data_type: column.data_type,
            is_identity: column.attributes.identity.as_ref().is_some_and(|identity| !identity.by_default),
        };
        let columns = Arc::new(table.columns.iter().map(column).collect::<Vec<_>>());
        self.targets.insert(name.clone(), columns.clone());
        Ok(Some(columns))
    }

    /// Keeps a number for the functions that tell of the session's last COPY or UNLOAD.
    fn remember(&self, variable: &str, number: impl std::fmt::Display) -> Result<(), SqlError> {
        Ok(self.connection.execute_batch(&format!("SET VARIABLE {variable} = {number}"))?)
    }

    fn declare(&mut self, cursor: String, query: &str) -> Result<i64, SqlError> {
        if self.transaction == Transaction::None {
            return Err(SqlError::new("25P01", "DECLARE CURSOR may only be used in transaction blocks"));
        }
        self.cursors.vacant(&cursor)?;
        let mut rows = self.system.stored_rows(u64::MAX);
        result::query(&self.connection, query, &mut rows)?;
        rows.close()?;
        self.cursors.open(cursor, rows);
        Ok(0)
    }

    /// Changes the catalog, and answers no rows.
    fn defined(&mut self, act: impl FnOnce(&Self) -> Result<(), SqlError>) -> Result<i64, SqlError> {
        let done = self.all_or_nothing(|session| act(session).map(|()| 0));
        self.system.catalog_changed();
        self.has_defined |= self.transaction != Transaction::None;
        done
    }

    /// Several steps as one: in the transaction that is open, else in one of their own.
    fn all_or_nothing(&mut self, act: impl FnOnce(&mut Self) -> Result<i64, SqlError>) -> Result<i64, SqlError> {
        if self.transaction != Transaction::None {
            return act(self);
        }
        self.connection.execute_batch("BEGIN")?;
        let done = act(self).and_then(|outcome| self.commit().map(|()| outcome));
        if done.is_err() {
            // The error that led here tells more than one of this.
            let _ = self.roll_back();
        }
        done
    }

    fn commit(&self) -> Result<(), SqlError> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    /// Rolls back what DuckDB has open, if anything. A cancel interrupts until the statement has ended: it must not keep
    /// the transaction open, which the next statement would become a part of.
    fn roll_back(&self) -> Result<(), SqlError> {
        loop {
            match self.connection.execute_batch("ROLLBACK").map_err(SqlError::from) {
                Err(error) if error.sqlstate == "57014" => {}
                Err(error) if error.message.contains("no transaction is active") => return Ok(()),
                done => return done,
            }
        }
    }

    /// Ends the transaction. A COMMIT of one that failed rolls back.
    fn end(&mut self, commit: bool) -> Result<i64, SqlError> {
        let was = std::mem::replace(&mut self.transaction, Transaction::None);
        self.cursors.clear();
        self.read_only = false;
        let commits = was == Transaction::Open && commit;
        let ended = match was {
            Transaction::None => {
                self.notices.push("there is no transaction in progress".to_owned());
                return Ok(0);
            }
            _ if commits => self.commit(),
            _ => self.roll_back(),
        };
        if ended.is_err() {
            let _ = self.roll_back();
        }
        self.restore_settings(!commits || ended.is_err())?;
        // What it saw of the catalog was of its own time.
        self.catalog = u64::MAX;
        // What it defined is there for all, or for nobody.
        if std::mem::take(&mut self.has_defined) {
            self.system.catalog_changed();
        }
        ended.map(|()| 0)
    }
}

/// A statement as the history keeps it, which masks passwords and keys.
fn without_secrets(text: &str) -> Cow<'_, str> {
    static SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let words = "password|credentials|access_key_id|secret_access_key|session_token";
        Regex::new(&format!(r"(?i)\b({words})(\s+as)?\s*'(?:[^']|'')*'")).ok()
    });
    SECRETS.as_ref().map_or(Cow::Borrowed(text), |secrets| secrets.replace_all(text, "$1$2 '***'"))
}

/// The first characters of a text.
fn beginning(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

fn counted(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
