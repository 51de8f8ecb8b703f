//! A session: one connection to the engine, its transaction, and the statements that run on it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use duckdb::Connection;

use super::cancel::Cancel;
use super::copy::{self, Access};
use super::cursor::{self, Cursors};
use super::error::SqlError;
use super::prepared::PreparedStatements;
use super::result::{self, Collected, ResultColumn, ResultSet, Rows};
use super::settings::SessionSettings;
use super::system::System;
use super::transaction::{Transaction, TransactionScope};
use super::translation::Relations;
use super::{
    copies, ddl, dml, late_binding_view, maintenance, materialized, principals, removal, reopen, schema, show,
};
use redshift_sql::{Command, Name, Parameters, Target};

pub struct Session {
    pub(crate) connection: Connection,
    pub(crate) system: System,
    /// The number of the opening of the database that the connection is of.
    pub(super) opening: u64,
    cancel: Cancel,
    pub(super) transaction: Transaction,
    pub(super) scope: TransactionScope,
    user: String,
    /// The process id, by which the system views know the session.
    pid: i32,
    pub(super) settings: SessionSettings,
    pub(super) cursors: Cursors,
    pub(super) prepared: PreparedStatements,
    pub(super) copied: Option<Arc<copy::Progress>>,
    /// What the last statement reported beside its answer.
    pub(super) notices: Vec<String>,
    last_query: i64,
    /// Columns of tables that were written to, as of a state of the catalog.
    pub(super) targets: HashMap<Name, Arc<Vec<Target>>>,
    /// Columns of relations that were read, as of the same state.
    pub(super) relations: Relations,
    pub(super) catalog: u64,
}

/// Schemas that stand behind every search path: where the system views and functions are.
pub(super) const SYSTEM_SCHEMA: &str = "redshift_system";

/// What a statement left: rows to read, or how many it changed.
#[derive(Debug, Default)]
pub struct Outcome {
    pub rows: Option<ResultSet>,
    /// Rows returned, or changed; -1 where neither is meant.
    pub count: i64,
}

