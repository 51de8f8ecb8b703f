//! What a request names before it is read: the service and the key of its signature, its bucket.

use aws_smithy_types::body::SdkBody;
use http::Method;
use http::header::HOST;

use crate::s3::bucket_of_host;
use crate::sigv4;

/// Returns true if a request that names no service can only be meant for one with a control plane: S3 has no POST to
/// the root, and no actions.
pub fn is_for_control_plane(request: &http::Request<SdkBody>) -> bool {
    let is_root = request.uri().path() == "/" && bucket_of_host(host_of(request)).is_none();
    is_root && (*request.method() == Method::POST || query_field(request, "Action").is_some())
}

/// Returns true if the request is about a bucket and not an object: `bucket.host/`, or `host/bucket` where the path
/// names it.
pub fn is_bucket(request: &http::Request<SdkBody>) -> bool {
    let path = request.uri().path().trim_start_matches('/');
    match bucket_of_host(host_of(request)) {
        Some(_) => path.is_empty(),
        None => path.split_once('/').is_none_or(|(_, key)| key.is_empty()),
    }
}

pub fn bucket_of(request: &http::Request<SdkBody>) -> String {
    let path = request.uri().path().trim_start_matches('/');
    bucket_of_host(host_of(request))
        .map_or_else(|| path.split('/').next().unwrap_or_default().to_owned(), |bucket| bucket.to_string())
}

fn host_of(request: &http::Request<SdkBody>) -> &str {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| request.uri().host()).unwrap_or_default()
}

/// Returns true if the date of the signature's scope and the time of the request, where there are any, are written as
/// such.
pub fn dates_are_dates(request: &http::Request<SdkBody>) -> bool {
    let date = credential(request).and_then(|credential| credential.split('/').nth(1).map(str::to_owned));
    let header = request.headers().get("x-amz-date").map(|header| header.to_str().unwrap_or_default().to_owned());
    let query = query_field(request, "x-amz-date");
    date.is_none_or(|date| date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()))
        && [header, query].into_iter().flatten().all(|time| sigv4::is_time(&time))
}

/// The service in the signature's scope: `Credential=key/date/region/SERVICE/aws4_request` in the header, or in the
/// query of an address that was signed beforehand.
pub fn service_of(request: &http::Request<SdkBody>) -> Option<String> {
    let credential = credential(request)?;
    let service = credential.split('/').nth(3)?.split(',').next()?;
    Some(service.to_owned())
}

/// What follows `Credential=`: key, date, region, service, as `s3s` divides it, at every slash and at nothing else.
pub fn credential(request: &http::Request<SdkBody>) -> Option<String> {
    // As `s3s` reads it: bytes that are no text do not hide the rest.
    let header =
        request.headers().get(http::header::AUTHORIZATION).map(|header| String::from_utf8_lossy(header.as_bytes()));
    match header {
        Some(header) => Some(header.split_once("Credential=")?.1.to_owned()),
        None => query_field(request, "x-amz-credential"),
    }
}

/// The key of a request that was signed as before SigV4: `AWS key:signature`, or in the query.
pub fn old_key(request: &http::Request<SdkBody>) -> Option<String> {
    let header = request.headers().get(http::header::AUTHORIZATION).and_then(|header| header.to_str().ok());
    let key = header.and_then(|header| header.strip_prefix("AWS ")?.split(':').next());
    key.map(str::to_owned).or_else(|| query_field(request, "AWSAccessKeyId"))
}

pub fn query_field(request: &http::Request<SdkBody>, name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
}
