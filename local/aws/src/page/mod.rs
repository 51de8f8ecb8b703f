//! The page at `/_local`: what is here, to look at, and a box to run SQL in. Three files and a few addresses that answer
//! JSON, for requests that `serve` has found to come from this machine and from no other page.

use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use std::io::Read;

use crate::account::{iso, now_millis};
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::protocol::Request;
use crate::region::is_region;
use crate::s3::{Bucket, FoundObject, Query};

type Response = http::Response<SdkBody>;

/// Where the page and all that it asks for lies. No bucket can have this name.
pub const PATH: &str = "/_local";

/// Nothing of another origin, nothing written into the page, and in no frame of another page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
/// Objects of one page of a listing.
const LISTED: usize = 200;
/// Bytes of an object that are shown.
const SHOWN_BYTES: u64 = 64 << 10;
/// Bytes of a statement and what goes with it (R21 allows 100 kB).
const MOST_ASKED: usize = 1 << 20;

/// The answer to a request under `/_local`.
pub async fn answer(endpoint: &Endpoint, request: http::Request<SdkBody>) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix(PATH).unwrap_or_default().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let of_query = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let told = match (&parts.method, path.as_str()) {
        (&Method::GET, "" | "/") => return with_type(include_str!("page.html"), "text/html; charset=utf-8"),
        (&Method::GET, "/page.js") => return with_type(include_str!("page.js"), "text/javascript; charset=utf-8"),
        (&Method::GET, "/page.css") => return with_type(include_str!("page.css"), "text/css; charset=utf-8"),
        (&Method::GET, "/api/overview") => overview(endpoint),
        (&Method::GET, "/api/objects") => objects(endpoint, &of_query("bucket"), of_query("prefix"), of_query("after")),
        (&Method::GET, "/api/object") => object(endpoint, &of_query("bucket"), &of_query("key")),
        (&Method::POST, path) if path.starts_with("/api/data/") => {
            let body = http_body_util::Limited::new(body, MOST_ASKED);
            let Ok(body) = body.collect().await else { return plain(StatusCode::PAYLOAD_TOO_LARGE, "too long") };
            let target = format!("RedshiftData.{}", &path["/api/data/".len()..]);
            let Ok(target) = HeaderValue::from_str(&target) else { return plain(StatusCode::BAD_REQUEST, "no name") };
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x-amz-target"), target)]);
            let region = Some(of_query("region")).filter(|region| is_region(region));
            let here = region.map_or_else(|| endpoint.clone(), |region| endpoint.in_region(&region));
            let answer = here.data_api.handle(&Request { headers, body: body.to_bytes() }).await;
            return answer.map(SdkBody::from);
        }
        _ => return plain(StatusCode::NOT_FOUND, "there is nothing here; the page is at /_local"),
    };
    match told {
        Ok(told) => with_type(told.to_string(), "application/json"),
        Err(error) => {
            let mut response = with_type(json!({ "message": error.message }).to_string(), "application/json");
            *response.status_mut() = error.status;
            response
        }
    }
}

