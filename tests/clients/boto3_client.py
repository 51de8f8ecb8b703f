"""boto3 against the local Redshift, from nothing to nothing: every service, as programs of other people use it."""

import io
import json
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE, BUCKET, CLUSTER = "loader", "boto3-data", "boto3-dwh"
iam, s3, redshift, data = (boto3.client(name) for name in ("iam", "s3", "redshift", "redshift-data"))
serverless, secrets, sts = (boto3.client(name) for name in ("redshift-serverless", "secretsmanager", "sts"))
account, region = sts.get_caller_identity()["Account"], s3.meta.region_name


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} was expected")


trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
refused("MalformedPolicyDocument", iam.create_role, RoleName="bad", AssumeRolePolicyDocument="{}")
iam.attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")

# S3: uploads in parts, copies, listings of both kinds, ranges, presigned addresses, deletions.
s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
s3.put_object(Bucket=BUCKET, Key="rows/a.csv", Body=b"id,name\n1,one\n2,\"two, too\"\n", ContentType="text/csv", Tagging="kind=csv")
assert s3.get_object_tagging(Bucket=BUCKET, Key="rows/a.csv")["TagSet"] == [{"Key": "kind", "Value": "csv"}]
s3.upload_fileobj(io.BytesIO(b"x" * (17 << 20)), BUCKET, "large.bin")
assert s3.head_object(Bucket=BUCKET, Key="large.bin")["ContentLength"] == 17 << 20
s3.copy({"Bucket": BUCKET, "Key": "large.bin"}, BUCKET, "copy.bin")
assert s3.get_object(Bucket=BUCKET, Key="copy.bin", Range="bytes=0-3")["Body"].read() == b"xxxx"
s3.copy_object(Bucket=BUCKET, Key="rows/b.csv", CopySource=f"{BUCKET}/rows/a.csv", MetadataDirective="REPLACE", Metadata={"from": "a"})
assert s3.head_object(Bucket=BUCKET, Key="rows/b.csv")["Metadata"] == {"from": "a"}
s3.delete_object(Bucket=BUCKET, Key="rows/b.csv")
keys = [found["Key"] for found in s3.list_objects(Bucket=BUCKET, Prefix="rows/")["Contents"]]
assert keys == ["rows/a.csv"], keys
assert s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")["CommonPrefixes"] == [{"Prefix": "rows/"}]
import urllib.request

address = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "rows/a.csv"})
assert urllib.request.urlopen(address).read().startswith(b"id,name")
refused("NoSuchKey", s3.get_object, Bucket=BUCKET, Key="none")
refused("404", s3.head_object, Bucket=BUCKET, Key="none")
refused("BucketNotEmpty", s3.delete_bucket, Bucket=BUCKET)
refused("PreconditionFailed", s3.put_object, Bucket=BUCKET, Key="rows/a.csv", Body=b"", IfNoneMatch="*")

# A security group, which opens nothing here: its rules are kept and told.
ec2 = boto3.client("ec2")
vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
assert len(ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]) == 2
group = ec2.create_security_group(GroupName="redshift", Description="the port", VpcId=vpc)["GroupId"]
refused("InvalidGroup.Duplicate", ec2.create_security_group, GroupName="redshift", Description="again", VpcId=vpc)
port = [{"IpProtocol": "tcp", "FromPort": 5439, "ToPort": 5439, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "home"}]}]
made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=port)["SecurityGroupRules"]
assert (made[0]["CidrIpv4"], made[0]["FromPort"], made[0]["IsEgress"]) == ("10.0.0.0/8", 5439, False), made
refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=port)
refused("InvalidParameterValue", ec2.authorize_security_group_ingress, GroupId=group, IpProtocol="tcp", FromPort=1, ToPort=2, CidrIp="home")
told = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
assert (told[0]["IpRanges"], told[0]["ToPort"]) == (port[0]["IpRanges"], 5439), told
ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=port)
refused("InvalidPermission.NotFound", ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=port)
refused("CannotDelete", ec2.delete_security_group, GroupName="default")

