//! Server-side encryption as S3 tells of it and insists on it: no byte on the disk is encrypted, but an object is
//! answered with the method and the key that it was written with, and one with a customer's key only to who sends that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use s3s::dto::{ServerSideEncryption, ServerSideEncryptionRule};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, Encryption};
use crate::account::Account;

/// SSE-C knows one algorithm, with keys of 256 bits.
const ALGORITHM: &str = ServerSideEncryption::AES256;
const KEY_BYTES: usize = 32;

/// The id of the key `aws/s3` that every account has.
const MANAGED_KEY: &str = "5c0e7d9a-2f64-4b1e-8a3d-6d1f0b9c4e53";

/// How an object is encrypted, where it is not by keys of S3's own (AES256).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectEncryption {
    /// `aws:kms` or `aws:kms:dsse`, with the key's ARN, or its alias as it was given.
    Kms { algorithm: String, key: String, bucket_key: bool },
    /// A key of the caller's, of which only the MD5 is kept, in base64.
    Customer { key_md5: String },
}

/// The three headers of a customer's key.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomerKey<'r> {
    pub algorithm: Option<&'r str>,
    pub key: Option<&'r str>,
    pub md5: Option<&'r str>,
}

/// The encryption that a write asks for.
#[derive(Debug, Clone, Copy)]
pub struct RequestedEncryption<'r> {
    pub algorithm: Option<&'r str>,
    pub key_id: Option<&'r str>,
    pub bucket_key: Option<bool>,
    pub customer: CustomerKey<'r>,
}

/// Headers of an answer that show how its object is encrypted.
#[derive(Debug, Default)]
pub struct EncryptionHeaders {
    pub algorithm: Option<ServerSideEncryption>,
    pub key: Option<String>,
    pub bucket_key: Option<bool>,
    pub customer_algorithm: Option<String>,
    pub customer_key_md5: Option<String>,
}

/// The customer's key of a request: the inputs share their fields, not a type.
macro_rules! customer_key {
    ($input:ident) => {
        $crate::s3::record::encryption::CustomerKey {
            algorithm: $input.sse_customer_algorithm.as_deref(),
            key: $input.sse_customer_key.as_deref(),
            md5: $input.sse_customer_key_md5.as_deref(),
        }
    };
}
pub(in crate::s3) use customer_key;

/// The key with which the source of a copy was written.
macro_rules! source_key {
    ($input:ident) => {
        $crate::s3::record::encryption::CustomerKey {
            algorithm: $input.copy_source_sse_customer_algorithm.as_deref(),
            key: $input.copy_source_sse_customer_key.as_deref(),
            md5: $input.copy_source_sse_customer_key_md5.as_deref(),
        }
    };
}
pub(in crate::s3) use source_key;

/// The encryption that a request asks for.
macro_rules! requested_encryption {
    ($input:ident) => {
        $crate::s3::record::encryption::RequestedEncryption {
            algorithm: $input.server_side_encryption.as_ref().map(|method| method.as_str()),
            key_id: $input.ssekms_key_id.as_deref(),
            bucket_key: $input.bucket_key_enabled,
            customer: $crate::s3::record::encryption::customer_key!($input),
        }
    };
}
pub(in crate::s3) use requested_encryption;

/// Shows in an answer how its object is encrypted: the outputs share their fields, not a type.
macro_rules! show_encryption {
    ($output:ident, $encryption:expr) => {
        let headers = $crate::s3::record::encryption::EncryptionHeaders::new($encryption);
        $output.server_side_encryption = headers.algorithm;
        $output.ssekms_key_id = headers.key;
        $output.bucket_key_enabled = headers.bucket_key;
        $output.sse_customer_algorithm = headers.customer_algorithm;
        $output.sse_customer_key_md5 = headers.customer_key_md5;
    };
}
pub(in crate::s3) use show_encryption;

impl CustomerKey<'_> {
    pub fn is_sent(&self) -> bool {
        self.algorithm.or(self.key).or(self.md5).is_some()
    }

    /// The MD5 of the key, in base64, once it is known to be one; `None` where no key was sent.
    pub fn checked_md5(&self) -> S3Result<Option<String>> {
        if !self.is_sent() {
            return Ok(None);
        }
        let with_own_key = "Requests specifying Server Side Encryption with Customer provided keys must provide";
        match self.algorithm {
            None => return Err(s3_error!(InvalidArgument, "{with_own_key} a valid encryption algorithm.")),
            Some(ALGORITHM) => {}
            Some(_) => {
                return Err(s3_error!(
                    InvalidEncryptionAlgorithmError,
                    "The Encryption request you specified is not valid. Supported value: AES256."
                ));
            }
        }
        let key = self.key.ok_or_else(|| s3_error!(InvalidArgument, "{with_own_key} an appropriate secret key."))?;
        let invalid = || s3_error!(InvalidArgument, "The secret key was invalid for the specified algorithm.");
        let bytes = BASE64.decode(key).ok().filter(|bytes| bytes.len() == KEY_BYTES).ok_or_else(invalid)?;
        let md5 = BASE64.encode(Md5::digest(bytes));
        match self.md5.ok_or_else(invalid)? == md5 {
            true => Ok(Some(md5)),
            false => Err(s3_error!(
                InvalidArgument,
                "The calculated MD5 hash of the key did not match the hash that was provided."
            )),
        }
    }
}

