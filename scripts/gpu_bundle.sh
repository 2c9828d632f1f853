#!/usr/bin/env bash
# gpu_bundle.sh BUILD_DIR OUT_DIR [OMNIGLOT]: puts into OUT_DIR what tries srwm on a bare machine with a GPU: programs and
# GPU tests of a build, the shared libraries they need (but not CUDA's, which that machine has, or its PyTorch), specs, the
# comparison with PyTorch, all in one archive, and run.sh, which unpacks it and does everything. OMNIGLOT is the packed
# dataset (data_scripts/pack_omniglot.py); without it generated images stand in.
set -euo pipefail
build=$(realpath "${1:?usage: gpu_bundle.sh BUILD_DIR OUT_DIR [OMNIGLOT]}")
tree=$(realpath -m "${2:?usage: gpu_bundle.sh BUILD_DIR OUT_DIR [OMNIGLOT]}")
omniglot=${3:-}
most_megabytes=60
cd "$(dirname "$0")/.."
. scripts/shared_libraries.sh

fail() {
  printf 'gpu-bundle: %s\n' "$@" >&2
  exit 1
}
binaries() { find "$tree/bin" "$tree/lib" -type f | sort; }

[ -z "$omniglot" ] || [ -f "$omniglot" ] || fail "There is no file $omniglot. Pack Omniglot with data_scripts/pack_omniglot.py, or leave OMNIGLOT out."
out=$tree
# The folder is removed before it is filled: it must not hold anything that is read here, or belongs to others.
for input in "$build" "$PWD" ${omniglot:+"$(realpath "$omniglot")"}; do
  if [[ $input/ == "$out"/* ]]; then fail "$out, which is replaced, holds the input $input. Name another folder."; fi
done
if [ -e "$out" ] && [ -n "$(ls -A "$out")" ] && [ ! -f "$out/bundle.tar.gz" ]; then
  fail "$out is there already and holds something else. Name another folder."
fi
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/bin" "$tree/lib/srwm" "$tree/tests/golden" "$tree/data_scripts" "$tree/data"
cp "$build/apps/srwm/srwm" "$build"/tests/*/test_*_cuda "$tree/bin"
cp "$build/apps/srwm/libsrwm_cuda.so" "$tree/lib/srwm"
strip "$tree"/bin/* "$tree/lib/srwm/libsrwm_cuda.so"
patchelf --set-rpath "\$ORIGIN" "$tree/lib/srwm/libsrwm_cuda.so"
patchelf --set-rpath "\$ORIGIN/../lib/srwm" "$tree"/bin/*
bundle_libraries /dev/null 'libcu*'
cp -R experiments "$tree"
cp tests/golden/{torch_speed,torch_models,make_golden}.py "$tree/tests/golden"
cp data_scripts/*.py "$tree/data_scripts"
if [ -n "$omniglot" ]; then cp "$omniglot" "$tree/data/omniglot28.h5"; fi
"$tree/bin/srwm" --version >/dev/null || fail "The program of the bundle does not start."

rm -rf "$out"
mkdir -p "$out"
cp packaging/gpu_bundle_run.sh "$out/run.sh"
tar -C "$tree" -cf - . | gzip -9 >"$out/bundle.tar.gz"
size=$(du -sm "$out" | cut -f1)
[ "$size" -lt "$most_megabytes" ] || fail "$out takes $size MB, and $most_megabytes are allowed."
echo "gpu-bundle: $out ($size MB), runs with glibc $(glibc_floor) or newer; take it to a machine with a GPU and start run.sh"
