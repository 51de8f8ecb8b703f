//! A role and the operations that make, read, change and delete it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::policy::{Decision, Kind, Policy, Principal, Question};
use super::{Iam, no_such_policy, page};
use crate::account::{Account, iso_now, now_millis};
use crate::behavior::Behaviors;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, tag_list, text, tree};
use crate::store::{Store, View};

const KIND: &str = "iam-role";
const MAX_TAGS: usize = 50;
/// Of all inline policies of a role together (R46).
const INLINE_CHARACTERS: usize = 10_240;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub path: String,
    pub arn: String,
    pub id: String,
    pub created: String,
    pub trust: String,
    pub description: Option<String>,
    pub max_session: i64,
    pub tags: BTreeMap<String, String>,
    pub inline: BTreeMap<String, String>,
    pub attached: BTreeSet<String>,
    /// When other services know of it, in milliseconds since the epoch (R3).
    #[serde(default)]
    pub known_at: i64,
}

impl Role {
    pub fn xml(&self, element: &'static str) -> Xml {
        let mut fields = vec![
            text("Path", &self.path),
            text("RoleName", &self.name),
            text("RoleId", &self.id),
            text("Arn", &self.arn),
            text("CreateDate", &self.created),
            text("AssumeRolePolicyDocument", percent_encode(&self.trust)),
            text("MaxSessionDuration", self.max_session),
        ];
        fields.extend(self.description.as_ref().map(|description| text("Description", description)));
        if !self.tags.is_empty() {
            fields.push(tag_list("Tags", "member", &self.tags));
        }
        tree(element, fields)
    }
}

/// The role with this ARN, as Redshift knows it (R3). Names are unique without regard to case (R1).
fn find_role(store: &Store, account: &Account, arn: &str) -> ApiResult<Option<Role>> {
    let Some(name) = name_in(account, arn) else { return Ok(None) };
    let role: Option<Role> = store.seen(View::RoleAtRedshift, KIND, &name)?;
    Ok(role.filter(|role| role.arn == arn))
}

/// The name in the ARN of a role of this account, in lower case.
fn name_in(account: &Account, arn: &str) -> Option<String> {
    let path = arn.strip_prefix(&account.global_arn("iam", "role/"))?;
    Some(path.rsplit('/').next().unwrap_or(path).to_lowercase())
}

fn no_such_role(name: &str) -> ApiError {
    ApiError::not_found("NoSuchEntity", format!("The role with name {name} cannot be found."))
}

/// The role, if Redshift may assume it: it exists and its trust names Redshift (R4, R5).
pub fn assumable_by_redshift(store: &Store, account: &Account, behaviors: Behaviors, arn: &str) -> ApiResult<Role> {
    let invalid = || {
        ApiError::invalid(
            "InvalidParameterValue",
            format!(
                "The IAM role {arn} is not valid. The IAM role must delegate access to an Amazon Redshift account."
            ),
        )
    };
    let role = find_role(store, account, arn)?.filter(|role| role.known_at <= now_millis()).ok_or_else(invalid)?;
    let trust = Policy::parse(&role.trust, Kind::Trust).map_err(|_| invalid())?;
    let source = account.arn("redshift", "cluster:any");
    let sent = [("aws:sourceaccount", account.id.clone()), ("aws:sourcearn", source)];
    let sent = sent.into_iter().filter(|_| behaviors.sends_source_account);
    let context = sent.map(|(key, value)| (key.to_owned(), value)).collect();
    let question = Question {
        principal: &Principal::Service("redshift.amazonaws.com".into()),
        action: "sts:AssumeRole",
        resource: Some(arn),
        context: &context,
    };
    match trust.decide(&question) {
        Decision::Allow => Ok(role),
        Decision::ExplicitDeny | Decision::ImplicitDeny => Err(invalid()),
    }
}

