#!/usr/bin/env bash
# Gather postings for ten common titles, in the four cities of the 2015 post or remote, into data/jobs, and compile the
# corpus. All options of `python -m scrape search` are accepted; your own --place, --city, --state, --remote or --title
# replaces the list given here.
. "$(dirname "$0")/environment.sh"

places=("San Francisco, CA" "Seattle, WA" "New York, NY" "Chicago, IL" "Remote")
titles=("Software Engineer" "Data Scientist" "Product Manager" "Designer" "Accountant" "Nurse" "Sales Manager"
  "Project Manager" "Customer Support" "Marketing Manager")

for option in "$@"; do
  case $option in
    --place* | --city* | --state* | --remote) places=() ;;
    --title*) titles=() ;;
    --pages* | --boards=demo | demo) places=() titles=() ;; # these name their own source
  esac
done

"$python" -m scrape search "${places[@]/#/--place=}" "${titles[@]/#/--title=}" "$@"