impl Session {
    /// A session of a database user.
    pub(crate) fn new(system: System, user: &str) -> Result<Self, SqlError> {
        let pid = fastrand::i32(1000..1_000_000);
        let (connection, opening) = reopen::connect(&system, user, pid)?;
        Ok(Self {
            cancel: Cancel::new(&connection),
            connection,
            system,
            opening,
            transaction: Transaction::None,
            scope: TransactionScope::default(),
            user: user.to_owned(),
            pid,
            settings: SessionSettings::default(),
            cursors: Cursors::default(),
            prepared: PreparedStatements::default(),
            copied: None,
            notices: Vec::new(),
            last_query: -1,
            targets: HashMap::new(),
            relations: Relations::default(),
            catalog: 0,
        })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Takes on the process id that the client was given.
    ///
    /// # Errors
    /// Where the connection is broken.
    pub fn set_pid(&mut self, pid: i32) -> Result<(), SqlError> {
        self.pid = pid;
        self.remember("redshift_pid", pid)
    }

    /// Forgets what was of another connection.
    pub(super) fn reset(&mut self) {
        self.cancel.follow(&self.connection);
        self.lose_transaction();
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

    /// What the last statement reported beside its answer: that a COPY has loaded, that there was nothing to drop.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// What cancels the statement that comes next, and none before it.
    pub fn new_canceller(&mut self) -> Cancel {
        self.cancel.renew();
        self.cancel.clone()
    }

    /// What cancels the statement that runs.
    pub fn canceller(&self) -> Cancel {
        self.cancel.clone()
    }

    pub(crate) fn check_cancelled(&self) -> Result<(), SqlError> {
        self.cancel.check()
    }

    /// Keeps a number for the functions that answer from the session's last COPY or UNLOAD.
    pub(super) fn remember(&self, variable: &str, number: impl std::fmt::Display) -> Result<(), SqlError> {
        Ok(self.connection.execute_batch(&format!("SET VARIABLE {variable} = {number}"))?)
    }

    /// Runs one statement. Outside a transaction it is one of its own. `query` is its number in the history.
    ///
    /// # Errors
    /// As Redshift reports them.
    pub fn run(&mut self, text: &str, access: &Access, query: i64) -> Result<Outcome, SqlError> {
        self.run_with(text, &Parameters::default(), access, query)
    }

    /// Runs one statement with values for its parameters.
    ///
    /// # Errors
    /// As `run`.
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
    ///
    /// # Errors
    /// As `run`.
    pub fn run_into(
        &mut self,
        text: &str,
        parameters: &Parameters,
        access: &Access,
        query: i64,
        to: &mut dyn Rows,
    ) -> Result<i64, SqlError> {
        let started = Instant::now();
        self.notices.clear();
        let lower = text.to_ascii_lowercase();
        let last_query = std::mem::replace(&mut self.last_query, query);
        let mut kind = "OTHER";
        let running = self.system.running.clone();
        let _running = running.read().unwrap_or_else(PoisonError::into_inner);
        self.system.look_for_room_to_spill();
        let watched = self.system.memory.watch(self.cancel.clone());
        let outcome = redshift_sql::with_room(text, || {
            self.bound(|session| {
                let command = redshift_sql::translate(text, parameters, session.reading())?;
                kind = command.kind();
                let database = session.system.database.clone();
                let writing = command.may_write().then(|| database.writing());
                if lower.contains("pg_last_query_id") {
                    session.remember("redshift_query", last_query)?;
                }
                let done = session.run_command(command, access, query, to);
                if writing.is_some() && session.transaction == Transaction::None {
                    database.note_commits();
                }
                done
            })
        });
        let outcome = outcome.map_err(|error| match error.sqlstate {
            "57014" if watched.is_ended() => self.system.memory.limit.exceeded(),
            "53200" => self.system.memory.limit.exceeded(),
            "53100" if error.is_unspilled() => self.system.no_room_to_spill(),
            _ => error,
        });
        drop(watched);
        self.note_query(query, kind, text, started, &outcome);
        outcome
    }

    fn run_command(
        &mut self,
        command: Command,
        access: &Access,
        query: i64,
        to: &mut dyn Rows,
    ) -> Result<i64, SqlError> {
        self.admit(&command)?;
        match command {
            Command::Begin { read_only } => self.begin(read_only),
            Command::Commit => self.end(true),
            Command::Rollback => self.end(false),
            Command::SetTransaction { read_only, of_session } => self.set_transaction(read_only, of_session),
            Command::Set { name, value, local } => self.set(&name, value, local),

            Command::Query(sql) => result::query(&self.connection, &sql, to),
            Command::Explain(sql) => show::explain(self, &sql)?.into_rows(to),
            Command::Show(what) => show::run(self, &what)?.into_rows(to),

            Command::Change(sql) => dml::change(self, &sql),
            Command::Write(write) => dml::write(self, *write),
            Command::Changes(statements) => dml::change_each(self, &statements),
            Command::Truncate(sql) => dml::truncate(self, &sql),
            Command::Copy(command) => copy::copy(self, &command, access, query),
            Command::Unload(command) => copy::unload(self, &command, access),

            Command::CreateTable(create) => ddl::create_table(self, &create),
            Command::Alter(alter) => ddl::alter_table(self, &access.place.admin, *alter),
            Command::CreateSchema(new) => self.defined(|session| schema::create(session, &access.place.admin, &new)),
            Command::AlterSchema(alter) => self.defined(|session| schema::alter(session, &access.place.admin, &alter)),
            Command::Drop(drop) => removal::run(self, &drop),
            Command::Define(statements) => self.defined(|session| ddl::each(session, &statements)),
            Command::Grant(grant) => self.defined(|session| schema::grant(session, &grant)),
            Command::Principals(change) => self.defined(|session| principals::apply(session, &change)),
            Command::CreateView(view) => self.defined(|session| ddl::create_view(session, *view)),
            Command::CreateLateView(view) => self.defined(|session| late_binding_view::create(session, *view)),
            Command::CreateMaterialized(view) => self.defined(|session| materialized::create(session, *view)),
            Command::AutoRefresh { view, on } => self.defined(|session| materialized::auto_refresh(session, &view, on)),
            Command::Refresh(view) => self.defined(|session| materialized::refresh(session, &view)),
            Command::Comment(comment) => self.defined(|session| ddl::comment(session, &comment)),
            Command::CreateDatabase(name) => copies::create_beside(self, &name),
            Command::DropDatabase { name, force } => copies::drop_database(self, &name, force),

            Command::Declare { cursor, query } => cursor::declare(self, cursor, &query),
            Command::Fetch { cursor, count } => self.cursors.fetch(&cursor, count, to),
            Command::Close(cursor) => self.cursors.close(&cursor),
            Command::Prepare { name, statement } => self.prepared.insert(name, statement),
            Command::Execute { name, arguments } => {
                let command = self.executed(&name, &arguments)?;
                self.run_command(command, access, query, to)
            }
            Command::Deallocate(name) => self.prepared.remove(name.as_deref()),

            Command::Maintenance(what) => maintenance::run(self, &what),
            Command::Accepted => Ok(0),
        }
    }
}
