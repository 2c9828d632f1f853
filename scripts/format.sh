#!/usr/bin/env bash
# format.sh [--check]: formats every C++ and CUDA source in place; with --check only reports what differs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/sources.sh

# Another version would format differently, so the version is part of the name.
clang_format=${CLANG_FORMAT:-clang-format-14}
command -v "$clang_format" >/dev/null || { echo "format: $clang_format is not installed; run scripts/setup.sh lint." >&2; exit 1; }

if [ "${1:-}" = --check ]; then
  cpp_files | xargs -0 "$clang_format" --dry-run -Werror
else
  cpp_files | xargs -0 "$clang_format" -i
fi
