//! The inputs of the operations, with the names and the types of the API model. Members that operations have in common are
//! a structure of their own.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::error::invalid;
use super::mode::Mode;
use crate::error::ApiResult;

/// A page of a list holds at most so many.
const MOST: usize = 1000;

/// Which warehouse and database, and as whom (R20).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConnectionInput {
    pub cluster_identifier: Option<String>,
    pub workgroup_name: Option<String>,
    pub database: Option<String>,
    pub db_user: Option<String>,
    pub secret_arn: Option<String>,
}

impl ConnectionInput {
    /// The name of the first member that is given.
    pub fn first_given(&self) -> Option<&'static str> {
        let members = [
            ("ClusterIdentifier", &self.cluster_identifier),
            ("WorkgroupName", &self.workgroup_name),
            ("Database", &self.database),
            ("DbUser", &self.db_user),
            ("SecretArn", &self.secret_arn),
        ];
        members.into_iter().find(|(_, value)| value.is_some()).map(|(name, _)| name)
    }
}

/// The session that a statement runs in, and for how long it is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionInput {
    pub session_id: Option<String>,
    session_keep_alive_seconds: Option<i32>,
}

impl SessionInput {
    /// Seconds; `None` where the call does not change them.
    pub fn keep_alive(&self) -> Option<u64> {
        self.session_keep_alive_seconds.and_then(|seconds| u64::try_from(seconds).ok())
    }
}

/// What ExecuteStatement and BatchExecuteStatement have in common.
pub type SubmissionInput = (ConnectionInput, SessionInput, StatementInput, WaitInput);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatementInput {
    pub client_token: Option<String>,
    #[serde(default)]
    pub parameters: Vec<ParameterInput>,
    pub result_format: Option<String>,
    pub statement_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct ParameterInput {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WaitInput {
    wait_time_seconds: Option<i32>,
}

impl WaitInput {
    /// Finding 1: 1 to 30 seconds of long polling, where the caller asks for it.
    pub fn time(&self) -> Duration {
        let seconds = self.wait_time_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Duration::from_secs(seconds.unwrap_or(0).min(30))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SqlInput {
    pub sql: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchInput {
    #[serde(default)]
    pub sqls: Vec<String>,
    execution_mode: Option<String>,
}

impl BatchInput {
    pub fn mode(&self) -> ApiResult<Mode> {
        match self.execution_mode.as_deref() {
            None | Some("TRANSACTION") => Ok(Mode::Transaction),
            Some("AUTO_COMMIT") => Ok(Mode::AutoCommit),
            Some(mode) => Err(invalid(format!("ExecutionMode must be TRANSACTION or AUTO_COMMIT, not {mode}"))),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatementIdInput {
    pub id: String,
}

/// Where a page of rows begins.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RowsInput {
    pub next_token: Option<String>,
}

/// A page of a list, of what a connection leads to.
pub type ListInput = (ConnectionInput, PageInput);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PageInput {
    max_results: Option<i32>,
    next_token: Option<String>,
    #[expect(dead_code, reason = "there is one caller")]
    role_level: Option<bool>,
    #[expect(dead_code, reason = "there is one database to connect to")]
    connected_database: Option<String>,
}

impl PageInput {
    /// As many as were asked for, from where the page before ended.
    pub fn page(&self, name: &str, all: Vec<Json>) -> ApiResult<Json> {
        let most = usize::try_from(self.max_results.unwrap_or(0)).unwrap_or(0);
        let most = if most == 0 { MOST } else { most.min(MOST) };
        let start: usize = match &self.next_token {
            Some(token) => token.parse().map_err(|_| invalid("NextToken is not valid"))?,
            None => 0,
        };
        let end = all.len().min(start.saturating_add(most));
        let mut answer = json!({ name: all.get(start..end).unwrap_or_default() });
        if end < all.len() {
            answer["NextToken"] = json!(end.to_string());
        }
        Ok(answer)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatementFilter {
    pub statement_name: Option<String>,
    pub status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionFilter {
    pub session_id: Option<String>,
    pub status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SchemaFilter {
    pub schema_pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableFilter {
    pub table_pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableInput {
    pub schema: Option<String>,
    pub table: String,
}
