//! What COPY and UNLOAD may reach: the buckets, and the roles and keys that a statement may name.

use std::collections::BTreeSet;

use crate::account::Account;
use crate::iam::{Identity, assumable_by_redshift};
use crate::s3::Buckets;
use crate::warehouse::Place;
use crate::warehouse::error::SqlError;
use redshift_sql::Credential;

/// What COPY may reach, and as whom.
#[derive(Clone)]
pub struct Access {
    pub buckets: Buckets,
    /// The cluster's account and region.
    pub account: Account,
    pub cluster: String,
    pub admin: String,
    /// ARNs of the roles that are attached to the cluster.
    pub roles: BTreeSet<String>,
    /// The one that `IAM_ROLE default` means.
    pub default_role: Option<String>,
}

impl Access {
    pub fn of(place: &Place, buckets: Buckets, account: &Account) -> Self {
        Self {
            buckets,
            account: account.in_region(&place.region),
            cluster: place.id.clone(),
            admin: place.admin.clone(),
            roles: place.roles.iter().cloned().collect(),
            default_role: place.default_role.clone(),
        }
    }

    /// The role, when it is attached to the cluster and lets Redshift assume it.
    pub fn reader(&self, credential: Option<&Credential>) -> Result<Identity, SqlError> {
        let arn = match credential {
            Some(Credential::Role(arn)) => arn.as_str(),
            // A key of the stand-in's caller, or of a role that it took on; those of AWS are not known here.
            Some(Credential::Keys { id, secret, token }) => {
                let sessions = &self.buckets.sessions;
                let caller = sessions.caller(id, token.as_deref()).ok().filter(|_| sessions.secret(id) == *secret);
                let unknown = || {
                    let message = format!(
                        "S3ServiceException:The AWS Access Key Id you provided does not exist in our records.,Status 403,\
                         Error InvalidAccessKeyId: {id}"
                    );
                    SqlError::new("XX000", message)
                };
                return caller.map(|caller| (*caller.identity).clone()).ok_or_else(unknown);
            }
            None => return Err(SqlError::new("XX000", "Must specify IAM_ROLE to reach S3")),
        };
        let no_default = || SqlError::new("XX000", "No default IAM role is attached to the cluster");
        let arn = match arn {
            "default" => self.default_role.as_deref().ok_or_else(no_default)?,
            arn => arn,
        };
        if arn.contains(',') {
            return Err(SqlError::unsupported("role chaining in IAM_ROLE"));
        }
        let denied = || {
            let user = self.account.arn("redshift", format_args!("dbuser:{}/{}", self.cluster, self.admin));
            SqlError::new("XX000", format!("User {user} is not authorized to assume IAM Role {arn}"))
        };
        if !self.roles.contains(arn) {
            return Err(denied());
        }
        let buckets = &self.buckets;
        let role =
            assumable_by_redshift(&buckets.store, &self.account, buckets.behaviors, arn).map_err(|_| denied())?;
        Ok(Identity::of_role(&role, &self.account, &buckets.store))
    }
}
