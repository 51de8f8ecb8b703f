//! The least policy for a caller who runs every command on a stack: actions by the Service Authorization Reference for the
//! calls that they make, and those of Redshift on the caller's behalf (R33).

use serde_json::{Value, json};

use super::names::Names;
use crate::config::Config;
use crate::location::partition;
use crate::read_policy::{EXACT, Reads};

/// Characters that IAM takes of a managed policy, blanks apart (R46).
pub const MANAGED_CHARACTERS: usize = 6_144;

/// The service that the stack's role is passed to. Its first cluster creates its service-linked role (R33).
const SERVICE: &str = "redshift.amazonaws.com";

/// On the stack's role, which Redshift takes on.
const ON_ROLE: &[&str] = &[
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
];
const ON_BUCKET: &[&str] = &[
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetEncryptionConfiguration",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutEncryptionConfiguration",
    // Tags in the create call (R33).
    "s3:TagResource",
];
const ON_OBJECTS: &[&str] =
    &["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"];
const ON_CLUSTER: &[&str] = &[
    "redshift:CreateCluster",
    "redshift:CreateTags",
    "redshift:DeleteCluster",
    "redshift:DeleteTags",
    "redshift:ModifyCluster",
    "redshift:ModifyClusterIamRoles",
    "redshift:ResizeCluster",
    "redshift:ResumeCluster",
    "redshift-data:BatchExecuteStatement",
    "redshift-data:ExecuteStatement",
];
/// Actions of Redshift and the Data API on the admin's secret, on the caller's behalf.
const ON_SECRET: &[&str] = &[
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:RotateSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UpdateSecret",
];
/// Actions that do not support a resource.
const ON_ALL: &[&str] = &[
    "iam:ListRoles",
    "redshift:DescribeClusterSnapshots",
    "redshift:DescribeClusters",
    "redshift:DescribeOrderableClusterOptions",
    "redshift-data:CancelStatement",
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "secretsmanager:GetRandomPassword",
];

/// An action of `down --stack` where the role is deleted, which names the bucket: then the bucket is found by its tags.
const BY_NAME_ALONE: &[&str] = &["s3:ListAllMyBuckets"];

/// A policy document for whoever runs `up`, `load`, `query`, `status` and `down` on this stack.
pub fn policy(config: &Config, names: &Names, account: &str) -> Value {
    let (partition, region) = (partition(&config.region), &config.region);
    let bucket = format!("arn:{partition}:s3:::{}", names.bucket);
    let redshift = format!("arn:{partition}:redshift:{region}:{account}");
    let iam = format!("arn:{partition}:iam::{account}");
    let secret = format!("arn:{partition}:secretsmanager:{region}:{account}:secret:redshift!{}-*", names.cluster);
    let mut pass = allow("PassTheRoleToRedshift", &["iam:PassRole"], json!(names.role_arn));
    pass["Condition"] = json!({ "StringEquals": { "iam:PassedToService": SERVICE } });
    let own = format!("{iam}:role/aws-service-role/{SERVICE}/AWSServiceRoleForRedshift");
    let mut linked = allow("TheRoleOfRedshiftItself", &["iam:CreateServiceLinkedRole"], json!(own));
    linked["Condition"] = json!({ "StringEquals": { "iam:AWSServiceName": SERVICE } });
    // A role that is not there has no path: whether it is gone can be asked only so.
    let role = [names.role_arn.clone(), format!("{iam}:role/{}", names.role)];
    let profiles = format!("{iam}:instance-profile/*");
    let mut statements = vec![
        allow("TheRole", ON_ROLE, json!(role)),
        pass,
        linked,
        allow("ProfilesOfTheRole", &["iam:RemoveRoleFromInstanceProfile"], json!(profiles)),
        allow("TheBucket", ON_BUCKET, json!(bucket)),
        allow("ItsObjects", ON_OBJECTS, json!(format!("{bucket}/*"))),
        allow("TheCluster", ON_CLUSTER, json!(format!("{redshift}:cluster:{}", names.cluster))),
        allow("ItsSecret", ON_SECRET, json!(secret)),
        allow("WhatHasNoResource", ON_ALL, json!("*")),
        // A statement of its own, which can be left out: it shows the names of all buckets of the account.
        allow("DownByNameAlone", BY_NAME_ALONE, json!("*")),
    ];
    if let Some(snapshot) = &config.cluster.final_snapshot {
        let (cluster, name) = (&names.cluster, &snapshot.name);
        let both = [format!("{redshift}:cluster:{cluster}"), format!("{redshift}:snapshot:{cluster}/{name}")];
        statements.push(allow("ItsLastSnapshot", &["redshift:CreateClusterSnapshot"], json!(both)));
    }
    if let Some(key) = &config.cluster.kms_key {
        statements.push(allow("ItsKey", &["kms:CreateGrant", "kms:DescribeKey"], json!(key)));
    }
    let mut sources = Reads::default();
    for source in &config.sources {
        sources.add_prefix(&source.location);
        source.jsonpaths.iter().for_each(|paths| sources.add_object(paths));
    }
    statements.extend(sources.statements(&format!("arn:{partition}:s3:::"), EXACT, EXACT));
    document(statements)
}

