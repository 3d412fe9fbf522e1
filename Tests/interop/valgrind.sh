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
export binaries

# watched COMMAND...: its exit code, or 99 with what valgrind found on standard error; the child that reads text of others is watched as well.
watched() {
  local status=0 logs
  logs=$(mktemp -d -p .)
  valgrind --quiet --leak-check=no --error-exitcode=99 --log-file="$logs/%p" "$@" > "$logs.out" 2> "$logs.err" || status=$?
  if grep -q . "$logs"/*; then
    cat "$logs"/* >&2
    status=99
  fi
  rm -r "$logs" "$logs.out" "$logs.err"
  return $status
}

# check FILE: the command that reads its kind; good frames are written as HDF5 as well.
check() {
  local path=$1 name status command
  name=$(basename "$path")
  local -a commands
  case $name in
    model*) commands=("predict --quiet -j 1 -m $path frame.xyz") ;;
    hessian*) commands=("site-entropy --quiet -j 1 $path") ;;
    features*) commands=("ridge --quiet -j 1 $path") ;;
    *) commands=("xyz-convert --quiet --format extxyz -j 1 $path") ;;
  esac
  case $path in */pass/*) commands+=("xyz-convert --quiet --format h5 -j 1 $path") ;; esac
  for command in "${commands[@]}"; do
    status=0
    # shellcheck disable=SC2086
    watched "$binaries"/$command || status=$?
    case $path:$status in
      */pass/*:0 | */pass/*:65 | */fail/*:65) ;;
      *) echo "valgrind.sh: $command: exit $status" >&2; return 1 ;;
    esac
  done
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
