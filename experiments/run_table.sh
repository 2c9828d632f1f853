#!/usr/bin/env bash
# run_table.sh TABLE [--seeds 1-5] [--jobs N] [--runs-dir DIR] [-- OPTION...]: runs what is missing of a table, a folder
# of experiments/, and prints the table. N runs at a time; OPTIONs go to each `srwm train-...`. What is complete is
# left alone and what was stopped goes on, so it can be stopped (Ctrl-C, SIGTERM: exit code 75) and started again.
# SRWM names the binary; SRWM_DATA the folder of the datasets. What a run prints goes to output.txt in its folder.
set -uo pipefail
set -m  # each run has a process group of its own: a Ctrl-C reaches it once, through this script
experiments=$(cd "$(dirname "$0")" && pwd)

usage() {
  sed -n '2,5s/^# //p' "$0" >&2
  exit 2
}

find_srwm() {
  local built=$experiments/../build/release/apps/srwm/srwm
  if [ -n "${SRWM:-}" ]; then echo "$SRWM"; elif [ -x "$built" ]; then echo "$built"; else echo srwm; fi
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
if [ ! -d "$table" ] && [ -d "$experiments/$table" ]; then table=$experiments/$table; fi

SRWM=$(find_srwm)
if ! command -v "$SRWM" >/dev/null; then
  echo "run_table.sh: There is no program '$SRWM'. Build it with make, or name it in the variable SRWM." >&2
  exit 4
fi
srwm() { "$SRWM" "$@"; }

report=(report "$table" --runs-dir "$runs" ${seeds[@]+"${seeds[@]}"})
commands=$(srwm "${report[@]}" --format commands) || exit
mapfile -t missing < <(grep -v '^#' <<<"$commands" | grep .)
echo "run_table.sh: ${#missing[@]} runs are missing."

stopped='' code=0
pids=()
stop() {
  stopped=yes
  for pid in ${pids[@]+"${pids[@]}"}; do kill -TERM "$pid" 2>/dev/null; done
}
trap stop INT TERM USR1 USR2

# run COMMAND OPTION...: a line of the report, quoted for a shell, becomes the process itself, so that signals reach it.
# It begins with srwm train-... --config CONFIG --seed SEED --run-dir FOLDER.
run() {
  local words
  eval "words=($1)"
  shift
  local config=${words[3]} seed=${words[5]} folder=${words[7]} name
  name=$(basename "$(dirname "$config")")/$(basename "$config" .json)
  mkdir -p "$folder" || exit 3
  echo "run_table.sh: $name, seed $seed: begins; see $folder/output.txt"
  exec "$SRWM" "${words[@]:1}" "$@" >>"$folder/output.txt" 2>&1
}

# Waits for one run to end, and keeps the highest exit code that is not of a stop: 75, or 143 where the signal came
# before srwm listened to it or after its work was done.
wait_for_one() {
  local status=0 ended='' alive=() pid
  wait -n -p ended "${pids[@]}" || status=$?
  if [ -z "${ended:-}" ]; then return; fi  # a signal came; what runs is waited for again
  for pid in "${pids[@]}"; do if [ "$pid" != "$ended" ]; then alive+=("$pid"); fi; done
  pids=(${alive[@]+"${alive[@]}"})
  if [ "$status" -eq 143 ] && [ -n "$stopped" ]; then status=75; fi
  if [ "$status" -eq 75 ]; then stopped=yes; elif [ "$status" -gt "$code" ]; then code=$status; fi
}

for command in ${missing[@]+"${missing[@]}"}; do
  while [ ${#pids[@]} -ge "$jobs" ]; do wait_for_one; done
  if [ -n "$stopped" ]; then break; fi
  run "$command" "$@" &
  pids+=($!)
done
while [ ${#pids[@]} -gt 0 ]; do wait_for_one; done

echo
srwm "${report[@]}"
if [ "$code" -ne 0 ]; then
  echo "run_table.sh: A run ended with exit code $code; its output.txt says why." >&2
  exit "$code"
fi
if [ -n "$stopped" ]; then
  echo "run_table.sh: Stopped. The same command goes on." >&2
  exit 75
fi
