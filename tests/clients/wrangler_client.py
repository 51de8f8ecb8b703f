"""awswrangler: data frames into S3, and through the Data API into the warehouse and back."""

import awswrangler as wr
import pandas as pd

from stack import stack

with stack("wrangler") as (role, bucket, _):
    frame = pd.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "price": [1.5, None, 3.0], "at": pd.to_datetime(["2018-11-01", "2018-11-02", "2018-11-03"])})
    wr.s3.to_json(frame, "s3://wrangler-data/json/part.json", orient="records", lines=True, date_format="iso")
    wr.s3.to_parquet(frame, "s3://wrangler-data/parquet/", dataset=True)
    assert wr.s3.read_parquet("s3://wrangler-data/parquet/", dataset=True)["id"].tolist() == [1, 2, 3]
    assert len(wr.s3.list_objects("s3://wrangler-data/")) == 2

    connection = wr.data_api.redshift.connect(cluster_id="wrangler", database="dev", db_user="admin")
    query = lambda sql: wr.data_api.redshift.read_sql_query(sql, con=connection)
    connection.execute("create table t (id bigint, name varchar(10), price double precision, at timestamp)")
    for source, options in (("json/", "json 'auto' timeformat 'auto'"), ("parquet/", "format as parquet")):
        connection.execute(f"copy t from 's3://wrangler-data/{source}' iam_role '{role}' {options}")
    counted = query("select count(*) as n, sum(price) as total, min(at) as first from t")
    assert counted["n"][0] == 6 and counted["total"][0] == 9.0 and str(counted["first"][0]).startswith("2018-11-01"), counted
    wr.s3.delete_objects("s3://wrangler-data/")
    assert wr.s3.list_objects("s3://wrangler-data/") == []
print("awswrangler: all as it should be")
