"""Three projects as students write them, create_tables.py and etl.py, on the original data: they come to the numbers that were
published. Nothing in them is changed but the address and the role of dwh.cfg."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import boto3
import psycopg2

from stack import PASSWORD, READ_WRITE, TRUST

import json
import time

STAGED = {"staging_songs": 14896, "staging_events": 8056}
PUBLISHED = {
    "plain": {**STAGED, "songs": 14896, "artists": 10025, "users": 104, "songplays": 333, "time": 333},
    "left": {"stage.songs": 14896, "stage.events": 8056, "mart.songplays": 6820, "mart.users": 97, "mart.times": 6813},
    "dicts": {**STAGED, "songs": 14896, "artists": 10025, "users": 104, "songplays": 333, "time": 333},
}

iam, redshift = boto3.client("iam"), boto3.client("redshift")
arn = iam.create_role(RoleName="dwhRole", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
iam.attach_role_policy(RoleName="dwhRole", PolicyArn=READ_WRITE)
redshift.create_cluster(
    ClusterIdentifier="projects", NodeType="ra3.large", ClusterType="single-node", MasterUsername="dwhuser", MasterUserPassword=PASSWORD, DBName="dwh", IamRoles=[arn]
)
while (cluster := redshift.describe_clusters(ClusterIdentifier="projects")["Clusters"][0])["ClusterStatus"] != "available":
    time.sleep(0.05)
endpoint = cluster["Endpoint"]

for name, published in PUBLISHED.items():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(pathlib.Path(__file__).parent / "projects" / name, folder, dirs_exist_ok=True)
        cfg = pathlib.Path(folder, "dwh.cfg")
        text = re.sub(r"(?im)^((?:dwh_)?host=)('?)'?$", rf"\g<1>{endpoint['Address']}", cfg.read_text())
        text = re.sub(r"(?im)^((?:role_)?arn=)('?)'?$", rf"\g<1>\g<2>{arn}\g<2>", text)
        cfg.write_text(re.sub(r"(?im)^((?:\w*_)?port=).*$", rf"\g<1>{endpoint['Port']}", text))
        for script in ("create_tables.py", "etl.py"):
            done = subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, (name, script, done.stdout, done.stderr)
    with psycopg2.connect(host=endpoint["Address"], port=endpoint["Port"], dbname="dwh", user="dwhuser", password=PASSWORD) as connection:
        cursor = connection.cursor()
        for table, rows in published.items():
            cursor.execute(f"select count(*) from {table}")
            assert (found := cursor.fetchone()[0]) == rows, (name, table, found)
    connection.close()
print("projects: all as it should be")
