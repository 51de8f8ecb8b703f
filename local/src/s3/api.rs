//! The operations of S3 that the stand-in knows, as `s3s` names them. What is not here is refused as not implemented.

use std::collections::BTreeMap;

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::Buckets;
use super::access::Found;
use super::acl::{full_control, names_others, owner_of, wanted_acl};
use super::body::Declared;
use super::bucket::{Bucket, CreateTags};
use super::bucket_kept::Kept;
use super::copying::Source;
use super::encryption::{
    EncryptionHeaders, ObjectEncryption, check_key, check_part_key, customer_key, show_encryption, source_key,
    wanted_encryption,
};
use super::list_operations::{MAX_KEYS, page_size};
use super::object::{Attributes, Preconditions};
use super::upload::Completion;
use super::wire::{
    Conditions, by_version, checksum_of, decode_token, delete_action, delete_conditions, encode_token,
    header_condition, http_date, named_checksum, not_implemented, timestamp, to_i64, write_conditions,
};

type Answer<T> = S3Result<S3Response<T>>;

/// Tags that one object may have.
const MAX_OBJECT_TAGS: usize = 10;

/// Characters of a tag's key, and of its value.
const MAX_TAG_KEY: usize = 128;
const MAX_TAG_VALUE: usize = 256;

/// The tags of `x-amz-tagging`, which are written like a query.
fn tags_of_header(header: Option<&str>) -> S3Result<BTreeMap<String, String>> {
    let pairs = form_urlencoded::parse(header.unwrap_or_default().as_bytes());
    checked_tags(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())))
}

/// Tags as an object may have them: few, and each key once.
fn checked_tags(pairs: impl Iterator<Item = (String, String)>) -> S3Result<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > MAX_TAG_KEY {
            return Err(s3_error!(InvalidTag, "The TagKey you have provided is invalid"));
        }
        if value.chars().count() > MAX_TAG_VALUE {
            return Err(s3_error!(InvalidTag, "The TagValue you have provided is invalid"));
        }
        if tags.insert(key, value).is_some() {
            return Err(s3_error!(InvalidTag, "Cannot provide multiple Tags with the same key"));
        }
    }
    match tags.len() > MAX_OBJECT_TAGS {
        true => Err(s3_error!(InvalidTag, "Object tags cannot be greater than 10")),
        false => Ok(tags),
    }
}

fn check_part_number(number: i32) -> S3Result<()> {
    match (1..=10_000).contains(&number) {
        true => Ok(()),
        false => Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive")),
    }
}

/// The algorithm of a checksum that a request asks for.
fn known_algorithm(algorithm: Option<&ChecksumAlgorithm>) -> S3Result<Option<&str>> {
    let known = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];
    match algorithm.map(|algorithm| algorithm.as_str()) {
        Some(name) if !known.contains(&name) => Err(s3_error!(
            InvalidRequest,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
             [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )),
        name => Ok(name),
    }
}

/// Whether a copy takes metadata or tags from its request instead of its source.
fn is_replaced(directive: Option<&str>) -> S3Result<bool> {
    match directive {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(s3_error!(InvalidArgument, "Unknown directive: {other}")),
    }
}

/// What a PutObject or an UploadPart says its bytes are: the two inputs share their fields, not a type.
macro_rules! declared {
    ($input:ident, $headers:ident, $trailing:ident) => {
        Declared {
            md5: $input.content_md5,
            checksum: Checksum {
                checksum_crc32: $input.checksum_crc32,
                checksum_crc32c: $input.checksum_crc32c,
                checksum_crc64nvme: $input.checksum_crc64nvme,
                checksum_sha1: $input.checksum_sha1,
                checksum_sha256: $input.checksum_sha256,
                checksum_type: None,
            },
            trailer: $headers.get("x-amz-trailer").and_then(|name| name.to_str().ok()).map(str::to_owned),
            trailing: $trailing,
        }
    };
}

/// The bytes that a GetObject or a HeadObject asks for, when its conditions hold.
macro_rules! checked {
    ($input:ident, $found:ident) => {{
        let conditions = Conditions {
            must_match: $input.if_match.as_ref(),
            must_not_match: $input.if_none_match.as_ref(),
            changed_since: $input.if_modified_since.as_ref(),
            unchanged_since: $input.if_unmodified_since.as_ref(),
        };
        check_key($found.attributes.encryption.as_ref(), customer_key!($input))?;
        conditions.check(&$found.info)?;
        let size = $found.info.size;
        // Of nothing no part can be had, not even the last bytes.
        let part = |range: Range| range.check(size).ok().filter(|part| !part.is_empty());
        let unsatisfiable = || s3_error!(InvalidRange, "The requested range is not satisfiable");
        match ($input.range, $input.part_number) {
            (Some(_), Some(_)) => {
                return Err(s3_error!(
                    InvalidRequest,
                    "Cannot specify both Range header and partNumber query parameter"
                ));
            }
            (Some(range), None) => Some(part(range).ok_or_else(unsatisfiable)?),
            (None, Some(number)) => {
                check_part_number(number)?;
                $found.part(number)?
            }
            (None, None) => None,
        }
    }};
}

/// What a CopyObject or an UploadPartCopy wants of the object that it copies.
macro_rules! copy_conditions {
    ($input:ident) => {
        Conditions {
            must_match: $input.copy_source_if_match.as_ref(),
            must_not_match: $input.copy_source_if_none_match.as_ref(),
            changed_since: $input.copy_source_if_modified_since.as_ref(),
            unchanged_since: $input.copy_source_if_unmodified_since.as_ref(),
        }
    };
}

