#!/usr/bin/env bash
# setup.sh [GROUP...]: makes sure that the packages of these groups of packages.txt are installed (default: build test).
# Debian and Ubuntu: installs what is missing with apt-get, and touches no network when nothing is.
# Elsewhere: prints the list and fails.
set -euo pipefail

list="$(dirname "$0")/packages.txt"
groups=("$@")
if [ ${#groups[@]} -eq 0 ]; then groups=(build test); fi

# Lines "package<TAB>what it provides" of the chosen groups.
wanted() {
  for group in "${groups[@]}"; do
    awk -v group="$group" '$1 == group { name = $2; $1 = $2 = ""; sub(/^ +/, ""); print name "\t" $0 }' "$list"
  done
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_packages() {
  wanted | while IFS=$'\t' read -r package _; do
    is_installed "$package" || echo "$package"
  done
}

can_be_root() {
  [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

# Runs a command as root: directly, or through sudo, which may ask for a password only where somebody can answer.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

install_packages() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "srwm needs (names are those of Debian's packages):" >&2
  wanted | sort -u | awk -F '\t' '{ printf "  %-24s %s\n", $1, $2 }' >&2
  fail "This is not Debian or Ubuntu, so nothing was installed. Install what the list names with this system's package" \
       "manager (docs/building.md has hints), then run make with SETUP=no, for instance: make run SETUP=no"
fi

mapfile -t missing < <(missing_packages)
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

if ! can_be_root; then
  fail "These packages are missing, and installing them needs root, which sudo does not give here. Ask an administrator for" \
       "  apt-get install ${missing[*]}" \
       "If you have them from elsewhere, run make with SETUP=no (see docs/building.md)."
fi
echo "setup: installing ${missing[*]}"
if ! install_packages "${missing[@]}"; then
  echo "setup: trying again with fresh package lists"
  as_root apt-get update || fail "apt-get update failed; its messages stand above. Without network, install by hand: ${missing[*]}"
  install_packages "${missing[@]}" || fail "apt-get could not install ${missing[*]}; its messages stand above." \
       "If you have them from elsewhere, run make with SETUP=no (see docs/building.md)."
fi
