//! Which operation a request asks for, under the name that IAM gives it: `s3:PutObject`, `iam:GetRole`.

use http::{HeaderMap, Method, Uri};

use crate::protocol::Request;

/// Settings of a bucket by the query parameter that names them; each can be put, got, and deleted.
const BUCKET_SETTINGS: [(&str, &str); 8] = [
    ("policy", "BucketPolicy"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("encryption", "BucketEncryption"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("tagging", "BucketTagging"),
    ("versioning", "BucketVersioning"),
    ("location", "BucketLocation"),
    ("acl", "BucketAcl"),
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
            "Post" if has("uploads") => "CreateMultipartUpload".into(),
            "Post" => "CompleteMultipartUpload".into(),
            "Put" if has("partNumber") => "UploadPart".into(),
            "Put" if headers.contains_key("x-amz-copy-source") => "CopyObject".into(),
            "Delete" if has("uploadId") => "AbortMultipartUpload".into(),
            verb => format!("{verb}Object"),
        }
    };
    format!("s3:{name}")
}

/// The IAM actions that a call needs: mostly its own name. Redshift manages the admin's secret, takes a role and takes
/// tags on the caller's behalf; the Data API reads the secret so.
pub fn actions(operation: &str) -> Vec<&str> {
    match operation {
        // Anyone may ask who they are.
        "sts:GetCallerIdentity" => vec![],
        "s3:HeadObject" => vec!["s3:GetObject"],
        "s3:ListObjectsV2" | "s3:HeadBucket" => vec!["s3:ListBucket"],
        "s3:ListObjectVersions" => vec!["s3:ListBucketVersions"],
        "s3:ListMultipartUploads" => vec!["s3:ListBucketMultipartUploads"],
        "s3:ListBuckets" => vec!["s3:ListAllMyBuckets"],
        "s3:DeleteObjects" => vec!["s3:DeleteObject", "s3:DeleteObjectVersion"],
        "s3:CreateMultipartUpload" | "s3:UploadPart" | "s3:CompleteMultipartUpload" | "s3:CopyObject" => {
            vec!["s3:PutObject"]
        }
        "s3:GetBucketEncryption" => vec!["s3:GetEncryptionConfiguration"],
        "s3:PutBucketEncryption" | "s3:DeleteBucketEncryption" => vec!["s3:PutEncryptionConfiguration"],
        "s3:GetPublicAccessBlock" => vec!["s3:GetBucketPublicAccessBlock"],
        "s3:PutPublicAccessBlock" | "s3:DeletePublicAccessBlock" => vec!["s3:PutBucketPublicAccessBlock"],
        "s3:DeleteBucketOwnershipControls" => vec!["s3:PutBucketOwnershipControls"],
        // Tags in the create call.
        "s3:CreateBucket" => vec!["s3:CreateBucket", "s3:PutBucketTagging"],
        "iam:CreateRole" => vec!["iam:CreateRole", "iam:TagRole"],
        "redshift:CreateCluster" => vec![
            "redshift:CreateCluster",
            "redshift:CreateTags",
            "iam:PassRole",
            "secretsmanager:CreateSecret",
            "secretsmanager:TagResource",
            "secretsmanager:DescribeSecret",
            "secretsmanager:RotateSecret",
            "secretsmanager:UpdateSecret",
            "secretsmanager:GetRandomPassword",
        ],
        "redshift:DeleteCluster" => vec!["redshift:DeleteCluster", "secretsmanager:DeleteSecret"],
        "redshift:ModifyClusterIamRoles" => vec!["redshift:ModifyClusterIamRoles", "iam:PassRole"],
        "redshift-data:ExecuteStatement" | "redshift-data:BatchExecuteStatement" => {
            vec![operation, "secretsmanager:GetSecretValue"]
        }
        other => vec![other],
    }
}
