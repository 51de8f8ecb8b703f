//! Who the stand-in's caller is, where, and what time it is.

pub use redshift_engine::now_millis;

/// The account and region that the stand-in plays.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub region: String,
}

/// A group of regions with accounts, ARNs and endpoints of its own.
struct Partition {
    /// How the names of its regions begin.
    regions: &'static str,
    name: &'static str,
    /// What the names of its hosts end with.
    suffix: &'static str,
}

/// R40. What begins otherwise is in `aws`.
const PARTITIONS: [Partition; 7] = [
    Partition { regions: "cn-", name: "aws-cn", suffix: "amazonaws.com.cn" },
    Partition { regions: "us-gov-", name: "aws-us-gov", suffix: "amazonaws.com" },
    Partition { regions: "eusc-", name: "aws-eusc", suffix: "amazonaws.eu" },
    Partition { regions: "us-iso-", name: "aws-iso", suffix: "c2s.ic.gov" },
    Partition { regions: "us-isob-", name: "aws-iso-b", suffix: "sc2s.sgov.gov" },
    Partition { regions: "eu-isoe-", name: "aws-iso-e", suffix: "cloud.adc-e.uk" },
    Partition { regions: "us-isof-", name: "aws-iso-f", suffix: "csp.hci.ic.gov" },
];

fn partition_entry(region: &str) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|partition| region.starts_with(partition.regions))
}

/// The partition of a region, as its ARNs name it.
pub fn partition(region: &str) -> &'static str {
    partition_entry(region).map_or("aws", |partition| partition.name)
}

/// What the names of hosts in a region end with.
pub fn dns_suffix(region: &str) -> &'static str {
    partition_entry(region).map_or("amazonaws.com", |partition| partition.suffix)
}

impl Account {
    /// The same account in a region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { id: self.id.clone(), region: region.to_owned() }
    }

    pub fn partition(&self) -> &'static str {
        partition(&self.region)
    }

    /// The ARN of something that the account has in its region.
    pub fn arn(&self, service: &str, resource: impl std::fmt::Display) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition(), self.region, self.id)
    }

    /// The ARN of something that the account has in no region: of IAM, or of STS.
    pub fn global_arn(&self, service: &str, resource: impl std::fmt::Display) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition(), self.id)
    }
}

/// Now, as the XML protocols write it: `2026-11-22T08:00:00.123Z`.
pub fn iso_now() -> String {
    iso(now_millis())
}

pub fn iso(millis: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// A time as the protocols with JSON write it.
#[expect(clippy::cast_precision_loss, reason = "the protocol's times are seconds as floats")]
pub fn epoch_seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_and_hosts_are_those_of_the_partition() {
        for (region, name, suffix) in [
            ("us-west-2", "aws", "amazonaws.com"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
        ] {
            let account = Account { id: "000000000000".into(), region: region.into() };
            assert_eq!(
                account.arn("redshift", "cluster:c"),
                format!("arn:{name}:redshift:{region}:000000000000:cluster:c")
            );
            assert_eq!(account.global_arn("iam", "role/r"), format!("arn:{name}:iam::000000000000:role/r"));
            assert_eq!(dns_suffix(region), suffix);
        }
    }
}
