//! SQL over the Data API: run a statement, wait for it without ever losing it, read its rows.

mod wait;

use std::time::Duration;

use aws_sdk_redshiftdata::error::SdkError;
use aws_sdk_redshiftdata::types::Field;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::{Aws, failed};
use crate::error::{Error, FailureKind, Result};
use crate::event::Events;
use crate::interrupt;
use crate::retry::retry;
use crate::statement_process::StatementProcess;

/// How long a session lives on without a statement: if `load` is killed, its transaction is rolled back then.
pub const SESSION_SECONDS: i32 = 120;

/// A database of a cluster, and its admin.
#[derive(Debug, Clone)]
pub struct ClusterDatabase {
    pub cluster: String,
    pub database: String,
    pub admin: String,
}

/// A database of a cluster, as its admin.
#[derive(Clone)]
pub struct Warehouse {
    client: aws_sdk_redshiftdata::Client,
    place: ClusterDatabase,
    secret: Option<String>,
    deadline: Duration,
    events: Events,
}

/// A session of its own, whose statements run one after the other and may share a transaction.
pub struct Session {
    warehouse: Warehouse,
    id: String,
}

/// How a statement ended.
#[derive(Debug, Clone)]
pub struct Done {
    pub id: String,
    /// Rows returned, inserted, updated or deleted; a COPY is not counted (R25), nor is a batch.
    pub rows: i64,
    pub process: StatementProcess,
    session: Option<String>,
    has_rows: bool,
}

/// Messages of a COPY that may not assume its role, in two forms, or whose role may not read (R4).
const DENIALS: [&str; 3] =
    ["is not authorized to assume IAM Role", "Not authorized to get credentials of role", "Error AccessDenied"];

/// A statement that failed, in Redshift's words.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct StatementError {
    pub message: String,
    pub process: StatementProcess,
}

impl StatementError {
    /// True if it names a table that does not exist.
    pub fn is_absent_relation(&self) -> bool {
        self.message.contains("does not exist")
    }

    /// Redshift says "Divide by zero", and for decimals "division by zero".
    pub fn is_division_by_zero(&self) -> bool {
        let message = self.message.to_lowercase();
        message.contains("divide by zero") || message.contains("division by zero")
    }

    /// COPY may not take its role, or the role may not read what it names (R4).
    pub fn is_denied(&self) -> bool {
        DENIALS.iter().any(|words| self.message.contains(words))
    }
}

/// Rows as text: names of the columns, and a value or NULL for each.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub columns: Vec<String>,
    pub kinds: Vec<ColumnKind>,
    pub rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// The first value of the first row, where it is a number: the answer to a count.
    pub fn number(&self) -> Option<u64> {
        self.rows.first()?.first()?.as_ref()?.parse().ok()
    }
}

/// How the values of a column are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Number,
    Boolean,
    Text,
}

impl ColumnKind {
    fn from_type(type_name: &str) -> Self {
        match type_name {
            "bool" => Self::Boolean,
            "numeric" => Self::Number,
            name if name.starts_with("int") || name.starts_with("float") => Self::Number,
            _ => Self::Text,
        }
    }
}

/// The result of a statement, page by page.
pub struct Pages<'a> {
    client: &'a aws_sdk_redshiftdata::Client,
    id: &'a str,
    next: Next,
}

enum Next {
    First,
    Page(String),
    None,
}

impl Pages<'_> {
    /// The rows of all pages.
    async fn all(mut self) -> Result<Rows> {
        let mut read = self.next().await?.unwrap_or_default();
        while let Some(page) = self.next().await? {
            read.rows.extend(page.rows);
        }
        Ok(read)
    }

    /// `None` behind the last page, and where the statement answered no rows.
    pub async fn next(&mut self) -> Result<Option<Rows>> {
        let token = match std::mem::replace(&mut self.next, Next::None) {
            Next::First => None,
            Next::Page(token) => Some(token),
            Next::None => return Ok(None),
        };
        let call = self.client.get_statement_result().id(self.id).set_next_token(token).send();
        let page = async { call.await.map_err(|error| failed("read the result of a statement", &error)) };
        let page = interrupt::unless_asked(page).await?;
        let mut read = Rows::default();
        for column in page.column_metadata.iter().flatten() {
            let name = column.label.clone().or_else(|| column.name.clone());
            read.columns.push(name.unwrap_or_default());
            read.kinds.push(ColumnKind::from_type(column.type_name.as_deref().unwrap_or_default()));
        }
        read.rows = page.records.into_iter().map(|record| record.into_iter().map(text).collect()).collect();
        if let Some(token) = page.next_token {
            self.next = Next::Page(token);
        }
        Ok(Some(read))
    }
}

