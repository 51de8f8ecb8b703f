//! Redshift Serverless: namespaces that hold the data, and workgroups that run statements on it.

mod input;
mod namespace;
mod regions;
mod workgroup;

use std::collections::BTreeMap;

use redshift_engine::{Place, Slices};
use redshift_wire::WireServer;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::account::Account;
use crate::error::{ApiError, ApiResult};
use crate::logins::Logins;
use crate::protocol::{Request, Response, json, json_input};
use crate::secrets::Secrets;
use crate::store::Store;
use input::{
    CredentialsInput, NamespaceNameInput, PagingInput, ResourceInput, TagKeysInput, TagsInput, WorkgroupNameInput,
};
use namespace::Namespace;
use workgroup::Workgroup;

type Tags = BTreeMap<String, String>;

const NAMESPACE: &str = "serverless-namespace";
const WORKGROUP: &str = "serverless-workgroup";

#[derive(Clone)]
pub struct Serverless {
    pub store: Store,
    pub account: Account,
    pub secrets: Secrets,
    pub logins: Logins,
    pub wire: WireServer,
}

impl Serverless {
    pub fn handle(&self, request: &Request) -> Response {
        match json::parse(request).and_then(|(operation, input)| self.dispatch(&operation, &input)) {
            Ok(output) => json::answer(&output),
            Err(error) => json::refuse(&error),
        }
    }

    fn dispatch(&self, operation: &str, input: &Json) -> ApiResult<Json> {
        let _guard = self.store.change();
        match operation {
            "CreateNamespace" => self.create_namespace(read(input)?),
            "GetNamespace" => {
                let NamespaceNameInput { namespace_name } = read(input)?;
                Ok(json!({ "namespace": self.namespace(&namespace_name)?.json(&self.account) }))
            }
            "ListNamespaces" => {
                let paging: PagingInput = read(input)?;
                let all: Vec<Namespace> = self.store.list(NAMESPACE)?;
                paging.page("namespaces", all.iter().map(|found| found.json(&self.account)).collect())
            }
            "UpdateNamespace" => self.update_namespace(read(input)?),
            "DeleteNamespace" => self.delete_namespace(&read(input)?),
            "CreateWorkgroup" => self.create_workgroup(read(input)?),
            "GetWorkgroup" => {
                let WorkgroupNameInput { workgroup_name } = read(input)?;
                Ok(json!({ "workgroup": self.shown(&self.workgroup(&workgroup_name)?)? }))
            }
            "GetCredentials" => self.credentials(read(input)?),
            "ListWorkgroups" => {
                let paging: PagingInput = read(input)?;
                paging.page("workgroups", self.workgroups()?)
            }
            "UpdateWorkgroup" => self.update_workgroup(read(input)?),
            "DeleteWorkgroup" => self.delete_workgroup(&read(input)?),
            "TagResource" => {
                let (resource, tags): (ResourceInput, TagsInput) = read(input)?;
                self.change_tags(&resource, |known| known.extend(tags.into_map())).map(|_| json!({}))
            }
            "UntagResource" => {
                let (resource, keys): (ResourceInput, TagKeysInput) = read(input)?;
                let remove = |known: &mut Tags| known.retain(|key, _| !keys.tag_keys.contains(key));
                self.change_tags(&resource, remove).map(|_| json!({}))
            }
            "ListTagsForResource" => {
                let tags = self.change_tags(&read(input)?, |_| {})?;
                let tags: Vec<Json> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
                Ok(json!({ "tags": tags }))
            }
            other => Err(ApiError::unknown_operation("Redshift Serverless", other)),
        }
    }

    /// A password for the caller, for a while.
    fn credentials(&self, (workgroup, input): (WorkgroupNameInput, CredentialsInput)) -> ApiResult<Json> {
        let place = self.place(&workgroup.workgroup_name)?;
        let seconds = input.duration_seconds.map_or(900, i64::from);
        let (password, ends) = self.logins.issue(&place.id, "IAM:local", seconds);
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

    /// The tags of a namespace or a workgroup, when they have been changed.
    fn change_tags(&self, resource: &ResourceInput, change: impl FnOnce(&mut Tags)) -> ApiResult<Tags> {
        let arn = &resource.resource_arn;
        let namespaces: Vec<Namespace> = self.store.list(NAMESPACE)?;
        let workgroups: Vec<Workgroup> = self.store.list(WORKGROUP)?;
        if let Some(mut found) = namespaces.into_iter().find(|found| found.arn(&self.account) == *arn) {
            change(&mut found.tags);
            self.store.put(NAMESPACE, &found.name, &found)?;
            Ok(found.tags)
        } else if let Some(mut found) = workgroups.into_iter().find(|found| found.arn(&self.account) == *arn) {
            change(&mut found.tags);
            self.store.put(WORKGROUP, &found.name, &found)?;
            Ok(found.tags)
        } else {
            Err(ApiError::invalid("ResourceNotFoundException", format!("{arn} does not exist.")))
        }
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid("ValidationException", message)
}

fn read<T: DeserializeOwned>(input: &Json) -> ApiResult<T> {
    json_input::read(input, "ValidationException")
}

/// 3 to 64 lower-case letters, digits and hyphens.
fn check_name(field: &str, name: &str) -> ApiResult<()> {
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match (3..=64).contains(&name.len()) && name.bytes().all(is_good) {
        true => Ok(()),
        false => Err(invalid(format!("{field} '{name}' must have 3 to 64 of: a-z, 0-9, -"))),
    }
}
