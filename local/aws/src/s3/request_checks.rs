//! Checks of a request before `s3s` reads it: of what `s3s` would pass over, take for another operation, or answer
//! with 500.

use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::error::{ApiError, ApiResult};

/// Bytes of a body that is XML, as `s3s` limits them.
const MAX_XML_BYTES: usize = 20 << 20;

/// Headers with a digest in base64, and the bytes that it has.
const DIGESTS: [(&str, usize); 6] = [
    ("content-md5", 16),
    ("x-amz-checksum-crc32", 4),
    ("x-amz-checksum-crc32c", 4),
    ("x-amz-checksum-crc64nvme", 8),
    ("x-amz-checksum-sha1", 20),
    ("x-amz-checksum-sha256", 32),
];

/// Headers that ask for what the local S3 does not have.
const UNSUPPORTED: [&str; 13] = [
    "x-amz-bucket-namespace",
    "x-amz-checksum-md5",
    "x-amz-checksum-sha512",
    "x-amz-checksum-xxhash128",
    "x-amz-checksum-xxhash3",
    "x-amz-checksum-xxhash64",
    "x-amz-if-match-initiated-time",
    "x-amz-object-lock-event-hold",
    "x-amz-object-lock-event-hold-duration-days",
    "x-amz-object-lock-event-hold-duration-years",
    "x-amz-rename-source",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
];

/// Names in a query that make another operation of a request, whatever their values.
const SUBRESOURCES: [&str; 44] = [
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploads",
    "versioning",
    "versions",
    "website",
    "annotationName",
    "max-annotation-results",
    "annotation-prefix",
    "select-type",
];

/// Those of a bucket that are written as well as read.
const BUCKET_SETTINGS: [&str; 20] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "lifecycle",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "tagging",
    "versioning",
    "website",
];

/// Those of an object that are written as XML.
const OBJECT_SETTINGS: [&str; 4] = ["acl", "legal-hold", "retention", "tagging"];

/// Refuses headers that are malformed or mean what is not here, and operations that `s3s` would take for others.
pub fn check_request(request: &Request<SdkBody>, is_bucket: bool) -> ApiResult<()> {
    for (name, value) in request.headers() {
        check_header(name.as_str(), value.to_str().unwrap_or_default().trim())?;
    }
    check_query(request, is_bucket)
}

/// Reads a body that is XML and compares it with its digests. Other bodies are left as they are.
pub async fn checked_body(request: Request<SdkBody>, is_bucket: bool) -> ApiResult<Request<SdkBody>> {
    if !has_xml(&request, is_bucket) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_XML_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(ApiError::invalid("MaxMessageLengthExceeded", "Your request was too big."));
        }
        Err(error) => {
            return Err(ApiError::invalid("IncompleteBody", format!("The request body ended too early: {error}")));
        }
    };
    check_digests(&parts.headers, &body)?;
    Ok(Request::from_parts(parts, SdkBody::from(body)))
}

fn check_header(name: &str, value: &str) -> ApiResult<()> {
    if let Some((_, bytes)) = DIGESTS.iter().find(|(digest, _)| *digest == name) {
        return match (is_digest(value, *bytes), name) {
            (true, _) => Ok(()),
            (false, "content-md5") => {
                Err(ApiError::invalid("InvalidDigest", "The Content-MD5 you specified was invalid."))
            }
            _ => Err(ApiError::invalid("InvalidRequest", format!("Value for {name} header is invalid."))),
        };
    }
    let is_locked = name == "x-amz-bucket-object-lock-enabled" && !value.eq_ignore_ascii_case("false");
    let trailer = Some(value).filter(|_| name == "x-amz-trailer").unwrap_or_default().to_ascii_lowercase();
    if is_locked || UNSUPPORTED.contains(&name) || UNSUPPORTED.contains(&trailer.as_str()) {
        let message = format!("A header you provided implies functionality that is not implemented: {name}");
        return Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message));
    }
    match name {
        // No bucket here has Object Lock.
        "x-amz-object-lock-mode" | "x-amz-object-lock-retain-until-date" | "x-amz-object-lock-legal-hold" => {
            Err(ApiError::invalid("InvalidRequest", "Bucket is missing Object Lock Configuration"))
        }
        "x-amz-bypass-governance-retention" => Err(ApiError::invalid(
            "InvalidArgument",
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
        )),
        _ => Ok(()),
    }
}

