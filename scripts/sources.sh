# shellcheck shell=bash
# Sourced by format.sh and lint.sh: the files of this repository that are checked, by kind, NUL-separated.
# Works in a checkout and in an unpacked archive alike.

code_folders=(apps lib kernels packaging tests)
all_folders=("${code_folders[@]}" data_scripts scripts experiments)

# find_files PATTERN...: files below the folders whose names match one of the patterns.
find_files() {
  local names=() folders=() pattern folder
  for pattern in "$@"; do names+=(-o -name "$pattern"); done
  for folder in "${all_folders[@]}"; do if [ -d "$folder" ]; then folders+=("$folder"); fi; done
  find "${folders[@]}" -type f \( "${names[@]:1}" \) -print0 | sort -z
}

cpp_files() { find_files '*.h' '*.cpp' '*.cu' '*.cuh'; }
python_files() { find_files '*.py'; }
shell_files() { find_files '*.sh'; printf '.ci/run\0completions/srwm.bash\0experiments/slurm/array.sbatch\0experiments/slurm/ranks.sbatch\0'; }