/// What GetObject and HeadObject tell alike.
macro_rules! told {
    ($Output:ident, $input:ident, $found:ident, $range:ident) => {{
        let (info, attributes) = ($found.info, $found.attributes);
        let encryption = EncryptionHeaders::new(attributes.encryption.as_ref());
        // Of a part of the bytes the checksum says nothing.
        let asked = $input.checksum_mode.is_some() && $range.is_none();
        let checksum = attributes.checksum.filter(|_| asked).map(checksum_of).unwrap_or_default();
        let date = |text: String| Timestamp::parse(TimestampFormat::HttpDate, &text).ok();
        $Output {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(to_i64($range.as_ref().map_or(info.size, |range| range.end - range.start))),
            content_range: $range.map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, info.size)),
            content_type: $input
                .response_content_type
                .or(attributes.content_type)
                .or_else(|| Some("binary/octet-stream".to_owned())),
            content_encoding: $input.response_content_encoding.or(attributes.content_encoding),
            content_language: $input.response_content_language.or(attributes.content_language),
            cache_control: $input.response_cache_control.or(attributes.cache_control),
            content_disposition: $input.response_content_disposition.or(attributes.content_disposition),
            expires: $input.response_expires.or(attributes.expires.and_then(date)),
            metadata: Some(attributes.metadata.into_iter().collect()),
            storage_class: attributes.storage_class.map(StorageClass::from),
            server_side_encryption: encryption.algorithm,
            ssekms_key_id: encryption.key,
            bucket_key_enabled: encryption.bucket_key,
            sse_customer_algorithm: encryption.customer_algorithm,
            sse_customer_key_md5: encryption.customer_key_md5,
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            checksum_type: checksum.checksum_type,
            e_tag: Some(ETag::Strong(info.etag)),
            last_modified: Some(timestamp(info.modified)),
            version_id: $found.version,
            ..Default::default()
        }
    }};
}

/// What a PutObject or a CreateMultipartUpload wants kept beside the bytes.
macro_rules! attributes {
    ($input:ident) => {
        Attributes {
            content_type: $input.content_type,
            content_encoding: $input.content_encoding,
            cache_control: $input.cache_control,
            content_disposition: $input.content_disposition,
            metadata: $input.metadata.into_iter().flatten().collect(),
            tags: tags_of_header($input.tagging.as_deref())?,
            content_language: $input.content_language,
            expires: $input.expires.as_ref().and_then(http_date),
            storage_class: $input
                .storage_class
                .map(|class| class.as_str().to_owned())
                .filter(|class| class != StorageClass::STANDARD),
            checksum: None,
            encryption: None,
        }
    };
}

