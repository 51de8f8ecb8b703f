//! Whether AWS offers a cluster of a size in a region: asked before the first create (R38).

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_redshift::types::OrderableClusterOption;
use aws_smithy_types::retry::RetryConfig;

use crate::aws::{Aws, failed};
use crate::error::Result;

/// Attempts of the call: to know the answer is worth no long wait.
const ATTEMPTS: u32 = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Orderable {
    Yes,
    /// AWS offers no such cluster; the reason.
    No(String),
    /// AWS did not answer; the reason.
    Unknown(String),
}

/// Asks which clusters can be ordered in the region, and looks for one of this size among them.
///
/// # Errors
/// Where every other call would end the same: refused credentials, an AWS that does not answer.
pub async fn ask(aws: &Aws, node_type: &str, nodes: i32) -> Result<Orderable> {
    match options(aws).await {
        Ok(options) => Ok(judge(&options, &aws.region, node_type, nodes)),
        Err(error) if error.kind.is_cut_off() => Err(error),
        Err(error) => Ok(Orderable::Unknown(error.with_reason())),
    }
}

async fn options(aws: &Aws) -> Result<Vec<OrderableClusterOption>> {
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(Duration::from_millis(200));
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let few_attempts = aws_sdk_redshift::Config::builder().retry_config(retries.clone());
        let call = aws.redshift.describe_orderable_cluster_options().set_marker(marker.clone());
        let page = call.customize().config_override(few_attempts).send().await;
        let page = page.map_err(|error| failed("ask which clusters can be ordered", &error))?;
        found.extend(page.orderable_cluster_options.unwrap_or_default());
        let next = page.marker.filter(|next| !next.is_empty());
        if next.is_none() || next == marker {
            return Ok(found);
        }
        marker = next;
    }
}

fn judge(options: &[OrderableClusterOption], region: &str, node_type: &str, nodes: i32) -> Orderable {
    let cluster_type = if nodes == 1 { "single-node" } else { "multi-node" };
    let types: BTreeSet<&str> = options.iter().filter_map(OrderableClusterOption::node_type).collect();
    if types.is_empty() {
        return Orderable::Unknown(format!("the list of clusters that can be ordered in {region} is empty"));
    }
    if !types.contains(node_type) {
        let offered = types.into_iter().collect::<Vec<_>>().join(", ");
        return Orderable::No(format!("AWS does not offer {node_type} in {region}; it offers {offered}"));
    }
    let is_of_kind = |option: &&OrderableClusterOption| option.cluster_type() == Some(cluster_type);
    let of_kind: Vec<_> = options.iter().filter(is_of_kind).collect();
    // No source says that the list distinguishes single nodes from several: where it does not, nothing is known of them.
    if of_kind.is_empty() {
        return Orderable::Unknown(format!("no cluster that can be ordered in {region} is called {cluster_type}"));
    }
    match of_kind.iter().any(|option| option.node_type() == Some(node_type)) {
        true => Orderable::Yes,
        // The same holds for one type: the numbers of nodes were checked before any call.
        false => Orderable::Unknown(format!(
            "the list of clusters that can be ordered in {region} has {node_type}, but not as {cluster_type}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(options: &[(&str, &str)]) -> Vec<OrderableClusterOption> {
        let option = |(node_type, cluster_type): &(&str, &str)| {
            OrderableClusterOption::builder().node_type(*node_type).cluster_type(*cluster_type).build()
        };
        options.iter().map(option).collect()
    }

    #[test]
    fn what_is_not_listed_is_refused_and_what_is_not_told_is_not() {
        let all = list(&[("ra3.large", "single-node"), ("ra3.large", "multi-node"), ("rg.xlarge", "multi-node")]);
        let multi = list(&[("ra3.large", "multi-node"), ("rg.xlarge", "multi-node")]);
        for (options, node_type, nodes, expected) in [
            (&all, "ra3.large", 1, "yes"),
            (&all, "ra3.large", 2, "yes"),
            (&all, "rg.xlarge", 2, "yes"),
            (
                &all,
                "rg.xlarge",
                1,
                "unknown: the list of clusters that can be ordered in us-west-2 has rg.xlarge, but not as single-node",
            ),
            (&all, "rg.4xlarge", 2, "no: AWS does not offer rg.4xlarge in us-west-2; it offers ra3.large, rg.xlarge"),
            (&multi, "ra3.large", 1, "unknown: no cluster that can be ordered in us-west-2 is called single-node"),
            (&Vec::new(), "ra3.large", 1, "unknown: the list of clusters that can be ordered in us-west-2 is empty"),
        ] {
            let told = match judge(options, "us-west-2", node_type, nodes) {
                Orderable::Yes => "yes".to_owned(),
                Orderable::No(reason) => format!("no: {reason}"),
                Orderable::Unknown(reason) => format!("unknown: {reason}"),
            };
            assert!(told.starts_with(expected), "{nodes} x {node_type}: {told}");
        }
    }
}
