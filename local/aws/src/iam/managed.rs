//! Managed policies: those of AWS that matter to a warehouse, and those of one's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::role::{characters, percent_encode, random_id};
use super::{Iam, Role, page};
use crate::account::{Account, iso_now};
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, tag_list, text, tree};
use crate::store::Store;

const KIND: &str = "iam-policy";
/// Versions of a policy are not kept: there is the first.
const VERSION: &str = "v1";
/// Of a document (R46).
const CHARACTERS: usize = 6_144;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ManagedPolicy {
    pub arn: String,
    pub name: String,
    id: String,
    path: String,
    created: String,
    pub document: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

impl ManagedPolicy {
    fn xml(&self, element: &'static str, attached: usize) -> Xml {
        let mut fields = vec![
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
        ];
        fields.extend(self.description.as_ref().map(|description| text("Description", description)));
        if !self.tags.is_empty() {
            fields.push(tag_list("Tags", "member", &self.tags));
        }
        tree(element, fields)
    }
}

/// AWS's own policies, by path and name. Of most of them the document is not known here.
static OF_AWS: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("aws_policies.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// How the ARNs of AWS's own policies begin in the account's partition (R40).
fn aws_prefix(account: &Account) -> String {
    format!("arn:{}:iam::aws:policy/", account.partition())
}

/// The document of a policy by its ARN.
pub fn document(store: &Store, account: &Account, arn: &str) -> Option<String> {
    let own = || store.get::<ManagedPolicy>(KIND, arn).ok().flatten().map(|policy| policy.document);
    let of_aws = arn.strip_prefix(&aws_prefix(account)).and_then(of_aws);
    of_aws.map(str::to_owned).or_else(own)
}

/// What AWS's own policies say, by path and name.
fn of_aws(name: &str) -> Option<&'static str> {
    match name {
        "AdministratorAccess" => Some(super::policy::ALLOW_ALL),
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

/// One of AWS's own policies.
fn of_aws_named(account: &Account, arn: &str) -> Option<ManagedPolicy> {
    let path_and_name = arn.strip_prefix(&aws_prefix(account)).filter(|name| OF_AWS.contains(*name))?;
    let (path, name) = match path_and_name.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name),
        None => ("/".to_owned(), path_and_name),
    };
    Some(ManagedPolicy {
        arn: arn.to_owned(),
        name: name.to_owned(),
        id: format!("ANPA{:0>17}", name.to_uppercase().chars().take(17).collect::<String>()),
        path,
        created: "2015-02-06T18:40:00Z".to_owned(),
        document: of_aws(path_and_name).unwrap_or_default().to_owned(),
        description: None,
        tags: BTreeMap::new(),
    })
}

impl Iam {
    pub(super) fn create_policy(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let (name, document) = (params.required("PolicyName")?, params.required("PolicyDocument")?);
        self.check_document(document)?;
        if characters(document) > CHARACTERS {
            let message = format!("Cannot exceed quota for PolicySize: {CHARACTERS}");
            return Err(ApiError::conflict("LimitExceeded", message));
        }
        let path = params.get("Path").unwrap_or("/");
        let policy = ManagedPolicy {
            arn: self.account.global_arn("iam", format_args!("policy{path}{name}")),
            name: name.to_owned(),
            id: format!("ANPA{}", random_id(17)),
            path: path.to_owned(),
            created: iso_now(),
            document: document.to_owned(),
            description: params.get("Description").map(str::to_owned),
            tags: params.tags("Tags.member"),
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
        of_aws_named(&self.account, arn).ok_or_else(|| no_policy(arn))
    }

    fn attached_to(&self, arn: &str) -> ApiResult<Vec<Role>> {
        Ok(self.roles()?.into_iter().filter(|role| role.attached.contains(arn)).collect())
    }

    /// The ARN of a policy that a role can be given.
    pub(super) fn attachable(&self, params: &Params) -> ApiResult<String> {
        let arn = params.required("PolicyArn")?;
        check_arn(arn, self.account.partition())?;
        if arn.starts_with(&format!("{}aws-service-role/", aws_prefix(&self.account))) && self.policy(params).is_ok() {
            let message = "Cannot attach a Service Role Policy to a Customer Role.";
            return Err(ApiError::invalid("PolicyNotAttachable", message));
        }
        self.policy(params).map(|policy| policy.arn)
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
        if policy.document.is_empty() {
            let message = format!("the local IAM does not know what {} says: it allows nothing here", policy.arn);
            return Err(ApiError::invalid("InvalidInput", message));
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

    /// Those of AWS and one's own, or either.
    pub(super) fn list_policies(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let (scope, prefix) = (params.get("Scope").unwrap_or("All"), params.get("PathPrefix").unwrap_or("/"));
        let mut policies: Vec<ManagedPolicy> = match scope {
            "AWS" => Vec::new(),
            _ => self.store.list(KIND)?,
        };
        if scope != "Local" {
            let prefix = aws_prefix(&self.account);
            policies.extend(OF_AWS.iter().filter_map(|name| of_aws_named(&self.account, &format!("{prefix}{name}"))));
        }
        let roles = self.roles()?;
        let attached = |arn: &str| roles.iter().filter(|role| role.attached.contains(arn)).count();
        let only_attached = params.flag("OnlyAttached").unwrap_or(false);
        policies.retain(|policy| policy.path.starts_with(prefix) && (!only_attached || attached(&policy.arn) > 0));
        page(params, "Policies", policies.iter().map(|policy| policy.xml("member", attached(&policy.arn))).collect())
    }
}

fn check_arn(arn: &str, partition: &str) -> ApiResult<()> {
    if arn.len() < 20 {
        let message = format!(
            "1 validation error detected: Value '{arn}' at 'policyArn' failed to satisfy constraint: Member must have length \
             greater than or equal to 20"
        );
        return Err(ApiError::invalid("ValidationError", message));
    }
    let resource = arn.strip_prefix(&format!("arn:{partition}:iam::")).and_then(|rest| rest.split_once(':'));
    let is_account =
        |account: &str| account == "aws" || account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let is_valid = resource.is_some_and(|(account, name)| {
        is_account(account) && name.strip_prefix("policy/").is_some_and(|name| !name.is_empty())
    });
    match is_valid {
        true => Ok(()),
        false => Err(ApiError::invalid("InvalidInput", format!("ARN {arn} is not valid."))),
    }
}

fn no_policy(arn: &str) -> ApiError {
    ApiError::not_found("NoSuchEntity", format!("Policy {arn} does not exist or is not attachable."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::policy::{Kind, Policy};

    #[test]
    fn an_arn_names_a_policy_of_an_account_or_of_aws() {
        for good in ["arn:aws:iam::111111111111:policy/path/name", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"] {
            check_arn(good, "aws").expect(good);
            assert_eq!(check_arn(good, "aws-cn").expect_err(good).code, "InvalidInput", "{good} in China");
        }
        for (bad, code) in [
            ("short", "ValidationError"),
            ("longpolicynamebutnoarn", "InvalidInput"),
            ("arn:aws:iam::111111111111:role/name", "InvalidInput"),
            ("arn:aws:iam::1111:policy/some-name", "InvalidInput"),
        ] {
            assert_eq!(check_arn(bad, "aws").expect_err(bad).code, code, "{bad}");
        }
    }

    #[test]
    fn every_policy_with_a_document_is_one_of_aws() {
        assert!(OF_AWS.len() > 1000);
        for name in ["AdministratorAccess", "AmazonRedshiftAllCommandsFullAccess", "service-role/AWSGlueServiceRole"] {
            assert!(OF_AWS.contains(name), "{name}");
        }
        for name in OF_AWS.iter() {
            let document = of_aws(name);
            assert!(document.is_none_or(|text| Policy::parse(text, Kind::Identity).is_ok()), "{name}");
        }
    }
}
