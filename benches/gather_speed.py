#!/usr/bin/env python3
"""Gathering many small objects over HTTP on loopback, against what people download them with.

    benches/gather_speed.py DATA [--binary target/debug/sparkify-infra] [--rounds 5] [--s3s-fs ~/.cargo/bin/s3s-fs]

DATA is laid out as the bucket udacity-dend: `sparkify-infra sample DATA` makes one, and the original data will do. The
stand-in serves it; each contestant reads every object of song_data/, in turn, so many rounds; medians are printed, and
ratios to ours. Ours also checks, compresses, uploads and indexes; the others only download. `wrk` is no downloader but a
loop of signed GETs without listing, checking or writing: the limit of this server on this machine. What is not installed
is skipped with a line.

With --s3s-fs the objects are served by that program (`cargo install s3s-fs --features binary`), which nobody here wrote;
the stand-in plays the rest. Ours is then measured up to the COPY, which finds no parts in the stand-in's S3 and fails.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BUCKET, PREFIX, REGION = "udacity-dend", "song_data/", "us-west-2"
INFRA = f"""
stack = "gather-bench"
region = "{REGION}"
[cluster]
node_type = "ra3.large"
nodes = 1
database = "dwh"
[sources.songs]
url = "s3://{BUCKET}/{PREFIX}"
gather = "always"
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--binary", type=Path, default=Path("target/debug/sparkify-infra"))
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--s3s-fs", type=Path)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(chosen, Path(home))
        try:
            bench.run(chosen.rounds)
        finally:
            for server in bench.servers:
                server.terminate()
                server.wait()


