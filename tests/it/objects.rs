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
        sdk.block_on(sdk.s3.delete_objects().bucket(HERE).delete(delete).send())
    };
    let objects = [
        named("a").e_tag(&etags[0]),
        named("b").e_tag("\"0\""),
        named("c").e_tag("*"),
        named("d").e_tag("*"),
        named("e"),
    ];
    let answer = delete(objects.into_iter().map(|object| object.build().unwrap()).collect()).unwrap();
    let deleted: Vec<_> = answer.deleted().iter().filter_map(|object| object.key()).collect();
    assert_eq!(deleted, ["a", "c", "e"]);
    let errors: Vec<_> = answer.errors().iter().map(|error| (error.key().unwrap(), error.code().unwrap())).collect();
    assert_eq!(errors, [("b", "PreconditionFailed"), ("d", "NoSuchKey")]);
    assert_eq!(body(&sdk, "b").as_deref(), Some("b"));
    let sized = vec![named("b").size(9).build().unwrap()];
    assert_eq!(refused(delete(sized)), is(501, "NotImplemented"));
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
