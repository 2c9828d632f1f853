#!/usr/bin/env bash
# run.sh: tries srwm on this machine's GPU, step by step, and leaves a summary. The folder it stands in was made by
# `make gpu-bundle`; the machine needs NVIDIA's driver and cuBLAS (CUDA's or PyTorch's own), nothing else.
#
#   ./run.sh                        all steps, in this order:
#     smoke      what is on this machine, and whether the program starts
#     ops        every op against the reference on the CPU
#     training   the tests of training and evaluation on the GPU
#     memcheck, racecheck, initcheck
#                op tests and training steps under compute-sanitizer
#     replay     replayed steps = eager steps, resumed run = whole run, run twice = once, bit for bit
#     bench      srwm bench, in float32, tf32 and bf16
#     torch      the same training step in PyTorch
#     omniglot   the published Omniglot run, with checkpoints
#   ./run.sh --only bench,torch     these steps
#   ./run.sh --budget 570           seconds for everything (default 3600); steps that are not reached are listed so
#   ./run.sh --resume [FOLDER]      leaves out what passed before and goes on with the Omniglot run; FOLDER is what an
#                                   earlier call left in $OUT, where this machine has not seen that call
#
# Environment: OUT, where the results go (default ./out): summary.txt, summary.json, bench.json, results.tar.gz (logs,
# measurements, metrics) and state.tar.gz.part* (for --resume). STATE, where it works (default /tmp/srwm-gpu-bundle).
# Exit status: 0 unless a step failed. Without a GPU every step that needs one says so, and the rest runs on the CPU.
set -uo pipefail

script=$(cd "$(dirname "$0")" && pwd)/run.sh
here=$(dirname "$script")/unpacked
steps=(smoke ops training memcheck racecheck initcheck replay bench torch omniglot)
declare -A limits=([smoke]=60 [ops]=240 [training]=180 [memcheck]=180 [racecheck]=180 [initcheck]=120 [replay]=90
  [bench]=240 [torch]=150 [omniglot]=1800)
readonly skipped=77 unfinished=75 # exit statuses of a step

# The environment of a step.

# skip SENTENCE: ends the step without an outcome.
skip() {
  echo "skipped: $1"
  exit $skipped
}
need_gpu() { [ "$device" = cuda ] || skip "There is no GPU to use: $no_gpu"; }
# result TEXT: a line for the summary.
result() { echo "result: $1"; }
# Of lines that begin with "progress: ", the summary has the last.
on_gpu() { [ "$device" = cuda ]; }
ours() { LD_LIBRARY_PATH=$library_path "$@"; }
srwm() { ours "$here/bin/srwm" "$@"; }

# Folders that may have CUDA's libraries: the toolkit's, and those of Python packages.
library_folders() {
  local site
  printf '%s\n' /usr/local/cuda*/lib64 /usr/local/cuda*/targets/x86_64-linux/lib /usr/local/nvidia/lib64 /usr/local/nvidia/lib
  python3 -c 'import site; print("\n".join([*site.getsitepackages(), site.getusersitepackages()]))' 2>/dev/null |
    while read -r site; do printf '%s\n' "$site"/nvidia/*/lib "$site"/torch/lib; done
}

missing_libraries() { ours ldd "$here/lib/srwm/libsrwm_cuda.so" 2>&1 | awk '/not found/ { print $1 }'; }

# The search path on which the CUDA library finds what it needs: as it is, or with folders that have what is missing.
find_libraries() {
  local name folder
  library_path=${LD_LIBRARY_PATH:-}
  for name in $(missing_libraries) libcublasLt.so; do
    while read -r folder; do
      if compgen -G "$folder/$name*" >/dev/null && [[ :$library_path: != *:$folder:* ]]; then
        if [ "$name" = libcublasLt.so ] && [ -z "$(missing_libraries)" ]; then break; fi
        library_path+=${library_path:+:}$folder
        break
      fi
    done < <(library_folders)
  done
  if ! ldconfig -p 2>/dev/null | grep -q libcuda.so.1; then
    for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib; do
      if [ -e "$folder/libcuda.so.1" ]; then library_path+=${library_path:+:}$folder; fi
    done
  fi
}

# "cuda" if the program can compute on the GPU, else "cpu" and why.
find_device() {
  find_libraries
  device=cuda no_gpu=""
  if ! no_gpu=$(srwm train-fewshot --config "$here/experiments/quickstart.json" --dry-run --device cuda 2>&1 >/dev/null); then
    device=cpu
  fi
  no_gpu=$(tail -1 <<<"$no_gpu")
}

find_sanitizer() {
  command -v compute-sanitizer && return
  compgen -G "/usr/local/cuda*/bin/compute-sanitizer" || compgen -G "/usr/local/cuda*/compute-sanitizer/compute-sanitizer" ||
    compgen -G "/opt/nvidia/*/*/compute-sanitizer"
}

