//! Changes to a cluster that exists: its settings, its size, its roles, its rest. Each is one operation at a time (R14).

use super::cluster::{self, Cluster, Transition};
use super::create::{check_password, is_port};
use super::node_type::{check_nodes, check_single, combination};
use super::{Redshift, millis};
use crate::account::now_millis;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml};

impl Redshift {
    pub(super) fn modify_cluster(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let retention = params.number("AutomatedSnapshotRetentionPeriod")?;
        if retention.is_some_and(|days| !(1..=35).contains(&days)) {
            return Err(ApiError::invalid(
                "InvalidParameterValue",
                "The automated snapshot retention period must be between 1 and 35 for this node type.",
            ));
        }
        let port = params.number("Port")?;
        if port.is_some_and(|port| !is_port(port)) {
            let message = "The port is not in the ranges 5431-5455 and 8191-8215.";
            return Err(ApiError::invalid("InvalidParameterValue", message));
        }
        let is_resized = ["ClusterType", "NodeType", "NumberOfNodes"].iter().any(|name| params.get(name).is_some());
        self.change_cluster(params, if is_resized { "resizing" } else { "modifying" }, |cluster| {
            cluster.settings.change(params, &self.account)?;
            self.modify_size(cluster, params)?;
            self.modify_password(cluster, params)?;
            cluster.snapshot_retention = retention.unwrap_or(cluster.snapshot_retention);
            if let Some(port) = port.filter(|port| *port != cluster.port) {
                cluster.port = port;
                self.wire.close(&self.store.unique_name(&cluster.id));
            }
            cluster.public = params.flag("PubliclyAccessible").unwrap_or(cluster.public);
            if let Some(key) = params.get("KmsKeyId") {
                cluster.kms_key = Some(key.to_owned());
            }
            let groups = params.list("VpcSecurityGroupIds.VpcSecurityGroupId");
            if !groups.is_empty() {
                cluster.security_groups = groups;
            }
            Ok(())
        })
    }

    /// The admin's password, or that Secrets Manager is to keep it, or to keep it no longer.
    fn modify_password(&self, cluster: &mut Cluster, params: &Params) -> ApiResult<()> {
        let (password, managed) = (params.get("MasterUserPassword"), params.flag("ManageMasterPassword"));
        if password.is_none() && managed.is_none() {
            return Ok(());
        }
        match (password, managed, &cluster.secret) {
            (None, Some(false), None) | (None, Some(true), Some(_)) => return Ok(()),
            (Some(_), None, Some(_)) => {
                return Err(combination("MasterUserPassword can't be given while ManageMasterPassword is on."));
            }
            _ => {}
        }
        if check_password(password, managed)? {
            cluster.secret = Some(self.secrets.create_for_cluster(&cluster.id, &cluster.admin, &cluster.tags)?);
        } else if let Some(password) = password {
            self.logins.set(&self.store.unique_name(&cluster.id), password)?;
            if let Some(secret) = cluster.secret.take() {
                self.secrets.delete(&secret)?;
            }
        }
        // Its port knows where the password is.
        self.wire.close(&self.store.unique_name(&cluster.id));
        Ok(())
    }

    /// Elastic resize keeps a single node single; from or to one node only a classic resize leads.
    pub(super) fn resize_cluster(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let classic = params.flag("Classic").unwrap_or(false);
        self.change_cluster(params, "resizing", |cluster| {
            if let Some(node_type) = params.get("NodeType") {
                cluster.node_type = self.check_node_type(node_type)?.to_owned();
            }
            let nodes = check_nodes(params.get("ClusterType"), params.number("NumberOfNodes")?)?;
            if !classic && (nodes == 1) != (cluster.nodes == 1) {
                return Err(ApiError::invalid(
                    "UnsupportedOptionFault",
                    "A cluster of one node can be resized to several, and back, by a classic resize only.",
                ));
            }
            cluster.nodes = nodes;
            check_single(&cluster.node_type, nodes)
        })
    }

    pub(super) fn pause_cluster(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        self.change_cluster(params, "pausing", |cluster| {
            cluster.paused = true;
            self.wire.close(&self.store.unique_name(&cluster.id));
            Ok(())
        })
    }

    pub(super) fn reboot_cluster(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        self.change_cluster(params, "rebooting", |cluster| {
            self.wire.close(&self.store.unique_name(&cluster.id));
            Ok(())
        })
    }

    pub(super) fn resume_cluster(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let id = params.required("ClusterIdentifier")?;
        let mut cluster = self.cluster(id)?;
        if cluster.status(now_millis()) != "paused" {
            return Err(ApiError::invalid("InvalidClusterState", format!("The cluster {id} is not paused.")));
        }
        cluster.paused = false;
        self.under_way(&mut cluster, "resuming")
    }

    pub(super) fn modify_roles(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut cluster = self.settled_cluster(params.required("ClusterIdentifier")?)?;
        let added = params.list("AddIamRoles.IamRoleArn");
        added.iter().try_for_each(|arn| self.assumable_role(arn).map(drop))?;
        let in_sync_at = now_millis() + millis(self.pace.modifying);
        if let Some(arn) = params.get("DefaultIamRoleArn") {
            cluster.default_role = Some(arn.to_owned()).filter(|arn| !arn.is_empty());
        }
        cluster.roles.extend(added.into_iter().map(|arn| (arn, in_sync_at)));
        for arn in params.list("RemoveIamRoles.IamRoleArn") {
            cluster.roles.remove(&arn);
        }
        self.store.put(cluster::KIND, &cluster.id, &cluster)?;
        Ok(vec![cluster.xml(now_millis(), None)])
    }

    fn change_cluster(
        &self,
        params: &Params,
        status: &str,
        change: impl FnOnce(&mut Cluster) -> ApiResult<()>,
    ) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut cluster = self.settled_cluster(params.required("ClusterIdentifier")?)?;
        change(&mut cluster)?;
        self.under_way(&mut cluster, status)
    }

    fn under_way(&self, cluster: &mut Cluster, status: &str) -> ApiResult<Vec<Xml>> {
        let now = now_millis();
        cluster.transition = Some(Transition { status: status.to_owned(), until: now + millis(self.pace.modifying) });
        self.store.put(cluster::KIND, &cluster.id, cluster)?;
        Ok(vec![cluster.xml(now, None)])
    }

    /// Another type or number of nodes, by ModifyCluster: always a classic resize.
    fn modify_size(&self, cluster: &mut Cluster, params: &Params) -> ApiResult<()> {
        if let Some(node_type) = params.get("NodeType") {
            cluster.node_type = self.check_node_type(node_type)?.to_owned();
        }
        cluster.nodes = match (params.get("ClusterType"), params.number("NumberOfNodes")?) {
            (None, None) => cluster.nodes,
            (None, Some(1)) => 1,
            (cluster_type, nodes) => check_nodes(cluster_type, nodes)?,
        };
        check_single(&cluster.node_type, cluster.nodes)
    }
}
