#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...]: runs the libFuzzer programs of tests/fuzz, each so long; all but hdf5_bytes by default.
# Needs Clang with libFuzzer (Debian: clang-14, libomp-14-dev). Corpora grow in build/fuzz/corpus; an input that led to a
# finding is left in build/fuzz. Ends at the first target with a finding.
set -euo pipefail
seconds=${1:?usage: fuzz.sh SECONDS [TARGET...]}
shift
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then set -- spec completion hdf5 run_folder png; fi
if ! command -v clang++-14 >/dev/null; then
  echo "fuzz.sh: there is no clang++-14, so no libFuzzer; ctest -R fuzz runs the same targets on inputs of a fixed seed" >&2
  exit 2
fi

programs=("${@/#/fuzz_}")
for preset in release fuzz; do # our driver writes the seeds, libFuzzer goes on from them
  cmake --preset "$preset" >/dev/null
  cmake --build "build/$preset" -j "$(nproc)" --target "${programs[@]}" >/dev/null
done
export OMP_NUM_THREADS=1 ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=0
if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
cd build/fuzz
for target in "$@"; do
  corpus=corpus/$target
  "../release/tests/fuzz/fuzz_$target" --write-corpus "$corpus"
  "tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1 \
    -artifact_prefix="$target-" -verbosity=1 -dict="$corpus.dict" "$corpus" 2>&1 | tee "$target.log" |
    grep -E 'ERROR|SUMMARY|finding|terminate|what\(\)|Test unit|^Done|stat::(number|average)' || true
  if [ "${PIPESTATUS[0]}" -ne 0 ]; then
    echo "fuzz.sh: $target: a finding; see build/fuzz/$target.log" >&2
    exit 1
  fi
done
