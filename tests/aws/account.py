"""What docs/aws-rules.md does not know for certain of IAM, S3, Secrets Manager and clusters, asked of the service. Each
question says what it found, and leaves in the recording what was answered."""

import json

import boto3
from botocore.exceptions import ClientError

from kit import REDSHIFT, Failed, Kit, allow, code, said, trust
from recording import ACCOUNT


def place(kit: Kit, region=None):
    region = region or kit.region
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}


# Before the cluster.


def bucket_is_there(kit: Kit):
    """R36, R28: how long a new bucket is unknown, and a name that was freed is not."""
    bucket = kit.buckets[2]
    kit.s3.create_bucket(Bucket=bucket, **place(kit))
    _, took = kit.patiently(lambda: kit.s3.get_bucket_location(Bucket=bucket, ExpectedBucketOwner=kit.account), ["NoSuchBucket"])
    kit.finding("a new bucket is known", "R36", "GetBucketLocation", took)
    kit.s3.delete_bucket(Bucket=bucket)
    again = lambda: kit.s3.create_bucket(Bucket=bucket, **place(kit))
    _, took = kit.patiently(again, ["OperationAborted", "BucketAlreadyOwnedByYou", "BucketAlreadyExists"])
    kit.finding("a freed name can be taken again", "R28", "CreateBucket", took)


def role_is_there(kit: Kit):
    """R35: how long IAM's answers lag behind a role that is created, and one that is deleted."""
    name = f"{kit.stack}-lag"
    kit.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(REDSHIFT))
    listed = lambda: any(role["RoleName"] == name for page in kit.iam.get_paginator("list_roles").paginate() for role in page["Roles"])
    _, took = kit.patiently(lambda: kit.iam.get_role(RoleName=name), ["NoSuchEntity"])
    kit.finding("a new role is known", "R35", "GetRole", took)
    _, took = kit.patiently(
        lambda: kit.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("s3:GetObject")), ["NoSuchEntity"]
    )
    kit.finding("a new role takes a policy", "R35", "PutRolePolicy", took)
    found, took = kit.wait(lambda: listed() or None)
    kit.finding("a new role is listed", "R35", "ListRoles" if found else "not listed", took)
    kit.iam.delete_role_policy(RoleName=name, PolicyName="p")
    kit.iam.delete_role(RoleName=name)
    gone, took = kit.wait(lambda: None if listed() else True)
    kit.finding("a deleted role is listed no more", "R35", "ListRoles" if gone else "still listed", took)


def secret_is_listed(kit: Kit):
    """R35: how far ListSecrets lags behind DescribeSecret."""
    token = f"{kit.stack}-secret-of-a-test-of-sparkify-infra"
    with kit.recorder.keep():
        kit.secrets.create_secret(Name=kit.secret, SecretString="x", Description="of a test, to be deleted", ClientRequestToken=token)
    with kit.recorder.keep():
        kit.secrets.describe_secret(SecretId=kit.secret)
    listed = lambda: any(
        secret["Name"] == kit.secret for page in kit.secrets.get_paginator("list_secrets").paginate() for secret in page["SecretList"]
    )
    found, took = kit.wait(lambda: listed() or None, max(kit.options.patience, 0 if kit.is_quick else 330))
    kit.finding("a new secret is listed", "R35", "ListSecrets" if found else "not listed", took)
    kit.secrets.delete_secret(SecretId=kit.secret, ForceDeleteWithoutRecovery=True)
    gone, took = kit.wait(lambda: None if listed() else True, max(kit.options.patience, 0 if kit.is_quick else 330))
    kit.finding("a deleted secret is listed no more", "R35", "ListSecrets" if gone else "still listed", took)