#[async_trait::async_trait]
impl S3 for Buckets {
    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        let tags = req.extensions.get::<CreateTags>().cloned().unwrap_or_default();
        let bucket = self.create(&req.input, tags)?;
        Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{}", bucket.name)) }))
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        let bucket =
            self.writable(&req.input.bucket, req.input.expected_bucket_owner.as_ref(), "s3:DeleteBucket", None)?;
        self.delete(&bucket)?;
        Ok(S3Response::with_status(DeleteBucketOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        let bucket =
            self.readable(&req.input.bucket, req.input.expected_bucket_owner.as_ref(), "s3:ListBucket", Some(""))?;
        Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(bucket.region), ..Default::default() }))
    }

    async fn list_buckets(&self, req: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        let ListBucketsInput { bucket_region, continuation_token, max_buckets, prefix } = req.input;
        let after = continuation_token.as_deref().map(decode_token).transpose()?.unwrap_or_default();
        let limit = max_buckets.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let start = prefix.clone().unwrap_or_default();
        let mut wanted = self.all()?.into_iter().filter(|bucket| {
            bucket.name > after
                && bucket.name.starts_with(&start)
                && bucket_region.as_ref().is_none_or(|region| *region == bucket.region)
        });
        let entry = |bucket: Bucket| s3s::dto::Bucket {
            name: Some(bucket.name),
            bucket_region: Some(bucket.region),
            creation_date: Some(timestamp(bucket.created)),
        };
        let buckets: Vec<_> = wanted.by_ref().take(limit).map(entry).collect();
        let last = buckets.last().and_then(|bucket| bucket.name.as_deref());
        let output = ListBucketsOutput {
            continuation_token: wanted.next().and(last).map(encode_token),
            owner: Some(owner_of(&self.account.id)),
            buckets: Some(buckets),
            prefix,
        };
        Ok(S3Response::new(output))
    }

    async fn get_bucket_location(&self, req: S3Request<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let region = self.readable(&req.input.bucket, owner, "s3:GetBucketLocation", None)?.region;
        let location_constraint = (region != "us-east-1").then(|| BucketLocationConstraint::from(region));
        Ok(S3Response::new(GetBucketLocationOutput { location_constraint }))
    }

    async fn put_bucket_policy(&self, req: S3Request<PutBucketPolicyInput>) -> Answer<PutBucketPolicyOutput> {
        self.put_policy(&req.input)
    }

    async fn get_bucket_policy_status(
        &self,
        req: S3Request<GetBucketPolicyStatusInput>,
    ) -> Answer<GetBucketPolicyStatusOutput> {
        self.get_policy_status(&req.input)
    }

    async fn get_bucket_policy(&self, req: S3Request<GetBucketPolicyInput>) -> Answer<GetBucketPolicyOutput> {
        self.get_policy(&req.input)
    }

    async fn delete_bucket_policy(&self, req: S3Request<DeleteBucketPolicyInput>) -> Answer<DeleteBucketPolicyOutput> {
        self.delete_policy(&req.input)
    }

    async fn put_public_access_block(
        &self,
        req: S3Request<PutPublicAccessBlockInput>,
    ) -> Answer<PutPublicAccessBlockOutput> {
        self.put_block(&req.input)
    }

    async fn get_public_access_block(
        &self,
        req: S3Request<GetPublicAccessBlockInput>,
    ) -> Answer<GetPublicAccessBlockOutput> {
        self.get_block(&req.input)
    }

    async fn delete_public_access_block(
        &self,
        req: S3Request<DeletePublicAccessBlockInput>,
    ) -> Answer<DeletePublicAccessBlockOutput> {
        self.delete_block(&req.input)
    }

    async fn delete_bucket_tagging(
        &self,
        req: S3Request<DeleteBucketTaggingInput>,
    ) -> Answer<DeleteBucketTaggingOutput> {
        self.delete_tags(&req.input)
    }

    async fn put_bucket_encryption(
        &self,
        req: S3Request<PutBucketEncryptionInput>,
    ) -> Answer<PutBucketEncryptionOutput> {
        self.put_encryption(&req.input)
    }

    async fn get_bucket_encryption(
        &self,
        req: S3Request<GetBucketEncryptionInput>,
    ) -> Answer<GetBucketEncryptionOutput> {
        self.get_encryption(&req.input)
    }

    async fn put_bucket_ownership_controls(
        &self,
        req: S3Request<PutBucketOwnershipControlsInput>,
    ) -> Answer<PutBucketOwnershipControlsOutput> {
        self.put_ownership(&req.input)
    }

    async fn get_bucket_ownership_controls(
        &self,
        req: S3Request<GetBucketOwnershipControlsInput>,
    ) -> Answer<GetBucketOwnershipControlsOutput> {
        self.get_ownership(&req.input)
    }

    async fn put_bucket_tagging(&self, req: S3Request<PutBucketTaggingInput>) -> Answer<PutBucketTaggingOutput> {
        self.put_tags(&req.input)
    }

    async fn get_bucket_tagging(&self, req: S3Request<GetBucketTaggingInput>) -> Answer<GetBucketTaggingOutput> {
        self.get_tags(&req.input)
    }

    async fn put_bucket_versioning(
        &self,
        req: S3Request<PutBucketVersioningInput>,
    ) -> Answer<PutBucketVersioningOutput> {
        self.put_versioning(&req.input)
    }

    async fn get_bucket_versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> Answer<GetBucketVersioningOutput> {
        self.get_versioning(&req.input)
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        let (headers, trailing) = (req.headers, req.trailing_headers);
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, "s3:PutObject", Some(&input.key))?;
        self.may_tag_and_grant(&bucket, &input.key, input.tagging.is_some(), wanted_acl!(input).is_named())?;
        wanted_acl!(input).check(&bucket)?;
        let mut attributes = attributes!(input);
        attributes.encryption = ObjectEncryption::for_write(wanted_encryption!(input), &bucket, &self.account)?;
        let conditions = write_conditions(input.if_none_match, input.if_match)?;
        self.may_compare(&bucket, &input.key, &conditions)?;
        let declared = declared!(input, headers, trailing);
        let staged = self.stage(&bucket.name, input.body, declared).await?;
        let checksum = staged.checksum.clone();
        attributes.checksum = named_checksum(&checksum);
        let version = self.write(&bucket, &input.key, staged, attributes, &conditions)?;
        let mut output = PutObjectOutput {
            e_tag: Some(ETag::Strong(version.etag)),
            version_id: bucket.versioning.is_some().then_some(version.id),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            ssekms_encryption_context: input.ssekms_encryption_context,
            ..Default::default()
        };
        show_encryption!(output, version.attributes.encryption.as_ref());
        Ok(S3Response::new(output))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let action = by_version(input.version_id.as_ref(), "s3:GetObject", "s3:GetObjectVersion");
        let bucket = self.readable(&input.bucket, owner, action, Some(&input.key))?;
        let found = self.find_meanwhile(bucket, input.key, input.version_id).await?;
        let range = checked!(input, found);
        let parts_count = input.part_number.and_then(|_| found.parts_count());
        let (start, end) = range.as_ref().map_or((0, found.info.size), |range| (range.start, range.end));
        let output = GetObjectOutput {
            body: Some(self.stream(found.source, start, end)),
            tag_count: i32::try_from(found.attributes.tags.len()).ok().filter(|count| *count > 0),
            parts_count,
            ..told!(GetObjectOutput, input, found, range)
        };
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.readable(&input.bucket, owner, "s3:GetObject", Some(&input.key))?;
        let found = self.find_meanwhile(bucket, input.key, input.version_id).await?;
        let range = checked!(input, found);
        let parts_count = input.part_number.and_then(|_| found.parts_count());
        let output = HeadObjectOutput { parts_count, ..told!(HeadObjectOutput, input, found, range) };
        Ok(S3Response::new(output))
    }

    async fn get_object_attributes(
        &self,
        req: S3Request<GetObjectAttributesInput>,
    ) -> Answer<GetObjectAttributesOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let action = by_version(input.version_id.as_ref(), "s3:GetObject", "s3:GetObjectVersion");
        let bucket = self.readable(&input.bucket, owner, action, Some(&input.key))?;
        let found = self.find_meanwhile(bucket, input.key, input.version_id).await?;
        let parts_count = found.parts_count();
        let Found { info, version, attributes, .. } = found;
        check_key(attributes.encryption.as_ref(), customer_key!(input))?;
        // Some clients name them in one header, others in several.
        let wanted = input.object_attributes.iter().flat_map(|names| names.as_str().split(','));
        let wants = |name: &str| wanted.clone().any(|wanted| wanted.trim() == name);
        let class = attributes.storage_class.clone().unwrap_or_else(|| StorageClass::STANDARD.to_owned());
        let output = GetObjectAttributesOutput {
            e_tag: wants(ObjectAttributes::ETAG).then_some(ETag::Strong(info.etag)),
            object_size: wants(ObjectAttributes::OBJECT_SIZE).then_some(to_i64(info.size)),
            storage_class: wants(ObjectAttributes::STORAGE_CLASS).then(|| StorageClass::from(class)),
            checksum: attributes.checksum.filter(|_| wants(ObjectAttributes::CHECKSUM)).map(checksum_of),
            // The parts themselves are listed only where each has a checksum, and none is kept here.
            object_parts: parts_count
                .filter(|_| wants(ObjectAttributes::OBJECT_PARTS))
                .map(|count| GetObjectAttributesParts { total_parts_count: Some(count), ..Default::default() }),
            last_modified: Some(timestamp(info.modified)),
            version_id: version,
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, delete_action(input.version_id.as_ref()), Some(&input.key))?;
        if input.if_match_size.is_some() || input.if_match_last_modified_time.is_some() {
            return Err(not_implemented("only directory buckets delete by size and time"));
        }
        let conditions = delete_conditions(input.if_match, input.version_id.as_ref())?;
        self.may_compare(&bucket, &input.key, &conditions)?;
        let changed = Buckets::delete_object(self, &bucket, &input.key, input.version_id.as_deref(), &conditions)?;
        let output = DeleteObjectOutput {
            delete_marker: changed.as_ref().map(|version| version.delete_marker),
            version_id: changed.map(|version| version.id),
            ..Default::default()
        };
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        let input = req.input;
        if input.delete.objects.len() > MAX_KEYS as usize || input.delete.objects.is_empty() {
            return Err(s3_error!(
                MalformedXML,
                "The XML you provided was not well-formed or did not validate against our published schema"
            ));
        }
        if input.delete.objects.iter().any(|object| object.size.is_some() || object.last_modified_time.is_some()) {
            return Err(not_implemented("only directory buckets delete by size and time"));
        }
        // Whether a key may be deleted is asked key by key.
        let owner = self.bucket(&input.bucket)?.owner;
        if input.expected_bucket_owner.as_ref().is_some_and(|expected| *expected != owner) {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in input.delete.objects {
            let action = delete_action(object.version_id.as_ref());
            let must_match = object.e_tag.map(|etag| match etag.value() {
                "*" => ETagCondition::Any,
                _ => ETagCondition::ETag(etag),
            });
            let gone = self.writable(&input.bucket, None, action, Some(&object.key)).and_then(|bucket| {
                let conditions = delete_conditions(must_match, object.version_id.as_ref())?;
                self.may_compare(&bucket, &object.key, &conditions)?;
                Buckets::delete_object(self, &bucket, &object.key, object.version_id.as_deref(), &conditions)
            });
            match gone {
                Ok(changed) => {
                    let marker = changed.filter(|version| version.delete_marker);
                    deleted.push(DeletedObject {
                        key: Some(object.key),
                        delete_marker: marker.as_ref().map(|_| true),
                        delete_marker_version_id: marker.map(|version| version.id),
                        version_id: object.version_id,
                    });
                }
                Err(error) => errors.push(Error {
                    code: Some(error.code().as_str().to_owned()),
                    key: Some(object.key),
                    message: error.message().map(str::to_owned),
                    version_id: object.version_id,
                }),
            }
        }
        let quiet = input.delete.quiet.unwrap_or(false);
        let output =
            DeleteObjectsOutput { deleted: (!quiet).then_some(deleted), errors: Some(errors), ..Default::default() };
        Ok(S3Response::new(output))
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        self.list_v2(req.input).map(S3Response::new)
    }

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        self.list_v1(req.input).map(S3Response::new)
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        let (headers, input) = (req.headers, req.input);
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, "s3:PutObject", Some(&input.key))?;
        self.may_tag_and_grant(&bucket, &input.key, input.tagging.is_some(), wanted_acl!(input).is_named())?;
        wanted_acl!(input).check(&bucket)?;
        let replaces = is_replaced(input.metadata_directive.as_ref().map(|directive| directive.as_str()))?;
        let replaces_tags = is_replaced(input.tagging_directive.as_ref().map(|directive| directive.as_str()))?;
        let is_itself = matches!(&input.copy_source, CopySource::Bucket { bucket: from, key, version_id: None }
            if **from == *bucket.name && **key == *input.key);
        let encrypts = input.server_side_encryption.is_some() || customer_key!(input).is_sent();
        if is_itself && !replaces && !encrypts && input.storage_class.is_none() {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata, storage class, website redirect location or encryption attributes."
            ));
        }
        let conditions = write_conditions(
            header_condition(&headers, http::header::IF_NONE_MATCH)?,
            header_condition(&headers, http::header::IF_MATCH)?,
        )?;
        self.may_compare(&bucket, &input.key, &conditions)?;
        let from = Source {
            source: &input.copy_source,
            expected_owner: input.expected_source_bucket_owner.as_deref(),
            conditions: copy_conditions!(input),
            key: source_key!(input),
            algorithm: known_algorithm(input.checksum_algorithm.as_ref())?,
            range: None,
        };
        let encryption = ObjectEncryption::for_write(wanted_encryption!(input), &bucket, &self.account)?;
        let given = attributes!(input);
        let (staged, _, mut attributes) = self.stage_copy(&bucket.name, &from).await?;
        // A checksum of the source's parts says nothing of a copy in one piece.
        let kept = attributes.checksum.filter(|sum| !sum.contains('-'));
        attributes.checksum = named_checksum(&staged.checksum).or(kept);
        let storage_class = given.storage_class.clone();
        if replaces_tags {
            attributes.tags.clone_from(&given.tags);
        }
        if replaces {
            attributes = Attributes { tags: attributes.tags, checksum: attributes.checksum, ..given };
        }
        // Neither comes from the source: what the request does not say is the destination's default.
        attributes = Attributes { storage_class, encryption, ..attributes };
        let version = self.write(&bucket, &input.key, staged, attributes, &conditions)?;
        let result = CopyObjectResult {
            e_tag: Some(ETag::Strong(version.etag)),
            last_modified: Some(timestamp(version.modified)),
            ..Default::default()
        };
        let mut output = CopyObjectOutput {
            copy_object_result: Some(result),
            version_id: bucket.versioning.is_some().then_some(version.id),
            ssekms_encryption_context: input.ssekms_encryption_context,
            ..Default::default()
        };
        show_encryption!(output, version.attributes.encryption.as_ref());
        Ok(S3Response::new(output))
    }

    async fn upload_part_copy(&self, req: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, "s3:PutObject", Some(&input.key))?;
        check_part_number(input.part_number)?;
        let encryption = self.upload_encryption(&bucket.name, &input.key, &input.upload_id)?;
        check_part_key(encryption.as_ref(), customer_key!(input))?;
        let from = Source {
            source: &input.copy_source,
            expected_owner: input.expected_source_bucket_owner.as_deref(),
            conditions: copy_conditions!(input),
            key: source_key!(input),
            algorithm: None,
            range: input.copy_source_range.as_deref(),
        };
        let (staged, info, _) = self.stage_copy(&bucket.name, &from).await?;
        let etag = self.add_part(&bucket.name, &input.key, &input.upload_id, input.part_number, staged)?;
        let result = CopyPartResult {
            e_tag: Some(ETag::Strong(etag)),
            last_modified: Some(timestamp(info.modified)),
            ..Default::default()
        };
        let mut output = UploadPartCopyOutput { copy_part_result: Some(result), ..Default::default() };
        show_encryption!(output, encryption.as_ref());
        Ok(S3Response::new(output))
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.readable(&input.bucket, owner, "s3:ListMultipartUploadParts", Some(&input.key))?;
        let parts = self.parts(&bucket.name, &input.key, &input.upload_id)?;
        let after = input.part_number_marker.unwrap_or(0);
        let max_parts = page_size(input.max_parts, "max-parts")?;
        let mut left = parts.into_iter().filter(|(number, ..)| *number > after);
        let part = |(number, etag, size): (i32, String, u64)| Part {
            part_number: Some(number),
            e_tag: Some(ETag::Strong(etag)),
            size: Some(to_i64(size)),
            ..Default::default()
        };
        let shown: Vec<Part> = left.by_ref().take(max_parts as usize).map(part).collect();
        let output = ListPartsOutput {
            bucket: Some(bucket.name),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            is_truncated: Some(max_parts > 0 && left.next().is_some()),
            part_number_marker: Some(after),
            next_part_number_marker: Some(shown.last().and_then(|part| part.part_number).unwrap_or(0)),
            max_parts: Some(max_parts),
            parts: Some(shown),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn get_object_tagging(&self, req: S3Request<GetObjectTaggingInput>) -> Answer<GetObjectTaggingOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let action = by_version(input.version_id.as_ref(), "s3:GetObjectTagging", "s3:GetObjectVersionTagging");
        let bucket = self.readable(&input.bucket, owner, action, Some(&input.key))?;
        let tags = self.find(&bucket, &input.key, input.version_id.as_deref())?.attributes.tags;
        let tag_set = tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect();
        Ok(S3Response::new(GetObjectTaggingOutput { tag_set, version_id: input.version_id }))
    }

    async fn put_object_tagging(&self, req: S3Request<PutObjectTaggingInput>) -> Answer<PutObjectTaggingOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let action = by_version(input.version_id.as_ref(), "s3:PutObjectTagging", "s3:PutObjectVersionTagging");
        let bucket = self.writable(&input.bucket, owner, action, Some(&input.key))?;
        let pair = |tag: Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        let tags = checked_tags(input.tagging.tag_set.into_iter().map(pair))?;
        self.tag_object(&bucket, &input.key, input.version_id.as_deref(), tags)?;
        Ok(S3Response::new(PutObjectTaggingOutput { version_id: input.version_id }))
    }

    async fn delete_object_tagging(
        &self,
        req: S3Request<DeleteObjectTaggingInput>,
    ) -> Answer<DeleteObjectTaggingOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let action = by_version(input.version_id.as_ref(), "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging");
        let bucket = self.writable(&input.bucket, owner, action, Some(&input.key))?;
        self.tag_object(&bucket, &input.key, input.version_id.as_deref(), Default::default())?;
        let output = DeleteObjectTaggingOutput { version_id: input.version_id };
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn get_bucket_acl(&self, req: S3Request<GetBucketAclInput>) -> Answer<GetBucketAclOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let bucket = self.readable(&req.input.bucket, owner, "s3:GetBucketAcl", None)?;
        let (owner, grants) = (Some(owner_of(&bucket.owner)), Some(full_control(&bucket)));
        Ok(S3Response::new(GetBucketAclOutput { grants, owner }))
    }

    async fn put_bucket_acl(&self, req: S3Request<PutBucketAclInput>) -> Answer<PutBucketAclOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, "s3:PutBucketAcl", None)?;
        let others = input.grant_write.is_some() || names_others(&bucket, input.access_control_policy.as_ref());
        wanted_acl!(input).or_grants(others).check(&bucket)?;
        Ok(S3Response::new(PutBucketAclOutput::default()))
    }

    async fn get_object_acl(&self, req: S3Request<GetObjectAclInput>) -> Answer<GetObjectAclOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let action = by_version(input.version_id.as_ref(), "s3:GetObjectAcl", "s3:GetObjectVersionAcl");
        let bucket = self.readable(&input.bucket, owner, action, Some(&input.key))?;
        self.find(&bucket, &input.key, input.version_id.as_deref())?;
        let (owner, grants) = (Some(owner_of(&bucket.owner)), Some(full_control(&bucket)));
        Ok(S3Response::new(GetObjectAclOutput { grants, owner, request_charged: None }))
    }

    async fn put_object_acl(&self, req: S3Request<PutObjectAclInput>) -> Answer<PutObjectAclOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let action = by_version(input.version_id.as_ref(), "s3:PutObjectAcl", "s3:PutObjectVersionAcl");
        let bucket = self.writable(&input.bucket, owner, action, Some(&input.key))?;
        let others = input.grant_write.is_some() || names_others(&bucket, input.access_control_policy.as_ref());
        wanted_acl!(input).or_grants(others).check(&bucket)?;
        self.find(&bucket, &input.key, input.version_id.as_deref())?;
        Ok(S3Response::new(PutObjectAclOutput::default()))
    }

    async fn put_bucket_lifecycle_configuration(
        &self,
        req: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> Answer<PutBucketLifecycleConfigurationOutput> {
        let input = req.input;
        let malformed = || s3_error!(MalformedXML, "a lifecycle configuration needs one rule at least");
        let configuration =
            input.lifecycle_configuration.filter(|given| !given.rules.is_empty()).ok_or_else(malformed)?;
        self.keep_setting(&input.bucket, input.expected_bucket_owner.as_ref(), &Kept::LIFECYCLE, &configuration)?;
        Ok(S3Response::new(PutBucketLifecycleConfigurationOutput::default()))
    }

    async fn get_bucket_lifecycle_configuration(
        &self,
        req: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> Answer<GetBucketLifecycleConfigurationOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let found: Option<BucketLifecycleConfiguration> =
            self.kept_setting(&req.input.bucket, owner, &Kept::LIFECYCLE)?;
        let absent = || s3_error!(NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist");
        let rules = Some(found.ok_or_else(absent)?.rules);
        Ok(S3Response::new(GetBucketLifecycleConfigurationOutput { rules, ..Default::default() }))
    }

    async fn delete_bucket_lifecycle(
        &self,
        req: S3Request<DeleteBucketLifecycleInput>,
    ) -> Answer<DeleteBucketLifecycleOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.forget_setting(&req.input.bucket, owner, &Kept::LIFECYCLE)?;
        Ok(S3Response::with_status(DeleteBucketLifecycleOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn put_bucket_cors(&self, req: S3Request<PutBucketCorsInput>) -> Answer<PutBucketCorsOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.keep_setting(&req.input.bucket, owner, &Kept::CORS, &req.input.cors_configuration)?;
        Ok(S3Response::new(PutBucketCorsOutput::default()))
    }

    async fn get_bucket_cors(&self, req: S3Request<GetBucketCorsInput>) -> Answer<GetBucketCorsOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let found: Option<CORSConfiguration> = self.kept_setting(&req.input.bucket, owner, &Kept::CORS)?;
        let absent = || s3_error!(NoSuchCORSConfiguration, "The CORS configuration does not exist");
        Ok(S3Response::new(GetBucketCorsOutput { cors_rules: Some(found.ok_or_else(absent)?.cors_rules) }))
    }

    async fn delete_bucket_cors(&self, req: S3Request<DeleteBucketCorsInput>) -> Answer<DeleteBucketCorsOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.forget_setting(&req.input.bucket, owner, &Kept::CORS)?;
        Ok(S3Response::with_status(DeleteBucketCorsOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn put_bucket_website(&self, req: S3Request<PutBucketWebsiteInput>) -> Answer<PutBucketWebsiteOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.keep_setting(&req.input.bucket, owner, &Kept::WEBSITE, &req.input.website_configuration)?;
        Ok(S3Response::new(PutBucketWebsiteOutput::default()))
    }

    async fn get_bucket_website(&self, req: S3Request<GetBucketWebsiteInput>) -> Answer<GetBucketWebsiteOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let found: Option<WebsiteConfiguration> = self.kept_setting(&req.input.bucket, owner, &Kept::WEBSITE)?;
        let absent =
            || s3_error!(NoSuchWebsiteConfiguration, "The specified bucket does not have a website configuration");
        let WebsiteConfiguration { error_document, index_document, redirect_all_requests_to, routing_rules } =
            found.ok_or_else(absent)?;
        Ok(S3Response::new(GetBucketWebsiteOutput {
            error_document,
            index_document,
            redirect_all_requests_to,
            routing_rules,
        }))
    }

    async fn delete_bucket_website(
        &self,
        req: S3Request<DeleteBucketWebsiteInput>,
    ) -> Answer<DeleteBucketWebsiteOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.forget_setting(&req.input.bucket, owner, &Kept::WEBSITE)?;
        Ok(S3Response::with_status(DeleteBucketWebsiteOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn put_bucket_logging(&self, req: S3Request<PutBucketLoggingInput>) -> Answer<PutBucketLoggingOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.keep_setting(&req.input.bucket, owner, &Kept::LOGGING, &req.input.bucket_logging_status)?;
        Ok(S3Response::new(PutBucketLoggingOutput::default()))
    }

    async fn get_bucket_logging(&self, req: S3Request<GetBucketLoggingInput>) -> Answer<GetBucketLoggingOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let found: Option<BucketLoggingStatus> = self.kept_setting(&req.input.bucket, owner, &Kept::LOGGING)?;
        let logging_enabled = found.and_then(|status| status.logging_enabled);
        Ok(S3Response::new(GetBucketLoggingOutput { logging_enabled }))
    }

    async fn put_bucket_notification_configuration(
        &self,
        req: S3Request<PutBucketNotificationConfigurationInput>,
    ) -> Answer<PutBucketNotificationConfigurationOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.keep_setting(&req.input.bucket, owner, &Kept::NOTIFICATION, &req.input.notification_configuration)?;
        Ok(S3Response::new(PutBucketNotificationConfigurationOutput::default()))
    }

    async fn get_bucket_notification_configuration(
        &self,
        req: S3Request<GetBucketNotificationConfigurationInput>,
    ) -> Answer<GetBucketNotificationConfigurationOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let found: Option<NotificationConfiguration> =
            self.kept_setting(&req.input.bucket, owner, &Kept::NOTIFICATION)?;
        let found = found.unwrap_or_default();
        Ok(S3Response::new(GetBucketNotificationConfigurationOutput {
            event_bridge_configuration: found.event_bridge_configuration,
            lambda_function_configurations: found.lambda_function_configurations,
            queue_configurations: found.queue_configurations,
            topic_configurations: found.topic_configurations,
        }))
    }

    async fn put_bucket_accelerate_configuration(
        &self,
        req: S3Request<PutBucketAccelerateConfigurationInput>,
    ) -> Answer<PutBucketAccelerateConfigurationOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.keep_setting(&req.input.bucket, owner, &Kept::ACCELERATION, &req.input.accelerate_configuration)?;
        Ok(S3Response::new(PutBucketAccelerateConfigurationOutput::default()))
    }

    async fn get_bucket_accelerate_configuration(
        &self,
        req: S3Request<GetBucketAccelerateConfigurationInput>,
    ) -> Answer<GetBucketAccelerateConfigurationOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let found: Option<AccelerateConfiguration> =
            self.kept_setting(&req.input.bucket, owner, &Kept::ACCELERATION)?;
        let status = found.and_then(|found| found.status);
        Ok(S3Response::new(GetBucketAccelerateConfigurationOutput { status, request_charged: None }))
    }

    async fn put_bucket_request_payment(
        &self,
        req: S3Request<PutBucketRequestPaymentInput>,
    ) -> Answer<PutBucketRequestPaymentOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.keep_setting(&req.input.bucket, owner, &Kept::PAYMENT, &req.input.request_payment_configuration)?;
        Ok(S3Response::new(PutBucketRequestPaymentOutput::default()))
    }

    async fn get_bucket_request_payment(
        &self,
        req: S3Request<GetBucketRequestPaymentInput>,
    ) -> Answer<GetBucketRequestPaymentOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        let found: Option<RequestPaymentConfiguration> = self.kept_setting(&req.input.bucket, owner, &Kept::PAYMENT)?;
        let payer = found.map_or_else(|| Payer::from_static(Payer::BUCKET_OWNER), |found| found.payer);
        Ok(S3Response::new(GetBucketRequestPaymentOutput { payer: Some(payer) }))
    }

    async fn get_bucket_replication(
        &self,
        req: S3Request<GetBucketReplicationInput>,
    ) -> Answer<GetBucketReplicationOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.readable(&req.input.bucket, owner, "s3:GetReplicationConfiguration", None)?;
        Err(s3_error!(ReplicationConfigurationNotFoundError, "The replication configuration was not found"))
    }

    async fn get_object_lock_configuration(
        &self,
        req: S3Request<GetObjectLockConfigurationInput>,
    ) -> Answer<GetObjectLockConfigurationOutput> {
        let owner = req.input.expected_bucket_owner.as_ref();
        self.readable(&req.input.bucket, owner, "s3:GetBucketObjectLockConfiguration", None)?;
        Err(s3_error!(ObjectLockConfigurationNotFoundError, "Object Lock configuration does not exist for this bucket"))
    }

    async fn delete_bucket_encryption(
        &self,
        req: S3Request<DeleteBucketEncryptionInput>,
    ) -> Answer<DeleteBucketEncryptionOutput> {
        self.delete_encryption(&req.input)
    }

    async fn delete_bucket_ownership_controls(
        &self,
        req: S3Request<DeleteBucketOwnershipControlsInput>,
    ) -> Answer<DeleteBucketOwnershipControlsOutput> {
        self.delete_ownership(&req.input)
    }

    async fn list_object_versions(&self, req: S3Request<ListObjectVersionsInput>) -> Answer<ListObjectVersionsOutput> {
        self.list_versions(req.input).map(S3Response::new)
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, "s3:PutObject", Some(&input.key))?;
        self.may_tag_and_grant(&bucket, &input.key, input.tagging.is_some(), wanted_acl!(input).is_named())?;
        wanted_acl!(input).check(&bucket)?;
        known_algorithm(input.checksum_algorithm.as_ref())?;
        let mut attributes = attributes!(input);
        attributes.encryption = ObjectEncryption::for_write(wanted_encryption!(input), &bucket, &self.account)?;
        let encryption = attributes.encryption.clone();
        let upload = self.start_upload(&bucket.name, &input.key, attributes)?;
        let mut output = CreateMultipartUploadOutput {
            bucket: Some(upload.bucket),
            key: Some(upload.key),
            upload_id: Some(upload.id),
            checksum_algorithm: input.checksum_algorithm,
            checksum_type: input.checksum_type,
            ssekms_encryption_context: input.ssekms_encryption_context,
            ..Default::default()
        };
        show_encryption!(output, encryption.as_ref());
        Ok(S3Response::new(output))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        let (headers, trailing) = (req.headers, req.trailing_headers);
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, "s3:PutObject", Some(&input.key))?;
        check_part_number(input.part_number)?;
        let encryption = self.upload_encryption(&bucket.name, &input.key, &input.upload_id)?;
        check_part_key(encryption.as_ref(), customer_key!(input))?;
        let declared = declared!(input, headers, trailing);
        let staged = self.stage(&bucket.name, input.body, declared).await?;
        let checksum = staged.checksum.clone();
        let etag = self.add_part(&bucket.name, &input.key, &input.upload_id, input.part_number, staged)?;
        let mut output = UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            ..Default::default()
        };
        show_encryption!(output, encryption.as_ref());
        Ok(S3Response::new(output))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, "s3:PutObject", Some(&input.key))?;
        if customer_key!(input).is_sent() {
            let encryption = self.upload_encryption(&bucket.name, &input.key, &input.upload_id)?;
            check_part_key(encryption.as_ref(), customer_key!(input))?;
        }
        let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let conditions = write_conditions(input.if_none_match, input.if_match)?;
        self.may_compare(&bucket, &input.key, &conditions)?;
        let declared = Checksum {
            checksum_crc32: input.checksum_crc32,
            checksum_crc32c: input.checksum_crc32c,
            checksum_crc64nvme: input.checksum_crc64nvme,
            checksum_sha1: input.checksum_sha1,
            checksum_sha256: input.checksum_sha256,
            checksum_type: None,
        };
        let checksum = self.check_declared(&bucket.name, &input.key, &input.upload_id, &listed, &declared).await?;
        let completion =
            Completion { parts: &listed, conditions: &conditions, expected_size: input.mpu_object_size, checksum };
        let version = self.complete_upload(&bucket, &input.key, &input.upload_id, completion)?;
        let checksum = version.attributes.checksum.clone().map(checksum_of).unwrap_or_default();
        let encryption = EncryptionHeaders::new(version.attributes.encryption.as_ref());
        let output = CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", bucket.name, input.key)),
            version_id: bucket.versioning.is_some().then_some(version.id),
            server_side_encryption: encryption.algorithm,
            ssekms_key_id: encryption.key,
            bucket_key_enabled: encryption.bucket_key,
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            checksum_type: checksum.checksum_type,
            bucket: Some(bucket.name),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(version.etag)),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        let input = req.input;
        let owner = input.expected_bucket_owner.as_ref();
        let bucket = self.writable(&input.bucket, owner, "s3:AbortMultipartUpload", Some(&input.key))?;
        self.abort_upload(&bucket.name, &input.key, &input.upload_id)?;
        Ok(S3Response::with_status(AbortMultipartUploadOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        self.list_uploads(req.input).map(S3Response::new)
    }
}

