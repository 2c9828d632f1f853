# shellcheck shell=bash
# What run_table.sh and run_variants.sh share, to be sourced: finding srwm, and running several of it at a time. A
# signal stops them all: each writes a checkpoint, and the script ends with 75.

find_srwm() {
  local built
  built=$(dirname "${BASH_SOURCE[0]}")/../build/release/apps/srwm/srwm
  if [ -n "${SRWM:-}" ]; then echo "$SRWM"; elif [ -x "$built" ]; then echo "$built"; else echo srwm; fi
}

SRWM=$(find_srwm)
if ! command -v "$SRWM" >/dev/null; then
  echo "$(basename "$0"): There is no program '$SRWM'. Build it with make, or name it in the variable SRWM." >&2
  exit 4
fi

set -m  # each run has a process group of its own: a Ctrl-C reaches it once, through this script
stopped='' code=0
pids=() failed=()
declare -A item_of  # by process
stop() {
  stopped=yes
  for pid in ${pids[@]+"${pids[@]}"}; do kill -TERM "$pid" 2>/dev/null; done
}
trap stop INT TERM USR1 USR2

# Waits for one run to end, and keeps the highest exit code that is not of a stop: 75, or 143 where the signal came
# before srwm listened to it or after its work was done.
wait_for_one() {
  local status=0 ended='' alive=() pid
  wait -n -p ended "${pids[@]}" || status=$?
  if [ -z "${ended:-}" ]; then return; fi  # a signal came; what runs is waited for again
  for pid in "${pids[@]}"; do if [ "$pid" != "$ended" ]; then alive+=("$pid"); fi; done
  pids=(${alive[@]+"${alive[@]}"})
  if [ "$status" -eq 143 ] && [ -n "$stopped" ]; then status=75; fi
  if [ "$status" -eq 75 ]; then stopped=yes; elif [ "$status" -ne 0 ]; then failed+=("${item_of[$ended]}"); fi
  if [ "$status" -ne 75 ] && [ "$status" -gt "$code" ]; then code=$status; fi
}

# run_all JOBS COMMAND [WORD...] -- ITEM...: COMMAND WORD... ITEM for each item, JOBS at a time, until a signal comes.
run_all() {
  local jobs=$1 command=() item
  shift
  while [ "$1" != -- ]; do command+=("$1"); shift; done
  shift
  for item in "$@"; do
    while [ ${#pids[@]} -ge "$jobs" ]; do wait_for_one; done
    if [ -n "$stopped" ]; then break; fi
    "${command[@]}" "$item" &
    pids+=($!)
    item_of[$!]=$item
  done
  while [ ${#pids[@]} -gt 0 ]; do wait_for_one; done
}

# Ends the script as its runs ended.
finish() {
  if [ "$code" -ne 0 ]; then
    echo "$(basename "$0"): ${#failed[@]} ended with an error, exit code $code; output.txt of each says why:" >&2
    printf '  %s\n' "${failed[@]}" >&2
    exit "$code"
  fi
  if [ -n "$stopped" ]; then
    echo "$(basename "$0"): Stopped. The same command goes on." >&2
    exit 75
  fi
}
