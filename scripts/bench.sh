#!/usr/bin/env bash
# Measure speed as ratios, with both sides measured in one run.
#
#   scripts/bench.sh train         training, beside a plain training loop
#   scripts/bench.sh sample        sampling, beside one call of nn.LSTM for each character
#   scripts/bench.sh simplify      the simplifier, beside other tools: [FOLDER ...] of saved pages
#   scripts/bench.sh all           these three
#   scripts/bench.sh recommend     what few labels teach (quality), time to rank 100,000 postings (speed)
#   scripts/bench.sh desk          how long the local page takes to answer, over 1,195 and 50,000 invented postings
#   scripts/bench.sh memorization  the index that finds copied text, at 5, 20 and 100 MB
#   scripts/bench.sh archive       reading web archives: [FOLDER] of saved pages, else those of the bundled board
#   scripts/bench.sh find          the index of saved postings, and searches of it: [--counts 1000,50000] [--times 4]
#   scripts/bench.sh gather        pages a second of `scrape gather`, memory, growth: [--pages 20000] [--dask]
#   scripts/bench.sh gathered      a gathered dataset of invented postings: catalogue, index, commands: [--count 1000000]
#   scripts/bench.sh play          the page of charrnn.play in Chromium: speed, start, size, and what 8 bits cost
#   scripts/bench.sh recipes       the default recipe with one setting changed at a time: --data-dir FOLDER (hours)
#
# Each takes --json FILE, and `all` takes --json FOLDER. Run nothing else on the machine meanwhile.

bench=${1:-}
case $bench in
  '' | -h | --help) sed -n '2,18s/^# \{0,1\}//p' "$0" && exit ;;
esac
shift
extras=bench
[ "$bench" != recommend ] || extras=recommend
[ "$bench" != desk ] && [ "$bench" != gathered ] || extras=desk
[ "$bench" != gather ] || extras=cluster
[ "$bench" != play ] || extras=dev # a browser to drive
. "$(dirname "$0")/environment.sh"

measure() {
  local script=scripts/bench/$1.py
  [ -f "$script" ] || fail "there is no benchmark named $1; scripts/bench.sh --help lists them"
  PYTHONPATH=. "$python" "$script" "${@:2}"
}

if [ "$bench" != all ]; then
  measure "$bench" "$@"
  exit
fi
[ "${1:-}" != --json ] || folder=${2:?--json needs a folder}
for each in train sample simplify; do
  measure $each ${folder:+--json "$folder/$each.json"}
done
