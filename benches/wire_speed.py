#!/usr/bin/env python3
"""What the PostgreSQL protocol of `local serve` costs: a point query beyond the engine's own time, and a result of a
million rows, with the server's memory.

    benches/wire_speed.py [--binary target/debug/sparkify-infra] [--rows 1000000]

Needs psycopg2 and boto3.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import boto3
import psycopg2

PASSWORD = "Passw0rd99"


def peak_mib(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", type=Path, default=Path("target/debug/sparkify-infra"))
    arguments.add_argument("--rows", type=int, default=1_000_000)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as home:
        serve = [chosen.binary.resolve(), "local", "serve", "--port=0", "--in-memory", "--region=us-west-2"]
        server = subprocess.Popen(serve, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            measure(server, server.stdout.readline().split()[-1], chosen.rows)
        finally:
            server.terminate()
            server.wait()


def measure(server, endpoint, rows):
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    redshift = boto3.client("redshift", endpoint_url=endpoint, region_name="us-west-2")
    redshift.create_cluster(
        ClusterIdentifier="wire", NodeType="ra3.large", ClusterType="single-node", MasterUsername="admin", MasterUserPassword=PASSWORD, DBName="dev"
    )
    while (cluster := redshift.describe_clusters(ClusterIdentifier="wire")["Clusters"][0])["ClusterStatus"] != "available":
        time.sleep(0.05)
    where = cluster["Endpoint"]
    connection = psycopg2.connect(host=where["Address"], port=where["Port"], dbname="dev", user="admin", password=PASSWORD)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("create table numbers as select 0 as id, 'a text of forty characters, more or less' as name")
    count = 1
    while count < rows:
        cursor.execute(f"insert into numbers select id + {count}, name from numbers order by id limit {rows - count}")
        count += cursor.rowcount
    cursor.execute("select 'here'")
    taken = []
    for number in range(1000):
        started = time.perf_counter()
        cursor.execute("select name from numbers where id = %s", (number * 7,))
        cursor.fetchone()
        taken.append((time.perf_counter() - started) * 1000)
    cursor.execute("select elapsed_time from sys_query_history where query_text like 'select name from numbers where%'")
    engine = [row[0] / 1000 for row in cursor.fetchall()]
    wire, inside = statistics.median(taken), statistics.median(engine)
    print(f"a point query among {rows} rows: {wire:.2f} ms at the client, {inside:.2f} ms in the engine, {wire - inside:.2f} ms for the protocol")
    before, started = peak_mib(server), time.perf_counter()
    cursor = connection.cursor()
    cursor.execute("select * from numbers")
    assert len(cursor.fetchall()) == rows
    seconds = time.perf_counter() - started
    print(f"all {rows} rows: {seconds:.2f} s; the server's peak: {before:.0f} MiB before, {peak_mib(server):.0f} MiB after")


main()
