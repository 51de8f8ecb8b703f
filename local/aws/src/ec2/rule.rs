//! The rules of security groups, as requests have them and answers show them.

use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, text, tree};

/// Who may come in, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, or `-1` for all.
    pub protocol: String,
    pub ports: Option<(i64, i64)>,
    /// Addresses, or the id of a group.
    pub source: String,
    pub description: Option<String>,
}

impl Rule {
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.protocol, self.ports, &self.source) == (&other.protocol, other.ports, &other.source)
    }

    /// The list of a permission that its source stands in, and the field there.
    pub fn place(&self) -> (&'static str, &'static str) {
        if self.source.starts_with("sg-") {
            ("groups", "groupId")
        } else if self.source.contains(':') {
            ("ipv6Ranges", "cidrIpv6")
        } else {
            ("ipRanges", "cidrIp")
        }
    }

    pub fn permission(&self, account: &str) -> Xml {
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

    pub fn bounds(&self) -> Vec<Xml> {
        self.ports.map(|(from, to)| vec![text("fromPort", from), text("toPort", to)]).unwrap_or_default()
    }
}

/// The rules of a request: one in its own fields, or several in `IpPermissions.1.IpRanges.1.CidrIp` and their like.
pub fn rules(params: &Params) -> ApiResult<Vec<Rule>> {
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
