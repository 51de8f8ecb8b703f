//! Workgroups: what runs statements on the data of a namespace, and where it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Serverless;
use super::input::{NamespaceNameInput, Tags, TagsInput, WorkgroupChange, WorkgroupNameInput, check_name, invalid};
use crate::account::{Account, dns_suffix, iso, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::protocol::uuid;
use crate::redshift::is_port;

pub const KIND: &str = "serverless-workgroup";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Workgroup {
    pub name: String,
    pub id: String,
    pub namespace: String,
    pub base_capacity: i64,
    pub port: i64,
    pub public: bool,
    pub created: i64,
    pub tags: Tags,
    /// What is told and changes nothing here.
    #[serde(default)]
    pub kept: BTreeMap<String, Json>,
}

impl Workgroup {
    /// Takes what a request says of it.
    fn change(&mut self, change: &WorkgroupChange) -> ApiResult<()> {
        if let Some(capacity) = change.base_capacity {
            if !(4..=1024).contains(&capacity) || capacity > 8 && capacity % 8 != 0 {
                return Err(invalid(format!("baseCapacity {capacity} must be 4, 8, or a multiple of 8 up to 1024")));
            }
            self.base_capacity = capacity.into();
        }
        if let Some(port) = change.port.map(i64::from) {
            if !is_port(port) {
                return Err(invalid(format!("The port {port} is not in the ranges 5431-5455 and 8191-8215.")));
            }
            self.port = port;
        }
        self.public = change.publicly_accessible.unwrap_or(self.public);
        self.kept.extend(change.stored());
        Ok(())
    }

    pub fn arn(&self, account: &Account) -> String {
        account.arn("redshift-serverless", format_args!("workgroup/{}", self.id))
    }

    pub fn json(&self, account: &Account) -> Json {
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

type CreateWorkgroupInput = (WorkgroupNameInput, NamespaceNameInput, WorkgroupChange, TagsInput);

impl Serverless {
    pub(super) fn workgroup(&self, name: &str) -> ApiResult<Workgroup> {
        let missing =
            || ApiError::invalid("ResourceNotFoundException", format!("The workgroup {name} does not exist."));
        self.store.get(KIND, name)?.ok_or_else(missing)
    }

    pub fn workgroups(&self) -> ApiResult<Vec<Json>> {
        let all: Vec<Workgroup> = self.store.list(KIND)?;
        all.iter().map(|found| self.shown(found)).collect()
    }

    /// A workgroup with the address that really answers, where one does.
    pub(super) fn shown(&self, workgroup: &Workgroup) -> ApiResult<Json> {
        let mut answer = workgroup.json(&self.account);
        if let Some(door) = self.wire.listen(&self.place(&workgroup.name)?, workgroup.port) {
            answer["endpoint"] = json!({ "address": self.wire.host(door), "port": door.port() });
        }
        Ok(answer)
    }

    pub(super) fn create_workgroup(&self, input: CreateWorkgroupInput) -> ApiResult<Json> {
        let (WorkgroupNameInput { workgroup_name: name }, NamespaceNameInput { namespace_name }, change, tags) = input;
        check_name("workgroupName", &name)?;
        if self.workgroup(&name).is_ok() {
            return Err(ApiError::invalid("ConflictException", format!("The workgroup {name} already exists.")));
        }
        let namespace = self.namespace(&namespace_name)?;
        let mut workgroup = Workgroup {
            name,
            id: uuid(),
            namespace: namespace.name,
            base_capacity: 128,
            port: 5439,
            public: false,
            created: now_millis(),
            tags: tags.into_map(),
            kept: BTreeMap::new(),
        };
        workgroup.change(&change)?;
        self.store.put(KIND, &workgroup.name, &workgroup)?;
        Ok(json!({ "workgroup": workgroup.json(&self.account) }))
    }

    pub(super) fn update_workgroup(&self, (name, change): (WorkgroupNameInput, WorkgroupChange)) -> ApiResult<Json> {
        let mut workgroup = self.workgroup(&name.workgroup_name)?;
        let port = workgroup.port;
        workgroup.change(&change)?;
        if workgroup.port != port {
            self.wire.close(&self.directory(&workgroup.namespace));
        }
        self.store.put(KIND, &workgroup.name, &workgroup)?;
        Ok(json!({ "workgroup": workgroup.json(&self.account) }))
    }

    pub(super) fn delete_workgroup(&self, name: &WorkgroupNameInput) -> ApiResult<Json> {
        let workgroup = self.workgroup(&name.workgroup_name)?;
        self.store.delete(KIND, &workgroup.name)?;
        let mut answer = workgroup.json(&self.account);
        answer["status"] = json!("DELETING");
        Ok(json!({ "workgroup": answer }))
    }
}
