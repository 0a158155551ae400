#!/usr/bin/env bash
# Run the whole pipeline: scrape the bundled board, train a small network, generate imaginary postings.
#
#   scripts/dream.sh                    about five minutes on two cores, after the installation
#   scripts/dream.sh --live             real job boards instead (data/jobs, cv/jobs, samples/jobs)
#   scripts/dream.sh --minutes 30 ...   other options go to `python -m charrnn.train`

dataset=demo
size=(--rnn-size 256 --num-layers 2 --dropout 0)
length=(--minutes 4)
start=(--overwrite) # the demo starts over each time
temperature=0.5     # after four minutes the network still misspells at higher temperatures
options=()
device=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0" && exit ;;
    --live) dataset=jobs size=() length=(--minutes 30) start=() temperature=0.7 ;;
    --resume) start=(--resume) length=() ;; # with --minutes N, N minutes more
    --device) device=(--device "${2:?--device needs a name, such as cuda}") && shift ;;
    --device=*) device=("$1") ;;
    *) options+=("$1") ;;
  esac
  shift
done

. "$(dirname "$0")/environment.sh"

echo "1. Scrape: postings into data/$dataset" >&2
if [ $dataset = demo ]; then
  "$python" -m scrape search --boards demo --dataset demo
else
  scripts/scrape.sh || [ $? = 1 ] # a board that fails does not stop the others
fi

echo "2. Train: checkpoints into cv/$dataset" >&2
"$python" -m charrnn.train --data-dir "data/$dataset" "${size[@]}" "${length[@]}" "${start[@]}" "${device[@]}" \
  "${options[@]}"

echo "3. Generate: pages into samples/$dataset" >&2
"$python" -m charrnn.play --checkpoint "cv/$dataset" >/dev/null || [ $? = 2 ] # which says why it has no page
"$python" -m charrnn.sample --checkpoint "cv/$dataset" --temperature "$temperature" "${device[@]}"
