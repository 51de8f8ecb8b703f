//! Node types, as the tool checks infra.toml and the local Redshift its requests.

/// A node type: the nodes of a cluster of it, and their slices.
#[derive(Debug)]
pub struct NodeType {
    pub name: &'static str,
    /// 1 where there are single-node clusters of it.
    pub least: i32,
    /// Of a new cluster.
    pub most_new: i32,
    /// Of a cluster that was resized.
    pub most: i32,
    /// Slices of one node (C5).
    pub slices: i32,
}

/// R11: what the API takes at most, of any type.
pub const MOST_NODES: i32 = 100;

/// C5: the slices of a node where AWS publishes no number.
const SLICES: i32 = 2;

/// R10: the types that can be created; dc2 and ds2 no longer can. R38: the numbers are those of the guide's tables, for RG
/// with AWS's announcement of single-node rg.large (<https://aws.amazon.com/about-aws/whats-new/2026/09/redshift-rg-large-single-node>).
/// Where neither has a number, it is the API's, and AWS decides.
pub const NODE_TYPES: [NodeType; 8] = [
    NodeType { name: "rg.large", least: 1, most_new: 16, most: MOST_NODES, slices: SLICES },
    NodeType { name: "rg.xlarge", least: 2, most_new: 16, most: MOST_NODES, slices: SLICES },
    NodeType { name: "rg.4xlarge", least: 2, most_new: 32, most: MOST_NODES, slices: 4 },
    NodeType { name: "rg.12xlarge", least: 2, most_new: MOST_NODES, most: MOST_NODES, slices: 16 },
    NodeType { name: "ra3.large", least: 1, most_new: MOST_NODES, most: MOST_NODES, slices: SLICES },
    NodeType { name: "ra3.xlplus", least: 1, most_new: 16, most: 32, slices: 2 },
    NodeType { name: "ra3.4xlarge", least: 2, most_new: 32, most: 64, slices: 4 },
    NodeType { name: "ra3.16xlarge", least: 2, most_new: MOST_NODES, most: MOST_NODES, slices: 16 },
];

impl NodeType {
    pub fn named(name: &str) -> Option<&'static Self> {
        NODE_TYPES.iter().find(|known| known.name == name)
    }

    /// Slices of a node of this type; two where it is not known.
    pub fn slices_of(name: &str) -> i32 {
        Self::named(name).map_or(SLICES, |known| known.slices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_slices_by_their_type() {
        let slices = ["ra3.16xlarge", "rg.4xlarge", "ra3.large", "dc9.large"].map(NodeType::slices_of);
        assert_eq!(slices, [16, 4, 2, 2]);
        assert!(NODE_TYPES.iter().all(|known| known.least <= known.most_new && known.most_new <= known.most));
    }
}
