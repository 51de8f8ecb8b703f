//! What each request needs to be allowed.

use std::sync::Arc;

use http::StatusCode;
use s3s::service::S3Service;
use serde_json::{Value, json};

use super::*;
use crate::iam::policy::{Kind, Policy};
use crate::s3::storage::collection;
use crate::s3::unsigned;
use crate::sessions::Caller;

/// The owner, whose session may no more than these statements say.
fn limited(buckets: &Buckets, statements: &Value) -> Arc<Caller> {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    let limit = Policy::parse(&policy.to_string(), Kind::Identity).expect("policy");
    let owner = &*buckets.sessions.owner;
    let identity = (*owner.identity).clone().limited(Some(limit));
    Arc::new(Caller { identity: Arc::new(identity), is_session: true, ..owner.clone() })
}

/// The status of a request such as `PUT /kept/new`, with a header such as `x-amz-tagging: a=b` and a body.
async fn status(service: &S3Service, caller: Option<Arc<Caller>>, line: [&str; 3]) -> StatusCode {
    let [request, header, body] = line;
    let (method, uri) = request.split_once(' ').expect("method");
    let mut request = http::Request::builder().method(method).uri(uri);
    if let Some((name, value)) = header.split_once(": ") {
        request = request.header(name, value);
    }
    let mut request = request.body(s3s::Body::from(body.as_bytes().to_vec())).expect("request");
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    service.call(request).await.expect("answer").status()
}

async fn filled(home: &std::path::Path) -> Buckets {
    let buckets = Buckets::alone(home);
    let bucket = collection::tests::bucket("kept");
    buckets.save(&bucket).expect("bucket");
    collection::tests::put(&buckets, &bucket, "old", 10).await;
    buckets
}

