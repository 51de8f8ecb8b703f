"""The plugin in sessions of pytest of its own, with the program as it is installed."""

import importlib.util
import os
import textwrap
from pathlib import Path

import pytest


@pytest.fixture
def project(pytester):
    """A project with a schema, a bucket and settings for both."""
    pytester.makepyprojecttoml("""
        [tool.pytest.ini_options]
        redshift_seeds = ["sql"]
        redshift_mounts = ["events=data"]
    """)
    files = {
        "sql/1_tables.sql": "create table plays (id int, song varchar(20)); -- first;\ncreate view songs as select song from plays;",
        "sql/2_rows.sql": "copy plays from 's3://events/plays' iam_role default csv;\ninsert into plays values (3, '100 %; c')",
        "data/plays.csv": "1,a\n2,b\n",
    }
    for name, text in files.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return pytester


def run(project, *arguments):
    # Not in this process: the environment and boto3's default session are those of the inner session alone.
    return project.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


TESTS = """
    import pytest

    def count(connection):
        cursor = connection.cursor()
        cursor.execute("select count(*) from songs")
        return cursor.fetchone()[0]

    @pytest.mark.parametrize("n", range(4))
    def test_each_has_what_was_seeded(redshift, n):
        assert count(redshift) == 3
        redshift.cursor().execute("insert into plays values (%s, 'more')", (n,))
        redshift.commit()
        assert count(redshift) == 4
        redshift.cursor().execute("drop table plays cascade")
        redshift.commit()
"""


@pytest.mark.parametrize("driver", ["redshift_connector", "psycopg2", "psycopg"])
def test_each_test_has_a_database_of_its_own(project, driver):
    pytest.importorskip(driver)
    project.makepyfile(textwrap.dedent(TESTS))
    run(project, "-o", f"redshift_driver={driver}").assert_outcomes(passed=4)


def test_the_example_of_the_readme(pytester):
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    pytester.makepyfile(readme.split("```python\n", 1)[1].split("```", 1)[0])
    data = pytester.mkdir("tests") / "data"
    data.mkdir()
    (data / "sales.csv").write_text("1,9.99\n2,12.50\n3,0.00\n")
    run(pytester).assert_outcomes(passed=1)


COSTS = """
    import collections, os, statistics

    seconds = collections.Counter()

    def pytest_runtest_logreport(report):
        seconds[report.nodeid] += report.duration

    def pytest_terminal_summary(terminalreporter):
        # The first one starts the server and makes the cluster.
        costs = sorted(1000 * cost for cost in list(seconds.values())[1:])
        terminalreporter.write_line(f"median {statistics.median(costs):.1f} ms, most {costs[-1]:.1f} ms")
"""


def test_what_a_database_of_its_own_costs(project):
    """SPARKIFY_TEST_MILLIS says what is allowed here; docs/pytest.md has what was measured."""
    project.makeconftest(textwrap.dedent(COSTS))
    project.makepyfile("""
        import pytest

        def test_first(redshift_cluster):
            if not redshift_cluster.copies:
                pytest.skip("the program does not copy databases")

        @pytest.mark.parametrize("n", range(30))
        def test(redshift, n):
            redshift.cursor().execute("select count(*) from plays")
    """)
    result = run(project, "-o", "redshift_driver=psycopg2")
    if result.parseoutcomes().get("skipped"):
        pytest.skip("the program does not copy databases")
    result.assert_outcomes(passed=31)
    (told,) = [line for line in result.outlines if line.startswith("median ")]
    assert float(told.split()[1]) < float(os.environ.get("SPARKIFY_TEST_MILLIS", "250")), told


def test_workers_of_xdist_have_a_server_each(project):
    pytest.importorskip("xdist")
    project.makepyfile(textwrap.dedent(TESTS))
    run(project, "-n", "2").assert_outcomes(passed=4)


def test_markers_add_seeds_from_the_module_to_the_test(project):
    (project.path / "more.sql").write_text("insert into plays values (4, 'module')")
    project.makepyfile("""
        import pytest

        def more(database):
            assert database.run("select count(*) from plays") == [(4,)]
            database.run("insert into plays select max(id) + 1, 'test' from plays")

        pytestmark = pytest.mark.redshift_seed("more.sql")

        @pytest.mark.redshift_seed(run=more)
        def test_both(redshift_database):
            assert redshift_database.run("select id, song from plays where id > 3 order by id") == [(4, "module"), (5, "test")]

        def test_one(redshift_database):
            assert redshift_database.run("select count(*) from plays") == [(4,)]
    """)
    run(project).assert_outcomes(passed=2)


