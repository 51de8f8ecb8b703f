"""What docs/aws-rules.md does not know for certain of the Data API and of COPY, asked of a cluster."""

from botocore.exceptions import ClientError

from account import condition, place
from kit import ELSEWHERE, Failed, Kit, said

ENDED = ("FINISHED", "FAILED", "ABORTED")


class Sql:
    """Statements of the Data API, each recorded."""

    def __init__(self, kit):
        self.kit, self.data = kit, kit.data
        self.admin = {"ClusterIdentifier": kit.stack, "Database": "dwh", "DbUser": "dwhadmin"}

    def run(self, sql, values=(), **target):
        """Runs it as the admin, or where `target` says; answers DescribeStatement's answer when it has ended."""
        with self.kit.recorder.keep():
            begun = self.data.execute_statement(Sql=sql, **(target or self.admin))
        return self.ended(begun["Id"], values) | {"Begun": begun}

    def batch(self, *statements, values=()):
        with self.kit.recorder.keep():
            begun = self.data.batch_execute_statement(Sqls=list(statements), **self.admin)
        return self.ended(begun["Id"], (*values, "SubStatements.Status", "SubStatements.ResultRows", "SubStatements.Error"))

    def ended(self, id, values=()):
        describe = lambda: self.data.describe_statement(Id=id, WaitTimeSeconds=30)
        with self.kit.recorder.keep("ResultRows", *values, number="RedshiftQueryId"):
            found, _ = self.kit.wait(lambda: found if (found := describe())["Status"] in ENDED else None, 600)
        if found is None:
            raise Failed(f"{id} does not end")
        return found

    def rows(self, id):
        with self.kit.recorder.keep("Records.stringValue", "Records.longValue", "Records.booleanValue"):
            answer = self.data.get_statement_result(Id=id)
        return [[next(iter(field.values())) for field in row] for row in answer["Records"]]

    def unrecorded(self, sql, **target):
        """The first value, None where there is none, or the error. Not recorded, since it differs from run to run, or
        asks for what the stand-in has not: another region."""
        id = self.data.execute_statement(Sql=sql, **(target or self.admin))["Id"]
        describe = lambda: self.data.describe_statement(Id=id, WaitTimeSeconds=30)
        ended, _ = self.kit.wait(lambda: found if (found := describe())["Status"] in ENDED else None, 300)
        if not ended or ended["Status"] != "FINISHED":
            return ended.get("Error") if ended else "it does not end"
        return next(iter(self.data.get_statement_result(Id=id)["Records"][0][0].values())) if ended["HasResultSet"] else None

    def value(self, sql, **target):
        ended = self.run(sql, **target)
        return self.rows(ended["Id"])[0][0] if ended["Status"] == "FINISHED" else ended.get("Error")


def answers_sql(kit: Kit):
    """Whether statements end at all: some stand-ins answer `STARTED` for ever."""
    try:
        begun = kit.data.execute_statement(ClusterIdentifier=kit.stack, Database="dwh", DbUser="dwhadmin", Sql="select 1")
        describe = lambda: kit.data.describe_statement(Id=begun["Id"])
        ended, _ = kit.wait(lambda: True if describe()["Status"] in ENDED else None)
    except Exception as error:
        ended = None
        kit.finding("the Data API", "R20", error)
    if not ended:
        raise Failed("`select 1` does not end: what needs SQL is left out")
    kit.has_sql = True


def copy_from(kit: Kit, role="copy", key="facts/rows.json", bucket=None, more=""):
    source = f"s3://{bucket or kit.bucket}/{key}"
    return f"copy facts from '{source}' iam_role '{kit.role_arn(f'{kit.stack}-{role}')}' json 'auto'{more}"


