//! The policy documents of a stack beside what its role may read: who may assume the role, what the bucket refuses.

use serde_json::{Value, json};

use crate::location::partition;

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
