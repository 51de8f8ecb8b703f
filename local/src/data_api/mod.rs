//! The Redshift Data API: statements that are submitted, run on their own, and are asked about.

mod run;
mod statement;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::error::{ApiError, ApiResult};
use crate::protocol::{Request, Response, json, uuid};
use crate::redshift::{Cluster, Redshift};
use crate::s3::Buckets;
use crate::sync::locked;
use crate::warehouse::copy::Access;
use crate::warehouse::{Engine, Session};
use statement::{Shared, Statement};

/// R21: bytes of one statement's text, and statements of one batch.
const MAX_SQL_BYTES: usize = 100 << 10;
const MAX_BATCH: usize = 40;
/// Between two interrupts of a statement that is being cancelled.
const INTERRUPT_AGAIN: Duration = Duration::from_millis(10);
/// Rows of one page of a result.
const PAGE_ROWS: usize = 1000;

#[derive(Clone)]
pub struct DataApi {
    redshift: Redshift,
    buckets: Buckets,
    statements: Arc<Mutex<HashMap<String, Arc<Shared>>>>,
    sessions: Arc<Mutex<HashMap<String, Arc<Kept>>>>,
    /// ClientToken → statement id (R23).
    tokens: Arc<Mutex<HashMap<String, String>>>,
}

/// A session that outlives its statement, until nothing has used it for so long.
struct Kept {
    cluster: String,
    database: String,
    engine: Arc<Engine>,
    keep: Duration,
    last_used: Mutex<std::time::Instant>,
    session: Arc<Mutex<Session>>,
}

/// Where a statement runs.
struct Target {
    access: Access,
    database: String,
    session: Arc<Mutex<Session>>,
    session_id: Option<String>,
    engine: Arc<Engine>,
}

impl Target {
    fn query(&self) -> i64 {
        self.engine.next_query()
    }
}

