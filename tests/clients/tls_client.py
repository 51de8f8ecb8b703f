"""TLS, which Amazon's driver insists on where IAM gives the password: the server's authority is in a file."""

import os

import psycopg2
import redshift_connector

from stack import PASSWORD, stack

# As people do it who trust an authority of their own.
os.environ["SSL_CERT_FILE"] = os.environ["SPARKIFY_TEST_CA"]

with stack("tls") as (_, _, cluster):
    where = {"host": cluster["Endpoint"]["Address"], "port": cluster["Endpoint"]["Port"], "user": "admin", "password": PASSWORD}
    keys = {"access_key_id": "test", "secret_access_key": "test", "region": os.environ["AWS_DEFAULT_REGION"]}
    with redshift_connector.connect(iam=True, cluster_identifier="tls", db_user="admin", database="dev", **keys) as connection:
        assert tuple(connection.cursor().execute("select 1, current_user").fetchone()) == (1, "admin")
    with redshift_connector.connect(database="dev", sslmode="verify-full", **where) as connection:
        assert connection.cursor().execute("select 1").fetchone()[0] == 1
    with psycopg2.connect(dbname="dev", sslmode="verify-full", sslrootcert=os.environ["SPARKIFY_TEST_CA"], **where) as connection:
        assert connection.info.ssl_in_use
    try:
        psycopg2.connect(dbname="dev", sslmode="verify-full", sslrootcert=os.__file__, **where)
        raise AssertionError("no authority of this server's")
    except psycopg2.OperationalError:
        pass
print("TLS: all as it should be")
