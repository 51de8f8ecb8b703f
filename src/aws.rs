//! All clients from one configuration, for either target; and what their errors say.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::{ErrorKind, RetryConfig};
use aws_smithy_types::timeout::TimeoutConfig;

use crate::config::Config;
use crate::error::{Error, FailureKind, Result};

/// R43: how long one answer may take; a long poll of the Data API takes the longest.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// How long a call may take with everything that the SDK tries again.
const CALL_WITHIN: Duration = Duration::from_secs(45);
/// The slowest upload that is waited for, in bytes a second.
const SLOWEST_UPLOAD: u64 = 256 << 10;

/// Codes of services that refuse the caller's credentials: expired, revoked, or never valid (R43).
const REFUSED_CREDENTIALS: [&str; 16] = [
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// Clients, and whose account they act in.
#[derive(Debug, Clone)]
pub struct Aws {
    pub iam: aws_sdk_iam::Client,
    pub s3: aws_sdk_s3::Client,
    pub redshift: aws_sdk_redshift::Client,
    pub data: aws_sdk_redshiftdata::Client,
    pub secrets: aws_sdk_secretsmanager::Client,
    sts: aws_sdk_sts::Client,
    config: SdkConfig,
    pub account: String,
    pub region: String,
}

/// Which AWS to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// The stand-in in this process.
    Local,
    /// AWS, or what AWS_ENDPOINT_URL names.
    Aws,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Aws => "aws",
        })
    }
}

impl Aws {
    /// Connects and asks who the caller is. If infra.toml names an account, the caller must be in it.
    pub async fn connect(target: Target, config: &Config) -> Result<Self> {
        let sdk = match target {
            Target::Aws => {
                let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(config.region.clone()));
                loader.retry_config(retries()).timeout_config(timeouts()).load().await
            }
            Target::Local => local(config)?,
        };
        let mut aws = Self::from_sdk(sdk, config.region.clone());
        let identity = aws.sts.get_caller_identity().send().await;
        let identity = identity.map_err(|error| unknown_caller(&error, aws.config.endpoint_url()))?;
        aws.account = identity.account.unwrap_or_default();
        match &config.account {
            Some(wanted) if *wanted != aws.account => Err(Error::failed(format!(
                "infra.toml is for account {wanted}, but the credentials are of account {}",
                aws.account
            ))
            .hint("Nothing was changed. Use credentials of the right account, or correct `account` in infra.toml.")),
            _ => Ok(aws),
        }
    }

    fn from_sdk(config: SdkConfig, region: String) -> Self {
        // A server that AWS_ENDPOINT_URL names rarely answers for bucket.host: the path names the bucket there.
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(config.endpoint_url().is_some()).build();
        Self {
            iam: aws_sdk_iam::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            redshift: aws_sdk_redshift::Client::new(&config),
            data: aws_sdk_redshiftdata::Client::new(&config),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            config,
            account: String::new(),
            region,
        }
    }

    /// The server that answers as AWS, where one is named.
    pub fn endpoint(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// Credentials for requests without the SDK; `None` where the stand-in runs in this process.
    pub fn credentials(&self) -> Option<SharedCredentialsProvider> {
        self.config.credentials_provider().filter(|_| self.config.http_client().is_none())
    }

    /// All clients in another region, for the same caller.
    pub fn in_region(&self, region: &str) -> Self {
        if region == self.region {
            return self.clone();
        }
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        Self { account: self.account.clone(), ..Self::from_sdk(config, region.to_owned()) }
    }

    /// S3 in another region: where a source lies.
    pub fn s3_in(&self, region: &str) -> aws_sdk_s3::Client {
        if region == self.region {
            return self.s3.clone();
        }
        let builder = aws_sdk_s3::config::Builder::from(&self.config)
            .region(Region::new(region.to_owned()))
            .force_path_style(self.config.endpoint_url().is_some());
        aws_sdk_s3::Client::from_conf(builder.build())
    }
}

/// The region of the environment or the profile; where neither says one, that of IAM's control plane (R3).
pub async fn usual_region() -> String {
    let chain = aws_config::default_provider::region::default_provider();
    aws_config::meta::region::ProvideRegion::region(&chain).await.map_or("us-east-1".to_owned(), |r| r.to_string())
}

/// Why nobody could say who the caller is: there are no credentials, nobody answered, or they were refused.
fn unknown_caller(
    error: &SdkError<aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError>,
    endpoint: Option<&str>,
) -> Error {
    let failure = failed("ask STS who the caller is", error);
    if failure.kind == FailureKind::Unreachable {
        return match endpoint {
            Some(endpoint) => failure.hint(format!("AWS_ENDPOINT_URL is {endpoint}.")),
            None => failure,
        };
    }
    if !matches!(error, SdkError::DispatchFailure(_)) {
        return failure.hint("`aws sts get-caller-identity` shows the same, if it is the credentials.");
    }
    let failure = match std::env::var("AWS_PROFILE") {
        Ok(profile) => failure
            .hint(format!("AWS_PROFILE is {profile}: ~/.aws/config must have it, and `aws sso login` may be due.")),
        Err(_) => {
            failure.hint("Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in: `aws sso login`.")
        }
    };
    failure.hint("`--target local` needs no account.")
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(8).with_initial_backoff(Duration::from_millis(200))
}

/// A server that is gone is noticed within a minute (R43).
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().read_timeout(ANSWERS_WITHIN).operation_timeout(CALL_WITHIN).build()
}

