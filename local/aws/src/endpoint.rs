//! From an HTTP request to the service it is meant for, as the AWS SDKs address them: by the service in the
//! signature's scope.

use std::sync::Arc;
use std::time::SystemTime;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Method};
use s3s::service::S3Service;

use crate::account::Account;
use crate::auth_failure::AuthFailure;
use crate::authorize::{self, Needed, authorize, authorize_s3};
use crate::call;
use crate::cut_body::CutBody;
use crate::data_api::DataApi;
use crate::ec2::Ec2;
use crate::error::{ApiError, ApiResult, BoxError};
use crate::fault::{Fault, Faults};
use crate::iam::Iam;
use crate::protocol::{Request, Response, is_json, json, query, random_word};
use crate::redshift::Redshift;
use crate::region::region_of;
use crate::request_body::{self, Stalled, unknown_service};
use crate::request_names::{
    bucket_of, credential, dates_are_dates, is_bucket, is_for_control_plane, old_key, query_field, service_of,
};
use crate::s3::{self, Buckets, CreateTags};
use crate::secrets::Secrets;
use crate::serverless::Serverless;
use crate::sessions::Caller;
use crate::sigv4::Claim;
use crate::sts;

/// All services behind one door, which many requests share.
#[derive(Clone)]
pub struct Endpoint(pub Arc<Services>);

pub struct Services {
    pub account: Account,
    pub iam: Iam,
    pub ec2: Ec2,
    pub secrets: Secrets,
    pub redshift: Redshift,
    pub serverless: Serverless,
    pub data_api: DataApi,
    pub buckets: Buckets,
    pub s3: S3Service,
    pub faults: Option<Faults>,
}

impl std::ops::Deref for Endpoint {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("account", &self.account.id).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// The same services in the region that a request is signed for: this one address stands for the endpoints of all.
    pub fn in_region(&self, region: &str) -> Self {
        if region == self.account.region {
            return self.clone();
        }
        let account = self.account.in_region(region);
        let buckets = Buckets { account: account.clone(), ..self.buckets.clone() };
        Self(Arc::new(Services {
            account,
            iam: self.iam.in_region(region),
            ec2: self.ec2.in_region(region),
            secrets: self.secrets.in_region(region),
            redshift: self.redshift.in_region(region),
            serverless: self.serverless.in_region(region),
            data_api: self.data_api.in_region(region),
            s3: s3::service(buckets.clone()),
            buckets,
            faults: self.faults.clone(),
        }))
    }

    /// # Errors
    /// Where there is no answer: a service that is not played here, or a reply that is lost on purpose.
    pub async fn answer(&self, request: http::Request<SdkBody>) -> Result<http::Response<SdkBody>, BoxError> {
        if !self.redshift.pace.answering.is_zero() {
            tokio::time::sleep(self.redshift.pace.answering).await;
        }
        let service = match service_of(&request) {
            Some(service) => service,
            None if is_for_control_plane(&request) => return Ok(refuse_unsigned(&request)),
            // A request for an object may be unsigned: S3 decides what it may see.
            None => "s3".to_owned(),
        };
        tracing::debug!(service, method = %request.method(), path = request.uri().path(), "local call");
        let stalled = request.extensions().get::<Stalled>().cloned().unwrap_or_default();
        let here = credential(&request)
            .as_deref()
            .and_then(region_of)
            .map_or_else(|| self.clone(), |region| self.in_region(region));
        let response = here.answer_as(&service, request).await;
        match stalled.is_set() {
            true => Ok(refuse(&service, &request_body::timed_out(&service))),
            false => response,
        }
    }

    async fn answer_as(
        &self,
        service: &str,
        request: http::Request<SdkBody>,
    ) -> Result<http::Response<SdkBody>, BoxError> {
        if service == "s3" {
            let fault = self.fault(|| {
                let (uri, headers) = (request.uri(), request.headers());
                let operation = call::of_s3(request.method(), uri, headers, is_bucket(&request));
                let needs = call::s3_needs(&self.account, &operation, uri, headers, &bucket_of(&request));
                (operation, needs)
            });
            let mut response = through(fault, service, self.s3(request)).await?;
            for (name, length) in [("x-amz-request-id", 16), ("x-amz-id-2", 76)] {
                response.headers_mut().insert(name, HeaderValue::from_str(&random_word(length))?);
            }
            return Ok(response);
        }
        let (request, caller) = match self.authenticated(service, request).await {
            Ok(authenticated) => authenticated,
            Err(error) => return Ok(refuse(service, &error)),
        };
        let fault = self.fault(|| {
            let operation = call::of_control_plane(service, &request);
            let needs = authorize::needed(&self.iam, &operation, &request);
            (operation, needs)
        });
        through(fault, service, self.control_plane(service, request, caller)).await
    }

