#!/usr/bin/env bash
# Make the environment with the test extras and run every check: style, types, tests. Arguments go to pytest.
# The tests run on all cores, one thread each; `-n 0` runs them one after the other.
extras=dev
. "$(dirname "$0")/environment.sh"

"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m mypy
OMP_NUM_THREADS=1 "$python" -m pytest -n auto --dist worksteal "$@"
