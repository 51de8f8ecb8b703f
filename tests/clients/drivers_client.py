"""redshift_connector, psycopg 3, asyncpg, SQLAlchemy, pandas and awswrangler.redshift over the wire."""

import asyncio
import datetime
import decimal

import asyncpg
import awswrangler as wr
import pandas as pd
import psycopg
import redshift_connector
import sqlalchemy as sa

from stack import PASSWORD, stack

with stack("drivers") as (role, bucket, cluster):
    where = {"host": cluster["Endpoint"]["Address"], "port": cluster["Endpoint"]["Port"], "database": "dev", "user": "admin", "password": PASSWORD}

    # redshift_connector: everything is prepared and described before it is run.
    connection = redshift_connector.connect(ssl=False, **where)
    cursor = connection.cursor()
    cursor.execute("create table t (id int, name varchar(20), price decimal(10,2), at timestamp, ok boolean, day date, x float)")
    row = (1, "O'Neil \\", decimal.Decimal("12.50"), datetime.datetime(2018, 11, 30, 1, 2, 3, 456000), True, datetime.date(2018, 11, 30), 1.5)
    cursor.execute("insert into t values (%s, %s, %s, %s, %s, %s, %s)", row)
    cursor.executemany("insert into t (id, name) values (%s, %s)", [(2, "two"), (3, None)])
    cursor.execute("select * from t where id = %s", (1,))
    assert tuple(cursor.fetchone()) == row
    cursor.execute("select id, name from t order by id desc limit %s", (2,))
    assert [tuple(found) for found in cursor.fetchall()] == [(3, None), (2, "two")]
    connection.commit()
    cursor.execute("delete from t where id = 3")
    connection.rollback()
    frame = cursor.execute("select count(*) as n, sum(price) as total from t").fetch_dataframe()
    assert frame["n"][0] == 3 and frame["total"][0] == decimal.Decimal("12.50"), frame
    try:
        cursor.execute("select * from nowhere")
        raise AssertionError("there is no such table")
    except redshift_connector.ProgrammingError as error:
        assert error.args[0]["C"] == "42P01", error
    connection.rollback()
    assert [found[2] for found in cursor.get_tables(schema_pattern="public")] == ["t"]
    assert [found[3] for found in cursor.get_columns(tablename_pattern="t")][:2] == ["id", "name"]
    connection.commit()

    # awswrangler: COPY and UNLOAD through S3.
    frame = pd.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "price": [1.5, None, 3.0]})
    wr.redshift.to_sql(frame, connection, "w", "public", mode="overwrite", primary_keys=["id"])
    wr.redshift.to_sql(frame.assign(name="again"), connection, "w", "public", mode="upsert", primary_keys=["id"])
    found = wr.redshift.read_sql_query("select id, name from w order by id", connection)
    assert found["name"].tolist() == ["again"] * 3, found
    wr.redshift.copy(df=frame, path="s3://drivers-data/copy/", con=connection, table="c", schema="public", iam_role=role, mode="overwrite")
    found = wr.redshift.unload("select * from c order by id", path="s3://drivers-data/unload/", con=connection, iam_role=role)
    assert found["id"].tolist() == [1, 2, 3], found
    connection.commit()
    connection.close()

    # psycopg 3: parameters in binary, and a cursor that is a portal.
    with psycopg.connect(dbname=where["database"], **{name: where[name] for name in ("host", "port", "user", "password")}) as third:
        assert third.cursor(binary=True).execute("select id, price, day from t where id = %b", (1,)).fetchone() == (1, row[2], row[5])
        with third.cursor("named") as named:
            assert named.execute("select id from w order by id").fetchmany(2) == [(1,), (2,)]

    # asyncpg: sends values only in the types that the server tells.
    async def by_asyncpg():
        async with asyncpg.create_pool(ssl=False, min_size=1, max_size=1, **where) as pool:
            async with pool.acquire() as one, one.transaction():
                await one.executemany("insert into t (id, name, day, price) values ($1, $2, $3, $4)", [(8, "a", row[5], row[2]), (9, None, None, None)])
            async with pool.acquire() as one:
                found = await one.fetch("select id + $1 as more, day from t where id in ($2, $3) order by id", 1, 8, 9)
                assert [tuple(each) for each in found] == [(9, row[5]), (10, None)], found
                assert await one.execute("delete from t where id >= $1", 8) == "DELETE 2"

    asyncio.run(by_asyncpg())

    # SQLAlchemy and pandas.
    address = "redshift+psycopg2://{user}:{password}@{host}:{port}/{database}".format(**where)
    engine = sa.create_engine(address, connect_args={"sslmode": "prefer"})
    with engine.connect() as connected:
        assert connected.execute(sa.text("select count(*) from t")).scalar() == 3
        assert engine.dialect.server_version_info == (8, 0, 2)
    table = sa.Table("made", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), sa.Column("name", sa.String(40)))
    table.create(engine)
    with engine.begin() as connected:
        connected.execute(table.insert(), [{"id": n, "name": f"n{n}"} for n in range(50)])
    inspector = sa.inspect(engine)
    assert inspector.has_table("made") and not inspector.has_table("absent")
    assert [(column["name"], str(column["type"])) for column in inspector.get_columns("made")] == [("id", "INTEGER"), ("name", "VARCHAR(40)")]
    frame = pd.read_sql("select id, name from made where id < 3 order by id", engine)
    assert frame["name"].tolist() == ["n0", "n1", "n2"]
    engine.dispose()
print("drivers: all as it should be")
