//! `GetClusterCredentials`: a database user's password for a while.

use super::Redshift;
use crate::account::iso;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, text};

impl Redshift {
    /// For a user that is named; with AutoCreate the user need not exist.
    pub(super) fn credentials(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let prefix = if params.flag("AutoCreate").unwrap_or(false) { "IAMA:" } else { "IAM:" };
        let user = format!("{prefix}{}", params.required("DbUser")?.to_lowercase());
        self.issue(params, &user)
    }

    /// For the user that the caller's identity is.
    pub(super) fn credentials_with_iam(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        self.issue(params, "IAM:local")
    }

    fn issue(&self, params: &Params, user: &str) -> ApiResult<Vec<Xml>> {
        let id = params.required("ClusterIdentifier")?;
        let cluster = self.cluster(id)?;
        let seconds = params.number("DurationSeconds")?.unwrap_or(900);
        if !(900..=3600).contains(&seconds) {
            let message = format!("DurationSeconds {seconds} must be between 900 and 3600.");
            return Err(ApiError::invalid("InvalidParameterValue", message));
        }
        let (password, ends) = self.logins.issue(&self.store.unique_name(&cluster.id), user, seconds);
        Ok(vec![text("DbUser", user), text("DbPassword", password), text("Expiration", iso(ends))])
    }
}
