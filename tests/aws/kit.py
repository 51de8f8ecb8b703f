"""What a run has in its hands: clients, the program, the names of all that it makes, and how all of it goes again."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from recording import ACCOUNT, Recorder, Scrubber

ROOT = pathlib.Path(__file__).resolve().parents[2]
REDSHIFT = {"Service": "redshift.amazonaws.com"}
# Another region than that of the cluster, for a bucket that COPY finds elsewhere (R37).
ELSEWHERE = {True: "us-east-2", False: "us-west-2"}


class Failed(Exception):
    """A step that did not do what it should."""


class Stopped(BaseException):
    """A signal, or the end of the time that was allowed."""


def code(error):
    return error.response["Error"]["Code"]


def said(error):
    return f"{code(error)}: {error.response['Error'].get('Message', '')}"


def trust(principal, condition=None):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def allow(*actions, on="*"):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


class Kit:
    def __init__(self, options, home):
        self.options, self.home, self.region, self.stack = options, home, options.region, options.stack
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL")
        self.is_quick = bool(self.endpoint)
        self.findings = []
        # Who the program runs as, where it is not the caller: a role that may do what `policy` prints.
        self.job = None
        identity = self.client("sts").get_caller_identity()
        self.account, self.caller = identity["Account"], identity["Arn"]
        self.partition = self.caller.split(":")[1]
        keys = boto3.Session().get_credentials().get_frozen_credentials()
        name = self.caller.rsplit("/", 1)[-1]
        # Of a stand-in they are words such as `test`, and nobody's.
        secrets = [self.caller, keys.access_key, keys.secret_key, keys.token, name] if self.account != ACCOUNT else []
        self.recorder = Recorder(Scrubber(self.account, self.region, self.stack, secrets))
        iam, s3, redshift, data, secrets, sts = map(self.client, ["iam", "s3", "redshift", "redshift-data", "secretsmanager", "sts"])
        self.iam, self.s3, self.redshift, self.data, self.secrets, self.sts = map(
            self.recorder.attach, [iam, s3, redshift, data, secrets, sts]
        )
        self.buckets = [f"{self.stack}-{what}" for what in ("data", "asked", "again", "elsewhere")]
        self.bucket = self.buckets[0]
        self.roles = [f"{self.stack}-{what}" for what in ("job", "asker", "copy", "source", "absent", "external", "lag")]
        self.secret = f"{self.stack}-secret"

    def client(self, service, region=None, session=None):
        s3 = {"addressing_style": "path"}
        config = Config(
            s3=s3, request_checksum_calculation="when_required", retries={"mode": "standard", "max_attempts": 5},
            read_timeout=60, connect_timeout=10,
        )
        return (session or boto3.Session()).client(service, region_name=region or self.region, config=config)

    def role_arn(self, name):
        return f"arn:{self.partition}:iam::{self.account}:role/{name}"

    def say(self, text):
        # A terminal that is gone must not keep anything from being deleted.
        with contextlib.suppress(OSError):
            print(text, file=sys.stderr, flush=True)

    def finding(self, name, rule, answer, seconds=None):
        name, answer = map(self.recorder.scrubber.answer, [name, str(answer)])
        self.findings.append({"what": name, "rule": rule, "answer": answer, "seconds": None if seconds is None else round(seconds, 1)})
        self.say(f"  {name} ({rule}): {answer}" + (f" after {seconds:.1f} s" if seconds is not None else ""))

    def wait(self, check, seconds=None):
        """Asks again until the answer is not None; answers it, and how long that took. None at the end of the patience."""
        begun, seconds = time.monotonic(), seconds or self.options.patience
        while True:
            if (answer := check()) is not None:
                return answer, time.monotonic() - begun
            if time.monotonic() - begun > seconds:
                return None, time.monotonic() - begun
            time.sleep(0.2 if self.is_quick else 1)

    def patiently(self, call, codes, seconds=None):
        """Makes a call again while it answers one of these errors."""
        last = []

        def attempt():
            try:
                return (call(),)
            except ClientError as error:
                last[:] = [error]
                if code(error) not in codes:
                    raise
                return None

        answer, took = self.wait(attempt, seconds)
        if answer is None:
            raise last[0]
        return answer[0], took

    # The program.

    def project(self):
        """The shipped project, with its sources in a bucket of this run."""
        text = (ROOT / "infra.toml").read_text()
        text = text.replace('stack = "sparkify"', f'stack = "{self.stack}"\naccount = "{self.account}"')
        text = text.replace('region = "us-west-2"', f'region = "{self.region}"').replace("s3://udacity-dend/", f"s3://{self.bucket}/")
        statement = max(30, self.options.patience) if self.is_quick else 900
        text += f'\n[timeouts]\ncreate = "30m"\ndelete = "30m"\nstatement = {statement}\n'
        (self.home / "infra.toml").write_text(text)
        shutil.copytree(ROOT / "sql", self.home / "sql", dirs_exist_ok=True)

    def take_on(self, keys, renew):
        """Lets the program run with these keys; `renew` gets others before they expire."""
        self.job_since, self.renew_job = time.monotonic(), renew
        names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey", "AWS_SESSION_TOKEN": "SessionToken"}
        self.job = {variable: keys[name] for variable, name in names.items()}
        self.recorder.scrubber.secrets += self.job.values()

    def program(self, *arguments, as_caller=False):
        """Runs it; answers its exit code, standard output and standard error."""
        environment = dict(os.environ, SPARKIFY_TARGET="aws")
        if self.job and not as_caller:
            if time.monotonic() - self.job_since > 2400:
                self.take_on(self.renew_job(), self.renew_job)
            environment.pop("AWS_PROFILE", None)
            environment.update(self.job)
        command = [str(self.options.program), *arguments]
        self.say(f"$ sparkify-infra {' '.join(arguments)}")
        with open(self.home / "log", "a") as log:
            # A group of its own: Ctrl-C comes to this script, which ends the program in its own way.
            child = subprocess.Popen(
                command, cwd=self.home, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True,
            )
            try:
                out, err = child.communicate()
            except BaseException:
                child.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.communicate(timeout=60)
                child.kill()
                raise
            log.write(f"$ {' '.join(arguments)} -> {child.returncode}\n{out}{err}\n")
        return child.returncode, out, err

    # The end.

    def tear_down(self):
        """Deletes everything by its name, whatever of it there is; answers what is left."""
        left = self._gone(f"the stack {self.stack}", self._down)
        for bucket in self.buckets:
            left += self._gone(f"the bucket {bucket}", self._delete_bucket, bucket)
        for role in self.roles:
            left += self._gone(f"the role {role}", self._delete_role, role)
        left += self._gone(f"the secret {self.secret}", self._delete_secret)
        left += self._gone(f"the cluster {self.stack}", self._no_cluster)
        return left

    def _down(self):
        # Without its infra.toml what exists is found by its tags.
        of = ["--config=infra.toml"] if (self.home / "infra.toml").exists() else [f"--stack={self.stack}", f"--region={self.region}"]
        for _ in range(3):
            ended = self.program("down", "--yes", *of, as_caller=True)
            if ended[0] == 0:
                return
            self.say(ended[2])
        raise Failed(ended[2].strip()[-600:])

    def _gone(self, what, delete, *arguments):
        try:
            delete(*arguments)
        except Exception as error:
            return [f"{what}: {error}"]
        return []

    def _s3_of(self, bucket):
        return self.client("s3", ELSEWHERE[self.region != "us-east-2"]) if bucket.endswith("-elsewhere") else self.client("s3")

    def _delete_bucket(self, bucket):
        s3 = self._s3_of(bucket)
        try:
            s3.get_bucket_tagging(Bucket=bucket, ExpectedBucketOwner=self.account)
        except ClientError as error:
            if code(error) == "NoSuchBucket":
                return
            if code(error) == "AccessDenied":
                return  # Somebody else's of the same name: nothing of this run.
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, ExpectedBucketOwner=self.account):
            for entry in page.get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=entry["Key"], ExpectedBucketOwner=self.account)
        s3.delete_bucket(Bucket=bucket, ExpectedBucketOwner=self.account)

    def _delete_role(self, role):
        try:
            for policy in self.iam.list_role_policies(RoleName=role)["PolicyNames"]:
                self.iam.delete_role_policy(RoleName=role, PolicyName=policy)
            self.iam.delete_role(RoleName=role)
        except ClientError as error:
            if code(error) != "NoSuchEntity":
                raise

    def _delete_secret(self):
        try:
            self.secrets.delete_secret(SecretId=self.secret, ForceDeleteWithoutRecovery=True)
        except ClientError as error:
            if code(error) not in ("ResourceNotFoundException", "InvalidRequestException"):
                raise

    def _no_cluster(self):
        try:
            found = self.redshift.describe_clusters(ClusterIdentifier=self.stack)["Clusters"]
        except ClientError as error:
            if code(error) in ("ClusterNotFound", "ClusterNotFoundFault"):
                return
            raise
        raise Failed(f"it is {found[0]['ClusterStatus']}; delete it by hand")