class Bench:
    def __init__(self, chosen, home):
        self.home, self.binary = home, chosen.binary.resolve()
        sql = Path(__file__).resolve().parent.parent / "sql"
        for folder in ["schema", "copy", "transform", "check", "reconcile"]:
            (home / "sql" / folder).mkdir(parents=True)
        shutil.copy(sql / "schema/02_staging_songs.sql", home / "sql/schema")
        shutil.copy(sql / "copy/staging_songs.sql", home / "sql/copy")
        (home / "infra.toml").write_text(INFRA)
        self.files = [path for path in (chosen.data / PREFIX).rglob("*.json") if path.stat().st_size]
        self.objects = len(self.files)
        mount = f"{BUCKET}={chosen.data.resolve()}"
        serve = [self.binary, "local", "serve", "--port", "0", "--mount", mount]
        server = subprocess.Popen(serve, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.servers = [server]
        self.endpoint = server.stdout.readline().split()[-1]
        told = dict(pair.split("=", 1) for pair in server.stderr.readline().split()[1:])
        self.environment = {**os.environ, **told, "SPARKIFY_TARGET": "aws", "AWS_EC2_METADATA_DISABLED": "true"}
        self.environment["AWS_DEFAULT_REGION"] = REGION
        self.fails_at_copy = chosen.s3s_fs is not None
        if chosen.s3s_fs:
            self.serve_files(chosen)
        # rclone refuses a bundle of certificates of which it has no need here.
        self.environment.pop("AWS_CA_BUNDLE", None)

    def serve_files(self, chosen):
        buckets = self.home / "buckets"
        shutil.copytree(chosen.data / PREFIX, buckets / BUCKET / PREFIX)
        (buckets / f"gather-bench-000000000000-{REGION}").mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        keys = ["--access-key", self.environment["AWS_ACCESS_KEY_ID"], "--secret-key", self.environment["AWS_SECRET_ACCESS_KEY"]]
        serve = [chosen.s3s_fs, "--host", "127.0.0.1", "--port", port, *keys, buckets]
        self.servers.append(subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(port))).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        self.endpoint = f"http://127.0.0.1:{port}"

    def run(self, rounds):
        contestants = [self.ours, self.s5cmd, self.rclone, self.aws, self.boto3, self.wrk]
        taken = {contest.__name__: [] for contest in contestants}
        for _ in range(rounds):
            for contest in contestants:
                self.warm()
                seconds = contest()
                if seconds is not None:
                    taken[contest.__name__].append(seconds)
        print(f"{self.objects} objects, {rounds} rounds, medians")
        ours = statistics.median(taken["ours"])
        for name, seconds in taken.items():
            if not seconds:
                print(f"{name:8} skipped: not installed")
                continue
            median = statistics.median(seconds)
            span = f"{min(seconds):.2f} to {max(seconds):.2f}"
            print(f"{name:8} {median:6.2f} s ({span})  {self.objects / median:7.0f} objects/s  {median / ours:5.2f} x ours")

    def warm(self):
        """Nobody meets the disk: the files are in memory before each contest."""
        for path in self.files:
            path.read_bytes()

    def call(self, *command, may_fail=False, **variables):
        started = time.perf_counter()
        environment = {**self.environment, **variables}
        done = subprocess.run(command, cwd=self.home, env=environment, capture_output=True, text=True)
        if done.returncode and not may_fail:
            sys.exit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
        return time.perf_counter() - started, done.stdout

    def ours(self):
        """Listing and gathering, as `load` tells of them."""
        self.call(self.binary, "up", "--quiet")
        # What an earlier round has gathered would be taken again.
        for part in (self.home / "buckets").glob("gather-bench-*/*"):
            shutil.rmtree(part)
        s3 = {"AWS_ENDPOINT_URL_S3": self.endpoint} if self.fails_at_copy else {}
        _, lines = self.call(self.binary, "load", "--output=json", may_fail=self.fails_at_copy, **s3)
        events = [json.loads(line) for line in lines.splitlines()]
        stages = {event["stage"]: event["seconds"] for event in events if event["event"] == "stage_done"}
        self.call(self.binary, "down", "--quiet")
        return stages["list songs"] + stages["gather songs"]

    def download(self, tool, *command):
        if shutil.which(tool) is None:
            return None
        with tempfile.TemporaryDirectory(dir=self.home) as target:
            seconds, _ = self.call(*(part.replace("TARGET", target) for part in command))
            found = sum(1 for path in Path(target).rglob("*.json"))
            assert found == self.objects, f"{tool} got {found} of {self.objects} objects"
            return seconds

    def s5cmd(self):
        source = f"s3://{BUCKET}/{PREFIX}*"
        return self.download("s5cmd", "s5cmd", "--endpoint-url", self.endpoint, "cp", source, "TARGET/")

    def rclone(self):
        remote = f":s3,provider=Other,env_auth=true,list_version=2,endpoint='{self.endpoint}',region={REGION}:{BUCKET}/{PREFIX}"
        return self.download("rclone", "rclone", "copy", "--transfers=64", "--checkers=64", remote, "TARGET")

    def aws(self):
        source = f"s3://{BUCKET}/{PREFIX}"
        return self.download("aws", "aws", "--endpoint-url", self.endpoint, "s3", "cp", "--recursive", "--quiet", source, "TARGET")

    def boto3(self):
        client = self.client()
        if client is None:
            return None
        started = time.perf_counter()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=PREFIX)
        keys = iter([entry["Key"] for page in pages for entry in page["Contents"] if entry["Size"]])
        lock = threading.Lock()

        def read():
            while True:
                with lock:
                    key = next(keys, None)
                if key is None:
                    return
                client.get_object(Bucket=BUCKET, Key=key)["Body"].read()

        threads = [threading.Thread(target=read) for _ in range(64)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        return time.perf_counter() - started

    def client(self):
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            return None
        keys = {name.lower(): self.environment[name] for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]}
        config = Config(max_pool_connections=64, s3={"addressing_style": "path"}, signature_version="s3v4")
        return boto3.client("s3", endpoint_url=self.endpoint, region_name=REGION, config=config, **keys)

    def wrk(self):
        """As many connections as ours, each asking for one object after the other; the time that all objects would take."""
        client = self.client()
        if client is None or shutil.which("wrk") is None:
            return None
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=PREFIX)
        listed = [entry for page in pages for entry in page["Contents"]]
        sign = lambda key: client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})
        paths = [sign(entry["Key"]).removeprefix(self.endpoint) for entry in listed if entry["Size"]]
        script = self.home / "wrk.lua"
        quoted = ",".join(json.dumps(path) for path in paths)
        script.write_text(
            f"local paths = {{{quoted}}}\nlocal n = 0\n"
            "request = function() n = n % #paths + 1 return wrk.format('GET', paths[n]) end\n"
            "done = function(summary) io.write('rate ', summary.requests / summary.duration * 1e6, ' errors ', summary.errors.status, '\\n') end\n"
        )
        _, told = self.call("wrk", "-t", "2", "-c", "256", "-d", "3", "-s", str(script), self.endpoint)
        words = told.split("rate ")[1].split()
        assert float(words[0]) > 0 and words[2] == "0", told
        return self.objects / float(words[0])


main()
