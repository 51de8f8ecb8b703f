//! Secrets that callers make. They live in memory and end with the process: nothing secret is ever written to disk.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::described::{arn, tags_json};
use super::input::{
    DeletionInput, DescriptionInput, NewSecretInput, SecretCall, StagesInput, ValueInput, VersionInput,
    invalid_parameter, invalid_request,
};
use super::versions::{CURRENT, Version, Versions};
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

impl Own {
    pub fn new(account: &Account, (name, value, described, tags): NewSecretInput) -> ApiResult<Self> {
        let name = name.name;
        let is_valid = |c: char| c.is_ascii_alphanumeric() || "/_+=.@!-".contains(c);
        if name.is_empty() || name.len() > 512 || !name.chars().all(is_valid) {
            return Err(ApiError::invalid(
                "ValidationException",
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
            ));
        }
        let arn = arn(account, &name);
        let mut versions = Versions::default();
        if let Some(version) = Version::from_request(value)? {
            versions.add(version, BTreeSet::new(), &arn)?;
        }
        Ok(Self {
            arn,
            name,
            description: described.description,
            kms_key: described.kms_key_id,
            tags: tags.into_map(),
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

    /// Returns true if it is there still: a deleted one is gone when its days are over.
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
    pub fn answer(&mut self, operation: &str, call: SecretCall) -> ApiResult<Value> {
        let ignores_deletion = matches!(call, SecretCall::Describe | SecretCall::Restore | SecretCall::Delete(_));
        if self.deleted.is_some() && !ignores_deletion {
            return Err(invalid_request(
                "You can't perform this operation on the secret because it was marked for deletion.",
            ));
        }
        let answer = match call {
            SecretCall::Describe => {
                let mut answer = self.json();
                answer["VersionIdsToStages"] = self.versions.stages();
                answer
            }
            SecretCall::GetValue(version) => self.value(&version)?,
            SecretCall::PutValue(value, stages) => self.put(value, stages)?,
            SecretCall::Update(value, described) => self.update(value, described)?,
            SecretCall::Delete(deletion) => self.delete(&deletion)?,
            SecretCall::MoveStage(stage) => {
                self.versions.move_stage(stage)?;
                self.changed = now_millis();
                self.identity()
            }
            SecretCall::Restore => {
                self.deleted = None;
                self.identity()
            }
            SecretCall::Tag(tags) => {
                self.tags.extend(tags.into_map());
                json!({})
            }
            SecretCall::Untag(keys) => {
                self.tags.retain(|key, _| !keys.tag_keys.contains(key));
                json!({})
            }
            SecretCall::ListVersions(list, paging) => {
                let mut answer = paging.page("Versions", self.versions.listed(list.include_deprecated))?;
                (answer["ARN"], answer["Name"]) = (json!(self.arn), json!(self.name));
                answer
            }
            SecretCall::Rotate => return Err(ApiError::unknown_operation("Secrets Manager", operation)),
        };
        Ok(answer)
    }

    fn value(&self, input: &VersionInput) -> ApiResult<Value> {
        let found = self.versions.wanted(input)?;
        let mut answer = self.identity();
        answer[found.field] = json!(found.value);
        found.describe(&mut answer);
        Ok(answer)
    }

    fn put(&mut self, value: ValueInput, stages: StagesInput) -> ApiResult<Value> {
        let added = self.add_version(value, stages)?;
        let id = added.ok_or_else(|| invalid_request("You must provide either SecretString or SecretBinary."))?;
        self.changed = now_millis();
        let mut answer = self.identity();
        if let Some(version) = self.versions.with_id(&id) {
            (answer["VersionId"], answer["VersionStages"]) = (json!(version.id), json!(version.stages));
        }
        Ok(answer)
    }

    fn update(&mut self, value: ValueInput, described: DescriptionInput) -> ApiResult<Value> {
        let added = self.add_version(value, StagesInput::default())?;
        self.changed = now_millis();
        self.description = described.description.or_else(|| self.description.take());
        self.kms_key = described.kms_key_id.or_else(|| self.kms_key.take());
        let mut answer = self.identity();
        if let Some(id) = added {
            answer["VersionId"] = json!(id);
        }
        Ok(answer)
    }

    /// The id of the value that a request carries, if it does.
    fn add_version(&mut self, value: ValueInput, stages: StagesInput) -> ApiResult<Option<String>> {
        let stages = Versions::wanted_stages(stages)?;
        let added = Version::from_request(value)?.map(|version| self.versions.add(version, stages, &self.arn));
        added.transpose()
    }

    fn delete(&mut self, input: &DeletionInput) -> ApiResult<Value> {
        let (days, force) = (input.recovery_window_in_days, input.force_delete_without_recovery);
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
