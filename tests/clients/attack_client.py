"""Clients that mean no good, and beside them one that does: it must be answered within a second, whatever they do.

600 readers that stop reading, 520 statements that wait on one session beside 14 slow ones, 800 requests of which half is
sent, a bomb of each compression, statements that ask for all memory there is. AWS_ENDPOINT_URL says where the server is,
SPARKIFY_TEST_PID which process it is. Prints what it measured."""

import bz2
import gzip
import multiprocessing
import os
import socket
import struct
import subprocess
import time
from urllib.parse import urlsplit

import boto3
import psycopg2
from botocore.config import Config

from stack import PASSWORD, stack

PID = os.environ["SPARKIFY_TEST_PID"]
SERVER = urlsplit(os.environ["AWS_ENDPOINT_URL"])
# Beside every attack.
MOST_SECONDS = float(os.environ.get("SPARKIFY_TEST_SECONDS", "1"))
# What stays afterwards, of what was held before.
MOST_MEMORY = float(os.environ.get("SPARKIFY_TEST_MEMORY", "1.2"))
CONFIG = Config(retries={"max_attempts": 1}, max_pool_connections=50)
s3, data = (boto3.client(name, config=CONFIG) for name in ("s3", "redshift-data"))
TARGET = {"ClusterIdentifier": "attack", "Database": "dev", "DbUser": "admin"}
BUCKET = "attack-data"
LOGIN = {"user": "admin", "password": PASSWORD, "dbname": "dev", "connect_timeout": 10}


