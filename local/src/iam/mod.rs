//! IAM: roles with their trust, permissions and tags. IAM is global: no region, one account.

mod identity;
mod managed;
pub mod policy;
mod role;

use std::time::Duration;

use crate::account::Account;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{self, Params, Xml, tag_list, text, tree};
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

impl Iam {
    pub fn handle(&self, request: &Request) -> Response {
        query::serve(request, NAMESPACE, |action, params| self.dispatch(action, params))
    }

    fn dispatch(&self, action: &str, params: &Params) -> ApiResult<Vec<Xml>> {
        match action {
            "CreateRole" => self.create_role(params),
            "GetRole" => Ok(vec![self.role(params)?.xml()]),
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
                Ok(vec![tag_list("Tags", "member", &self.role(params)?.tags), text("IsTruncated", false)])
            }
            "PutRolePolicy" => self.put_role_policy(params),
            "GetRolePolicy" => self.get_role_policy(params),
            "ListRolePolicies" => {
                Ok(vec![names("PolicyNames", self.role(params)?.inline.keys()), text("IsTruncated", false)])
            }
            "DeleteRolePolicy" => {
                let name = params.required("PolicyName")?;
                self.change_role(params, |role| match role.inline.remove(name) {
                    Some(_) => Ok(()),
                    None => Err(no_such_policy(name)),
                })
            }
            "AttachRolePolicy" => {
                let arn = params.required("PolicyArn")?.to_owned();
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
            "ListAttachedRolePolicies" => Ok(vec![attached(&self.role(params)?), text("IsTruncated", false)]),
            "CreatePolicy" => self.create_policy(params),
            "GetPolicy" => self.get_policy(params),
            "GetPolicyVersion" => self.get_policy_version(params),
            "DeletePolicy" => self.delete_policy(params),
            "ListPolicies" => self.list_policies(),
            // No instance profile can be made here, so none can hold a role.
            "ListInstanceProfilesForRole" => {
                self.role(params)?;
                Ok(vec![tree("InstanceProfiles", Vec::new()), text("IsTruncated", false)])
            }
            other => Err(ApiError::unknown_operation("IAM", other)),
        }
    }
}

fn no_such_policy(name: &str) -> ApiError {
    ApiError::not_found("NoSuchEntity", format!("The role policy with name {name} cannot be found."))
}

fn names<'a>(list: &'static str, names: impl Iterator<Item = &'a String>) -> Xml {
    tree(list, names.map(|name| text("member", name)).collect())
}

fn attached(role: &Role) -> Xml {
    let member = |arn: &String| {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        tree("member", vec![text("PolicyName", name), text("PolicyArn", arn)])
    };
    tree("AttachedPolicies", role.attached.iter().map(member).collect())
}
