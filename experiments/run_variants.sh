#!/usr/bin/env bash
# run_variants.sh FOLDER [OUT_DIR [NAME...]]: trains what FOLDER/variants.txt lists, or the NAMEs of it, each on one
# thread, two at a time, into OUT_DIR/NAME (runs/FOLDER/NAME). A line is `NAME: SPEC [KEY=VALUE...]`: a spec of the
# folder, and what differs from it, quoted as for a shell. SRWM names the binary; SRWM_DATA the folder of the datasets.
# What is complete is left alone and what was stopped is continued. What a run prints goes to output.txt in its folder.
# shellcheck disable=SC2034,SC2154  # me, experiments, name, value, commands, asked_for_help: shared with options.sh
set -uo pipefail
. "$(dirname "$(readlink -f "$0")")/options.sh"
if [ "${1:-}" = --help ]; then asked_for_help=yes; usage 2 5; fi
if [ $# -eq 0 ] || [[ $1 == -* ]]; then usage 2 5; fi
folder=$1 out=${2:-runs/$(basename -- "$1")}
shift $(($# < 2 ? $# : 2))
folder=$(find_folder "$folder"; echo .)
folder=${folder%.}
. "$experiments/jobs.sh"

list=$folder/variants.txt
if [ ! -f "$list" ]; then fail 2 "There is no $list, which would list what to run."; fi

# The lines of the list: NAME, and the rest of each. Ends of lines of Windows and a byte order mark are no part of them.
names=()
declare -A line_of number_of
number=0
while IFS= read -r line || [ -n "$line" ]; do
  number=$((number + 1))
  line=${line%$'\r'}
  if [ "$number" -eq 1 ]; then line=${line#$'\xef\xbb\xbf'}; fi
  if [[ $line =~ ^[[:space:]]*(#.*)?$ ]]; then continue; fi
  if ! [[ $line =~ ^([^#:/[:space:]]+):[[:space:]]+[^[:space:]] ]]; then
    fail 2 "Line $number of $list is not 'NAME: SPEC [KEY=VALUE...]' in UTF-8: $(printf '%q' "$line")"
  fi
  name=${BASH_REMATCH[1]}
  if [ -n "${line_of[$name]:-}" ]; then
    fail 2 "Lines ${number_of[$name]} and $number of $list have the same name, $name."
  fi
  names+=("$name")
  line_of[$name]=$line
  number_of[$name]=$number
done <"$list"
if [ $# -gt 0 ]; then names=("$@"); fi
if [ ${#names[@]} -eq 0 ]; then fail 2 "$list lists nothing to run."; fi

# arguments_of NAME: spec and settings of a line as options, in the array `arguments`.
arguments_of() {
  local setting
  split_words "${line_of[$1]#*:}" || fail 2 "The line '${line_of[$1]}' of $list has a quote without an end."
  arguments=(--config "$folder/${words[0]}")
  for setting in "${words[@]:1}"; do arguments+=(--set "$setting"); done
}

# All lines are looked at before the first run begins.
declare -A asked
for name in "${names[@]}"; do
  if [ -z "${line_of[$name]:-}" ]; then fail 2 "$list has no line '$name: ...'."; fi
  if [ -n "${asked[$name]:-}" ]; then fail 2 "$name is named twice; one folder serves one run."; fi
  asked[$name]=yes
  arguments_of "$name"
  if ! "$SRWM" config show "${arguments[@]:1}" >/dev/null; then
    fail 2 "so says the line '${line_of[$name]}' of $list."
  fi
done

announce() { echo "$me: $1: begins; see $out/$1/output.txt"; }

# run NAME: becomes the process itself, so that signals reach it.
run() {
  arguments_of "$1"
  mkdir -p -- "$out/$1" || exit 3
  become "$SRWM" train-fewshot "${arguments[@]}" --threads 1 --resume --run-dir "$out/$1" >>"$out/$1/output.txt" 2>&1
}

run_all 2 run -- "${names[@]}"
for name in "${names[@]}"; do
  printf '%-24s %s\n' "$name" "$(sed -n 's/^  test  *//p' "$out/$name/output.txt" 2>/dev/null | tail -n 1)"
done
finish
