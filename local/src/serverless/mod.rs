//! Redshift Serverless: namespaces that hold the data, and workgroups that run statements on it.

mod parameters;
mod regions;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::account::{Account, dns_suffix, iso, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::logins::Logins;
use crate::protocol::{Request, Response, json, uuid};
use crate::redshift::is_port;
use crate::secrets::Secrets;
use crate::store::Store;
use crate::warehouse::{Place, Slices};
use crate::wire::Wire;
use parameters::{page, parameters, tags_of, texts};

const NAMESPACE: &str = "serverless-namespace";
const WORKGROUP: &str = "serverless-workgroup";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Namespace {
    name: String,
    id: String,
    database: String,
    admin: String,
    secret: Option<String>,
    roles: Vec<String>,
    default_role: Option<String>,
    #[serde(default)]
    kms_key: Option<String>,
    created: i64,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Workgroup {
    name: String,
    id: String,
    namespace: String,
    base_capacity: i64,
    port: i64,
    public: bool,
    created: i64,
    tags: BTreeMap<String, String>,
    /// What is told and changes nothing here.
    #[serde(default)]
    kept: BTreeMap<String, Json>,
}

/// Settings of a workgroup's network and size that are kept and described.
const KEPT: [&str; 4] = ["securityGroupIds", "subnetIds", "enhancedVpcRouting", "maxCapacity"];

#[derive(Clone)]
pub struct Serverless {
    pub store: Store,
    pub account: Account,
    pub secrets: Secrets,
    pub logins: Logins,
    pub wire: Wire,
}

impl Serverless {
    pub fn handle(&self, request: &Request) -> Response {
        match json::parse(request).and_then(|(operation, input)| self.dispatch(&operation, &input)) {
            Ok(output) => json::answer(&output),
            Err(error) => json::refuse(&error),
        }
    }

    fn dispatch(&self, operation: &str, input: &Json) -> ApiResult<Json> {
        if let Some(known) = parameters(operation) {
            json::only(input, "ValidationException", known)?;
        }
        let _guard = self.store.change();
        match operation {
            "CreateNamespace" => self.create_namespace(input),
            "GetNamespace" => {
                Ok(json!({ "namespace": self.namespace(name(input, "namespaceName")?)?.json(&self.account) }))
            }
            "ListNamespaces" => {
                let all: Vec<Namespace> = self.store.list(NAMESPACE)?;
                page(input, "namespaces", all.iter().map(|found| found.json(&self.account)).collect())
            }
            "UpdateNamespace" => self.update_namespace(input),
            "DeleteNamespace" => self.delete_namespace(input),
            "CreateWorkgroup" => self.create_workgroup(input),
            "GetWorkgroup" => Ok(json!({ "workgroup": self.shown(&self.workgroup(name(input, "workgroupName")?)?)? })),
            "GetCredentials" => self.credentials(input),
            "ListWorkgroups" => page(input, "workgroups", self.workgroups()?),
            "UpdateWorkgroup" => self.update_workgroup(input),
            "DeleteWorkgroup" => {
                let found = self.workgroup(name(input, "workgroupName")?)?;
                self.store.delete(WORKGROUP, &found.name)?;
                let mut answer = found.json(&self.account);
                answer["status"] = json!("DELETING");
                Ok(json!({ "workgroup": answer }))
            }
            "TagResource" | "UntagResource" | "ListTagsForResource" => self.tags(operation, input),
            other => Err(ApiError::unknown_operation("Redshift Serverless", other)),
        }
    }

    fn namespace(&self, name: &str) -> ApiResult<Namespace> {
        let missing =
            || ApiError::invalid("ResourceNotFoundException", format!("The namespace {name} does not exist."));
        self.store.get(NAMESPACE, name)?.ok_or_else(missing)
    }

    fn workgroup(&self, name: &str) -> ApiResult<Workgroup> {
        let missing =
            || ApiError::invalid("ResourceNotFoundException", format!("The workgroup {name} does not exist."));
        self.store.get(WORKGROUP, name)?.ok_or_else(missing)
    }

    pub fn workgroups(&self) -> ApiResult<Vec<Json>> {
        let all: Vec<Workgroup> = self.store.list(WORKGROUP)?;
        all.iter().map(|found| self.shown(found)).collect()
    }

    /// A workgroup with the address that really answers, where one does.
    fn shown(&self, workgroup: &Workgroup) -> ApiResult<Json> {
        let mut answer = workgroup.json(&self.account);
        if let Some(door) = self.wire.door(&self.place(&workgroup.name)?, workgroup.port) {
            answer["endpoint"] = json!({ "address": self.wire.host(door), "port": door.port() });
        }
        Ok(answer)
    }

    /// A password for the caller, for a while.
    fn credentials(&self, input: &Json) -> ApiResult<Json> {
        let place = self.place(name(input, "workgroupName")?)?;
        let (password, ends) =
            self.logins.issue(&place.id, "IAM:local", input["durationSeconds"].as_i64().unwrap_or(900));
        #[expect(clippy::cast_precision_loss, reason = "the protocol's times are seconds as floats")]
        let ends = ends as f64 / 1000.0;
        Ok(json!({ "dbUser": "IAM:local", "dbPassword": password, "expiration": ends }))
    }

    /// The warehouse of a workgroup: the data is its namespace's.
    pub fn place(&self, workgroup: &str) -> ApiResult<Place> {
        let missing = |_| invalid(format!("Redshift endpoint doesn't exist in this region: {workgroup}"));
        let workgroup = self.workgroup(workgroup).map_err(missing)?;
        let namespace = self.namespace(&workgroup.namespace)?;
        Ok(Place {
            id: self.directory(&namespace.name),
            region: self.account.region.clone(),
            database: namespace.database,
            admin: namespace.admin,
            // Slices are not published; 128 RPU would be too many for a laptop.
            slices: Slices { nodes: 1, per_node: 8 },
            roles: namespace.roles,
            default_role: namespace.default_role,
            secret: namespace.secret,
        })
    }

    fn create_namespace(&self, input: &Json) -> ApiResult<Json> {
        let name = checked_name(input, "namespaceName")?;
        if self.namespace(name).is_ok() {
            return Err(ApiError::invalid("ConflictException", format!("The namespace {name} already exists.")));
        }
        let managed = input["manageAdminPassword"].as_bool().unwrap_or(false);
        if managed && !input["adminUserPassword"].is_null() {
            return Err(invalid("manageAdminPassword and adminUserPassword can't be used together"));
        }
        let admin = input["adminUsername"].as_str().unwrap_or("admin").to_owned();
        let tags = tags_of(input);
        let secret = match managed {
            true => Some(self.secrets.create_for_cluster(name, &admin, &tags)?),
            false => None,
        };
        let namespace = Namespace {
            name: name.to_owned(),
            id: uuid(),
            database: input["dbName"].as_str().unwrap_or("dev").to_owned(),
            admin,
            secret,
            roles: texts(&input["iamRoles"]),
            default_role: input["defaultIamRoleArn"].as_str().map(str::to_owned),
            kms_key: input["kmsKeyId"].as_str().map(str::to_owned),
            created: now_millis(),
            tags,
        };
        self.store.put(NAMESPACE, name, &namespace)?;
        if let Some(password) = input["adminUserPassword"].as_str() {
            self.logins.set(&self.directory(name), password)?;
        }
        Ok(json!({ "namespace": namespace.json(&self.account) }))
    }

    fn update_namespace(&self, input: &Json) -> ApiResult<Json> {
        let mut namespace = self.namespace(name(input, "namespaceName")?)?;
        if !input["iamRoles"].is_null() {
            namespace.roles = texts(&input["iamRoles"]);
        }
        if let Some(role) = input["defaultIamRoleArn"].as_str() {
            namespace.default_role = Some(role.to_owned());
        }
        if let Some(key) = input["kmsKeyId"].as_str() {
            namespace.kms_key = Some(key.to_owned());
        }
        self.update_password(&mut namespace, input)?;
        self.store.put(NAMESPACE, &namespace.name, &namespace)?;
        Ok(json!({ "namespace": namespace.json(&self.account) }))
    }

    /// The admin's password, or that Secrets Manager is to keep it, or to keep it no longer.
    fn update_password(&self, namespace: &mut Namespace, input: &Json) -> ApiResult<()> {
        let (password, managed) = (input["adminUserPassword"].as_str(), input["manageAdminPassword"].as_bool());
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
    fn delete_namespace(&self, input: &Json) -> ApiResult<Json> {
        let namespace = self.namespace(name(input, "namespaceName")?)?;
        let workgroups: Vec<Workgroup> = self.store.list(WORKGROUP)?;
        if let Some(workgroup) = workgroups.iter().find(|workgroup| workgroup.namespace == namespace.name) {
            let message = format!("The namespace {} is in use by the workgroup {}.", namespace.name, workgroup.name);
            return Err(ApiError::invalid("ConflictException", message));
        }
        self.wire.remove(&self.directory(&namespace.name))?;
        if let Some(secret) = &namespace.secret {
            self.secrets.delete(secret)?;
        }
        self.store.delete(NAMESPACE, &namespace.name)?;
        let mut answer = namespace.json(&self.account);
        answer["status"] = json!("DELETING");
        Ok(json!({ "namespace": answer }))
    }

    fn create_workgroup(&self, input: &Json) -> ApiResult<Json> {
        let name = checked_name(input, "workgroupName")?;
        if self.workgroup(name).is_ok() {
            return Err(ApiError::invalid("ConflictException", format!("The workgroup {name} already exists.")));
        }
        let namespace = self.namespace(input["namespaceName"].as_str().unwrap_or_default())?;
        let mut workgroup = Workgroup {
            name: name.to_owned(),
            id: uuid(),
            namespace: namespace.name,
            base_capacity: 128,
            port: 5439,
            public: false,
            created: now_millis(),
            tags: tags_of(input),
            kept: BTreeMap::new(),
        };
        workgroup.change(input)?;
        self.store.put(WORKGROUP, name, &workgroup)?;
        Ok(json!({ "workgroup": workgroup.json(&self.account) }))
    }

    fn update_workgroup(&self, input: &Json) -> ApiResult<Json> {
        let mut workgroup = self.workgroup(name(input, "workgroupName")?)?;
        let port = workgroup.port;
        workgroup.change(input)?;
        if workgroup.port != port {
            self.wire.close(&self.directory(&workgroup.namespace));
        }
        self.store.put(WORKGROUP, &workgroup.name, &workgroup)?;
        Ok(json!({ "workgroup": workgroup.json(&self.account) }))
    }

    fn tags(&self, operation: &str, input: &Json) -> ApiResult<Json> {
        let arn = input["resourceArn"].as_str().unwrap_or_default();
        let change = |tags: &mut BTreeMap<String, String>| match operation {
            "TagResource" => tags.extend(tags_of(input)),
            "UntagResource" => texts(&input["tagKeys"]).iter().for_each(|key| drop(tags.remove(key))),
            _ => {}
        };
        let namespaces: Vec<Namespace> = self.store.list(NAMESPACE)?;
        let workgroups: Vec<Workgroup> = self.store.list(WORKGROUP)?;
        let tags = if let Some(mut found) = namespaces.into_iter().find(|found| found.arn(&self.account) == arn) {
            change(&mut found.tags);
            self.store.put(NAMESPACE, &found.name, &found)?;
            found.tags
        } else if let Some(mut found) = workgroups.into_iter().find(|found| found.arn(&self.account) == arn) {
            change(&mut found.tags);
            self.store.put(WORKGROUP, &found.name, &found)?;
            found.tags
        } else {
            return Err(ApiError::invalid("ResourceNotFoundException", format!("{arn} does not exist.")));
        };
        let tags: Vec<Json> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        Ok(if operation == "ListTagsForResource" { json!({ "tags": tags }) } else { json!({}) })
    }
}

impl Namespace {
    fn arn(&self, account: &Account) -> String {
        account.arn("redshift-serverless", format_args!("namespace/{}", self.id))
    }

    fn json(&self, account: &Account) -> Json {
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

impl Workgroup {
    /// Takes what a request says of it.
    fn change(&mut self, input: &Json) -> ApiResult<()> {
        if let Some(capacity) = input["baseCapacity"].as_i64() {
            if !(4..=1024).contains(&capacity) || capacity > 8 && capacity % 8 != 0 {
                return Err(invalid(format!("baseCapacity {capacity} must be 4, 8, or a multiple of 8 up to 1024")));
            }
            self.base_capacity = capacity;
        }
        if let Some(port) = input["port"].as_i64() {
            if !is_port(port) {
                return Err(invalid(format!("The port {port} is not in the ranges 5431-5455 and 8191-8215.")));
            }
            self.port = port;
        }
        self.public = input["publiclyAccessible"].as_bool().unwrap_or(self.public);
        let asked = KEPT.iter().filter(|name| !input[**name].is_null());
        self.kept.extend(asked.map(|name| ((*name).to_owned(), input[*name].clone())));
        Ok(())
    }

    fn arn(&self, account: &Account) -> String {
        account.arn("redshift-serverless", format_args!("workgroup/{}", self.id))
    }

    fn json(&self, account: &Account) -> Json {
        let Account { id, region } = account;
        let address = format!("{}.{id}.{region}.redshift-serverless.{}", self.name, dns_suffix(region));
        let mut answer = json!({
            "workgroupName": self.name, "workgroupId": self.id, "workgroupArn": self.arn(account),
            "namespaceName": self.namespace, "baseCapacity": self.base_capacity, "status": "AVAILABLE",
            "publiclyAccessible": self.public, "enhancedVpcRouting": false, "creationDate": iso(self.created),
            "port": self.port, "endpoint": { "address": address, "port": self.port }, "configParameters": [],
            "securityGroupIds": [], "subnetIds": [],
        });
        for (name, value) in &self.kept {
            answer[name] = value.clone();
        }
        answer
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid("ValidationException", message)
}

fn name<'a>(input: &'a Json, field: &str) -> ApiResult<&'a str> {
    input[field].as_str().ok_or_else(|| invalid(format!("{field} must be given")))
}

/// 3 to 64 lower-case letters, digits and hyphens.
fn checked_name<'a>(input: &'a Json, field: &str) -> ApiResult<&'a str> {
    let name = name(input, field)?;
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match (3..=64).contains(&name.len()) && name.bytes().all(is_good) {
        true => Ok(name),
        false => Err(invalid(format!("{field} '{name}' must have 3 to 64 of: a-z, 0-9, -"))),
    }
}
