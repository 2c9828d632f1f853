# shellcheck shell=bash disable=SC2154
# What run_table.sh and run_variants.sh share, to be sourced after options.sh: running several srwm at a time. A signal that
# ends the script stops them all: each writes a checkpoint, and the script ends with 75. If the script itself is killed,
# they end as well, after their checkpoints.

find_srwm

set -m  # each run has its own process group: a Ctrl-C reaches it once, through this script
stopped='' code=0
pids=() failed=()
declare -A item_of  # by process
stop() {
  stopped=yes
  for pid in ${pids[@]+"${pids[@]}"}; do kill -TERM "$pid" 2>/dev/null; done
}
# One that was ignored at the start, as after nohup, stays ignored. PIPE: nobody reads what is printed.
for signal in HUP INT QUIT TERM USR1 USR2 XCPU ALRM PIPE; do trap stop "$signal"; done

# become COMMAND...: replaces the shell by a program that gets a TERM when the script ends, however that ends.
become() {
  if command -v setpriv >/dev/null; then exec setpriv --pdeathsig TERM -- "$@"; fi
  exec "$@"
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
  if [ "$status" -eq 75 ]; then stopped=yes; elif [ "$status" -ne 0 ]; then failed+=("${item_of[$ended]}"); fi
  if [ "$status" -ne 75 ] && [ "$status" -gt "$code" ]; then code=$status; fi
}

# run_all JOBS COMMAND [WORD...] -- ITEM...: COMMAND WORD... ITEM for each item, JOBS at a time, until a signal comes. Before
# each the script's own `announce ITEM` says what begins.
run_all() {
  local jobs=$1 command=() item
  shift
  while [ "$1" != -- ]; do command+=("$1"); shift; done
  shift
  for item in "$@"; do
    while [ ${#pids[@]} -ge "$jobs" ]; do wait_for_one; done
    if [ -z "$stopped" ]; then announce "$item"; fi
    if [ -n "$stopped" ]; then break; fi
    "${command[@]}" "$item" &
    pids+=($!)
    item_of[$!]=$item
    if [ -n "$stopped" ]; then stop; fi  # the signal came before the process was known
  done
  while [ ${#pids[@]} -gt 0 ]; do wait_for_one; done
}

# Ends the script as its runs ended.
finish() {
  if [ "$code" -ne 0 ]; then
    echo "$me: ${#failed[@]} ended with an error, exit code $code; output.txt of each says why:" >&2
    printf '  %s\n' "${failed[@]}" >&2
    exit "$code"
  fi
  if [ -n "$stopped" ]; then fail 75 "Stopped. Run the same command again to continue."; fi
}
