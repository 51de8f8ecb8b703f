//! Where a statement runs: a cluster, a workgroup, or a session that was kept (R20).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use redshift_engine::sync::locked;
use redshift_engine::{Access, Ending, Engine, Place, Session, statement_threads};
use serde_json::{Value as Json, json};
use tokio::runtime::Handle;
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

/// A session that another one can end: what it has open is rolled back then.
pub fn shared(session: Session) -> SharedSession {
    let runtime = Handle::current();
    Arc::new_cyclic(|itself: &Weak<tokio::sync::Mutex<Session>>| {
        let itself = itself.clone();
        session.on_ending(move |ending| {
            if let (Ending::Session, Some(session)) = (ending, itself.upgrade()) {
                runtime.spawn(async move {
                    let mut session = session.lock_owned().await;
                    let _ = statement_threads::run(move || session.end_terminated()).await;
                });
            }
        });
        tokio::sync::Mutex::new(session)
    })
}

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

#[cfg(test)]
mod tests {
    use redshift_engine::{DirectoryStorage, MemoryLimit};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_session_that_is_terminated_is_rolled_back_though_nothing_runs_in_it() {
        let directory = tempfile::tempdir().expect("directory");
        let place = Place::new("one", "dwh", "admin");
        let engine = Engine::open(directory.path(), "dwh", place.slices, MemoryLimit::default()).expect("engine");
        let access = Access::new(place, Arc::new(DirectoryStorage::new(directory.path())));
        let [one, mut two] = [(); 2].map(|()| engine.session("admin").expect("session"));
        let (pid, one) = (one.pid(), shared(one));
        for sql in ["create table t (a int)", "begin", "insert into t values (1)"] {
            one.lock().await.run(sql, &access, engine.next_query()).expect(sql);
        }
        let end = format!("select pg_terminate_backend({pid})");
        for sql in [end.as_str(), "insert into t values (2)"] {
            two.run(sql, &access, engine.next_query()).expect(sql);
        }
        let refused = one.lock().await.run("commit", &access, engine.next_query()).expect_err("it has ended");
        assert_eq!(refused.sqlstate, "57P01");
    }
}
