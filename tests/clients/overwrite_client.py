"""Objects that are overwritten, deleted, copied and read at once, for SPARKIFY_TEST_OVERWRITE_SECONDS (12): whoever reads gets
one version, whole, and never an older one than was acknowledged before.

Each key has one writer. A body begins with its key, its version and its length; a deletion counts as a version too."""

import collections
import hashlib
import os
import random
import threading

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

SECONDS = float(os.environ.get("SPARKIFY_TEST_OVERWRITE_SECONDS", "12"))
# A failure must not be repeated until it succeeds.
CONFIG = Config(max_pool_connections=20, retries={"total_max_attempts": 1})
BUCKETS = ["overwritten", "overwritten-versions"]
WRITERS, READERS, KEYS_OF_ONE = 3, 4, 8
# In the record, in the store, in a file that is sent in pieces.
SIZES = [100, 5_000, 60_000, 300_000, 700_000]
# Of an object in two parts: the first is more than the sockets hold.
LARGE_PART, SMALL_PART = 24 << 20, 1 << 20
GONE = {"NoSuchKey", "404"}
HEAD = 100
done, failures, ends = collections.Counter(), [], threading.Event()
local = threading.local()


class Key:
    """One key, and what its writer knows of it."""

    def __init__(self, bucket, name):
        self.address = {"Bucket": bucket, "Key": name}
        self.begun = self.acknowledged = 0
        self.deletions = {0}
        # Sizes by ETag, of all that was ever put.
        self.sizes = {}

    def body(self, size):
        head = f"{self.address['Key']} {self.begun} {size} ".encode().ljust(HEAD, b".")
        return head + bytes([self.begun % 251]) * (size - HEAD)

    def may_be_gone(self, since):
        return any(since <= version <= self.begun for version in self.deletions)

    def check(self, head, size, since):
        """Compares the beginning of a body, and the length that was stated for it, with what was put."""
        name, version, stated, *_ = head.decode().split(" ")
        assert name == self.address["Key"] and int(stated) == size, (self.address, head, size)
        assert since <= int(version) <= self.begun, (self.address, f"version {version}, of {since} to {self.begun}")
        return bytes([int(version) % 251])


keys = [Key(bucket, f"{writer}/{number}") for bucket in BUCKETS for writer in range(WRITERS) for number in range(KEYS_OF_ONE)]


def s3():
    if not hasattr(local, "s3"):
        local.s3 = boto3.session.Session().client("s3", config=CONFIG)
    return local.s3


def unless_gone(key, since, call, **arguments):
    """The answer; `None` where the key has no object, as it may."""
    try:
        return call(**key.address, **arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in GONE and key.may_be_gone(since) or code in ("412", "PreconditionFailed") and "IfMatch" in arguments:
            return None
        raise


def put_parts(key, body):
    upload = s3().create_multipart_upload(**key.address)["UploadId"]
    part = {"UploadId": upload, "PartNumber": 1}
    # The second takes the place of the first.
    s3().upload_part(**key.address, **part, Body=b"x" * 6_000)
    etag = s3().upload_part(**key.address, **part, Body=body)["ETag"]
    s3().complete_multipart_upload(**key.address, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})


def write(key):
    way = random.random()
    version = key.begun + 1
    if way < 0.2:
        key.deletions.add(version)
        key.begun = version
        s3().delete_object(**key.address)
    else:
        key.begun = version
        body = key.body(random.choice(SIZES))
        digest = hashlib.md5(body)
        in_parts = way < 0.4
        etag = hashlib.md5(digest.digest()).hexdigest() + "-1" if in_parts else digest.hexdigest()
        key.sizes[f'"{etag}"'] = len(body)
        if in_parts:
            put_parts(key, body)
        else:
            s3().put_object(**key.address, Body=body)
    key.acknowledged = version


def read(key):
    since = key.acknowledged
    answer = unless_gone(key, since, s3().get_object)
    if answer is None:
        return
    body = answer["Body"].read()
    assert key.sizes.get(answer["ETag"]) == len(body) == answer["ContentLength"], (key.address, len(body), answer)
    byte = key.check(body[:HEAD], len(body), since)
    assert body[HEAD:] == byte * (len(body) - HEAD), (key.address, "its bytes are of several versions")


