//! The Redshift Data API: statements that are submitted, run on their own, and are asked about.

mod catalog;
mod error;
mod input;
mod mode;
mod result_page;
mod run;
mod session;
mod statement;
mod target;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redshift_engine::sync::locked;
use redshift_engine::{Parameter, Parameters, statement_threads};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::account::now_millis;
use crate::error::{ApiError, ApiResult};
use crate::protocol::{Request, Response, json, json_input};
use crate::redshift::Redshift;
use crate::s3::Buckets;
use crate::serverless::Serverless;
use error::{invalid, refused};
use input::{
    BatchInput, ListInput, ParameterInput, RowsInput, SqlInput, StatementFilter, StatementIdInput, SubmissionInput,
    WaitInput,
};
use mode::{Mode, ResultFormat};
use session::Sessions;
use statement::{Shared, Statement};

/// R21: bytes of one statement's text, and statements of one batch.
const MAX_SQL_BYTES: usize = 100 << 10;
const MAX_BATCH: usize = 40;
/// Between two interrupts of a statement that is being cancelled.
const INTERRUPT_AGAIN: Duration = Duration::from_millis(10);
/// Rows of one page of a result.
const PAGE_ROWS: usize = 1000;
/// R21: statements that may be under way at once.
const MOST_ACTIVE: usize = 500;
/// Statements that are remembered.
const MOST_KEPT: usize = 10_000;
/// R23: how long a ClientToken is remembered.
const TOKEN_MILLIS: i64 = 8 * 60 * 60 * 1000;

#[derive(Clone)]
pub struct DataApi {
    redshift: Redshift,
    serverless: Serverless,
    buckets: Buckets,
    statements: Arc<Mutex<Statements>>,
    sessions: Arc<Mutex<Sessions>>,
}

/// Statements that may be asked about, of which so many at most that have ended.
#[derive(Default)]
struct Statements {
    known: HashMap<String, Arc<Shared>>,
    /// In the order in which they were submitted, with their ClientTokens.
    submitted: VecDeque<(Arc<Shared>, Option<String>)>,
    /// ClientToken → statement id, and when (R23).
    tokens: HashMap<String, (String, i64)>,
    active: Vec<Arc<Shared>>,
}

impl Statements {
    fn insert(&mut self, statement: &Arc<Shared>, token: Option<&str>) {
        self.known.insert(statement.id(), statement.clone());
        if let Some(token) = token {
            self.tokens.insert(token.to_owned(), (statement.id(), now_millis()));
        }
        self.submitted.push_back((statement.clone(), token.map(str::to_owned)));
        self.active.push(statement.clone());
    }

    /// Drops what ended a day ago (R21), and the oldest of too many.
    fn forget(&mut self) {
        self.active.retain(|statement| statement.is_active());
        while let Some((oldest, token)) = self.submitted.front() {
            let is_one_too_many = self.submitted.len() > MOST_KEPT && !oldest.is_active();
            if !is_one_too_many && !oldest.is_forgotten() {
                return;
            }
            let id = oldest.id();
            self.known.remove(&id);
            // A token that was used again is the later statement's.
            if let Some(token) = token.as_ref().filter(|token| self.tokens.get(*token).is_some_and(|(of, _)| *of == id))
            {
                self.tokens.remove(token);
            }
            self.submitted.pop_front();
        }
    }
}

impl DataApi {
    pub fn new(redshift: Redshift, serverless: Serverless, buckets: Buckets) -> Self {
        Self { redshift, serverless, buckets, statements: Arc::default(), sessions: Arc::default() }
    }

    /// The Data API of a region's clusters and workgroups.
    pub fn in_region(&self, region: &str) -> Self {
        let (redshift, serverless) = (self.redshift.in_region(region), self.serverless.in_region(region));
        Self { redshift, serverless, ..self.clone() }
    }

    /// Ends the sessions that were kept; of those who ran statements on them nobody hears.
    pub fn forget_sessions(&self) {
        locked(&self.sessions).clear();
    }

    /// Forgets every statement.
    pub fn forget_statements(&self) {
        self.forget_sessions();
        *locked(&self.statements) = Statements::default();
    }

    pub async fn handle(&self, request: &Request) -> Response {
        let answer = match json::parse(request) {
            Ok((operation, input)) => self.dispatch(&operation, &input).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(output) => json::answer(&output),
            Err(error) => json::refuse(&error),
        }
    }