impl DataApi {
    pub fn new(redshift: Redshift, buckets: Buckets) -> Self {
        Self { redshift, buckets, statements: Arc::default(), sessions: Arc::default(), tokens: Arc::default() }
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
                let sql = required(input, "Sql")?;
                self.submit(input, vec![sql.to_owned()], false).await
            }
            "BatchExecuteStatement" => {
                let listed = input["Sqls"].as_array().cloned().unwrap_or_default();
                let sqls: Vec<String> = listed.iter().filter_map(Json::as_str).map(str::to_owned).collect();
                if sqls.is_empty() || sqls.len() > MAX_BATCH {
                    return Err(invalid(format!(
                        "Sqls must have between 1 and {MAX_BATCH} statements, found {}",
                        sqls.len()
                    )));
                }
                match input["ExecutionMode"].as_str() {
                    None | Some("TRANSACTION") => self.submit(input, sqls, true).await,
                    Some(mode) => Err(invalid(format!("the local Data API does not know the execution mode {mode}"))),
                }
            }
            "DescribeStatement" => {
                let (statement, part) = self.find(input)?;
                statement.wait(wait_time(input)).await;
                Ok(statement.describe(part))
            }
            "GetStatementResult" => {
                let (statement, part) = self.find(input)?;
                statement.wait(wait_time(input)).await;
                statement.page(part, input["NextToken"].as_str(), PAGE_ROWS)
            }
            "CancelStatement" => {
                let (statement, _) = self.find(input)?;
                statement.cancel()?;
                // An interrupt that comes before DuckDB has begun is lost: it is repeated until the statement has ended.
                tokio::spawn(async move {
                    while statement.interrupt() {
                        tokio::time::sleep(INTERRUPT_AGAIN).await;
                    }
                });
                Ok(json!({ "Status": true }))
            }
            other => Err(ApiError::unknown_operation("Redshift Data API", other)),
        }
    }

    async fn submit(&self, input: &Json, sqls: Vec<String>, batch: bool) -> ApiResult<Json> {
        if let Some(long) = sqls.iter().find(|sql| sql.len() > MAX_SQL_BYTES) {
            return Err(invalid(format!(
                "the SQL statement has {} bytes, {MAX_SQL_BYTES} at most are allowed",
                long.len()
            )));
        }
        if !input["Parameters"].is_null() {
            return Err(invalid("the local Data API does not take Parameters"));
        }
        if let Some(statement) = self.submitted_before(input) {
            return Ok(statement.submitted());
        }
        let target = self.target(input)?;
        let statement = Arc::new(Shared::new(Statement::new(&target, sqls, batch)));
        self.lock_statements().insert(statement.id(), statement.clone());
        if let Some(token) = input["ClientToken"].as_str() {
            let mut tokens = locked(&self.tokens);
            tokens.insert(token.to_owned(), statement.id());
        }
        run::start(statement.clone(), target);
        statement.wait(wait_time(input)).await;
        Ok(statement.submitted())
    }

    fn submitted_before(&self, input: &Json) -> Option<Arc<Shared>> {
        let token = input["ClientToken"].as_str()?;
        let id = locked(&self.tokens).get(token).cloned()?;
        self.lock_statements().get(&id).cloned()
    }

    fn lock_statements(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Shared>>> {
        locked(&self.statements)
    }

    /// The statement with this id, and which part of it: batches number theirs `id:1`, `id:2`, …
    fn find(&self, input: &Json) -> ApiResult<(Arc<Shared>, Option<usize>)> {
        let id = required(input, "Id")?;
        let (base, part) = match id.split_once(':') {
            // Zero is no part: what is not a number names nothing.
            Some((base, part)) => (base, Some(part.parse::<usize>().unwrap_or(0))),
            None => (id, None),
        };
        let missing = || ApiError::invalid("ResourceNotFoundException", format!("Query does not exist: {id}"));
        let statement = self.lock_statements().get(base).cloned().ok_or_else(missing)?;
        match part {
            Some(part) if !statement.has_part(part) => Err(missing()),
            _ => Ok((statement, part)),
        }
    }

    /// R20: a session that was kept, or a cluster with a database and an identity.
    fn target(&self, input: &Json) -> ApiResult<Target> {
        if let Some(id) = input["SessionId"].as_str() {
            return self.kept_session(id);
        }
        if !input["WorkgroupName"].is_null() {
            return Err(invalid("the local Data API knows clusters, not workgroups"));
        }
        let id = required(input, "ClusterIdentifier")?;
        let database = required(input, "Database")?.to_owned();
        let cluster = self.ready_cluster(id)?;
        match (input["SecretArn"].as_str(), input["DbUser"].as_str()) {
            (Some(_), Some(_)) => return Err(invalid("DbUser and SecretArn can't be used together")),
            (Some(secret), None) if !self.redshift.secrets.exists(secret)? => {
                return Err(invalid(format!("Secrets Manager can't find the specified secret: {secret}")));
            }
            _ => {}
        }
        let user = input["DbUser"].as_str().unwrap_or(&cluster.admin).to_owned();
        let refused = |error: crate::warehouse::SqlError| ApiError::invalid("ValidationException", error.to_string());
        if database != cluster.database {
            return Err(invalid(format!("FATAL: database \"{database}\" does not exist")));
        }
        let engine = self.redshift.warehouses.engine(&cluster.id, &database, cluster.slices()).map_err(refused)?;
        let session = Arc::new(Mutex::new(engine.session(&user).map_err(refused)?));
        let session_id = match input["SessionKeepAliveSeconds"].as_u64().filter(|seconds| *seconds > 0) {
            Some(seconds) => {
                let kept = Kept {
                    cluster: cluster.id.clone(),
                    database: database.clone(),
                    engine: engine.clone(),
                    keep: Duration::from_secs(seconds),
                    last_used: Mutex::new(std::time::Instant::now()),
                    session: session.clone(),
                };
                Some(self.keep_session(kept))
            }
            None => None,
        };
        Ok(Target { access: self.access(cluster), database, session, session_id, engine })
    }

    fn access(&self, cluster: Cluster) -> Access {
        Access {
            buckets: self.buckets.clone(),
            account: self.redshift.account.clone(),
            cluster: cluster.id,
            admin: cluster.admin,
            default_role: cluster.default_role,
            roles: cluster.roles.into_keys().collect(),
        }
    }

    fn ready_cluster(&self, id: &str) -> ApiResult<Cluster> {
        let cluster = self
            .redshift
            .cluster(id)
            .map_err(|_| invalid(format!("Redshift endpoint doesn't exist in this region: {id}")))?;
        match cluster.status(crate::account::now_millis()) {
            "available" => Ok(cluster),
            status => Err(invalid(format!("Redshift cluster {id} is not available: {status}"))),
        }
    }

    fn keep_session(&self, kept: Kept) -> String {
        let id = uuid();
        let mut sessions = locked(&self.sessions);
        sessions.retain(|_, kept| !kept.has_expired());
        sessions.insert(id.clone(), Arc::new(kept));
        id
    }

    fn kept_session(&self, id: &str) -> ApiResult<Target> {
        let missing =
            || ApiError::invalid("ValidationException", format!("Session {id} does not exist or has expired."));
        let kept = {
            let mut sessions = locked(&self.sessions);
            sessions.retain(|_, kept| !kept.has_expired());
            sessions.get(id).cloned().ok_or_else(missing)?
        };
        *locked(&kept.last_used) = std::time::Instant::now();
        let cluster = self.ready_cluster(&kept.cluster)?;
        Ok(Target {
            access: self.access(cluster),
            database: kept.database.clone(),
            session: kept.session.clone(),
            session_id: Some(id.to_owned()),
            engine: kept.engine.clone(),
        })
    }
}

impl Kept {
    fn has_expired(&self) -> bool {
        let last = *locked(&self.last_used);
        last.elapsed() > self.keep && self.session.try_lock().is_ok()
    }
}

fn required<'a>(input: &'a Json, name: &str) -> ApiResult<&'a str> {
    input[name].as_str().ok_or_else(|| invalid(format!("{name} must be given")))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid("ValidationException", message)
}

/// Finding 1: 1 to 30 seconds of long polling, where the caller asks for it.
fn wait_time(input: &Json) -> Duration {
    Duration::from_secs(input["WaitTimeSeconds"].as_u64().unwrap_or(0).min(30))
}
