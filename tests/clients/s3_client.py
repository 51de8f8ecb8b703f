"""boto3 against the local S3 alone: what listings, settings and conditions answer, where other stand-ins are content with less."""

import datetime
import urllib.request

import boto3
from botocore.exceptions import ClientError

s3 = boto3.client("s3")
HERE = {"LocationConstraint": s3.meta.region_name}
HOUR = datetime.timedelta(hours=1)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return
    raise AssertionError(f"{code} was expected")


# Nobody but the owner has anything, and only who asks for ACLs may name them.
s3.create_bucket(Bucket="kept", CreateBucketConfiguration=HERE)
s3.create_bucket(Bucket="listed", CreateBucketConfiguration=HERE, ACL="private")
ownership = s3.get_bucket_ownership_controls(Bucket="listed")["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
assert ownership == "BucketOwnerPreferred", ownership
refused("InvalidBucketAclWithObjectOwnership", s3.create_bucket, Bucket="public", ACL="public-read", CreateBucketConfiguration=HERE)
refused("InvalidBucketAclWithObjectOwnership", s3.create_bucket, Bucket="shared", GrantWrite="id=1", CreateBucketConfiguration=HERE)
for acl in "public-read", "private":
    refused("AccessControlListNotSupported", s3.put_object, Bucket="kept", Key="a", ACL=acl)
s3.put_object(Bucket="kept", Key="a", ACL="bucket-owner-full-control")
refused("AccessDenied", s3.put_object, Bucket="listed", Key="a", ACL="public-read")
refused("AccessControlListNotSupported", s3.put_bucket_acl, Bucket="kept", ACL="public-read")
assert s3.get_object_acl(Bucket="kept", Key="a")["Grants"][0]["Permission"] == "FULL_CONTROL"

# Settings that are kept and told, and how their absence is told.
rule = {"ID": "x", "Filter": {"Prefix": "logs/"}, "Status": "Enabled", "Expiration": {"Days": 3}}
settings = [
    ("lifecycle_configuration", "LifecycleConfiguration", {"Rules": [rule]}, "NoSuchLifecycleConfiguration"),
    ("cors", "CORSConfiguration", {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}, "NoSuchCORSConfiguration"),
    ("website", "WebsiteConfiguration", {"IndexDocument": {"Suffix": "index.html"}}, "NoSuchWebsiteConfiguration"),
    ("logging", "BucketLoggingStatus", {"LoggingEnabled": {"TargetBucket": "listed", "TargetPrefix": "log/"}}, None),
    ("notification_configuration", "NotificationConfiguration", {"EventBridgeConfiguration": {}}, None),
    ("accelerate_configuration", "AccelerateConfiguration", {"Status": "Enabled"}, None),
    ("request_payment", "RequestPaymentConfiguration", {"Payer": "Requester"}, None),
]
for name, field, value, absent in settings:
    get = getattr(s3, f"get_bucket_{name}")
    if absent:
        refused(absent, get, Bucket="kept")
    else:
        get(Bucket="kept")
    getattr(s3, f"put_bucket_{name}")(Bucket="kept", **{field: value})
    told = get(Bucket="kept")
    assert value.items() <= told.items(), (name, told)
for delete, (name, _, _, absent) in zip((s3.delete_bucket_lifecycle, s3.delete_bucket_cors, s3.delete_bucket_website), settings):
    delete(Bucket="kept")
    refused(absent, getattr(s3, f"get_bucket_{name}"), Bucket="kept")
refused("ReplicationConfigurationNotFoundError", s3.get_bucket_replication, Bucket="kept")
refused("ObjectLockConfigurationNotFoundError", s3.get_object_lock_configuration, Bucket="kept")
refused("NoSuchBucketPolicy", s3.get_bucket_policy_status, Bucket="kept")

# An object is told with all that it was given; parts of nothing are refused.
weird = "a b+c/é\x01\n&<>%2F.json"
expires = datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)
given = {"ContentLanguage": "de", "CacheControl": "no-cache", "ContentDisposition": "attachment", "StorageClass": "STANDARD_IA"}
s3.put_object(Bucket="kept", Key=weird, Body=b"12345", Expires=expires, ChecksumAlgorithm="SHA256", **given)
head = s3.head_object(Bucket="kept", Key=weird, ChecksumMode="ENABLED")
assert given.items() <= head.items() and head["Expires"] == expires, head
assert head["ContentType"] == "binary/octet-stream" and head["ServerSideEncryption"] == "AES256", head
assert head["ChecksumSHA256"] == "WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U=", head
for algorithm in "CRC32", "SHA1":
    s3.put_object(Bucket="kept", Key="sum", Body=b"12345", ChecksumAlgorithm=algorithm)
    head = s3.head_object(Bucket="kept", Key="sum", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == s3.get_object(Bucket="kept", Key="sum")[f"Checksum{algorithm}"], head
assert s3.get_object(Bucket="kept", Key=weird, Range="bytes=1-2", ResponseContentType="text/x")["ContentType"] == "text/x"
attributes = s3.get_object_attributes(Bucket="kept", Key=weird, ObjectAttributes=["ETag", "ObjectSize", "StorageClass"])
assert (attributes["ObjectSize"], attributes["StorageClass"]) == (5, "STANDARD_IA"), attributes
now = datetime.datetime.now(datetime.timezone.utc)
refused("304", s3.head_object, Bucket="kept", Key=weird, IfModifiedSince=now)
s3.head_object(Bucket="kept", Key=weird, IfModifiedSince=now + HOUR)  # a time in the future is no condition
refused("PreconditionFailed", s3.get_object, Bucket="kept", Key=weird, IfUnmodifiedSince=now - HOUR)
for part in "bytes=-5", "bytes=0-", "bytes=0-1":
    refused("InvalidRange", s3.get_object, Bucket="kept", Key="a", Range=part)
address = s3.generate_presigned_url("get_object", Params={"Bucket": "kept", "Key": weird, "ResponseContentDisposition": "inline"})
assert urllib.request.urlopen(address).headers["Content-Disposition"] == "inline"

# Any key comes back as it was, and a listing of any page size tells everything once.
for listing, field in (s3.list_objects_v2, "Contents"), (s3.list_objects, "Contents"), (s3.list_object_versions, "Versions"):
    assert weird in [found["Key"] for found in listing(Bucket="kept")[field]], listing
    assert listing(Bucket="kept", Delimiter="/")["CommonPrefixes"] == [{"Prefix": "a b+c/"}], listing
s3.put_bucket_versioning(Bucket="listed", VersioningConfiguration={"Status": "Enabled"})
for key in "a/1", "a/2", "b", "c/1":
    for body in b"1", b"2":
        s3.put_object(Bucket="listed", Key=key, Body=body)
s3.delete_object(Bucket="listed", Key="b")
for size in 1, 2, 100:
    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket="listed", Delimiter="/", PaginationConfig={"PageSize": size}))
    versions = [found["Key"] for page in pages for kind in ("Versions", "DeleteMarkers") for found in page.get(kind, [])]
    prefixes = [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])]
    assert (versions, prefixes) == (["b", "b", "b"], ["a/", "c/"]), (size, versions, prefixes)
buckets = s3.list_buckets(MaxBuckets=1)
rest = s3.list_buckets(MaxBuckets=1, ContinuationToken=buckets["ContinuationToken"])
assert [found["Name"] for page in (buckets, rest) for found in page["Buckets"]] == ["kept", "listed"] and rest["Owner"]["ID"]
assert "ContinuationToken" not in rest, rest
print("all as it should be")
