#!/usr/bin/env bash
# run.sh [OUT_DIR [NAME...]]: the runs of docs/benchmarks/learning.md, each on one thread, two at a time. SRWM names the
# binary, SRWM_DATA the folder of the datasets. Runs that are complete are left alone, so it can be stopped and started
# again.
set -euo pipefail
cd "$(dirname "$0")"
srwm=${SRWM:-$(realpath ../../build/release/apps/srwm/srwm)}
out=${1:-../../runs/learning}
shift || true

# name: spec, and what differs from it
runs=(
  "srwm: omniglot.json"
  "delta_net: omniglot.json model.core.kind=delta_net"
  "linear_transformer: omniglot.json model.core.kind=linear_transformer"
  "transformer: omniglot.json model.core.kind=transformer"
  "lstm: omniglot.json model.core.kind=lstm"
  "res12: res12.json"
)

train() {
  local name=${1%%:*} spec arguments=() setting settings
  read -r spec settings <<<"${1#*: }"
  for setting in $settings; do arguments+=(--set "$setting"); done
  "$srwm" train-fewshot --config "$spec" --threads 1 --resume --run-dir "$out/$name" "${arguments[@]}" >/dev/null
}

for run in "${runs[@]}"; do
  if [ $# -gt 0 ] && [[ " $* " != *" ${run%%:*} "* ]]; then continue; fi
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  train "$run" &
done
wait
