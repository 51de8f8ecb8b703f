"""Mixed work on one server for SPARKIFY_TEST_MINUTES (0.5): its memory must not grow with what it has done.

Objects put, read, listed and deleted; statements over the Data API and the wire; calls of the control planes; COPYs. Prints
the server's memory in ten steps, and what was done."""

import collections
import json
import os
import random
import threading
import time

import boto3
import psycopg2
from botocore.config import Config

from stack import PASSWORD, stack

PID = os.environ["SPARKIFY_TEST_PID"]
SECONDS = float(os.environ.get("SPARKIFY_TEST_MINUTES", "0.5")) * 60
CONFIG = Config(max_pool_connections=20)
TARGET = {"ClusterIdentifier": "growth", "Database": "dev", "DbUser": "admin"}
BUCKET = "growth-data"
done, failures, ends = collections.Counter(), [], threading.Event()


def resident():
    """Megabytes that the server holds."""
    with open(f"/proc/{PID}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def objects():
    s3 = boto3.client("s3", config=CONFIG)
    key, size = f"objects/{threading.get_ident()}/{random.randrange(1_000)}", random.choice([100, 5_000, 60_000, 400_000])
    s3.put_object(Bucket=BUCKET, Key=key, Body=os.urandom(1) * size)
    assert len(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) == size
    s3.list_objects_v2(Bucket=BUCKET, Prefix="objects/", MaxKeys=100)
    if random.random() < 0.3:
        s3.delete_object(Bucket=BUCKET, Key=key)
    return 4


def run(data, sql):
    """The id of a statement that has finished. A busy machine may take minutes: slow is no growth."""
    answer = data.execute_statement(Sql=sql, WaitTimeSeconds=20, **TARGET)
    deadline = time.monotonic() + 300
    while answer["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
        assert time.monotonic() < deadline, f"{answer['Status']} after 300 s: {sql}"
        answer = data.describe_statement(Id=answer["Id"], WaitTimeSeconds=20)
    assert answer["Status"] == "FINISHED", data.describe_statement(Id=answer["Id"])
    return answer["Id"]


def statements():
    data = boto3.client("redshift-data", config=CONFIG)
    rows = random.choice([1, 10, 3_000])
    sql = f"select n, repeat('x', 50) from numbers where n < {rows}"
    assert len(data.get_statement_result(Id=run(data, sql))["Records"]) == min(rows, 1_000)
    return 1


def connections():
    connection = psycopg2.connect(**LOGIN)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for _ in range(4):
            cursor.execute("select n % 7, count(*), max(repeat('y', 20)) from numbers group by 1")
            assert len(cursor.fetchall()) == 7
            cursor.execute("insert into written values (%s)", (random.randrange(1_000_000),))
    connection.close()
    return 8


def control_planes():
    boto3.client("redshift", config=CONFIG).describe_clusters()
    boto3.client("iam", config=CONFIG).list_roles()
    boto3.client("sts", config=CONFIG).get_caller_identity()
    return 3


def copies():
    s3, data = (boto3.client(name, config=CONFIG) for name in ("s3", "redshift-data"))
    key = f"copied/{threading.get_ident()}.json"
    s3.put_object(Bucket=BUCKET, Key=key, Body="\n".join(json.dumps({"n": n, "t": "text " * 9}) for n in range(2_000)))
    run(data, f"copy copied from 's3://{BUCKET}/{key}' iam_role '{ROLE}' json 'auto'")
    run(data, "truncate copied")
    return 1


def work(act):
    while not ends.is_set():
        try:
            done[act.__name__] += act()
        except Exception as failure:
            failures.append(f"{act.__name__}: {failure!r}")
            return


with stack("growth") as (ROLE, _, cluster):
    LOGIN = {"host": cluster["Endpoint"]["Address"], "port": cluster["Endpoint"]["Port"], "user": "admin", "password": PASSWORD, "dbname": "dev"}
    connection = psycopg2.connect(**LOGIN)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("create table numbers (n int)")
        cursor.execute("create table digits (n int)")
        cursor.execute("insert into digits values " + ", ".join(f"({digit})" for digit in range(10)))
        cursor.execute("insert into numbers select a.n + 10 * b.n + 100 * c.n + 1000 * d.n from digits a, digits b, digits c, digits d")
        cursor.execute("create table written (n int)")
        cursor.execute("create table copied (n int, t varchar(100))")
    connection.close()
    workers = [threading.Thread(target=work, args=(act,), daemon=True) for act in (objects, objects, statements, connections, control_planes, copies)]
    for worker in workers:
        worker.start()
    steps = []
    for step in range(10):
        ends.wait(SECONDS / 10)
        steps.append(resident())
        print(f"{(step + 1) * SECONDS / 10:5.0f} s: {steps[-1]:5.0f} MB, {dict(done)}", flush=True)
    ends.set()
    for worker in workers:
        worker.join(60)
    assert not failures, failures
    # The first steps fill what has a bound: caches, write buffers, threads.
    early, late = max(steps[2:5]), max(steps[7:])
    print(f"from {early:.0f} MB to {late:.0f} MB, {late / early:.2f} times")
    assert late < early * 1.2 + 20, steps
print("all as it should be")
