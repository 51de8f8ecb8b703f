//! Secrets that callers make. They live in memory and end with the process: nothing secret is ever written to disk.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::versions::{CURRENT, Version, Versions};
use super::{arn, page, tags_json};
use crate::account::{Account, now_millis};
use crate::error::{ApiError, ApiResult};

/// Days until a deleted secret is gone, where the caller does not say.
const RECOVERY_DAYS: i64 = 30;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Clone)]
pub struct Own {
    pub arn: String,
    pub name: String,
    description: Option<String>,
    kms_key: Option<String>,
    tags: BTreeMap<String, String>,
    created: i64,
    changed: i64,
    /// When it will be gone.
    pub deleted: Option<i64>,
    versions: Versions,
}

pub fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidParameterException", message)
}

pub fn invalid_request(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidRequestException", message)
}

pub fn text(input: &Value, name: &str) -> Option<String> {
    input[name].as_str().map(str::to_owned)
}

fn tags(input: &Value) -> impl Iterator<Item = (String, String)> {
    let entries = input["Tags"].as_array().into_iter().flatten();
    entries.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value").unwrap_or_default())))
}

impl Own {
    pub fn new(account: &Account, input: &Value) -> ApiResult<Self> {
        let name = text(input, "Name").unwrap_or_default();
        let is_valid = |c: char| c.is_ascii_alphanumeric() || "/_+=.@!-".contains(c);
        if name.is_empty() || name.len() > 512 || !name.chars().all(is_valid) {
            return Err(ApiError::invalid(
                "ValidationException",
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
            ));
        }
        let arn = arn(account, &name);
        let mut versions = Versions::default();
        if let Some(version) = Version::from_request(input)? {
            versions.add(version, BTreeSet::new(), &arn)?;
        }
        Ok(Self {
            arn,
            name,
            description: text(input, "Description"),
            kms_key: text(input, "KmsKeyId"),
            tags: tags(input).collect(),
            created: now_millis(),
            changed: now_millis(),
            deleted: None,
            versions,
        })
    }

    fn identity(&self) -> Value {
        json!({ "ARN": self.arn, "Name": self.name })
    }

    /// What CreateSecret answers.
    pub fn with_version(&self) -> Value {
        let mut answer = self.identity();
        if let Some(current) = self.versions.with_stage(CURRENT) {
            answer["VersionId"] = json!(current.id);
        }
        answer
    }

    /// Whether it is there still: a deleted one is gone when its days are over.
    pub fn is_there(&self) -> bool {
        self.deleted.is_none_or(|goes| goes > now_millis())
    }

    /// What is the current value, if there is one in words.
    pub fn current(&self) -> Option<&str> {
        let current = self.versions.with_stage(CURRENT).filter(|version| version.field == "SecretString");
        current.map(|version| version.value.as_str())
    }

    pub fn json(&self) -> Value {
        let mut answer = self.identity();
        answer["CreatedDate"] = json!(self.created / 1000);
        answer["LastChangedDate"] = json!(self.changed / 1000);
        answer["Tags"] = tags_json(&self.tags);
        let optional = [("Description", &self.description), ("KmsKeyId", &self.kms_key)];
        for (field, value) in optional.into_iter().filter(|(_, value)| value.is_some()) {
            answer[field] = json!(value);
        }
        if let Some(deleted) = self.deleted {
            answer["DeletedDate"] = json!(deleted / 1000);
        }
        answer
    }

    /// Answers a call about this secret.
    pub fn answer(&mut self, operation: &str, input: &Value) -> ApiResult<Value> {
        if self.deleted.is_some() && !["DescribeSecret", "RestoreSecret", "DeleteSecret"].contains(&operation) {
            return Err(invalid_request(
                "You can't perform this operation on the secret because it was marked for deletion.",
            ));
        }
        let answer = match operation {
            "DescribeSecret" => {
                let mut answer = self.json();
                answer["VersionIdsToStages"] = self.versions.stages();
                answer
            }
            "GetSecretValue" => self.value(input)?,
            "PutSecretValue" | "UpdateSecret" => self.put(operation, input)?,
            "DeleteSecret" => self.delete(input)?,
            "UpdateSecretVersionStage" => {
                self.versions.move_stage(input)?;
                self.changed = now_millis();
                self.identity()
            }
            "RestoreSecret" => {
                self.deleted = None;
                self.identity()
            }
            "TagResource" => {
                self.tags.extend(tags(input));
                json!({})
            }
            "UntagResource" => {
                for key in input["TagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    self.tags.remove(key);
                }
                json!({})
            }
            "ListSecretVersionIds" => {
                let mut answer =
                    page(input, "Versions", self.versions.listed(input["IncludeDeprecated"] == json!(true)))?;
                (answer["ARN"], answer["Name"]) = (json!(self.arn), json!(self.name));
                answer
            }
            other => return Err(ApiError::unknown_operation("Secrets Manager", other)),
        };
        Ok(answer)
    }

    fn value(&self, input: &Value) -> ApiResult<Value> {
        let found = self.versions.wanted(input)?;
        let mut answer = self.identity();
        answer[found.field] = json!(found.value);
        found.describe(&mut answer);
        Ok(answer)
    }

    fn put(&mut self, operation: &str, input: &Value) -> ApiResult<Value> {
        let is_put = operation == "PutSecretValue";
        let stages = Versions::wanted_stages(input)?;
        let added = Version::from_request(input)?.map(|version| self.versions.add(version, stages, &self.arn));
        let added = added.transpose()?;
        if is_put && added.is_none() {
            return Err(invalid_request("You must provide either SecretString or SecretBinary."));
        }
        self.changed = now_millis();
        self.description = text(input, "Description").or_else(|| self.description.take());
        self.kms_key = text(input, "KmsKeyId").or_else(|| self.kms_key.take());
        let mut answer = self.identity();
        if let Some(version) = added.and_then(|id| self.versions.with_id(&id)) {
            answer["VersionId"] = json!(version.id);
            if is_put {
                answer["VersionStages"] = json!(version.stages);
            }
        }
        Ok(answer)
    }

    fn delete(&mut self, input: &Value) -> ApiResult<Value> {
        let (days, force) =
            (input["RecoveryWindowInDays"].as_i64(), input["ForceDeleteWithoutRecovery"] == json!(true));
        if force && days.is_some() {
            return Err(invalid_parameter(
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
            ));
        }
        if days.is_some_and(|days| !(7..=30).contains(&days)) {
            return Err(invalid_parameter("RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
        }
        let goes = if force { now_millis() } else { now_millis() + days.unwrap_or(RECOVERY_DAYS) * DAY_MILLIS };
        self.deleted = Some(goes);
        let mut answer = self.identity();
        answer["DeletionDate"] = json!(goes / 1000);
        Ok(answer)
    }
}