def counts(kit: Kit):
    """R25: what ResultRows counts of a COPY, alone, in a batch and in a session."""
    sql = Sql(kit)
    sql.run("create table facts (n int, t timestamp)")

    # R3, R4: until Redshift knows the role.
    said_meanwhile, point = [], kit.recorder.point()

    def copied():
        kit.recorder.back_to(point)
        with_role = sql.run(copy_from(kit))
        said_meanwhile.append(with_role.get("Error", ""))
        return with_role if with_role["Status"] == "FINISHED" or "role" not in with_role.get("Error", "").lower() else None

    alone, took = kit.wait(copied)
    kit.finding("COPY with a new role", "R4", said_meanwhile[0] or "loads at once", took)
    if alone is None or alone["Status"] != "FINISHED":
        raise Failed(f"COPY does not load: {said_meanwhile[-1]}")
    kit.finding("ResultRows of a COPY alone, of 3 rows", "R25", alone.get("ResultRows"))
    kit.finding("pg_last_copy_count() of another statement", "R25", sql.value("select pg_last_copy_count()"))
    batch = sql.batch(copy_from(kit), "select pg_last_copy_count()", "insert into facts (n) values (4), (5)")
    parts = [part.get("ResultRows") for part in batch.get("SubStatements", [])]
    kit.finding("ResultRows of a batch of COPY, SELECT and INSERT of 2", "R25", f"{batch.get('ResultRows')}, its parts {parts}")
    if batch["Status"] == "FINISHED":
        kit.finding("pg_last_copy_count() in the batch", "R25", sql.rows(f"{batch['Id']}:2"))
    first = sql.run("begin", SessionKeepAliveSeconds=60, **sql.admin)
    session = {"SessionId": first["Begun"]["SessionId"]}
    within = sql.run(copy_from(kit), **session)
    kit.finding("ResultRows of a COPY in a session", "R25", within.get("ResultRows", within.get("Error")))
    kit.finding("pg_last_copy_count() in the session", "R25", sql.value("select pg_last_copy_count()", **session))
    kit.finding("rows in the table", "R25", sql.value("select count(*) from facts", **session))
    kit.finding("ResultRows of INSERT … SELECT", "R25", sql.run("insert into facts select * from facts", **session).get("ResultRows"))
    numbers(kit, sql, session)
    # Closing a session: there is no call for it.
    sql.run("rollback", **session)
    sql.run("select 1", SessionKeepAliveSeconds=0, **session)
    try:
        answer = sql.run("select 2", **session)
        kit.finding("a session that was to live on for 0 seconds", "R21", answer.get("Error") or answer["Status"])
    except ClientError as error:
        kit.finding("a session that was to live on for 0 seconds", "R21", said(error))


def numbers(kit: Kit, sql, session):
    """R39: whose the numbers of a statement are."""
    asked = sql.run("select count(*) from facts where n > 1", **session)
    process, query = asked.get("RedshiftPid"), asked.get("RedshiftQueryId")
    kit.finding("RedshiftPid is pg_backend_pid() of its session", "R39", str(process) == str(sql.unrecorded("select pg_backend_pid()", **session)))
    views = {
        "SYS_QUERY_HISTORY has RedshiftQueryId as query_id": f"sys_query_history where query_id = {query}",
        "… and RedshiftPid as session_id": f"sys_query_history where query_id = {query} and session_id = {process}",
        "STL_QUERY has RedshiftQueryId as query": f"stl_query where query = {query}",
        "… and RedshiftPid as pid": f"stl_query where query = {query} and pid = {process}",
    }
    for what, view in views.items():
        kit.finding(what, "R39", sql.unrecorded(f"select count(*) from {view}"))
    leader = sql.run("select current_database()")
    failed = sql.run("select 1 / 0 from facts")
    batch = sql.batch("select count(*) from facts")
    parts = [part.get("RedshiftQueryId") for part in batch.get("SubStatements", [])]
    kit.finding("RedshiftQueryId of the leader's statement, a failed one, a batch", "R39",
                f"{leader.get('RedshiftQueryId')}, {sign(failed)}, {batch.get('RedshiftQueryId')} (its parts: {[sign_of(n) for n in parts]})")


def sign(described):
    return sign_of(described.get("RedshiftQueryId"))


def sign_of(number):
    return "a number" if number and number > 0 else number


def source_account(kit: Kit):
    """R34: whether Redshift sends aws:SourceAccount and sts:ExternalId when it takes on a role."""
    sql = Sql(kit)
    for role in kit.attached[1:]:
        tried, point = [], kit.recorder.point()

        def copied(role=role, tried=tried, point=point):
            kit.recorder.back_to(point)
            tried.append(sql.run(copy_from(kit, role)))
            return True if tried[-1]["Status"] == "FINISHED" else None

        _, took = kit.wait(copied, 0.1 if kit.is_quick else 90)
        kit.finding(f"COPY under a trust with {condition(kit, role)}", "R34", tried[-1].get("Error") or "loads", took)


