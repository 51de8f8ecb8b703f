//! The messages of a client, handed to the session of its connection.

use std::fmt::Debug;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::api::auth::StartupHandler;
use pgwire::api::auth::cleartext::CleartextPasswordAuthStartupHandler;
use pgwire::api::cancel::CancelHandler;
use pgwire::api::portal::{Format, Portal};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler, send_describe_response};
use pgwire::api::results::{DescribePortalResponse, DescribeResponse, DescribeStatementResponse, FieldInfo, Response};
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, PgWireServerHandlers, Type};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{Describe, Execute, TARGET_TYPE_BYTE_PORTAL, TARGET_TYPE_BYTE_STATEMENT};
use redshift_engine::sync::locked;
use redshift_engine::{Access, Ending, Notice, Parameters, Place, SqlError, statement_threads};
use tokio::sync::{Notify, OnceCell};

use super::backend::Backend;
use super::cancel::{CancelKey, Slot};
use super::connection::{Connection, wire_error};
use super::execute::execute;
use super::startup::{StartupParameters, Users};
use super::{parameter, types};

/// A client that sends its first statement sooner after its password may be one of a crowd.
const NEWCOMER: Duration = Duration::from_millis(250);

/// The handlers of one connection.
pub struct Handlers {
    startup: Arc<CleartextPasswordAuthStartupHandler<Users, StartupParameters>>,
    queries: Arc<Queries>,
}

impl Handlers {
    pub fn new(backend: Backend, place: Place) -> Self {
        let admitted = Arc::new(OnceLock::new());
        let users = Users::new(backend.clone(), place.clone(), admitted.clone());
        let startup = CleartextPasswordAuthStartupHandler::new(users, StartupParameters);
        let (connection, key, terminated) = (OnceCell::new(), Mutex::default(), Arc::default());
        let queries = Queries { backend, place, admitted, connection, key, terminated };
        Self { startup: Arc::new(startup), queries: Arc::new(queries) }
    }

    /// The handler of both kinds of queries.
    pub fn queries(&self) -> Arc<Queries> {
        self.queries.clone()
    }
}

impl PgWireServerHandlers for Handlers {
    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        self.startup.clone()
    }

    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        self.queries.clone()
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        self.queries.clone()
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::new(self.queries.backend.cancel_keys.clone())
    }
}

pub struct Queries {
    backend: Backend,
    place: Place,
    admitted: Arc<OnceLock<Instant>>,
    connection: OnceCell<Connection>,
    key: Mutex<Option<CancelKey>>,
    terminated: Arc<Notify>,
}

impl Drop for Queries {
    fn drop(&mut self) {
        self.leave();
        if let Some(key) = locked(&self.key).take() {
            self.backend.cancel_keys.remove(&key);
        }
    }
}

impl Queries {
    /// Waits until another session ends this one.
    pub async fn terminated(&self) {
        self.terminated.notified().await;
    }

    /// The client has gone.
    pub fn leave(&self) {
        if let Some(connection) = self.connection.get() {
            connection.backend.leave();
        }
    }

    /// The connection's session, which is opened with its first statement.
    async fn connection<C: ClientInfo>(&self, client: &C) -> PgWireResult<&Connection> {
        let open = || async {
            let user = client.metadata().get("user").cloned().unwrap_or_default();
            let database = client.metadata().get("database").cloned().unwrap_or_else(|| user.clone());
            let (pid, given) = client.pid_and_secret_key();
            let (backend, place, terminated) = (self.backend.clone(), self.place.clone(), self.terminated.clone());
            let is_newcomer = self.admitted.get().is_none_or(|at| at.elapsed() < NEWCOMER);
            let open_session = move || {
                let engine = backend.warehouses.engine(&place.id, &database, place.slices)?;
                // The prefix of a temporary login is no part of the user's name.
                let name = ["IAM:", "IAMA:", "IAMR:"].iter().find_map(|prefix| user.strip_prefix(prefix));
                let mut session = engine.session(name.unwrap_or(&user).split(':').next().unwrap_or_default())?;
                session.set_pid(pid)?;
                let running = Slot::default();
                let cancelled = running.clone();
                session.on_ending(move |ending| {
                    // A statement may wait for its client.
                    if let Some(running) = &*locked(&cancelled) {
                        running.flow.release();
                    }
                    if ending == Ending::Session {
                        terminated.notify_one();
                    }
                });
                let access = Access::new(place, backend.storage.clone());
                Ok(Connection {
                    backend: session.backend(),
                    session: Arc::new(Mutex::new(session)),
                    access,
                    engine,
                    running,
                    last: Mutex::default(),
                    is_newcomer: Arc::new(AtomicBool::new(is_newcomer)),
                })
            };
            let opened = match is_newcomer {
                true => statement_threads::run_login(open_session).await,
                false => statement_threads::run(open_session).await,
            };
            let connection = opened.and_then(|opened| opened).map_err(|error| wire_error(&error))?;
            let key = CancelKey::new(pid, &given);
            self.backend.cancel_keys.insert(key.clone(), connection.running.clone());
            *locked(&self.key) = Some(key);
            Ok(connection)
        };
        self.connection.get_or_try_init(open).await
    }
}

