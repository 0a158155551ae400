#!/usr/bin/env bash
# The experiment of 2015, for real: train three layers of 512, sample, evaluate, write it down in RESULTS.md.
#
#   scripts/reproduce.sh                       on the bundled board: half an hour of training, and some minutes
#   scripts/reproduce.sh --data-dir data/jobs  on postings of your own
#   scripts/reproduce.sh --text FILE           on any plain text in UTF-8
#   scripts/reproduce.sh --minutes 60          train for an hour
#
# --figures-only keeps the network's words out of RESULTS.md. What else is said goes to `python -m charrnn.train`.
# A run that was stopped goes on where it was, and a finished one is only evaluated again; --overwrite begins anew.

case ${1:-} in
  -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0" && exit ;;
esac
. "$(dirname "$0")/environment.sh"

PYTHONPATH=. exec "$python" scripts/reproduce.py "$@"