def action_of_create_bucket(kit: Kit):
    """R33: which actions CreateBucket with tags and object ownership is authorised as: the error names what is missing."""
    name, bucket = f"{kit.stack}-asker", kit.buckets[1]
    with kit.recorder.keep():
        kit.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": f"arn:{kit.partition}:iam::{kit.account}:root"}))
    may = lambda *actions: kit.patiently(
        lambda: kit.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow(*actions)), ["NoSuchEntity"]
    )
    with kit.recorder.keep():
        may("s3:CreateBucket")
    with kit.recorder.keep():
        keys, _ = kit.patiently(lambda: kit.sts.assume_role(RoleArn=kit.role_arn(name), RoleSessionName="kit"), ["AccessDenied"])
    keys = keys["Credentials"]
    kit.recorder.scrubber.secrets += [keys[part] for part in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    s3 = kit.recorder.attach(kit.client("s3", session=session), "assumed ")
    wanted = place(kit)
    wanted.setdefault("CreateBucketConfiguration", {})["Tags"] = [{"Key": "k", "Value": "v"}]
    granted = ["s3:CreateBucket"]
    for _ in range(4):
        denied = []

        def create(denied=denied):
            """None while a policy that was just written is not in force: the same action is denied again."""
            try:
                s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **wanted)
                return "created"
            except ClientError as error:
                denied[:] = [said(error)]
                action = missing(error)
                return None if action in granted else denied[0]

        with kit.recorder.keep():
            answer, took = kit.wait(create)
        kit.finding(f"CreateBucket with tags and ownership, allowed {', '.join(granted)}", "R33", answer or denied[0], took)
        action = next((word for word in (answer or "").replace(",", " ").split() if word.startswith("s3:")), None)
        if action is None:
            return
        granted.append(action)
        with kit.recorder.keep():
            may(*granted)


def missing(error):
    words = error.response["Error"].get("Message", "").replace(",", " ").split()
    return next((word for word in words if word.startswith("s3:")), "s3:CreateBucket")


def orderable(kit: Kit):
    """R38, R10: which node types the region has."""
    types = {}
    for page in kit.redshift.get_paginator("describe_orderable_cluster_options").paginate():
        for option in page["OrderableClusterOptions"]:
            types.setdefault(option["NodeType"], set()).add(option["ClusterType"])
    kit.finding("node types", "R38, R10", "; ".join(f"{name}: {', '.join(sorted(kinds))}" for name, kinds in sorted(types.items())))
    with kit.recorder.keep("OrderableClusterOptions.NodeType", "OrderableClusterOptions.ClusterType"):
        kit.redshift.describe_orderable_cluster_options(NodeType="ra3.large")


def subnet_group(kit: Kit):
    """R13: whether a group `default` is there, before and after a cluster that names none."""
    try:
        found = kit.redshift.describe_cluster_subnet_groups(ClusterSubnetGroupName="default")["ClusterSubnetGroups"]
        answer = f"there, {found[0]['SubnetGroupStatus']}" if found else "none"
    except ClientError as error:
        answer = said(error)
    kit.finding("the subnet group `default`", "R13", answer)


def linked_role(kit: Kit):
    """R33: whether Redshift's service-linked role is there, before and after the first cluster."""
    try:
        kit.iam.get_role(RoleName="AWSServiceRoleForRedshift")
        answer = "there"
    except ClientError as error:
        answer = said(error)
    kit.finding("AWSServiceRoleForRedshift", "R33", answer)


# With the cluster.


def cluster(kit: Kit):
    """R12, R13, R14, R19: the cluster and its secret, as they are described."""
    # What `up` did, as far as it is seen in what is asked here.
    tags = " ".join(
        f"Tags.Tag.{at}.Key=sparkify-infra:{name} Tags.Tag.{at}.Value=facts" for at, name in enumerate(["expires", "run", "stack"], 1)
    )
    kit.recorder.setup(f"iam Action=CreateRole RoleName=facts-warehouse AssumeRolePolicyDocument={trust(REDSHIFT)}")
    kit.recorder.setup(
        "redshift Action=CreateCluster ClusterIdentifier=facts NodeType=ra3.large ClusterType=single-node DBName=dwh "
        f"MasterUsername=dwhadmin ManageMasterPassword=true IamRoles.IamRoleArn.1=arn:aws:iam::{ACCOUNT}:role/facts-warehouse {tags}"
    )
    shown = ["ClusterStatus", "ClusterAvailabilityStatus", "NodeType", "Encrypted", "PubliclyAccessible", "ClusterSubnetGroupName"]
    with kit.recorder.keep(*(f"Clusters.{field}" for field in shown)):
        found = kit.redshift.describe_clusters(ClusterIdentifier=kit.stack)["Clusters"][0]
    kit.finding("the cluster", "R12, R13", {field: found.get(field) for field in shown})
    kit.secret_arn = found.get("MasterPasswordSecretArn")
    if not kit.secret_arn:
        raise Failed("the cluster has no MasterPasswordSecretArn (R19)")
    with kit.recorder.keep("OwningService", "Tags.Key"):
        secret = kit.secrets.describe_secret(SecretId=kit.secret_arn)
    tags = ", ".join(tag["Key"] for tag in secret.get("Tags", []))
    kit.finding("the admin's secret", "R19", f"OwningService {secret.get('OwningService')}, tags {tags or 'none'}")


