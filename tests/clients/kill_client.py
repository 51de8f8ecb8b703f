"""A server that is killed while it is written to, again and again: what it has acknowledged is there afterwards, and no
file of what it has not.

SPARKIFY_TEST_BIN is the program; SPARKIFY_TEST_KILLS says how often (12). Prints what it counted."""

import os
import pathlib
import random
import signal
import subprocess
import threading
import time

import boto3
import psycopg2
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stack import PASSWORD, stack

KILLS = int(os.environ.get("SPARKIFY_TEST_KILLS", "12"))
CONFIG = Config(retries={"max_attempts": 1}, connect_timeout=2, read_timeout=20)
PART = b"p" * (5 << 20)
BUCKET = "killed-data"
random.seed(7)


class Server:
    def __init__(self, port=0):
        command = [os.environ["SPARKIFY_TEST_BIN"], "local", "serve", f"--port={port}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address = self.process.stdout.readline().strip().removeprefix("ready on ")
        assert address.startswith("http://"), address
        os.environ["AWS_ENDPOINT_URL"] = address
        self.port = int(address.rsplit(":", 1)[1])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def login():
    cluster = boto3.client("redshift", config=CONFIG).describe_clusters(ClusterIdentifier="killed")["Clusters"][0]
    host, port = cluster["Endpoint"]["Address"], cluster["Endpoint"]["Port"]
    return psycopg2.connect(host=host, port=port, user="admin", password=PASSWORD, dbname="dev", connect_timeout=5)


class Writer(threading.Thread):
    """Writes until the server is gone, and knows what was acknowledged."""

    def __init__(self, number, acknowledged):
        super().__init__(daemon=True)
        self.number, self.acknowledged = number, acknowledged

    def run(self):
        try:
            self.write()
        except (BotoCoreError, ClientError, psycopg2.Error, OSError):
            pass  # it was killed


class Objects(Writer):
    def write(self):
        s3 = boto3.client("s3", config=CONFIG)
        for count in range(1_000_000):
            key = f"{self.number}/{count:06}"
            # Some lie in the record, some in a store of their own, some in files.
            size = random.choice([20, 3_000, 40_000, 300_000])
            s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode() + b"x" * size)
            self.acknowledged[key] = size + len(key)
            if count % 20 == 19:
                s3.delete_object(Bucket=BUCKET, Key=key)
                self.acknowledged[key] = None


class Uploads(Writer):
    def write(self):
        s3 = boto3.client("s3", config=CONFIG)
        for count in range(1_000_000):
            key = f"{self.number}/upload-{count:06}"
            upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
            bodies = [PART, b"the end"]
            parts = [
                {"PartNumber": at, "ETag": s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=at, Body=body)["ETag"]}
                for at, body in enumerate(bodies, 1)
            ]
            s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
            self.acknowledged[key] = len(PART) + 7


class Rows(Writer):
    def write(self):
        connection = login()
        with connection.cursor() as cursor:
            for count in range(1_000_000):
                row = self.number * 1_000_000 + count
                cursor.execute("insert into written values (%s, %s)", (row, "x" * 50))
                connection.commit()
                self.acknowledged.add(row)


def files():
    return sum(1 for path in pathlib.Path(".sparkify/objects").rglob("*") if path.is_file())


server = Server()
stop = stack("killed")
stop.__enter__()
with login() as connection, connection.cursor() as cursor:
    cursor.execute("create table written (n int, t varchar(60))")
connection.close()

objects, rows, lost, begun = {}, set(), [], time.monotonic()
for kill in range(KILLS):
    writers = [Objects(kill * 10 + n, objects) for n in range(2)] + [Uploads(kill * 10 + 5, objects)]
    writers += [Rows(kill * 10 + n, rows) for n in range(2)]
    for writer in writers:
        writer.start()
    time.sleep(random.uniform(0.2, 1.2))
    server.kill()
    for writer in writers:
        writer.join(30)
    server = Server(server.port)
    pages = boto3.client("s3", config=CONFIG).get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    listed = [(entry["Key"], entry["Size"]) for page in pages for entry in page.get("Contents", [])]
    there = dict(listed)
    assert len(there) == len(listed), "a key is listed twice"
    lost += [key for key, size in objects.items() if there.get(key) != size]
    with login() as connection, connection.cursor() as cursor:
        cursor.execute("select n from written")
        found = [row for (row,) in cursor.fetchall()]
    connection.close()
    assert len(found) == len(set(found)), "a row is there twice"
    lost += sorted(rows - set(found))
    print(f"kill {kill + 1}: {len(there)} objects, {len(found)} rows, {len(lost)} lost", flush=True)
    assert not lost, lost[:10]
    # What was acknowledged as deleted may have been kept from the next rounds' list.
    objects = {key: size for key, size in objects.items() if size is not None}

# Bodies are what was put, not only as long.
s3 = boto3.client("s3", config=CONFIG)
for key in random.sample(sorted(key for key in objects if "upload" not in key), min(300, len(objects) // 2)):
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().startswith(key.encode()), key
large = sum(1 for size in there.values() if size > 256 << 10)
print(f"{KILLS} kills in {time.monotonic() - begun:.0f} s: {len(objects)} objects, {len(rows)} rows, none lost")
# An upload that was under way has a file for each part.
print(f"{files()} files of bodies, for {large} objects that have some")
assert files() <= large * 1.5 + 10
stop.__exit__(None, None, None)
server.kill()
print("all as it should be")
