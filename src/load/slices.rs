//! How many slices the cluster has, and so how many parts its COPY reads side by side.

use redshift_sql::NodeType;

use super::Load;
use super::gather::is_small;
use crate::error::Result;

impl Load<'_> {
    /// C5: the slices of the cluster, for so many unpacked bytes. The cluster is queried only where it matters.
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
        let cluster = &self.stack.config.cluster;
        let slices = i64::from(NodeType::slices_of(&cluster.node_type)) * i64::from(cluster.nodes);
        u64::try_from(slices).unwrap_or(1)
    }
}
