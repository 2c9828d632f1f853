#!/usr/bin/env bash
# run_table.sh TABLE [--seeds 1-5] [--jobs N] [--runs-dir DIR] [-- OPTION...]: runs what is missing of a table, a folder
# of experiments/, and prints the table. N runs at a time; OPTIONs go to each `srwm train-...`. What is complete is left
# alone and what was stopped is continued, so it can be stopped (Ctrl-C, SIGTERM: exit code 75) and started again. SRWM
# names the binary; SRWM_DATA the folder of the datasets. What a run prints goes to output.txt in its folder.
# shellcheck disable=SC2034,SC2154  # me, experiments, name, value, commands, asked_for_help: shared with options.sh
set -uo pipefail
. "$(dirname "$(readlink -f "$0")")/options.sh"

table='' seeds=() jobs=1 runs=runs asked_for_help=''
while [ $# -gt 0 ]; do
  if split_equals "$1"; then set -- "$name" "$value" "${@:2}"; fi
  case $1 in
    --seeds) need "$1" 'a list such as 1-5' "${2:-}"; seeds=(--seeds "$2"); shift ;;
    --jobs) need "$1" 'a number' "${2:-}"; jobs=$2; shift ;;
    --runs-dir) need "$1" 'a folder' "${2:-}"; runs=$2; shift ;;
    --) shift; break ;;
    --help) asked_for_help=yes; usage 2 5 ;;
    -*) usage 2 5 ;;
    *) if [ -n "$table" ]; then usage 2 5; fi; table=$1 ;;
  esac
  shift
done
if [ -z "$table" ] || ! [[ $jobs =~ ^[1-9][0-9]*$ ]]; then usage 2 5; fi
refuse_settings "$@"
table=$(find_folder "$table"; echo .)
table=${table%.}

. "$experiments/jobs.sh"

report=(report "$table" --runs-dir "$runs" ${seeds[@]+"${seeds[@]}"})
lines=$("$SRWM" "${report[@]}" --format commands) || exit
read_commands "$lines"
echo "$me: ${#commands[@]} runs are missing."

announce() {
  local words
  split_words "$1"
  local config=${words[3]} seed=${words[5]} folder=${words[7]}
  echo "$me: $(basename -- "$(dirname -- "$config")")/$(basename -- "$config" .json), seed $seed: begins; see $folder/output.txt"
}

# run OPTION... COMMAND: a command of the report, quoted for a shell, becomes the process itself, so that signals reach it.
# It begins with srwm train-... --config CONFIG --seed SEED --run-dir FOLDER.
run() {
  local words
  split_words "${!#}"
  local folder=${words[7]}
  mkdir -p -- "$folder" || exit 3
  become "$SRWM" "${words[@]:1}" "${@:1:$#-1}" >>"$folder/output.txt" 2>&1
}

run_all "$jobs" run "$@" -- ${commands[@]+"${commands[@]}"}

echo
"$SRWM" "${report[@]}"
finish