def test_clients_of_a_database(project):
    """SQLAlchemy, pandas, awswrangler, the Data API, and a program that takes PGHOST and the rest."""
    for module in ("sqlalchemy_redshift", "awswrangler", "psycopg2"):
        pytest.importorskip(module)
    project.makepyfile("""
        import os, subprocess, sys, time
        import awswrangler as wr
        import boto3, pandas, pytest, sqlalchemy

        @pytest.mark.parametrize("driver", ["psycopg2", "redshift_connector"])
        def test_sqlalchemy(redshift_database, driver):
            with redshift_database.engine(driver).begin() as connection:
                assert connection.execute(sqlalchemy.text("select count(*) from songs")).scalar() == 3
                assert pandas.read_sql("select * from plays", connection)["id"].tolist() == [1, 2, 3]

        def test_awswrangler(redshift, redshift_cluster, aws):
            path, role = f"s3://{aws.bucket()}/frame/", redshift_cluster.role_arn
            frame = pandas.DataFrame({"id": [1, 2], "name": ["a", "b"]})
            wr.redshift.copy(df=frame, path=path, con=redshift, table="c", schema="public", iam_role=role, mode="overwrite")
            found = wr.redshift.unload("select * from c order by id", path=path, con=redshift, iam_role=role)
            assert found["name"].tolist() == ["a", "b"]

        def test_data_api(redshift_database, aws):
            data = boto3.client("redshift-data")
            where = {"ClusterIdentifier": redshift_database.cluster.identifier, "Database": redshift_database.name, "DbUser": "admin"}
            asked = data.execute_statement(Sql="select count(*) from songs", **where)["Id"]
            while (told := data.describe_statement(Id=asked))["Status"] not in ("FINISHED", "FAILED"):
                pass
            assert told["Status"] == "FINISHED", told
            assert data.get_statement_result(Id=asked)["Records"] == [[{"longValue": 3}]]

        def test_program(redshift_database):
            code = "import psycopg2; c = psycopg2.connect('').cursor(); c.execute('select count(*) from songs'); print(c.fetchone())"
            env = {**os.environ, **redshift_database.env}
            assert subprocess.check_output([sys.executable, "-c", code], env=env, text=True).strip() == "(3,)"
    """)
    run(project).assert_outcomes(passed=5)


DBT = {
    "dbt_project.yml": "{name: plays, version: '1.0', profile: plays, config-version: 2}",
    "profiles.yml": """
        plays:
          target: test
          outputs:
            test:
              type: redshift
              host: "{{ env_var('PGHOST') }}"
              port: "{{ env_var('PGPORT') | int }}"
              dbname: "{{ env_var('PGDATABASE') }}"
              user: "{{ env_var('PGUSER') }}"
              password: "{{ env_var('PGPASSWORD') }}"
              sslmode: "{{ env_var('PGSSLMODE') }}"
              schema: public
              threads: 2
    """,
    "models/counted.sql": "select song, count(*) as plays from public.plays group by 1",
}


def test_dbt(project):
    dbt = os.environ.get("SPARKIFY_TEST_DBT")
    if not dbt:
        pytest.skip("SPARKIFY_TEST_DBT does not say where dbt is")
    for name, text in DBT.items():
        path = project.path / "dbt" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(textwrap.dedent(text))
    project.makepyfile(f"""
        import os, subprocess

        def test_models(redshift_database):
            command = [{dbt!r}, "--quiet", "build", "--project-dir", "dbt", "--profiles-dir", "dbt"]
            subprocess.run(command, env={{**os.environ, **redshift_database.env}}, check=True)
            assert redshift_database.run("select sum(plays) from counted") == [(3,)]
    """)
    run(project).assert_outcomes(passed=1)


def test_aws_is_the_local_one_while_a_test_has_it(project, monkeypatch):
    for name, value in {
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_SESSION_TOKEN": "real",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    project.makepyfile("""
        import os
        import boto3, pytest

        def test_environment(aws):
            assert boto3.client("sts").get_caller_identity()["Arn"].startswith("arn:aws:")
            assert boto3.client("s3").meta.endpoint_url == aws.endpoint_url
            boto3.client("s3").list_buckets()
            aws.resource("s3").Bucket("events").load()
            assert "AWS_PROFILE" not in os.environ

        @pytest.mark.parametrize("n", range(2))
        def test_buckets_are_those_of_the_test(aws, n):
            s3 = aws.client("s3")
            s3.create_bucket(Bucket="fixed-name")
            s3.put_bucket_versioning(Bucket="fixed-name", VersioningConfiguration={"Status": "Enabled"})
            for body in (b"1", b"2"):
                s3.put_object(Bucket="fixed-name", Key="key", Body=body)
            s3.delete_object(Bucket="fixed-name", Key="key")
            found = s3.list_objects_v2(Bucket=aws.bucket(directory="data"))["Contents"]
            assert [each["Key"] for each in found] == ["plays.csv"]
            assert sorted(each["Name"] for each in s3.list_buckets()["Buckets"]) == ["fixed-name", "test-bucket-1"]

        def test_environment_is_given_back():
            assert os.environ["AWS_PROFILE"] == "production" and "AWS_ENDPOINT_URL" not in os.environ
    """)
    run(project).assert_outcomes(passed=4)


def test_another_region(project):
    project.makepyfile("""
        import boto3

        def test_bucket(aws):
            assert boto3.client("s3").get_bucket_location(Bucket=aws.bucket())["LocationConstraint"] == "eu-central-1"
    """)
    run(project, "-o", "redshift_region=eu-central-1").assert_outcomes(passed=1)


def test_a_seed_that_fails_is_named_with_its_line(project):
    (project.path / "sql" / "2_rows.sql").write_text("select 1;\n\ninsert into nowhere values (1);\n")
    project.makepyfile("def test(redshift): pass")
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*2_rows.sql:3: *nowhere*"])
    assert "Traceback" not in result.stdout.str() and "def redshift_database" not in result.stdout.str()


def test_a_mount_that_is_not_there_is_named(project):
    project.makepyfile("def test(aws): pass")
    result = run(project, "-o", "redshift_mounts=events=nowhere")
    result.stdout.fnmatch_lines(["*redshift_mounts*'events=nowhere': there is no directory *nowhere*"])


def test_a_session_that_uses_no_fixture_starts_nothing(project, monkeypatch):
    monkeypatch.setenv("SPARKIFY_INFRA_BIN", "/nowhere")
    project.makepyfile(
        """
        import sys

        def test_nothing():
            assert "boto3" not in sys.modules

        def test_server(aws):
            pass
        """
    )
    result = run(project)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["SPARKIFY_INFRA_BIN is /nowhere, and there is no such program"])
    assert importlib.util.find_spec("pytest_local_redshift")
