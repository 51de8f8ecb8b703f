#!/usr/bin/env bash
# The plugin for pytest as pip installs it: its own tests, and those of its example.
set -euo pipefail
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../python" && pwd)
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PWD/site TMPDIR=$PWD/tmp
mkdir "$TMPDIR"
python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --target site "$sources"
tests() { (cd "$1" && shift && python -m pytest --quiet -p no:cacheprovider "$@"); }
tests "$sources" -n 2
tests "$sources/example" -n 2
echo 'pytest: all as it should be'
