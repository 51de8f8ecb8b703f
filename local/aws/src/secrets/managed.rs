//! The admin secrets that Redshift manages: made and deleted with their cluster.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::{SecretCall, VersionInput};
use super::versions::{self, CURRENT};
use super::{Secrets, arn, tags_json};
use crate::account::now_millis;
use crate::error::{ApiError, ApiResult};
use crate::store::View;

const KIND: &str = "secret";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Managed {
    pub arn: String,
    pub name: String,
    user: String,
    created: i64,
    owning_service: String,
    tags: BTreeMap<String, String>,
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

impl Secrets {
    pub(super) fn managed(&self) -> ApiResult<Vec<Managed>> {
        Ok(self.store.list(KIND)?)
    }

    /// As calls of this kind show them, which may be late (R35).
    pub(super) fn managed_seen(&self, view: View) -> ApiResult<Vec<Managed>> {
        Ok(self.store.list_seen(view, KIND)?)
    }

    /// Makes the admin secret of a cluster (R19) and answers its ARN.
    pub fn create_for_cluster(&self, cluster: &str, user: &str, tags: &BTreeMap<String, String>) -> ApiResult<String> {
        let name = format!("redshift!{cluster}-{user}");
        let secret = Managed {
            arn: arn(&self.account, &name),
            user: user.to_owned(),
            created: now_millis(),
            owning_service: "redshift".into(),
            tags: tags.clone(),
            name,
        };
        self.store.put(KIND, &secret.name, &secret)?;
        Ok(secret.arn)
    }

    pub fn delete(&self, arn: &str) -> ApiResult<()> {
        for secret in self.managed()?.iter().filter(|secret| secret.arn == arn) {
            self.store.delete(KIND, &secret.name)?;
        }
        Ok(())
    }
}
