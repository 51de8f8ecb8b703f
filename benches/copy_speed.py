#!/usr/bin/env python3
"""COPY in the stand-in against DuckDB's own read_json, and a whole load against a script written by hand.

    benches/copy_speed.py [--binary target/debug/sparkify-infra] [--events 10000000] [--data DIR] [--rounds 3]

Needs the Python package `duckdb`, of the version that is built into the stand-in. Without `--data` the whole load is that
of a sample.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVENTS = {
    "artist": "VARCHAR", "auth": "VARCHAR", "firstName": "VARCHAR", "gender": "VARCHAR", "itemInSession": "INTEGER",
    "lastName": "VARCHAR", "length": "DOUBLE", "level": "VARCHAR", "location": "VARCHAR", "method": "VARCHAR",
    "page": "VARCHAR", "registration": "DOUBLE", "sessionId": "INTEGER", "song": "VARCHAR", "status": "SMALLINT",
    "ts": "BIGINT", "userAgent": "VARCHAR", "userId": "VARCHAR",
}
SONGS = {
    "num_songs": "INTEGER", "artist_id": "VARCHAR", "artist_latitude": "DOUBLE", "artist_longitude": "DOUBLE",
    "artist_location": "VARCHAR", "artist_name": "VARCHAR", "song_id": "VARCHAR", "title": "VARCHAR",
    "duration": "DOUBLE", "year": "INTEGER",
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", type=Path, default=Path("target/debug/sparkify-infra"))
    arguments.add_argument("--events", type=int, default=10_000_000)
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    try:
        import duckdb
    except ImportError:
        sys.exit("skipped: the Python package duckdb is not installed")
    binary = chosen.binary.resolve()
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        for name in ["infra.toml", "sql"]:
            subprocess.run(["cp", "-r", ROOT / name, home], check=True)
        copy_of_events(duckdb, binary, home, chosen.events, chosen.rounds)
        whole_load(duckdb, binary, home, chosen.data, chosen.rounds)


def run(binary, home, *command):
    done = subprocess.run([binary, *command], cwd=home, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def stages(binary, home, *command):
    """Seconds of each stage of a load, and of all of it."""
    events = [json.loads(line) for line in run(binary, home, "load", "--output=json", *command).splitlines()]
    seconds = {event["stage"]: event["seconds"] for event in events if event["event"] == "stage_done"}
    return seconds, next(event["seconds"] for event in events if event["event"] == "loaded")


def read_json(columns, files):
    typed = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    return f"read_json('{files}', columns={{{typed}}}, format='newline_delimited')"


def report(what, ours, theirs, whose):
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(f"{what}: ours {ours:.2f} s, {whose} {theirs:.2f} s: {theirs / ours:.2f} of its speed")


def copy_of_events(duckdb, binary, home, events, rounds):
    run(binary, home, "sample", "data", "--songs=10", f"--events={events}", "--days=30")
    run(binary, home, "up", "--quiet")
    files = home / "data/log_data/*/*/*.json"
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(stages(binary, home)[0]["copy staging_events"])
        database = home / "theirs.duckdb"
        database.unlink(missing_ok=True)
        connection = duckdb.connect(database)
        connection.execute(f"create table events as select * from {read_json(EVENTS, files)} limit 0")
        started = time.perf_counter()
        connection.execute(f"insert into events select * from {read_json(EVENTS, files)}")
        theirs.append(time.perf_counter() - started)
        assert connection.execute("select count(*) from events").fetchone() == (events,)
        connection.close()
    report(f"COPY of {events} events", ours, theirs, "read_json")
    run(binary, home, "down", "--quiet")


def whole_load(duckdb, binary, home, data, rounds):
    if data is None:
        subprocess.run(["rm", "-rf", home / "data"], check=True)
        run(binary, home, "sample", "data")
        data = home / "data"
    mount = f"--mount=udacity-dend={data.resolve()}"
    ours, theirs = [], []
    for _ in range(rounds):
        run(binary, home, "up", "--quiet", mount)
        ours.append(stages(binary, home, mount)[1])
        run(binary, home, "down", "--quiet", mount)
        theirs.append(by_hand(duckdb, home, data))
    report("a whole load", ours, theirs, "a script by hand")


def by_hand(duckdb, home, data):
    """The same files and the same statements, by somebody who has nothing else in mind."""
    database = home / "by_hand.duckdb"
    database.unlink(missing_ok=True)
    connection = duckdb.connect(database)
    connection.execute("set integer_division = true")
    started = time.perf_counter()
    songs = ", ".join(SONGS)
    connection.execute(f"create table staging_songs as select {songs} from {read_json(SONGS, data / 'song_data/*/*/*/*.json')}")
    renamed = {"firstName": "first_name", "lastName": "last_name", "itemInSession": "item_in_session",
               "sessionId": "session_id", "userAgent": "user_agent", "userId": "user_id"}
    columns = ", ".join("epoch_ms(ts) as ts" if name == "ts" else f'"{name}" as {renamed.get(name, name)}' for name in EVENTS)
    connection.execute(f"create table staging_events as select {columns} from {read_json(EVENTS, data / 'log_data/*/*/*.json')}")
    for file in sorted((ROOT / "sql/transform").glob("*.sql")):
        text = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("--")).strip().rstrip(";")
        table, query = text.split("insert into", 1)[1].strip().split(None, 1)
        columns = ""
        if query.startswith("("):
            columns, query = query.split(")", 1)
        names = f"({columns[1:]})" if columns else ""
        connection.execute(f"create table {table}{names} as {query}")
    taken = time.perf_counter() - started
    connection.close()
    return taken


main()
