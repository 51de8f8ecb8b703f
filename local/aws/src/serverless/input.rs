//! The inputs of the operations, with the names and the types of the API model. Members that operations have in common are
//! a structure of their own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::error::{ApiError, ApiResult};
use crate::protocol::json_input;

pub type Tags = BTreeMap<String, String>;

pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid("ValidationException", message)
}

pub fn read<T: DeserializeOwned>(input: &Json) -> ApiResult<T> {
    json_input::read(input, "ValidationException")
}

/// 3 to 64 lower-case letters, digits and hyphens.
pub fn check_name(field: &str, name: &str) -> ApiResult<()> {
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match (3..=64).contains(&name.len()) && name.bytes().all(is_good) {
        true => Ok(()),
        false => Err(invalid(format!("{field} '{name}' must have 3 to 64 of: a-z, 0-9, -"))),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceNameInput {
    pub namespace_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceCreation {
    pub admin_username: Option<String>,
    pub db_name: Option<String>,
}

/// What CreateNamespace sets and UpdateNamespace changes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceChange {
    pub admin_user_password: Option<String>,
    pub manage_admin_password: Option<bool>,
    pub default_iam_role_arn: Option<String>,
    pub iam_roles: Option<Vec<String>>,
    pub kms_key_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkgroupNameInput {
    pub workgroup_name: String,
}

/// What CreateWorkgroup sets and UpdateWorkgroup changes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkgroupChange {
    pub base_capacity: Option<i32>,
    pub port: Option<i32>,
    pub publicly_accessible: Option<bool>,
    max_capacity: Option<i32>,
    enhanced_vpc_routing: Option<bool>,
    security_group_ids: Option<Vec<String>>,
    subnet_ids: Option<Vec<String>>,
}

impl WorkgroupChange {
    /// Settings of a workgroup's network and size that are stored and described, and change nothing here.
    pub fn stored(&self) -> impl Iterator<Item = (String, Json)> {
        let members = [
            ("maxCapacity", json!(self.max_capacity)),
            ("enhancedVpcRouting", json!(self.enhanced_vpc_routing)),
            ("securityGroupIds", json!(self.security_group_ids)),
            ("subnetIds", json!(self.subnet_ids)),
        ];
        members.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsInput {
    #[expect(dead_code, reason = "a password opens all databases of the workgroup")]
    db_name: Option<String>,
    pub duration_seconds: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceInput {
    pub resource_arn: String,
}

#[derive(Debug, Deserialize)]
pub struct TagsInput {
    #[serde(default)]
    tags: Vec<TagInput>,
}

#[derive(Debug, Deserialize)]
struct TagInput {
    key: String,
    #[serde(default)]
    value: String,
}

impl TagsInput {
    pub fn into_map(self) -> Tags {
        self.tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagKeysInput {
    #[serde(default)]
    pub tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PagingInput {
    max_results: Option<i32>,
    next_token: Option<String>,
}

impl PagingInput {
    /// As many of a list as were asked for, at most 100, from where the page before ended.
    pub fn page(&self, name: &str, all: Vec<Json>) -> ApiResult<Json> {
        const MOST: usize = 100;
        let most = self.max_results.and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST);
        let start: usize = match &self.next_token {
            Some(token) => token.parse().map_err(|_| invalid("nextToken is not valid"))?,
            None => 0,
        };
        let end = all.len().min(start.saturating_add(most.clamp(1, MOST)));
        let mut answer = json!({ name: all.get(start..end).unwrap_or_default() });
        if end < all.len() {
            answer["nextToken"] = json!(end.to_string());
        }
        Ok(answer)
    }
}
