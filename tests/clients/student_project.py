"""A student's warehouse as people write it in notebooks: boto3 makes it, psycopg2 fills it, boto3 takes it away."""

import configparser
import json
import time

import boto3
import psycopg2

config = configparser.ConfigParser()
config.read_string(
    """
    [CLUSTER]
    DB_NAME=dwh
    DB_USER=dwhuser
    DB_PASSWORD=Passw0rd99
    DB_PORT=5439

    [S3]
    LOG_DATA='s3://udacity-dend/log_data'
    LOG_JSONPATH='s3://udacity-dend/log_json_path.json'
    SONG_DATA='s3://udacity-dend/song_data'
    """.replace("\n    ", "\n")
)

# The cluster and its role.
iam, redshift, s3 = (boto3.client(name) for name in ("iam", "redshift", "s3"))
trust = {"Version": "2012-10-17", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}}]}
iam.create_role(Path="/", RoleName="dwhRole", Description="Allows Redshift clusters to call AWS services on your behalf.", AssumeRolePolicyDocument=json.dumps(trust))
iam.attach_role_policy(RoleName="dwhRole", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
arn = iam.get_role(RoleName="dwhRole")["Role"]["Arn"]
redshift.create_cluster(
    ClusterType="multi-node", NodeType="ra3.large", NumberOfNodes=2, DBName=config["CLUSTER"]["DB_NAME"], ClusterIdentifier="dwhCluster".lower(),
    MasterUsername=config["CLUSTER"]["DB_USER"], MasterUserPassword=config["CLUSTER"]["DB_PASSWORD"], IamRoles=[arn],
)
while (cluster := redshift.describe_clusters(ClusterIdentifier="dwhcluster")["Clusters"][0])["ClusterStatus"] != "available":
    time.sleep(0.05)
endpoint = cluster["Endpoint"]

# The port, as the course opens it; a second run of the cell finds it open.
vpc = boto3.resource("ec2").Vpc(id=cluster["VpcId"])
default = list(vpc.security_groups.all())[0]
opened = dict(GroupName=default.group_name, CidrIp="0.0.0.0/0", IpProtocol="TCP", FromPort=int(config["CLUSTER"]["DB_PORT"]), ToPort=int(config["CLUSTER"]["DB_PORT"]))
default.authorize_ingress(**opened)
try:
    default.authorize_ingress(**opened)
    raise AssertionError("the rule is there already")
except Exception as error:
    assert "InvalidPermission.Duplicate" in str(error), error
assert cluster["VpcSecurityGroups"][0]["VpcSecurityGroupId"] == default.id

staging_events = """create table if not exists staging_events (artist varchar, auth varchar, firstName varchar, gender varchar, itemInSession int,
    lastName varchar, length numeric, level varchar, location varchar, method varchar, page varchar, registration numeric, sessionId int,
    song varchar, status int, ts timestamp, userAgent varchar, userId int)"""
staging_songs = """create table if not exists staging_songs (num_songs int, artist_id varchar, artist_latitude numeric, artist_longitude numeric,
    artist_location varchar(512), artist_name varchar(512), song_id varchar, title varchar(512), duration numeric, year int)"""
songplays = """create table if not exists songplays (songplay_id int identity(0,1) primary key, start_time timestamp not null sortkey distkey,
    user_id int not null, level varchar, song_id varchar not null, artist_id varchar not null, session_id int, location varchar, user_agent varchar)"""
users = "create table if not exists users (user_id int primary key sortkey, first_name varchar, last_name varchar, gender varchar, level varchar) diststyle all"
when = """create table if not exists time (start_time timestamp primary key distkey sortkey, hour int, day int, week int, month int, year int, weekday varchar)"""
drops = [f"DROP TABLE IF EXISTS {name}" for name in ("staging_events", "staging_songs", "songplays", "users", "time")]
copies = [
    ("""copy staging_events from {} credentials 'aws_iam_role={}' format as json {} region 'us-west-2' timeformat as 'epochmillisecs';""").format(
        config["S3"]["LOG_DATA"], arn, config["S3"]["LOG_JSONPATH"]),
    ("""copy staging_songs from {} credentials 'aws_iam_role={}' json 'auto' region 'us-west-2';""").format(config["S3"]["SONG_DATA"], arn),
]
inserts = [
    """insert into songplays (start_time, user_id, level, song_id, artist_id, session_id, location, user_agent)
       select distinct(e.ts) as start_time, e.userId, e.level, s.song_id, s.artist_id, e.sessionId, e.location, e.userAgent
       from staging_events e join staging_songs s on (e.song = s.title and e.artist = s.artist_name) and e.page = 'NextSong'""",
    """insert into users select distinct(userId), firstName, lastName, gender, level from staging_events where userId is not null and page = 'NextSong'""",
    """insert into time select distinct(start_time), extract(hour from start_time), extract(day from start_time), extract(week from start_time),
       extract(month from start_time), extract(year from start_time), extract(dayofweek from start_time) from songplays""",
]

connection = psycopg2.connect("host={} dbname={} user={} password={} port={}".format(endpoint["Address"], "dwh", "dwhuser", "Passw0rd99", endpoint["Port"]))
cursor = connection.cursor()
for query in drops + [staging_events, staging_songs, songplays, users, when] + copies + inserts:
    cursor.execute(query)
    connection.commit()


def lines(prefix):
    """How many records lie under a prefix: one a line."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="udacity-dend", Prefix=prefix)
    keys = [found["Key"] for page in pages for found in page.get("Contents", []) if found["Key"].endswith(".json")]
    bodies = (s3.get_object(Bucket="udacity-dend", Key=key)["Body"].read() for key in keys)
    return sum(len([line for line in body.splitlines() if line.strip()]) for body in bodies)


def count(table):
    cursor.execute(f"SELECT COUNT(*) FROM {table}")
    return cursor.fetchone()[0]


assert count("staging_events") == lines("log_data/"), count("staging_events")
assert count("staging_songs") == lines("song_data/"), count("staging_songs")
assert 0 < count("time") <= count("songplays"), (count("time"), count("songplays"))
assert cursor.description[0].name == "count"

# What drivers ask of transactions, parameters, cursors and errors.
cursor.execute("insert into users values (%s, %s, %s, %s, %s)", (-1, "O'Neil \\ %", "é", None, "free"))
cursor.execute("select first_name, last_name, gender from users where user_id = %s", (-1,))
assert cursor.fetchone() == ("O'Neil \\ %", "é", None)
connection.rollback()
cursor.execute("select count(*) from users where user_id = -1")
assert cursor.fetchone() == (0,)
for statement, code in (("select * from nowhere", "42P01"), ("select 1", "25P02")):
    try:
        cursor.execute(statement)
        raise AssertionError(statement)
    except psycopg2.Error as error:
        assert error.pgcode == code, (statement, error.pgcode, error)
connection.rollback()
with connection.cursor("walk") as walk:
    walk.itersize = 100
    walk.execute("select ts, userid from staging_events order by ts")
    assert len(list(walk)) == lines("log_data/")
connection.commit()
try:
    psycopg2.connect(host=endpoint["Address"], port=endpoint["Port"], dbname="dwh", user="dwhuser", password="wrong")
    raise AssertionError("a wrong password is refused")
except psycopg2.OperationalError as error:
    assert "password authentication failed" in str(error), error

# A connection that breaks in the middle of a transaction: nothing of it stays, and nobody waits for it.
import os

broken = psycopg2.connect(host=endpoint["Address"], port=endpoint["Port"], dbname="dwh", user="dwhuser", password="Passw0rd99")
half = broken.cursor()
half.execute("insert into users values (-2, 'gone', 'gone', 'f', 'free')")
half.execute("create table half_way (id int)")
os.close(broken.fileno())
cursor.execute("insert into users values (-3, 'here', 'here', 'f', 'free')")
connection.commit()
cursor.execute("select user_id from users where user_id < 0")
assert cursor.fetchall() == [(-3,)]
cursor.execute("select count(*) from pg_table_def where tablename = 'half_way'")
assert cursor.fetchone() == (0,)
cursor.execute("delete from users where user_id = -3")
connection.commit()

# A hundred at once, and one that is cancelled.
many = [psycopg2.connect(host=endpoint["Address"], port=endpoint["Port"], dbname="dwh", user="dwhuser", password="Passw0rd99") for _ in range(100)]
for other in many:
    with other.cursor() as asked:
        asked.execute("select count(*) from staging_songs")
        assert asked.fetchone()[0] == count("staging_songs")
import threading

threading.Timer(0.3, many[0].cancel).start()
try:
    many[0].cursor().execute("select count(*) from generate_series(1, 100000) a, generate_series(1, 1000000) b where (a.generate_series * b.generate_series) % 7 = 3")
    raise AssertionError("it is cancelled")
except psycopg2.extensions.QueryCanceledError:
    many[0].rollback()
for other in many:
    other.close()

# A user for a while, and the end: nobody answers any more.
given = redshift.get_cluster_credentials(DbUser="guest", ClusterIdentifier="dwhcluster", AutoCreate=True)
guest = psycopg2.connect(host=endpoint["Address"], port=endpoint["Port"], dbname="dwh", user=given["DbUser"], password=given["DbPassword"])
with guest.cursor() as asked:
    asked.execute("select current_user")
    assert asked.fetchone() == ("guest",)
guest.close()
connection.close()
redshift.delete_cluster(ClusterIdentifier="dwhcluster", SkipFinalClusterSnapshot=True)
try:
    psycopg2.connect(host=endpoint["Address"], port=endpoint["Port"], dbname="dwh", user="dwhuser", password="Passw0rd99")
    raise AssertionError("a deleted cluster refuses connections")
except psycopg2.OperationalError:
    pass
iam.detach_role_policy(RoleName="dwhRole", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
iam.delete_role(RoleName="dwhRole")
print("psycopg2: all as it should be")
