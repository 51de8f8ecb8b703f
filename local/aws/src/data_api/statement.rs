//! A statement's life: submitted, started, finished or failed or aborted, and what it left.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use redshift_engine::sync::locked;
use redshift_engine::{Cancel, Parameters, StoredRows};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use super::mode::{Mode, ResultFormat};
use super::session::{Caller, Target};
use crate::account::{epoch_seconds, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::protocol::uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Submitted,
    Started,
    Finished,
    Failed,
    Aborted,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Started => "STARTED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Aborted => "ABORTED",
        }
    }

    pub fn is_final(self) -> bool {
        !matches!(self, Self::Submitted | Self::Started)
    }
}

/// One SQL text of a statement. Durations are nanoseconds (R25).
pub struct Part {
    pub sql: String,
    pub status: Status,
    pub error: Option<String>,
    pub duration: u64,
    pub query: i64,
    pub rows: Option<StoredRows>,
    /// Rows returned, or changed; -1 where neither is meant.
    pub count: i64,
}

pub struct Statement {
    id: String,
    name: Option<String>,
    caller: Caller,
    session_id: Option<String>,
    created: i64,
    updated: i64,
    pub status: Status,
    /// The process that it runs in; 0 before it has started.
    pub pid: i32,
    pub mode: Mode,
    pub parameters: Parameters,
    pub format: ResultFormat,
    pub parts: Vec<Part>,
}

/// R21: results are kept for a day.
const KEPT_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A statement that its runner changes while others look at it or wait for its end.
pub struct Shared {
    statement: Mutex<Statement>,
    /// Wakes those who wait for its end: a small thing, for thousands are remembered.
    ended: Notify,
    /// Set while it runs.
    cancel: Mutex<Option<Cancel>>,
}

impl Statement {
    pub fn new(
        target: &Target,
        sqls: Vec<String>,
        mode: Mode,
        parameters: Parameters,
        format: ResultFormat,
        name: Option<String>,
    ) -> Self {
        let part =
            |sql| Part { sql, status: Status::Submitted, error: None, duration: 0, query: 0, rows: None, count: 0 };
        Self {
            id: uuid(),
            name,
            caller: target.caller.clone(),
            session_id: target.session_id.clone(),
            created: now_millis(),
            updated: now_millis(),
            status: Status::Submitted,
            pid: 0,
            mode,
            parameters,
            format,
            parts: sqls.into_iter().map(part).collect(),
        }
    }
}

impl Statement {
    /// Ends it with what went wrong, in the part that was under way.
    pub fn fail(&mut self, error: String) {
        self.status = Status::Failed;
        for part in self.parts.iter_mut().filter(|part| !part.status.is_final()) {
            part.status = Status::Aborted;
        }
        if let Some(part) = self.parts.iter_mut().find(|part| part.status == Status::Aborted) {
            part.status = Status::Failed;
            part.error = Some(error);
        }
    }

    fn is_batch(&self) -> bool {
        self.mode != Mode::Single
    }

    /// What every answer about it tells.
    fn tell(&self, answer: &mut Json) {
        self.caller.tell(answer);
        if let Some(session) = &self.session_id {
            answer["SessionId"] = json!(session);
        }
    }

    fn query_parameters(&self) -> Vec<Json> {
        let parameter = |(name, parameter): (&String, &redshift_engine::Parameter)| json!({ "name": name, "value": parameter.value });
        self.parameters.iter().map(parameter).collect()
    }
}

