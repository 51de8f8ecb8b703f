//! Managed policies: those of AWS that matter to a warehouse, and those of one's own.

use serde::{Deserialize, Serialize};

use super::policy::{Kind, Policy};
use super::role::{malformed, percent_encode, random_id};
use super::{Iam, Role};
use crate::account::iso_now;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, text, tree};
use crate::store::Store;

const KIND: &str = "iam-policy";
/// Versions of a policy are not kept: there is the first.
const VERSION: &str = "v1";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ManagedPolicy {
    pub arn: String,
    pub name: String,
    id: String,
    path: String,
    created: String,
    pub document: String,
}

impl ManagedPolicy {
    fn xml(&self, element: &'static str, attached: usize) -> Xml {
        tree(
            element,
            vec![
                text("PolicyName", &self.name),
                text("PolicyId", &self.id),
                text("Arn", &self.arn),
                text("Path", &self.path),
                text("DefaultVersionId", VERSION),
                text("AttachmentCount", attached),
                text("PermissionsBoundaryUsageCount", 0),
                text("IsAttachable", true),
                text("CreateDate", &self.created),
                text("UpdateDate", &self.created),
            ],
        )
    }
}

/// The document of a policy by its ARN.
pub fn document(store: &Store, arn: &str) -> Option<String> {
    let own = || store.get::<ManagedPolicy>(KIND, arn).ok().flatten().map(|policy| policy.document);
    of_aws(arn).map(str::to_owned).or_else(own)
}

/// What AWS's own policies say.
fn of_aws(arn: &str) -> Option<&'static str> {
    match arn.strip_prefix("arn:aws:iam::aws:policy/")? {
        "AdministratorAccess" => Some(super::identity::ALL),
        "PowerUserAccess" => Some(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}}"#,
        ),
        "AmazonS3ReadOnlyAccess" => Some(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*"],"Resource":"*"}}"#,
        ),
        "AmazonS3FullAccess" => {
            Some(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#)
        }
        "AmazonRedshiftFullAccess" => {
            Some(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"redshift:*","Resource":"*"}}"#)
        }
        "AmazonRedshiftDataFullAccess" => {
            Some(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"redshift-data:*","Resource":"*"}}"#)
        }
        _ => None,
    }
}

impl Iam {
    pub(super) fn create_policy(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let (name, document) = (params.required("PolicyName")?, params.required("PolicyDocument")?);
        Policy::parse(document, Kind::Identity).map_err(malformed)?;
        let path = params.get("Path").unwrap_or("/");
        let policy = ManagedPolicy {
            arn: format!("arn:aws:iam::{}:policy{path}{name}", self.account.id),
            name: name.to_owned(),
            id: format!("ANPA{}", random_id(17)),
            path: path.to_owned(),
            created: iso_now(),
            document: document.to_owned(),
        };
        let _guard = self.store.change();
        if self.store.get::<ManagedPolicy>(KIND, &policy.arn)?.is_some() {
            let message = format!("A policy called {name} already exists. Duplicate names are not allowed.");
            return Err(ApiError::conflict("EntityAlreadyExists", message));
        }
        self.store.put(KIND, &policy.arn, &policy)?;
        Ok(vec![policy.xml("Policy", 0)])
    }

    fn policy(&self, params: &Params) -> ApiResult<ManagedPolicy> {
        let arn = params.required("PolicyArn")?;
        if let Some(policy) = self.store.get::<ManagedPolicy>(KIND, arn)? {
            return Ok(policy);
        }
        let document = of_aws(arn).ok_or_else(|| no_policy(arn))?;
        let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let created = "2015-02-06T18:40:00Z".to_owned();
        let id = format!("ANPA{:0>17}", name.to_uppercase().chars().take(17).collect::<String>());
        Ok(ManagedPolicy { arn: arn.to_owned(), name, id, path: "/".into(), created, document: document.to_owned() })
    }

    fn attached_to(&self, arn: &str) -> ApiResult<Vec<Role>> {
        Ok(self.roles()?.into_iter().filter(|role| role.attached.contains(arn)).collect())
    }

    pub(super) fn get_policy(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let policy = self.policy(params)?;
        let attached = self.attached_to(&policy.arn)?.len();
        Ok(vec![policy.xml("Policy", attached)])
    }

    pub(super) fn get_policy_version(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let policy = self.policy(params)?;
        let version = params.required("VersionId")?;
        if version != VERSION {
            return Err(no_policy(&format!("{} version {version}", policy.arn)));
        }
        let fields = vec![
            text("Document", percent_encode(&policy.document)),
            text("VersionId", VERSION),
            text("IsDefaultVersion", true),
            text("CreateDate", &policy.created),
        ];
        Ok(vec![tree("PolicyVersion", fields)])
    }

    pub(super) fn delete_policy(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let arn = params.required("PolicyArn")?;
        self.store.get::<ManagedPolicy>(KIND, arn)?.ok_or_else(|| no_policy(arn))?;
        if !self.attached_to(arn)?.is_empty() {
            return Err(ApiError::conflict("DeleteConflict", "Cannot delete a policy attached to entities."));
        }
        self.store.delete(KIND, arn)?;
        Ok(Vec::new())
    }

    /// One's own: those of AWS are too many to be told.
    pub(super) fn list_policies(&self) -> ApiResult<Vec<Xml>> {
        let policies: Vec<ManagedPolicy> = self.store.list(KIND)?;
        let member = |policy: &ManagedPolicy| Ok(policy.xml("member", self.attached_to(&policy.arn)?.len()));
        let members = policies.iter().map(member).collect::<ApiResult<_>>()?;
        Ok(vec![tree("Policies", members), text("IsTruncated", false)])
    }
}

fn no_policy(arn: &str) -> ApiError {
    ApiError::not_found("NoSuchEntity", format!("Policy {arn} does not exist or is not attachable."))
}