# A cluster, and a workgroup beside it.
made = redshift.create_cluster(
    ClusterIdentifier=CLUSTER, NodeType="ra3.large", ClusterType="single-node", MasterUsername="admin", DBName="dev",
    ManageMasterPassword=True, VpcSecurityGroupIds=[group], IamRoles=[role], DefaultIamRoleArn=role, Tags=[{"Key": "team", "Value": "data"}],
)["Cluster"]
assert made["ClusterStatus"] == "creating"
assert made["VpcSecurityGroups"] == [{"VpcSecurityGroupId": group, "Status": "active"}], made
while redshift.describe_clusters(ClusterIdentifier=CLUSTER)["Clusters"][0]["ClusterStatus"] != "available":
    time.sleep(0.05)
found = redshift.describe_clusters(TagKeys=["team"])["Clusters"]
assert [cluster["ClusterIdentifier"] for cluster in found] == [CLUSTER]
tagged = redshift.describe_tags(TagKeys=["team"])["TaggedResources"]
assert (tagged[0]["Tag"], tagged[0]["ResourceType"]) == ({"Key": "team", "Value": "data"}, "cluster"), tagged
assert not redshift.describe_logging_status(ClusterIdentifier=CLUSTER)["LoggingEnabled"]
secret = found[0]["MasterPasswordSecretArn"]
managed = secrets.get_secret_value(SecretId=secret)["SecretString"]
assert json.loads(managed)["username"] == "admin"

# A role, taken on by STS: it may do what its policies and the session's say, and nothing else.
root = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "ours"}}}]}
reader = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(root))["Role"]["Arn"]
iam.attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
refused("AccessDenied", sts.assume_role, RoleArn=reader, RoleSessionName="analyst")
refused("AccessDenied", sts.assume_role, RoleArn=reader + "-missing", RoleSessionName="analyst")
refused("ValidationError", sts.assume_role, RoleArn=reader, RoleSessionName="analyst", ExternalId="ours", DurationSeconds=7200)


