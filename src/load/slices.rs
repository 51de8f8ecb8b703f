//! How many slices the cluster has, and so how many parts its COPY reads side by side.

use super::Load;
use super::gather::is_small;
use crate::error::Result;

impl Load<'_> {
    /// C5: the slices of the cluster, for so many unpacked bytes. The cluster is asked only where it makes a difference.
    pub(super) async fn slices(&self, bytes: u64) -> Result<u64> {
        let expected = self.expected_slices();
        if is_small(bytes, expected) {
            return Ok(expected);
        }
        let rows = self.warehouse.query("select count(*) from stv_slices").await?;
        let count = rows.ok().and_then(|rows| rows.number());
        Ok(count.filter(|count| *count > 0).unwrap_or(expected))
    }

    pub(super) fn expected_slices(&self) -> u64 {
        slices_of(&self.config.cluster.node_type) * u64::try_from(self.config.cluster.nodes).unwrap_or(1)
    }
}

/// Slices of one node (C5). Sizes that AWS does not publish count as two.
fn slices_of(node_type: &str) -> u64 {
    match node_type {
        "ra3.4xlarge" | "rg.4xlarge" => 4,
        "ra3.16xlarge" | "rg.12xlarge" => 16,
        _ => 2,
    }
}