def words(kit: Kit):
    """R4, R32, R37, R42, R45, C5: what statements say that Redshift may refuse."""
    sql, region = Sql(kit), ELSEWHERE[kit.region != "us-east-2"]
    unknown = copy_from(kit, "nowhere")
    asked = {
        "COPY with a role that is not attached (R4)": unknown,
        "COPY of a key that is not there (C6)": copy_from(kit, key="facts/nowhere.json"),
        "COPY from a bucket that is not there (R28)": copy_from(kit, bucket=f"{kit.stack}-nowhere"),
        "COPY of CSV with REMOVEQUOTES (R45)": copy_from(kit).replace(" json 'auto'", " csv removequotes"),
        "COPY with MAXERROR and IGNOREALLERRORS (R45)": copy_from(kit, more=" maxerror 2 ignoreallerrors"),
        "COPY of Parquet with MAXERROR (R45)": copy_from(kit).replace(" json 'auto'", " format parquet maxerror 2"),
        "COPY with REGION of elsewhere (R32)": copy_from(kit, more=f" region '{region}'"),
        "COPY of ISO 8601 without TIMEFORMAT (R42)": copy_from(kit, key="facts/iso.json"),
        "COPY of ISO 8601 with TIMEFORMAT auto (R42)": copy_from(kit, key="facts/iso.json", more=" timeformat 'auto'"),
        "COPY of a year beyond 2262 (R42)": copy_from(kit, key="facts/end.json"),
        "what it loaded (R42)": "select to_char(t, 'YYYY-MM-DD') from facts where n = 9999",
        "slices (C5)": "select count(*) from stv_slices",
        "a table that is not there": "select * from nowhere",
        "DROP of a table that is not there": "drop table nowhere",
        "a parameter without a value (R24)": "select :n",
    }
    for key, body in {"facts/iso.json": b'{"n":1,"t":"2026-11-29T10:11:12"}', "facts/end.json": b'{"n":9999,"t":"9999-12-31 00:00:00"}'}.items():
        with kit.recorder.keep():
            kit.s3.put_object(Bucket=kit.bucket, Key=key, Body=body)
    for what, statement in asked.items():
        try:
            ended = sql.run(statement)
            rows = sql.rows(ended["Id"]) if ended["Status"] == "FINISHED" and ended["HasResultSet"] else "done"
            kit.finding(what, "words", ended.get("Error") or rows)
        except ClientError as error:
            kit.finding(what, "words", said(error))
    # C17, R39: a rejected row, in both views.
    with kit.recorder.keep():
        kit.s3.put_object(Bucket=kit.bucket, Key="facts/bad.json", Body=b'{"n":1}{"n":"no number"}')
    sql.run(copy_from(kit, key="facts/bad.json", more=" maxerror 2"))
    for view, columns in {
        "stl_load_errors": "line_number, trim(colname), trim(type), err_code, trim(err_reason)",
        "sys_load_error_detail": "line_number, trim(column_name), trim(column_type), error_code, trim(error_message)",
    }.items():
        ended = sql.run(f"select {columns} from {view} where trim({'filename' if view[0:3] == 'stl' else 'file_name'}) like '%bad.json'")
        kit.finding(f"a rejected row in {view.upper()}", "C17, R39", ended.get("Error") or sql.rows(ended["Id"]))


def another_region(kit: Kit):
    """R32, R37: a source in another region, and a jsonpaths file that is here."""
    sql, bucket, region = Sql(kit), kit.buckets[3], ELSEWHERE[kit.region != "us-east-2"]
    elsewhere = kit.client("s3", region)
    try:
        elsewhere.create_bucket(Bucket=bucket, **place(kit, region))
    except ClientError as error:
        kit.finding("a bucket in another region", "R37", said(error))
        return
    elsewhere.put_object(Bucket=bucket, Key="facts/rows.json", Body=b'{"n":1}')
    kit.s3.put_object(Bucket=kit.bucket, Key="facts/paths", Body=b'{"jsonpaths":["$.n","$.t"]}')
    paths = f" json 's3://{kit.bucket}/facts/paths' region '{region}'"
    for what, statement in {
        "COPY from another region without REGION": copy_from(kit, bucket=bucket),
        "COPY from another region with REGION": copy_from(kit, bucket=bucket, more=f" region '{region}'"),
        "COPY from another region with jsonpaths here": copy_from(kit, bucket=bucket).replace(" json 'auto'", paths),
    }.items():
        kit.finding(what, "R32, R37", sql.unrecorded(statement) or "loads")


def identity(kit: Kit):
    """R20: who a statement runs as: the admin, a secret's user, the caller."""
    sql = Sql(kit)
    who = "select current_user, usesuper from pg_user where usename = current_user"
    place = {"ClusterIdentifier": kit.stack, "Database": "dwh"}
    for what, target in {"DbUser": sql.admin, "SecretArn": place | {"SecretArn": kit.secret_arn}, "neither": place}.items():
        try:
            ended = sql.run(who, **target)
            answer = ended.get("Error") or sql.rows(ended["Id"])
        except ClientError as error:
            answer = said(error)
        kit.finding(f"user and superuser with {what}", "R20", answer)


def client_token(kit: Kit):
    """R23: a call that is made twice with one ClientToken."""
    token = f"{kit.stack}-token"
    target = Sql(kit).admin | {"ClientToken": token}
    with kit.recorder.keep():
        first = kit.data.execute_statement(Sql="select 1", **target)
    again = kit.data.execute_statement(Sql="select 1", **target)
    kit.finding("the same ClientToken again", "R23", "the same statement" if again["Id"] == first["Id"] else "another statement")
    try:
        with kit.recorder.keep():
            other = kit.data.execute_statement(Sql="select 2", **target)
        answer = "the first statement" if other["Id"] == first["Id"] else "another statement"
    except ClientError as error:
        answer = said(error)
    kit.finding("the same ClientToken with another text", "R23", answer)
