//! The admin secrets that Redshift manages: made and deleted with their cluster.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::described::tags_json;
use super::input::{SecretCall, VersionInput};
use super::versions::{self, CURRENT};
use crate::error::{ApiError, ApiResult};

pub const KIND: &str = "secret";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Managed {
    pub arn: String,
    pub name: String,
    pub user: String,
    pub created: i64,
    pub owning_service: String,
    pub tags: BTreeMap<String, String>,
}

impl Managed {
    /// The password is computed from the ARN, so that none is ever written to disk. It opens nothing but the stand-in.
    pub fn value(&self) -> Value {
        let digest = Md5::digest(format!("local:{}", self.arn).as_bytes());
        let password: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({ "username": self.user, "password": format!("Aa1{password}") })
    }

    pub fn json(&self) -> Value {
        json!({ "ARN": self.arn, "Name": self.name, "OwningService": self.owning_service, "Tags": tags_json(&self.tags),
            "CreatedDate": self.created / 1000 })
    }

    pub fn answer(&self, operation: &str, call: SecretCall) -> ApiResult<Value> {
        match call {
            SecretCall::Describe => Ok(self.json()),
            SecretCall::GetValue(VersionInput { version_id, version_stage }) => {
                if let Some(stage) = version_stage.filter(|stage| stage != CURRENT) {
                    return Err(versions::missing(&format!("staging label: {stage}")));
                }
                if let Some(id) = version_id {
                    return Err(versions::missing(&format!("VersionId: {id}")));
                }
                Ok(json!({ "ARN": self.arn, "Name": self.name, "SecretString": self.value().to_string(),
                "VersionStages": [CURRENT], "CreatedDate": self.created / 1000 }))
            }
            // It belongs to the service that made it; the caller may not touch it.
            SecretCall::Delete(_)
            | SecretCall::PutValue(..)
            | SecretCall::Update(..)
            | SecretCall::MoveStage(_)
            | SecretCall::Rotate => {
                let message = format!("{} is managed by {}", self.name, self.owning_service);
                Err(ApiError::invalid("InvalidRequestException", message))
            }
            _ => Err(ApiError::unknown_operation("Secrets Manager", operation)),
        }
    }
}
