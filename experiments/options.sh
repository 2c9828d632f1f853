# shellcheck shell=bash
# Shared by the scripts of experiments/, to be sourced: command lines, and finding srwm and tables.

# The folder of these scripts, wherever a link to one of them is.
experiments=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
me=$(basename "$0")

# fail EXIT_CODE SENTENCE
fail() {
  printf '%s: %s\n' "$me" "$2" >&2
  exit "$1"
}

# usage FIRST LAST: prints these lines of the script, its first comment, and ends it; without an error after --help.
usage() {
  if [ "${asked_for_help:-}" = yes ]; then
    sed -n "$1,$2s/^# //p" "$0"
    exit 0
  fi
  sed -n "$1,$2s/^# //p" "$0" >&2
  exit 2
}

# need OPTION WHAT [VALUE]: a usage error if the value of an option is missing.
need() {
  if [ -z "${3:-}" ]; then fail 2 "$1 needs $2. '$me --help' lists what it takes."; fi
}

# split_equals WORD: the option and the value of --option=value in `name` and `value`; false if WORD is another.
split_equals() {
  [[ $1 == --?*=* ]] || return 1
  # shellcheck disable=SC2034  # for the caller
  name=${1%%=*}
  value=$(home_path "${1#*=}"; echo .)
  value=${value%.}
}

# home_path PATH: with the home folder for a ~ that the shell has left, as in --runs-dir=~/runs.
home_path() {
  if [[ $1 == [~] || $1 == [~]/* ]]; then printf '%s' "${HOME:-~}${1:1}"; else printf '%s' "$1"; fi
}

# split_words TEXT: its words in the array `words`, quoted as for a shell: blanks and newlines part them, quotes and \ keep
# them together. Nothing in them is run or replaced, but for a ~ at the start of a word. False if a quote has no end.
split_words() {
  local text=$1 word='' in_word='' quote='' c i
  local backslash=$'\\' in_double_quotes=$'\\"$`'  # what a backslash keeps as it is there
  words=()
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    if [ "$quote" = "'" ]; then
      if [ "$c" = "'" ]; then quote=''; else word+=$c; fi
    elif [ "$c" = "$backslash" ] && { [ -z "$quote" ] || [[ $in_double_quotes == *"${text:i+1:1}"* ]]; }; then
      i=$((i + 1))
      [ "$i" -lt ${#text} ] || return 1
      word+=${text:i:1} in_word=yes
    elif [ -n "$quote" ]; then
      if [ "$c" = "$quote" ]; then quote=''; else word+=$c; fi
    elif [ "$c" = "'" ] || [ "$c" = '"' ]; then
      quote=$c in_word=yes
    elif [[ $c == [[:space:]] ]]; then
      if [ -n "$in_word" ]; then words+=("$word"); fi
      word='' in_word=''
    elif [ "$c" = '~' ] && [ -z "$in_word" ] && [[ ${text:i+1:1} == '' || ${text:i+1:1} == [/[:space:]] ]]; then
      word=${HOME:-~} in_word=yes
    else
      word+=$c in_word=yes
    fi
  done
  [ -z "$quote" ] || return 1
  if [ -n "$in_word" ]; then words+=("$word"); fi
}

# read_commands TEXT: in the array `commands` the lines of TEXT that begin with "srwm ", each one command, quoted as srwm
# quotes it; a newline in quotes is part of a command.
read_commands() {
  local line whole='' bare
  commands=()
  while IFS= read -r line; do
    if [ -z "$whole" ] && [[ $line == '#'* ]]; then continue; fi
    whole+=${whole:+$'\n'}$line
    bare=${whole//"'\\''"/}
    bare=${bare//[^\']/}
    if [ $((${#bare} % 2)) -ne 0 ]; then continue; fi
    if [[ $whole == 'srwm '* ]]; then commands+=("$whole"); fi
    whole=''
  done <<<"$1"
}

# refuse_settings OPTION...: ends the script if an option for srwm would make another run than the one that counts.
refuse_settings() {
  local option
  for option in "$@"; do
    case $option in
      --set* | --config* | --seed* | --run-dir*)
        fail 2 "$option makes a run that would not be counted. Change the spec." ;;
    esac
  done
}

# find_srwm: the program, in SRWM: what SRWM names, that of this installation or tarball, the newest that this clone has
# built, or the one of PATH. Its path is made absolute, since job scripts run elsewhere.
find_srwm() {
  local place=${SRWM:-} built
  if [ -z "$place" ] && [[ $experiments == */share/srwm/experiments ]] && [ -x "${experiments%/share/srwm/*}/bin/srwm" ]; then
    place=${experiments%/share/srwm/*}/bin/srwm
  fi
  if [ -z "$place" ]; then
    for built in "$experiments"/../build/{release,package,package-cuda}/apps/srwm/srwm; do
      if [ -x "$built" ] && { [ -z "$place" ] || [ "$built" -nt "$place" ]; }; then place=$built; fi
    done
  fi
  place=${place:-srwm}
  if ! SRWM=$(command -v -- "$place" 2>/dev/null); then
    fail 4 "There is no program '$place'. Build it with make, or name it in the variable SRWM."
  fi
  if [[ $SRWM == */* ]]; then SRWM=$(readlink -f -- "$(dirname -- "$SRWM")")/$(basename -- "$SRWM"); fi
  export SRWM
}

# find_folder NAME: NAME, or the folder of this name here if there is none.
find_folder() {
  if [ ! -d "$1" ] && [ -d "$experiments/$1" ]; then printf '%s' "$experiments/$1"; else printf '%s' "$1"; fi
}
