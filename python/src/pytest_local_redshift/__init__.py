"""pytest fixtures for a local Redshift and S3.

The fixtures are ``redshift``, ``redshift_database``, ``redshift_cluster``, ``redshift_server`` and ``aws``; see
`pytest_local_redshift.plugin`. The types that they have are exported here, for annotations.
"""

from .aws import Aws
from .cluster import Cluster
from .database import Database
from .server import Server, ServerError
from .sql import SeedError

__all__ = ["Aws", "Cluster", "Database", "SeedError", "Server", "ServerError"]