impl Buckets {
    pub(super) fn readable(
        &self,
        name: &str,
        owner: Option<&String>,
        action: &str,
        key: Option<&str>,
    ) -> S3Result<Bucket> {
        self.open(&self.caller, name, owner.map(String::as_str), action, key)
    }

    /// As `readable`; nothing is ever written to a mounted directory.
    fn writable(&self, name: &str, owner: Option<&String>, action: &str, key: Option<&str>) -> S3Result<Bucket> {
        let bucket = self.readable(name, owner, action, key)?;
        match self.mount(name) {
            Some(_) => Err(s3_error!(AccessDenied, "Access Denied")),
            None => Ok(bucket),
        }
    }

    /// Tags and ACLs of a write are rights of their own (R33).
    fn may_tag_and_grant(&self, bucket: &Bucket, key: &str, tags: bool, grants: bool) -> S3Result<()> {
        let asked = [(tags, "s3:PutObjectTagging"), (grants, "s3:PutObjectAcl")];
        let mut asked = asked.iter().filter(|(is_asked, _)| *is_asked);
        asked.try_for_each(|(_, action)| self.readable(&bucket.name, None, action, Some(key)).map(drop))
    }

    /// Who compares an ETag may find out what is there: that wants the right to read it.
    fn may_compare(&self, bucket: &Bucket, key: &str, conditions: &Preconditions) -> S3Result<()> {
        match conditions.must_match {
            Some(ETagCondition::ETag(_)) => self.readable(&bucket.name, None, "s3:GetObject", Some(key)).map(drop),
            _ => Ok(()),
        }
    }

    fn tag_object(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<&str>,
        tags: BTreeMap<String, String>,
    ) -> S3Result<()> {
        let _guard = self.store.change();
        let mut found = self.version(bucket, key, version)?;
        found.attributes.tags = tags;
        self.save_version(&bucket.name, &found).map_err(super::bucket::internal)
    }
}
