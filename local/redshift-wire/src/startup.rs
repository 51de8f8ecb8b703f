//! The startup of a connection: the password check, and the parameters that the server reports.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use async_trait::async_trait;
use pgwire::api::ClientInfo;
use pgwire::api::auth::{AuthSource, LoginInfo, Password, ServerParameterProvider};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use redshift_engine::{Place, statement_threads};

use super::backend::Backend;

/// As `version()` has it.
const REDSHIFT_VERSION: &str = "1.0.117891";

/// Who may connect, and to which databases.
pub struct Users {
    backend: Backend,
    place: Place,
    /// When the password was accepted.
    admitted: Arc<OnceLock<Instant>>,
}

impl Users {
    pub fn new(backend: Backend, place: Place, admitted: Arc<OnceLock<Instant>>) -> Self {
        Self { backend, place, admitted }
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("place", &self.place.id).finish_non_exhaustive()
    }
}

pub fn fatal(sqlstate: &str, message: String) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("FATAL".into(), sqlstate.into(), message)))
}

#[async_trait]
impl AuthSource for Users {
    async fn get_password(&self, _: &LoginInfo) -> PgWireResult<Password> {
        Err(fatal("28000", "passwords are not told".into()))
    }

    async fn verify_password(&self, login: &LoginInfo, presented: &[u8]) -> PgWireResult<Option<()>> {
        let user = login.user().unwrap_or_default();
        let password = String::from_utf8_lossy(presented);
        let (authenticator, place) = (self.backend.authenticator.clone(), self.place.clone());
        let (name, password) = (user.to_owned(), password.to_string());
        let known = statement_threads::run_login(move || authenticator.check(&place, &name, &password)).await;
        let known = known.map_err(|error| fatal("53000", error.to_string()))?;
        if !known.map_err(|error| fatal("58000", error.to_string()))? {
            return Err(fatal("28P01", format!("password authentication failed for user \"{user}\"")));
        }
        self.admitted.get_or_init(Instant::now);
        let database = login.database().unwrap_or(user);
        match self.backend.warehouses.has(&self.place, database) {
            true => Ok(Some(())),
            false => Err(fatal("3D000", format!("database \"{database}\" does not exist"))),
        }
    }
}

/// The parameters that the server reports when a client connects.
pub struct StartupParameters;

impl ServerParameterProvider for StartupParameters {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<HashMap<String, String>> {
        let user = client.metadata().get("user").cloned().unwrap_or_default();
        let fixed = [
            ("server_version", "8.0.2"),
            ("client_encoding", "UTF8"),
            ("server_encoding", "UNICODE"),
            ("DateStyle", "ISO, MDY"),
            ("TimeZone", "UTC"),
            ("integer_datetimes", "on"),
            // Without `standard_conforming_strings`, as PostgreSQL 8.0: drivers double their backslashes, and write no e'…'.
            ("is_superuser", "on"),
            ("show_discovery", "4"),
            // By this asyncpg tells Redshift from PostgreSQL.
            ("padb_version", REDSHIFT_VERSION),
            ("padb_revision", "local"),
        ];
        let mut settings: HashMap<String, String> =
            fixed.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        settings.insert("session_authorization".into(), user);
        Some(settings)
    }
}
