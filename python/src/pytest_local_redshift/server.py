"""Starts and ends ``sparkify-infra local serve``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROGRAM = "sparkify-infra"
# The server takes any key whose secret is the same word.
KEY = "test"

_MOST_SECONDS_TO_END = 10

# Ends the server when standard input ends, which it does however pytest ends.
_UNTIL_INPUT_ENDS = '"$@" & server=$!; exec >&-; read -r _; kill "$server" 2>/dev/null; wait "$server"'

_UNPROXIED = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServerError(Exception):
    """The program is not there, does not start, or does not do what it is asked for.

    Attributes:
        status: The status of the answer over HTTP, where there is one.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def find_program() -> str:
    """Returns the path of ``sparkify-infra``: SPARKIFY_INFRA_BIN, beside this interpreter, or on PATH.

    Raises:
        ServerError: There is none.
    """
    if named := os.environ.get("SPARKIFY_INFRA_BIN"):
        if found := shutil.which(named):
            return found
        raise ServerError(f"SPARKIFY_INFRA_BIN is {named}, and there is no such program")
    beside = os.pathsep.join([sysconfig.get_path("scripts"), os.path.dirname(sys.executable)])
    if found := shutil.which(PROGRAM, path=beside) or shutil.which(PROGRAM):
        return found
    raise ServerError(
        f"there is no {PROGRAM}, neither beside {sys.executable} nor on PATH: "
        f"pip install {PROGRAM}, or set SPARKIFY_INFRA_BIN to the program"
    )


class Server:
    """A local AWS that lives as long as the test session: Redshift, S3, IAM, STS, Secrets Manager.

    Attributes:
        url: Where it answers AWS's protocols, ``http://127.0.0.1:PORT``.
        region: The region that `env` and `client` name.
    """

    def __init__(self, directory: Path, region: str, mounts: Mapping[str, Path]) -> None:
        """Starts the server and returns when it answers.

        Args:
            directory: Where its log is written. It must be empty.
            region: The region to play.
            mounts: Directories that play buckets, which can be read and not written.
        """
        self.region = region
        self._directory = directory
        self._clients: dict[str, Any] = {}
        options = [f"--mount={bucket}={path}" for bucket, path in mounts.items()]
        try:
            self._process, self.url = self._start(["--instant", *options])
        except ServerError:
            # A program that has no --instant. Any other fault comes again.
            self._process, self.url = self._start(options)

    def _start(self, options: list[str]) -> tuple[subprocess.Popen[str], str]:
        command = [find_program(), "local", "serve", "--port=0", "--in-memory", *options]
        own = ("AWS_", "SPARKIFY_")
        env = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        with self.log.open("w") as log:
            process = subprocess.Popen(
                ["sh", "-c", _UNTIL_INPUT_ENDS, "sh", *command],
                cwd=self._directory,
                env={**env, "AWS_REGION": self.region},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is meant for pytest, whose fixtures still need the server while they are torn down.
                start_new_session=True,
            )
        assert process.stdout is not None
        ready = process.stdout.readline()
        if not ready.startswith("ready on "):
            code = _end(process)
            raise ServerError(f"{' '.join(command)} ended with {code}: {self.log.read_text().strip()}")
        return process, ready.removeprefix("ready on ").strip()

    @property
    def log(self) -> Path:
        """The file with what the server says on standard error."""
        return self._directory / "server.log"

    @property
    def authority(self) -> Path:
        """The certificate by which clients that want TLS may know the server, PEM."""
        return self._directory / ".sparkify" / "ca.pem"

    @property
    def env(self) -> dict[str, str]:
        """Environment variables by which the AWS SDKs and CLI use this server and no account."""
        bypassed = [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1", "localhost"]
        unproxied = ",".join(filter(None, bypassed))
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": unproxied,
            "no_proxy": unproxied,
        }

    def client(self, service: str, **options: Any) -> Any:
        """Returns a boto3 client for this server; the same one again where no options are given.

        Args:
            service: The service, as boto3 names it.
            options: As for ``boto3.client``.
        """
        import boto3
        from botocore.config import Config

        if not options and service in self._clients:
            return self._clients[service]
        config = Config(proxies={})
        if "config" in options:
            config = config.merge(options.pop("config"))
        at = {
            "endpoint_url": self.url,
            "region_name": self.region,
            "aws_access_key_id": KEY,
            "aws_secret_access_key": KEY,
        }
        client = boto3.Session().client(service, **{**at, **options}, config=config)
        if not options:
            self._clients[service] = client
        return client

    def request(self, method: str, path: str) -> Any:
        """Calls the server's own API, which is not AWS's. Returns the JSON of the answer, if any.

        Raises:
            ServerError: The server refuses, or does not answer.
        """
        request = urllib.request.Request(self.url + path, method=method, headers={"X-Sparkify-Local": "1"})
        try:
            with _UNPROXIED.open(request, timeout=60) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace").strip()
            raise ServerError(f"{method} {self.url}{path} answers {error.code}: {said}", error.code) from error
        except OSError as error:
            raise ServerError(f"{method} {self.url}{path}: {error}; the server's log: {self.log}") from error
        return json.loads(body) if body.lstrip()[:1] in (b"{", b"[") else None

    def stop(self) -> None:
        """Ends the server; what was in it is gone."""
        _end(self._process)


def _end(process: subprocess.Popen[str]) -> int:
    """Ends the server, also where a child of pytest holds its standard input. Returns its exit code."""
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write("\n")
        process.stdin.close()
    except BrokenPipeError:
        pass
    process.stdout.close()
    try:
        return process.wait(timeout=_MOST_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()
