//! EC2, as far as a warehouse's scripts go into it: the default VPC, and security groups whose rules are kept and told.
//! They open nothing and close nothing, since everything here answers on loopback only.

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, serve_ec2, text, tree};
use crate::protocol::{Request, Response};
use crate::store::Store;

/// Where everything lies: there is no other network here.
pub const VPC: &str = "vpc-0123456789abcdef0";
/// The group that a cluster has where it is given no other.
pub const DEFAULT_GROUP: &str = "sg-0123456789abcdef0";

const KIND: &str = "ec2-security-group";
const ANYWHERE: &str = "0.0.0.0/0";

#[derive(Clone)]
pub struct Ec2 {
    pub store: Store,
    pub account: Account,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    id: String,
    name: String,
    description: String,
    rules: Vec<Rule>,
}

/// Who may come in, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rule {
    /// `tcp`, `udp`, `icmp`, or `-1` for all.
    protocol: String,
    ports: Option<(i64, i64)>,
    /// Addresses, or the id of a group.
    source: String,
    description: Option<String>,
}

impl Rule {
    fn is_same(&self, other: &Self) -> bool {
        (&self.protocol, self.ports, &self.source) == (&other.protocol, other.ports, &other.source)
    }

    /// The list of a permission that its source stands in, and the field there.
    fn place(&self) -> (&'static str, &'static str) {
        if self.source.starts_with("sg-") {
            ("groups", "groupId")
        } else if self.source.contains(':') {
            ("ipv6Ranges", "cidrIpv6")
        } else {
            ("ipRanges", "cidrIp")
        }
    }

    fn permission(&self, account: &str) -> Xml {
        let (place, field) = self.place();
        let list = |name| {
            let is_group = name == "groups";
            let source = || {
                let mut source = vec![text(field, &self.source)];
                source.extend(is_group.then(|| text("userId", account)));
                source.extend(self.description.iter().map(|description| text("description", description)));
                tree("item", source)
            };
            tree(name, (name == place).then(source).into_iter().collect())
        };
        let mut fields = vec![text("ipProtocol", &self.protocol)];
        fields.extend(self.bounds());
        fields.extend(["groups", "ipRanges", "ipv6Ranges"].map(list));
        fields.push(tree("prefixListIds", Vec::new()));
        tree("item", fields)
    }

    fn bounds(&self) -> Vec<Xml> {
        self.ports.map(|(from, to)| vec![text("fromPort", from), text("toPort", to)]).unwrap_or_default()
    }
}

impl Group {
    fn xml(&self, account: &str) -> Xml {
        let out = Rule { protocol: "-1".into(), ports: None, source: ANYWHERE.into(), description: None };
        tree(
            "item",
            vec![
                text("ownerId", account),
                text("groupId", &self.id),
                text("groupName", &self.name),
                text("groupDescription", &self.description),
                text("vpcId", VPC),
                tree("ipPermissions", self.rules.iter().map(|rule| rule.permission(account)).collect()),
                tree("ipPermissionsEgress", vec![out.permission(account)]),
                tree("tagSet", Vec::new()),
            ],
        )
    }
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

    fn groups(&self) -> ApiResult<Vec<Group>> {
        let mut all: Vec<Group> = self.store.list(KIND)?;
        if !all.iter().any(|group| group.id == DEFAULT_GROUP) {
            let (name, description) = ("default".to_owned(), "default VPC security group".to_owned());
            let inside = Rule { protocol: "-1".into(), ports: None, source: DEFAULT_GROUP.into(), description: None };
            all.insert(0, Group { id: DEFAULT_GROUP.into(), name, description, rules: vec![inside] });
        }
        Ok(all)
    }

    /// By its id, or else by its name.
    fn group(&self, params: &Params) -> ApiResult<Group> {
        let (id, name) = (params.get("GroupId"), params.get("GroupName"));
        let (Some(wanted), is_id) = (id.or(name), id.is_some()) else {
            let message = "The request must contain the parameter groupName or groupId";
            return Err(ApiError::invalid("MissingParameter", message));
        };
        let found =
            self.groups()?.into_iter().find(|group| if is_id { group.id == wanted } else { group.name == wanted });
        found.ok_or_else(|| {
            ApiError::invalid("InvalidGroup.NotFound", format!("The security group '{wanted}' does not exist"))
        })
    }

    fn describe_groups(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let (ids, names) = (params.list("GroupId"), params.list("GroupName"));
        let all = self.groups()?;
        if let Some(missing) = ids.iter().find(|id| !all.iter().any(|group| group.id == **id)) {
            let message = format!("The security group '{missing}' does not exist");
            return Err(ApiError::invalid("InvalidGroup.NotFound", message));
        }
        let is_wanted = |group: &&Group| {
            let known = [
                ("vpc-id", VPC),
                ("group-id", group.id.as_str()),
                ("group-name", &group.name),
                ("description", &group.description),
                ("owner-id", &self.account.id),
            ];
            among(&ids, &group.id) && among(&names, &group.name) && passes(params, &known)
        };
        let shown = all.iter().filter(is_wanted).map(|group| group.xml(&self.account.id)).collect();
        let (shown, next) = params.page("MaxResults", "NextToken", shown)?;
        let mut answer = vec![tree("securityGroupInfo", shown)];
        answer.extend(next.map(|token| text("nextToken", token)));
        Ok(answer)
    }

