//! AWS's rules for names and numbers, as far as they can be checked without asking AWS.

use std::time::Duration;

use redshift_sql::{MOST_NODES, NODE_TYPES, NodeType, is_reserved};

use super::mistake::Rule;
use crate::location;

macro_rules! rules {
    ($($name:ident $source:literal)*) => {
        $(pub const $name: Rule = Rule { name: stringify!($name), source: concat!("https://docs.aws.amazon.com/", $source) };)*
    };
}

rules! {
    R1 "IAM/latest/APIReference/API_Tag.html"
    R7 "redshift-data/latest/APIReference/API_ExecuteStatement.html"
    R8 "redshift/latest/APIReference/API_CreateCluster.html"
    R10 "redshift/latest/APIReference/API_CreateCluster.html"
    R11 "redshift/latest/APIReference/API_CreateCluster.html"
    R12 "redshift/latest/APIReference/API_CreateCluster.html"
    R13 "redshift/latest/mgmt/data-api.html"
    R15 "redshift/latest/APIReference/API_DeleteCluster.html"
    R19 "redshift/latest/mgmt/redshift-secrets-manager-integration.html"
    R28 "AmazonS3/latest/userguide/bucketnamingrules.html"
    R32 "redshift/latest/dg/copy-parameters-data-source-s3.html"
    R38 "redshift/latest/mgmt/working-with-clusters.html"
    R40 "whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"
    C7 "redshift/latest/dg/copy-parameters-data-format.html"
    ARN "IAM/latest/UserGuide/reference-arns.html"
    REGION "general/latest/gr/redshift-service.html"
    ACCOUNT "accounts/latest/reference/manage-acct-identifiers.html"
    QUOTA "IAM/latest/UserGuide/reference_iam-quotas.html"
}

/// R28.
const BUCKET_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
/// `-an` is of buckets in an account's own namespace, which CreateBucket is not asked for.
const BUCKET_SUFFIXES: [&str; 6] = ["-s3alias", "--ol-s3", "--x-s3", "--table-s3", ".mrap", "-an"];

type Broken = (&'static Rule, String);
pub type Checked = Result<(), Broken>;

fn when(holds: bool, rule: &'static Rule, otherwise: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err((rule, otherwise.into())) }
}

/// A stack's name becomes the cluster's identifier, and part of the names of role and bucket.
pub fn stack(name: &str) -> Checked {
    cluster_identifier(name)?;
    let fits = "a stack's name has at most 30 characters, so that its bucket's name fits into 63";
    when(name.len() <= 30, &R28, fits)
}

/// As `stack`, where the bucket takes its name from it: `STACK-ACCOUNT-REGION` (R28).
pub fn stack_with_bucket(name: &str) -> Checked {
    stack(name)?;
    let begins = format!("{name}-");
    match BUCKET_PREFIXES.iter().find(|prefix| begins.starts_with(**prefix)) {
        None => Ok(()),
        Some(prefix) => {
            let message = format!("S3 keeps names with {prefix} for itself, and the stack's bucket would be {begins}…");
            Err((&R28, format!("{message}; name the bucket otherwise: [bucket] name")))
        }
    }
}

/// R7, in the stricter form of the Data API.
pub fn cluster_identifier(id: &str) -> Checked {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let well_formed = id.split('-').all(part) && id.starts_with(|c: char| c.is_ascii_lowercase());
    let form =
        "1 to 63 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen";
    when(well_formed && id.len() <= 63, &R7, form)
}

pub fn region(name: &str) -> Checked {
    let parts: Vec<&str> = name.split('-').collect();
    let number =
        parts.last().is_some_and(|last| (1..=2).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_digit()));
    let words = parts.iter().rev().skip(1).all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()));
    when(parts.len() >= 3 && number && words, &REGION, "a region looks like us-west-2")
}

/// R40: a role of one partition reads nothing in another.
pub fn same_partition(stack: &str, source: &str) -> Checked {
    let (own, other) = (location::partition(stack), location::partition(source));
    let message = format!("{source} is in the partition {other}, and a stack in {stack}, in {own}, cannot read there");
    when(own == other, &R40, message)
}

pub fn account(id: &str) -> Checked {
    when(id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()), &ACCOUNT, "an account id has 12 digits")
}

pub fn node_type(name: &str) -> Checked {
    let all = node_types(|_| true);
    let message = match name.starts_with("dc") || name.starts_with("ds") {
        true => format!("{name} can no longer be created; one of {all}"),
        false => format!("not a node type that can be created; one of {all}"),
    };
    when(NodeType::named(name).is_some(), &R10, message)
}

fn node_types(wanted: impl Fn(&NodeType) -> bool) -> String {
    NODE_TYPES.iter().filter(|known| wanted(known)).map(|known| known.name).collect::<Vec<_>>().join(", ")
}

/// R38: whether a cluster of this type can have so many nodes, new or resized. A type that is not known has its own mistake.
pub fn node_count(node_type: &str, nodes: i32) -> Checked {
    let Some(known) = NodeType::named(node_type) else { return Ok(()) };
    let single = node_types(|other| other.least == 1);
    let too_few = format!("a cluster of {node_type} has at least {} nodes; one node can be {single}", known.least);
    when(nodes >= known.least, &R38, too_few)?;
    when(nodes <= known.most, &R38, format!("a cluster of {node_type} has at most {} nodes", known.most))
}

