#!/usr/bin/env bash
# lint.sh BUILD_DIR [JOBS] [all]: checks formatting, C++ (clang-tidy over lib/ and apps/), shell and Python; changes nothing.
# BUILD_DIR is a configured build without unity (preset dev), for its compile_commands.json. All checks run; the exit status
# says whether all passed.
# clang-tidy takes 4 to 10 seconds a source. It checks what has changed since the commit in .ci/clang_tidy_passed, at which
# a pass over all sources was clean; over all of them with "all", without that file, or if the rules have changed.
# After a clean pass over everything: git rev-parse HEAD >.ci/clang_tidy_passed
set -uo pipefail
if [ ! -f "${1:-}/compile_commands.json" ]; then
  echo "usage: lint.sh BUILD_DIR [JOBS]; BUILD_DIR has a compile_commands.json once 'make configure' has run" >&2
  exit 2
fi
build=$(realpath "$1")
jobs=${2:-$(nproc)}
extent=${3:-changed}
cd "$(dirname "$0")/.." || exit
. scripts/sources.sh

failed=()
check() {
  local name=$1 start=$SECONDS
  shift
  if "$@"; then
    echo "lint: $name: fine ($((SECONDS - start)) s)"
  else
    echo "lint: $name: FAILED" >&2
    failed+=("$name")
  fi
}

# The sources of lib/ and apps/ that are part of the build, relative to this folder.
all_sources() {
  sed -n "s,^ *\"file\": \"$PWD/\(.*\)\"\,\{0\,1\}\$,\1,p" "$build/compile_commands.json" | grep -E '^(apps|lib)/' | sort -u
}

# Files of lib/ and apps/ that differ from the commit of the last full pass; fails if there is none to compare with.
changed_files() {
  local passed
  passed=$(cat .ci/clang_tidy_passed 2>/dev/null) && git cat-file -e "$passed^{commit}" 2>/dev/null || return
  git diff --quiet "$passed" -- .clang-tidy scripts/lint.sh || return
  { git diff --name-only --diff-filter=d "$passed" -- apps lib; git ls-files --others --exclude-standard apps lib; } | sort -u
}

# The sources to check: those that changed, and for each changed header one source that includes it.
sources_to_check() {
  local changed header
  if [ "$extent" = all ] || ! changed=$(changed_files); then
    all_sources
    return
  fi
  {
    grep '\.cpp$' <<<"$changed"
    while read -r header; do
      header=${header#*/} # as in #include "spec/parse.h"
      grep -rlF --include=*.cpp "#include \"$header\"" apps lib | sort | head -n 1
    done < <(grep '\.h$' <<<"$changed")
  } | sort -u | comm -12 - <(all_sources)
}

# GCC's own warning options mean nothing to clang.
run_clang_tidy() {
  local sources
  sources=$(sources_to_check)
  echo "lint: clang-tidy over $(grep -c . <<<"$sources") of $(all_sources | wc -l) sources"
  printf '%s' "$sources" |
    xargs -r -d '\n' -P "$jobs" -n 1 \
      "${CLANG_TIDY:-clang-tidy-14}" --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option \
      2> >(grep -v ' warnings\{0,1\} generated\.$' >&2)
}

run_shellcheck() {
  shell_files | xargs -0 -n 1 bash -n && shell_files | xargs -0 shellcheck --exclude=SC1091
}

# Python scripts are compiled in memory: nothing is written beside them.
run_python_checks() {
  python_files | xargs -0 -r -n 1 /usr/bin/env python3 -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' &&
    python_files | xargs -0 -r pyflakes3
}

check format scripts/format.sh --check
check shell run_shellcheck
check python run_python_checks
check names-in-unity-builds scripts/unity_names.py
check clang-tidy run_clang_tidy

if [ ${#failed[@]} -gt 0 ]; then
  echo "lint: failed: ${failed[*]}" >&2
  exit 1
fi
