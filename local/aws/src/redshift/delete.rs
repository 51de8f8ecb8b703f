//! `DeleteCluster` and the snapshots that it may leave.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cluster::{Cluster, KIND};
use super::{Redshift, millis, operation_running, page, tags_xml};
use crate::account::{iso, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, text, tree};

/// R14: the states in which AWS takes a delete.
const DELETABLE: [&str; 7] = [
    "available",
    "paused",
    "storage-full",
    "incompatible-network",
    "incompatible-hsm",
    "incompatible-restore",
    "hardware-failure",
];
const SNAPSHOT: &str = "redshift-snapshot";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Snapshot {
    id: String,
    cluster: String,
    tags: BTreeMap<String, String>,
    created: i64,
    retention: i64,
}

impl Snapshot {
    fn xml(&self) -> Xml {
        let fields = vec![
            text("SnapshotIdentifier", &self.id),
            text("ClusterIdentifier", &self.cluster),
            text("Status", "available"),
            text("SnapshotType", "manual"),
            text("SnapshotCreateTime", iso(self.created)),
            text("ManualSnapshotRetentionPeriod", self.retention),
            tags_xml(&self.tags),
        ];
        tree("Snapshot", fields)
    }
}

impl Redshift {
    /// R15: a final snapshot is taken unless it is skipped, and then it needs a name that is free.
    pub(super) fn delete_cluster(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let now = now_millis();
        let mut cluster = self.cluster(params.required("ClusterIdentifier")?)?;
        if !DELETABLE.contains(&cluster.status(now)) || !cluster.is_settled(now) {
            return Err(operation_running("delete"));
        }
        let snapshot = params.get("FinalClusterSnapshotIdentifier");
        match (params.flag("SkipFinalClusterSnapshot").unwrap_or(false), snapshot) {
            (true, None) => {}
            (false, Some(id)) => {
                let retention = params.number("FinalClusterSnapshotRetentionPeriod")?;
                let snapshot = self.take_snapshot(id, &cluster, cluster.tags.clone(), retention)?;
                cluster.final_snapshot = Some(snapshot.id);
            }
            _ => {
                return Err(ApiError::invalid(
                    "InvalidParameterCombination",
                    "FinalClusterSnapshotIdentifier is required unless SkipFinalClusterSnapshot is specified.",
                ));
            }
        }
        cluster.gone_at = Some(now + millis(self.pace.deleting));
        self.store.put(KIND, &cluster.id, &cluster)?;
        let warehouse = self.store.unique_name(&cluster.id);
        self.wire.close(&warehouse);
        self.warehouses.stop(&warehouse);
        Ok(vec![cluster.xml(now, None)])
    }

    /// The end of a deletion: data, secret and record go, in this order, so that a kill in between is made good
    /// by the next look at the cluster.
    pub(super) fn clear_away(&self, cluster: &Cluster) -> ApiResult<()> {
        self.logins.remove_warehouse(&self.wire, &self.store.unique_name(&cluster.id))?;
        if let Some(secret) = &cluster.secret {
            self.secrets.delete(secret)?;
        }
        Ok(self.store.delete(KIND, &cluster.id)?)
    }

    fn take_snapshot(
        &self,
        id: &str,
        cluster: &Cluster,
        tags: BTreeMap<String, String>,
        retention: Option<i64>,
    ) -> ApiResult<Snapshot> {
        if self.store.get::<Snapshot>(SNAPSHOT, id)?.is_some() {
            let message =
                format!("Cannot create the snapshot because a snapshot with the identifier {id} already exists.");
            return Err(ApiError::invalid("ClusterSnapshotAlreadyExists", message));
        }
        let (id, cluster, retention) =
            (id.to_owned(), cluster.id.clone(), retention.unwrap_or(cluster.settings.manual_retention));
        let snapshot = Snapshot { id, cluster, tags, created: now_millis(), retention };
        self.store.put(SNAPSHOT, &snapshot.id, &snapshot)?;
        Ok(snapshot)
    }

    /// It is there and can be deleted; there is no restoring here.
    pub(super) fn create_snapshot(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let cluster = self.settled_cluster(params.required("ClusterIdentifier")?)?;
        let id = params.required("SnapshotIdentifier")?;
        let retention = params.number("ManualSnapshotRetentionPeriod")?;
        Ok(vec![self.take_snapshot(id, &cluster, params.tags("Tags.Tag"), retention)?.xml()])
    }

    pub(super) fn describe_snapshots(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let all: Vec<Snapshot> = self.store.list(SNAPSHOT)?;
        let (keys, values) = (params.list("TagKeys.TagKey"), params.list("TagValues.TagValue"));
        let wanted = |snapshot: &&Snapshot| {
            params.get("ClusterIdentifier").is_none_or(|id| id == snapshot.cluster)
                && params.get("SnapshotIdentifier").is_none_or(|id| id == snapshot.id)
                && params.get("SnapshotType").is_none_or(|kind| kind == "manual")
                && (keys.is_empty() && values.is_empty()
                    || snapshot.tags.iter().any(|(key, value)| keys.contains(key) || values.contains(value)))
        };
        page(params, "Snapshots", all.iter().filter(wanted).map(Snapshot::xml).collect())
    }

    pub(super) fn delete_snapshot(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let id = params.required("SnapshotIdentifier")?;
        let missing = || ApiError::not_found("ClusterSnapshotNotFound", format!("Snapshot {id} not found."));
        let of = params.get("SnapshotClusterIdentifier");
        let snapshot: Option<Snapshot> = self.store.get(SNAPSHOT, id)?;
        let snapshot = snapshot.filter(|snapshot| of.is_none_or(|cluster| cluster == snapshot.cluster));
        let snapshot = snapshot.ok_or_else(missing)?;
        self.store.delete(SNAPSHOT, id)?;
        Ok(vec![snapshot.xml()])
    }
}