    async fn dispatch(&self, operation: &str, input: &Json) -> ApiResult<Json> {
        match operation {
            "ExecuteStatement" => {
                let (submission, SqlInput { sql }) = read(input)?;
                self.submit(submission, vec![sql], Mode::Single).await
            }
            "BatchExecuteStatement" => {
                let (submission, batch): (_, BatchInput) = read(input)?;
                let mode = batch.mode()?;
                self.submit(submission, batch.sqls, mode).await
            }
            "ListStatements" => self.list_statements(read(input)?),
            "ListSessions" => self.list_sessions(read(input)?),
            "ListDatabases" => self.on_thread(read(input)?, Self::list_databases).await,
            "ListSchemas" => self.on_thread(read(input)?, Self::list_schemas).await,
            "ListTables" => self.on_thread(read(input)?, Self::list_tables).await,
            "DescribeTable" => self.on_thread(read(input)?, Self::describe_table).await,
            "DescribeStatement" => {
                let (statement, part) = self.wait_for(read(input)?).await?;
                Ok(statement.describe(part))
            }
            "GetStatementResult" => self.result_page(input, ResultFormat::Json).await,
            "GetStatementResultV2" => self.result_page(input, ResultFormat::Csv).await,
            "CancelStatement" => self.cancel(&read(input)?),
            other => Err(ApiError::unknown_operation("Redshift Data API", other)),
        }
    }

    /// The statement, when it has ended or the caller waits no longer.
    async fn wait_for(&self, (id, wait): (StatementIdInput, WaitInput)) -> ApiResult<(Arc<Shared>, Option<usize>)> {
        let (statement, part) = self.find(&id)?;
        statement.wait(wait.time()).await;
        Ok((statement, part))
    }

    async fn result_page(&self, input: &Json, format: ResultFormat) -> ApiResult<Json> {
        let (awaited, RowsInput { next_token }) = read(input)?;
        let (statement, part) = self.wait_for(awaited).await?;
        statement.page(part, next_token.as_deref(), PAGE_ROWS, format)
    }

    fn cancel(&self, id: &StatementIdInput) -> ApiResult<Json> {
        let (statement, _) = self.find(id)?;
        statement.cancel()?;
        // An interrupt that comes before DuckDB has begun is lost: it is repeated until the statement has ended.
        tokio::spawn(async move {
            while statement.interrupt() {
                tokio::time::sleep(INTERRUPT_AGAIN).await;
            }
        });
        Ok(json!({ "Status": true }))
    }

    /// Asks what opens a warehouse or runs a statement: that may take its time.
    async fn on_thread<I: Send + 'static, T: Send + 'static>(
        &self,
        input: I,
        ask: impl FnOnce(&Self, I) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let api = self.clone();
        statement_threads::run(move || ask(&api, input)).await.map_err(refused)?
    }

    async fn submit(&self, submission: SubmissionInput, sqls: Vec<String>, mode: Mode) -> ApiResult<Json> {
        let (connection, session, input, wait) = submission;
        check_sizes(&sqls, mode)?;
        let parameters = parameters(input.parameters, &sqls)?;
        let format = match input.result_format.as_deref() {
            None | Some("JSON") => ResultFormat::Json,
            Some("CSV") => ResultFormat::Csv,
            Some(other) => return Err(invalid(format!("ResultFormat must be JSON or CSV, not {other}"))),
        };
        let token = input.client_token.as_deref();
        if let Some(statement) = self.submitted_before(token)? {
            return Ok(statement.submitted());
        }
        let target = self.on_thread((connection, session), Self::target).await?;
        let name = input.statement_name;
        let statement = Arc::new(Shared::new(Statement::new(&target, sqls, mode, parameters, format, name)));
        if let Some(session) = &target.session_id {
            self.note_statement(session, &statement.id());
        }
        {
            let mut statements = self.lock_statements();
            statements.forget();
            if statements.active.len() >= MOST_ACTIVE {
                let message = format!("there are {MOST_ACTIVE} active statements already");
                return Err(ApiError::invalid("ActiveStatementsExceededException", message));
            }
            statements.insert(&statement, token);
        }
        run::start(statement.clone(), target, self.redshift.pace.copying, self.redshift.behaviors);
        statement.wait(wait.time()).await;
        Ok(statement.submitted())
    }