/// The effect of a signal on a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signals {
    Cancel,
    /// The statement may end, as a commit must.
    Ignore,
}

/// The connection that a statement runs on.
enum Connection<'a> {
    New { keep: bool },
    Session(&'a str),
}

impl Warehouse {
    pub fn new(aws: &Aws, place: ClusterDatabase, secret: Option<String>, deadline: Duration, events: &Events) -> Self {
        Self { client: aws.data.clone(), place, secret, deadline, events: events.clone() }
    }

    /// Runs one statement on a connection of its own.
    pub async fn run(&self, sql: &str) -> Result<std::result::Result<Done, StatementError>> {
        self.execute(sql, &Connection::New { keep: false }, Signals::Cancel).await
    }

    /// Runs statements as one transaction: all of them or none (R21: 40 at most).
    pub async fn run_all(&self, sqls: &[String]) -> Result<std::result::Result<Done, StatementError>> {
        let token = client_token();
        let submitted = self
            .submitted("submit statements to the Data API", Signals::Cancel, async || {
                let call = self.client.batch_execute_statement().cluster_identifier(&self.place.cluster);
                let call = call.database(&self.place.database).client_token(&token);
                let call = match &self.secret {
                    Some(secret) => call.secret_arn(secret),
                    None => call.db_user(&self.place.admin),
                };
                call.set_sqls(Some(sqls.to_vec())).send().await
            })
            .await?;
        self.ended(submitted.id.unwrap_or_default(), Signals::Cancel).await
    }