    fn create_group(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let (name, description) = (params.required("GroupName")?, params.required("GroupDescription")?);
        if let Some(vpc) = params.get("VpcId").filter(|vpc| *vpc != VPC) {
            let message = format!("The vpc ID '{vpc}' does not exist");
            return Err(ApiError::invalid("InvalidVpcID.NotFound", message));
        }
        if self.groups()?.iter().any(|group| group.name == name) {
            let message = format!("The security group '{name}' already exists for VPC '{VPC}'");
            return Err(ApiError::invalid("InvalidGroup.Duplicate", message));
        }
        let id = new_id("sg");
        let group = Group { id, name: name.to_owned(), description: description.to_owned(), rules: Vec::new() };
        self.store.put(KIND, &group.id, &group)?;
        Ok(vec![text("return", true), text("groupId", &group.id)])
    }

    fn delete_group(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let group = self.group(params)?;
        if group.id == DEFAULT_GROUP {
            let message =
                format!("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", group.id);
            return Err(ApiError::invalid("CannotDelete", message));
        }
        self.store.delete(KIND, &group.id)?;
        Ok(vec![text("return", true), text("groupId", &group.id)])
    }

    fn authorize(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut group = self.group(params)?;
        let mut told = Vec::new();
        for rule in rules(params)? {
            if group.rules.iter().any(|known| known.is_same(&rule)) {
                let (from, to) = rule.ports.unwrap_or((-1, -1));
                let message = format!(
                    "the specified rule \"peer: {}, {}, from port: {from}, to port: {to}, ALLOW\" already exists",
                    rule.source,
                    rule.protocol.to_uppercase()
                );
                return Err(ApiError::invalid("InvalidPermission.Duplicate", message));
            }
            let mut fields = vec![
                text("securityGroupRuleId", new_id("sgr")),
                text("groupId", &group.id),
                text("groupOwnerId", &self.account.id),
                text("isEgress", false),
                text("ipProtocol", &rule.protocol),
            ];
            fields.extend(rule.bounds());
            fields.push(match rule.place() {
                ("groups", field) => tree("referencedGroupInfo", vec![text(field, &rule.source)]),
                ("ipRanges", _) => text("cidrIpv4", &rule.source),
                (_, field) => text(field, &rule.source),
            });
            told.push(tree("item", fields));
            group.rules.push(rule);
        }
        self.store.put(KIND, &group.id, &group)?;
        Ok(vec![text("return", true), tree("securityGroupRuleSet", told)])
    }

    fn revoke(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut group = self.group(params)?;
        for rule in rules(params)? {
            let before = group.rules.len();
            group.rules.retain(|known| !known.is_same(&rule));
            if group.rules.len() == before {
                let message = "The specified rule does not exist in this security group.";
                return Err(ApiError::invalid("InvalidPermission.NotFound", message));
            }
        }
        self.store.put(KIND, &group.id, &group)?;
        Ok(vec![text("return", true)])
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

/// Whether a list of ids or names, where there is one, has it.
fn among(wanted: &[String], found: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == found)
}

/// Whether it passes every filter: `Filter.1.Name`, `Filter.1.Value.1`, … What is asked for and not known it has not.
fn passes(params: &Params, known: &[(&str, &str)]) -> bool {
    (1..).map_while(|n| Some((n, params.get(&format!("Filter.{n}.Name"))?))).all(|(n, name)| {
        let values = params.list(&format!("Filter.{n}.Value"));
        known.iter().any(|(field, value)| *field == name && values.iter().any(|wanted| wanted == value))
    })
}

/// The rules of a request: one in its own fields, or several in `IpPermissions.1.IpRanges.1.CidrIp` and their like.
fn rules(params: &Params) -> ApiResult<Vec<Rule>> {
    let mut found = Vec::new();
    let permissions =
        (1..).map(|n| format!("IpPermissions.{n}.")).take_while(|at| params.get(&format!("{at}IpProtocol")).is_some());
    for at in std::iter::once(String::new()).chain(permissions) {
        let Some(protocol) = params.get(&format!("{at}IpProtocol")) else { continue };
        let protocol = match protocol.to_lowercase().as_str() {
            "6" => "tcp".to_owned(),
            "17" => "udp".to_owned(),
            "1" => "icmp".to_owned(),
            other => other.to_owned(),
        };
        let port = |name: &str| params.number(&format!("{at}{name}"));
        let ports = match (protocol.as_str(), port("FromPort")?, port("ToPort")?) {
            ("-1", ..) => None,
            ("tcp" | "udp", Some(from), Some(to)) if (0..=65_535).contains(&from) && (from..=65_535).contains(&to) => {
                Some((from, to))
            }
            ("tcp" | "udp", from, to) => {
                let shown = |port: Option<i64>| port.map_or_else(|| "none".to_owned(), |port| port.to_string());
                let message = format!("Invalid port range: from {} to {}", shown(from), shown(to));
                return Err(ApiError::invalid("InvalidParameterValue", message));
            }
            (_, from, to) => from.zip(to),
        };
        let lists = [
            ("IpRanges", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6"),
            ("Groups", "GroupId"),
            ("UserIdGroupPairs", "GroupId"),
        ];
        let listed = lists.into_iter().flat_map(|(list, field)| {
            let at = &at;
            (1..).map_while(move |n| {
                let entry = format!("{at}{list}.{n}.");
                Some((params.get(&format!("{entry}{field}"))?, params.get(&format!("{entry}Description"))))
            })
        });
        let own = params.get("CidrIp").filter(|_| at.is_empty()).map(|source| (source, None));
        for (source, description) in own.into_iter().chain(listed) {
            if !source.starts_with("sg-") && !is_cidr(source) {
                let message = format!("CIDR block {source} is malformed");
                return Err(ApiError::invalid("InvalidParameterValue", message));
            }
            let (protocol, source) = (protocol.clone(), source.to_owned());
            found.push(Rule { protocol, ports, source, description: description.map(str::to_owned) });
        }
    }
    match found.is_empty() {
        true => Err(ApiError::invalid("MissingParameter", "The request must contain the parameter ipPermissions")),
        false => Ok(found),
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}
