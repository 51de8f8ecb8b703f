//! The inputs of the operations, with the names and the types of the API model. Members that operations have in common are
//! a structure of their own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{ApiError, ApiResult};
use crate::protocol::json_input;

pub fn read<T: DeserializeOwned>(input: &Value) -> ApiResult<T> {
    json_input::read(input, "InvalidParameterException")
}

pub fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidParameterException", message)
}

pub fn invalid_request(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidRequestException", message)
}

/// A call about one secret.
pub enum SecretCall {
    Describe,
    Restore,
    Rotate,
    GetValue(VersionInput),
    PutValue(ValueInput, StagesInput),
    Update(ValueInput, DescriptionInput),
    MoveStage(StageMove),
    Delete(DeletionInput),
    Tag(SecretTagsInput),
    Untag(SecretTagKeys),
    ListVersions(VersionListInput, SecretPaging),
}

impl SecretCall {
    /// With the secret's name or ARN; an empty one names none.
    pub fn read(operation: &str, input: &Value) -> ApiResult<(String, Self)> {
        let (SecretIdInput { secret_id }, call) = match operation {
            "DescribeSecret" => (read(input)?, Self::Describe),
            "RestoreSecret" => (read(input)?, Self::Restore),
            "RotateSecret" => (read(input)?, Self::Rotate),
            "GetSecretValue" => read(input).map(|(id, version)| (id, Self::GetValue(version)))?,
            "PutSecretValue" => read(input).map(|(id, value, stages)| (id, Self::PutValue(value, stages)))?,
            "UpdateSecret" => read(input).map(|(id, value, description)| (id, Self::Update(value, description)))?,
            "UpdateSecretVersionStage" => read(input).map(|(id, stage)| (id, Self::MoveStage(stage)))?,
            "DeleteSecret" => read(input).map(|(id, deletion)| (id, Self::Delete(deletion)))?,
            "TagResource" => read(input).map(|(id, tags)| (id, Self::Tag(tags)))?,
            "UntagResource" => read(input).map(|(id, keys)| (id, Self::Untag(keys)))?,
            "ListSecretVersionIds" => read(input).map(|(id, list, paging)| (id, Self::ListVersions(list, paging)))?,
            other => return Err(ApiError::unknown_operation("Secrets Manager", other)),
        };
        Ok((secret_id, call))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretIdInput {
    #[serde(default)]
    secret_id: String,
}

/// What CreateSecret takes.
pub type NewSecretInput = (SecretNameInput, ValueInput, DescriptionInput, SecretTagsInput);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretNameInput {
    #[serde(default)]
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValueInput {
    pub client_request_token: Option<String>,
    pub secret_string: Option<String>,
    pub secret_binary: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescriptionInput {
    pub description: Option<String>,
    pub kms_key_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersionInput {
    pub version_id: Option<String>,
    pub version_stage: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StagesInput {
    pub version_stages: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StageMove {
    pub version_stage: String,
    pub remove_from_version_id: Option<String>,
    pub move_to_version_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeletionInput {
    pub recovery_window_in_days: Option<i64>,
    #[serde(default)]
    pub force_delete_without_recovery: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretTagsInput {
    #[serde(default)]
    tags: Vec<SecretTag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretTag {
    key: String,
    #[serde(default)]
    value: String,
}

impl SecretTagsInput {
    pub fn into_map(self) -> BTreeMap<String, String> {
        self.tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretTagKeys {
    #[serde(default)]
    pub tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersionListInput {
    #[serde(default)]
    pub include_deprecated: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretListInput {
    #[serde(default)]
    pub filters: Vec<SecretFilter>,
    #[serde(default)]
    pub include_planned_deletion: bool,
    pub sort_order: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretFilter {
    #[serde(default)]
    pub key: String,
    #[serde(default)]
    pub values: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretPaging {
    max_results: Option<i32>,
    next_token: Option<String>,
}

impl SecretPaging {
    /// As many of a list as were asked for, at most 100, from where the page before ended.
    pub fn page(&self, name: &str, all: Vec<Value>) -> ApiResult<Value> {
        const MOST: usize = 100;
        let most = self.max_results.and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST);
        let start: usize = match &self.next_token {
            Some(token) => {
                token.parse().map_err(|_| ApiError::invalid("InvalidNextTokenException", "NextToken is not valid"))?
            }
            None => 0,
        };
        let end = all.len().min(start.saturating_add(most.clamp(1, MOST)));
        let mut answer = json!({ name: all.get(start..end).unwrap_or_default() });
        if end < all.len() {
            answer["NextToken"] = json!(end.to_string());
        }
        Ok(answer)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PasswordInput {
    pub password_length: Option<i64>,
    #[serde(default)]
    pub exclude_characters: String,
    #[serde(default)]
    pub exclude_lowercase: bool,
    #[serde(default)]
    pub exclude_uppercase: bool,
    #[serde(default)]
    pub exclude_numbers: bool,
    #[serde(default)]
    pub exclude_punctuation: bool,
    #[serde(default)]
    pub include_space: bool,
    #[expect(dead_code, reason = "one of each type is there in any case")]
    require_each_included_type: Option<bool>,
}
