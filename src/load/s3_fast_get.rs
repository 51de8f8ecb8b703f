//! GETs of small objects at a third of what they cost through the SDK: with its signatures, over its connector, and
//! nothing around that. What is not answered with 200 is to be asked again through the SDK, which knows what to do then:
//! wait and retry, renew the credentials, say what is wrong.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider::Rustls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex as AsyncMutex;
use tracing::{Instrument, info_span};

use crate::sync::locked;

/// Characters that are percent-encoded in a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
/// Limit of one GET; a small object takes less.
const PATIENCE: Duration = Duration::from_secs(10);
/// Credentials are renewed so long before they expire.
const MARGIN: Duration = Duration::from_secs(60);
/// A placeholder for a key.
const KEY: &str = "key";
/// The SHA-256 of a request that has no body.
const NO_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const USER_AGENT: &str = concat!("sparkify-infra/", env!("CARGO_PKG_VERSION"));
/// Consecutive failures after which only the SDK is used.
const REFUSALS: u32 = 16;

/// Reads the objects of one bucket.
pub struct S3FastGet {
    connector: Connector,
    address: BucketAddress,
    credentials: SharedCredentialsProvider,
    signer: AsyncMutex<Option<Arc<Signer>>>,
    /// Consecutive failures.
    refusals: AtomicU32,
}

/// The address of a bucket.
struct BucketAddress {
    /// `https://bucket.s3.us-west-2.amazonaws.com`
    origin: String,
    /// The path before a key: `/`, or `/bucket/`.
    path: String,
    region: String,
}

/// The signing key of a day (SigV4).
struct Signer {
    /// `20261123`
    day: String,
    access_key: String,
    token: Option<String>,
    region: String,
    key: Vec<u8>,
    until: Option<SystemTime>,
}

impl S3FastGet {
    /// `None` where the SDK does not ask by SigV4 at one address: of directory buckets, and by ARN.
    pub async fn new(s3: &aws_sdk_s3::Client, credentials: SharedCredentialsProvider, bucket: &str) -> Option<Self> {
        if bucket.ends_with("--x-s3") || bucket.contains(':') {
            return None;
        }
        let probe = AddressProbe::default();
        let call = s3.get_object().bucket(bucket).key(KEY).customize().interceptor(probe.clone());
        // It ends where the address is known.
        let _ = call.send().await;
        let address = BucketAddress::from_uri(locked(&probe.0).as_deref()?, s3.config().region()?.as_ref())?;
        let connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        let connector = connector.tls_provider(Rustls(CryptoMode::AwsLc)).build();
        Some(Self { connector, address, credentials, signer: AsyncMutex::default(), refusals: AtomicU32::new(0) })
    }

    /// The object, if it is still the one of this size and ETag, and nothing at all was in the way.
    pub async fn get(&self, key: &str, size: u64, etag: &str) -> Option<Bytes> {
        if self.refusals.load(Ordering::Relaxed) >= REFUSALS {
            return None;
        }
        // Named as the SDK names its calls, for `-v`.
        let call = info_span!(target: "aws_sdk_s3", "S3.GetObject", rpc.method = "GetObject");
        let read = tokio::time::timeout(PATIENCE, self.ask(key, etag)).instrument(call).await.ok().flatten();
        // An answer without a length may end anywhere.
        let read = read.filter(|bytes| bytes.len() as u64 == size);
        match read {
            Some(_) => self.refusals.store(0, Ordering::Relaxed),
            None => _ = self.refusals.fetch_add(1, Ordering::Relaxed),
        }
        read
    }

    async fn ask(&self, key: &str, etag: &str) -> Option<Bytes> {
        let path = format!("{}{}", self.address.path, utf8_percent_encode(key, ENCODED));
        let mut request = HttpRequest::get(format!("{}{path}", self.address.origin)).ok()?;
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let signer = self.signer(&now).await?;
        request.headers_mut().insert("user-agent", USER_AGENT);
        for (name, value) in signer.headers(self.address.host()?, &path, etag, now) {
            request.headers_mut().insert(name, value);
        }
        let response = self.connector.call(request).await.ok()?;
        match response.status().as_u16() {
            200 => Some(ByteStream::new(response.into_body()).collect().await.ok()?.into_bytes()),
            _ => None,
        }
    }

    /// The current signer: it is valid for a day, or until the credentials expire.
    async fn signer(&self, now: &str) -> Option<Arc<Signer>> {
        let day = &now[..8];
        let mut kept = self.signer.lock().await;
        let lasts = |signer: &&Arc<Signer>| {
            signer.day == day && signer.until.is_none_or(|until| until > SystemTime::now() + MARGIN)
        };
        if let Some(signer) = kept.as_ref().filter(lasts) {
            return Some(signer.clone());
        }
        let credentials = self.credentials.provide_credentials().await.ok()?;
        let region = self.address.region.clone();
        let key = generate_signing_key(credentials.secret_access_key(), SystemTime::now(), &region, "s3");
        let signer = Arc::new(Signer {
            day: day.to_owned(),
            access_key: credentials.access_key_id().to_owned(),
            token: credentials.session_token().map(str::to_owned),
            region,
            key: key.as_ref().to_vec(),
            until: credentials.expiry(),
        });
        *kept = Some(signer.clone());
        Some(signer)
    }
}