/// The configuration of a client for an upload of so many bytes: its timeout, where calls have one.
pub fn upload_limits(s3: &aws_sdk_s3::Client, bytes: usize) -> aws_sdk_s3::config::Builder {
    let limits = aws_sdk_s3::Config::builder();
    if s3.config().timeout_config().and_then(TimeoutConfig::operation_timeout).is_none() {
        return limits;
    }
    let longest = CALL_WITHIN + Duration::from_secs(bytes as u64 / SLOWEST_UPLOAD);
    limits.timeout_config(TimeoutConfig::builder().read_timeout(longest).operation_timeout(longest).build())
}

/// The stand-in, with the directories that play buckets.
#[cfg(feature = "local")]
pub fn open_cloud(config: &Config) -> Result<sparkify_local::Cloud> {
    use sparkify_local::{Account, Behaviors, Cloud, Mount, OpenError, Options, Pace, StoreError};

    let directory = &config.state;
    let mount = |(name, bucket): (&String, &crate::config::LocalBucket)| {
        let region = bucket.region.clone().unwrap_or_else(|| config.region.clone());
        (name.clone(), Mount::new(config.directory.join(&bucket.path), region))
    };
    let options = Options {
        account: Account { id: config.local.account.clone(), region: config.region.clone() },
        // A directory that is missing is a bucket that does not exist: `down` must work without it.
        mounts: config.local.buckets.iter().map(mount).filter(|(_, mount)| mount.directory.exists()).collect(),
        pace: match (config.local.simulate, config.local.instant) {
            (true, _) => Pace::AWS,
            (false, true) => Pace::AT_ONCE,
            (false, false) => Pace::LAPTOP,
        },
        behaviors: Behaviors::default(),
        memory: config.local.memory,
        faults: None,
    };
    Cloud::open(directory, options).map_err(|error| match error {
        OpenError::Store(StoreError::Locked(path)) => {
            Error::failed(format!("another sparkify-infra is using the local state in {path}"))
                .hint("Wait until it has ended, or end it; nothing was changed.")
        }
        other => Error::failed(format!("cannot open the local state in {}", directory.display())).because(other),
    })
}

/// The stand-in under the clients. Nothing of the environment reaches it.
#[cfg(feature = "local")]
fn local(config: &Config) -> Result<SdkConfig> {
    use aws_credential_types::Credentials;
    use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
    use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
    use sparkify_local::{ACCESS_KEY, SECRET_KEY};

    let key = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "local");
    let builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(key))
        .retry_config(retries())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()));
    // A server that holds the files is asked instead of them.
    Ok(match crate::local_server_discovery::find(&config.state) {
        Some(address) => builder.endpoint_url(format!("http://{address}")).timeout_config(timeouts()).build(),
        None => builder.http_client(open_cloud(config)?.http_client()).build(),
    })
}

#[cfg(not(feature = "local"))]
fn local(_: &Config) -> Result<SdkConfig> {
    Err(Error::usage("this build has no local target").hint("Build with the feature `local`, or use --target aws."))
}

/// An error in words: `cannot create role x`, with AWS's code and message as the cause. Where AWS did not answer,
/// the causes of that, one after the other.
pub fn failed<E>(doing: &str, error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => {
            let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
            std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
        }
    };
    let kind = kind(error);
    let failure = Error::new(kind, format!("cannot {doing}")).because(cause).coded(error.code());
    match error.code().and_then(advice) {
        Some(advice) => failure.hint(advice),
        None if kind == FailureKind::Unreachable => {
            failure.hint("Nobody answers: check the network, and HTTPS_PROXY where there is a proxy.")
        }
        None => failure,
    }
}

fn kind<E>(error: &SdkError<E>) -> FailureKind
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    // Those of the credential chain: there are none, or a session is over.
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    if is(error, &REFUSED_CREDENTIALS) || causes.any(|cause| cause.is::<CredentialsError>()) {
        return FailureKind::Credentials;
    }
    let unanswered = match error {
        SdkError::TimeoutError(_) => true,
        // The last is a connection that was closed before the answer.
        SdkError::DispatchFailure(dispatch) => {
            dispatch.is_io() || dispatch.is_timeout() || dispatch.as_other() == Some(ErrorKind::TransientError)
        }
        // A gateway behind which nobody answers.
        other => {
            let status = other.raw_response().map(|response| response.status().as_u16());
            other.code().is_none() && matches!(status, Some(502 | 504))
        }
    };
    if unanswered { FailureKind::Unreachable } else { FailureKind::Failed }
}

/// Hints on answers that mean the same for every call.
fn advice(code: &str) -> Option<&'static str> {
    match code {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Some(
            "The caller is not allowed to do that. `sparkify-infra policy` prints the least that it needs for this stack.",
        ),
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            Some("The credentials have expired: log in again (`aws sso login`), or renew them.")
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "AuthFailure" => Some(
            "AWS does not know this key, or not in this region: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN.",
        ),
        "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            Some("The secret is not that of the key: check AWS_SECRET_ACCESS_KEY, also for blanks.")
        }
        "RequestTimeTooSkewed" => Some("The clock of this machine is wrong by more than a quarter of an hour."),
        "ClusterQuotaExceeded" | "NumberOfNodesQuotaExceeded" | "NumberOfNodesPerClusterLimitExceeded" => Some(
            "The account may have no more of them in this region: take one down (`down --all-expired`), or ask for more in Service Quotas.",
        ),
        "InsufficientClusterCapacity" => {
            Some("AWS has no node of this type left in the region just now: try later, or another `node_type`.")
        }
        "LimitExceeded" | "TooManyBuckets" => {
            Some("The account has as many as it may: remove one, or ask for more in Service Quotas.")
        }
        "OptInRequired" => Some("The account must be activated for this region or service first."),
        _ => None,
    }
}

/// Returns true if AWS answered with one of these codes.
pub fn is<E: ProvideErrorMetadata>(error: &E, codes: &[&str]) -> bool {
    error.code().is_some_and(|code| codes.contains(&code))
}
