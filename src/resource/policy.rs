//! The policy documents of a stack: who may assume the role, what the role may read, what the bucket refuses.

use serde_json::{Value, json};

use crate::config::{Config, Gather, Mode};
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

/// Where the parts of a gathered source lie in the warehouse's bucket.
pub fn gathered_prefix(source: &str) -> String {
    format!("load/{source}/")
}

/// Reads exactly what COPY reads: gathered sources in our bucket, the others where they lie, and jsonpaths files.
pub fn permissions(config: &Config, bucket: &str) -> Value {
    let s3 = format!("arn:{}:s3:::", partition(&config.region));
    let mut prefixes = Vec::new();
    let mut objects = Vec::new();
    for source in &config.sources {
        // An append reads its manifest and its list of objects there, also where the objects themselves lie elsewhere.
        if source.gather != Gather::Never || config.mode == Mode::Append {
            prefixes.push(Location { bucket: bucket.to_owned(), key: gathered_prefix(&source.name) });
        }
        if source.gather != Gather::Always {
            prefixes.push(source.location.clone());
        }
        // R37: of a source in another region COPY reads the copy beside the parts.
        if source.gather != Gather::Always || source.region == config.region {
            objects.extend(source.jsonpaths.iter().cloned());
        }
    }
    let list = |prefix: &Location| {
        json!({
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": format!("{s3}{}", prefix.bucket),
            "Condition": { "StringLike": { "s3:prefix": format!("{}*", prefix.key) } }
        })
    };
    let arn = |location: &Location, rest: &str| format!("{s3}{}/{}{rest}", location.bucket, location.key);
    let mut readable: Vec<String> = prefixes.iter().map(|prefix| arn(prefix, "*")).collect();
    readable.extend(objects.iter().map(|object| arn(object, "")));
    let mut statements: Vec<Value> = prefixes.iter().map(list).collect();
    statements.push(json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": readable }));
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
