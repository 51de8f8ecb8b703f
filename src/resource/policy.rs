//! The policy documents of a stack: who may assume the role, what the role may read, what the bucket refuses.

use serde_json::{Value, json};

use super::reads::{Depth, EXACT, Reads};
use crate::config::{Config, Gather};
use crate::location::{Location, partition};

/// Only Redshift may assume the role (R5). Where it names the account that it acts for, that is this one: no source says
/// that it names any, and a condition on a key that is missing would refuse it (R34).
pub fn trust(account: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Redshift",
            "Effect": "Allow",
            "Principal": { "Service": "redshift.amazonaws.com" },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEqualsIfExists": { "aws:SourceAccount": account } }
        }]
    })
}

/// Says which load is under way.
pub const LOCK: &str = "load/lock.json";

/// Where the parts of all sources lie in the warehouse's bucket, and the manifests and lists of an append.
const GATHERED: &str = "load/";

/// Where the parts of a gathered source lie in the warehouse's bucket.
pub fn gathered_prefix(source: &str) -> String {
    format!("{GATHERED}{source}/")
}

/// Characters that IAM takes of a role's inline policies together, blanks apart (R46).
pub const INLINE_CHARACTERS: usize = 10_240;

/// Reads what COPY reads: what lies in our bucket, where any source may be gathered and any load may append; the sources
/// that may be copied from where they lie; and jsonpaths files. Where that is longer than IAM takes, prefixes lose
/// folders from their ends until it fits: first where only names are listed, then where objects are read. With it, whether
/// nothing had to be cut, so that the role may read no more than COPY does.
pub fn permissions(config: &Config, bucket: &str) -> (Value, bool) {
    let reads = reads(config, bucket);
    let mut shortest = document(config, &reads, EXACT, EXACT);
    if fits(&shortest) {
        return (shortest, true);
    }
    let depths = (0..=reads.deepest()).rev();
    let names_first = depths.clone().map(|listed| (listed, EXACT));
    for (listed, read) in names_first.chain(depths.map(|both| (both, both))) {
        shortest = document(config, &reads, listed, read);
        if fits(&shortest) {
            break;
        }
    }
    (shortest, false)
}

fn fits(document: &Value) -> bool {
    document.to_string().len() <= INLINE_CHARACTERS
}

fn reads(config: &Config, bucket: &str) -> Reads {
    let mut reads = Reads::default();
    reads.add_prefix(&Location { bucket: bucket.to_owned(), key: GATHERED.to_owned() });
    for source in &config.sources {
        if source.gather != Gather::Always {
            reads.add_prefix(&source.location);
        }
        // R37: of a source in another region COPY reads the copy beside the parts.
        if source.gather != Gather::Always || source.region == config.region {
            source.jsonpaths.iter().for_each(|paths| reads.add_object(paths));
        }
    }
    reads
}

fn document(config: &Config, reads: &Reads, listed: Depth, read: Depth) -> Value {
    let statements = reads.statements(&format!("arn:{}:s3:::", partition(&config.region)), listed, read);
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The bucket talks TLS or not at all.
pub fn tls_only(bucket: &str, region: &str) -> Value {
    let arn = format!("arn:{}:s3:::{bucket}", partition(region));
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } }
        }]
    })
}