def read_part(key):
    since = key.acknowledged
    head = unless_gone(key, since, s3().head_object)
    if head is None:
        return
    size = key.sizes[head["ETag"]]
    assert head["ContentLength"] == size, (key.address, head)
    answer = unless_gone(key, since, s3().get_object, IfMatch=head["ETag"], Range=f"bytes=0-{HEAD - 1}")
    if answer is not None:
        assert answer["ETag"] == head["ETag"] and answer["ContentRange"].endswith(f"/{size}"), (key.address, head, answer)
        key.check(answer["Body"].read(), size, since)


def copy(key):
    since = key.acknowledged
    target = {"Bucket": random.choice(BUCKETS), "Key": f"copies/{threading.get_ident()}"}
    try:
        s3().copy_object(**target, CopySource=key.address)
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE and key.may_be_gone(since):
            return
        raise
    answer = s3().get_object(**target)
    body = answer["Body"].read()
    assert f'"{hashlib.md5(body).hexdigest()}"' == answer["ETag"], (key.address, answer)
    key.check(body[:HEAD], len(body), since)


def list_all(_):
    for bucket in BUCKETS:
        listed = {entry["Key"]: entry for entry in s3().list_objects_v2(Bucket=bucket).get("Contents", [])}
        for key in keys:
            entry = listed.get(key.address["Key"]) if key.address["Bucket"] == bucket else None
            if entry is not None:
                assert key.sizes.get(entry["ETag"]) == entry["Size"], (key.address, entry)


def work(acts, chosen):
    while not ends.is_set():
        act, key = random.choice(acts), random.choice(chosen)
        try:
            act(key)
            done[act.__name__] += 1
        except Exception as failure:
            failures.append(f"{act.__name__} {key.address}: {failure!r}")


def put_two_parts(key, byte):
    upload = s3().create_multipart_upload(**key)["UploadId"]
    parts = []
    for number, size in (1, LARGE_PART), (2, SMALL_PART):
        etag = s3().upload_part(**key, UploadId=upload, PartNumber=number, Body=byte * size)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    s3().complete_multipart_upload(**key, UploadId=upload, MultipartUpload={"Parts": parts})


def read_to_the_end():
    """An object of two parts that goes while it is read: the second is opened when most of the first has been taken."""
    key = {"Bucket": BUCKETS[0], "Key": "slow"}
    ways = [lambda: s3().put_object(**key, Body=b"b" * 70_000), lambda: s3().delete_object(**key), lambda: put_two_parts(key, b"c")]
    for way in ways:
        put_two_parts(key, b"a")
        body = s3().get_object(**key)["Body"]
        begun = body.read(1_000)
        way()
        assert begun + body.read() == b"a" * (LARGE_PART + SMALL_PART)


def complete_at_once():
    """An upload that is completed by several at once is one object, with its bytes."""
    key = {"Bucket": BUCKETS[0], "Key": "at-once"}
    for number in range(40):
        body = bytes([number]) * 5_000
        upload = s3().create_multipart_upload(**key)["UploadId"]
        etag = s3().upload_part(**key, UploadId=upload, PartNumber=1, Body=body)["ETag"]
        completed = []

        def complete():
            try:
                s3().complete_multipart_upload(**key, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
                completed.append(1)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "NoSuchUpload", error

        crowd = [threading.Thread(target=complete) for _ in range(4)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
        assert len(completed) == 1, completed
        assert s3().get_object(**key)["Body"].read() == body, number


def empty(bucket):
    boto3.resource("s3").Bucket(bucket).object_versions.delete()
    boto3.client("s3").delete_bucket(Bucket=bucket)


for bucket in BUCKETS:
    region = s3().meta.region_name
    s3().create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
s3().put_bucket_versioning(Bucket=BUCKETS[1], VersioningConfiguration={"Status": "Enabled"})
read_to_the_end()
complete_at_once()
workers = [threading.Thread(target=work, args=([write], [key for key in keys if key.address["Key"].startswith(f"{writer}/")]), daemon=True) for writer in range(WRITERS)]
workers += [threading.Thread(target=work, args=([read, read, read, read_part, copy, list_all], keys), daemon=True) for _ in range(READERS)]
for worker in workers:
    worker.start()
ends.wait(SECONDS)
ends.set()
for worker in workers:
    worker.join(60)
print(dict(done), flush=True)
assert not failures, f"{len(failures)} failures: {failures[:10]}"
# At rest each key is what its writer wrote last.
for key in keys:
    read(key)
for bucket in BUCKETS:
    empty(bucket)
print("all as it should be")