# What tells whether Redshift sends a key when it takes on a role (R34): each trust holds only where it does, or does not.
def trusts(kit: Kit):
    user = f"arn:{kit.partition}:redshift:{kit.region}:{kit.account}:dbuser:{kit.stack}/dwhadmin"
    return {
        "copy": None,
        "source": {"StringEquals": {"aws:SourceAccount": kit.account}},
        "absent": {"Null": {"aws:SourceAccount": "true"}},
        "external": {"StringEquals": {"sts:ExternalId": user}},
    }


def roles_for_copy(kit: Kit):
    """Roles that may read the data, created early, so that IAM knows them when COPY needs them."""
    for name, condition in trusts(kit).items():
        role = f"{kit.stack}-{name}"
        with kit.recorder.keep():
            kit.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(REDSHIFT, condition))
        on = [f"arn:{kit.partition}:s3:::{bucket}" + rest for bucket in (kit.bucket, kit.buckets[3]) for rest in ("", "/*")]
        policy = allow("s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", on=on)
        with kit.recorder.keep():
            put = lambda: kit.iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy)
            kit.patiently(put, ["NoSuchEntity"])
    with kit.recorder.keep():
        kit.s3.put_object(Bucket=kit.bucket, Key="facts/rows.json", Body=b'{"n":1}{"n":2}{"n":3}')


def attach(kit: Kit):
    """R4, R14, R34: roles that are attached one by one, and what a second change meanwhile answers."""
    kit.attached = []
    for name in trusts(kit):
        arn = kit.role_arn(f"{kit.stack}-{name}")
        change = lambda: kit.redshift.modify_cluster_iam_roles(ClusterIdentifier=kit.stack, AddIamRoles=[arn])
        # Whether it is not known yet or never valid, the answer is the same (R4).
        waited = {"InvalidClusterState"} | ({"InvalidParameterValue"} if name == "copy" else set())
        try:
            with kit.recorder.keep():
                _, took = kit.patiently(change, waited, 300)
        except ClientError as error:
            kit.finding(f"attaching a role whose trust has {condition(kit, name)}", "R4, R34", said(error))
            continue
        kit.attached.append(name)
        if name == "copy":
            kit.finding("attaching a role", "R4", "taken", took)
            try:
                kit.redshift.modify_cluster_iam_roles(ClusterIdentifier=kit.stack, RemoveIamRoles=[kit.role_arn("nowhere")])
                kit.finding("a second change of the roles meanwhile", "R14", "taken")
            except ClientError as error:
                kit.finding("a second change of the roles meanwhile", "R14", said(error))

        def in_sync(arn=arn):
            found = kit.redshift.describe_clusters(ClusterIdentifier=kit.stack)["Clusters"][0]
            states = {role["IamRoleArn"]: role["ApplyStatus"] for role in found["IamRoles"]}
            return True if states.get(arn) == "in-sync" and found["ClusterStatus"] == "available" else None

        done, took = kit.wait(in_sync, None if kit.is_quick else 300)
        kit.finding(f"the role {name} is attached", "finding 4", "in-sync" if done else "not in-sync", took)
    if "copy" not in kit.attached:
        raise Failed("COPY has no role")


def condition(kit, name):
    return json.dumps(trusts(kit)[name]).replace(kit.account, "ACCOUNT")


# After the cluster.


def after(kit: Kit):
    """R15, R19: what goes with a cluster."""
    if getattr(kit, "secret_arn", None):
        def gone():
            try:
                found = kit.secrets.describe_secret(SecretId=kit.secret_arn)
                return "to be deleted" if found.get("DeletedDate") else None
            except ClientError as error:
                return said(error)

        answer, took = kit.wait(gone)
        kit.finding("the admin's secret after the cluster", "R19", answer or "still there", took)
    try:
        found = kit.redshift.describe_cluster_snapshots(ClusterIdentifier=kit.stack)["Snapshots"]
        kit.finding("snapshots after the cluster", "R15", [snapshot["SnapshotType"] for snapshot in found] or "none")
    except ClientError as error:
        kit.finding("snapshots after the cluster", "R15", said(error))


def data_bucket(kit: Kit):
    """R36: the bucket of the data, which everything else needs."""
    with kit.recorder.keep():
        kit.s3.create_bucket(Bucket=kit.bucket, **place(kit))
    try:
        with kit.recorder.keep():
            kit.patiently(lambda: kit.s3.get_bucket_tagging(Bucket=kit.bucket), ["NoSuchBucket"])
    except ClientError as error:
        if code(error) != "NoSuchTagSet":
            raise
