//! Roles that callers have taken on: temporary keys, in memory, which end with the server if not before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::account::{Account, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::iam::{Identity, Role, owner_arn};
use crate::protocol::random_word;
use crate::sync::locked;
use crate::{ACCESS_KEY, SECRET_KEY};

/// How temporary keys begin.
const TEMPORARY: &str = "ASIA";

#[derive(Clone)]
pub struct Sessions {
    account: Account,
    /// Whoever comes with any other key.
    pub owner: Arc<Caller>,
    open: Arc<Mutex<HashMap<String, Session>>>,
}

/// A role that somebody has taken on.
#[derive(Debug, Clone)]
pub struct Session {
    pub key: String,
    pub secret: String,
    pub token: String,
    /// Milliseconds since the epoch.
    pub ends: i64,
    pub caller: Arc<Caller>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    pub arn: String,
    pub user_id: String,
    pub identity: Arc<Identity>,
    /// Of a role that was taken on: its rights are looked at.
    pub is_session: bool,
}

impl Sessions {
    pub fn new(account: Account) -> Self {
        let owner = Caller {
            arn: owner_arn(&account.id),
            user_id: "AIDALOCALSTANDIN00000".into(),
            identity: Arc::new(Identity::owner(&account.id)),
            is_session: false,
        };
        Self { account, owner: Arc::new(owner), open: Arc::default() }
    }

    /// Begins a session of so many seconds.
    pub fn begin(&self, role: &Role, identity: Identity, name: &str, seconds: i64) -> Session {
        let id = &self.account.id;
        let caller = Caller {
            arn: format!("arn:aws:sts::{id}:assumed-role/{}/{name}", role.name),
            user_id: format!("{}:{name}", role.id),
            identity: Arc::new(identity),
            is_session: true,
        };
        let session = Session {
            key: format!("{TEMPORARY}{}", random_word(16).to_uppercase()),
            secret: random_word(40),
            token: random_word(120),
            ends: now_millis() + seconds * 1000,
            caller: Arc::new(caller),
        };
        let mut open = locked(&self.open);
        open.retain(|_, session| session.ends > now_millis());
        open.insert(session.key.clone(), session.clone());
        session
    }

    /// The secret of a key: that of no session is the stand-in's own, or the same word.
    pub fn secret(&self, key: &str) -> String {
        match locked(&self.open).get(key) {
            Some(session) => session.secret.clone(),
            None if key == ACCESS_KEY => SECRET_KEY.to_owned(),
            None => key.to_owned(),
        }
    }

    /// The owner of a key, by the token that came with it.
    pub fn caller(&self, key: &str, token: Option<&str>) -> ApiResult<Arc<Caller>> {
        if !key.starts_with(TEMPORARY) {
            return Ok(self.owner.clone());
        }
        let open = locked(&self.open);
        let session = open.get(key).filter(|session| Some(session.token.as_str()) == token).ok_or_else(|| {
            ApiError::forbidden("InvalidClientTokenId", "The security token included in the request is invalid.")
        })?;
        match session.ends > now_millis() {
            true => Ok(session.caller.clone()),
            false => Err(ApiError::forbidden("ExpiredToken", "The security token included in the request is expired")),
        }
    }
}
