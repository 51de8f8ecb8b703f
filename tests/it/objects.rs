//! Objects of the local S3: conditions, keys, parts and headers are honoured or refused, and never passed over.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{CreateBucketConfiguration, Delete, ObjectIdentifier, VersioningConfiguration};

use crate::project::{Project, Sdk};

const HERE: &str = "objects";

fn cloud() -> (Project, Sdk) {
    let project = Project::empty();
    let sdk = project.cloud_with(Default::default());
    let place = CreateBucketConfiguration::builder().location_constraint("us-west-2".into()).build();
    sdk.block_on(sdk.s3.create_bucket().bucket(HERE).create_bucket_configuration(place).send()).unwrap();
    (project, sdk)
}

/// Status and code of a refusal; a HEAD has no code.
fn refused<T: std::fmt::Debug, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> (u16, String) {
    let error = answer.unwrap_err();
    let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
    (status, error.code().unwrap_or_default().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Writes an object and answers its ETag.
fn put(sdk: &Sdk, key: &str, body: &str) -> String {
    let call = sdk.s3.put_object().bucket(HERE).key(key).body(body.as_bytes().to_vec().into());
    sdk.block_on(call.send()).unwrap().e_tag.unwrap()
}

fn body(sdk: &Sdk, key: &str) -> Option<String> {
    let found = sdk.block_on(sdk.s3.get_object().bucket(HERE).key(key).send()).ok()?;
    let bytes = sdk.block_on(found.body.collect()).unwrap().to_vec();
    Some(String::from_utf8(bytes).unwrap())
}

fn keep_versions(sdk: &Sdk) {
    let on = VersioningConfiguration::builder().status("Enabled".into()).build();
    sdk.block_on(sdk.s3.put_bucket_versioning().bucket(HERE).versioning_configuration(on).send()).unwrap();
}

#[test]
fn a_delete_keeps_its_condition() {
    let (_project, sdk) = cloud();
    let delete = |key: &str| sdk.s3.delete_object().bucket(HERE).key(key);
    let etag = put(&sdk, "a", "1");
    assert_eq!(refused(sdk.block_on(delete("a").if_match("\"0\"").send())), is(412, "PreconditionFailed"));
    assert_eq!(refused(sdk.block_on(delete("b").if_match(&etag).send())), is(404, "NoSuchKey"));
    assert_eq!(refused(sdk.block_on(delete("b").if_match("*").send())), is(404, "NoSuchKey"));
    assert_eq!(refused(sdk.block_on(delete("a").if_match_size(9).send())), is(501, "NotImplemented"));
    let then = aws_sdk_s3::primitives::DateTime::from_secs(0);
    assert_eq!(refused(sdk.block_on(delete("a").if_match_last_modified_time(then).send())), is(501, "NotImplemented"));
    assert_eq!(body(&sdk, "a").as_deref(), Some("1"));
    sdk.block_on(delete("a").if_match(&etag).send()).unwrap();
    put(&sdk, "a", "2");
    sdk.block_on(delete("a").if_match("*").send()).unwrap();
    assert_eq!(body(&sdk, "a"), None);
    sdk.block_on(delete("a").send()).unwrap();

    // The newest version counts, and a delete marker is no object.
    keep_versions(&sdk);
    let (etag, other) = (put(&sdk, "v", "1"), put(&sdk, "v", "2"));
    assert_eq!(refused(sdk.block_on(delete("v").if_match(&etag).send())), is(412, "PreconditionFailed"));
    let version = sdk.block_on(sdk.s3.head_object().bucket(HERE).key("v").send()).unwrap().version_id.unwrap();
    let named = delete("v").if_match(&other).version_id(version);
    assert_eq!(refused(sdk.block_on(named.send())), is(501, "NotImplemented"));
    sdk.block_on(delete("v").if_match(&other).send()).unwrap();
    assert_eq!(refused(sdk.block_on(delete("v").if_match(&other).send())), is(404, "NoSuchKey"));
    let listed = sdk.block_on(sdk.s3.list_object_versions().bucket(HERE).prefix("v").send()).unwrap();
    assert_eq!((listed.versions().len(), listed.delete_markers().len()), (2, 1));
}

#[test]
fn a_delete_of_many_keeps_the_condition_of_each() {
    let (_project, sdk) = cloud();
    let etags: Vec<String> = ["a", "b", "c"].iter().map(|key| put(&sdk, key, key)).collect();
    let named = |key: &str| ObjectIdentifier::builder().key(key);
    let delete = |objects: Vec<ObjectIdentifier>| {
        let delete = Delete::builder().set_objects(Some(objects)).build().unwrap();
        sdk.s3.delete_objects().bucket(HERE).delete(delete).send()
    };
    let objects = [
        named("a").e_tag(&etags[0]),
        named("b").e_tag("\"0\""),
        named("c").e_tag("*"),
        named("d").e_tag("*"),
        named("e"),
    ];
    let objects = objects.into_iter().map(|object| object.build().unwrap()).collect();
    let answer = sdk.block_on(delete(objects)).unwrap();
    let deleted: Vec<_> = answer.deleted().iter().filter_map(|object| object.key()).collect();
    assert_eq!(deleted, ["a", "c", "e"]);
    let errors: Vec<_> = answer.errors().iter().map(|error| (error.key().unwrap(), error.code().unwrap())).collect();
    assert_eq!(errors, [("b", "PreconditionFailed"), ("d", "NoSuchKey")]);
    assert_eq!(body(&sdk, "b").as_deref(), Some("b"));
    let sized = vec![named("b").size(9).build().unwrap()];
    assert_eq!(refused(sdk.block_on(delete(sized))), is(501, "NotImplemented"));
    assert_eq!(body(&sdk, "b").as_deref(), Some("b"));
}

#[test]
fn a_write_keeps_its_condition() {
    let (_project, sdk) = cloud();
    let write = |key: &str| sdk.s3.put_object().bucket(HERE).key(key).body(b"new".to_vec().into());
    let etag = put(&sdk, "a", "1");
    assert_eq!(refused(sdk.block_on(write("a").if_none_match("*").send())), is(412, "PreconditionFailed"));
    assert_eq!(refused(sdk.block_on(write("a").if_match("\"0\"").send())), is(412, "PreconditionFailed"));
    assert_eq!(refused(sdk.block_on(write("b").if_match(&etag).send())), is(404, "NoSuchKey"));
    // What a write cannot mean is not taken for something else.
    assert_eq!(refused(sdk.block_on(write("b").if_none_match(&etag).send())), is(501, "NotImplemented"));
    assert_eq!(refused(sdk.block_on(write("b").if_match("*").send())), is(501, "NotImplemented"));
    let both = write("a").if_match(&etag).if_none_match("*");
    assert_eq!(refused(sdk.block_on(both.send())), is(501, "NotImplemented"));
    assert_eq!((body(&sdk, "a").as_deref(), body(&sdk, "b")), (Some("1"), None));
    sdk.block_on(write("a").if_match(&etag).send()).unwrap();
    sdk.block_on(write("b").if_none_match("*").send()).unwrap();
}

#[test]
fn a_copy_keeps_the_conditions_of_both_ends() {
    let (_project, sdk) = cloud();
    let (etag, other) = (put(&sdk, "from", "1"), put(&sdk, "to", "2"));
    let copy = |to: &str| sdk.s3.copy_object().bucket(HERE).key(to).copy_source(format!("{HERE}/from"));
    assert_eq!(refused(sdk.block_on(copy("to").if_none_match("*").send())), is(412, "PreconditionFailed"));
    assert_eq!(refused(sdk.block_on(copy("to").if_match(&etag).send())), is(412, "PreconditionFailed"));
    assert_eq!(refused(sdk.block_on(copy("none").if_match(&etag).send())), is(404, "NoSuchKey"));
    let source = [
        copy("to").copy_source_if_match(&other),
        copy("to").copy_source_if_none_match(&etag),
        copy("to").copy_source_if_unmodified_since(aws_sdk_s3::primitives::DateTime::from_secs(0)),
    ];
    for call in source {
        assert_eq!(refused(sdk.block_on(call.send())), is(412, "PreconditionFailed"));
    }
    let stranger = copy("to").expected_source_bucket_owner("111122223333");
    assert_eq!(refused(sdk.block_on(stranger.send())), is(403, "AccessDenied"));
    assert_eq!(body(&sdk, "to").as_deref(), Some("2"));
    // Nothing has been modified since a time that is still to come.
    let future = aws_sdk_s3::primitives::DateTime::from_secs(4_102_444_800);
    sdk.block_on(copy("to").if_match(&other).copy_source_if_modified_since(future).send()).unwrap();
    assert_eq!(body(&sdk, "to").as_deref(), Some("1"));
}

/// Keys of 256 bits in base64, each with its MD5.
const KEY: (&str, &str) = ("MTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4OTBhYmNkZWY=", "JMwgiexXqwuPqIPjYFmIZQ==");
const OTHER_KEY: (&str, &str) = ("YWJjZGVmMTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4OTA=", "KoitZ78ZSAQHz4+gxDpJqQ==");

/// A call with a customer's key: their builders share their methods, not a type.
macro_rules! with_key {
    ($call:expr, $key:expr) => {
        $call.sse_customer_algorithm("AES256").sse_customer_key($key.0).sse_customer_key_md5($key.1)
    };
}

#[test]
fn an_object_with_a_customers_key_is_answered_to_that_key_alone() {
    let (_project, sdk) = cloud();
    let write = || sdk.s3.put_object().bucket(HERE).key("a").body(b"1".to_vec().into());
    let written = sdk.block_on(with_key!(write(), KEY).send()).unwrap();
    assert_eq!((written.server_side_encryption(), written.sse_customer_key_md5()), (None, Some(KEY.1)));
    let (get, head) = (|| sdk.s3.get_object().bucket(HERE).key("a"), || sdk.s3.head_object().bucket(HERE).key("a"));
    assert_eq!(refused(sdk.block_on(get().send())), is(400, "InvalidRequest"));
    assert_eq!(refused(sdk.block_on(head().send())).0, 400);
    assert_eq!(refused(sdk.block_on(with_key!(get(), OTHER_KEY).send())), is(403, "AccessDenied"));
    assert_eq!(refused(sdk.block_on(with_key!(head(), OTHER_KEY).send())).0, 403);
    let attributes = || {
        let call = sdk.s3.get_object_attributes().bucket(HERE).key("a");
        call.object_attributes(aws_sdk_s3::types::ObjectAttributes::ObjectSize)
    };
    assert_eq!(refused(sdk.block_on(attributes().send())), is(400, "InvalidRequest"));
    assert_eq!(sdk.block_on(with_key!(attributes(), KEY).send()).unwrap().object_size(), Some(1));
    let found = sdk.block_on(with_key!(get(), KEY).send()).unwrap();
    assert_eq!((found.server_side_encryption(), found.sse_customer_key_md5()), (None, Some(KEY.1)));
    assert_eq!(sdk.block_on(found.body.collect()).unwrap().to_vec(), b"1");
    put(&sdk, "plain", "1");
    let plain = sdk.s3.get_object().bucket(HERE).key("plain");
    assert_eq!(refused(sdk.block_on(with_key!(plain, KEY).send())), is(400, "InvalidRequest"));

    let copy = || sdk.s3.copy_object().bucket(HERE).key("b").copy_source(format!("{HERE}/a"));
    let source = |key: (&str, &str)| {
        let call = copy().copy_source_sse_customer_algorithm("AES256").copy_source_sse_customer_key(key.0);
        call.copy_source_sse_customer_key_md5(key.1)
    };
    assert_eq!(refused(sdk.block_on(copy().send())), is(400, "InvalidRequest"));
    assert_eq!(refused(sdk.block_on(source(OTHER_KEY).send())), is(403, "AccessDenied"));
    sdk.block_on(source(KEY).send()).unwrap();
    assert_eq!(body(&sdk, "b").as_deref(), Some("1"));
    sdk.block_on(with_key!(source(KEY), OTHER_KEY).send()).unwrap();
    assert_eq!(body(&sdk, "b"), None);

    for (key, code) in [((KEY.0, OTHER_KEY.1), "InvalidArgument"), (("MTIz", KEY.1), "InvalidArgument")] {
        assert_eq!(refused(sdk.block_on(with_key!(write(), key).send())), is(400, code));
    }
    let other = write().sse_customer_algorithm("KMS").sse_customer_key(KEY.0).sse_customer_key_md5(KEY.1);
    assert_eq!(refused(sdk.block_on(other.send())), is(400, "InvalidEncryptionAlgorithmError"));
    let both = with_key!(write(), KEY).server_side_encryption(aws_sdk_s3::types::ServerSideEncryption::Aes256);
    assert_eq!(refused(sdk.block_on(both.send())), is(400, "InvalidArgument"));
}

#[test]
fn every_part_of_an_upload_comes_with_the_key_that_it_was_begun_with() {
    let (_project, sdk) = cloud();
    let begin = with_key!(sdk.s3.create_multipart_upload().bucket(HERE).key("a"), KEY);
    let upload = sdk.block_on(begin.send()).unwrap().upload_id.unwrap();
    let part = || {
        let call = sdk.s3.upload_part().bucket(HERE).key("a").upload_id(&upload).part_number(1);
        call.body(b"1".to_vec().into())
    };
    assert_eq!(refused(sdk.block_on(part().send())), is(400, "InvalidRequest"));
    assert_eq!(refused(sdk.block_on(with_key!(part(), OTHER_KEY).send())), is(400, "InvalidRequest"));
    let etag = sdk.block_on(with_key!(part(), KEY).send()).unwrap().e_tag;
    let part = aws_sdk_s3::types::CompletedPart::builder().part_number(1).set_e_tag(etag).build();
    let parts = aws_sdk_s3::types::CompletedMultipartUpload::builder().parts(part).build();
    let complete = sdk.s3.complete_multipart_upload().bucket(HERE).key("a").upload_id(&upload);
    sdk.block_on(complete.multipart_upload(parts).send()).unwrap();
    assert_eq!(body(&sdk, "a"), None);
    let get = with_key!(sdk.s3.get_object().bucket(HERE).key("a"), KEY);
    assert_eq!(sdk.block_on(get.send()).unwrap().sse_customer_key_md5(), Some(KEY.1));
}

#[test]
fn an_object_tells_the_key_of_kms_that_it_was_written_with() {
    use aws_sdk_s3::types::{
        ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
        ServerSideEncryptionRule,
    };
    let (_project, sdk) = cloud();
    let told = |key: &str| {
        let found = sdk.block_on(sdk.s3.head_object().bucket(HERE).key(key).send()).unwrap();
        let (method, key) = (found.server_side_encryption().cloned().unwrap(), found.ssekms_key_id());
        (method, key.map(str::to_owned), found.bucket_key_enabled())
    };
    let write = |key: &str| sdk.s3.put_object().bucket(HERE).key(key).body(b"1".to_vec().into());
    let arn = |id: &str| Some(format!("arn:aws:kms:us-west-2:{}:key/{id}", crate::project::ACCOUNT));
    let kms = write("kms").server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id("my-key");
    let written = sdk.block_on(kms.bucket_key_enabled(true).send()).unwrap();
    assert_eq!(written.ssekms_key_id().map(str::to_owned), arn("my-key"));
    assert_eq!(told("kms"), (ServerSideEncryption::AwsKms, arn("my-key"), Some(true)));
    let twice = write("dsse").server_side_encryption(ServerSideEncryption::AwsKmsDsse);
    sdk.block_on(twice.send()).unwrap();
    let (method, managed, _) = told("dsse");
    assert_eq!(method, ServerSideEncryption::AwsKmsDsse);
    assert!(managed.is_some_and(|key| key.starts_with("arn:aws:kms:us-west-2:")), "the key aws/s3");
    let without = write("x").ssekms_key_id("my-key");
    assert_eq!(refused(sdk.block_on(without.send())), is(400, "InvalidArgument"));

    // A default is that of the time of the write, and a copy's that of its own bucket.
    put(&sdk, "before", "1");
    let default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms);
    let default = default.kms_master_key_id("arn:aws:kms:us-west-2:111122223333:key/k").build().unwrap();
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
    let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    let call = sdk.s3.put_bucket_encryption().bucket(HERE).server_side_encryption_configuration(configuration);
    sdk.block_on(call.send()).unwrap();
    put(&sdk, "after", "1");
    let expected = Some("arn:aws:kms:us-west-2:111122223333:key/k".to_owned());
    assert_eq!(told("before"), (ServerSideEncryption::Aes256, None, None));
    assert_eq!(told("after"), (ServerSideEncryption::AwsKms, expected.clone(), None));
    let copy = sdk.s3.copy_object().bucket(HERE).key("copy").copy_source(format!("{HERE}/kms"));
    sdk.block_on(copy.send()).unwrap();
    assert_eq!(told("copy"), (ServerSideEncryption::AwsKms, expected, None));
    let plain = write("plain").server_side_encryption(ServerSideEncryption::Aes256);
    sdk.block_on(plain.send()).unwrap();
    assert_eq!(told("plain"), (ServerSideEncryption::Aes256, None, None));
}

/// Completes an upload of these parts, and answers its ETag.
fn put_parts(sdk: &Sdk, key: &str, bodies: Vec<Vec<u8>>) -> String {
    let begin = sdk.s3.create_multipart_upload().bucket(HERE).key(key);
    let upload = sdk.block_on(begin.send()).unwrap().upload_id.unwrap();
    let mut parts = aws_sdk_s3::types::CompletedMultipartUpload::builder();
    for (number, body) in (1..).zip(bodies) {
        let call = sdk.s3.upload_part().bucket(HERE).key(key).upload_id(&upload).part_number(number);
        let etag = sdk.block_on(call.body(body.into()).send()).unwrap().e_tag;
        parts = parts.parts(aws_sdk_s3::types::CompletedPart::builder().part_number(number).set_e_tag(etag).build());
    }
    let complete = sdk.s3.complete_multipart_upload().bucket(HERE).key(key).upload_id(upload);
    sdk.block_on(complete.multipart_upload(parts.build()).send()).unwrap().e_tag.unwrap()
}

#[test]
fn a_part_of_an_object_is_answered_by_its_number() {
    let (_project, sdk) = cloud();
    let first = 5 << 20;
    put_parts(&sdk, "two", vec![vec![b'x'; first], b"end".to_vec()]);
    put(&sdk, "one", "all");
    put(&sdk, "empty", "");
    let get = |key: &str, number: i32| sdk.s3.get_object().bucket(HERE).key(key).part_number(number);
    let head = |key: &str, number: i32| sdk.s3.head_object().bucket(HERE).key(key).part_number(number);

    let found = sdk.block_on(get("two", 2).send()).unwrap();
    let range = format!("bytes {first}-{}/{}", first + 2, first + 3);
    assert_eq!((found.content_range(), found.parts_count()), (Some(range.as_str()), Some(2)));
    assert_eq!(sdk.block_on(found.body.collect()).unwrap().to_vec(), b"end");
    let told = sdk.block_on(head("two", 1).send()).unwrap();
    assert_eq!((told.content_length(), told.parts_count()), (Some(5 << 20), Some(2)));
    let found = sdk.block_on(get("one", 1).send()).unwrap();
    assert_eq!((found.content_range(), found.parts_count()), (Some("bytes 0-2/3"), None));
    assert_eq!(sdk.block_on(found.body.collect()).unwrap().to_vec(), b"all");
    assert_eq!(sdk.block_on(get("empty", 1).send()).unwrap().content_length(), Some(0));

    for (key, number) in [("two", 3), ("one", 2), ("empty", 2)] {
        assert_eq!(refused(sdk.block_on(get(key, number).send())), is(416, "InvalidPartNumber"));
        assert_eq!(refused(sdk.block_on(head(key, number).send())).0, 416);
    }
    assert_eq!(refused(sdk.block_on(get("two", 0).send())), is(400, "InvalidArgument"));
    assert_eq!(refused(sdk.block_on(get("two", 10_001).send())), is(400, "InvalidArgument"));
    assert_eq!(refused(sdk.block_on(get("two", 1).range("bytes=0-1").send())), is(400, "InvalidRequest"));

    let attributes = |key: &str| {
        let call = sdk.s3.get_object_attributes().bucket(HERE).key(key);
        let call = call.object_attributes(aws_sdk_s3::types::ObjectAttributes::ObjectParts);
        sdk.block_on(call.send()).unwrap().object_parts.and_then(|parts| parts.total_parts_count)
    };
    assert_eq!((attributes("two"), attributes("one")), (Some(2), None));
}

#[test]
fn what_is_not_here_is_refused_and_changes_nothing() {
    let (_project, sdk) = cloud();
    put(&sdk, "a", "1");
    let write = || sdk.s3.put_object().bucket(HERE).key("a").body(b"2".to_vec().into());
    assert_eq!(refused(sdk.block_on(write().write_offset_bytes(1).send())), is(501, "NotImplemented"));
    assert_eq!(refused(sdk.block_on(write().website_redirect_location("/b").send())), is(501, "NotImplemented"));
    let held = write().object_lock_legal_hold_status(aws_sdk_s3::types::ObjectLockLegalHoldStatus::On);
    assert_eq!(refused(sdk.block_on(held.send())), is(400, "InvalidRequest"));
    assert_eq!(refused(sdk.block_on(write().content_md5("MTIz").send())), is(400, "InvalidDigest"));
    let many = (0..11).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join("&");
    for tags in ["k=1&k=2", "=v", many.as_str()] {
        assert_eq!(refused(sdk.block_on(write().tagging(tags).send())), is(400, "InvalidTag"), "{tags}");
    }
    let delete = sdk.s3.delete_object().bucket(HERE).key("a").bypass_governance_retention(true);
    assert_eq!(refused(sdk.block_on(delete.send())), is(400, "InvalidArgument"));
    assert_eq!(body(&sdk, "a").as_deref(), Some("1"));
}

#[test]
fn an_upload_is_completed_only_as_what_was_declared() {
    use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart};
    let (_project, sdk) = cloud();
    let begin = sdk.s3.create_multipart_upload().bucket(HERE).key("a").checksum_algorithm(ChecksumAlgorithm::Crc32);
    let upload = sdk.block_on(begin.send()).unwrap().upload_id.unwrap();
    let part = sdk.s3.upload_part().bucket(HERE).key("a").upload_id(&upload).part_number(1);
    let part = part.checksum_algorithm(ChecksumAlgorithm::Crc32).body(b"abc".to_vec().into());
    let part = sdk.block_on(part.send()).unwrap();
    // The CRC32 of "abc".
    assert_eq!(part.checksum_crc32(), Some("NSRBwg=="));
    let complete = |checksum: &str| {
        let part = CompletedPart::builder().part_number(1).set_e_tag(part.e_tag.clone()).checksum_crc32(checksum);
        let parts = CompletedMultipartUpload::builder().parts(part.build()).build();
        sdk.s3.complete_multipart_upload().bucket(HERE).key("a").upload_id(&upload).multipart_upload(parts)
    };
    assert_eq!(refused(sdk.block_on(complete("AAAAAA==").send())), is(400, "InvalidPart"));
    let sized = complete("NSRBwg==").mpu_object_size(4);
    assert_eq!(refused(sdk.block_on(sized.send())), is(400, "InvalidRequest"));
    for wrong in ["AAAAAA==", "AAAAAA==-1"] {
        let call = complete("NSRBwg==").checksum_crc32(wrong);
        assert_eq!(refused(sdk.block_on(call.send())), is(400, "BadDigest"));
    }
    assert_eq!(body(&sdk, "a"), None);
    let right = complete("NSRBwg==").checksum_crc32("NSRBwg==").mpu_object_size(3);
    assert_eq!(sdk.block_on(right.send()).unwrap().checksum_crc32(), Some("NSRBwg=="));
    assert_eq!(body(&sdk, "a").as_deref(), Some("abc"));

    let copy = sdk.s3.copy_object().bucket(HERE).key("b").copy_source(format!("{HERE}/a"));
    sdk.block_on(copy.checksum_algorithm(ChecksumAlgorithm::Sha256).send()).unwrap();
    let head = sdk.s3.head_object().bucket(HERE).key("b").checksum_mode(ChecksumMode::Enabled);
    let sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    assert_eq!(sdk.block_on(head.send()).unwrap().checksum_sha256(), Some(sha256));
}

#[test]
fn a_versioning_status_that_does_not_exist_hides_nothing() {
    let (_project, sdk) = cloud();
    keep_versions(&sdk);
    put(&sdk, "a", "1");
    let set = |status: Option<&str>| {
        let wanted = VersioningConfiguration::builder().set_status(status.map(Into::into)).build();
        sdk.s3.put_bucket_versioning().bucket(HERE).versioning_configuration(wanted).send()
    };
    assert_eq!(refused(sdk.block_on(set(Some("enabled")))), is(400, "MalformedXML"));
    assert_eq!(refused(sdk.block_on(set(None))), is(400, "IllegalVersioningConfigurationException"));
    assert_eq!(body(&sdk, "a").as_deref(), Some("1"));
}
