#!/usr/bin/env bash
# submit.sh TABLE|SWEEP.json [--seeds 1-5] [--runs-dir DIR] [--train 'OPTION...'] [-- SBATCH_OPTION...]: submits what is
# missing of a table, or of a sweep, as one Slurm job array, a task for each run (array.sbatch). OPTIONs, quoted as for a
# shell, go to each `srwm train-...`, SBATCH_OPTIONs to sbatch: --time, --gpus, --partition. The folder of the runs must be
# one that all nodes see. Submit again when something failed: what is complete is left out. SRWM names the binary.
# shellcheck disable=SC2034,SC2154  # me, experiments, name, value, commands, asked_for_help: shared with options.sh
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../options.sh"

what='' seeds='' runs=runs train=() asked_for_help=''
while [ $# -gt 0 ]; do
  if split_equals "$1"; then set -- "$name" "$value" "${@:2}"; fi
  case $1 in
    --seeds) need "$1" 'a list such as 1-5' "${2:-}"; seeds=$2; shift ;;
    --runs-dir) need "$1" 'a folder' "${2:-}"; runs=$2; shift ;;
    --train)
      need "$1" 'options of the command that trains' "${2:-}"
      split_words "$2" ||
        fail 2 "--train: a quote in it has no end: $2"
      train=(${words[@]+"${words[@]}"})
      shift ;;
    --) shift; break ;;
    --help) asked_for_help=yes; usage 2 5 ;;
    -*) usage 2 5 ;;
    *) if [ -n "$what" ]; then usage 2 5; fi; what=$1 ;;
  esac
  shift
done
if [ -z "$what" ]; then usage 2 5; fi
refuse_settings ${train[@]+"${train[@]}"}
what=$(find_folder "$what"; echo .)
what=${what%.}
find_srwm
command -v sbatch >/dev/null || fail 4 "There is no sbatch: submit from a machine that has Slurm, or use run_table.sh."

mkdir -p -- "$runs" || exit 3
runs=$(readlink -f -- "$runs"; echo .)
runs=${runs%$'\n'.}
if [ -d "$what" ]; then
  name=$(basename -- "$what")
  lines=$("$SRWM" report "$what" --runs-dir "$runs" ${seeds:+--seeds "$seeds"} --format commands)
else
  name=$(basename -- "$(dirname -- "$(readlink -f -- "$what")")")-sweep
  lines=$("$SRWM" sweep "$what" --runs-dir "$runs" ${seeds:+--seed "$seeds"} --commands)
fi
grep '^#' <<<"$lines" >&2 || true
read_commands "$lines"
if [ ${#commands[@]} -eq 0 ]; then
  echo "$me: Nothing is missing."
  exit
fi

# A line for each task, with the path of the program: Slurm runs a copy of array.sbatch, elsewhere, and may not hand on the
# environment.
list=$(mktemp "$runs/commands.XXXXXX"; echo .)
list=${list%$'\n'.}
trap 'rm -f -- "$list"' EXIT
for command in "${commands[@]}"; do
  split_words "$command"
  printf '%q ' "$SRWM" "${words[@]:1}" ${train[@]+"${train[@]}"}
  echo
done >"$list"
echo "$me: ${#commands[@]} runs of $name, listed in $list; what they print goes to $runs/slurm-*.txt."
sbatch --array="1-${#commands[@]}" --output="${runs//%/%%}/slurm-%A_%a.txt" "$@" "$experiments/slurm/array.sbatch" "$list"
trap - EXIT