/// True for so many bytes in base64; the checksum of an upload in parts may end with their number, `…-3`.
fn is_digest(value: &str, bytes: usize) -> bool {
    let digest = value.split_once('-').map_or(value, |(digest, _)| digest);
    BASE64.decode(digest).is_ok_and(|decoded| decoded.len() == bytes)
}

fn names(request: &Request<SdkBody>) -> Vec<String> {
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    query.map(|(name, _)| name.into_owned()).collect()
}

/// Where `s3s` does not know the operation, it does what the request would mean without its query: it would write or
/// delete the object, or delete the bucket.
fn check_query(request: &Request<SdkBody>, is_bucket: bool) -> ApiResult<()> {
    let (method, names) = (request.method(), names(request));
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if *method == Method::PUT && !is_bucket && has("uploadId") != has("partNumber") {
        return Err(ApiError::invalid("InvalidArgument", "A part needs both a partNumber and an uploadId."));
    }
    match names.iter().find(|name| SUBRESOURCES.contains(&name.as_str()) && !is_known(method, is_bucket, name)) {
        None => Ok(()),
        Some(name) => {
            let of = if is_bucket { "a bucket" } else { "an object" };
            let message = format!("the local S3 does not know {method} ?{name} of {of}");
            Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message))
        }
    }
}

/// Returns true if `s3s` has an operation for a name in the query. A HEAD has none, and a POST that `s3s` does not know
/// it refuses.
fn is_known(method: &Method, is_bucket: bool, name: &str) -> bool {
    match (method.as_str(), is_bucket) {
        ("GET", true) => {
            BUCKET_SETTINGS.contains(&name)
                || ["location", "metadataTable", "policyStatus", "session", "uploads", "versions"].contains(&name)
        }
        ("PUT", true) => BUCKET_SETTINGS.contains(&name),
        ("DELETE", true) => {
            let kept = ["accelerate", "acl", "logging", "notification", "object-lock", "requestPayment", "versioning"];
            name == "metadataTable" || BUCKET_SETTINGS.contains(&name) && !kept.contains(&name)
        }
        ("GET", false) => OBJECT_SETTINGS.contains(&name) || ["attributes", "torrent"].contains(&name),
        ("PUT", false) => OBJECT_SETTINGS.contains(&name),
        ("DELETE", false) => name == "tagging",
        _ => true,
    }
}

fn has_xml(request: &Request<SdkBody>, is_bucket: bool) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header("x-amz-content-sha256").starts_with("STREAMING") {
        return false;
    }
    match request.method().as_str() {
        "PUT" => is_bucket || names(request).iter().any(|name| OBJECT_SETTINGS.contains(&name.as_str())),
        "POST" => !header("content-type").starts_with("multipart/form-data"),
        _ => false,
    }
}

