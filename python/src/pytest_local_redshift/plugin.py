"""The fixtures, the marker ``redshift_seed`` and the settings of the plugin."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .aws import Aws
from .cluster import Cluster, Seed
from .database import Database
from .server import Server, ServerError
from .sql import SeedError


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the settings to pyproject.toml and pytest.ini."""
    parser.addini("redshift_seeds", "files of SQL or directories of them, run before each test's first", "paths", [])
    parser.addini("redshift_mounts", "BUCKET=DIRECTORY: a directory as a bucket that can be read", "linelist", [])
    parser.addini("redshift_driver", "redshift_connector, psycopg2 or psycopg", default="redshift_connector")
    parser.addini("redshift_region", "the region to play", default="us-east-1")


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line(
        "markers",
        "redshift_seed(*files, run=None): files of SQL, looked for from the test's directory, and a function that "
        "takes a Database; run after redshift_seeds, once a session for all tests with the same seeds",
    )


@contextlib.contextmanager
def _without_traceback(kind: type[Exception]) -> Iterator[None]:
    """Fails with the message alone, which says all: the lines of this plugin are of no use to its user."""
    try:
        yield
    except kind as error:
        pytest.fail(str(error), pytrace=False)


def _mounts(config: pytest.Config) -> dict[str, Path]:
    """Reads redshift_mounts; directories are beside the configuration file."""
    root = config.inipath.parent if config.inipath else config.rootpath
    mounts = {}
    for line in config.getini("redshift_mounts"):
        bucket, equals, directory = line.partition("=")
        path = root / directory.strip()
        if not equals or not path.is_dir():
            reason = f"there is no directory {path}" if equals else "there is no ="
            raise pytest.UsageError(f"redshift_mounts is BUCKET=DIRECTORY, and has '{line}': {reason}")
        mounts[bucket.strip()] = path
    return mounts


def _seeds(request: pytest.FixtureRequest) -> tuple[Seed, ...]:
    """Returns the seeds of the configuration, and those of the markers from the module's to the test's own."""
    seeds: list[Seed] = [Path(path) for path in request.config.getini("redshift_seeds")]
    for marker in reversed(list(request.node.iter_markers("redshift_seed"))):
        seeds += [request.path.parent / seed for seed in marker.args]
        if run := marker.kwargs.get("run"):
            seeds.append(run)
    return tuple(seeds)


@pytest.fixture(scope="session")
def redshift_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The local AWS of this session, or of this worker of pytest-xdist."""
    directory = tmp_path_factory.mktemp("redshift", numbered=False)
    with _without_traceback(ServerError):
        server = Server(directory, request.config.getini("redshift_region"), _mounts(request.config))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redshift_cluster(redshift_server: Server, request: pytest.FixtureRequest) -> Cluster:
    """A cluster that is available, with a default IAM role for COPY and UNLOAD."""
    return Cluster(redshift_server, request.config.getini("redshift_driver"))


@pytest.fixture
def aws(redshift_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The local AWS for a test: its environment, boto3's default session, and a factory of clients.

    While it is there, boto3 and the AWS CLI reach no account. Buckets that the test makes are removed after it.
    """
    import boto3

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in redshift_server.env.items():
        monkeypatch.setenv(name, value)
    # It would keep the keys that it was made with.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    aws = Aws(redshift_server)
    yield aws
    aws.remove_new_buckets()


@pytest.fixture
def redshift_database(redshift_cluster: Cluster, aws: Aws, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of the test's own, in which its seeds have been run."""
    with _without_traceback(SeedError):
        database = redshift_cluster.create_database(*_seeds(request))
    yield database
    redshift_cluster.drop_database(database)


@pytest.fixture
def redshift(redshift_database: Database) -> Any:
    """A connection to the test's own database, by the driver that ``redshift_driver`` names."""
    return redshift_database.connect()