# The paper's Omniglot experiment, on generated images where the bundle has no Omniglot.
omniglot=(--config "$here/experiments/omniglot_1shot/srwm.json")
if [ -e "$here/data/omniglot28.h5" ]; then
  omniglot+=(--data-dir "$here/data")
else
  omniglot+=(--set data.dataset=glyphs)
fi
little_evaluation=(--set validation.every=1000 --set validation.batches=1 --set test.episodes=0)
# A model that a CPU and compute-sanitizer get through in seconds.
small=(--set model.vision.channels=16 --set model.core.hidden=32 --set model.core.heads=2 --set train.batch=4)

# The steps.

step_smoke() {
  srwm --version
  nvidia-smi || echo "nvidia-smi: not here"
  python3 --version
  python3 -c 'import torch; print("torch", torch.__version__, "on", torch.cuda.get_device_name() if torch.cuda.is_available() else "the CPU")' ||
    echo "python3 has no torch"
  find_sanitizer || echo "compute-sanitizer: not here"
  echo "libraries searched in: ${library_path:-the folders of the system}"
  srwm train-fewshot "${omniglot[@]}" --dry-run --device "$device" || exit 1
  if on_gpu; then result "computes on $(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -1)"; fi
  if ! on_gpu; then result "no GPU, so on the CPU: $no_gpu"; fi
}

step_ops() {
  need_gpu
  ours "$here/bin/test_ops_cuda" --durations yes "[cuda]" || exit 1
}

step_training() {
  need_gpu
  ours "$here/bin/test_fewshot_cuda" --durations yes || exit 1
  ours "$here/bin/test_rl_cuda" --durations yes || exit 1
  ours "$here/bin/test_bench_cuda" --durations yes || exit 1
}

# The fast-weight ops and convolutions first: their kernels share memory in more intricate ways than the others'.
op_test_names() {
  ours "$here/bin/test_ops_cuda" --list-test-names-only "[cuda]" | sed 's/^ *//' |
    awk 'NF { print (/^(Srwm|DeltaNet|Lstm|Conv)/ ? 0 : 1) "\t" $0 }' | sort -s -k1,1 | cut -f2-
}

# sanitize TOOL: one test case after the other, so that a time limit leaves the outcome of those before it.
sanitize() {
  local tool=$1 sanitizer name cases=0 bad=0
  need_gpu
  sanitizer=$(find_sanitizer | head -1)
  [ -n "$sanitizer" ] || skip "There is no compute-sanitizer on this machine."
  watched() { ours "$sanitizer" --tool "$tool" --error-exitcode 9 --print-limit 20 "$@" </dev/null; }
  check() { # NAME COMMAND...
    echo "== $1"
    shift
    watched "$@" && return
    bad=$((bad + 1))
    result "$tool: errors in $name"
  }
  name="training steps"
  check "$name" "$here/bin/srwm" train-fewshot "${omniglot[@]}" "${small[@]}" "${little_evaluation[@]}" --set train.steps=4 \
    --run-dir "$STATE/$tool" --device cuda
  rm -rf "${STATE:?}/$tool"
  while read -r name; do
    check "$name" "$here/bin/test_ops_cuda" "${name//,/\\,}" # commas separate alternatives in Catch2's patterns
    cases=$((cases + 1))
    echo "progress: $tool: training steps and $cases test cases, $bad of them with errors"
  done < <(op_test_names)
  return $((bad > 0))
}
step_memcheck() { sanitize memcheck; }
step_racecheck() { sanitize racecheck; }
step_initcheck() { sanitize initcheck; }

