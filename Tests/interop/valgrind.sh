#!/usr/bin/env bash
# Runs our readers of HDF5 under valgrind on good and hostile files; no invalid read or write, and no use of what was never set, may come up.
#   Tests/interop/valgrind.sh FOLDER-OF-BINARIES [--all]
# A dozen files of formats/vectors/h5md, or all of them. What HDF5 does to memory that we gave it counts; leaks do not.
set -euo pipefail
binaries=$(cd "$1" && pwd)
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$top/examples/setup.sh"
need_packages /valgrind=valgrind /cc=gcc
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# Valgrind gives up on some of clang's notes for debuggers.
mkdir stripped
for name in xyz-build xyz-convert predict; do strip --strip-debug -o "stripped/$name" "$binaries/$name"; done
binaries=$folder/stripped
export binaries

# watched COMMAND...: its exit code, or 99 with what valgrind found on standard error; the process that tries a file of others is not watched (SanitizerTests is there for it).
watched() {
  local status=0 logs
  logs=$(mktemp -d -p .)
  valgrind --quiet --leak-check=no --error-exitcode=99 --log-file="$logs/%p" "$@" > "$logs.out" 2> "$logs.err" || status=$?
  if grep -q . "$logs"/*; then
    cat "$logs"/* >&2
    status=99
  else
    cat "$logs.err" >&2
  fi
  rm -r "$logs" "$logs.out" "$logs.err"
  return $status
}

# check FILE: reads all that the file holds; a hostile one is refused in the words of the file beside it.
check() {
  local path=$1 status=0 wanted=0
  local -a command=(xyz-convert --quiet -j 1 --format h5 "$path")
  case ${path##*/} in model*) command=(predict --quiet -j 1 -m "$path" frame.xyz) ;; esac
  case $path in */fail/* | */model.h5) wanted=65 ;; esac
  watched "$binaries/${command[0]}" "${command[@]:1}" 2> "${path##*/}.err" || status=$?
  if [ $status != $wanted ] || { [ -f "${path%.h5}.error" ] && ! grep -qF -- "$(< "${path%.h5}.error")" "${path##*/}.err"; }; then
    echo "valgrind.sh: ${command[*]}: exit $status" >&2
    cat "${path##*/}.err" >&2
    return 1
  fi
}
export -f watched check

# What is never set is found, or nothing below means anything.
cat > unset.c <<'C'
#include <stdlib.h>
int main(void) { volatile int *p = malloc(sizeof *p); int v = *p; free((void *)p); return v == 7 ? 3 : 4; }
C
cc -O0 unset.c -o unset
status=0
watched ./unset 2> /dev/null || status=$?
[ $status = 99 ] || { echo "valgrind.sh: expected valgrind to find an unset value, found exit $status" >&2; exit 1; }

"$binaries/xyz-build" diamond --species Si -a 5.431 > frame.xyz
vectors=$top/formats/vectors/h5md
if [ "${2:-}" = --all ]; then
  files=("$vectors"/*/*.h5)
else
  files=("$vectors"/pass/{frames,features,znh5md}.h5
    "$vectors"/fail/{damaged-heap,foreign-position-void,foreign-species-text,frames-keys-bytes,frames-natoms-largest,hessian-starts-largest,hessian-data-short,features-x-flat,model-basis-bytes}.h5)
fi
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I{} bash -c 'check {}'
