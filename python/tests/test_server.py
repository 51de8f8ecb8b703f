import os
import signal
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from pytest_local_redshift import Server, ServerError
from pytest_local_redshift.cluster import Cluster
from pytest_local_redshift.server import find_program


@pytest.fixture
def program(tmp_path):
    def write(path, script="#!/bin/sh\n"):
        path = tmp_path / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)
        return str(path)

    return write


def test_the_program_is_found_by_name_beside_the_interpreter_and_on_path(program, monkeypatch, tmp_path):
    monkeypatch.delenv("SPARKIFY_INFRA_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "venv"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    with pytest.raises(ServerError, match="pip install sparkify-infra, or set SPARKIFY_INFRA_BIN"):
        find_program()
    on_path = program("path/sparkify-infra")
    assert find_program() == on_path
    beside = program("venv/sparkify-infra")
    assert find_program() == beside
    named = program("named")
    monkeypatch.setenv("SPARKIFY_INFRA_BIN", named)
    assert find_program() == named
    monkeypatch.setenv("SPARKIFY_INFRA_BIN", named + "x")
    with pytest.raises(ServerError, match="namedx, and there is no such program"):
        find_program()


def test_what_keeps_it_from_starting_is_said(program, monkeypatch, tmp_path):
    monkeypatch.setenv("SPARKIFY_INFRA_BIN", program("broken", "#!/bin/sh\necho 'no room' >&2\nexit 7\n"))
    with pytest.raises(ServerError, match="ended with 7: no room"):
        Server(tmp_path, "us-east-1", {})


def is_up(url):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url + "/_local/health") as answer:
            return answer.status == 200
    except OSError:
        return False


def test_it_starts_answers_and_ends(tmp_path):
    begun = time.monotonic()
    server = Server(tmp_path, "eu-west-1", {})
    assert is_up(server.url)
    print(f"start to first answer: {(time.monotonic() - begun) * 1000:.0f} ms")
    assert server.client("s3") is server.client("s3")
    assert server.client("sts").meta.region_name == "eu-west-1"
    assert server.client("sts").get_caller_identity()["Account"].isdigit()
    server.stop()
    assert not is_up(server.url)


def test_it_ends_where_pytest_is_killed(tmp_path):
    code = f"""if True:
        import pathlib, time
        from pytest_local_redshift import Server
        print(Server(pathlib.Path({str(tmp_path)!r}), "us-east-1", {{}}).url, flush=True)
        time.sleep(600)
    """
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env) as process:
        url = process.stdout.readline().strip()
        assert is_up(url)
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_up(url):
        assert time.monotonic() < deadline, "it outlives pytest"


class Recorder(BaseHTTPRequestHandler):
    """A server that makes copies of databases, and remembers what it was asked."""

    def do_POST(self):
        self.server.seen.append(f"{self.command} {self.path} {self.headers['X-Sparkify-Local']}")
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b'{"message": "as it was asked"}')

    do_DELETE = do_POST

    def log_message(self, *arguments):
        pass


class Copying(Cluster):
    """A cluster of which only the databases are there."""

    def _create_role(self):
        return "arn"

    def _create(self):
        return "localhost", 5439


@pytest.fixture
def recorder():
    with HTTPServer(("127.0.0.1", 0), Recorder) as recorder:
        recorder.seen, recorder.status = [], 200
        Thread(target=recorder.serve_forever, daemon=True).start()
        yield recorder
        recorder.shutdown()


@pytest.fixture
def server(recorder):
    server = object.__new__(Server)
    server.url = f"http://127.0.0.1:{recorder.server_port}"
    return server


def test_a_server_without_copies_is_asked_once(server, recorder):
    recorder.status = 404
    assert not Copying(server, "psycopg2").copies
    assert len(recorder.seen) == 1
    recorder.status = 409
    with pytest.raises(ServerError, match="template_empty.template=dev answers 409: .*as it was asked"):
        Copying(server, "psycopg2")


def test_databases_are_copied_from_a_template_whose_seeds_run_once(server, recorder):
    cluster = Copying(server, "psycopg2")
    runs = []
    for _ in range(2):
        cluster.drop_database(cluster.create_database(runs.append))
    cluster.create_database()
    assert [database.name for database in runs] == ["template_1"]
    here = "/_local/databases/test-cluster"
    assert recorder.seen == [
        f"POST {here}/template_empty?template=dev 1",
        f"POST {here}/template_1?template=dev 1",
        f"POST {here}/test_1?template=template_1 1",
        f"DELETE {here}/test_1 1",
        f"POST {here}/test_2?template=template_1 1",
        f"DELETE {here}/test_2 1",
        f"POST {here}/test_3?template=template_empty 1",
    ]
