"""A role, a bucket and a cluster for a client's test, and nothing of them afterwards."""

import contextlib
import json
import time

import boto3

PASSWORD = "Passw0rd99"
TRUST = {"Version": "2012-10-17", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}}]}
READ_WRITE = "arn:aws:iam::aws:policy/AmazonS3FullAccess"


@contextlib.contextmanager
def stack(name):
    """Answers the ARN of the role, the name of the bucket, and the cluster as DescribeClusters tells of it."""
    iam, redshift, s3 = (boto3.client(service) for service in ("iam", "redshift", "s3"))
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=READ_WRITE)
    bucket = f"{name}-data"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    redshift.create_cluster(
        ClusterIdentifier=name, NodeType="ra3.large", ClusterType="single-node", MasterUsername="admin", MasterUserPassword=PASSWORD,
        DBName="dev", IamRoles=[role],
    )
    while (cluster := redshift.describe_clusters(ClusterIdentifier=name)["Clusters"][0])["ClusterStatus"] != "available":
        time.sleep(0.05)
    yield role, bucket, cluster
    boto3.resource("s3").Bucket(bucket).objects.all().delete()
    s3.delete_bucket(Bucket=bucket)
    redshift.delete_cluster(ClusterIdentifier=name, SkipFinalClusterSnapshot=True)
    iam.detach_role_policy(RoleName=name, PolicyArn=READ_WRITE)
    iam.delete_role(RoleName=name)