/// Requests with the actions that they need.
const CASES: &[([&str; 3], &[&str])] = &[
    (["HEAD /kept", "", ""], &["s3:ListBucket"]),
    (["DELETE /kept", "", ""], &["s3:DeleteBucket"]),
    (["GET /kept?location", "", ""], &["s3:GetBucketLocation"]),
    (["GET /kept?replication", "", ""], &["s3:GetReplicationConfiguration"]),
    (["GET /kept?object-lock", "", ""], &["s3:GetBucketObjectLockConfiguration"]),
    (["PUT /kept?policy", "", "{}"], &["s3:PutBucketPolicy"]),
    (["GET /kept?policy", "", ""], &["s3:GetBucketPolicy"]),
    (["GET /kept?policyStatus", "", ""], &["s3:GetBucketPolicyStatus"]),
    (
        ["PUT /kept?publicAccessBlock", "", "<PublicAccessBlockConfiguration></PublicAccessBlockConfiguration>"],
        &["s3:PutBucketPublicAccessBlock"],
    ),
    (["GET /kept?publicAccessBlock", "", ""], &["s3:GetBucketPublicAccessBlock"]),
    (["DELETE /kept?publicAccessBlock", "", ""], &["s3:PutBucketPublicAccessBlock"]),
    (["GET /kept?encryption", "", ""], &["s3:GetEncryptionConfiguration"]),
    (["DELETE /kept?encryption", "", ""], &["s3:PutEncryptionConfiguration"]),
    (["GET /kept?ownershipControls", "", ""], &["s3:GetBucketOwnershipControls"]),
    (["DELETE /kept?ownershipControls", "", ""], &["s3:PutBucketOwnershipControls"]),
    (["PUT /kept?tagging", "", "<Tagging><TagSet></TagSet></Tagging>"], &["s3:PutBucketTagging"]),
    (["GET /kept?tagging", "", ""], &["s3:GetBucketTagging"]),
    (["DELETE /kept?tagging", "", ""], &["s3:PutBucketTagging"]),
    (["PUT /kept?versioning", "", "<VersioningConfiguration></VersioningConfiguration>"], &["s3:PutBucketVersioning"]),
    (["GET /kept?versioning", "", ""], &["s3:GetBucketVersioning"]),
    (
        [
            "PUT /kept?lifecycle",
            "",
            "<LifecycleConfiguration><Rule><Status>Enabled</Status></Rule></LifecycleConfiguration>",
        ],
        &["s3:PutLifecycleConfiguration"],
    ),
    (["GET /kept?lifecycle", "", ""], &["s3:GetLifecycleConfiguration"]),
    (["DELETE /kept?lifecycle", "", ""], &["s3:PutLifecycleConfiguration"]),
    (["GET /kept?cors", "", ""], &["s3:GetBucketCORS"]),
    (["DELETE /kept?cors", "", ""], &["s3:PutBucketCORS"]),
    (["PUT /kept?website", "", "<WebsiteConfiguration></WebsiteConfiguration>"], &["s3:PutBucketWebsite"]),
    (["GET /kept?website", "", ""], &["s3:GetBucketWebsite"]),
    (["DELETE /kept?website", "", ""], &["s3:PutBucketWebsite"]),
    (["PUT /kept?logging", "", "<BucketLoggingStatus></BucketLoggingStatus>"], &["s3:PutBucketLogging"]),
    (["GET /kept?logging", "", ""], &["s3:GetBucketLogging"]),
    (
        ["PUT /kept?notification", "", "<NotificationConfiguration></NotificationConfiguration>"],
        &["s3:PutBucketNotification"],
    ),
    (["GET /kept?notification", "", ""], &["s3:GetBucketNotification"]),
    (
        ["PUT /kept?accelerate", "", "<AccelerateConfiguration></AccelerateConfiguration>"],
        &["s3:PutAccelerateConfiguration"],
    ),
    (["GET /kept?accelerate", "", ""], &["s3:GetAccelerateConfiguration"]),
    (
        [
            "PUT /kept?requestPayment",
            "",
            "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
        ],
        &["s3:PutBucketRequestPayment"],
    ),
    (["GET /kept?requestPayment", "", ""], &["s3:GetBucketRequestPayment"]),
    (["PUT /kept?acl", "x-amz-acl: private", ""], &["s3:PutBucketAcl"]),
    (["GET /kept?acl", "", ""], &["s3:GetBucketAcl"]),
    (["PUT /kept/old?acl", "x-amz-acl: private", ""], &["s3:PutObjectAcl"]),
    (["PUT /kept/old?acl&versionId=null", "x-amz-acl: private", ""], &["s3:PutObjectVersionAcl"]),
    (["GET /kept/old?acl", "", ""], &["s3:GetObjectAcl"]),
    (["GET /kept/old?acl&versionId=null", "", ""], &["s3:GetObjectVersionAcl"]),
    (["PUT /kept/new", "", "1"], &["s3:PutObject"]),
    (["PUT /kept/new", "x-amz-tagging: a=b", "1"], &["s3:PutObject", "s3:PutObjectTagging"]),
    (["PUT /kept/new", "x-amz-acl: private", "1"], &["s3:PutObject", "s3:PutObjectAcl"]),
    (["PUT /kept/new", "if-match: \"0\"", "1"], &["s3:PutObject", "s3:GetObject"]),
    (["GET /kept/old", "", ""], &["s3:GetObject"]),
    (["GET /kept/old?versionId=null", "", ""], &["s3:GetObjectVersion"]),
    (["HEAD /kept/old", "", ""], &["s3:GetObject"]),
    (["GET /kept/old?attributes", "x-amz-object-attributes: ETag", ""], &["s3:GetObject"]),
    (["DELETE /kept/new", "", ""], &["s3:DeleteObject"]),
    (["DELETE /kept/new?versionId=null", "", ""], &["s3:DeleteObjectVersion"]),
    (["PUT /kept/old?tagging", "", "<Tagging><TagSet></TagSet></Tagging>"], &["s3:PutObjectTagging"]),
    (["GET /kept/old?tagging", "", ""], &["s3:GetObjectTagging"]),
    (["GET /kept/old?tagging&versionId=null", "", ""], &["s3:GetObjectVersionTagging"]),
    (["DELETE /kept/old?tagging", "", ""], &["s3:DeleteObjectTagging"]),
    (["PUT /kept/new", "x-amz-copy-source: kept/old", ""], &["s3:PutObject", "s3:GetObject"]),
    (["PUT /kept/new", "x-amz-copy-source: kept/old?versionId=null", ""], &["s3:PutObject", "s3:GetObjectVersion"]),
    (["POST /kept/new?uploads", "", ""], &["s3:PutObject"]),
    (["POST /kept/new?uploads", "x-amz-tagging: a=b", ""], &["s3:PutObject", "s3:PutObjectTagging"]),
    (["PUT /kept/new?partNumber=1&uploadId=1", "", "1"], &["s3:PutObject"]),
    (["PUT /kept/new?partNumber=1&uploadId=1", "x-amz-copy-source: kept/old", ""], &["s3:PutObject"]),
    (["POST /kept/new?uploadId=1", "", "<CompleteMultipartUpload></CompleteMultipartUpload>"], &["s3:PutObject"]),
    (["DELETE /kept/new?uploadId=1", "", ""], &["s3:AbortMultipartUpload"]),
    (["GET /kept", "", ""], &["s3:ListBucket"]),
    (["GET /kept?list-type=2", "", ""], &["s3:ListBucket"]),
    (["GET /kept?versions", "", ""], &["s3:ListBucketVersions"]),
    (["GET /kept/new?uploadId=1", "", ""], &["s3:ListMultipartUploadParts"]),
    (["GET /kept?uploads", "", ""], &["s3:ListBucketMultipartUploads"]),
];

