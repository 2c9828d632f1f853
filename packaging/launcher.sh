#!/bin/sh
# srwm: starts the program of this folder, after a look at whether it can run here. The C library's own loader would say
# no more than that a version was not found.
needed=@GLIBC_FLOOR@

refuse() {
  echo "srwm: $1" >&2
  exit 4
}

machine=$(uname -m)
if [ "$machine" != @MACHINE@ ]; then
  refuse "This program is made for @MACHINE@ processors, and this machine is of kind $machine. Build srwm from its sources here (share/doc/srwm/building.md)."
fi

# "glibc 2.36". Where there is no getconf, the loader has the word.
found=$(getconf GNU_LIBC_VERSION 2>/dev/null)
found=${found#glibc }
case $found in
  [0-9]*.[0-9]*)
    if [ "${found%%.*}" -lt "${needed%%.*}" ] ||
      { [ "${found%%.*}" -eq "${needed%%.*}" ] && [ "${found#*.}" -lt "${needed#*.}" ]; }; then
      refuse "This program needs the GNU C library $needed or newer, and this system has $found. Use a newer system or a container of one, or build srwm from its sources here (share/doc/srwm/building.md)."
    fi ;;
esac

self=$(readlink -f "$0")
exec "${self%/bin/*}/libexec/srwm" "$@"
