# shellcheck shell=bash
# For run_table.sh and slurm/submit.sh, to be sourced.

# refuse_settings OPTION...: ends the script if an option for srwm would make another run than the one that counts.
refuse_settings() {
  local option
  for option in "$@"; do
    case $option in
      --set* | --config* | --seed* | --run-dir*)
        echo "$(basename "$0"): $option makes a run that would not be counted. Change the spec." >&2
        exit 2 ;;
    esac
  done
}
