"""A cluster that is shared by the tests of a session, with a database for each of them."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

from .database import Database
from .server import Server, ServerError

Seed = Path | Callable[[Database], object]

IDENTIFIER = "test-cluster"
USER = "admin"
PASSWORD = "Passw0rd"
DATABASE = "dev"
ROLE = "test-cluster-role"

_MOST_SECONDS = 60


class Cluster:
    """A Redshift cluster, made over the API as on AWS, with a default IAM role that may read and write every bucket.

    Attributes:
        server: The server that it lives in.
        identifier: ClusterIdentifier, for boto3.
        host: Where PostgreSQL clients connect.
        port: The port there, which is another one for each worker of pytest-xdist.
        user: The admin user.
        password: The admin user's password.
        database: The database that the cluster was made with. No test works in it.
        role_arn: The default role: ``iam_role default`` in COPY and UNLOAD.
        copies: Whether the server copies databases. Without that each one is made anew, which takes much longer.
    """

    def __init__(self, server: Server, driver: str) -> None:
        """Makes the cluster and returns when it is available.

        Args:
            server: Where to make it.
            driver: The module that `Database.connect` uses if none is named.
        """
        self.server = server
        self.driver = driver
        self.identifier = IDENTIFIER
        self.user = USER
        self.password = PASSWORD
        self.database = DATABASE
        self.role_arn = self._create_role()
        self.host, self.port = self._create()
        self._numbers = itertools.count(1)
        self._templates: dict[tuple[Seed, ...], str] = {}
        self.copies = self._can_copy()

    def _create_role(self) -> str:
        iam = self.server.client("iam")
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "redshift.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)["Role"]
        iam.attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
        return str(role["Arn"])

    def _create(self) -> tuple[str, int]:
        redshift = self.server.client("redshift")
        redshift.create_cluster(
            ClusterIdentifier=self.identifier,
            ClusterType="single-node",
            NodeType="ra3.large",
            MasterUsername=self.user,
            MasterUserPassword=self.password,
            DBName=self.database,
            IamRoles=[self.role_arn],
            DefaultIamRoleArn=self.role_arn,
        )
        deadline = time.monotonic() + _MOST_SECONDS
        while time.monotonic() < deadline:
            cluster = redshift.describe_clusters(ClusterIdentifier=self.identifier)["Clusters"][0]
            if cluster["ClusterStatus"] == "available":
                return cluster["Endpoint"]["Address"], int(cluster["Endpoint"]["Port"])
            time.sleep(0.005)
        raise ServerError(
            f"the cluster is still {cluster['ClusterStatus']} after {_MOST_SECONDS} s; "
            f"the server's log: {self.server.log}"
        )

    def _can_copy(self) -> bool:
        """Asks for a copy of the cluster's own database, a template without seeds. Older servers have none."""
        try:
            self._templates[()] = self._copy(self.database, "template_empty")
        except ServerError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _path(self, name: str) -> str:
        return f"/_local/databases/{self.identifier}/{name}"

    def _copy(self, template: str, name: str) -> str:
        self.server.request("POST", f"{self._path(name)}?template={template}")
        return name

    def _template(self, seeds: tuple[Seed, ...]) -> str:
        """Names a database in which the seeds have been run, once a session."""
        if seeds not in self._templates:
            name = self._copy(self.database, f"template_{len(self._templates)}")
            self._seed(Database(self, name), seeds)
            self._templates[seeds] = name
        return self._templates[seeds]

    def create_database(self, *seeds: Seed) -> Database:
        """Makes a database in which the seeds have been run: a copy of a template where the server can copy.

        Args:
            seeds: Files of SQL, directories of them, or functions that take the `Database`, in this order. What they
                write must depend on nothing but the buckets of ``redshift_mounts``: they run once for all tests.
        """
        name = f"test_{next(self._numbers)}"
        if self.copies:
            return Database(self, self._copy(self._template(seeds), name))
        with Database(self, self.database) as existing:
            existing.run(f"create database {name}")
        database = Database(self, name)
        self._seed(database, seeds)
        return database

    def drop_database(self, database: Database) -> None:
        """Closes what is open of a database and drops it."""
        database.close()
        if self.copies:
            self.server.request("DELETE", self._path(database.name))

    @staticmethod
    def _seed(database: Database, seeds: tuple[Seed, ...]) -> None:
        with database:
            for seed in seeds:
                if isinstance(seed, Path):
                    database.run_file(seed)
                else:
                    seed(database)
