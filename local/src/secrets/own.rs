//! Secrets that callers make. They live in memory and end with the process: nothing secret is ever written to disk.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{arn, tags_json};
use crate::account::{Account, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::protocol::uuid;

/// Days until a deleted secret is gone, where the caller does not say.
const RECOVERY_DAYS: i64 = 30;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// Of the two newest values.
const STAGES: [&str; 2] = ["AWSCURRENT", "AWSPREVIOUS"];
/// Secrets Manager's limit of a value.
const MAX_VALUE_BYTES: usize = 65_536;

#[derive(Debug)]
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
    /// The newest first: AWSCURRENT, then AWSPREVIOUS.
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    id: String,
    created: i64,
    /// `SecretString` or `SecretBinary`.
    field: &'static str,
    value: String,
}

fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidParameterException", message)
}

fn invalid_request(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidRequestException", message)
}

fn text(input: &Value, name: &str) -> Option<String> {
    input[name].as_str().map(str::to_owned)
}

fn tags(input: &Value) -> impl Iterator<Item = (String, String)> {
    let entries = input["Tags"].as_array().into_iter().flatten();
    entries.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value").unwrap_or_default())))
}

/// The value that a request carries, if it does.
fn version(input: &Value) -> ApiResult<Option<Version>> {
    let (field, value) = match (text(input, "SecretString"), text(input, "SecretBinary")) {
        (Some(_), Some(_)) => {
            return Err(invalid_parameter("You can't specify both a binary secret value and a string secret value."));
        }
        (Some(value), None) => ("SecretString", value),
        (None, Some(value)) => ("SecretBinary", value),
        (None, None) => return Ok(None),
    };
    if value.len() > MAX_VALUE_BYTES {
        return Err(invalid_parameter(format!("The secret value is longer than {MAX_VALUE_BYTES} bytes.")));
    }
    let id = text(input, "ClientRequestToken").unwrap_or_else(uuid);
    Ok(Some(Version { id, created: now_millis(), field, value }))
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
        Ok(Self {
            arn: arn(account, &name),
            name,
            description: text(input, "Description"),
            kms_key: text(input, "KmsKeyId"),
            tags: tags(input).collect(),
            created: now_millis(),
            changed: now_millis(),
            deleted: None,
            versions: version(input)?.into_iter().collect(),
        })
    }

    fn identity(&self) -> Value {
        json!({ "ARN": self.arn, "Name": self.name })
    }

    pub fn with_version(&self) -> Value {
        let mut answer = self.identity();
        if let Some(newest) = self.versions.first() {
            answer["VersionId"] = json!(newest.id);
        }
        answer
    }

    /// Whether it is there still: a deleted one is gone when its days are over.
    pub fn is_there(&self) -> bool {
        self.deleted.is_none_or(|goes| goes > now_millis())
    }

    /// What is the current value, if there is one in words.
    pub fn current(&self) -> Option<&str> {
        self.versions.first().filter(|version| version.field == "SecretString").map(|version| version.value.as_str())
    }

    fn stages(&self) -> Value {
        let stage = |(at, version): (usize, &Version)| (version.id.clone(), json!([STAGES[at]]));
        self.versions.iter().enumerate().take(STAGES.len()).map(stage).collect::<serde_json::Map<_, _>>().into()
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
                answer["VersionIdsToStages"] = self.stages();
                answer
            }
            "GetSecretValue" => self.value(input)?,
            "PutSecretValue" | "UpdateSecret" => self.put(operation, input)?,
            "DeleteSecret" => self.delete(input)?,
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
                let entry = |(at, version): (usize, &Version)| json!({ "VersionId": version.id, "CreatedDate": version.created / 1000, "VersionStages": STAGES.get(at).into_iter().collect::<Vec<_>>() });
                let mut answer = self.identity();
                answer["Versions"] = self.versions.iter().enumerate().map(entry).collect();
                answer
            }
            other => return Err(ApiError::unknown_operation("Secrets Manager", other)),
        };
        Ok(answer)
    }

    fn value(&self, input: &Value) -> ApiResult<Value> {
        let (id, stage) = (text(input, "VersionId"), text(input, "VersionStage"));
        let wanted = |(at, version): &(usize, &Version)| match (&id, &stage) {
            (Some(id), _) => version.id == *id,
            (None, Some(stage)) => STAGES.get(*at) == Some(&stage.as_str()),
            (None, None) => *at == 0,
        };
        let (at, found) = self.versions.iter().enumerate().find(wanted).ok_or_else(|| {
            let which = match (&id, stage) {
                (Some(id), _) => format!("VersionId: {id}"),
                (None, stage) => format!("staging label: {}", stage.unwrap_or_else(|| STAGES[0].to_owned())),
            };
            let message = format!("Secrets Manager can't find the specified secret value for {which}");
            ApiError::invalid("ResourceNotFoundException", message)
        })?;
        let mut answer = self.identity();
        answer[found.field] = json!(found.value);
        answer["VersionId"] = json!(found.id);
        answer["VersionStages"] = STAGES.get(at).into_iter().copied().collect();
        answer["CreatedDate"] = json!(found.created / 1000);
        Ok(answer)
    }

    fn put(&mut self, operation: &str, input: &Value) -> ApiResult<Value> {
        match version(input)? {
            Some(version) if self.versions.first().is_none_or(|newest| newest.id != version.id) => {
                self.versions.insert(0, version);
            }
            // The same request once more.
            Some(_) => {}
            None if operation == "PutSecretValue" => {
                return Err(invalid_request("You must provide either SecretString or SecretBinary."));
            }
            None => {}
        }
        self.changed = now_millis();
        self.description = text(input, "Description").or_else(|| self.description.take());
        self.kms_key = text(input, "KmsKeyId").or_else(|| self.kms_key.take());
        let mut answer = self.with_version();
        if operation == "PutSecretValue" {
            answer["VersionStages"] = json!([STAGES[0]]);
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