/// Lets an object be read only with the key that it was written with.
pub fn check_key(encryption: Option<&ObjectEncryption>, sent: CustomerKey<'_>) -> S3Result<()> {
    match (encryption, sent.checked_md5()?) {
        (Some(ObjectEncryption::Customer { .. }), None) => Err(s3_error!(
            InvalidRequest,
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to \
             retrieve the object."
        )),
        (Some(ObjectEncryption::Customer { key_md5 }), Some(sent)) if *key_md5 != sent => Err(s3_error!(
            AccessDenied,
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key."
        )),
        (Some(ObjectEncryption::Customer { .. }), Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(s3_error!(InvalidRequest, "The encryption parameters are not applicable to this object.")),
    }
}

/// Takes the parts of an upload only with the key that it was begun with.
pub fn check_part_key(encryption: Option<&ObjectEncryption>, sent: CustomerKey<'_>) -> S3Result<()> {
    let begun_with = match encryption {
        Some(ObjectEncryption::Customer { key_md5 }) => Some(key_md5),
        _ => None,
    };
    match (begun_with, sent.checked_md5()?) {
        (None, None) => Ok(()),
        (Some(md5), Some(sent)) if *md5 == sent => Ok(()),
        (Some(_), Some(_)) => {
            Err(s3_error!(InvalidRequest, "The provided encryption parameters did not match the ones used originally."))
        }
        _ => Err(s3_error!(
            InvalidRequest,
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate \
             encryption parameters."
        )),
    }
}

impl ObjectEncryption {
    /// What a write asks for, or else what the bucket does by itself; `None` is AES256.
    pub fn for_write(wanted: RequestedEncryption<'_>, bucket: &Bucket, account: &Account) -> S3Result<Option<Self>> {
        let invalid = |message: &'static str| Err(s3_error!(InvalidArgument, "{message}"));
        match wanted.algorithm {
            Some(_) if wanted.customer.is_sent() => invalid(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
            ),
            Some(method) if is_kms(method) => {
                let asked = Encryption {
                    algorithm: method.to_owned(),
                    key: wanted.key_id.map(str::to_owned),
                    bucket_key: wanted.bucket_key.unwrap_or(bucket.encryption.bucket_key),
                };
                Ok(Self::for_default(&asked, account))
            }
            _ if wanted.key_id.is_some() => invalid(
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : \
                 aws:kms",
            ),
            Some(ALGORITHM) => Ok(None),
            Some(_) => invalid("The encryption method specified is not supported"),
            None => match wanted.customer.checked_md5()? {
                Some(key_md5) => Ok(Some(Self::Customer { key_md5 })),
                None => Ok(Self::for_default(&bucket.encryption, account)),
            },
        }
    }

    /// What a bucket does with objects whose writers ask for nothing.
    pub fn for_default(default: &Encryption, account: &Account) -> Option<Self> {
        is_kms(&default.algorithm).then(|| Self::Kms {
            algorithm: default.algorithm.clone(),
            key: key_arn(default.key.as_deref().unwrap_or(MANAGED_KEY), account),
            // Keys of buckets do not go with double encryption.
            bucket_key: default.bucket_key && default.algorithm == ServerSideEncryption::AWS_KMS,
        })
    }
}

impl EncryptionHeaders {
    pub fn new(encryption: Option<&ObjectEncryption>) -> Self {
        match encryption {
            None => Self { algorithm: Some(ServerSideEncryption::from_static(ALGORITHM)), ..Self::default() },
            Some(ObjectEncryption::Kms { algorithm, key, bucket_key }) => Self {
                algorithm: Some(ServerSideEncryption::from(algorithm.clone())),
                key: Some(key.clone()),
                bucket_key: bucket_key.then_some(true),
                ..Self::default()
            },
            Some(ObjectEncryption::Customer { key_md5 }) => Self {
                customer_algorithm: Some(ALGORITHM.to_owned()),
                customer_key_md5: Some(key_md5.clone()),
                ..Self::default()
            },
        }
    }
}

/// Reads the default of a PutBucketEncryption: one rule, with a method that there is.
pub fn bucket_default(rules: &[ServerSideEncryptionRule]) -> S3Result<Encryption> {
    let malformed = || s3_error!(MalformedXML, "the encryption configuration needs one rule with a default");
    let [rule] = rules else { return Err(malformed()) };
    let default = rule.apply_server_side_encryption_by_default.as_ref().ok_or_else(malformed)?;
    let algorithm = default.sse_algorithm.as_str();
    if algorithm != ALGORITHM && !is_kms(algorithm) {
        return Err(malformed());
    }
    if default.kms_master_key_id.is_some() && !is_kms(algorithm) {
        return Err(s3_error!(
            InvalidArgument,
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        ));
    }
    Ok(Encryption {
        algorithm: algorithm.to_owned(),
        key: default.kms_master_key_id.clone(),
        bucket_key: rule.bucket_key_enabled.unwrap_or(false),
    })
}

fn is_kms(method: &str) -> bool {
    [ServerSideEncryption::AWS_KMS, ServerSideEncryption::AWS_KMS_DSSE].contains(&method)
}

/// The ARN of a key that is named by its id. An alias is kept as it is: there is no KMS here to follow it.
fn key_arn(key: &str, account: &Account) -> String {
    match key.starts_with("arn:") || key.starts_with("alias/") {
        true => key.to_owned(),
        false => account.arn("kms", format_args!("key/{key}")),
    }
}