    fn submitted_before(&self, token: Option<&str>) -> ApiResult<Option<Arc<Shared>>> {
        let Some(token) = token else { return Ok(None) };
        if token.is_empty() || token.len() > 64 {
            return Err(invalid("ClientToken must have between 1 and 64 characters"));
        }
        let statements = self.lock_statements();
        let is_remembered = |(_, noted): &&(String, i64)| now_millis() - noted < TOKEN_MILLIS;
        let id = statements.tokens.get(token).filter(is_remembered).map(|(id, _)| id);
        Ok(id.and_then(|id| statements.known.get(id).cloned()))
    }

    /// The newest first; finished ones only, where no state is asked for.
    fn list_statements(&self, ((connection, paging), filter): (ListInput, StatementFilter)) -> ApiResult<Json> {
        let status = filter.status.as_deref().unwrap_or("FINISHED");
        let name = filter.statement_name.as_deref();
        let places = [
            ("Database", &connection.database),
            ("ClusterIdentifier", &connection.cluster_identifier),
            ("WorkgroupName", &connection.workgroup_name),
        ];
        let mut found: Vec<(i64, Json)> = self
            .lock_statements()
            .known
            .values()
            .map(|statement| statement.listed())
            .filter(|(_, listed)| status == "ALL" || listed["Status"] == *status)
            .filter(|(_, listed)| {
                name.is_none_or(|name| listed["StatementName"].as_str().is_some_and(|found| found.starts_with(name)))
            })
            .filter(|(_, listed)| {
                places.iter().all(|(field, wanted)| wanted.as_ref().is_none_or(|wanted| listed[*field] == *wanted))
            })
            .collect();
        found.sort_by_key(|(created, _)| std::cmp::Reverse(*created));
        let tidy = |(_, mut listed): (i64, Json)| {
            if let Some(fields) = listed.as_object_mut() {
                ["Database", "ClusterIdentifier", "WorkgroupName", "DbUser"]
                    .iter()
                    .for_each(|field| drop(fields.remove(*field)));
            }
            listed
        };
        paging.page("Statements", found.into_iter().map(tidy).collect())
    }

    fn lock_statements(&self) -> std::sync::MutexGuard<'_, Statements> {
        locked(&self.statements)
    }

    /// The statement with this id, and which part of it: batches number theirs `id:1`, `id:2`, …
    fn find(&self, StatementIdInput { id }: &StatementIdInput) -> ApiResult<(Arc<Shared>, Option<usize>)> {
        let (base, part) = match id.split_once(':') {
            // Zero is no part: what is not a number names nothing.
            Some((base, part)) => (base, Some(part.parse::<usize>().unwrap_or(0))),
            None => (id.as_str(), None),
        };
        let missing = || ApiError::invalid("ResourceNotFoundException", format!("Query does not exist: {id}"));
        let statement = self.lock_statements().known.get(base).cloned().ok_or_else(missing)?;
        match part {
            Some(part) if !statement.has_part(part) => Err(missing()),
            _ => Ok((statement, part)),
        }
    }
}

/// R21.
fn check_sizes(sqls: &[String], mode: Mode) -> ApiResult<()> {
    if mode != Mode::Single && !(1..=MAX_BATCH).contains(&sqls.len()) {
        let message = format!("Sqls must have between 1 and {MAX_BATCH} statements, found {}", sqls.len());
        return Err(invalid(message));
    }
    match sqls.iter().find(|sql| sql.len() > MAX_SQL_BYTES) {
        None => Ok(()),
        Some(long) => {
            Err(invalid(format!("the SQL statement has {} bytes, {MAX_SQL_BYTES} at most are allowed", long.len())))
        }
    }
}

/// R24: values only, none of them empty, each used by at least one statement.
fn parameters(given: Vec<ParameterInput>, sqls: &[String]) -> ApiResult<Parameters> {
    let mut found = Parameters::new();
    for ParameterInput { name, value } in given {
        if value.is_empty() {
            return Err(invalid(format!("the value of the parameter {name} must not be empty")));
        }
        if !sqls.iter().any(|sql| sql.contains(&format!(":{name}"))) {
            return Err(invalid(format!("Parameters list contains unused parameters. Unused parameters: [{name}]")));
        }
        if found.insert(name.clone(), Parameter::text(&value)).is_some() {
            return Err(invalid(format!("the parameter {name} is given twice")));
        }
    }
    Ok(found)
}

fn read<T: DeserializeOwned>(input: &Json) -> ApiResult<T> {
    json_input::read(input, "ValidationException")
}
