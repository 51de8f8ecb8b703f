//! Where a statement runs: a cluster, a workgroup, or a session that was kept (R20).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redshift_engine::sync::locked;
use redshift_engine::{Access, Engine, Place, Session};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::account::epoch_seconds;

/// What the caller said of itself, for those who ask about the statement.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    pub cluster: Option<String>,
    pub workgroup: Option<String>,
    pub database: String,
    pub user: Option<String>,
    pub secret: Option<String>,
}

impl Caller {
    /// Adds what is known to an answer.
    pub fn tell(&self, answer: &mut Json) {
        answer["Database"] = json!(self.database);
        let fields = [
            ("ClusterIdentifier", &self.cluster),
            ("WorkgroupName", &self.workgroup),
            ("DbUser", &self.user),
            ("SecretArn", &self.secret),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                answer[name] = json!(value);
            }
        }
    }
}

/// A session that statements wait for without holding a thread.
pub type SharedSession = Arc<tokio::sync::Mutex<Session>>;

pub struct Target {
    pub place: Place,
    pub access: Access,
    pub caller: Caller,
    pub session: SharedSession,
    pub session_id: Option<String>,
    pub engine: Arc<Engine>,
}

impl Target {
    pub fn query(&self) -> i64 {
        self.engine.next_query()
    }
}

/// A session that outlives its statement, until nothing has used it for so long.
pub struct Kept {
    pub caller: Caller,
    pub engine: Arc<Engine>,
    pub keep: Mutex<Duration>,
    pub created: i64,
    pub last_used: Mutex<(Instant, i64)>,
    pub statement: Mutex<Option<String>>,
    pub session: SharedSession,
}

impl Kept {
    pub fn has_expired(&self) -> bool {
        let (last, _) = *locked(&self.last_used);
        last.elapsed() > *locked(&self.keep) && self.session.try_lock().is_ok()
    }

    pub fn describe(&self, id: &str) -> Json {
        let status = if self.session.try_lock().is_ok() { "AVAILABLE" } else { "BUSY" };
        let (keep, (_, used)) = (locked(&self.keep).as_secs(), *locked(&self.last_used));
        let mut answer = json!({
            "SessionId": id, "Status": status, "CreatedAt": epoch_seconds(self.created), "UpdatedAt": epoch_seconds(used),
            "SessionAliveSeconds": keep, "SessionTtl": epoch_seconds(used + i64::try_from(keep * 1000).unwrap_or(i64::MAX)),
        });
        self.caller.tell(&mut answer);
        answer.as_object_mut().map(|fields| fields.remove("SecretArn"));
        if let (Some(statement), "BUSY") = (&*locked(&self.statement), status) {
            answer["CurrentStatementId"] = json!(statement);
        }
        answer
    }
}

pub type Sessions = HashMap<String, Arc<Kept>>;
