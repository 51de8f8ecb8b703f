//! The execution of statements in a session: each command goes to the file that carries it out.

use std::sync::PoisonError;
use std::time::Instant;

use super::copy::{self, Access};
use super::error::SqlError;
use super::locks::LockWait;
use super::result::{self, Collected, ResultSet, Rows};
use super::session::Session;
use super::transaction_state::Transaction;
use super::{
    batch, copies, ddl, dml, ending, explain, external, grant, isolation, late_binding_view, maintenance, materialized,
    permission, principals, procedure, removal, schema, show, statement_record, view,
};
use redshift_sql::{Command, Parameters, QueryCommand};

/// The result of a statement: rows to read, or how many it changed.
#[derive(Debug, Default)]
pub struct Outcome {
    pub rows: Option<ResultSet>,
    /// Rows returned, or changed; -1 where neither is meant.
    pub count: i64,
}

/// What became of a statement.
pub(super) enum Done {
    /// How many rows it returned or changed.
    Ran(i64),
    /// A CALL, which holds nothing: the statements of the procedure are run one by one.
    Calls(Command),
}

enum Attempt {
    Done(Done),
    Waits(LockWait),
    /// The catalog has changed since it was translated.
    IsStale,
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
        if self.admin != access.place.admin {
            self.admin.clone_from(&access.place.admin);
        }
        self.notices.clear();
        let shown = statement_record::shown(text);
        self.backend.begin(query, shown.clone(), self.cancel.clone());
        let last_query = std::mem::replace(&mut self.last_query, query);
        let mut kind = "OTHER";
        let done = self.carry_out(
            text,
            |session| Ok(redshift_sql::translate(text, parameters, session.reading())?),
            |session, command| {
                kind = command.kind();
                if text.to_ascii_lowercase().contains("pg_last_query_id") {
                    session.remember("redshift_query", last_query)?;
                }
                session.run_command(command, access, query, to)
            },
        );
        let outcome = match done {
            Ok(Done::Ran(count)) => Ok(count),
            Ok(Done::Calls(call)) => {
                kind = call.kind();
                self.run_command(call, access, query, to)
            }
            Err(error) => Err(error),
        };
        self.backend.end(self.transaction != Transaction::None);
        // What was cancelled has ended: the statement that comes next is another one.
        let outcome = match outcome {
            Err(error) if error.sqlstate == "57014" => {
                let error = self.cancel.told(error);
                self.cancel.renew();
                Err(self.backend.check_there().err().unwrap_or(error))
            }
            outcome => outcome,
        };
        self.note_query(query, kind, &shown, started, &outcome);
        outcome
    }

    /// Translates and runs one statement, of a client or of a procedure. Where it has to wait for a lock, it is translated
    /// again afterwards: what it names may have changed. It waits without holding anything that others wait for.
    pub(super) fn carry_out(
        &mut self,
        text: &str,
        translate: impl Fn(&Self) -> Result<Command, SqlError>,
        mut run: impl FnMut(&mut Self, Command) -> Result<i64, SqlError>,
    ) -> Result<Done, SqlError> {
        let started = Instant::now();
        let done = loop {
            match self.attempt(text, &translate, &mut run) {
                Ok(Attempt::Waits(wait)) => {
                    if let Err(error) = self.wait_for_lock(&wait, started) {
                        break Err(error);
                    }
                }
                Ok(Attempt::IsStale) => {}
                Ok(Attempt::Done(done)) => break Ok(done),
                Err(error) => break Err(error),
            }
        };
        if self.transaction == Transaction::None {
            self.backend.end_transaction(done.is_ok());
        }
        done
    }

    /// Takes the locks of a statement and runs it, if it gets all of them at once.
    fn attempt(
        &mut self,
        text: &str,
        translate: &impl Fn(&Self) -> Result<Command, SqlError>,
        run: &mut impl FnMut(&mut Self, Command) -> Result<i64, SqlError>,
    ) -> Result<Attempt, SqlError> {
        let running = self.system.running.clone();
        let _running = running.read().unwrap_or_else(PoisonError::into_inner);
        self.system.look_for_room_to_spill();
        let watched = self.system.memory.watch(self.cancel.clone());
        let outcome = redshift_sql::with_large_stack(text, || {
            self.bound(|session| {
                session.backend.check_there()?;
                session.relations.asked.take();
                session.follow_account()?;
                session.required.borrow_mut().clear();
                let mut command = translate(session)?;
                if let Command::Execute { name, arguments } = &command {
                    command = session.executed(name, arguments)?;
                }
                session.admit(&command)?;
                permission::check(session, &command)?;
                session.refuse_external(&command)?;
                let tables = session.tables_of(&command)?;
                if let Some(wait) = session.lock(&tables)? {
                    return Ok(Attempt::Waits(wait));
                }
                if session.system.catalog_changes() != session.catalog && session.transaction != Transaction::Failed {
                    return Ok(Attempt::IsStale);
                }
                if matches!(command, Command::Call(_)) {
                    return Ok(Attempt::Done(Done::Calls(command)));
                }
                session.take_snapshot(&command)?;
                session.note_access(&tables)?;
                let database = session.system.database.clone();
                let writing = command.may_write().then(|| database.writing());
                let done = run(session, command);
                if writing.is_some() && session.transaction == Transaction::None {
                    database.note_commits();
                }
                done.map(|count| Attempt::Done(Done::Ran(count)))
            })
        });
        outcome.map_err(|error| match error.sqlstate {
            "57014" if watched.is_ended() => self.system.memory.limit.exceeded(),
            "53200" => self.system.memory.limit.exceeded(),
            "53100" if error.is_unspilled() => self.system.no_room_to_spill(),
            _ => error,
        })
    }

    pub(super) fn run_command(
        &mut self,
        command: Command,
        access: &Access,
        query: i64,
        to: &mut dyn Rows,
    ) -> Result<i64, SqlError> {
        self.fill_external_rows(&command, access)?;
        match command {
            Command::Begin { read_only } => self.begin(read_only),
            Command::Commit => self.end(true),
            Command::Rollback => self.end(false),
            Command::SetTransaction { read_only, of_session } => self.set_transaction(read_only, of_session),
            Command::Set { name, value, local } => self.set(&name, value, local),

            Command::Query(query) => result::query(&self.connection, &query, self.zone().as_deref(), to),
            Command::Explain(explain) => explain::run(self, access.place.slices, *explain)?.into_rows(to),
            Command::Show(what) => show::run(self, &what)?.into_rows(to),

            Command::Change { sql, .. } => dml::change(self, &sql),
            Command::Write(write) => dml::write(self, *write),
            Command::Changes { statements, .. } => dml::change_each(self, &statements),
            Command::Truncate { sql, .. } => dml::truncate(self, &sql),
            Command::Copy(command) => copy::copy(self, &command, access, query),
            Command::Unload(command) => copy::unload(self, &command, access, query),

            Command::External(command) => external::run(self, &access.place.admin, &command),
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
            Command::Grant(change) => self.defined(|session| grant::apply(session, &change)),
            Command::GrantRoles(change) => principals::grant_roles(self, &change),
            Command::DefaultPrivileges(change) => self.defined(|session| grant::apply_default(session, &change)),
            Command::SessionAuthorization { user, local } => self.authorize(user, local),
            Command::Principals(change) => principals::change(self, &change),
            Command::CreateView(view) => self.defined(|session| view::create(session, *view)),
            Command::CreateLateView(view) => self.defined(|session| late_binding_view::create(session, *view)),
            Command::CreateMaterialized(view) => self.defined(|session| materialized::create(session, *view)),
            Command::AutoRefresh { view, on } => self.defined(|session| materialized::auto_refresh(session, &view, on)),
            Command::Refresh(view) => self.defined(|session| materialized::refresh(session, &view)),
            Command::Comment(comment) => self.defined(|session| ddl::comment(session, &comment)),
            Command::CreateDatabase { name, isolation } => copies::create_beside(self, &name, isolation),
            Command::AlterDatabase { name, isolation } => isolation::alter(self, &name, isolation),
            Command::DropDatabase { name, force } => copies::drop_database(self, &name, force),

            Command::Declare { cursor, query } => declare(self, cursor, &query),
            Command::Fetch { cursor, count } => self.cursors.fetch(&cursor, count, to),
            Command::Close(cursor) => self.cursors.close(&cursor),
            Command::Prepare { name, statement } => self.prepared.insert(name, statement),
            // What is prepared is no EXECUTE itself.
            Command::Execute { name, .. } => {
                Err(SqlError::new("26000", format!("prepared statement \"{name}\" does not exist")))
            }
            Command::Deallocate(name) => self.prepared.remove(name.as_deref()),

            // It holds the locks by now.
            Command::Lock(_) => Ok(0),
            Command::Cancel { pid, message } => ending::cancel(self, pid, message),
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
    result::query(&session.connection, query, session.zone().as_deref(), &mut rows)?;
    rows.close()?;
    session.cursors.open(cursor, rows);
    Ok(0)
}
