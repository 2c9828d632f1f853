#!/usr/bin/env bash
# run_table.sh TABLE [--seeds 1-5] [--jobs N] [--runs-dir DIR] [-- OPTION...]: runs what is missing of a table, a folder
# of experiments/, and prints the table. N runs at a time; OPTIONs go to each `srwm train-...`. What is complete is
# left alone and what was stopped goes on, so it can be stopped (Ctrl-C, SIGTERM: exit code 75) and started again.
# SRWM names the binary; SRWM_DATA the folder of the datasets. What a run prints goes to output.txt in its folder.
set -uo pipefail
experiments=$(cd "$(dirname "$0")" && pwd)

usage() {
  sed -n '2,5s/^# //p' "$0" >&2
  exit 2
}

table='' seeds=() jobs=1 runs=runs
while [ $# -gt 0 ]; do
  case $1 in
    --seeds) seeds=(--seeds "${2:?--seeds needs a list such as 1-5}"); shift ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    --runs-dir) runs=${2:?--runs-dir needs a folder}; shift ;;
    --) shift; break ;;
    -*) usage ;;
    *) if [ -n "$table" ]; then usage; fi; table=$1 ;;
  esac
  shift
done
if [ -z "$table" ] || ! [[ $jobs =~ ^[1-9][0-9]*$ ]]; then usage; fi
. "$experiments/options.sh"
refuse_settings "$@"
if [ ! -d "$table" ] && [ -d "$experiments/$table" ]; then table=$experiments/$table; fi

. "$experiments/jobs.sh"
srwm() { "$SRWM" "$@"; }

report=(report "$table" --runs-dir "$runs" ${seeds[@]+"${seeds[@]}"})
commands=$(srwm "${report[@]}" --format commands) || exit
mapfile -t missing < <(grep -v '^#' <<<"$commands" | grep .)
echo "run_table.sh: ${#missing[@]} runs are missing."

# run OPTION... COMMAND: a line of the report, quoted for a shell, becomes the process itself, so that signals reach it.
# It begins with srwm train-... --config CONFIG --seed SEED --run-dir FOLDER.
run() {
  local words
  eval "words=(${!#})"
  local config=${words[3]} seed=${words[5]} folder=${words[7]} name
  name=$(basename "$(dirname "$config")")/$(basename "$config" .json)
  mkdir -p "$folder" || exit 3
  echo "run_table.sh: $name, seed $seed: begins; see $folder/output.txt"
  exec "$SRWM" "${words[@]:1}" "${@:1:$#-1}" >>"$folder/output.txt" 2>&1
}

run_all "$jobs" run "$@" -- ${missing[@]+"${missing[@]}"}

echo
srwm "${report[@]}"
finish