fn check_digests(headers: &HeaderMap, body: &[u8]) -> ApiResult<()> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_sha256 = |value: &&str| value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sha256 = header("x-amz-content-sha256").filter(is_sha256);
    if sha256.is_some_and(|declared| !declared.eq_ignore_ascii_case(&format!("{:x}", Sha256::digest(body)))) {
        return Err(ApiError::invalid(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ));
    }
    match header("content-md5").is_some_and(|declared| declared.trim() != BASE64.encode(Md5::digest(body))) {
        true => Err(ApiError::invalid("BadDigest", "The Content-MD5 you specified did not match what we received.")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Request<SdkBody> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(SdkBody::from("<a/>")).expect("request")
    }

    fn code(checked: ApiResult<()>) -> String {
        checked.map_or_else(|error| format!("{} {}", error.status.as_u16(), error.code), |()| "ok".to_owned())
    }

    #[test]
    fn malformed_and_unsupported_headers_are_refused() {
        let cases = [
            ("content-md5", "", "400 InvalidDigest"),
            ("content-md5", "MTIz", "400 InvalidDigest"),
            ("content-md5", "not base64 at all", "400 InvalidDigest"),
            ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==", "ok"),
            ("x-amz-checksum-crc32", "", "400 InvalidRequest"),
            ("x-amz-checksum-crc32", "AAAAAA==", "ok"),
            ("x-amz-checksum-crc32", "AAAAAA==-3", "ok"),
            ("x-amz-checksum-sha256", "AAAAAA==", "400 InvalidRequest"),
            ("x-amz-checksum-sha512", "AAAA", "501 NotImplemented"),
            ("x-amz-trailer", "x-amz-checksum-xxhash64", "501 NotImplemented"),
            ("x-amz-trailer", "x-amz-checksum-crc32", "ok"),
            ("x-amz-write-offset-bytes", "3", "501 NotImplemented"),
            ("x-amz-object-lock-legal-hold", "ON", "400 InvalidRequest"),
            ("x-amz-bucket-object-lock-enabled", "true", "501 NotImplemented"),
            ("x-amz-bucket-object-lock-enabled", "false", "ok"),
            ("x-amz-meta-anything", "", "ok"),
        ];
        for (name, value, expected) in cases {
            let checked = check_request(&request("PUT", "/b/k", &[(name, value)]), false);
            assert_eq!(code(checked), expected, "{name}: {value}");
        }
    }

    #[test]
    fn no_operation_is_taken_for_another() {
        let cases = [
            ("PUT", "/b/k?annotation&annotationName=a", "501 NotImplemented"),
            ("PUT", "/b/k?renameObject", "501 NotImplemented"),
            ("PUT", "/b/k?encryption", "501 NotImplemented"),
            ("DELETE", "/b/k?annotation&annotationName=a", "501 NotImplemented"),
            ("DELETE", "/b/k?acl", "501 NotImplemented"),
            ("DELETE", "/b?versioning", "501 NotImplemented"),
            ("DELETE", "/b?abac", "501 NotImplemented"),
            ("GET", "/b?metadataConfiguration", "501 NotImplemented"),
            ("PUT", "/b/k?uploadId=1", "400 InvalidArgument"),
            ("PUT", "/b/k?partNumber=1&uploadId=1", "ok"),
            ("PUT", "/b/k?tagging&versionId=1&x-id=PutObjectTagging", "ok"),
            ("PUT", "/b?policy", "ok"),
            ("DELETE", "/b?policy", "ok"),
            ("DELETE", "/b/k?versionId=1", "ok"),
            ("GET", "/b?list-type=2&prefix=acl", "ok"),
            ("GET", "/b?versions&delimiter=/", "ok"),
            ("POST", "/b?delete", "ok"),
            ("POST", "/b/k?uploads", "ok"),
        ];
        for (method, uri, expected) in cases {
            let is_bucket = !uri.contains("/k");
            assert_eq!(code(check_request(&request(method, uri, &[]), is_bucket)), expected, "{method} {uri}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_what_was_declared_is_refused() {
        let (md5, wrong) = (BASE64.encode(Md5::digest("<a/>")), BASE64.encode(Md5::digest("<b/>")));
        let sha256 = format!("{:x}", Sha256::digest("<b/>"));
        let cases = [
            ("content-md5", md5.as_str(), "ok"),
            ("content-md5", wrong.as_str(), "400 BadDigest"),
            ("x-amz-content-sha256", sha256.as_str(), "400 XAmzContentSHA256Mismatch"),
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD", "ok"),
        ];
        for (name, value, expected) in cases {
            for (method, uri, is_bucket) in [("POST", "/b?delete", true), ("PUT", "/b/k?tagging", false)] {
                let checked = checked_body(request(method, uri, &[(name, value)]), is_bucket).await;
                assert_eq!(code(checked.map(drop)), expected, "{method} {uri} {name}: {value}");
            }
        }
    }
}
