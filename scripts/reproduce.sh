#!/usr/bin/env bash
# Repeat the experiment of 2015: train three layers of 512 units, sample, evaluate, and add the results to RESULTS.md.
#
#   scripts/reproduce.sh                       on the bundled board: half an hour of training, and some minutes
#   scripts/reproduce.sh --data-dir data/jobs  on postings of your own
#   scripts/reproduce.sh --text FILE           on any text; the results go to samples/reproduce-NAME/
#   scripts/reproduce.sh --minutes 60          train for an hour
#   scripts/reproduce.sh --text war.txt --encoding latin-1 --train-frac 0.8 --val-frac 0.1 --test
#                                              a text's bytes as characters, judged by its last tenth
#
# --figures-only keeps samples out of RESULTS.md. Other options go to `python -m charrnn.train`. An interrupted run
# continues, and a finished one is only evaluated again; --overwrite starts over.

case ${1:-} in
  -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0" && exit ;;
esac
. "$(dirname "$0")/environment.sh"

PYTHONPATH=. exec "$python" scripts/reproduce.py "$@"