impl Iam {
    /// The role with this ARN, once other services know of it (R3).
    pub fn role_of(&self, arn: &str) -> ApiResult<Option<Role>> {
        let Some(name) = name_in(&self.account, arn) else { return Ok(None) };
        let role: Option<Role> = self.store.get(KIND, &name)?;
        Ok(role.filter(|role| role.arn == arn && role.known_at <= now_millis()))
    }

    /// The ARN of a role by its name. One that is not there has no path but that which it is to have.
    pub fn arn_of(&self, name: &str, path: Option<&str>) -> ApiResult<String> {
        let role: Option<Role> = self.store.get(KIND, &name.to_lowercase())?;
        let missing = || self.account.global_arn("iam", format_args!("role{}{name}", path.unwrap_or("/")));
        Ok(role.map_or_else(missing, |role| role.arn))
    }

    /// The role as IAM shows it, which may be late (R35).
    pub(super) fn role(&self, params: &Params) -> ApiResult<Role> {
        let name = params.required("RoleName")?;
        self.store.seen(View::Role, KIND, &name.to_lowercase())?.ok_or_else(|| no_such_role(name))
    }

    /// The role as it is, where IAM knows it: a change is made to nothing older.
    fn role_to_change(&self, params: &Params) -> ApiResult<Role> {
        self.role_named(&self.role(params)?.name)
    }

    pub(super) fn role_named(&self, name: &str) -> ApiResult<Role> {
        self.store.get(KIND, &name.to_lowercase())?.ok_or_else(|| no_such_role(name))
    }

    pub(super) fn change_role(
        &self,
        params: &Params,
        change: impl FnOnce(&mut Role) -> ApiResult<()>,
    ) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut role = self.role_to_change(params)?;
        change(&mut role)?;
        check_tags(&role.tags)?;
        self.store.put(KIND, &role.name.to_lowercase(), &role)?;
        Ok(Vec::new())
    }

    pub(super) fn create_role(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let name = params.required("RoleName")?;
        if name.is_empty()
            || name.len() > 64
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
        {
            return Err(ApiError::invalid(
                "ValidationError",
                "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the \
                 following: +=,.@_- and have at most 64 of them",
            ));
        }
        let path = params.get("Path").unwrap_or("/");
        if !path.starts_with('/') || !path.ends_with('/') || path.len() > 512 {
            return Err(ApiError::invalid(
                "ValidationError",
                "The specified value for path is invalid. It must begin and end with /",
            ));
        }
        let trust = params.required("AssumeRolePolicyDocument")?;
        Policy::parse(trust, Kind::Trust).map_err(malformed)?;
        let max_session = params.number("MaxSessionDuration")?.unwrap_or(3600);
        if !(3600..=43_200).contains(&max_session) {
            let message = format!(
                "The specified value for maxSessionDuration is invalid: {max_session} is not from 3600 to 43200"
            );
            return Err(ApiError::invalid("ValidationError", message));
        }
        let tags = params.tags("Tags.member");
        check_tags(&tags)?;

        let _guard = self.store.change();
        if self.store.get::<Role>(KIND, &name.to_lowercase())?.is_some() {
            return Err(ApiError::conflict("EntityAlreadyExists", format!("Role with name {name} already exists.")));
        }
        let role = Role {
            name: name.to_owned(),
            path: path.to_owned(),
            arn: self.account.global_arn("iam", format_args!("role{path}{name}")),
            id: format!("AROA{}", random_id(17)),
            created: iso_now(),
            trust: trust.to_owned(),
            description: params.get("Description").map(str::to_owned),
            max_session,
            tags,
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            known_at: now_millis() + i64::try_from(self.propagating.as_millis()).unwrap_or(i64::MAX),
        };
        self.store.put(KIND, &name.to_lowercase(), &role)?;
        Ok(vec![role.xml("Role")])
    }

    pub fn roles(&self) -> ApiResult<Vec<Role>> {
        Ok(self.store.list(KIND)?)
    }

    pub(super) fn list_roles(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let prefix = params.get("PathPrefix").unwrap_or("/");
        let roles: Vec<Role> = self.store.list_seen(View::RoleList, KIND)?;
        let found = roles.iter().filter(|role| role.path.starts_with(prefix));
        // ListRoles leaves tags out of its answer, as AWS does: ListRoleTags has them.
        let member = |role: &Role| Role { tags: BTreeMap::new(), ..role.clone() }.xml("member");
        page(params, "Roles", found.map(member).collect())
    }

    pub(super) fn delete_role(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let role = self.role_to_change(params)?;
        if !role.attached.is_empty() {
            return Err(ApiError::conflict("DeleteConflict", "Cannot delete entity, must detach all policies first."));
        }
        if !role.inline.is_empty() {
            return Err(ApiError::conflict("DeleteConflict", "Cannot delete entity, must delete policies first."));
        }
        self.check_in_no_instance_profile(&role.name)?;
        self.store.delete(KIND, &role.name.to_lowercase())?;
        Ok(Vec::new())
    }

    pub(super) fn update_trust(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let document = params.required("PolicyDocument")?;
        Policy::parse(document, Kind::Trust).map_err(malformed)?;
        self.change_role(params, |role| {
            role.trust = document.to_owned();
            Ok(())
        })
    }

    pub(super) fn put_role_policy(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let (name, document) = (params.required("PolicyName")?, params.required("PolicyDocument")?);
        self.check_document(document)?;
        self.change_role(params, |role| {
            role.inline.insert(name.to_owned(), document.to_owned());
            match role.inline.values().map(|document| characters(document)).sum::<usize>() > INLINE_CHARACTERS {
                true => Err(ApiError::conflict(
                    "LimitExceeded",
                    format!("Maximum policy size of {INLINE_CHARACTERS} bytes exceeded for role {}", role.name),
                )),
                false => Ok(()),
            }
        })
    }

    pub(super) fn get_role_policy(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let (role, name) = (self.role(params)?, params.required("PolicyName")?);
        let document = role.inline.get(name).ok_or_else(|| no_such_policy(name))?;
        Ok(vec![
            text("RoleName", &role.name),
            text("PolicyName", name),
            text("PolicyDocument", percent_encode(document)),
        ])
    }
}