/// R38: the most nodes that a new cluster of this type has.
pub fn most_new_nodes(node_type: &str) -> i32 {
    NodeType::named(node_type).map_or(MOST_NODES, |known| known.most_new)
}

/// R8 has letters and digits only; R41: CreateCluster takes `_` and `$` too
/// (<https://github.com/hashicorp/terraform/issues/10009>). That one of them may come first is known of `_`.
pub fn database(name: &str) -> Checked {
    let well_formed = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_$".contains(&b));
    let form = "a database's name is 1 to 64 lower-case letters, digits, _ and $, not starting with $";
    when(well_formed && !name.starts_with('$') && (1..=64).contains(&name.len()), &R8, form)?;
    when(!is_reserved(name), &R8, format!("{name} is a reserved word of Redshift"))
}

pub fn admin(name: &str) -> Checked {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_+.@-".contains(c);
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(allowed);
    let form = "1 to 128 lower-case letters, digits and _ + . @ -, starting with a letter";
    when(well_formed && name.len() <= 128, &R8, form)?;
    when(name != "public" && !is_reserved(name), &R8, format!("{name} is a reserved word of Redshift"))
}

/// R28. Dots are allowed by S3 and break TLS, so that they are not allowed here.
pub fn bucket(name: &str) -> Checked {
    let allowed = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let ends =
        name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    let form = "3 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit";
    when(allowed && ends && (3..=63).contains(&name.len()), &R28, form)?;
    let prefix = BUCKET_PREFIXES.iter().find(|prefix| name.starts_with(**prefix));
    let suffix = BUCKET_SUFFIXES.iter().find(|suffix| name.ends_with(**suffix));
    let message = |affix: &str| format!("S3 keeps names with {affix} for itself");
    match prefix.or(suffix) {
        Some(affix) => Err((&R28, message(affix))),
        None => Ok(()),
    }
}

/// R15.
pub fn snapshot(name: &str) -> Checked {
    let allowed = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let well_formed = allowed
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
        && name.len() <= 255;
    let form = "a snapshot's name is 1 to 255 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen";
    when(well_formed, &R15, form)
}

pub fn subnet_group(name: &str) -> Checked {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._- ".contains(c);
    let form = "a subnet group's name is 1 to 255 lower-case letters, digits, dots, underscores, spaces and hyphens";
    when((1..=255).contains(&name.len()) && name.chars().all(allowed), &R13, form)
}

/// An ARN of a key: `arn:aws:kms:REGION:ACCOUNT:key/ID`, not a bare name or id.
pub fn kms_key(arn: &str) -> Checked {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let well_formed = matches!(parts.as_slice(),
        ["arn", partition, "kms", place, owner, key]
            if *partition == location::partition(place) && region(place).is_ok() && account(owner).is_ok()
                && key.strip_prefix("key/").is_some_and(|id| !id.is_empty()));
    when(well_formed, &ARN, "the ARN of a key looks like arn:aws:kms:us-west-2:123456789012:key/ID")
}

/// R1, and what S3 and Redshift allow as well.
pub fn tag_key(key: &str) -> Checked {
    when(
        is_tag_text(key) && (1..=128).contains(&key.chars().count()),
        &R1,
        "a tag's key is 1 to 128 letters, digits, spaces and _ . : / = + - @",
    )?;
    when(!key.to_lowercase().starts_with("aws:"), &R1, "AWS keeps tags that begin with aws: for itself")?;
    when(!key.starts_with("sparkify-infra:"), &R1, "tags that begin with sparkify-infra: are set by this program")
}

pub fn tag_value(value: &str) -> Checked {
    when(
        is_tag_text(value) && value.chars().count() <= 256,
        &R1,
        "a tag's value is at most 256 letters, digits, spaces and _ . : / = + - @",
    )
}

fn is_tag_text(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
}

/// `2h`, `90m`, `1d 12h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let malformed = || format!("'{text}' is not a duration such as 2h, 90m or 1h 30m");
    let span: jiff::SignedDuration = match text.trim().strip_suffix('d').and_then(|days| days.parse::<i64>().ok()) {
        Some(days) => {
            let hours = days.checked_mul(24).ok_or_else(malformed)?;
            jiff::SignedDuration::try_from_hours(hours).ok_or_else(malformed)?
        }
        None => text.parse().map_err(|_| malformed())?,
    };
    Duration::try_from(span).ok().filter(|duration| !duration.is_zero()).ok_or_else(malformed)
}

/// The least memory that a database of the local target works with.
const LEAST_MEMORY: u64 = 256 << 20;

/// `4GB`, `512 MB`, `1.5GiB`: bytes. GB is what memory is sold by, and so the same as GiB.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|sign: char| sign.is_ascii_alphabetic())?);
    let shift = match unit.to_ascii_uppercase().as_str() {
        "MB" | "MIB" => 20,
        "GB" | "GIB" => 30,
        "TB" | "TIB" => 40,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok().filter(|number| (0.0..1e6).contains(number))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is neither negative nor large")]
    let bytes = (number * 1024.0) as u64 * (1 << (shift - 10));
    Some(bytes).filter(|bytes| *bytes >= LEAST_MEMORY)
}
