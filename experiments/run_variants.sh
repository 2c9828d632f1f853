#!/usr/bin/env bash
# run_variants.sh FOLDER [OUT_DIR [NAME...]]: trains what FOLDER/variants.txt lists, or the NAMEs of it, each on one
# thread, two at a time, into OUT_DIR/NAME (runs/FOLDER/NAME). A line is `NAME: SPEC [KEY=VALUE...]`: a spec of the
# folder, and what differs from it. SRWM names the binary; SRWM_DATA the folder of the datasets. What is complete is
# left alone and what was stopped goes on. What a run prints goes to output.txt in its folder.
set -uo pipefail
experiments=$(cd "$(dirname "$0")" && pwd)
if [ $# -eq 0 ]; then
  sed -n '2,6s/^# //p' "$0" >&2
  exit 2
fi
folder=$1 out=${2:-runs/$(basename "$1")}
shift $(($# < 2 ? $# : 2))
if [ ! -d "$folder" ] && [ -d "$experiments/$folder" ]; then folder=$experiments/$folder; fi
. "$experiments/jobs.sh"

list=$folder/variants.txt
mapfile -t variants < <(grep -E '^[^#[:space:]]+: ' "$list")
if [ ${#variants[@]} -eq 0 ]; then
  echo "run_variants.sh: $list lists nothing to run." >&2
  exit 2
fi
chosen=()
for name in "$@"; do
  if ! line=$(grep "^$name: " "$list"); then
    echo "run_variants.sh: $list has no line '$name: ...'." >&2
    exit 2
  fi
  chosen+=("$line")
done
if [ $# -eq 0 ]; then chosen=("${variants[@]}"); fi

# run LINE: becomes the process itself, so that signals reach it.
run() {
  local name=${1%%:*} spec settings setting arguments=()
  read -r spec settings <<<"${1#*:}"
  for setting in $settings; do arguments+=(--set "$setting"); done
  mkdir -p "$out/$name" || exit 3
  echo "run_variants.sh: $name: begins; see $out/$name/output.txt"
  exec "$SRWM" train-fewshot --config "$folder/$spec" --threads 1 --resume --run-dir "$out/$name" \
    ${arguments[@]+"${arguments[@]}"} >>"$out/$name/output.txt" 2>&1
}

run_all 2 run -- "${chosen[@]}"
finish 'its output.txt says why.'
