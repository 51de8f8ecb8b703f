//! Which operation a request asks for, under the name that IAM gives it: `s3:PutObject`, `iam:GetRole`.

use http::{HeaderMap, Method, Uri};

use crate::account::Account;
use crate::authorize::Needed;
use crate::iam::reference;
use crate::protocol::Request;

/// Settings of a bucket by the query parameter that names them; each can be put, got, and deleted.
const BUCKET_SETTINGS: [(&str, &str); 18] = [
    ("policy", "BucketPolicy"),
    ("policyStatus", "BucketPolicyStatus"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("encryption", "BucketEncryption"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("tagging", "BucketTagging"),
    ("versioning", "BucketVersioning"),
    ("location", "BucketLocation"),
    ("acl", "BucketAcl"),
    ("lifecycle", "BucketLifecycle"),
    ("cors", "BucketCors"),
    ("website", "BucketWebsite"),
    ("logging", "BucketLogging"),
    ("notification", "BucketNotificationConfiguration"),
    ("accelerate", "BucketAccelerateConfiguration"),
    ("requestPayment", "BucketRequestPayment"),
    ("replication", "BucketReplication"),
    ("object-lock", "ObjectLockConfiguration"),
];

/// The operation of a request in AWS Query or AWS JSON.
pub fn of_control_plane(service: &str, request: &Request) -> String {
    let target = request.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = match target {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => form_urlencoded::parse(&request.body)
            .find(|(name, _)| name == "Action")
            .map_or_else(String::new, |(_, action)| action.into_owned()),
    };
    format!("{service}:{operation}")
}

/// The operation of a request to S3, whose protocol names it nowhere: it follows from method, path and query.
pub fn of_s3(method: &Method, uri: &Uri, headers: &HeaderMap, is_bucket: bool) -> String {
    let query = uri.query().unwrap_or_default();
    let has = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == name) || query == name;
    let verb = match *method {
        Method::GET => "Get",
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        Method::HEAD => "Head",
        _ => "Post",
    };
    let name = if is_bucket {
        let setting = BUCKET_SETTINGS.iter().find(|(parameter, _)| has(parameter));
        match (verb, setting) {
            (verb, Some((_, setting))) => format!("{verb}{setting}"),
            ("Put", None) => "CreateBucket".into(),
            ("Head", None) => "HeadBucket".into(),
            ("Delete", None) => "DeleteBucket".into(),
            ("Post", None) if has("delete") => "DeleteObjects".into(),
            ("Get", None) if has("versions") => "ListObjectVersions".into(),
            ("Get", None) if has("uploads") => "ListMultipartUploads".into(),
            ("Get", None) if uri.path() == "/" && !has("list-type") => "ListBuckets".into(),
            _ => "ListObjectsV2".into(),
        }
    } else {
        match verb {
            verb if has("tagging") => format!("{verb}ObjectTagging"),
            verb if has("acl") => format!("{verb}ObjectAcl"),
            "Get" if has("attributes") => "GetObjectAttributes".into(),
            "Get" if has("uploadId") => "ListParts".into(),
            "Post" if has("uploads") => "CreateMultipartUpload".into(),
            "Post" => "CompleteMultipartUpload".into(),
            "Put" if has("partNumber") && headers.contains_key("x-amz-copy-source") => "UploadPartCopy".into(),
            "Put" if has("partNumber") => "UploadPart".into(),
            "Put" if headers.contains_key("x-amz-copy-source") => "CopyObject".into(),
            "Delete" if has("uploadId") => "AbortMultipartUpload".into(),
            verb => format!("{verb}Object"),
        }
    };
    format!("s3:{name}")
}

/// The IAM actions that a request to S3 asks for, of those that its operation may need (R33): some belong to headers and
/// parameters that it does not have. What is in a body is not looked at.
pub fn s3_actions<'a>(operation: &'a str, uri: &Uri, headers: &HeaderMap) -> Vec<&'a str> {
    let has = |name: &str| headers.contains_key(name);
    let has_grant = has("x-amz-acl") || headers.keys().any(|name| name.as_str().starts_with("x-amz-grant-"));
    let source = headers.get("x-amz-copy-source").and_then(|source| source.to_str().ok()).unwrap_or_default();
    let query = uri.query().unwrap_or_default();
    let has_version = source.contains("versionId=")
        || form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "versionId" && !value.is_empty());
    let all = reference::actions(operation);
    let is_asked = |action: &str| match action {
        // Of each object that the body names, or of its version.
        _ if operation == "s3:DeleteObjects" => action != "s3:BypassGovernanceRetention" || has(BYPASS),
        "s3:BypassGovernanceRetention" => has(BYPASS),
        "s3:PutBucketAcl" | "s3:PutObjectAcl" if action != operation => has_grant,
        "s3:PutObjectTagging" if action != operation => has("x-amz-tagging"),
        "s3:PutObjectLegalHold" => has("x-amz-object-lock-legal-hold"),
        "s3:PutObjectRetention" => has("x-amz-object-lock-mode"),
        "s3:PutBucketObjectLockConfiguration" | "s3:PutBucketVersioning" if operation == "s3:CreateBucket" => {
            has("x-amz-bucket-object-lock-enabled")
        }
        "s3:PutBucketOwnershipControls" if operation == "s3:CreateBucket" => has("x-amz-object-ownership"),
        // They add to an answer that comes without them, too.
        "s3:GetObjectAcl" | "s3:GetObjectLegalHold" | "s3:GetObjectRetention" if action != operation => false,
        "s3:GetObjectTagging" if action != operation => false,
        _ if action.contains("ObjectVersion") => has_version,
        _ => !has_version || !all.contains(&action.replacen("Object", "ObjectVersion", 1).as_str()),
    };
    all.iter().copied().filter(|action| is_asked(action)).collect()
}

