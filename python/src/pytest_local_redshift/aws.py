"""The local AWS as a test sees it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from .server import Server


class Aws:
    """boto3 on the local server. Buckets that a test makes are removed with everything in them when it ends.

    Attributes:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        """Notes which buckets are there, which are left alone."""
        self.server = server
        self._numbers = itertools.count(1)
        self._before = self._buckets()

    @property
    def endpoint_url(self) -> str:
        """Where the server answers."""
        return self.server.url

    @property
    def region(self) -> str:
        """The region of clients."""
        return self.server.region

    @property
    def env(self) -> dict[str, str]:
        """What the environment of a test has; for programs that start with one of their own."""
        return self.server.env

    def client(self, service: str, **options: Any) -> Any:
        """Returns a boto3 client; the same one again where no options are given."""
        return self.server.client(service, **options)

    def resource(self, service: str, **options: Any) -> Any:
        """Returns a boto3 resource."""
        import boto3

        return boto3.Session().resource(service, **options)

    def bucket(self, name: str | None = None, directory: Path | str | None = None) -> str:
        """Makes a bucket and returns its name.

        Args:
            name: Its name; a free one if it is not given.
            directory: What to put into it: each file under its path from here.
        """
        s3 = self.client("s3")
        name = name or f"test-bucket-{next(self._numbers)}"
        place = {} if self.region == "us-east-1" else {"LocationConstraint": self.region}
        s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
        if directory is not None:
            root = Path(directory)
            if not root.is_dir():
                raise NotADirectoryError(f"{root}, which is to fill the bucket {name}, is no directory")
            for path in sorted(path for path in root.rglob("*") if path.is_file()):
                s3.put_object(Bucket=name, Key=path.relative_to(root).as_posix(), Body=path.read_bytes())
        return name

    def _buckets(self) -> set[str]:
        return {bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]}

    def remove_new_buckets(self) -> None:
        """Removes the buckets that were not there when the test began."""
        s3 = self.client("s3")
        for name in self._buckets() - self._before:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
                listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                versions = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in listed]
                if versions:
                    s3.delete_objects(Bucket=name, Delete={"Objects": versions, "Quiet": True})
            s3.delete_bucket(Bucket=name)
