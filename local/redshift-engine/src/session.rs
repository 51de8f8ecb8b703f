//! A session: one connection to the engine, with its transaction, settings and cursors.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use duckdb::Connection;

use super::cancel::Cancel;
use super::cluster_principals;
use super::connection_log::Connected;
use super::copy;
use super::cursor::Cursors;
use super::database::is_fatal;
use super::error::SqlError;
use super::external::ExternalRows;
use super::locking::OpenBackend;
use super::notice::Notice;
use super::prepared::PreparedStatements;
use super::relations::Relations;
use super::result::ResultColumn;
use super::rights::Account;
use super::session_authorization::AUTHORIZATION;
use super::session_settings::SessionSettings;
use super::system::System;
use super::system_views::SYSTEM_SCHEMA;
use super::transaction_state::{Transaction, TransactionScope};
use redshift_sql::{Name, RequiredPrivileges, TargetColumn};

/// Bytes of a result that DuckDB computes ahead of who reads it.
const STREAMED_BYTES: u64 = 128 << 10;

pub struct Session {
    pub(crate) connection: Connection,
    pub(crate) system: System,
    /// The number of the opening of the database that the connection is of.
    pub(super) opening: u64,
    pub(super) cancel: Cancel,
    pub(super) transaction: Transaction,
    pub(super) scope: TransactionScope,
    /// Who has connected.
    login: String,
    /// The admin of the cluster, once a statement has named its place.
    pub(super) admin: String,
    pub(super) account: Account,
    /// Whose account it is, and as of which state of the catalog.
    pub(super) account_of: Option<(String, u64)>,
    /// The privileges that the statement needs.
    pub(super) required: RequiredPrivileges,
    /// The process id, by which the system views know the session.
    pid: i32,
    connected: Connected,
    pub(super) backend: OpenBackend,
    pub(super) settings: SessionSettings,
    pub(super) cursors: Cursors,
    pub(super) prepared: PreparedStatements,
    pub(super) copied: Option<Arc<copy::Progress>>,
    /// What the last statement reported beside its answer.
    pub(super) notices: Vec<Notice>,
    pub(super) last_query: i64,
    /// Columns of tables that were written to, as of a state of the catalog.
    pub(super) targets: HashMap<Name, Arc<Vec<TargetColumn>>>,
    /// Columns of relations that were read, as of the same state.
    pub(super) relations: Relations,
    pub(super) catalog: u64,
    /// The external tables that the statement reads which runs.
    pub(super) external_rows: ExternalRows,
    /// True once it may have tables of the catalog.
    pub(super) has_catalog_tables: Cell<bool>,
}

impl Session {
    /// A session of a database user.
    pub(crate) fn new(system: System, user: &str) -> Result<Self, SqlError> {
        let pid = fastrand::i32(1000..1_000_000);
        let (connection, opening) = connect(&system, user, pid)?;
        cluster_principals::follow(&connection, &system)?;
        let connected = system.database.activity.connections.connect(user, pid);
        Ok(Self {
            connected,
            backend: OpenBackend::new(system.database.activity.clone(), user, pid),
            cancel: Cancel::new(&connection),
            connection,
            system,
            opening,
            transaction: Transaction::None,
            scope: TransactionScope::default(),
            login: user.to_owned(),
            admin: String::new(),
            account: Account::default(),
            account_of: None,
            required: RequiredPrivileges::default(),
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
            external_rows: ExternalRows::default(),
            has_catalog_tables: Cell::new(false),
        })
    }

    /// Who has connected.
    pub(super) fn login(&self) -> &str {
        &self.login
    }

    /// As whom statements run: SET SESSION AUTHORIZATION, else who has connected.
    pub(super) fn user(&self) -> &str {
        self.settings.get(AUTHORIZATION).unwrap_or(&self.login)
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
        self.connected.set_pid(pid);
        self.backend.set_pid(pid);
        self.remember("redshift_pid", pid)
    }

    /// Forgets what was of another connection.
    pub(super) fn reset(&mut self) {
        self.cancel.follow(&self.connection);
        self.lose_transaction();
        self.cursors.clear();
        self.targets.clear();
        self.relations.clear();
        self.account_of = None;
        self.external_rows.clear();
        self.catalog = u64::MAX;
        self.has_catalog_tables.set(false);
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
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Reports something beside the answer.
    pub(crate) fn inform(&mut self, message: impl Into<String>) {
        self.notices.push(Notice::info(message));
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
}

/// A connection set up for a user and a process id, and the number of the opening that it is of.
pub fn connect(system: &System, user: &str, pid: i32) -> Result<(Connection, u64), SqlError> {
    let set_up = || -> Result<_, SqlError> {
        // First: a number that is too low is put right by the next statement.
        let opening = system.database.openings();
        let connection = system.database.connection()?;
        connection.execute_batch(&format!(
            "SET errors_as_json = true; SET streaming_buffer_size = '{STREAMED_BYTES}B'; \
             SET search_path = 'public,{SYSTEM_SCHEMA}'; SET VARIABLE redshift_user = {}; SET VARIABLE redshift_pid = {pid}",
            redshift_sql::literal(user)
        ))?;
        Ok((connection, opening))
    };
    let opening = system.database.openings();
    match set_up() {
        Err(error) if is_fatal(&error) => {
            system.database.reopen(opening)?;
            set_up()
        }
        done => done,
    }
}