impl Shared {
    pub fn new(statement: Statement) -> Self {
        Self { statement: Mutex::new(statement), ended: Notify::new(), cancel: Mutex::new(None) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Statement> {
        locked(&self.statement)
    }

    pub fn id(&self) -> String {
        self.lock().id.clone()
    }

    pub fn has_part(&self, number: usize) -> bool {
        let statement = self.lock();
        statement.is_batch() && (1..=statement.parts.len()).contains(&number)
    }

    pub fn change(&self, change: impl FnOnce(&mut Statement)) {
        let ended = {
            let mut statement = self.lock();
            change(&mut statement);
            statement.updated = now_millis();
            statement.status.is_final()
        };
        if ended {
            self.ended.notify_waiters();
        }
    }

    /// Returns when the statement has ended, or after this time.
    pub async fn wait(&self, longest: Duration) {
        let mut ended = pin!(self.ended.notified());
        // Before the look at the status, so that no end falls between.
        ended.as_mut().enable();
        if self.is_active() && !longest.is_zero() {
            let _ = tokio::time::timeout(longest, ended).await;
        }
    }

    pub fn allow_cancel(&self, cancel: Option<Cancel>) {
        *locked(&self.cancel) = cancel;
    }

    /// Asks a statement to end; one that waits for its turn ends at once.
    pub fn cancel(&self) -> ApiResult<()> {
        let status = self.lock().status;
        if status.is_final() {
            let message = format!("Could not cancel a query that is already in {} state", status.name());
            return Err(ApiError::invalid("ValidationException", message));
        }
        if !self.interrupt() {
            self.change(|statement| {
                if statement.status == Status::Submitted {
                    statement.status = Status::Aborted;
                }
            });
        }
        Ok(())
    }

    /// Interrupts what runs; `false` when nothing does. The lock is held meanwhile, so that no interrupt meets the
    /// statement that comes next in the session.
    pub fn interrupt(&self) -> bool {
        let cancel = locked(&self.cancel);
        cancel.as_ref().map(Cancel::cancel).is_some()
    }

    /// The answer to Execute and BatchExecute.
    pub fn submitted(&self) -> Json {
        let statement = self.lock();
        let mut answer = json!({
            "Id": statement.id, "CreatedAt": epoch_seconds(statement.created), "Status": statement.status.name(),
        });
        statement.tell(&mut answer);
        answer
    }

    pub fn is_active(&self) -> bool {
        !self.lock().status.is_final()
    }

    /// Returns true if it ended so long ago that nobody may ask for it any more.
    pub fn is_forgotten(&self) -> bool {
        let statement = self.lock();
        statement.status.is_final() && now_millis() - statement.updated > KEPT_MILLIS
    }

    /// When it was submitted, and its entry in ListStatements.
    pub fn listed(&self) -> (i64, Json) {
        let statement = self.lock();
        let texts: Vec<&str> = statement.parts.iter().map(|part| part.sql.as_str()).collect();
        let mut answer = json!({
            "Id": statement.id, "Status": statement.status.name(), "CreatedAt": epoch_seconds(statement.created),
            "UpdatedAt": epoch_seconds(statement.updated), "IsBatchStatement": statement.is_batch(),
            "ResultFormat": statement.format.name(),
        });
        match statement.is_batch() {
            true => answer["QueryStrings"] = json!(texts),
            false => answer["QueryString"] = json!(texts.first()),
        }
        if let Some(name) = &statement.name {
            answer["StatementName"] = json!(name);
        }
        if !statement.parameters.is_empty() {
            answer["QueryParameters"] = json!(statement.query_parameters());
        }
        statement.tell(&mut answer);
        (statement.created, answer)
    }

    /// The answer to DescribeStatement, for the whole or for one part of a batch.
    pub fn describe(&self, part: Option<usize>) -> Json {
        let statement = self.lock();
        if let Some(part) =
            part.and_then(|number| statement.parts.get(number.checked_sub(1)?).map(|part| (number, part)))
        {
            return describe_part(&statement, part.0, part.1);
        }
        let failed = statement.parts.iter().find(|part| part.error.is_some());
        let last = statement.parts.last();
        let is_finished = statement.status == Status::Finished;
        let duration = if is_finished { signed(statement.parts.iter().map(|part| part.duration).sum()) } else { -1 };
        // Seen of batches, and of statements that run, failed or were cancelled (R39): no query, and -1 for what is
        // counted.
        let whole = last.filter(|_| is_finished && !statement.is_batch());
        let mut answer = json!({
            "Id": statement.id, "CreatedAt": epoch_seconds(statement.created), "UpdatedAt": epoch_seconds(statement.updated),
            "Status": statement.status.name(), "Duration": duration,
            "RedshiftPid": statement.pid,
            "ResultSize": whole.map_or(-1, |part| signed(part.result_bytes())), "ResultFormat": statement.format.name(),
            "HasResultSet": statement.parts.iter().any(|part| part.rows.is_some()),
            "ResultRows": whole.map_or(-1, |part| part.count),
            "RedshiftQueryId": whole.map_or(0, |part| part.query),
        });
        if let Some(error) = failed.and_then(|part| part.error.as_ref()) {
            answer["Error"] = json!(error);
        }
        statement.tell(&mut answer);
        if !statement.parameters.is_empty() {
            answer["QueryParameters"] = json!(statement.query_parameters());
        }
        match statement.is_batch() {
            true => {
                let parts = statement.parts.iter().enumerate();
                answer["SubStatements"] = parts.map(|(at, part)| describe_part(&statement, at + 1, part)).collect();
            }
            false => answer["QueryString"] = json!(last.map_or("", |part| part.sql.as_str())),
        }
        answer
    }
}

fn describe_part(statement: &Statement, number: usize, part: &Part) -> Json {
    let finished = Some(part).filter(|part| part.status == Status::Finished);
    let mut answer = json!({
        "Id": format!("{}:{number}", statement.id), "QueryString": part.sql, "Status": part.status.name(),
        "Duration": finished.map_or(-1, |part| signed(part.duration)),
        "ResultRows": finished.map_or(-1, |part| part.count),
        "ResultSize": finished.map_or(-1, |part| signed(part.result_bytes())),
        "RedshiftQueryId": finished.map_or(0, |part| part.query),
        "HasResultSet": part.rows.is_some(),
        "CreatedAt": epoch_seconds(statement.created), "UpdatedAt": epoch_seconds(statement.updated),
    });
    if let Some(error) = &part.error {
        answer["Error"] = json!(error);
    }
    answer
}

impl Part {
    /// Bytes of the rows, roughly as they are sent.
    fn result_bytes(&self) -> u64 {
        self.rows.as_ref().map_or(0, StoredRows::bytes)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