# same_bits WHAT A B: compares the last checkpoints of two runs.
same_bits() {
  if cmp "$2/checkpoints/latest.h5" "$3/checkpoints/latest.h5"; then
    result "$1: the same bits"
  else
    result "$1: DIFFERENT BITS"
    differ=1
  fi
}

step_replay() {
  local runs=$STATE/replay differ=0 size=("${small[@]}" --set train.steps=400) pid
  if on_gpu; then size=(--set train.steps=4000); fi
  rm -rf "$runs"
  mkdir -p "$runs"
  train() { # RUN [OPTIONS]: becomes srwm, so that a signal reaches it
    local run=$1
    shift
    export LD_LIBRARY_PATH=$library_path
    exec "$here/bin/srwm" train-fewshot "${omniglot[@]}" "${size[@]}" "${little_evaluation[@]}" --set checkpoint.every=10 \
      --device "$device" --run-dir "$runs/$run" "$@"
  }
  (train whole) && (train again) && (train eager --eager) || exit 1
  same_bits "run twice" "$runs/whole" "$runs/again"
  same_bits "replayed and eager" "$runs/whole" "$runs/eager"

  (train pieces) &
  pid=$!
  while [ ! -e "$runs/pieces/checkpoints/latest.h5" ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
  kill -TERM $pid
  if wait $pid; then
    result "stopped and resumed: not compared, the run was over before it could be stopped"
  else
    (train pieces --resume) || exit 1
    same_bits "stopped and resumed" "$runs/whole" "$runs/pieces"
  fi
  rm -rf "$runs"
  return $differ
}

# images_per_second FILE NAME: of a line of a benchmark, without decimals.
images_per_second() {
  python3 - "$@" <<'END' 2>/dev/null
import json, sys
for line in json.load(open(sys.argv[1]))["results"]:
    if line["name"].startswith(sys.argv[2]):
        print(round(line["images_per_second"]))
        break
END
}

step_bench() {
  local precision precisions=(fp32) size=("${small[@]}")
  if on_gpu; then precisions=(fp32 tf32 bf16) size=(); fi
  srwm bench "${omniglot[@]}" "${size[@]}" --device "$device" --seconds "$(on_gpu && echo 15 || echo 1)" --out "$OUT/bench.json" || exit 1
  mkdir -p "$STATE/results"
  for precision in "${precisions[@]}"; do
    srwm bench --suite step --suite train "${omniglot[@]}" "${size[@]}" --set "train.precision=$precision" --device "$device" --seconds 5 \
      --out "$STATE/results/bench_$precision.json" || exit 1
    result "$precision: $(images_per_second "$STATE/results/bench_$precision.json" training,) images/s in training, reports included"
  done
}

step_torch() {
  local spec=$STATE/torch_spec.json on=cpu
  python3 -c 'import torch, h5py, numpy' 2>/dev/null || skip "There is no PyTorch (with h5py and numpy) for python3 on this machine."
  srwm config show "$here/experiments/omniglot_1shot/srwm.json" >"$spec"
  if on_gpu; then on=cuda; fi
  time_torch() { python3 "$here/tests/golden/torch_speed.py" "$spec" --device "$on" "$@" | sed 's/^PyTorch/result: PyTorch/'; }
  if on_gpu; then
    time_torch --steps 50 && time_torch --steps 50 --tf32 || exit 1
  else
    time_torch --steps 3 || exit 1
  fi
  srwm bench --suite train "${omniglot[@]}" --device "$device" --seconds 3 --out "$STATE/results/bench_beside_torch.json" || exit 1
  result "srwm beside it: $(images_per_second "$STATE/results/bench_beside_torch.json" training,) images/s"
}

step_omniglot() {
  if [ "$resume" = no ]; then rm -rf "$STATE/omniglot"; fi
  local run=$STATE/omniglot said=$STATE/results/omniglot.txt status size=()
  if ! on_gpu; then size=("${small[@]}" --set train.steps=100 --set validation.every=50 --set test.episodes=100); fi
  srwm train-fewshot "${omniglot[@]}" "${size[@]}" --device "$device" --run-dir "$run" --resume --max-seconds "$((limit - 20))" | tee "$said"
  status=${PIPESTATUS[0]}
  cp "$run"/metrics.jsonl "$run"/result.json "$run"/log.txt "$STATE/results" 2>/dev/null
  if [ "$status" -eq 0 ]; then
    sed -n 's/^  \(validation\|test\|published\|cost\) /result: \1 /p' "$said"
  else
    result "$(tail -1 "$run/metrics.jsonl")"
  fi
  return "$status"
}

# What goes around a step.

# Unpacks the bundle beside this script, once.
unpack() {
  local archive
  archive=$(dirname "$script")/bundle.tar.gz
  if [ -d "$here" ] && [ ! "$archive" -nt "$here" ]; then return; fi
  rm -rf "$here"
  mkdir "$here"
  tar -C "$here" -xzf "$archive" || { echo "run.sh: $archive cannot be unpacked." >&2; exit 2; }
  touch "$here"
}

# as_json TEXT: a JSON string.
as_json() { printf '"%s"' "$(printf '%s' "$1" | tr '\t\n\r' '   ' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g')"; }

# note STEP STATUS SECONDS: keeps the outcome of a step for the summary and for --resume.
note() {
  local log=$STATE/logs/$1.log
  { printf '%s\t%s\n' "$2" "$3"; sed -n -e 's/^result: //p' -e 's/^skipped: //p' "$log" 2>/dev/null
    sed -n 's/^progress: //p' "$log" 2>/dev/null | tail -1; } >"$STATE/status/$1"
}

write_summary() {
  local name status seconds line separator="" comma
  : >"$OUT/summary.txt"
  printf '{"steps": [' >"$OUT/summary.json"
  for name in "${steps[@]}"; do
    [ -e "$STATE/status/$name" ] || continue
    {
      IFS=$'\t' read -r status seconds
      printf '%-10s %-12s %4d s\n' "$name" "$status" "$seconds" >>"$OUT/summary.txt"
      printf '%s\n  {"step": "%s", "status": "%s", "seconds": %d, "results": [' "$separator" "$name" "$status" "$seconds" >>"$OUT/summary.json"
      comma=""
      while read -r line; do
        printf '             %s\n' "$line" >>"$OUT/summary.txt"
        printf '%s%s' "$comma" "$(as_json "$line")" >>"$OUT/summary.json"
        comma=", "
      done
      printf ']}' >>"$OUT/summary.json"
    } <"$STATE/status/$name"
    separator=,
  done
  printf '\n]}\n' >>"$OUT/summary.json"
}

# Few files, none of them large: what collects them may take no more.
write_archives() {
  local results=()
  if [ -d "$STATE/results" ]; then results=(results); fi
  tar -C "$STATE" -czf "$OUT/results.tar.gz" logs status "${results[@]}"
  rm -f "$OUT"/state.tar.gz.part*
  if [ -d "$STATE/omniglot" ]; then
    tar -C "$STATE" -cz logs status "${results[@]}" omniglot | split -b 15m -d - "$OUT/state.tar.gz.part"
  fi
}

# wait_for_step: the exit status of the step that runs, in `status`. A signal in between is passed on to it by stop().
wait_for_step() {
  while true; do
    wait "$running"
    status=$?
    kill -0 "$running" 2>/dev/null || break
  done
  running=''
}

# stop NUMBER: ends the step that runs, lets it end, and then this script, with what there is.
stop() {
  if [ -n "${running:-}" ]; then
    kill -TERM "$running" 2>/dev/null
    wait_for_step
  fi
  write_summary
  echo "run.sh: Stopped. --resume continues." >&2
  exit $((128 + $1))
}

run_step() {
  local name=$1 status start=$SECONDS outcome
  limit=${limits[$name]}
  if [ "$((budget - SECONDS))" -lt "$limit" ]; then limit=$((budget - SECONDS)); fi
  if [ "$limit" -lt 30 ]; then
    note "$name" "not reached" 0
    return
  fi
  echo "== $name (at most $limit s)"
  rm -f "$STATE/status/$name" "$STATE/logs/$name.log"
  export limit
  # In the background, since `timeout` has a process group of its own that a Ctrl-C does not reach.
  timeout --kill-after=10 "$limit" "$script" --step "$name" >"$STATE/logs/$name.log" 2>&1 &
  running=$!
  wait_for_step
  case $status in
    0) outcome=passed ;;
    "$skipped") outcome=skipped ;;
    "$unfinished") outcome=unfinished ;;
    124 | 137) outcome="timed out" ;;
    *) outcome=FAILED failed=1 ;;
  esac
  note "$name" "$outcome" $((SECONDS - start))
  if [ "$status" -ne 0 ]; then tail -15 "$STATE/logs/$name.log"; fi
  write_summary
}