    /// R22: a statement that is one too many is submitted again, under the same token: it never runs twice (R23).
    /// The answer is not held back: a statement whose id is known can be cancelled.
    async fn submitted<T, E>(
        &self,
        doing: &str,
        signals: Signals,
        mut send: impl AsyncFnMut() -> std::result::Result<T, SdkError<E>>,
    ) -> Result<T>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        if signals == Signals::Cancel {
            interrupt::safe_point()?;
        }
        let attempt = async || send().await.map_err(|error| failed(doing, &error));
        retry(&self.events, doing, self.deadline, attempt).await.map_err(|error| match error.kind {
            FailureKind::Unreachable => error
                .hint("It may run all the same: `aws redshift-data list-statements --status STARTED` shows what does."),
            _ => error,
        })
    }

    /// A session that starts with this statement.
    pub async fn session(&self, sql: &str) -> Result<Session> {
        let begun = self.execute(sql, &Connection::New { keep: true }, Signals::Cancel).await?;
        let begun =
            begun.map_err(|error| Error::failed(format!("cannot start a session with `{sql}`")).because(error))?;
        let missing = || Error::failed("the Data API gave no session id");
        Ok(Session { id: begun.session.ok_or_else(missing)?, warehouse: self.clone() })
    }

    async fn execute(
        &self,
        sql: &str,
        on: &Connection<'_>,
        signals: Signals,
    ) -> Result<std::result::Result<Done, StatementError>> {
        let token = client_token();
        let submitted = self
            .submitted("submit a statement to the Data API", signals, async || {
                let call = self.client.execute_statement().sql(sql).client_token(&token);
                let call = match on {
                    Connection::Session(id) => call.session_id(*id),
                    Connection::New { keep } => {
                        let call = call.cluster_identifier(&self.place.cluster).database(&self.place.database);
                        let call = call.set_session_keep_alive_seconds(keep.then_some(SESSION_SECONDS));
                        // R20: the admin's secret where there is one, else the admin by name.
                        match &self.secret {
                            Some(secret) => call.secret_arn(secret),
                            None => call.db_user(&self.place.admin),
                        }
                    }
                };
                call.send().await
            })
            .await?;
        self.ended(submitted.id.unwrap_or_default(), signals).await
    }

    /// The result of a statement, page by page.
    pub fn pages<'a>(&'a self, done: &'a Done) -> Pages<'a> {
        let next = if done.has_rows { Next::First } else { Next::None };
        Pages { client: &self.client, id: &done.id, next }
    }

    /// All rows that a statement answered.
    pub async fn rows(&self, done: &Done) -> Result<Rows> {
        self.pages(done).all().await
    }

    /// The rows that the statement of this number, from 1, in a batch answered.
    pub async fn rows_of_statement(&self, batch: &Done, number: usize) -> Result<Rows> {
        let id = format!("{}:{number}", batch.id);
        Pages { client: &self.client, id: &id, next: Next::First }.all().await
    }

    /// Runs a query and reads its rows.
    pub async fn query(&self, sql: &str) -> Result<std::result::Result<Rows, StatementError>> {
        match self.run(sql).await? {
            Ok(done) => self.rows(&done).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl Session {
    pub async fn run(&self, sql: &str) -> Result<std::result::Result<Done, StatementError>> {
        self.warehouse.execute(sql, &Connection::Session(&self.id), Signals::Cancel).await
    }

    /// As `run`, and no signal cancels it: what ends a transaction is waited for.
    pub async fn to_the_end(&self, sql: &str) -> Result<std::result::Result<Done, StatementError>> {
        self.warehouse.execute(sql, &Connection::Session(&self.id), Signals::Ignore).await
    }

    /// Closes it: the Data API has no call for that, but keeps no session that is to live on for 0 seconds. Best effort:
    /// one that stays ends by itself.
    pub async fn close(self) {
        let call = self.warehouse.client.execute_statement().session_id(&self.id).session_keep_alive_seconds(0);
        let _ = interrupt::briefly(call.sql("select 1").wait_time_seconds(1).send()).await;
    }

    /// Ends the transaction that is open in it, and closes it: commits what has succeeded, and rolls back anything else.
    ///
    /// # Errors
    /// Those of `worked`; also where it is not known how the commit ended.
    pub async fn end_transaction<T>(
        self,
        worked: Result<std::result::Result<T, StatementError>>,
    ) -> Result<std::result::Result<T, StatementError>> {
        let value = match worked {
            Ok(Ok(value)) => value,
            // Nobody would answer. It ends by itself, and is rolled back.
            Err(error) if error.kind.is_cut_off() => return Err(error),
            failed => {
                self.roll_back().await;
                return failed;
            }
        };
        let done = self.to_the_end("commit").await?;
        self.close().await;
        Ok(done.map(|_| value))
    }

    /// Rolls back the transaction that is open in it, and closes it: whether it is rolled back now. Best effort: its end
    /// rolls back as well.
    pub async fn roll_back(self) -> bool {
        let is_done = self.to_the_end("rollback").await.is_ok();
        // After a signal the time that is left is for the lock: a session ends by itself.
        if is_done && interrupt::time_left().is_none() {
            self.close().await;
        }
        is_done
    }

    pub async fn query(&self, sql: &str) -> Result<std::result::Result<Rows, StatementError>> {
        match self.run(sql).await? {
            Ok(done) => self.warehouse.rows(&done).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }
}

/// R23: the same for every try of one submission, new for every submission.
fn client_token() -> String {
    format!("{:032x}", fastrand::u128(..))
}

fn text(field: Field) -> Option<String> {
    match field {
        Field::StringValue(text) => Some(text),
        Field::LongValue(number) => Some(number.to_string()),
        Field::DoubleValue(f64::INFINITY) => Some("Infinity".into()),
        Field::DoubleValue(f64::NEG_INFINITY) => Some("-Infinity".into()),
        Field::DoubleValue(number) => Some(number.to_string()),
        Field::BooleanValue(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_copy_is_known_by_each_of_its_forms() {
        let failed = |message: &str| StatementError { message: message.into(), process: StatementProcess::new(0, 0) };
        for message in [
            "ERROR: User arn:aws:redshift:us-west-2:123456789012:dbuser:c/u is not authorized to assume IAM Role arn",
            "exception name : UnauthorizedException, error type : 135, message: Not authorized to get credentials of role arn",
            "S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 1",
        ] {
            assert!(failed(message).is_denied(), "{message}");
        }
        assert!(!failed("permission denied for relation songs").is_denied());
    }
}
