//! EC2, as far as a warehouse's scripts go into it: the default VPC, and security groups whose rules are kept and described.
//! They open nothing and close nothing, since everything here answers on loopback only.

mod group;
mod rule;

use crate::account::Account;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, serve_ec2, text, tree};
use crate::protocol::{Request, Response};
use crate::store::Store;

/// Where everything lies: there is no other network here.
pub const VPC: &str = "vpc-0123456789abcdef0";
/// The group that a cluster has where it is given no other.
pub const DEFAULT_GROUP: &str = "sg-0123456789abcdef0";

#[derive(Clone)]
pub struct Ec2 {
    pub store: Store,
    pub account: Account,
}

impl Ec2 {
    /// The security groups of a region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { store: self.store.in_region(region), account: self.account.in_region(region) }
    }

    pub fn handle(&self, request: &Request) -> Response {
        serve_ec2(request, |action, params| self.dispatch(action, params))
    }

    fn dispatch(&self, action: &str, params: &Params) -> ApiResult<Vec<Xml>> {
        if let Some(known) = parameters(action) {
            params.only("UnsupportedOperation", known)?;
        }
        match action {
            "DescribeVpcs" => Ok(vec![self.vpcs(params)]),
            "DescribeSubnets" => Ok(vec![self.subnets(params)]),
            "DescribeSecurityGroups" => self.describe_groups(params),
            "CreateSecurityGroup" => self.create_group(params),
            "DeleteSecurityGroup" => self.delete_group(params),
            "AuthorizeSecurityGroupIngress" => self.authorize(params),
            "RevokeSecurityGroupIngress" => self.revoke(params),
            other => Err(ApiError::invalid(
                "InvalidAction",
                format!(
                    "The action {other} is not valid for this web service: the local EC2 has a VPC and its security groups."
                ),
            )),
        }
    }

    fn vpcs(&self, params: &Params) -> Xml {
        let vpc = [("vpc-id", VPC), ("isDefault", "true"), ("is-default", "true"), ("state", "available")];
        let is_wanted = among(&params.list("VpcId"), VPC) && passes(params, &vpc);
        let fields = vec![
            text("vpcId", VPC),
            text("ownerId", &self.account.id),
            text("state", "available"),
            text("cidrBlock", "172.31.0.0/16"),
            text("dhcpOptionsId", "dopt-0123456789abcdef0"),
            text("instanceTenancy", "default"),
            text("isDefault", true),
            tree("tagSet", Vec::new()),
        ];
        tree("vpcSet", if is_wanted { vec![tree("item", fields)] } else { Vec::new() })
    }

    /// One in each of two zones.
    fn subnets(&self, params: &Params) -> Xml {
        let subnet = |(zone, block): (&str, &str)| {
            let id = format!("subnet-0123456789abcdef{zone}");
            let zone = format!("{}{zone}", self.account.region);
            let known = [
                ("vpc-id", VPC),
                ("subnet-id", &id),
                ("availability-zone", &zone),
                ("default-for-az", "true"),
                ("state", "available"),
            ];
            let fields = vec![
                text("subnetId", &id),
                text("vpcId", VPC),
                text("ownerId", &self.account.id),
                text("state", "available"),
                text("cidrBlock", block),
                text("availabilityZone", &zone),
                text("availableIpAddressCount", 4091),
                text("defaultForAz", true),
                text("mapPublicIpOnLaunch", true),
                tree("tagSet", Vec::new()),
            ];
            (among(&params.list("SubnetId"), &id) && passes(params, &known)).then(|| tree("item", fields))
        };
        tree("subnetSet", [("a", "172.31.0.0/20"), ("b", "172.31.16.0/20")].into_iter().filter_map(subnet).collect())
    }
}

/// The parameters that are read for an operation; others are refused.
fn parameters(action: &str) -> Option<&'static [&'static str]> {
    let known: &[&str] = match action {
        // There are too few of both for a second page.
        "DescribeVpcs" => &["VpcId", "Filter", "MaxResults"],
        "DescribeSubnets" => &["SubnetId", "Filter", "MaxResults"],
        "DescribeSecurityGroups" => &["GroupId", "GroupName", "Filter", "MaxResults", "NextToken"],
        "CreateSecurityGroup" => &["GroupName", "GroupDescription", "VpcId"],
        "DeleteSecurityGroup" => &["GroupId", "GroupName"],
        "AuthorizeSecurityGroupIngress" | "RevokeSecurityGroupIngress" => {
            &["GroupId", "GroupName", "IpPermissions", "IpProtocol", "FromPort", "ToPort", "CidrIp"]
        }
        _ => return None,
    };
    Some(known)
}

fn new_id(kind: &str) -> String {
    format!("{kind}-{:017x}", fastrand::u64(..))
}

/// Returns true if a list of ids or names, where there is one, has it.
fn among(wanted: &[String], found: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == found)
}

/// Returns true if it passes every filter: `Filter.1.Name`, `Filter.1.Value.1`, … What is asked for and not known it
/// has not.
fn passes(params: &Params, known: &[(&str, &str)]) -> bool {
    (1..).map_while(|n| Some((n, params.get(&format!("Filter.{n}.Name"))?))).all(|(n, name)| {
        let values = params.list(&format!("Filter.{n}.Value"));
        known.iter().any(|(field, value)| *field == name && values.iter().any(|wanted| wanted == value))
    })
}
