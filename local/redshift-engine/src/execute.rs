//! The execution of statements in a session: each command goes to the file that carries it out.

use std::sync::PoisonError;
use std::time::Instant;

use super::copy::{self, Access};
use super::error::SqlError;
use super::result::{self, Collected, ResultSet, Rows};
use super::session::Session;
use super::transaction_state::Transaction;
use super::{
    batch, copies, ddl, dml, late_binding_view, maintenance, materialized, principals, procedure, removal, schema,
    show, view,
};
use redshift_sql::{Command, Parameters, QueryCommand};

/// The result of a statement: rows to read, or how many it changed.
#[derive(Debug, Default)]
pub struct Outcome {
    pub rows: Option<ResultSet>,
    /// Rows returned, or changed; -1 where neither is meant.
    pub count: i64,
}

impl Session {
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
        let outcome = redshift_sql::with_large_stack(text, || {
            self.bound(|session| {
                let command = redshift_sql::translate(text, parameters, session.reading())?;
                kind = command.kind();
                let database = session.system.database.clone();
                let writing = command.may_write().then(|| database.writing());
                if lower.contains("pg_last_query_id") {
                    session.remember("redshift_query", last_query)?;
                }
                // A procedure may have committed: it is never run a second time.
                let is_call = matches!(command, Command::Call(_));
                let done = session.run_command(command, access, query, to);
                if writing.is_some() && session.transaction == Transaction::None {
                    database.note_commits();
                }
                if is_call { Ok(done) } else { done.map(Ok) }
            })
        });
        let outcome = outcome.and_then(std::convert::identity).map_err(|error| match error.sqlstate {
            "57014" if watched.is_ended() => self.system.memory.limit.exceeded(),
            "53200" => self.system.memory.limit.exceeded(),
            "53100" if error.is_unspilled() => self.system.no_room_to_spill(),
            _ => error,
        });
        drop(watched);
        self.note_query(query, kind, text, started, &outcome);
        outcome
    }

    pub(super) fn run_command(
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

            Command::Query(query) => result::query(&self.connection, &query, to),
            Command::Explain(sql) => show::explain(self, &sql)?.into_rows(to),
            Command::Show(what) => show::run(self, &what)?.into_rows(to),

            Command::Change(sql) => dml::change(self, &sql),
            Command::Write(write) => dml::write(self, *write),
            Command::Changes(statements) => dml::change_each(self, &statements),
            Command::Truncate(sql) => dml::truncate(self, &sql),
            Command::Copy(command) => copy::copy(self, &command, access, query),
            Command::Unload(command) => copy::unload(self, &command, access, query),

            Command::CreateTable(create) => ddl::create_table(self, &create),
            Command::Alter(alter) => ddl::alter_table(self, &access.place.admin, *alter),
            Command::CreateSchema(new) => self.defined(|session| schema::create(session, &access.place.admin, &new)),
            Command::AlterSchema(alter) => self.defined(|session| schema::alter(session, &access.place.admin, &alter)),
            Command::Drop(drop) => removal::run(self, &drop),
            Command::Define(statements) => self.defined(|session| batch::run(session, &statements)),
            Command::CreateProcedure(new) => self.defined(|session| procedure::create(session, &new)),
            Command::AlterProcedure(alter) => {
                self.defined(|session| procedure::alter(session, &access.place.admin, &alter))
            }
            Command::DropProcedure(name) => self.defined(|session| procedure::drop(session, &name)),
            Command::Call(call) => procedure::call(self, &call, access, query, to),
            Command::Grant(grant) => self.defined(|session| schema::grant(session, &grant)),
            Command::Principals(change) => self.defined(|session| principals::apply(session, &change)),
            Command::CreateView(view) => self.defined(|session| view::create(session, *view)),
            Command::CreateLateView(view) => self.defined(|session| late_binding_view::create(session, *view)),
            Command::CreateMaterialized(view) => self.defined(|session| materialized::create(session, *view)),
            Command::AutoRefresh { view, on } => self.defined(|session| materialized::auto_refresh(session, &view, on)),
            Command::Refresh(view) => self.defined(|session| materialized::refresh(session, &view)),
            Command::Comment(comment) => self.defined(|session| ddl::comment(session, &comment)),
            Command::CreateDatabase(name) => copies::create_beside(self, &name),
            Command::DropDatabase { name, force } => copies::drop_database(self, &name, force),

            Command::Declare { cursor, query } => declare(self, cursor, &query),
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

/// DECLARE: runs the query, and keeps its rows beside the data.
fn declare(session: &mut Session, cursor: String, query: &QueryCommand) -> Result<i64, SqlError> {
    if session.transaction == Transaction::None {
        return Err(SqlError::new("25P01", "DECLARE CURSOR may only be used in transaction blocks"));
    }
    session.cursors.vacant(&cursor)?;
    let mut rows = session.system.stored_rows(u64::MAX);
    result::query(&session.connection, query, &mut rows)?;
    rows.close()?;
    session.cursors.open(cursor, rows);
    Ok(0)
}