#[async_trait]
impl SimpleQueryHandler for Queries {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let statements = redshift_sql::split(query).map_err(|error| wire_error(&SqlError::from(error)))?;
        if statements.is_empty() {
            return Ok(vec![Response::EmptyQuery]);
        }
        let connection = self.connection(client).await?;
        let mut responses = Vec::new();
        for statement in &statements {
            let all_at_once = statements.len() > 1;
            let answer = connection.run(statement, Parameters::new(), &Format::UnifiedText, all_at_once).await?;
            send_notices(client, answer.notices).await?;
            let response = answer.response;
            let failed = matches!(response, Response::Error(_));
            responses.push(response);
            if failed {
                break;
            }
        }
        Ok(responses)
    }
}

/// Sends the notices of a statement, which come before its answer.
async fn send_notices<C>(client: &mut C, notices: Vec<Notice>) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin + Send,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    for notice in notices {
        let info = ErrorInfo::new(notice.severity.into(), "00000".into(), notice.message);
        client.feed(PgWireBackendMessage::NoticeResponse(info.into())).await?;
    }
    Ok(())
}

/// A statement of the extended protocol: its text, and the types that the client declared.
#[derive(Debug, Clone)]
pub struct Statement {
    sql: String,
    types: Vec<Option<Type>>,
}

pub struct Parser;

#[async_trait]
impl QueryParser for Parser {
    type Statement = Statement;

    async fn parse_sql<C>(&self, _: &C, sql: &str, types: &[Option<Type>]) -> PgWireResult<Option<Statement>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let statements = redshift_sql::split(sql).map_err(|error| wire_error(&SqlError::from(error)))?;
        match &statements[..] {
            [] => Ok(None),
            [one] => Ok(Some(Statement { sql: one.clone(), types: types.to_vec() })),
            _ => {
                let message = "cannot insert multiple commands into a prepared statement";
                Err(wire_error(&redshift_engine::SqlError::new("42601", message)))
            }
        }
    }

    fn get_parameter_types(&self, statement: &Statement) -> PgWireResult<Vec<Type>> {
        Ok(parameter_types(statement))
    }

    fn get_result_schema(&self, _: &Statement, _: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
        Ok(Vec::new())
    }
}

/// The types of `$1`, `$2`, …: as declared, else texts.
fn parameter_types(statement: &Statement) -> Vec<Type> {
    let count = (1..).take_while(|number| statement.sql.contains(&format!("${number}"))).count();
    let declared = |at: usize| statement.types.get(at).cloned().flatten().filter(|found| *found != Type::UNKNOWN);
    (0..count.max(statement.types.len())).map(|at| declared(at).unwrap_or(Type::VARCHAR)).collect()
}

impl Queries {
    /// With the types of parameters that the client left to the server.
    async fn inferred<C: ClientInfo>(&self, client: &C, statement: &Statement) -> PgWireResult<Statement> {
        let mut statement = statement.clone();
        let count = parameter_types(&statement).len();
        let is_open = |found: &Option<Type>| found.as_ref().is_none_or(|found| *found == Type::UNKNOWN);
        statement.types.resize(count, None);
        if statement.types.iter().any(is_open) {
            let inferred = self.connection(client).await?.parameter_types(&statement.sql).await?;
            for (at, open) in statement.types.iter_mut().enumerate().filter(|(_, found)| is_open(found)) {
                *open = inferred.get(&(at + 1)).map(|found| types::oid_type(found.short_name()));
            }
        }
        Ok(statement)
    }

