#!/usr/bin/env bash
# package.sh BUILD_DIR [OUT_DIR]: makes a tarball of a build that runs after unpacking on other machines, without root:
# OUT_DIR/srwm-<version>-linux-<machine>-cpu.tar.gz, or -cuda where the build has libsrwm_cuda.so (OUT_DIR: dist).
# What the binaries need besides the C library and NVIDIA's driver is put in, with its licences; the glibc they need is
# read from their symbols. The same commit, compiler and libraries give the same bytes.
set -euo pipefail
build=$(realpath "${1:?usage: package.sh BUILD_DIR [OUT_DIR]}")
out=$(realpath -m "${2:-dist}")
cd "$(dirname "$0")/.."
export LC_ALL=C
. scripts/shared_libraries.sh

fail() {
  printf 'package: %s\n' "$@" >&2
  exit 1
}

binaries() { find "$tree" -type f \( -path "$tree/libexec/*" -o -path "$tree/lib/*" \) | sort; }

# The first distributions with a glibc, for people who do not know theirs by heart.
systems_with() {
  local name version list="" count=0
  while read -r version name; do
    if [ "$count" -lt 3 ] && [ "$(printf '%s\n' "$1" "$version" | sort -V | head -1)" = "$1" ]; then
      list+="$name, "
      count=$((count + 1))
    fi
  done <<'END'
2.28 RHEL 8
2.31 Debian 11 and Ubuntu 20.04
2.34 RHEL 9
2.35 Ubuntu 22.04
2.36 Debian 12
2.39 Ubuntu 24.04 and RHEL 10
2.41 Debian 13
END
  echo "${list}and newer ones"
}

# The copyright file of the package that a file belongs to, and the licences that it refers to.
add_licence() {
  local package copyright
  if [[ $(realpath "$1") == */cuda* ]]; then
    echo "libcublas and its like are NVIDIA's, under https://docs.nvidia.com/cuda/eula/." >"$tree/licenses/nvidia-cuda.txt"
    return
  fi
  # With merged /usr a library may be registered under /lib.
  package=$( (dpkg-query --search "$1" "${1#/usr}" "$(realpath "$1")" 2>/dev/null || true) | head -1 | cut -d: -f1)
  copyright=/usr/share/doc/$package/copyright
  if [ -z "$package" ] || [ ! -f "$copyright" ]; then
    fail "$1 belongs to no package of this system, so its licence is not known." \
      "Tarballs are made on Debian or Ubuntu, from their packages."
  fi
  cp -L "$copyright" "$tree/licenses/$package.txt"
  grep -o '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$copyright" | sort -u | while read -r text; do
    cp -L "$text" "$tree/licenses/$(basename "$text").txt"
  done || true
}

add_licences() {
  mkdir -p "$tree/licenses"
  cp LICENSE "$tree/licenses/srwm.txt"
  { cat "$work/third_party.txt"; "${CXX:-c++}" -print-file-name=libstdc++.a | xargs realpath; } | sort -u |
    while read -r file; do add_licence "$file"; done
}

# fill FILE FROM: copies FROM to FILE with @NAMES@ replaced.
fill() {
  sed -e "s|@VERSION@|$version|g" -e "s|@COMMIT@|$commit|g" -e "s|@FLAVOUR@|$flavour|g" -e "s|@MACHINE@|$machine|g" \
    -e "s|@GLIBC_FLOOR@|$floor|g" -e "s|@SYSTEMS@|$(systems_with "$floor")|g" -e "s|@LIBRARY_LINE@|$library_line|g" "$2" >"$1"
}

value() { sed -n "s/^ *$1 *//p" <<<"$version_text" | head -1; }

pack() {
  local date
  date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
  tar --create --directory "$work" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
    --mtime="@$date" "$name" | gzip -9 --no-name >"$out/$name.tar.gz.tmp"
  mv "$out/$name.tar.gz.tmp" "$out/$name.tar.gz"
}

# The tarball must do its work where it is unpacked.
try() {
  mkdir "$work/try"
  tar --extract --directory "$work/try" --file "$out/$name.tar.gz"
  "$work/try/$name/bin/srwm" --version >/dev/null || fail "The program in $out/$name.tar.gz does not start."
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version_text=$("$build/apps/srwm/srwm" --version)
version=$(value srwm)
commit=$(value commit | cut -d" " -f1)
machine=$(uname -m)

cmake --install "$build" --strip --prefix "$work/tree" >/dev/null
flavour=cpu
if [ -n "$(find "$work/tree" -name 'libsrwm_cuda.so*')" ]; then flavour=cuda; fi
name=srwm-$version-linux-$machine-$flavour
tree=$work/$name
mv "$work/tree" "$tree"
mkdir "$tree/libexec"
mv "$tree/bin/srwm" "$tree/libexec/srwm"

cp "$build/third_party.txt" "$work/third_party.txt" 2>/dev/null || : >"$work/third_party.txt"
bundle_libraries "$work/third_party.txt"
floor=$(glibc_floor)
library_line="                      (all libraries but the C library are inside the program)"
if [ -d "$tree/lib/srwm" ]; then library_line="lib/srwm              shared libraries that the program needs"; fi
add_licences
fill "$tree/bin/srwm" packaging/launcher.sh
chmod +x "$tree/bin/srwm"
fill "$tree/README.txt" packaging/README.txt
mkdir -p "$out"
pack
try
echo "package: $out/$name.tar.gz ($(du -h "$out/$name.tar.gz" | cut -f1)), runs with glibc $floor or newer, sha256 $(sha256sum "$out/$name.tar.gz" | cut -d' ' -f1)"
case $commit in *+*) echo "package: built from changed sources ($commit): not a tarball to hand on" ;; esac