/// Records the address of a request, and stops it before it is sent.
#[derive(Debug, Clone, Default)]
struct AddressProbe(Arc<Mutex<Option<String>>>);

impl Intercept for AddressProbe {
    fn name(&self) -> &'static str {
        "address"
    }

    fn read_before_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *locked(&self.0) = Some(context.request().uri().to_owned());
        Err("the address is known".into())
    }
}

impl BucketAddress {
    /// Parses the URI of a request for `KEY`.
    fn from_uri(uri: &str, region: &str) -> Option<Self> {
        let address = uri.split('?').next()?;
        let host = address.find("://")? + "://".len();
        let slash = host + address[host..].find('/')?;
        let path = address[slash..].strip_suffix(KEY)?;
        Some(Self { origin: address[..slash].to_owned(), path: path.to_owned(), region: region.to_owned() })
    }

    fn host(&self) -> Option<&str> {
        Some(self.origin.split_once("://")?.1)
    }
}

impl Signer {
    /// The headers of a signed GET. The SDK derives its key anew for each request, which is most of what signing costs.
    fn headers(&self, host: &str, path: &str, etag: &str, now: String) -> Vec<(&'static str, String)> {
        let (token, names) = match &self.token {
            Some(token) => (
                format!("x-amz-security-token:{token}\n"),
                "host;if-match;x-amz-content-sha256;x-amz-date;x-amz-security-token",
            ),
            None => (String::new(), "host;if-match;x-amz-content-sha256;x-amz-date"),
        };
        let canonical = format!(
            "GET\n{path}\n\nhost:{host}\nif-match:{etag}\nx-amz-content-sha256:{NO_BODY}\nx-amz-date:{now}\n{token}\n{names}\n{NO_BODY}"
        );
        let scope = format!("{}/{}/s3/aws4_request", self.day, self.region);
        let text = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{:x}", Sha256::digest(canonical));
        let signature = calculate_signature(&self.key, text.as_bytes());
        let credential = format!("{}/{scope}", self.access_key);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        let mut headers = vec![
            ("if-match", etag.to_owned()),
            ("x-amz-content-sha256", NO_BODY.to_owned()),
            ("x-amz-date", now),
            ("authorization", authorization),
        ];
        headers.extend(self.token.clone().map(|token| ("x-amz-security-token", token)));
        headers
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use aws_credential_types::Credentials;
    use aws_sigv4::http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    };
    use aws_sigv4::sign::v4::SigningParams;

    use super::*;

    /// The signature of the SDK for the same request.
    fn as_the_sdk_signs(uri: &str, etag: &str, token: Option<&str>, time: SystemTime) -> String {
        let identity = Credentials::new("AKIA", "secret", token.map(str::to_owned), None, "test").into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = SigningParams::builder().identity(&identity).region("eu-west-1").name("s3").time(time);
        let params = params.settings(settings).build().unwrap().into();
        let headers = [("if-match", etag)].into_iter();
        let request = SignableRequest::new("GET", uri, headers, SignableBody::Bytes(&[])).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let mut headers = instructions.headers();
        headers.find(|(name, _)| *name == "authorization").unwrap().1.to_owned()
    }

    #[test]
    fn signs_as_the_sdk_does() {
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for address in [
            "https://bucket.s3.eu-west-1.amazonaws.com/key?x-id=GetObject",
            "http://127.0.0.1:4566/bucket/key?x-id=GetObject",
        ] {
            let address = BucketAddress::from_uri(address, "eu-west-1").unwrap();
            for (key, token) in [("a/b c+d.json", None), ("\u{e9}/*'()!/../~_-%41//", Some("token/+=")), ("/", None)] {
                let path = format!("{}{}", address.path, utf8_percent_encode(key, ENCODED));
                let secret = generate_signing_key("secret", time, &address.region, "s3");
                let signer = Signer {
                    day: "20231114".to_owned(),
                    access_key: "AKIA".to_owned(),
                    token: token.map(str::to_owned),
                    region: address.region.clone(),
                    key: secret.as_ref().to_vec(),
                    until: None,
                };
                let etag = "\"d41d8cd98f00b204e9800998ecf8427e\"";
                let headers = signer.headers(address.host().unwrap(), &path, etag, "20231114T221320Z".to_owned());
                let signed = headers.iter().find(|(name, _)| *name == "authorization").unwrap();
                assert_eq!(signed.1, as_the_sdk_signs(&format!("{}{path}", address.origin), etag, token, time));
            }
        }
    }
}
