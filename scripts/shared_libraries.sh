# shellcheck shell=bash
# Sourced by package.sh and gpu_bundle.sh, which put programs into a folder that is taken to other machines: $tree.

# The loader and the parts of glibc, which every system has in its own version, and the driver's library.
is_of_the_system() {
  case $1 in
    linux-vdso.so.* | ld-linux*.so.* | libc.so.* | libm.so.* | libmvec.so.* | libdl.so.* | libpthread.so.* | librt.so.* | \
      libresolv.so.* | libutil.so.* | libanl.so.* | libcuda.so.*) return 0 ;;
    *) return 1 ;;
  esac
}

# bundle_libraries LIST [PATTERN]: copies the shared libraries that the binaries are loaded with into lib/srwm, lets them
# find each other there, and appends their paths to the file LIST. What matches PATTERN is expected on the other machine.
bundle_libraries() {
  local list=$1 elsewhere=${2:-} file name path
  # An MPI has to be the launcher's, so its plug-ins find it on the other machine.
  binaries | grep -v '/libsrwm_mpi_[a-z]*\.so$' | while read -r file; do ldd "$file"; done | awk '$2 == "=>" { print $1, $3 }' | sort -u |
    while read -r name path; do
      # shellcheck disable=SC2254  # a pattern is meant
      case $name in $elsewhere) continue ;; esac
      if is_of_the_system "$name" || [ -e "${tree:?}/lib/srwm/$name" ]; then continue; fi
      [ "$path" != not ] || fail "The library $name, which the build needs, is not found on this machine."
      mkdir -p "$tree/lib/srwm"
      cp -L "$path" "$tree/lib/srwm/$name"
      echo "$path" >>"$list"
      command -v patchelf >/dev/null || fail "The build needs $name, and patchelf, which would tell it where it stands, is not installed." \
        "Install patchelf, or package a build without shared libraries: make package."
      patchelf --set-rpath "\$ORIGIN" "$tree/lib/srwm/$name"
    done
}

# The newest glibc whose symbols a binary asks for.
glibc_floor() {
  binaries | while read -r file; do objdump -p "$file"; done | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | tail -1 | cut -d_ -f2
}
