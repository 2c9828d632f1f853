#!/usr/bin/env bash
# run_variants.sh FOLDER [OUT_DIR [NAME...]]: trains what FOLDER/variants.txt lists, or the NAMEs of it, each on one
# thread, two at a time, into OUT_DIR/NAME (runs/FOLDER/NAME). A line is `NAME: SPEC [KEY=VALUE...]`: a spec of the
# folder, and what differs from it. SRWM names the binary; SRWM_DATA the folder of the datasets. What is complete is
# left alone and what was stopped goes on. What a run prints goes to output.txt in its folder.
set -uo pipefail
experiments=$(cd "$(dirname "$0")" && pwd)
if [ $# -eq 0 ] || [[ $1 == -* ]]; then
  sed -n '2,6s/^# //p' "$0" >&2
  exit 2
fi
folder=$1 out=${2:-runs/$(basename "$1")}
shift $(($# < 2 ? $# : 2))
if [ ! -d "$folder" ] && [ -d "$experiments/$folder" ]; then folder=$experiments/$folder; fi
. "$experiments/jobs.sh"

list=$folder/variants.txt
if [ ! -f "$list" ]; then
  echo "run_variants.sh: There is no $list, which would list what to run." >&2
  exit 2
fi
names=()
declare -A line_of
while IFS= read -r line; do
  if [[ $line =~ ^([^#[:space:]]+):\  ]]; then
    names+=("${BASH_REMATCH[1]}")
    line_of[${BASH_REMATCH[1]}]=$line
  fi
done <"$list"
if [ $# -gt 0 ]; then names=("$@"); fi

# arguments_of NAME: spec and settings of a line as options, in the array `arguments`.
arguments_of() {
  local spec settings setting
  read -r spec settings <<<"${line_of[$1]#*: }"
  arguments=(--config "$folder/$spec")
  for setting in $settings; do arguments+=(--set "$setting"); done
}

# All lines are looked at before the first run begins.
for name in ${names[@]+"${names[@]}"}; do
  if [ -z "${line_of[$name]:-}" ]; then
    echo "run_variants.sh: $list has no line '$name: ...'." >&2
    exit 2
  fi
  arguments_of "$name"
  if ! "$SRWM" config show "${arguments[@]:1}" >/dev/null; then
    echo "run_variants.sh: so says the line '${line_of[$name]}' of $list." >&2
    exit 2
  fi
done

# run NAME: becomes the process itself, so that signals reach it.
run() {
  arguments_of "$1"
  mkdir -p "$out/$1" || exit 3
  echo "run_variants.sh: $1: begins; see $out/$1/output.txt"
  exec "$SRWM" train-fewshot "${arguments[@]}" --threads 1 --resume --run-dir "$out/$1" >>"$out/$1/output.txt" 2>&1
}

run_all 2 run -- ${names[@]+"${names[@]}"}
for name in ${names[@]+"${names[@]}"}; do
  printf '%-24s %s\n' "$name" "$(sed -n 's/^  test  *//p' "$out/$name/output.txt" 2>/dev/null | tail -n 1)"
done
finish
