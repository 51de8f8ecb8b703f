//! The IAM role that COPY reads S3 with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::{Names, hidden};
use super::tags::{self, REGION, RUN, STACK, Tags, is_ours};
use crate::aws::{Aws, failed, is};
use crate::error::{Error, Result};

/// The name of the role's only policy of ours.
pub const POLICY: &str = "read-what-load-reads";

#[derive(Debug, Clone, PartialEq)]
pub struct DesiredRole {
    pub trust: Value,
    pub permissions: Value,
    /// True if the permissions are for what COPY reads and nothing beside it.
    pub is_exact: bool,
    pub tags: Tags,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RoleState {
    pub arn: String,
    pub path: String,
    pub trust: Value,
    pub tags: Tags,
    /// Inline policies by name.
    pub inline: BTreeMap<String, Value>,
    /// ARNs of attached policies, which are not ours.
    pub attached: BTreeSet<String>,
    /// Looked for only where the role is to be deleted.
    pub instance_profiles: BTreeSet<String>,
    /// RFC 3339.
    pub created: Option<String>,
}

impl RoleState {
    /// The region that the role's stack is in, where that is another than these names are of. IAM has no regions, so
    /// that the role of a stack is found from everywhere: its tag alone says which region's stack it belongs to.
    pub fn elsewhere(&self, names: &Names) -> Option<&str> {
        let region = self.tags.get(REGION).filter(|_| is_ours(&self.tags, &names.stack))?;
        (*region != names.region).then_some(region.as_str())
    }
}

const ABSENT: [&str; 2] = ["NoSuchEntity", "NoSuchEntityException"];

impl Names {
    /// The names in the role's tags: it is created first and deleted last, and says where the rest is.
    pub fn with_role_tags(mut self, role: Option<&RoleState>) -> Self {
        let Some(role) = role.filter(|role| is_ours(&role.tags, &self.stack)) else { return self };
        let told = |key: &str, usual: &String| role.tags.get(key).unwrap_or(usual).clone();
        self.bucket = told(tags::BUCKET, &self.bucket);
        self.cluster = told(tags::CLUSTER, &self.cluster);
        self.admin = told(tags::ADMIN, &self.admin);
        self.region = told(tags::REGION, &self.region);
        self
    }
}

pub async fn observe(aws: &Aws, names: &Names, with_profiles: bool) -> Result<Option<RoleState>> {
    let doing = format!("read the role {}", names.role);
    let found = match aws.iam.get_role().role_name(&names.role).send().await {
        Ok(found) => found,
        Err(error) if is(&error, &ABSENT) => return Ok(None),
        Err(error) => return Err(failed(&doing, &error)),
    };
    let Some(role) = found.role else { return Ok(None) };
    let name = &names.role;
    let mut state = RoleState {
        trust: decode(role.assume_role_policy_document.as_deref().unwrap_or_default())?,
        arn: role.arn,
        path: role.path,
        tags: role.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect(),
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        instance_profiles: BTreeSet::new(),
        created: Some(role.create_date.to_string()),
    };
    // What is not ours is not looked into.
    if !is_ours(&state.tags, &names.stack) {
        return Ok(Some(state));
    }
    let policies = aws.iam.list_role_policies().role_name(name).into_paginator().items().send();
    let policies: Vec<String> =
        policies.collect::<std::result::Result<_, _>>().await.map_err(|error| failed(&doing, &error))?;
    for policy in policies {
        let document = aws.iam.get_role_policy().role_name(name).policy_name(&policy).send().await;
        let document = document.map_err(|error| failed(&doing, &error))?.policy_document;
        state.inline.insert(policy, decode(&document)?);
    }
    let attached = aws.iam.list_attached_role_policies().role_name(name).into_paginator().items().send();
    let attached: Vec<_> =
        attached.collect::<std::result::Result<_, _>>().await.map_err(|error| failed(&doing, &error))?;
    state.attached = attached.into_iter().filter_map(|policy| policy.policy_arn).collect();
    if with_profiles {
        let profiles = aws.iam.list_instance_profiles_for_role().role_name(name).into_paginator().items().send();
        let profiles: Vec<_> =
            profiles.collect::<std::result::Result<_, _>>().await.map_err(|error| failed(&doing, &error))?;
        state.instance_profiles = profiles.into_iter().map(|profile| profile.instance_profile_name).collect();
    }
    Ok(Some(state))
}

/// IAM answers documents percent-encoded.
fn decode(document: &str) -> Result<Value> {
    let text = percent_encoding::percent_decode_str(document).decode_utf8_lossy();
    serde_json::from_str(&text)
        .map_err(|error| Error::failed("cannot read a policy document of the role").because(error))
}

pub async fn create(aws: &Aws, names: &Names, role: &DesiredRole) -> Result<()> {
    let doing = format!("create the role {}", names.role);
    let mut call = aws
        .iam
        .create_role()
        .role_name(&names.role)
        .path(&names.role_path)
        .assume_role_policy_document(role.trust.to_string())
        .description("Lets Redshift read what sparkify-infra loads");
    for (key, value) in &role.tags {
        let tag = aws_sdk_iam::types::Tag::builder().key(key).value(value).build();
        call = call.tags(tag.map_err(|error| Error::failed(format!("cannot {doing}")).because(error))?);
    }
    match call.send().await {
        Ok(_) => Ok(()),
        // The answer to an earlier try of this run was lost.
        Err(error) if is(&error, &["EntityAlreadyExists", "EntityAlreadyExistsException"]) => {
            match observe(aws, names, false).await? {
                Some(found) if found.tags.get(RUN) == role.tags.get(RUN) && found.path == names.role_path => Ok(()),
                Some(_) => Err(failed(&doing, &error)),
                None => Err(hidden(&doing, "NoSuchEntity")),
            }
        }
        Err(error) => Err(failed(&doing, &error)),
    }
}

pub async fn put_trust(aws: &Aws, names: &Names, trust: &Value) -> Result<()> {
    let call = aws.iam.update_assume_role_policy().role_name(&names.role).policy_document(trust.to_string());
    call.send().await.map(drop).map_err(|error| failed("change who may assume the role", &error))
}

pub async fn put_policy(aws: &Aws, names: &Names, permissions: &Value) -> Result<()> {
    let call = aws.iam.put_role_policy().role_name(&names.role).policy_name(POLICY);
    let sent = call.policy_document(permissions.to_string()).send().await;
    sent.map(drop).map_err(|error| failed("put the policy of the role", &error))
}

pub async fn put_tags(aws: &Aws, names: &Names, tags: &Tags) -> Result<()> {
    let mut call = aws.iam.tag_role().role_name(&names.role);
    for (key, value) in tags {
        let tag = aws_sdk_iam::types::Tag::builder().key(key).value(value).build();
        call = call.tags(tag.map_err(|error| Error::failed("cannot tag the role").because(error))?);
    }
    call.send().await.map(drop).map_err(|error| failed("tag the role", &error))
}

pub async fn remove_tags(aws: &Aws, names: &Names, keys: &[String]) -> Result<()> {
    let call = aws.iam.untag_role().role_name(&names.role).set_tag_keys(Some(keys.to_vec()));
    call.send().await.map(drop).map_err(|error| failed("remove tags of the role", &error))
}

pub async fn delete_policy(aws: &Aws, names: &Names, policy: &str) -> Result<()> {
    match aws.iam.delete_role_policy().role_name(&names.role).policy_name(policy).send().await {
        Err(error) if !is(&error, &ABSENT) => Err(failed(&format!("delete the policy {policy} of the role"), &error)),
        _ => Ok(()),
    }
}

pub async fn detach_policy(aws: &Aws, names: &Names, arn: &str) -> Result<()> {
    match aws.iam.detach_role_policy().role_name(&names.role).policy_arn(arn).send().await {
        Err(error) if !is(&error, &ABSENT) => Err(failed(&format!("detach {arn} from the role"), &error)),
        _ => Ok(()),
    }
}

pub async fn leave_profile(aws: &Aws, names: &Names, profile: &str) -> Result<()> {
    let call = aws.iam.remove_role_from_instance_profile().role_name(&names.role).instance_profile_name(profile);
    match call.send().await {
        Err(error) if !is(&error, &ABSENT) => {
            Err(failed(&format!("take the role out of the instance profile {profile}"), &error))
        }
        _ => Ok(()),
    }
}

/// Deletes the role. Policies that were added last, and not shown when it was observed (R35), are removed first.
pub async fn delete(aws: &Aws, names: &Names) -> Result<()> {
    match delete_bare(aws, names).await {
        Err(error) if error.is(&["DeleteConflict", "DeleteConflictException"]) => {
            strip(aws, names).await?;
            delete_bare(aws, names).await
        }
        done => done,
    }
}

async fn strip(aws: &Aws, names: &Names) -> Result<()> {
    let Some(found) = observe(aws, names, true).await? else { return Ok(()) };
    for profile in &found.instance_profiles {
        leave_profile(aws, names, profile).await?;
    }
    for arn in &found.attached {
        detach_policy(aws, names, arn).await?;
    }
    for policy in found.inline.keys() {
        delete_policy(aws, names, policy).await?;
    }
    Ok(())
}

async fn delete_bare(aws: &Aws, names: &Names) -> Result<()> {
    match aws.iam.delete_role().role_name(&names.role).send().await {
        Err(error) if !is(&error, &ABSENT) => Err(failed(&format!("delete the role {}", names.role), &error)),
        _ => Ok(()),
    }
}

/// The ARN of a role, asked for by its name; `None` where there is none.
pub async fn arn(aws: &Aws, role: &str) -> Result<Option<String>> {
    match aws.iam.get_role().role_name(role).send().await {
        Ok(found) => Ok(found.role.map(|role| role.arn)),
        Err(error) if is(&error, &ABSENT) => Ok(None),
        Err(error) => Err(failed(&format!("read the role {role}"), &error)),
    }
}

/// The tags of a role of ours, and the region that they name; `None` where it is gone or bears none of ours.
pub async fn stack_of(aws: &Aws, role: &str) -> Result<Option<(Tags, Option<String>)>> {
    let found = match aws.iam.get_role().role_name(role).send().await {
        Ok(found) => found.role.and_then(|role| role.tags).unwrap_or_default(),
        Err(error) if is(&error, &ABSENT) => return Ok(None),
        Err(error) => return Err(failed(&format!("read the role {role}"), &error)),
    };
    let tags: Tags = found.into_iter().map(|tag| (tag.key, tag.value)).collect();
    let region = tags.get(REGION).cloned();
    Ok(tags.contains_key(STACK).then_some((tags, region)))
}

/// The roles under a path, by name and ARN: tag searches never find roles (R6).
pub async fn under_path(aws: &Aws, path: &str) -> Result<Vec<(String, String)>> {
    let listed = aws.iam.list_roles().path_prefix(path).into_paginator().items().send();
    let roles: Vec<_> = listed
        .collect::<std::result::Result<_, _>>()
        .await
        .map_err(|error| failed("list the roles of the stack", &error))?;
    Ok(roles.into_iter().map(|role| (role.role_name, role.arn)).collect())
}