fn with_type(text: impl Into<String>, content_type: &'static str) -> Response {
    let mut response = http::Response::new(SdkBody::from(text.into()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn plain(status: StatusCode, text: &str) -> Response {
    let mut response = with_type(format!("{text}\n"), "text/plain; charset=utf-8");
    *response.status_mut() = status;
    response
}

/// Roles with their policies, buckets, clusters, workgroups and secrets as they are now. No password, and no value of a
/// secret.
fn overview(endpoint: &Endpoint) -> Result<Json, ApiError> {
    let bucket = |bucket: Bucket, mounted: bool| {
        json!({
            "name": bucket.name, "region": bucket.region, "created": iso(bucket.created), "mounted": mounted,
            "tags": bucket.tags, "policy": bucket.policy, "versioning": bucket.versioning,
            "public_access_blocked": bucket.public_access_block.is_some_and(|block| block.block_policy && block.restrict),
        })
    };
    let mounts = endpoint.buckets.mounts.iter().map(|(name, mount)| bucket(mount.bucket(name).0.clone(), true));
    let made = endpoint.buckets.all().map_err(of_s3)?.into_iter().map(|found| bucket(found, false));
    Ok(json!({
        "account": endpoint.account.id, "region": endpoint.account.region, "version": env!("CARGO_PKG_VERSION"),
        "roles": endpoint.iam.roles()?, "buckets": mounts.chain(made).collect::<Vec<_>>(),
        "clusters": clusters(endpoint)?, "workgroups": workgroups(endpoint)?, "secrets": endpoint.secrets.described()?,
    }))
}

/// The clusters of every region, with the host and the port at which PostgreSQL clients find them.
fn clusters(endpoint: &Endpoint) -> Result<Vec<Json>, ApiError> {
    let mut clusters = Vec::new();
    for here in endpoint.redshift.every_region()? {
        for cluster in here.clusters()? {
            let (status, door) = (cluster.status(now_millis()).to_owned(), here.door(&cluster));
            clusters.push(json!({
                "id": cluster.id, "region": cluster.region, "status": status, "node_type": cluster.node_type,
                "nodes": cluster.nodes, "database": cluster.database, "user": cluster.admin, "secret": cluster.secret,
                "created": iso(cluster.created), "host": door.map(|door| here.wire.host(door)),
                "port": door.map(|door| door.port()), "roles": cluster.roles.keys().collect::<Vec<_>>(), "tags": cluster.tags,
            }));
        }
    }
    Ok(clusters)
}

/// The workgroups of every region as ListWorkgroups answers them, with the database and the admin of their namespaces.
fn workgroups(endpoint: &Endpoint) -> Result<Vec<Json>, ApiError> {
    let mut workgroups = Vec::new();
    for here in endpoint.serverless.every_region()? {
        for mut group in here.workgroups()? {
            let place = here.place(group["workgroupName"].as_str().unwrap_or_default())?;
            group["region"] = json!(place.region);
            group["database"] = json!(place.database);
            group["user"] = json!(place.admin);
            group["secret"] = json!(place.secret);
            workgroups.push(group);
        }
    }
    Ok(workgroups)
}

/// A page of a bucket, with what lies behind the next slash rolled up.
fn objects(endpoint: &Endpoint, bucket: &str, prefix: String, after: String) -> Result<Json, ApiError> {
    endpoint.buckets.bucket(bucket).map_err(of_s3)?;
    let continues = !after.is_empty();
    let query = Query { prefix, delimiter: Some("/".into()), after, limit: LISTED, continues };
    let page = endpoint.buckets.list(bucket, &query).map_err(of_s3)?;
    let object = |object: &crate::s3::ObjectInfo| json!({ "key": object.key, "size": object.size, "etag": object.etag, "modified": iso(object.modified) });
    Ok(json!({
        "prefixes": page.prefixes, "objects": page.objects.iter().map(object).collect::<Vec<_>>(),
        "next": page.truncated.then_some(page.last),
    }))
}

/// The beginning of an object, as text where it is text.
fn object(endpoint: &Endpoint, bucket: &str, key: &str) -> Result<Json, ApiError> {
    let bucket = endpoint.buckets.bucket(bucket).map_err(of_s3)?;
    let found = endpoint.buckets.find(&bucket, key, None).map_err(of_s3)?;
    found.check_no_key().map_err(of_s3)?;
    let FoundObject { info, source, .. } = found;
    let mut bytes = Vec::new();
    let read = endpoint.buckets.read(&source).and_then(|body| body.take(SHOWN_BYTES).read_to_end(&mut bytes));
    read.map_err(|error| ApiError::invalid("InternalError", error.to_string()))?;
    let is_cut = info.size > SHOWN_BYTES;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => Some(text),
        // The cut may go through a letter.
        Err(error) if is_cut && error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    };
    Ok(json!({ "size": info.size, "text": text, "cut": is_cut }))
}

fn of_s3(error: s3s::S3Error) -> ApiError {
    let message = error.message().unwrap_or("S3 refuses it").to_owned();
    ApiError::not_found(error.code().as_str(), message)
}
