"""awswrangler: data frames into S3, and through the Data API into the warehouse and back."""

import json
import time

import awswrangler as wr
import boto3
import pandas as pd

iam, s3, redshift = (boto3.client(name) for name in ("iam", "s3", "redshift"))
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName="wrangler", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
iam.attach_role_policy(RoleName="wrangler", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
s3.create_bucket(Bucket="wrangler-data", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
redshift.create_cluster(ClusterIdentifier="wrangler-dwh", NodeType="ra3.large", ClusterType="single-node", MasterUsername="admin", DBName="dev", ManageMasterPassword=True, IamRoles=[role])
while redshift.describe_clusters(ClusterIdentifier="wrangler-dwh")["Clusters"][0]["ClusterStatus"] != "available":
    time.sleep(0.05)

frame = pd.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "price": [1.5, None, 3.0], "at": pd.to_datetime(["2018-11-01", "2018-11-02", "2018-11-03"])})
wr.s3.to_json(frame, "s3://wrangler-data/json/part.json", orient="records", lines=True, date_format="iso")
wr.s3.to_parquet(frame, "s3://wrangler-data/parquet/", dataset=True)
assert wr.s3.read_parquet("s3://wrangler-data/parquet/", dataset=True)["id"].tolist() == [1, 2, 3]
assert len(wr.s3.list_objects("s3://wrangler-data/")) == 2

connection = wr.data_api.redshift.connect(cluster_id="wrangler-dwh", database="dev", db_user="admin")
query = lambda sql: wr.data_api.redshift.read_sql_query(sql, con=connection)
connection.execute("create table t (id bigint, name varchar(10), price double precision, at timestamp)")
for source, options in (("json/", "json 'auto' timeformat 'auto'"), ("parquet/", "format as parquet")):
    connection.execute(f"copy t from 's3://wrangler-data/{source}' iam_role '{role}' {options}")
counted = query("select count(*) as n, sum(price) as total, min(at) as first from t")
assert counted["n"][0] == 6 and counted["total"][0] == 9.0 and str(counted["first"][0]).startswith("2018-11-01"), counted

wr.s3.delete_objects("s3://wrangler-data/")
s3.delete_bucket(Bucket="wrangler-data")
redshift.delete_cluster(ClusterIdentifier="wrangler-dwh", SkipFinalClusterSnapshot=True)
iam.detach_role_policy(RoleName="wrangler", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
iam.delete_role(RoleName="wrangler")
print("awswrangler: all as it should be")