fn allow(sid: &str, actions: &[&str], resource: Value) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource })
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Characters of a document as IAM counts them: without blanks but those in strings (R46).
pub fn characters(policy: &Value) -> usize {
    policy.to_string().len()
}

/// The policy as documents of which each fits a managed policy (R46), in as few as they go in their order. A statement
/// that is too long alone is cut in two, by its resources or its prefixes.
pub fn parts(policy: &Value) -> Vec<Value> {
    let mut waiting: Vec<Value> = policy["Statement"].as_array().cloned().unwrap_or_default();
    waiting.reverse();
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    while let Some(statement) = waiting.pop() {
        part.push(statement);
        if characters(&document(part.clone())) <= MANAGED_CHARACTERS {
            continue;
        }
        let Some(last) = part.pop() else { break };
        match halves(&last) {
            Some([first, second]) if characters(&document(vec![last.clone()])) > MANAGED_CHARACTERS => {
                waiting.extend([second, first]);
            }
            _ if part.is_empty() => parts.push(document(vec![last])),
            _ => {
                parts.push(document(std::mem::take(&mut part)));
                waiting.push(last);
            }
        }
    }
    parts.extend((!part.is_empty()).then(|| document(part)));
    parts
}

/// A statement as two that say the same together.
fn halves(statement: &Value) -> Option<[Value; 2]> {
    ["/Resource", "/Condition/StringLike/s3:prefix"].into_iter().find_map(|list| {
        let all = statement.pointer(list)?.as_array().filter(|all| all.len() > 1)?;
        let (first, second) = all.split_at(all.len() / 2);
        let with = |some: &[Value]| {
            let mut half = statement.clone();
            *half.pointer_mut(list)? = json!(some);
            // Two statements of a document may not have the same name.
            half.as_object_mut()?.remove("Sid");
            Some(half)
        };
        Some([with(first)?, with(second)?])
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Gather, OnUnknown, Source};
    use crate::location::Location;

    const ACCOUNT: &str = "123456789012";

    /// The shipped stack with so many more tables, in one bucket.
    fn config(tables: usize) -> Config {
        let mut config = Config::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("infra.toml")).expect("infra.toml");
        config.sources.extend((0..tables).map(|n| Source {
            name: format!("table_{n:03}"),
            location: Location { bucket: "acme-raw-data".into(), key: format!("erp/exports/table_{n:03}/") },
            files: Vec::new(),
            region: config.region.clone(),
            jsonpaths: None,
            jsonpaths_file: None,
            record_path: None,
            hive_partitions: false,
            gather: Gather::Auto,
            on_unknown: OnUnknown::Warn,
            quarantine: false,
        }));
        config
    }

    fn printed(config: &Config) -> Value {
        policy(config, &Names::from_config(config, ACCOUNT), ACCOUNT)
    }

    /// The permissions of a document, one by one: action, resource, prefix.
    fn allowed(policy: &Value) -> std::collections::BTreeSet<String> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        let statements = policy["Statement"].as_array().expect("statements").iter();
        let each = statements.flat_map(|statement| {
            let mut all = Vec::new();
            for action in list(&statement["Action"]) {
                for resource in list(&statement["Resource"]) {
                    for prefix in list(&statement["Condition"]["StringLike"]["s3:prefix"]) {
                        all.push(format!("{action} {resource} {prefix}"));
                    }
                }
            }
            all
        });
        each.collect()
    }

    #[test]
    fn the_shipped_stack_fits_one_managed_policy() {
        let policy = printed(&config(0));
        assert!(characters(&policy) <= MANAGED_CHARACTERS, "{}", characters(&policy));
        assert_eq!(parts(&policy), [policy]);
    }

    #[test]
    fn a_policy_that_is_too_long_falls_into_parts_that_allow_the_same() {
        let policy = printed(&config(200));
        assert!(characters(&policy) > MANAGED_CHARACTERS);
        let parts = parts(&policy);
        assert!((2..=5).contains(&parts.len()), "{}", parts.len());
        for part in &parts {
            assert!(characters(part) <= MANAGED_CHARACTERS, "{}", characters(part));
        }
        assert_eq!(parts.iter().flat_map(allowed).collect::<std::collections::BTreeSet<_>>(), allowed(&policy));
    }

    #[test]
    fn the_last_snapshot_is_allowed_where_it_is_asked_for() {
        let mut config = config(0);
        assert!(!printed(&config).to_string().contains("CreateClusterSnapshot"));
        config.cluster.final_snapshot = Some(crate::config::FinalSnapshot { name: "last".into(), retention_days: -1 });
        let text = printed(&config).to_string();
        assert!(text.contains(":snapshot:sparkify/last"), "{text}");
    }
}
