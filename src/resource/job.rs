//! The least that a job needs to be allowed to run every command on a stack.

use serde_json::{Value, json};

use super::Names;
use crate::config::Config;
use crate::location::partition;

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
/// What Redshift does with the admin's secret on the caller's behalf, and the Data API.
const ON_SECRET: &[&str] = &[
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:RotateSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UpdateSecret",
];
/// What cannot be narrowed to a resource.
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

/// A policy document for whoever runs `up`, `load`, `query`, `status` and `down` on this stack.
pub fn policy(config: &Config, names: &Names, account: &str) -> Value {
    let (partition, region) = (partition(&config.region), &config.region);
    let bucket = format!("arn:{partition}:s3:::{}", names.bucket);
    let cluster = format!("arn:{partition}:redshift:{region}:{account}:cluster:{}", names.cluster);
    let secret = format!("arn:{partition}:secretsmanager:{region}:{account}:secret:redshift!{}-*", names.cluster);
    let allow = |sid: &str, actions: &[&str], resource: Value| json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource });
    let mut pass = allow("PassTheRoleToRedshift", &["iam:PassRole"], json!(names.role_arn));
    pass["Condition"] = json!({ "StringEquals": { "iam:PassedToService": "redshift.amazonaws.com" } });
    // A role that is not there has no path: whether it is gone can be asked only so.
    let role = [names.role_arn.clone(), format!("arn:{partition}:iam::{account}:role/{}", names.role)];
    let mut statements = vec![
        allow("TheRole", ON_ROLE, json!(role)),
        pass,
        allow("TheBucket", ON_BUCKET, json!(bucket)),
        allow("ItsObjects", ON_OBJECTS, json!(format!("{bucket}/*"))),
        allow("TheCluster", ON_CLUSTER, json!(cluster)),
        allow("ItsSecret", ON_SECRET, json!(secret)),
        allow("WhatHasNoResource", ON_ALL, json!("*")),
    ];
    if let Some(key) = &config.cluster.kms_key {
        statements.push(allow("ItsKey", &["kms:CreateGrant", "kms:DescribeKey"], json!(key)));
    }
    for (number, source) in (1..).zip(&config.sources) {
        let place = &source.location;
        let whole = format!("arn:{partition}:s3:::{}", place.bucket);
        let mut read = vec![format!("{whole}/{}*", place.key)];
        read.extend(
            source.jsonpaths.iter().map(|paths| format!("arn:{partition}:s3:::{}/{}", paths.bucket, paths.key)),
        );
        let mut list = allow(&format!("ListSource{number}"), &["s3:ListBucket"], json!(whole));
        list["Condition"] = json!({ "StringLike": { "s3:prefix": format!("{}*", place.key) } });
        statements.push(list);
        statements.push(allow(&format!("ReadSource{number}"), &["s3:GetObject"], json!(read)));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}
