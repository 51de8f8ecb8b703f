//! Node types: where they can be ordered (R10), and with how many nodes (R38).

use redshift_sql::{NODE_TYPES, NodeType};

use super::{Redshift, page};
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, text, tree};

/// RG is announced for regions of these partitions only
/// (<https://aws.amazon.com/about-aws/whats-new/2026/09/redshift-rg-large-single-node>).
const PARTITIONS_WITH_RG: [&str; 2] = ["aws", "aws-us-gov"];

impl Redshift {
    fn node_types(&self) -> impl Iterator<Item = &'static NodeType> {
        let has_rg = PARTITIONS_WITH_RG.contains(&self.account.partition());
        NODE_TYPES.iter().filter(move |known| has_rg || !known.name.starts_with("rg."))
    }

    /// R10: a type that can be ordered here.
    pub(super) fn check_node_type<'n>(&self, name: &'n str) -> ApiResult<&'n str> {
        match self.node_types().any(|known| known.name == name) {
            true => Ok(name),
            false => Err(ApiError::invalid("InvalidParameterValue", format!("Invalid node type: {name}"))),
        }
    }

    pub(super) fn describe_orderable(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let is_wanted = |field: &str, value: &str| params.get(field).is_none_or(|wanted| wanted == value);
        let mut options = Vec::new();
        for known in self.node_types().filter(|known| is_wanted("NodeType", known.name)) {
            let single = (known.least == 1).then_some("single-node");
            options
                .extend(single.into_iter().chain(["multi-node"]).map(|cluster_type| self.option(known, cluster_type)));
        }
        if !is_wanted("ClusterVersion", VERSION) {
            options.clear();
        }
        page(params, "OrderableClusterOptions", options)
    }

    fn option(&self, node_type: &NodeType, cluster_type: &str) -> Xml {
        let zone = |letter: &str| {
            let platform = tree("SupportedPlatform", vec![text("Name", "VPC")]);
            let name = text("Name", format!("{}{letter}", self.account.region));
            tree("AvailabilityZone", vec![name, tree("SupportedPlatforms", vec![platform])])
        };
        let fields = vec![
            text("ClusterVersion", VERSION),
            text("ClusterType", cluster_type),
            text("NodeType", node_type.name),
            tree("AvailabilityZones", ["a", "b", "c"].into_iter().map(zone).collect()),
        ];
        tree("OrderableClusterOption", fields)
    }
}

const VERSION: &str = "1.0";

/// R11: `single-node` takes no count, `multi-node` 2 to 100.
pub fn check_nodes(cluster_type: Option<&str>, count: Option<i64>) -> ApiResult<i64> {
    match (cluster_type.unwrap_or("multi-node"), count) {
        ("single-node", None | Some(1)) => Ok(1),
        ("single-node", Some(_)) => Err(combination("NumberOfNodes must not be given for a single-node cluster.")),
        ("multi-node", Some(count @ 2..=100)) => Ok(count),
        ("multi-node", _) => Err(combination("Number of nodes for cluster type multi-node must be between 2 and 100")),
        (other, _) => Err(ApiError::invalid("InvalidParameterValue", format!("Invalid cluster type: {other}"))),
    }
}

/// R38: a single node of a type that has such, and no more nodes than a new cluster may have. AWS's words are not known.
pub fn check_new_size(node_type: &str, nodes: i64) -> ApiResult<()> {
    check_single(node_type, nodes)?;
    match NodeType::named(node_type).filter(|known| nodes > i64::from(known.most_new)) {
        None => Ok(()),
        Some(known) => {
            let message = format!("A new cluster of the node type {node_type} has at most {} nodes.", known.most_new);
            Err(combination(&message))
        }
    }
}

/// R38: whether a cluster of this type can have a single node, if it has.
pub fn check_single(node_type: &str, nodes: i64) -> ApiResult<()> {
    match NodeType::named(node_type).is_some_and(|known| nodes == 1 && known.least > 1) {
        true => Err(combination(&format!("The node type {node_type} does not support single-node clusters."))),
        false => Ok(()),
    }
}

pub fn combination(message: &str) -> ApiError {
    ApiError::invalid("InvalidParameterCombination", message)
}
