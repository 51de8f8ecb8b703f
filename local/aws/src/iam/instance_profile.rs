//! Instance profiles, as far as a role can be held by one (R2): EC2 has no instances here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::role::random_id;
use super::{Iam, page};
use crate::account::iso_now;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, tag_list, text, tree};

const KIND: &str = "iam-instance-profile";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceProfile {
    name: String,
    path: String,
    pub arn: String,
    id: String,
    created: String,
    /// The role's name; one at most.
    role: Option<String>,
    tags: BTreeMap<String, String>,
}

impl Iam {
    pub(super) fn create_instance_profile(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let name = params.required("InstanceProfileName")?;
        let path = params.get("Path").unwrap_or("/");
        let _guard = self.store.change();
        if self.instance_profile(name).is_ok() {
            let message = format!("Instance Profile {name} already exists.");
            return Err(ApiError::conflict("EntityAlreadyExists", message));
        }
        let profile = InstanceProfile {
            name: name.to_owned(),
            path: path.to_owned(),
            arn: self.account.global_arn("iam", format_args!("instance-profile{path}{name}")),
            id: format!("AIPA{}", random_id(17)),
            created: iso_now(),
            role: None,
            tags: params.tags("Tags.member"),
        };
        self.store.put(KIND, name, &profile)?;
        Ok(vec![self.instance_profile_xml("InstanceProfile", &profile)?])
    }

    pub(super) fn get_instance_profile(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let profile = self.instance_profile(params.required("InstanceProfileName")?)?;
        Ok(vec![self.instance_profile_xml("InstanceProfile", &profile)?])
    }

    pub(super) fn delete_instance_profile(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let profile = self.instance_profile(params.required("InstanceProfileName")?)?;
        if profile.role.is_some() {
            return Err(holds_a_role());
        }
        self.store.delete(KIND, &profile.name)?;
        Ok(Vec::new())
    }

    pub(super) fn add_role_to_instance_profile(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut profile = self.instance_profile(params.required("InstanceProfileName")?)?;
        let role = self.role(params)?;
        if profile.role.is_some() {
            let message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
            return Err(ApiError::conflict("LimitExceeded", message));
        }
        profile.role = Some(role.name);
        self.store.put(KIND, &profile.name, &profile)?;
        Ok(Vec::new())
    }

    pub(super) fn remove_role_from_instance_profile(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut profile = self.instance_profile(params.required("InstanceProfileName")?)?;
        let role = params.required("RoleName")?;
        if profile.role.as_deref() != Some(role) {
            let message = format!("Cannot find {role} in Instance Profile {}.", profile.name);
            return Err(ApiError::not_found("NoSuchEntity", message));
        }
        profile.role = None;
        self.store.put(KIND, &profile.name, &profile)?;
        Ok(Vec::new())
    }

    pub(super) fn list_instance_profiles_for_role(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let profiles = self.instance_profiles_of(&self.role(params)?.name)?;
        let members: ApiResult<Vec<_>> =
            profiles.iter().map(|profile| self.instance_profile_xml("member", profile)).collect();
        page(params, "InstanceProfiles", members?)
    }

    /// Refuses where an instance profile holds the role.
    pub(super) fn check_in_no_instance_profile(&self, role: &str) -> ApiResult<()> {
        match self.instance_profiles_of(role)?.is_empty() {
            true => Ok(()),
            false => Err(holds_a_role()),
        }
    }

    /// The ARN of an instance profile by its name; one that is not there has the path that it is to have.
    pub fn instance_profile_arn(&self, name: &str, path: Option<&str>) -> String {
        let resource = format!("instance-profile{}{name}", path.unwrap_or("/"));
        let missing = || self.account.global_arn("iam", &resource);
        self.instance_profile(name).map_or_else(|_| missing(), |profile| profile.arn)
    }

    fn instance_profile(&self, name: &str) -> ApiResult<InstanceProfile> {
        let missing = || ApiError::not_found("NoSuchEntity", format!("Instance Profile {name} cannot be found."));
        self.store.get(KIND, name)?.ok_or_else(missing)
    }

    fn instance_profiles_of(&self, role: &str) -> ApiResult<Vec<InstanceProfile>> {
        let all: Vec<InstanceProfile> = self.store.list(KIND)?;
        Ok(all.into_iter().filter(|profile| profile.role.as_deref() == Some(role)).collect())
    }

    fn instance_profile_xml(&self, element: &'static str, profile: &InstanceProfile) -> ApiResult<Xml> {
        let roles = match &profile.role {
            Some(name) => vec![self.role_named(name)?.xml("member")],
            None => Vec::new(),
        };
        let mut fields = vec![
            text("Path", &profile.path),
            text("InstanceProfileName", &profile.name),
            text("InstanceProfileId", &profile.id),
            text("Arn", &profile.arn),
            text("CreateDate", &profile.created),
            tree("Roles", roles),
        ];
        if !profile.tags.is_empty() {
            fields.push(tag_list("Tags", "member", &profile.tags));
        }
        Ok(tree(element, fields))
    }
}

fn holds_a_role() -> ApiError {
    ApiError::conflict("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
}
