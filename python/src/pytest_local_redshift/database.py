"""A database, and ways to connect to it."""

from __future__ import annotations

import contextlib
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from . import sql
from .sql import SeedError

if TYPE_CHECKING:
    from types import TracebackType

    from .cluster import Cluster

# What the driver calls a database, and how it is told to do without TLS: the local server is none of AWS's authorities.
_DRIVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "redshift_connector": ("database", {"ssl": False}),
    "psycopg2": ("dbname", {"sslmode": "disable"}),
    "psycopg": ("dbname", {"sslmode": "disable"}),
}


class Database:
    """A database of a cluster. Its connections and engines are closed with it.

    Attributes:
        cluster: The cluster that it is in.
        name: Its name, ``test_1`` and so on.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        """Names a database that is there."""
        self.cluster = cluster
        self.name = name
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def host(self) -> str:
        """Where clients connect."""
        return self.cluster.host

    @property
    def port(self) -> int:
        """The port there."""
        return self.cluster.port

    @property
    def user(self) -> str:
        """The admin user."""
        return self.cluster.user

    @property
    def password(self) -> str:
        """The admin user's password."""
        return self.cluster.password

    @property
    def env(self) -> dict[str, str]:
        """Variables of libpq: for psql, for psycopg without arguments, and for ``env_var`` in dbt's profiles.yml."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGDATABASE": self.name,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGSSLMODE": "disable",
        }

    def url(self, driver: str = "psycopg2") -> str:
        """Returns the address for SQLAlchemy's dialect of Redshift, which wants ``connect_args`` too: see `engine`."""
        password = quote(self.password, safe="")
        return f"redshift+{driver}://{self.user}:{password}@{self.host}:{self.port}/{self.name}"

    def engine(self, driver: str | None = None, **options: Any) -> Any:
        """Returns an engine of SQLAlchemy, which is disposed of at the end of the test.

        Args:
            driver: redshift_connector or psycopg2; by default that of ``redshift_driver``.
            options: As for ``sqlalchemy.create_engine``.
        """
        import sqlalchemy

        driver = driver or self.cluster.driver
        _, unencrypted = _driver(driver)
        options["connect_args"] = {**unencrypted, **options.get("connect_args", {})}
        engine = sqlalchemy.create_engine(self.url(driver), **options)
        self._open.callback(engine.dispose)
        return engine

    def connect(self, driver: str | None = None, **options: Any) -> Any:
        """Returns a connection of Python's DB API, which is closed at the end of the test.

        Args:
            driver: redshift_connector, psycopg2 or psycopg; by default that of ``redshift_driver``.
            options: As for the driver's ``connect``.
        """
        driver = driver or self.cluster.driver
        database, unencrypted = _driver(driver)
        where = {database: self.name, "host": self.host, "port": self.port, "user": self.user}
        where.update(password=self.password, **unencrypted)
        connection = importlib.import_module(driver).connect(**{**where, **options})
        self._open.callback(_close, connection)
        return connection

    def run(self, text: str) -> list[tuple[Any, ...]]:
        """Runs statements, each in a transaction of its own, and returns the rows of the last one.

        Raises:
            SeedError: A statement fails.
        """
        return self._run(text, "statement")

    def run_file(self, path: Path | str) -> None:
        """Runs a file of SQL, or those of a directory by name.

        Raises:
            SeedError: A file cannot be read, or a statement fails: the message names file and line.
        """
        for file in sql.files(Path(path)):
            try:
                text = file.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise SeedError(f"{file}: {error}") from error
            self._run(text, str(file))

    def _run(self, text: str, name: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        connection = self.connect()
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            if hasattr(cursor, "paramstyle"):
                # redshift_connector looks for parameters also where none are given: a % is none in this style.
                cursor.paramstyle = "qmark"
            for line, statement in sql.statements(text):
                try:
                    cursor.execute(statement)
                    rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
                except Exception as error:
                    raise SeedError(f"{name}:{line}: {error}") from error
        finally:
            _close(connection)
        return rows

    def close(self) -> None:
        """Closes its connections and engines."""
        self._open.close()
        self._open = contextlib.ExitStack()


def _driver(name: str) -> tuple[str, dict[str, Any]]:
    if name not in _DRIVERS:
        raise ValueError(f"there is no driver {name} here: it is one of {', '.join(_DRIVERS)}")
    return _DRIVERS[name]


def _close(connection: Any) -> None:
    # Drivers differ in how they take a second close, and one of a connection that is broken.
    with contextlib.suppress(Exception):
        connection.close()