/// What IAM counts of a document: blanks are free (R46).
pub(super) fn characters(document: &str) -> usize {
    document.chars().filter(|sign| !sign.is_whitespace()).count()
}

impl Iam {
    /// Refuses permissions that are malformed, or name resources of another partition (R40).
    pub(super) fn check_document(&self, document: &str) -> ApiResult<()> {
        let policy = Policy::parse(document, Kind::Identity).map_err(malformed)?;
        let own = self.account.partition();
        match policy.resources().find(|resource| !["*", own].contains(&partition_of(resource))) {
            None => Ok(()),
            Some(resource) => {
                let partition = partition_of(resource);
                // Quoted, as IAM answers it: https://github.com/aws/serverless-application-model/issues/1954.
                Err(malformed(format!("Partition \"{partition}\" is not valid for resource \"{resource}\".")))
            }
        }
    }
}

/// The partition that a resource of a policy names; `*` where it names all.
fn partition_of(resource: &str) -> &str {
    resource.split(':').nth(1).unwrap_or("*")
}

fn malformed(reason: String) -> ApiError {
    ApiError::invalid("MalformedPolicyDocument", reason)
}

fn check_tags(tags: &BTreeMap<String, String>) -> ApiResult<()> {
    match tags.len() > MAX_TAGS {
        true => Err(ApiError::conflict("LimitExceeded", "Cannot exceed quota for TagsPerRole: 50")),
        false => Ok(()),
    }
}

pub(super) fn random_id(length: usize) -> String {
    std::iter::repeat_with(|| {
        fastrand::choice(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").map_or('A', |&byte| char::from(byte))
    })
    .take(length)
    .collect()
}

/// IAM answers documents percent-encoded (RFC 3986).
pub(super) fn percent_encode(document: &str) -> String {
    form_urlencoded::byte_serialize(document.as_bytes()).collect::<String>().replace('+', "%20")
}