    /// A request to a control plane and who signed it. Its head is checked before its body is read, so that nobody's
    /// gigabytes are taken in.
    async fn authenticated(&self, service: &str, request: http::Request<SdkBody>) -> ApiResult<(Request, Arc<Caller>)> {
        let (parts, body) = request.into_parts();
        let limit = request_body::limit(service)?;
        let refused = |failure: AuthFailure| failure.refusal(service);
        let claim = Claim::read(&parts.uri, &parts.headers).map_err(refused)?;
        claim.check(SystemTime::now()).map_err(refused)?;
        let sessions = &self.buckets.sessions;
        let caller = sessions.caller(&claim.access_key, claim.token.as_deref()).map_err(refused)?;
        let body = request_body::read(service, &parts.headers, body, limit).await?;
        claim.verify(&parts, &body, &sessions.secret(&claim.access_key)).map_err(refused)?;
        // A GET, or an address that was signed beforehand, has its fields in the query.
        let query = parts.uri.query().filter(|_| body.is_empty() && !is_json(service));
        let body = query.map_or(body, |query| Bytes::copy_from_slice(query.as_bytes()));
        Ok((Request { headers: parts.headers, body }, caller))
    }

    /// What is planned for a call, and the call's name, which comes with what it needs to be allowed. Where nobody plans
    /// anything, no name is made.
    fn fault(&self, call: impl FnOnce() -> (String, Vec<Needed>)) -> Option<(String, Fault)> {
        let faults = self.faults.as_ref()?;
        let (operation, needs) = call();
        let fault = faults.meet(&operation, needs)?;
        Some((operation, fault))
    }

    /// Who signed a request to S3, if the signature is right: that `s3s` verifies.
    fn s3_caller(&self, request: &http::Request<SdkBody>) -> ApiResult<Arc<Caller>> {
        let credential = credential(request).or_else(|| old_key(request)).unwrap_or_default();
        let key = credential.split('/').next().unwrap_or_default();
        let header = request.headers().get("x-amz-security-token").and_then(|token| token.to_str().ok());
        let query = query_field(request, "x-amz-security-token");
        let caller = self.buckets.sessions.caller(key.trim(), header.or(query.as_deref()));
        caller.map_err(|failure| failure.refusal("s3"))
    }

    async fn control_plane(
        &self,
        service: &str,
        request: Request,
        caller: Arc<Caller>,
    ) -> Result<http::Response<SdkBody>, BoxError> {
        if service == "redshift-data" {
            let operation = call::of_control_plane(service, &request);
            if let Err(error) = authorize(&self.iam, &caller, &operation, &request) {
                return Ok(refuse(service, &error));
            }
            return Ok(self.data_api.handle(&request).await.map(SdkBody::from));
        }
        // What is written is on the disk before it is answered: other requests do not wait for that.
        let (here, service) = (self.clone(), service.to_owned());
        let answered = tokio::task::spawn_blocking(move || here.answer_blocking(&service, &request, &caller)).await;
        // A test must see it.
        #[cfg(test)]
        let answered = answered.map_err(|error| match error.is_panic() {
            true => std::panic::resume_unwind(error.into_panic()),
            false => error,
        });
        Ok(answered?)
    }

    /// Answers a request to a control plane that keeps what it is told, on a thread that may wait for the disk.
    fn answer_blocking(&self, service: &str, request: &Request, caller: &Caller) -> http::Response<SdkBody> {
        let operation = call::of_control_plane(service, request);
        if let Err(error) = authorize(&self.iam, caller, &operation, request) {
            return refuse(service, &error);
        }
        let response: Response = match service {
            "iam" => self.iam.handle(request),
            "sts" => sts::handle(&self.iam, &self.buckets.sessions, caller, request),
            "secretsmanager" => self.secrets.handle(request),
            "ec2" => self.ec2.handle(request),
            "redshift" => self.redshift.handle(request),
            "redshift-serverless" => self.serverless.handle(request),
            other => return refuse(other, &unknown_service(other)),
        };
        response.map(SdkBody::from)
    }

    /// The answer to a request to a control plane whose signature nobody looks at, so that `crate::fuzz` gets behind it.
    #[cfg(test)]
    pub async fn answer_unsigned(&self, request: http::Request<SdkBody>) -> Result<(), BoxError> {
        let Some(service) = service_of(&request).filter(|service| service != "s3") else { return Ok(()) };
        let (parts, body) = request.into_parts();
        let body = http_body_util::BodyExt::collect(body).await?.to_bytes();
        let request = Request { headers: parts.headers, body };
        self.control_plane(&service, request, self.buckets.sessions.owner.clone()).await.map(drop)
    }

