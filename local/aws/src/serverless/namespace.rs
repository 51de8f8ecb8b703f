//! Namespaces: the data of a warehouse, its admin, its roles.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Serverless;
use super::input::{NamespaceChange, NamespaceCreation, NamespaceNameInput, Tags, TagsInput, check_name, invalid};
use super::workgroup::{self, Workgroup};
use crate::account::{Account, iso, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::protocol::uuid;

pub const KIND: &str = "serverless-namespace";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Namespace {
    pub name: String,
    pub id: String,
    pub database: String,
    pub admin: String,
    pub secret: Option<String>,
    pub roles: Vec<String>,
    pub default_role: Option<String>,
    #[serde(default)]
    pub kms_key: Option<String>,
    pub created: i64,
    pub tags: Tags,
}

impl Namespace {
    pub fn arn(&self, account: &Account) -> String {
        account.arn("redshift-serverless", format_args!("namespace/{}", self.id))
    }

    pub fn json(&self, account: &Account) -> Json {
        let mut answer = json!({
            "namespaceName": self.name, "namespaceId": self.id, "namespaceArn": self.arn(account), "dbName": self.database,
            "adminUsername": self.admin, "iamRoles": self.roles, "status": "AVAILABLE", "creationDate": iso(self.created),
            "logExports": [], "kmsKeyId": self.kms_key.as_deref().unwrap_or("AWS_OWNED_KMS_KEY"),
        });
        if let Some(secret) = &self.secret {
            answer["adminPasswordSecretArn"] = json!(secret);
        }
        if let Some(role) = &self.default_role {
            answer["defaultIamRoleArn"] = json!(role);
        }
        answer
    }
}

type CreateNamespaceInput = (NamespaceNameInput, NamespaceCreation, NamespaceChange, TagsInput);

impl Serverless {
    pub(super) fn namespaces(&self) -> ApiResult<Vec<Json>> {
        let all: Vec<Namespace> = self.store.list(KIND)?;
        Ok(all.iter().map(|found| found.json(&self.account)).collect())
    }

    pub(super) fn namespace(&self, name: &str) -> ApiResult<Namespace> {
        let missing =
            || ApiError::invalid("ResourceNotFoundException", format!("The namespace {name} does not exist."));
        self.store.get(KIND, name)?.ok_or_else(missing)
    }

    pub(super) fn create_namespace(&self, input: CreateNamespaceInput) -> ApiResult<Json> {
        let (NamespaceNameInput { namespace_name: name }, creation, change, tags) = input;
        check_name("namespaceName", &name)?;
        if self.namespace(&name).is_ok() {
            return Err(ApiError::invalid("ConflictException", format!("The namespace {name} already exists.")));
        }
        let managed = change.manage_admin_password.unwrap_or(false);
        if managed && change.admin_user_password.is_some() {
            return Err(invalid("manageAdminPassword and adminUserPassword can't be used together"));
        }
        let admin = creation.admin_username.unwrap_or_else(|| "admin".to_owned());
        let tags = tags.into_map();
        let secret = match managed {
            true => Some(self.secrets.create_for_cluster(&name, &admin, &tags)?),
            false => None,
        };
        let namespace = Namespace {
            name,
            id: uuid(),
            database: creation.db_name.unwrap_or_else(|| "dev".to_owned()),
            admin,
            secret,
            roles: change.iam_roles.unwrap_or_default(),
            default_role: change.default_iam_role_arn,
            kms_key: change.kms_key_id,
            created: now_millis(),
            tags,
        };
        self.store.put(KIND, &namespace.name, &namespace)?;
        if let Some(password) = &change.admin_user_password {
            self.logins.set(&self.directory(&namespace.name), password)?;
        }
        Ok(json!({ "namespace": namespace.json(&self.account) }))
    }

    pub(super) fn update_namespace(&self, (name, change): (NamespaceNameInput, NamespaceChange)) -> ApiResult<Json> {
        let mut namespace = self.namespace(&name.namespace_name)?;
        self.update_password(&mut namespace, &change)?;
        namespace.roles = change.iam_roles.unwrap_or(namespace.roles);
        namespace.default_role = change.default_iam_role_arn.or(namespace.default_role);
        namespace.kms_key = change.kms_key_id.or(namespace.kms_key);
        self.store.put(KIND, &namespace.name, &namespace)?;
        Ok(json!({ "namespace": namespace.json(&self.account) }))
    }

    /// The admin's password, or that Secrets Manager is to keep it, or to keep it no longer.
    fn update_password(&self, namespace: &mut Namespace, change: &NamespaceChange) -> ApiResult<()> {
        let (password, managed) = (change.admin_user_password.as_deref(), change.manage_admin_password);
        match (password, managed, namespace.secret.is_some()) {
            (None, None, _) | (None, Some(true), true) | (None, Some(false), false) => return Ok(()),
            (None, Some(true), false) => {
                let (name, admin) = (&namespace.name, &namespace.admin);
                namespace.secret = Some(self.secrets.create_for_cluster(name, admin, &namespace.tags)?);
            }
            (Some(password), None, false) | (Some(password), Some(false), _) => {
                self.logins.set(&self.directory(&namespace.name), password)?;
                if let Some(secret) = namespace.secret.take() {
                    self.secrets.delete(&secret)?;
                }
            }
            _ => {
                return Err(invalid(
                    "adminUserPassword must be given where manageAdminPassword is off, and only there",
                ));
            }
        }
        // Its port knows where the password is.
        self.wire.close(&self.directory(&namespace.name));
        Ok(())
    }

    /// The workgroup goes first, then the namespace with its data.
    pub(super) fn delete_namespace(&self, name: &NamespaceNameInput) -> ApiResult<Json> {
        let namespace = self.namespace(&name.namespace_name)?;
        let workgroups: Vec<Workgroup> = self.store.list(workgroup::KIND)?;
        if let Some(workgroup) = workgroups.iter().find(|workgroup| workgroup.namespace == namespace.name) {
            let message = format!("The namespace {} is in use by the workgroup {}.", namespace.name, workgroup.name);
            return Err(ApiError::invalid("ConflictException", message));
        }
        self.logins.remove_warehouse(&self.wire, &self.directory(&namespace.name))?;
        if let Some(secret) = &namespace.secret {
            self.secrets.delete(secret)?;
        }
        self.store.delete(KIND, &namespace.name)?;
        let mut answer = namespace.json(&self.account);
        answer["status"] = json!("DELETING");
        Ok(json!({ "namespace": answer }))
    }
}
