//! Secrets Manager: the admin secrets that Redshift manages. They are made and deleted with their cluster.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::{Account, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::protocol::{Request, Response, json};
use crate::store::Store;

const KIND: &str = "secret";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secret {
    pub arn: String,
    pub name: String,
    user: String,
    created: i64,
    pub owning_service: String,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone)]
pub struct Secrets {
    pub store: Store,
    pub account: Account,
}

impl Secrets {
    pub fn handle(&self, request: &Request) -> Response {
        match json::parse(request).and_then(|(operation, input)| self.dispatch(&operation, &input)) {
            Ok(output) => json::answer(&output),
            Err(error) => json::refuse(&error),
        }
    }

    fn dispatch(&self, operation: &str, input: &Value) -> ApiResult<Value> {
        match operation {
            "DescribeSecret" => Ok(self.find(input)?.json()),
            "GetSecretValue" => {
                let secret = self.find(input)?;
                Ok(json!({ "ARN": secret.arn, "Name": secret.name, "SecretString": secret.value().to_string(),
                    "VersionStages": ["AWSCURRENT"], "CreatedDate": secret.created / 1000 }))
            }
            "ListSecrets" => {
                let secrets: Vec<Secret> = self.store.list(KIND)?;
                let wanted = filters(input)?;
                let secrets: Vec<&Secret> = secrets.iter().filter(|secret| wanted(secret)).collect();
                Ok(json!({ "SecretList": secrets.iter().map(|secret| secret.json()).collect::<Vec<_>>() }))
            }
            // A managed secret belongs to the service that made it; the caller may not touch it.
            "DeleteSecret" | "PutSecretValue" | "UpdateSecret" | "RotateSecret" => {
                let secret = self.find(input)?;
                let message = format!("{} is managed by {}", secret.name, secret.owning_service);
                Err(ApiError::invalid("InvalidRequestException", message))
            }
            other => Err(ApiError::unknown_operation("Secrets Manager", other)),
        }
    }

    fn find(&self, input: &Value) -> ApiResult<Secret> {
        let id = input["SecretId"].as_str().unwrap_or_default();
        let secrets: Vec<Secret> = self.store.list(KIND)?;
        let missing =
            || ApiError::invalid("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        secrets.into_iter().find(|secret| secret.arn == id || secret.name == id).ok_or_else(missing)
    }

    /// Makes the admin secret of a cluster (R19) and answers its ARN.
    pub fn create_for_cluster(&self, cluster: &str, user: &str, tags: &BTreeMap<String, String>) -> ApiResult<String> {
        let name = format!("redshift!{cluster}-{user}");
        let suffix: String = std::iter::repeat_with(fastrand::alphanumeric).take(6).collect();
        let secret = Secret {
            arn: format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}", self.account.region, self.account.id),
            user: user.to_owned(),
            created: now_millis(),
            owning_service: "redshift".into(),
            tags: tags.clone(),
            name,
        };
        self.store.put(KIND, &secret.name, &secret)?;
        Ok(secret.arn)
    }

    /// Whether this ARN is a secret here, as the Data API must know before it trusts it.
    pub fn exists(&self, arn: &str) -> ApiResult<bool> {
        let secrets: Vec<Secret> = self.store.list(KIND)?;
        Ok(secrets.iter().any(|secret| secret.arn == arn))
    }

    /// The password that a secret holds.
    pub fn password(&self, arn: &str) -> ApiResult<Option<String>> {
        let secrets: Vec<Secret> = self.store.list(KIND)?;
        let secret = secrets.iter().find(|secret| secret.arn == arn);
        Ok(secret.and_then(|secret| secret.value()["password"].as_str().map(str::to_owned)))
    }

    pub fn delete(&self, arn: &str) -> ApiResult<()> {
        let secrets: Vec<Secret> = self.store.list(KIND)?;
        for secret in secrets.iter().filter(|secret| secret.arn == arn) {
            self.store.delete(KIND, &secret.name)?;
        }
        Ok(())
    }
}

/// The filters of ListSecrets. Those that are not known here are refused.
fn filters(input: &Value) -> ApiResult<impl Fn(&Secret) -> bool> {
    let mut prefixes: Vec<Vec<String>> = Vec::new();
    for filter in input["Filters"].as_array().into_iter().flatten() {
        if filter["Key"] != "name" {
            let message = format!("the local Secrets Manager does not filter by {}", filter["Key"]);
            return Err(ApiError::invalid("InvalidParameterException", message));
        }
        let values = filter["Values"].as_array().into_iter().flatten();
        prefixes.push(values.filter_map(|value| value.as_str().map(str::to_owned)).collect());
    }
    Ok(move |secret: &Secret| prefixes.iter().all(|any| any.iter().any(|prefix| secret.name.starts_with(prefix))))
}

impl Secret {
    /// The password is computed from the ARN, so that none is ever written to disk. It opens nothing but the stand-in.
    fn value(&self) -> Value {
        let digest = Md5::digest(format!("local:{}", self.arn).as_bytes());
        let password: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({ "username": self.user, "password": format!("Aa1{password}") })
    }

    fn json(&self) -> Value {
        let tags: Vec<Value> = self.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        json!({ "ARN": self.arn, "Name": self.name, "OwningService": self.owning_service, "Tags": tags,
            "CreatedDate": self.created / 1000 })
    }
}