    async fn s3(&self, mut request: http::Request<SdkBody>) -> Result<http::Response<SdkBody>, BoxError> {
        // `s3s` 0.14.1 panics at dates in which there are other signs than digits.
        if !dates_are_dates(&request) {
            let message = "The authorization header is malformed; the dates must be YYYYMMDD and YYYYMMDD'T'HHMMSS'Z'.";
            return Ok(refuse("s3", &ApiError::invalid("AuthorizationHeaderMalformed", message)));
        }
        if let Err(error) = s3::check_request(&request, is_bucket(&request)) {
            return Ok(refuse("s3", &error));
        }
        if !request.headers().contains_key(HOST) {
            let host = request.uri().host().unwrap_or_default();
            let host = HeaderValue::from_str(host)?;
            request.headers_mut().insert(HOST, host);
        }
        let caller = match self.s3_caller(&request) {
            Ok(caller) => caller,
            Err(error) => return Ok(refuse("s3", &error)),
        };
        let mut tags = CreateTags::default();
        if *request.method() == Method::PUT && is_bucket(&request) {
            if service_of(&request).is_none() && old_key(&request).is_none() {
                return Ok(refuse("s3", &ApiError::forbidden("AccessDenied", "Access Denied")));
            }
            let (parts, body) = request.into_parts();
            let bytes = match request_body::read("s3", &parts.headers, body, s3::MAX_XML_BYTES).await {
                Ok(bytes) => bytes,
                Err(error) => return Ok(refuse("s3", &error)),
            };
            tags = CreateTags::from_body(&bytes);
            request = http::Request::from_parts(parts, SdkBody::from(bytes));
            request.extensions_mut().insert(tags.clone());
        }
        if caller.is_session && is_bucket(&request) {
            let operation = call::of_s3(request.method(), request.uri(), request.headers(), true);
            let actions = call::s3_actions(&operation, request.uri(), request.headers());
            if let Err(error) = authorize_s3(&self.account, &caller, actions, &bucket_of(&request), &tags.0) {
                return Ok(refuse("s3", &error));
            }
        }
        let is_of_bucket = is_bucket(&request);
        let request = match s3::checked_body(request, is_of_bucket).await {
            Ok(request) => request,
            Err(error) => return Ok(refuse("s3", &error)),
        };
        let mut request = request.map(|body| match body.bytes() {
            Some(bytes) => s3s::Body::from(Bytes::copy_from_slice(bytes)),
            None => s3s::Body::http_body_unsync(body),
        });
        let is_head = *request.method() == Method::HEAD;
        request.extensions_mut().insert(caller);
        let response = self.s3.call(request).await;
        let mut response = response.map_err(|error| format!("{error:?}"))?;
        // `s3s` 0.14.1 tells the range of a HEAD and answers 200.
        if is_head && response.headers().contains_key(http::header::CONTENT_RANGE) {
            *response.status_mut() = http::StatusCode::PARTIAL_CONTENT;
        }
        // The answer to HEAD has no body on the wire, not even when it is an error.
        Ok(response.map(|body| if is_head { SdkBody::empty() } else { SdkBody::from_body_1_x(body) }))
    }
}

/// The answer, unless something is planned to go wrong with this call.
async fn through(
    fault: Option<(String, Fault)>,
    service: &str,
    answer: impl Future<Output = Result<http::Response<SdkBody>, BoxError>>,
) -> Result<http::Response<SdkBody>, BoxError> {
    let Some((operation, fault)) = fault else { return answer.await };
    if let Some(refusal) = fault.refusal(service) {
        return Ok(refuse(service, &refusal));
    }
    let lost = || format!("the reply to {operation} is lost on purpose");
    match fault {
        Fault::Delay(duration) => tokio::time::sleep(duration).await,
        Fault::Meanwhile(act) => act(),
        Fault::Before(act) => {
            act();
            return Err(lost().into());
        }
        Fault::LoseReply => {
            answer.await?;
            return Err(lost().into());
        }
        Fault::CutBody(bytes) => {
            return Ok(answer.await?.map(|body| SdkBody::from_body_1_x(CutBody::new(body, bytes))));
        }
        Fault::After(act) => {
            answer.await?;
            act();
            return Err(lost().into());
        }
        Fault::Silence(act) => {
            act();
            std::future::pending().await
        }
        Fault::Fail { .. } | Fault::Throttle | Fault::ExpiredToken => {}
    }
    answer.await
}

/// A refusal in the protocol of its service.
fn refuse(service: &str, error: &ApiError) -> http::Response<SdkBody> {
    let response = match service {
        "s3" => query::refuse_s3(error),
        "ec2" => query::refuse_ec2(error),
        service if is_json(service) => json::refuse(error),
        _ => query::refuse(error, "http://amazonaws.com/"),
    };
    response.map(SdkBody::from)
}

/// The refusal of a request to a control plane that has no signature, or none that could be read.
fn refuse_unsigned(request: &http::Request<SdkBody>) -> http::Response<SdkBody> {
    let failure = Claim::read(request.uri(), request.headers()).err().unwrap_or(AuthFailure::Missing);
    // Only the services with JSON name their operation in a header.
    let service = if request.headers().contains_key("x-amz-target") { "redshift-data" } else { "sts" };
    refuse(service, &failure.refusal(service))
}

impl HttpClient for Endpoint {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Endpoint {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let endpoint = self.clone();
        HttpConnectorFuture::new(async move {
            let other = |error: BoxError| ConnectorError::other(error, None);
            let request = request.try_into_http1x().map_err(|error| other(error.into()))?;
            // As when a connection breaks: the SDK tries again.
            let response = endpoint.answer(request).await.map_err(ConnectorError::io)?;
            HttpResponse::try_from(response).map_err(|error| other(error.into()))
        })
    }
}