    async fn described<C: ClientInfo>(
        &self,
        client: &C,
        statement: &Statement,
    ) -> PgWireResult<Option<Vec<redshift_engine::ResultColumn>>> {
        let types = parameter_types(statement);
        let stand_in = |(at, found): (usize, &Type)| {
            let declared = statement.types.get(at).cloned().flatten().map(|_| found);
            ((at + 1).to_string(), parameter::stand_in(declared))
        };
        let parameters = types.iter().enumerate().map(stand_in).collect();
        self.connection(client).await?.describe(&statement.sql, parameters).await
    }
}

#[async_trait]
impl ExtendedQueryHandler for Queries {
    type Statement = Statement;
    type QueryParser = Parser;

    fn query_parser(&self) -> Arc<Parser> {
        Arc::new(Parser)
    }

    async fn do_query<C>(&self, client: &mut C, portal: &Portal<Statement>, _: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let statement = &portal.statement.statement;
        let mut parameters = Parameters::new();
        for (at, value) in portal.parameters.iter().enumerate() {
            let is_binary = match &portal.parameter_format {
                Format::Individual(codes) => codes.get(at).copied() == Some(1),
                unified => unified.is_binary(at),
            };
            let data_type = statement.types.get(at).and_then(Option::as_ref);
            let parameter = parameter::parameter(value.as_deref(), is_binary, data_type);
            let invalid = || {
                wire_error(&redshift_engine::SqlError::new("22P03", format!("parameter ${} cannot be read", at + 1)))
            };
            parameters.insert((at + 1).to_string(), parameter.ok_or_else(invalid)?);
        }
        let connection = self.connection(client).await?;
        let answer = connection.run(&statement.sql, parameters, &portal.result_column_format, false).await?;
        send_notices(client, answer.notices).await?;
        match answer.response {
            Response::Error(error) => Err(PgWireError::UserError(error)),
            response => Ok(response),
        }
    }

    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        execute(self, client, message).await
    }

    /// A statement without rows says so, also where it has parameters.
    async fn on_describe<C>(&self, client: &mut C, message: Describe) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.as_deref().unwrap_or(pgwire::api::DEFAULT_NAME);
        // To the protocol a cursor is a portal of its name.
        if message.target_type == TARGET_TYPE_BYTE_PORTAL && client.portal_store().get_portal(name).is_none() {
            let columns = self.connection(client).await?.cursor_columns(name).await?;
            if let Some(columns) = columns {
                let fields = types::fields(&columns, &Format::UnifiedText);
                return send_describe_response(client, &DescribePortalResponse::new(fields)).await;
            }
        }
        let stored = client.portal_store().get_statement(name);
        let (TARGET_TYPE_BYTE_STATEMENT, Some(Entry::Value(stored))) = (message.target_type, stored) else {
            return self._on_describe(client, message).await;
        };
        let statement = self.inferred(client, &stored.statement).await?;
        let types = parameter_types(&statement);
        // Values come in these types from now on.
        let described =
            StoredStatement::new(stored.id.clone(), statement.clone(), types.iter().cloned().map(Some).collect());
        client.portal_store().put_statement(Arc::new(described));
        match self.described(client, &statement).await? {
            Some(columns) => {
                let fields = types::fields(&columns, &Format::UnifiedText);
                send_describe_response(client, &DescribeStatementResponse::new(types, fields)).await
            }
            // The library describes no columns where there are parameters, instead of no rows.
            None => {
                let oids = types.iter().map(Type::oid).collect();
                client.feed(PgWireBackendMessage::ParameterDescription(ParameterDescription::new(oids))).await?;
                client.feed(PgWireBackendMessage::NoData(NoData::new())).await?;
                Ok(())
            }
        }
    }

    async fn do_describe_portal<C>(
        &self,
        client: &mut C,
        target: &Portal<Statement>,
    ) -> PgWireResult<DescribePortalResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match self.described(client, &target.statement.statement).await? {
            Some(columns) => Ok(DescribePortalResponse::new(types::fields(&columns, &target.result_column_format))),
            None => Ok(DescribePortalResponse::no_data()),
        }
    }
}
