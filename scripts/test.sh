#!/usr/bin/env bash
# Make the environment with the test extras and run every check: style, types, tests. Arguments go to pytest.
extras=dev
. "$(dirname "$0")/environment.sh"

"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m mypy
"$python" -m pytest "$@"
