//! Who may connect to a warehouse: its admin, the users that CREATE USER made, and those to whom AWS gave credentials for
//! a while. No password is kept: a managed one is computed, another one is known by its hash, a temporary one lives in
//! memory.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use redshift_engine::sync::locked;
use redshift_engine::{Place, SqlError, Warehouses};
use redshift_wire::{Authenticator, WireServer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::account::now_millis;
use crate::error::{ApiError, ApiResult};
use crate::protocol::random_word;
use crate::secrets::Secrets;
use crate::store::Store;

const KIND: &str = "login";

#[derive(Serialize, Deserialize)]
struct Hashed {
    salt: String,
    hash: String,
}

/// Credentials that end: password, and when, in milliseconds since the epoch.
type Temporary = HashMap<(String, String), (String, i64)>;

#[derive(Clone)]
pub struct Logins {
    store: Store,
    secrets: Secrets,
    warehouses: Warehouses,
    temporary: Arc<Mutex<Temporary>>,
}

fn hash(salt: &str, password: &str) -> String {
    format!("{:x}", Sha256::digest(format!("{salt}:{password}")))
}

impl Logins {
    pub fn new(store: Store, secrets: Secrets, warehouses: Warehouses) -> Self {
        Self { store, secrets, warehouses, temporary: Arc::default() }
    }

    /// Remembers the admin's password of a place by its hash.
    pub fn set(&self, place: &str, password: &str) -> ApiResult<()> {
        let salt = format!("{:032x}", fastrand::u128(..));
        let hash = hash(&salt, password);
        Ok(self.store.put(KIND, place, &Hashed { salt, hash })?)
    }

    /// Removes a warehouse: nobody connects to it, its data and its passwords are gone.
    ///
    /// # Errors
    /// Where its files cannot be removed.
    pub fn remove_warehouse(&self, wire: &WireServer, place: &str) -> ApiResult<()> {
        wire.close(place);
        let failed =
            |error: SqlError| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", error.message);
        self.warehouses.delete(place).map_err(failed)?;
        self.forget(place)
    }

    fn forget(&self, place: &str) -> ApiResult<()> {
        locked(&self.temporary).retain(|(of, _), _| of != place);
        Ok(self.store.delete(KIND, place)?)
    }

    /// New credentials for so many seconds: the password, and when it ends.
    pub fn issue(&self, place: &str, user: &str, seconds: i64) -> (String, i64) {
        let password = random_word(48);
        let ends = now_millis() + seconds * 1000;
        let mut temporary = locked(&self.temporary);
        temporary.retain(|_, (_, ends)| *ends > now_millis());
        temporary.insert((place.to_owned(), user.to_owned()), (password.clone(), ends));
        (password, ends)
    }

    pub fn check(&self, place: &Place, user: &str, password: &str) -> ApiResult<bool> {
        if let Some((issued, ends)) = locked(&self.temporary).get(&(place.id.clone(), user.to_owned())) {
            return Ok(*ends > now_millis() && issued == password);
        }
        if user != place.admin {
            let admitted = self.warehouses.admits(place, user, password);
            return admitted.map_err(|error| ApiError::invalid("ValidationException", error.to_string()));
        }
        if let Some(secret) = &place.secret {
            let known = self.secrets.in_region(&place.region).login(secret)?;
            return Ok(known.is_some_and(|known| known.password == password));
        }
        let known: Option<Hashed> = self.store.get(KIND, &place.id)?;
        Ok(known.is_some_and(|known| known.hash == hash(&known.salt, password)))
    }
}

impl Authenticator for Logins {
    fn check(&self, place: &Place, user: &str, password: &str) -> Result<bool, Box<dyn Error + Send + Sync>> {
        Ok(self.check(place, user, password)?)
    }
}