/// What a request to S3 needs to be allowed, for the record.
pub fn s3_needs(account: &Account, operation: &str, uri: &Uri, headers: &HeaderMap, bucket: &str) -> Vec<Needed> {
    let arn = format!("arn:{}:s3:::{bucket}", account.partition());
    let path = uri.path().trim_start_matches('/');
    let key = path.strip_prefix(bucket).map_or(path, |rest| rest.trim_start_matches('/'));
    let fields = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let prefix =
        fields.filter(|(name, _)| name == "prefix").map(|(_, prefix)| ("s3:prefix".to_owned(), prefix.into_owned()));
    let context = prefix.collect();
    let resource = |action: &str| {
        let types = &reference::rule(action)?.resource_types;
        // Keys that are in a body, or in a header, are not looked at.
        let is_elsewhere = key.is_empty() || operation.contains("Copy") && action.starts_with("s3:Get");
        match types.contains(&"object") {
            _ if types.is_empty() => Some("*".to_owned()),
            true if is_elsewhere => None,
            true => Some(format!("{arn}/{key}")),
            false => Some(arn.clone()),
        }
    };
    let needs = s3_actions(operation, uri, headers).into_iter();
    needs.map(|action| Needed::new(action, resource(action), &context)).collect()
}

const BYPASS: &str = "x-amz-bypass-governance-retention";

#[cfg(test)]
mod tests {
    use super::*;

    /// The actions of a request, by method, address and headers.
    fn asked(method: Method, address: &str, headers: &[(&'static str, &str)], is_bucket: bool) -> String {
        let uri: Uri = address.parse().expect("address");
        let pairs = headers.iter().map(|&(name, value)| {
            (http::HeaderName::from_static(name), value.parse::<http::HeaderValue>().expect("value"))
        });
        let headers: HeaderMap = pairs.collect();
        let operation = of_s3(&method, &uri, &headers, is_bucket);
        format!("{operation}: {}", s3_actions(&operation, &uri, &headers).join(" "))
    }

    #[test]
    fn a_request_asks_for_what_it_has() {
        let bucket = |method, address: &str, headers: &[_]| asked(method, address, headers, true);
        let object = |method, address: &str, headers: &[_]| asked(method, address, headers, false);
        assert_eq!(
            bucket(Method::PUT, "/b", &[("x-amz-object-ownership", "BucketOwnerEnforced")]),
            "s3:CreateBucket: s3:CreateBucket s3:PutBucketOwnershipControls s3:TagResource"
        );
        assert_eq!(
            bucket(Method::PUT, "/b", &[("x-amz-acl", "private")]),
            "s3:CreateBucket: s3:CreateBucket s3:PutBucketAcl s3:TagResource"
        );
        assert_eq!(bucket(Method::PUT, "/b?lifecycle", &[]), "s3:PutBucketLifecycle: s3:PutLifecycleConfiguration");
        assert_eq!(bucket(Method::HEAD, "/b", &[]), "s3:HeadBucket: s3:ListBucket");
        assert_eq!(bucket(Method::GET, "/b?list-type=2", &[]), "s3:ListObjectsV2: s3:ListBucket");
        assert_eq!(bucket(Method::POST, "/b?delete", &[]), "s3:DeleteObjects: s3:DeleteObject s3:DeleteObjectVersion");
        assert_eq!(object(Method::GET, "/b/k", &[]), "s3:GetObject: s3:GetObject");
        assert_eq!(object(Method::GET, "/b/k?versionId=1", &[]), "s3:GetObject: s3:GetObjectVersion");
        assert_eq!(object(Method::GET, "/b/k?tagging", &[]), "s3:GetObjectTagging: s3:GetObjectTagging");
        assert_eq!(object(Method::DELETE, "/b/k?versionId=1", &[]), "s3:DeleteObject: s3:DeleteObjectVersion");
        assert_eq!(
            object(Method::PUT, "/b/k", &[("x-amz-tagging", "a=b")]),
            "s3:PutObject: s3:PutObject s3:PutObjectTagging"
        );
        assert_eq!(
            object(Method::PUT, "/b/k", &[("x-amz-copy-source", "/b/o?versionId=1")]),
            "s3:CopyObject: s3:GetObjectVersion s3:PutObject"
        );
    }
}