def as_reader(service, config=None, **limits):
    taken = sts.assume_role(RoleArn=reader, RoleSessionName="analyst", ExternalId="ours", **limits)
    keys = taken["Credentials"]
    assert taken["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/reader/analyst"
    names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey", "aws_session_token": "SessionToken"}
    return boto3.client(service, config=config, **{name: keys[key] for name, key in names.items()})


assert as_reader("sts").get_caller_identity()["Arn"].endswith(":assumed-role/reader/analyst")
s3.put_object(Bucket=BUCKET, Key="shared/a", Body=b"a")
theirs = as_reader("s3")
assert theirs.get_object(Bucket=BUCKET, Key="shared/a")["Body"].read() == b"a"
assert BUCKET in [bucket["Name"] for bucket in theirs.list_buckets()["Buckets"]]
refused("AccessDenied", theirs.put_object, Bucket=BUCKET, Key="shared/a", Body=b"b")
refused("AccessDenied", theirs.create_bucket, Bucket="readers-own", CreateBucketConfiguration={"LocationConstraint": region})
refused("AccessDenied", as_reader("redshift").describe_clusters)
refused("AccessDeniedException", as_reader("secretsmanager").get_secret_value, SecretId=secret)
narrow = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/other/*"}]})
refused("AccessDenied", as_reader("s3", Policy=narrow).get_object, Bucket=BUCKET, Key="shared/a")
refused("InvalidClientTokenId", boto3.client("sts", aws_access_key_id="ASIANOBODYKNOWS", aws_secret_access_key="x", aws_session_token="x").get_caller_identity)
signed = as_reader("s3", Config(signature_version="s3v4")).generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "shared/a"})
assert urllib.request.urlopen(signed).read() == b"a"
s3.delete_object(Bucket=BUCKET, Key="shared/a")
iam.detach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
iam.delete_role(RoleName="reader")

# A secret of one's own opens what it says it opens, and nothing else.
own = secrets.create_secret(Name="team/dwh", SecretString="{}", Tags=[{"Key": "team", "Value": "data"}])
refused("ResourceExistsException", secrets.create_secret, Name="team/dwh", SecretString="{}")
here = {"ClusterIdentifier": CLUSTER, "Database": "dev"}
refused("ValidationException", data.execute_statement, Sql="select 1", SecretArn=own["ARN"], **here)
wrong = json.dumps({"username": "admin", "password": "wrong"})
assert secrets.put_secret_value(SecretId="team/dwh", SecretString=wrong)["VersionStages"] == ["AWSCURRENT"]
assert "password authentication failed" in refused("ValidationException", data.execute_statement, Sql="select 1", SecretArn=own["ARN"], **here)
secrets.update_secret(SecretId=own["ARN"][:-7], SecretString=managed, Description="the warehouse")
data.execute_statement(Sql="select 1", SecretArn=own["ARN"], **here)
assert secrets.get_secret_value(SecretId="team/dwh", VersionStage="AWSPREVIOUS")["SecretString"] == wrong
found = secrets.list_secrets(Filters=[{"Key": "tag-key", "Values": ["team"]}, {"Key": "name", "Values": ["!redshift"]}])["SecretList"]
assert [(one["Name"], one["Description"]) for one in found] == [("team/dwh", "the warehouse")], found
secrets.delete_secret(SecretId="team/dwh", RecoveryWindowInDays=7)
refused("InvalidRequestException", secrets.get_secret_value, SecretId="team/dwh")
secrets.restore_secret(SecretId="team/dwh")
secrets.delete_secret(SecretId="team/dwh", ForceDeleteWithoutRecovery=True)
refused("ResourceNotFoundException", secrets.describe_secret, SecretId="team/dwh")
assert len(secrets.get_random_password(PasswordLength=20, ExcludePunctuation=True)["RandomPassword"]) == 20
serverless.create_namespace(namespaceName="boto3-ns", dbName="dev", iamRoles=[role], defaultIamRoleArn=role)
serverless.create_workgroup(workgroupName="boto3-wg", namespaceName="boto3-ns", baseCapacity=8)
assert serverless.get_workgroup(workgroupName="boto3-wg")["workgroup"]["status"] == "AVAILABLE"


def run(sql, **arguments):
    """Waits as programs do that know nothing of long polling."""
    arguments = {"ClusterIdentifier": CLUSTER, "Database": "dev", **arguments}
    arguments = {name: value for name, value in arguments.items() if value is not None}
    call = data.batch_execute_statement(Sqls=sql, **arguments) if isinstance(sql, list) else data.execute_statement(Sql=sql, **arguments)
    while True:
        described = data.describe_statement(Id=call["Id"])
        if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return described
        time.sleep(0.02)


for where in ({"SecretArn": secret}, {"DbUser": "admin"}, {"ClusterIdentifier": None, "WorkgroupName": "boto3-wg"}):
    described = run("create table numbers (id integer not null, name varchar(20))", **where)
    if described["Status"] != "FINISHED":
        assert where == {"DbUser": "admin"}, described
    loaded = run(f"copy numbers from 's3://{BUCKET}/rows/' iam_role default csv ignoreheader 1", **where)
    assert (loaded["Status"], loaded["ResultRows"]) == ("FINISHED", 0), loaded
    run("delete from numbers", **where) if where == {"SecretArn": secret} else None

rows = run("select id, name, :label as label, id * 1.5 as x, getdate() > '2020-01-01' as late from numbers where id = :id", Parameters=[{"name": "id", "value": "2"}, {"name": "label", "value": "it's"}])
assert rows["HasResultSet"] and rows["QueryParameters"], rows
result = data.get_statement_result(Id=rows["Id"])
assert result["Records"] == [[{"longValue": 2}, {"stringValue": "two, too"}, {"stringValue": "it's"}, {"stringValue": "3.0"}, {"booleanValue": True}]], result["Records"]
assert [column["typeName"] for column in result["ColumnMetadata"]] == ["int4", "varchar", "varchar", "numeric", "bool"]
assert "unused" in refused("ValidationException", data.execute_statement, ClusterIdentifier=CLUSTER, Database="dev", Sql="select 1", Parameters=[{"name": "no", "value": "1"}])
csv = run("select id, name from numbers order by id", ResultFormat="CSV", StatementName="nightly-1")
assert data.get_statement_result_v2(Id=csv["Id"])["Records"] == [{"CSVRecords": 'id,name\n1,one\n2,"two, too"\n'}]
refused("ValidationException", data.get_statement_result, Id=csv["Id"])
assert [found["Id"] for found in data.list_statements(StatementName="nightly")["Statements"]] == [csv["Id"]]

failed = run("select * from nowhere")
assert failed["Status"] == "FAILED" and failed["Error"] == 'ERROR: relation "nowhere" does not exist', failed
batch = run(["insert into numbers values (3, 'three')", "select broken", "insert into numbers values (4, 'four')"])
assert [part["Status"] for part in batch["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
auto = run(["insert into numbers values (5, 'five')", "select broken"], ExecutionMode="AUTO_COMMIT") if "ExecutionMode" in data.meta.service_model.operation_model("BatchExecuteStatement").input_shape.members else None
count = data.get_statement_result(Id=run("select count(*) from numbers")["Id"])
assert count["Records"] == [[{"longValue": 3 if auto else 2}]] and count["ColumnMetadata"][0]["name"] == "count"

where = {"ClusterIdentifier": CLUSTER, "Database": "dev"}
assert data.list_databases(**where)["Databases"] == ["dev"]
assert "public" in data.list_schemas(**where)["Schemas"]
assert data.list_tables(SchemaPattern="pub%", **where)["Tables"] == [{"schema": "public", "name": "numbers", "type": "TABLE"}]
columns = data.describe_table(Schema="public", Table="numbers", **where)["ColumnList"]
assert [(column["name"], column["typeName"], column["length"], column["nullable"]) for column in columns] == [("id", "int4", 0, 0), ("name", "varchar", 20, 1)], columns
assert run("create database second")["Status"] == "FINISHED"
assert data.list_databases(**where)["Databases"] == ["dev", "second"]
assert run("create table t (a int)", Database="second")["Status"] == "FINISHED"

unloaded = run(f"unload ('select * from numbers') to 's3://{BUCKET}/out/' iam_role default format parquet manifest")
assert unloaded["Status"] == "FINISHED", unloaded
keys = sorted(found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET, Prefix="out/")["Contents"])
assert keys == ["out/0000_part_00.parquet", "out/manifest"], keys

# A snapshot of it, and a reboot, after which everything is where it was.
redshift.create_cluster_snapshot(SnapshotIdentifier="boto3-copy", ClusterIdentifier=CLUSTER)
refused("ClusterSnapshotAlreadyExists", redshift.create_cluster_snapshot, SnapshotIdentifier="boto3-copy", ClusterIdentifier=CLUSTER)
redshift.delete_cluster_snapshot(SnapshotIdentifier="boto3-copy")
assert redshift.reboot_cluster(ClusterIdentifier=CLUSTER)["Cluster"]["ClusterStatus"] == "rebooting"
while redshift.describe_clusters(ClusterIdentifier=CLUSTER)["Clusters"][0]["ClusterStatus"] != "available":
    time.sleep(0.05)
count = data.get_statement_result(Id=run("select count(*) from numbers")["Id"])["Records"]
assert count[0][0]["longValue"] > 0, count

# Nothing is left.
ec2.delete_security_group(GroupId=group)
serverless.delete_workgroup(workgroupName="boto3-wg")
serverless.delete_namespace(namespaceName="boto3-ns")
redshift.delete_cluster(ClusterIdentifier=CLUSTER, SkipFinalClusterSnapshot=True)
boto3.resource("s3").Bucket(BUCKET).objects.all().delete()
s3.delete_bucket(Bucket=BUCKET)
iam.detach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
iam.delete_role(RoleName=ROLE)
while redshift.describe_clusters()["Clusters"]:
    time.sleep(0.05)
print("boto3: all as it should be")
