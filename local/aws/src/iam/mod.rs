//! IAM: roles with their trust, permissions and tags. IAM is global: no region, one account.

mod identity;
mod instance_profile;
mod managed;
pub mod policy;
pub mod reference;
mod role;

use std::time::Duration;

use crate::account::Account;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{self, Params, Xml, text, tree};
use crate::protocol::{Request, Response};
use crate::store::Store;

pub use identity::{Identity, owner_arn};
pub use role::{Role, assumable_by_redshift};

const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

#[derive(Clone)]
pub struct Iam {
    pub store: Store,
    pub account: Account,
    /// Until other services know of a role that was just made (R3).
    pub propagating: Duration,
}

/// Of roles that services make for themselves: marks, which no call shows.
const SERVICE_LINKED: &str = "iam-service-linked-role";

/// Notes that a service has made its own role in the account.
pub fn note_service_linked_role(store: &Store, service: &str) -> ApiResult<()> {
    Ok(store.put(SERVICE_LINKED, service, &true)?)
}

impl Iam {
    /// The same roles and policies, with ARNs of the partition of a region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { account: self.account.in_region(region), ..self.clone() }
    }

    /// Returns true if a service has its own role in the account already.
    pub fn has_service_linked_role(&self, service: &str) -> ApiResult<bool> {
        Ok(self.store.get::<bool>(SERVICE_LINKED, service)?.unwrap_or(false))
    }

    pub fn handle(&self, request: &Request) -> Response {
        query::serve(request, NAMESPACE, |action, params| self.dispatch(action, params))
    }

    fn dispatch(&self, action: &str, params: &Params) -> ApiResult<Vec<Xml>> {
        if let Some(known) = parameters(action) {
            params.only("InvalidInput", known)?;
        }
        match action {
            "CreateRole" => self.create_role(params),
            "GetRole" => Ok(vec![self.role(params)?.xml("Role")]),
            "DeleteRole" => self.delete_role(params),
            "ListRoles" => self.list_roles(params),
            "UpdateAssumeRolePolicy" => self.update_trust(params),
            "TagRole" => self.change_role(params, |role| {
                role.tags.extend(params.tags("Tags.member"));
                Ok(())
            }),
            "UntagRole" => self.change_role(params, |role| {
                params.list("TagKeys.member").iter().for_each(|key| drop(role.tags.remove(key)));
                Ok(())
            }),
            "ListRoleTags" => {
                let member =
                    |(key, value): (&String, &String)| tree("member", vec![text("Key", key), text("Value", value)]);
                page(params, "Tags", self.role(params)?.tags.iter().map(member).collect())
            }
            "PutRolePolicy" => self.put_role_policy(params),
            "GetRolePolicy" => self.get_role_policy(params),
            "ListRolePolicies" => {
                page(params, "PolicyNames", self.role(params)?.inline.keys().map(|name| text("member", name)).collect())
            }
            "DeleteRolePolicy" => {
                let name = params.required("PolicyName")?;
                self.change_role(params, |role| match role.inline.remove(name) {
                    Some(_) => Ok(()),
                    None => Err(no_such_policy(name)),
                })
            }
            "AttachRolePolicy" => {
                let arn = self.attachable(params)?;
                self.change_role(params, |role| {
                    role.attached.insert(arn);
                    Ok(())
                })
            }
            "DetachRolePolicy" => {
                let arn = params.required("PolicyArn")?;
                self.change_role(params, |role| match role.attached.remove(arn) {
                    true => Ok(()),
                    false => Err(ApiError::not_found("NoSuchEntity", format!("Policy {arn} was not found."))),
                })
            }
            "ListAttachedRolePolicies" => page(params, "AttachedPolicies", attached(params, &self.role(params)?)),
            "CreatePolicy" => self.create_policy(params),
            "GetPolicy" => self.get_policy(params),
            "GetPolicyVersion" => self.get_policy_version(params),
            "DeletePolicy" => self.delete_policy(params),
            "ListPolicies" => self.list_policies(params),
            "CreateInstanceProfile" => self.create_instance_profile(params),
            "GetInstanceProfile" => self.get_instance_profile(params),
            "DeleteInstanceProfile" => self.delete_instance_profile(params),
            "AddRoleToInstanceProfile" => self.add_role_to_instance_profile(params),
            "RemoveRoleFromInstanceProfile" => self.remove_role_from_instance_profile(params),
            "ListInstanceProfilesForRole" => self.list_instance_profiles_for_role(params),
            other => Err(ApiError::unknown_operation("IAM", other)),
        }
    }
}

fn no_such_policy(name: &str) -> ApiError {
    ApiError::not_found("NoSuchEntity", format!("The role policy with name {name} cannot be found."))
}

/// A page of a list.
fn page(params: &Params, list: &'static str, members: Vec<Xml>) -> ApiResult<Vec<Xml>> {
    let (members, next) = params.page("MaxItems", "Marker", members)?;
    let mut answer = vec![tree(list, members), text("IsTruncated", next.is_some())];
    answer.extend(next.map(|marker| text("Marker", marker)));
    Ok(answer)
}

fn attached(params: &Params, role: &Role) -> Vec<Xml> {
    let prefix = params.get("PathPrefix").unwrap_or("/");
    let member = |arn: &String| {
        let path_and_name = arn.split_once(":policy").map_or(arn.as_str(), |(_, rest)| rest);
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let fields = vec![text("PolicyName", name), text("PolicyArn", arn)];
        path_and_name.starts_with(prefix).then(|| tree("member", fields))
    };
    role.attached.iter().filter_map(member).collect()
}

/// The parameters that are read for an operation; others are refused.
fn parameters(action: &str) -> Option<&'static [&'static str]> {
    let known: &[&str] = match action {
        "CreateRole" => &["RoleName", "Path", "AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "Tags"],
        "GetRole" | "DeleteRole" => &["RoleName"],
        "ListRoles" => &["PathPrefix", "MaxItems", "Marker"],
        "UpdateAssumeRolePolicy" => &["RoleName", "PolicyDocument"],
        "TagRole" => &["RoleName", "Tags"],
        "UntagRole" => &["RoleName", "TagKeys"],
        "ListRoleTags" | "ListRolePolicies" | "ListInstanceProfilesForRole" => &["RoleName", "MaxItems", "Marker"],
        "CreateInstanceProfile" => &["InstanceProfileName", "Path", "Tags"],
        "GetInstanceProfile" | "DeleteInstanceProfile" => &["InstanceProfileName"],
        "AddRoleToInstanceProfile" | "RemoveRoleFromInstanceProfile" => &["InstanceProfileName", "RoleName"],
        "ListAttachedRolePolicies" => &["RoleName", "PathPrefix", "MaxItems", "Marker"],
        "PutRolePolicy" => &["RoleName", "PolicyName", "PolicyDocument"],
        "GetRolePolicy" | "DeleteRolePolicy" => &["RoleName", "PolicyName"],
        "AttachRolePolicy" | "DetachRolePolicy" => &["RoleName", "PolicyArn"],
        "CreatePolicy" => &["PolicyName", "Path", "PolicyDocument", "Description", "Tags"],
        "GetPolicy" | "DeletePolicy" => &["PolicyArn"],
        "GetPolicyVersion" => &["PolicyArn", "VersionId"],
        "ListPolicies" => &["Scope", "OnlyAttached", "PathPrefix", "MaxItems", "Marker"],
        _ => return None,
    };
    Some(known)
}
