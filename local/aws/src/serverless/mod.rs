//! Redshift Serverless: namespaces that hold the data, and workgroups that run statements on it.

mod input;
mod namespace;
mod regions;
mod tags;
mod workgroup;

use redshift_engine::{Place, Slices};
use redshift_wire::WireServer;
use serde_json::{Value as Json, json};

use crate::account::{Account, epoch_seconds};
use crate::error::{ApiError, ApiResult};
use crate::logins::Logins;
use crate::protocol::{Request, Response, json};
use crate::secrets::Secrets;
use crate::store::Store;
use input::{
    CredentialsInput, NamespaceNameInput, PagingInput, ResourceInput, TagKeysInput, Tags, TagsInput,
    WorkgroupNameInput, invalid, read,
};

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
                paging.page("namespaces", self.namespaces()?)
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
        Ok(json!({ "dbUser": "IAM:local", "dbPassword": password, "expiration": epoch_seconds(ends) }))
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
}
