#!/usr/bin/env bash
# run.sh [OUT_DIR [NAME...]]: trains the variants of base.json that docs/benchmarks/plateau.md compares, each on one
# thread, two at a time. SRWM names the binary, SRWM_DATA the folder with omniglot28.h5. Runs that are complete are
# left alone, so it can be stopped and started again.
set -euo pipefail
cd "$(dirname "$0")"
srwm=${SRWM:-$(realpath ../../build/release/apps/srwm/srwm)}
out=${1:-../../runs/plateau}
shift || true

# name: what differs from base.json
variants=(
  "queries-5:"
  "queries-1:protocol.queries=1"
  "queries-15:protocol.queries=15"
  "batch-128-queries-1:protocol.queries=1 train.batch=128"
  "warm-up:optim.schedule=linear_warmup optim.warmup_steps=500"
  "every-position:protocol.kind=delayed protocol.queries=null protocol.k_shot=2"
  "ways-first:protocol.first_ways=2 protocol.ways_steps=400"
  "ways-first-queries-1:protocol.first_ways=2 protocol.ways_steps=400 protocol.queries=1"
  "ways-first-batch-16:protocol.first_ways=2 protocol.ways_steps=400 train.batch=16"
)

train() {
  local name=${1%%:*} settings=${1#*:} arguments=()
  for setting in $settings; do arguments+=(--set "$setting"); done
  "$srwm" train-fewshot --config base.json --threads 1 --resume --run-dir "$out/$name" "${arguments[@]}" >/dev/null
}

for variant in "${variants[@]}"; do
  if [ $# -gt 0 ] && [[ " $* " != *" ${variant%%:*} "* ]]; then continue; fi
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  train "$variant" &
done
wait
