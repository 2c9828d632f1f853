#!/usr/bin/env bash
# submit.sh TABLE|SWEEP.json [--seeds 1-5] [--runs-dir DIR] [--train 'OPTION...'] [-- SBATCH_OPTION...]: submits what is
# missing of a table, or of a sweep, as one Slurm job array, a task for each run (array.sbatch). OPTIONs go to each
# `srwm train-...`, SBATCH_OPTIONs to sbatch: --time, --gpus, --partition. The folder of the runs must be one that
# all nodes see. Submit again when something failed: what is complete is left out. SRWM names the binary.
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)

usage() {
  sed -n '2,5s/^# //p' "$0" >&2
  exit 2
}

what='' seeds='' runs=runs train=()
while [ $# -gt 0 ]; do
  case $1 in
    --seeds) seeds=${2:?--seeds needs a list such as 1-5}; shift ;;
    --runs-dir) runs=${2:?--runs-dir needs a folder}; shift ;;
    --train) read -ra train <<<"${2:?--train needs options of the command that trains}"; shift ;;
    --) shift; break ;;
    -*) usage ;;
    *) if [ -n "$what" ]; then usage; fi; what=$1 ;;
  esac
  shift
done
if [ -z "$what" ]; then usage; fi
. "$folder/../options.sh"
refuse_settings ${train[@]+"${train[@]}"}
export SRWM=${SRWM:-srwm}

mkdir -p "$runs"
if [ -d "$what" ]; then
  name=$(basename "$what")
  lines=$("$SRWM" report "$what" --runs-dir "$runs" ${seeds:+--seeds "$seeds"} --format commands)
else
  name=$(basename "$(dirname "$what")")-sweep
  lines=$("$SRWM" sweep "$what" --runs-dir "$runs" ${seeds:+--seed "$seeds"} --commands)
fi
grep '^#' <<<"$lines" >&2 || true
commands=$(mktemp "$(realpath "$runs")/$name.commands.XXXXXX")
grep '^srwm ' <<<"$lines" >"$commands" || true
count=$(wc -l <"$commands")
if [ "$count" -eq 0 ]; then
  rm "$commands"
  echo "submit.sh: Nothing is missing."
  exit
fi
echo "submit.sh: $count runs, listed in $commands; what they print goes to $runs/slurm-*.txt."
exec sbatch --array="1-$count" --output="$runs/slurm-%A_%a.txt" "$@" "$folder/array.sbatch" "$commands" \
  ${train[@]+"${train[@]}"}
