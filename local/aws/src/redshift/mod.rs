//! Redshift's control plane: clusters that take their time to come and go, their tags and their roles.

mod cluster;
mod create;
mod credentials;
mod delete;
mod modify;
mod node_type;
mod settings;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use redshift_engine::{Place, Warehouses};
use redshift_wire::WireServer;

use crate::account::{Account, now_millis};
use crate::behavior::Behaviors;
use crate::error::{ApiError, ApiResult};
use crate::iam::{Role, assumable_by_redshift};
use crate::logins::Logins;
use crate::pace::Pace;
use crate::protocol::query::{self, Params, Xml, tag_list, text, tree};
use crate::protocol::{Request, Response};
use crate::secrets::Secrets;
use crate::store::{Store, View};

pub use cluster::Cluster;
pub use create::is_port;

const NAMESPACE: &str = "http://redshift.amazonaws.com/doc/2012-12-01/";

#[derive(Clone)]
pub struct Redshift {
    pub store: Store,
    pub account: Account,
    pub secrets: Secrets,
    pub warehouses: Warehouses,
    pub logins: Logins,
    pub wire: WireServer,
    pub pace: Pace,
    pub behaviors: Behaviors,
}

impl Redshift {
    /// The clusters of a region.
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            store: self.store.in_region(region),
            account: self.account.in_region(region),
            secrets: self.secrets.in_region(region),
            ..self.clone()
        }
    }

    /// The ids of the warehouses that are here.
    pub fn place_ids(&self) -> ApiResult<Vec<String>> {
        Ok(self.clusters()?.iter().map(|cluster| self.store.unique_name(&cluster.id)).collect())
    }

    /// Removes all clusters, with their data.
    pub fn reset(&self) -> ApiResult<()> {
        let _guard = self.store.change();
        self.clusters()?.iter().try_for_each(|cluster| self.clear_away(cluster))
    }

    /// The clusters of every region that has any.
    pub fn every_region(&self) -> ApiResult<Vec<Self>> {
        Ok(self.store.regions()?.iter().map(|region| self.in_region(region)).collect())
    }

    pub fn handle(&self, request: &Request) -> Response {
        // Courses say `dwhCluster`, and find `dwhcluster`.
        let lowered = |params: &Params| params.lowered("ClusterIdentifier");
        query::serve(request, NAMESPACE, |action, params| self.dispatch(action, &lowered(params)))
    }

    fn dispatch(&self, action: &str, params: &Params) -> ApiResult<Vec<Xml>> {
        if let Some(known) = settings::parameters(action) {
            params.only("UnsupportedOptionFault", known)?;
        }
        match action {
            "CreateCluster" => self.create_cluster(params),
            "DescribeClusters" => self.describe_clusters(params),
            "DescribeOrderableClusterOptions" => self.describe_orderable(params),
            "DeleteCluster" => self.delete_cluster(params),
            "ModifyCluster" => self.modify_cluster(params),
            "ModifyClusterIamRoles" => self.modify_roles(params),
            "ResizeCluster" => self.resize_cluster(params),
            "PauseCluster" => self.pause_cluster(params),
            "ResumeCluster" => self.resume_cluster(params),
            "RebootCluster" => self.reboot_cluster(params),
            "DescribeLoggingStatus" => {
                self.cluster(params.required("ClusterIdentifier")?).map(|_| vec![text("LoggingEnabled", false)])
            }
            "DescribeTags" => self.describe_tags(params),
            "CreateClusterSnapshot" => self.create_snapshot(params),
            "GetClusterCredentials" => self.credentials(params),
            "GetClusterCredentialsWithIAM" => self.credentials_with_iam(params),
            "DescribeClusterSnapshots" => self.describe_snapshots(params),
            "DeleteClusterSnapshot" => self.delete_snapshot(params),
            "CreateTags" => self.change_tags(params, |tags| tags.extend(params.tags("Tags.Tag"))),
            "DeleteTags" => self.change_tags(params, |tags| {
                params.list("TagKeys.TagKey").iter().for_each(|key| drop(tags.remove(key)));
            }),
            other => Err(ApiError::unknown_operation("Redshift", other)),
        }
    }

    /// The cluster as it is now; one whose deletion has ended is cleared away and not found.
    pub fn cluster(&self, id: &str) -> ApiResult<Cluster> {
        let missing = || ApiError::not_found("ClusterNotFound", format!("Cluster {id} not found."));
        let cluster: Cluster = self.store.get(cluster::KIND, id)?.ok_or_else(missing)?;
        match cluster.is_gone(now_millis()) {
            true => {
                self.clear_away(&cluster)?;
                Err(missing())
            }
            false => Ok(cluster),
        }
    }

    /// What a describe tells of a cluster, with the address that really answers where one does.
    fn shown(&self, cluster: &Cluster) -> Xml {
        let door = self.door(cluster).map(|door| (self.wire.host(door), door.port()));
        cluster.xml(now_millis(), door)
    }

    /// Where PostgreSQL clients find the cluster, if anywhere.
    pub fn door(&self, cluster: &Cluster) -> Option<SocketAddr> {
        match cluster.status(now_millis()) {
            "available" => self.wire.listen(&self.place_of(cluster), cluster.port),
            _ => None,
        }
    }

    /// Opens the ports of all clusters that are there, in every region.
    pub fn open_doors(&self) -> ApiResult<()> {
        for here in self.every_region()? {
            for cluster in here.clusters()? {
                let _ = here.door(&cluster);
            }
        }
        Ok(())
    }

    /// The warehouse of a cluster, as far as statements need to know it.
    fn place_of(&self, cluster: &Cluster) -> Place {
        cluster.place(self.store.unique_name(&cluster.id))
    }

    /// The warehouse of a cluster that takes statements.
    pub fn place(&self, id: &str) -> ApiResult<Place> {
        let refused = |message: String| ApiError::invalid("ValidationException", message);
        let missing = |_| refused(format!("Redshift endpoint doesn't exist in this region: {id}"));
        let cluster = self.cluster(id).map_err(missing)?;
        match cluster.status(now_millis()) {
            "available" => Ok(self.place_of(&cluster)),
            status => Err(refused(format!("Redshift cluster {id} is not available: {status}"))),
        }
    }

    /// R16: a describe may not find yet what was just created.
    fn visible_cluster(&self, id: &str) -> ApiResult<Cluster> {
        let cluster = self.cluster(id)?;
        match now_millis() < cluster.visible_at || self.is_hidden(id)? {
            true => Err(ApiError::not_found("ClusterNotFound", format!("Cluster {id} not found."))),
            false => Ok(cluster),
        }
    }

    /// R16: as many reads as a test wants do not show it yet.
    fn is_hidden(&self, id: &str) -> ApiResult<bool> {
        Ok(matches!(self.store.old::<Cluster>(View::Cluster, cluster::KIND, id)?, Some(None)))
    }

    pub fn force_status(&self, id: &str, status: Option<&str>) -> ApiResult<()> {
        let _guard = self.store.change();
        let mut cluster = self.cluster(id)?;
        cluster.forced = status.map(str::to_owned);
        Ok(self.store.put(cluster::KIND, id, &cluster)?)
    }

    pub fn clusters(&self) -> ApiResult<Vec<Cluster>> {
        let all: Vec<Cluster> = self.store.list(cluster::KIND)?;
        let (gone, here): (Vec<_>, Vec<_>) = all.into_iter().partition(|cluster| cluster.is_gone(now_millis()));
        gone.iter().try_for_each(|cluster| self.clear_away(cluster))?;
        Ok(here)
    }

    fn describe_clusters(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let found = match params.get("ClusterIdentifier") {
            Some(id) => vec![self.visible_cluster(id)?],
            None => {
                let mut shown = Vec::new();
                for cluster in self.clusters()? {
                    if !self.is_hidden(&cluster.id)? {
                        shown.push(cluster);
                    }
                }
                shown
            }
        };
        // R18: a cluster is listed when it has any of the keys, or any of the values.
        let (keys, values) = (params.list("TagKeys.TagKey"), params.list("TagValues.TagValue"));
        let wanted = |cluster: &&Cluster| {
            (keys.is_empty() && values.is_empty())
                || cluster.tags.iter().any(|(key, value)| keys.contains(key) || values.contains(value))
        };
        page(params, "Clusters", found.iter().filter(wanted).map(|cluster| self.shown(cluster)).collect())
    }

    /// The tags of all clusters, or of one.
    fn describe_tags(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let (keys, values) = (params.list("TagKeys.TagKey"), params.list("TagValues.TagValue"));
        let mut tagged = Vec::new();
        let has_clusters = params.get("ResourceType").is_none_or(|kind| kind == "cluster");
        let clusters = if has_clusters { self.clusters()? } else { Vec::new() };
        for cluster in clusters {
            let name = self.account.arn("redshift", format_args!("cluster:{}", cluster.id));
            if params.get("ResourceName").is_some_and(|wanted| *wanted != name) {
                continue;
            }
            let wanted = |(key, value): &(&String, &String)| {
                (keys.is_empty() || keys.contains(key)) && (values.is_empty() || values.contains(value))
            };
            tagged.extend(cluster.tags.iter().filter(wanted).map(|(key, value)| {
                let tag = tree("Tag", vec![text("Key", key), text("Value", value)]);
                tree("TaggedResource", vec![tag, text("ResourceName", &name), text("ResourceType", "cluster")])
            }));
        }
        page(params, "TaggedResources", tagged)
    }

    /// The cluster, when nothing is under way on it.
    fn settled_cluster(&self, id: &str) -> ApiResult<Cluster> {
        let (cluster, now) = (self.cluster(id)?, now_millis());
        match cluster.status(now) == "available" && cluster.is_settled(now) {
            true => Ok(cluster),
            false => Err(operation_running("modify")),
        }
    }

    fn change_tags(&self, params: &Params, change: impl FnOnce(&mut BTreeMap<String, String>)) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let name = params.required("ResourceName")?;
        let missing = || ApiError::not_found("ResourceNotFoundFault", format!("{name} is not a cluster here."));
        let id = name.rsplit(':').next().unwrap_or_default();
        let mut cluster = self.cluster(id).map_err(|_| missing())?;
        change(&mut cluster.tags);
        self.store.put(cluster::KIND, &cluster.id, &cluster)?;
        Ok(Vec::new())
    }

    /// The role, if Redshift may assume it in this region.
    fn assumable_role(&self, arn: &str) -> ApiResult<Role> {
        assumable_by_redshift(&self.store, &self.account, self.behaviors, arn)
    }
}

/// R14. `change` is what was asked for: `modify` or `delete`.
fn operation_running(change: &str) -> ApiError {
    ApiError::invalid(
        "InvalidClusterState",
        format!("There is an operation running on the Cluster. Please try to {change} it at a later time."),
    )
}

/// A page of a list.
fn page(params: &Params, list: &'static str, members: Vec<Xml>) -> ApiResult<Vec<Xml>> {
    let (members, next) = params.page("MaxRecords", "Marker", members)?;
    let mut answer = vec![tree(list, members)];
    answer.extend(next.map(|marker| text("Marker", marker)));
    Ok(answer)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn tags_xml(tags: &BTreeMap<String, String>) -> Xml {
    tag_list("Tags", "Tag", tags)
}

fn optional(name: &'static str, value: Option<&String>) -> Vec<Xml> {
    value.map(|value| text(name, value)).into_iter().collect()
}
