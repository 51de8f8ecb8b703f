//! Opens what a statement runs on: a warehouse, or a session that was kept (R20).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redshift_engine::sync::locked;
use redshift_engine::{Access, Engine, Place};
use serde_json::Value as Json;
use tokio::time::Instant;

use super::DataApi;
use super::error::{invalid, refused};
use super::input::{ConnectionInput, ListInput, SessionFilter, SessionInput};
use super::session::{Caller, Kept, Sessions, Target, shared};
use crate::account::now_millis;
use crate::error::{ApiError, ApiResult};
use crate::protocol::uuid;

/// A session may be kept for a day.
const MOST_KEPT_SECONDS: u64 = 24 * 60 * 60;
/// Sessions of one warehouse (R21).
const MOST_SESSIONS: usize = 500;

impl DataApi {
    /// R20: a session that was kept, or a warehouse with a database and an identity.
    pub(super) fn target(&self, (connection, session): (ConnectionInput, SessionInput)) -> ApiResult<Target> {
        if let Some(id) = &session.session_id {
            return match connection.first_given() {
                Some(other) => Err(invalid(format!("{other} can't be given together with SessionId"))),
                None => self.kept_session(id, session.keep_alive()),
            };
        }
        let caller = Self::caller(connection)?;
        let place = self.place(&caller)?;
        let (engine, access) = (self.engine(&caller, &place)?, self.access(&place));
        let user = self.user(&caller, &place)?;
        let opened = shared(engine.session(&user).map_err(refused)?);
        let mut target = Target { place, access, caller, session: opened, session_id: None, engine };
        if let Some(seconds) = session.keep_alive().filter(|seconds| *seconds > 0) {
            target.session_id = Some(self.keep_session(&target, seconds)?);
        }
        Ok(target)
    }

    fn caller(connection: ConnectionInput) -> ApiResult<Caller> {
        let (cluster, workgroup) = (connection.cluster_identifier, connection.workgroup_name);
        match (&cluster, &workgroup) {
            (Some(_), Some(_)) => return Err(invalid("ClusterIdentifier and WorkgroupName can't be given together")),
            (None, None) => return Err(invalid("Either ClusterIdentifier, WorkgroupName or SessionId must be given")),
            _ => {}
        }
        let (user, secret) = (connection.db_user, connection.secret_arn);
        if user.is_some() && secret.is_some() {
            return Err(invalid("DbUser and SecretArn can't be used together"));
        }
        if user.is_some() && workgroup.is_some() {
            return Err(invalid("DbUser can't be used with WorkgroupName: the user follows from the IAM identity"));
        }
        // A workgroup is named by its ARN as well.
        let workgroup = workgroup.map(|name| name.rsplit('/').next().unwrap_or(&name).to_owned());
        let database = connection.database.ok_or_else(|| invalid("Database must be given"))?;
        Ok(Caller { cluster, workgroup, database, user, secret })
    }

    /// The warehouse that a caller means, when it takes statements and the caller may be let in.
    fn place(&self, caller: &Caller) -> ApiResult<Place> {
        match (&caller.cluster, &caller.workgroup) {
            (Some(cluster), _) => self.redshift.place(cluster),
            (None, workgroup) => self.serverless.place(workgroup.as_deref().unwrap_or_default()),
        }
    }

    /// As whom the statements run: the one whom the secret names and the warehouse lets in, else the caller's.
    fn user(&self, caller: &Caller, place: &Place) -> ApiResult<String> {
        let Some(secret) = &caller.secret else {
            return Ok(caller.user.clone().unwrap_or_else(|| place.admin.clone()));
        };
        let missing = || {
            invalid(format!(
                "Secrets Manager can't find the specified secret, or what it holds is no user and password: {secret}"
            ))
        };
        let login = self.redshift.secrets.login(secret)?.ok_or_else(missing)?;
        match self.redshift.logins.check(place, &login.user, &login.password)? {
            true => Ok(login.user),
            false => Err(invalid(format!("FATAL: password authentication failed for user \"{}\"", login.user))),
        }
    }

    fn engine(&self, caller: &Caller, place: &Place) -> ApiResult<Arc<Engine>> {
        let database = &caller.database;
        if !self.redshift.warehouses.has(place, database) {
            return Err(invalid(format!("FATAL: database \"{database}\" does not exist")));
        }
        self.redshift.warehouses.engine(&place.id, database, place.slices).map_err(refused)
    }

    fn access(&self, place: &Place) -> Access {
        Access::new(place.clone(), Arc::new(self.buckets.clone()))
    }

    fn lock_sessions(&self) -> std::sync::MutexGuard<'_, Sessions> {
        let mut sessions = locked(&self.sessions);
        sessions.retain(|_, kept| !kept.has_expired());
        sessions
    }

    fn keep_session(&self, target: &Target, seconds: u64) -> ApiResult<String> {
        let kept = Kept {
            caller: target.caller.clone(),
            engine: target.engine.clone(),
            keep: Mutex::new(keep_alive(seconds)?),
            created: now_millis(),
            last_used: Mutex::new((Instant::now(), now_millis())),
            statement: Mutex::default(),
            session: target.session.clone(),
        };
        let id = uuid();
        let mut sessions = self.lock_sessions();
        if sessions.len() >= MOST_SESSIONS {
            let message = format!("there are {MOST_SESSIONS} sessions already");
            return Err(ApiError::invalid("ActiveSessionsExceededException", message));
        }
        sessions.insert(id.clone(), Arc::new(kept));
        Ok(id)
    }

    fn kept_session(&self, id: &str, keep: Option<u64>) -> ApiResult<Target> {
        let missing = || invalid(format!("Session {id} does not exist or has expired."));
        let kept = self.lock_sessions().get(id).cloned().ok_or_else(missing)?;
        *locked(&kept.last_used) = (Instant::now(), now_millis());
        if let Some(seconds) = keep {
            *locked(&kept.keep) = keep_alive(seconds)?;
        }
        let place = self.place(&kept.caller)?;
        Ok(Target {
            access: self.access(&place),
            place,
            caller: kept.caller.clone(),
            session: kept.session.clone(),
            session_id: Some(id.to_owned()),
            engine: kept.engine.clone(),
        })
    }

    /// Which statement a session is busy with.
    pub(super) fn note_statement(&self, session: &str, statement: &str) {
        if let Some(kept) = locked(&self.sessions).get(session) {
            *locked(&kept.statement) = Some(statement.to_owned());
        }
    }

    pub(super) fn list_sessions(&self, ((connection, paging), filter): (ListInput, SessionFilter)) -> ApiResult<Json> {
        let mut found: Vec<Json> = self.lock_sessions().iter().map(|(id, kept)| kept.describe(id)).collect();
        let wanted = [
            ("SessionId", filter.session_id),
            ("Status", filter.status),
            ("ClusterIdentifier", connection.cluster_identifier),
            ("WorkgroupName", connection.workgroup_name),
            ("Database", connection.database),
        ];
        for (name, wanted) in wanted {
            if let Some(wanted) = wanted.filter(|wanted| wanted != "ALL") {
                found.retain(|session| session[name] == wanted);
            }
        }
        paging.page("Sessions", found)
    }
}

fn keep_alive(seconds: u64) -> ApiResult<Duration> {
    match seconds {
        0..=MOST_KEPT_SECONDS => Ok(Duration::from_secs(seconds)),
        _ => Err(invalid(format!("SessionKeepAliveSeconds must be at most {MOST_KEPT_SECONDS}"))),
    }
}