#[tokio::test]
async fn each_request_needs_its_actions_and_no_others() {
    let home = tempfile::tempdir().expect("directory");
    let buckets = filled(home.path()).await;
    let service = unsigned(buckets.clone());
    for &(line, actions) in CASES {
        let only = limited(&buckets, &json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }]));
        assert_ne!(status(&service, Some(only), line).await, StatusCode::FORBIDDEN, "{line:?}");
        for action in actions {
            let all_but = json!([
                { "Effect": "Allow", "Action": "s3:*", "Resource": "*" },
                { "Effect": "Deny", "Action": action, "Resource": "*" },
            ]);
            let caller = limited(&buckets, &all_but);
            assert_eq!(status(&service, Some(caller), line).await, StatusCode::FORBIDDEN, "{line:?} {action}");
        }
        assert_eq!(status(&service, None, line).await, StatusCode::FORBIDDEN, "{line:?} by nobody");
    }
}

#[tokio::test]
async fn an_unknown_bucket_is_reported_before_a_missing_right() {
    let home = tempfile::tempdir().expect("directory");
    let buckets = filled(home.path()).await;
    let service = unsigned(buckets.clone());
    let nothing = json!([{ "Effect": "Deny", "Action": "s3:*", "Resource": "*" }]);
    for request in ["GET /none?policy", "GET /none/key", "DELETE /none"] {
        let caller = limited(&buckets, &nothing);
        assert_eq!(status(&service, Some(caller), [request, "", ""]).await, StatusCode::NOT_FOUND, "{request}");
    }
}

#[tokio::test]
async fn a_list_is_allowed_by_its_prefix() {
    let home = tempfile::tempdir().expect("directory");
    let buckets = filled(home.path()).await;
    let service = unsigned(buckets.clone());
    let condition = json!({ "StringLike": { "s3:prefix": "in/*" } });
    let statements = json!([{ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": condition }]);
    let caller = limited(&buckets, &statements);
    for (request, expected) in [
        ("GET /kept?list-type=2&prefix=in/x", StatusCode::OK),
        ("GET /kept?prefix=in/x", StatusCode::OK),
        ("GET /kept?list-type=2&prefix=out/x", StatusCode::FORBIDDEN),
        ("GET /kept", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(status(&service, Some(caller.clone()), [request, "", ""]).await, expected, "{request}");
    }
}

#[tokio::test]
async fn each_key_of_a_delete_needs_access() {
    let home = tempfile::tempdir().expect("directory");
    let buckets = filled(home.path()).await;
    let bucket = buckets.bucket("kept").expect("bucket");
    collection::tests::put(&buckets, &bucket, "mine/1", 10).await;
    let resource = "arn:aws:s3:::kept/mine/*";
    let caller = limited(&buckets, &json!([{ "Effect": "Allow", "Action": "s3:DeleteObject", "Resource": resource }]));
    let body = "<Delete><Object><Key>mine/1</Key></Object><Object><Key>old</Key></Object></Delete>";
    let service = unsigned(buckets.clone());
    assert_eq!(status(&service, Some(caller), ["POST /kept?delete", "", body]).await, StatusCode::OK);
    assert!(buckets.version(&bucket, "mine/1", None).is_err());
    assert!(buckets.version(&bucket, "old", None).is_ok());
}
