#!/usr/bin/env bash
# valgrind.sh SRWM: memcheck over a short training run, its resumption, an evaluation and the data commands, start to end.
# Any invalid access, use of an undefined value or definite leak ends it with exit status 1.
# valgrind knows no AVX-512: under it the processor reports AVX2 at most, and kernels and BLAS choose accordingly.
set -euo pipefail
srwm=$(realpath "${1:?usage: valgrind.sh SRWM}")
suppressions=$(realpath "$(dirname "$0")/../tests/trust/valgrind.supp")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1

# write_spec KIND CORE: a spec named KIND.json; CORE is the rest of model.core.
write_spec() {
  cat > "$1.json" <<JSON
{"name": "$1",
 "data": {"dataset": "glyphs", "glyphs": {"train_classes": 6, "val_classes": 4, "test_classes": 4, "images_per_class": 3}},
 "protocol": {"n_way": 3},
 "model": {"vision": {"channels": 4}, "core": {"kind": "$1", "layers": 1, "hidden": 16$2}},
 "train": {"steps": 5, "batch": 2, "report_every": 2},
 "validation": {"every": 2, "batches": 1},
 "checkpoint": {"every": 2, "keep": 1},
 "test": {"episodes": 4}}
JSON
}

# checked EXIT_CODE ARGUMENTS...: runs srwm with these arguments and expects this exit code.
checked() {
  local expected=$1 code=0
  shift
  echo "valgrind: srwm $*"
  valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
    --suppressions="$suppressions" "$srwm" "$@" > out.txt 2> err.txt || code=$?
  if [ "$code" -ne "$expected" ]; then
    cat err.txt >&2
    echo "valgrind: exit code $code, expected $expected" >&2
    exit 1
  fi
}

checked 0 --version
write_spec srwm ', "heads": 2, "ff_factor": 2'
write_spec delta_net ', "heads": 2, "ff_factor": 2'
write_spec lstm ''
for kind in srwm delta_net lstm; do
  train=(train-fewshot --config "$kind.json" --threads 1 --device cpu --run-dir "$kind")
  checked 0 config check $kind.json
  checked 75 "${train[@]}" --max-seconds 0.1
  checked 0 "${train[@]}" --resume
  checked 0 eval --run $kind --threads 1 --device cpu --num-episodes 4 --predictions $kind.h5 --json
done
checked 2 train-fewshot --config srwm.json --device cpu --run-dir srwm
checked 3 eval --checkpoint srwm.json
checked 0 data glyphs --out glyphs.h5 --train-classes 4 --val-classes 3 --test-classes 3 --images 3
checked 0 data inspect glyphs.h5 --sheet sheet.png
echo "valgrind: clean"
