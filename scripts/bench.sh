#!/usr/bin/env bash
# Measure speed, as ratios in one run: scripts/bench.sh simplify [FOLDER ...] | scripts/bench.sh train [...]
extras=bench
. "$(dirname "$0")/environment.sh"

case ${1:-} in
  simplify | train) bench=$1 && shift ;;
  *) fail "say what to measure: scripts/bench.sh simplify, or scripts/bench.sh train" ;;
esac
PYTHONPATH=. "$python" "scripts/bench_$bench.py" "$@"