def resident():
    """Megabytes that the server holds."""
    with open(f"/proc/{PID}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024


def pulse(login, ends, told):
    """A statement over the wire, one over the Data API and a PUT, again and again, in a process of its own."""
    LOGIN.update(login)
    slowest, rounds, failure = {}, 0, None

    def measure(what, act):
        begun = time.monotonic()
        act()
        slowest[what] = max(slowest.get(what, 0), time.monotonic() - begun)

    try:
        connection = psycopg2.connect(**LOGIN)
        connection.autocommit = True
        told.put("ready")
        while not ends.wait(0.5):
            rounds += 1
            measure("wire", lambda: connection.cursor().execute("select count(*) from numbers where n < 100"))
            measure("data api", lambda: run("select 1"))
            measure("put", lambda: s3.put_object(Bucket=BUCKET, Key=f"pulse/{rounds}", Body=b"x" * 1000))
            measure("health", health)
    except Exception as error:
        failure = repr(error)
    told.put((slowest, rounds, failure))


def health():
    with socket.create_connection((SERVER.hostname, SERVER.port), timeout=5) as stream:
        stream.sendall(b"GET /_local/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = stream.recv(1000)
        assert b" 200 " in answer.split(b"\r\n")[0], answer


def run(sql, wait=10, **session):
    target = session or TARGET
    answer = data.execute_statement(Sql=sql, WaitTimeSeconds=wait, **target)
    while answer["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
        answer = data.describe_statement(Id=answer["Id"], WaitTimeSeconds=10)
    if answer["Status"] != "FINISHED":
        answer = data.describe_statement(Id=answer["Id"])
        raise RuntimeError(answer.get("Error", answer["Status"]))
    return answer


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def slow_reader():
    """Asks for more than anybody wants to read, and reads nothing of it."""
    stream = socket.create_connection((LOGIN["host"], LOGIN["port"]), timeout=20)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    parameters = b"user\0admin\0database\0dev\0\0"
    stream.sendall(struct.pack("!ii", len(parameters) + 8, 196608) + parameters)
    stream.sendall(message(b"p", PASSWORD.encode() + b"\0"))
    stream.sendall(message(b"Q", b"select n, repeat('x', 100) from numbers\0"))
    return stream


def half_request():
    stream = socket.create_connection((SERVER.hostname, SERVER.port), timeout=20)
    stream.sendall(b"PUT /attack-data/half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nx-half: ")
    return stream


def close(streams):
    for stream in streams:
        stream.close()


def readers():
    streams = [slow_reader() for _ in range(600)]
    time.sleep(8)
    print(f"  600 slow readers: {resident()} MB")
    close(streams)


def waiting():
    first = data.execute_statement(Sql="select 1", SessionKeepAliveSeconds=600, WaitTimeSeconds=10, **TARGET)
    slow = "select count(*) from numbers a, numbers b where a.n + b.n = -1"
    submitted, refused = [], 0
    for sql, target in [(slow, {"SessionId": first["SessionId"]})] + [
        (slow, TARGET)
    ] * 13 + [("select 1", {"SessionId": first["SessionId"]})] * 520:
        try:
            submitted.append(data.execute_statement(Sql=sql, **target)["Id"])
        except data.exceptions.ActiveStatementsExceededException:
            refused += 1
    print(f"  {len(submitted)} statements wait, {refused} were refused: {resident()} MB")
    time.sleep(4)
    for statement in submitted:
        try:
            data.cancel_statement(Id=statement)
        except data.exceptions.ValidationException:
            pass  # it has ended


def half_requests():
    streams = [half_request() for _ in range(800)]
    time.sleep(4)
    print(f"  800 half requests: {resident()} MB")
    close(streams)


def bombs(role):
    """A field in quotes that never ends, 200 MB of it, in each compression."""
    head, block = b'1,"', b"x" * (1 << 20)
    with open(os.path.join(os.environ["HOME"], "bomb"), "wb") as plain:
        plain.write(head)
        for _ in range(200):
            plain.write(block)
    with open(plain.name, "rb") as whole:
        text = whole.read()
    packed = {"gzip": gzip.compress(text, 1), "bzip2": bz2.compress(text, 1)}
    if subprocess.run(["zstd", "-q", "-f", plain.name, "-o", plain.name + ".zst"], check=False).returncode == 0:
        with open(plain.name + ".zst", "rb") as file:
            packed["zstd"] = file.read()
    del text
    run("create table if not exists bombed (n int, t varchar(65535))")
    for name, body in packed.items():
        s3.put_object(Bucket=BUCKET, Key=f"bomb/{name}", Body=body)
        begun = time.monotonic()
        try:
            run(f"copy bombed from 's3://{BUCKET}/bomb/{name}' iam_role '{role}' csv {name} maxerror 100000")
            told = "loaded"
        except RuntimeError as refusal:
            told = str(refusal).splitlines()[0][:90]
        took = time.monotonic() - begun
        print(f"  {len(body)} bytes of {name}: {took:.1f} s, {resident()} MB: {told}")
        assert took < 30, name
    counted = data.get_statement_result(Id=run("select count(*) from bombed")["Id"])
    assert counted["Records"] == [[{"longValue": 0}]], counted["Records"]


def warm(role):
    """What the attacks do, once and small, and as many readers as there will be: afterwards the program's own code is in
    memory, and what the engine keeps for so many threads and sessions. An attack must leave no more than that."""
    print(f"at rest: {resident()} MB")
    with psycopg2.connect(**LOGIN) as connection, connection.cursor() as cursor:
        cursor.execute("select n, repeat('x', 100) from numbers where n < 50000 order by n desc")
        assert len(cursor.fetchall()) == 50_000
    run("create table warmed (n int, t varchar(100))")
    for name, pack in (("gzip", gzip.compress), ("bzip2", bz2.compress)):
        s3.put_object(Bucket=BUCKET, Key=f"warm/{name}", Body=pack(b"1,one\n"))
        run(f"copy warmed from 's3://{BUCKET}/warm/{name}' iam_role '{role}' csv {name}")
    run("select listagg(n, ',') from numbers where n < 100")
    streams = [slow_reader() for _ in range(600)] + [half_request() for _ in range(20)]
    time.sleep(8)
    close(streams)
    time.sleep(20)


HUNGRY = [
    "select len(lpad('x', 2000000000))",
    "select len(repeat('abc', 1000000000))",
    "select len(replace(repeat('x', 60000), 'x', repeat('y', 60000)))",
    "select max(len(replace(repeat('x', 60000), 'x', repeat('y', 60000) || n))) from numbers",
    "select max(len(repeat('x', 65000) || n)) from numbers where n < 200000",
    "select max(len(json_serialize(split_to_array(repeat('a,', 30000) || n)))) from numbers where n < 5000",
    "select count(*) from (select generate_series(1, 9000000000000))",
    "select listagg(n, ',') from numbers",
    "select count(*) from (select n, repeat('x', 1000) t, row_number() over (order by n desc) r from numbers) where r > 0",
]


def hungry():
    peak = 0
    for sql in HUNGRY:
        begun = time.monotonic()
        try:
            run(sql)
            told = "answered"
        except RuntimeError as refusal:
            told = str(refusal).splitlines()[0][:100]
        now = resident()
        peak = max(peak, now)
        print(f"  {time.monotonic() - begun:5.1f} s {now:6} MB  {sql[:60]}: {told}")
    assert peak < 3000, f"{peak} MB"


def main():
    with stack("attack") as (role, _, cluster):
        LOGIN.update({"host": cluster["Endpoint"]["Address"], "port": cluster["Endpoint"]["Port"]})
        run("create table numbers (n int)")
        run("insert into numbers values (0)")
        for doubled in range(20):
            run(f"insert into numbers select n + {1 << doubled} from numbers")
        run("select count(*) from numbers")

        warm(role)
        before, failures = resident(), []
        print(f"before: {before} MB")
        for attack in (readers, waiting, half_requests, bombs, hungry):
            # A process that is forked would share the connections of this one.
            spawned = multiprocessing.get_context("spawn")
            ends, told = spawned.Event(), spawned.Queue()
            beside = spawned.Process(target=pulse, args=(LOGIN, ends, told), daemon=True)
            beside.start()
            assert told.get(timeout=30) == "ready"
            begun = time.monotonic()
            attack(role) if attack is bombs else attack()
            ends.set()
            slowest, rounds, failure = told.get(timeout=60)
            shown = ", ".join(f"{what} {took:.2f} s" for what, took in slowest.items())
            print(f"{attack.__name__}: {time.monotonic() - begun:.1f} s, {rounds} rounds beside it, slowest: {shown}", flush=True)
            failures += [f"{attack.__name__}: {failure}"] if failure else []
            failures += [f"{attack.__name__}: {what} took {took:.2f} s" for what, took in slowest.items() if took > MOST_SECONDS]
        rest = resident()
        for _ in range(60):
            if (rest := resident()) <= before * 1.2:
                break
            time.sleep(0.5)
        print(f"afterwards: {rest} MB, {rest / before:.2f} times as much as before")
        if rest > before * MOST_MEMORY:
            failures.append(f"{rest} MB stay, {before} before")
        assert not failures, failures
    print("all as it should be")


if __name__ == "__main__":
    main()
