//! Roles that callers have taken on: temporary keys, in memory, which end with the server if not before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use redshift_engine::sync::locked;

use crate::account::{Account, now_millis};
use crate::auth_failure::AuthFailure;
use crate::iam::{Identity, Role, owner_arn};
use crate::protocol::random_word;
use crate::{ACCESS_KEY, SECRET_KEY};

/// How temporary keys begin.
const TEMPORARY: &str = "ASIA";
/// How long the keys of a session are remembered after its end.
const REMEMBERED_MILLIS: i64 = 60 * 60 * 1000;

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
            arn: owner_arn(&account),
            user_id: "AIDALOCALSTANDIN00000".into(),
            identity: Arc::new(Identity::owner(&account)),
            is_session: false,
        };
        Self { account, owner: Arc::new(owner), open: Arc::default() }
    }

    /// Begins a session of so many seconds.
    pub fn begin(&self, role: &Role, identity: Identity, name: &str, seconds: i64) -> Session {
        let caller = Caller {
            arn: self.account.global_arn("sts", format_args!("assumed-role/{}/{name}", role.name)),
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
        // Those that ended lately are still answered as expired.
        open.retain(|_, session| session.ends + REMEMBERED_MILLIS > now_millis());
        open.insert(session.key.clone(), session.clone());
        session
    }

    /// Ends all sessions.
    pub fn clear(&self) {
        locked(&self.open).clear();
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
    pub fn caller(&self, key: &str, token: Option<&str>) -> Result<Arc<Caller>, AuthFailure> {
        let open = locked(&self.open);
        if !key.starts_with(TEMPORARY) {
            // With a key of one's own any token passes, as people write them for local clouds, but not that of a session.
            let is_of_session = token.is_some_and(|token| open.values().any(|session| session.token == token));
            return if is_of_session { Err(AuthFailure::WrongToken) } else { Ok(self.owner.clone()) };
        }
        let session = open.get(key).ok_or(AuthFailure::UnknownKey)?;
        match token {
            None => Err(AuthFailure::UnknownKey),
            Some(token) if token != session.token => Err(AuthFailure::WrongToken),
            Some(_) if session.ends <= now_millis() => Err(AuthFailure::ExpiredToken),
            Some(_) => Ok(session.caller.clone()),
        }
    }
}