usage() { sed -n '2,/^set /p' "$0" | sed -e '/^set /d' -e 's/^# \{0,1\}//'; }

restore() {
  [ -e "$1/state.tar.gz.part00" ] || { echo "run.sh: $1 has no state.tar.gz.part00 of an earlier call." >&2; exit 2; }
  if [[ $(realpath "$1")/ == "$(realpath -m "$STATE")"/* ]]; then
    echo "run.sh: $1 is in STATE, $STATE, which is replaced. Give another STATE." >&2
    exit 2
  fi
  rm -rf "$STATE"
  mkdir -p "$STATE"
  cat "$1"/state.tar.gz.part* | tar -C "$STATE" -xz
}

passed_before() { [ "$resume" = yes ] && grep -q '^passed' "$STATE/status/$1" 2>/dev/null; }

main() {
  local name chosen=("${steps[@]}")
  budget=3600 resume=no failed=0
  while [ $# -gt 0 ]; do
    case $1 in
      --only) IFS=, read -r -a chosen <<<"${2:?--only needs names}"; shift ;;
      --budget) budget=${2:?--budget needs seconds}; shift ;;
      --resume)
        resume=yes
        if [ $# -gt 1 ] && [[ $2 != --* ]]; then restore "$2"; shift; fi ;;
      --help) usage; exit 0 ;;
      *) echo "run.sh: '$1' is not known; see --help." >&2; exit 2 ;;
    esac
    shift
  done
  for name in "${chosen[@]}"; do
    [ -n "${limits[$name]:-}" ] || { echo "run.sh: there is no step '$name'; there are ${steps[*]}." >&2; exit 2; }
  done
  mkdir -p "$STATE/logs" "$STATE/status" "$STATE/results" "$OUT"
  trap 'stop 1' HUP
  trap 'stop 2' INT
  trap 'stop 15' TERM
  unpack
  find_device
  export device no_gpu library_path resume
  for name in "${chosen[@]}"; do
    if passed_before "$name"; then echo "== $name has passed before"; else run_step "$name"; fi
  done
  write_summary
  write_archives
  cat "$OUT/summary.txt"
  exit $failed
}

export OUT=${OUT:-$PWD/out} STATE=${STATE:-/tmp/srwm-gpu-bundle}
if [ "${1:-}" = --step ]; then
  "step_$2"
else
  main "$@"
fi
