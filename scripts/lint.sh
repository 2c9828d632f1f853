#!/usr/bin/env bash
# lint.sh BUILD_DIR [JOBS]: checks formatting, C++ (clang-tidy over lib/ and apps/), shell and Python; changes nothing.
# BUILD_DIR is a configured build, for its compile_commands.json. All checks run; the exit status says whether all passed.
set -uo pipefail
if [ ! -f "${1:-}/compile_commands.json" ]; then
  echo "usage: lint.sh BUILD_DIR [JOBS]; BUILD_DIR has a compile_commands.json once 'make configure' has run" >&2
  exit 2
fi
build=$(realpath "$1")
jobs=${2:-$(nproc)}
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

# The sources of lib/ and apps/ that are part of the build. GCC's own warning options mean nothing to clang.
run_clang_tidy() {
  sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$build/compile_commands.json" | grep -E "^$PWD/(apps|lib)/" | sort -u |
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
check clang-tidy run_clang_tidy

if [ ${#failed[@]} -gt 0 ]; then
  echo "lint: failed: ${failed[*]}" >&2
  exit 1
fi
