#!/usr/bin/env bash
# Fuzzes the readers: Tests/fuzz/run.sh FOLDER-OF-BINARIES [SECONDS [COUNT [SEED]]]
# Starts from formats/vectors and Tests/fuzz/corpus. An input that ends a reader is left in fuzz-FORMAT.input.
set -euo pipefail
binaries=$(cd "$1" && pwd) seconds=${2:-10} count=${3:-1000000000} seed=${4:-1}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fuzz() { # FORMAT SEED-FILE...
  local format=$1 index
  shift
  if ! "$binaries/Fuzz" "$format" --seconds "$seconds" --count "$count" --seed "$seed" "$@"; then
    index=$(head -n 1 "fuzz-$format.state")
    "$binaries/Fuzz" "$format" --seed "$seed" --only "$index" "$@" > "$OLDPWD/fuzz-$format.input"
    echo "fuzz: $format: input $index ends the reader; it is in $OLDPWD/fuzz-$format.input" >&2
    return 1
  fi
}

vectors=$top/formats/vectors
shopt -s nullglob
fuzz extxyz "$vectors"/extxyz/*/*.xyz "$top"/Tests/fuzz/corpus/extxyz/* &
first=$!
fuzz sw "$vectors"/sw/*/*.sw "$top"/examples/potentials/*.sw "$top"/Tests/fuzz/corpus/sw/*
wait "$first"
fuzz hessian "$vectors"/hessian/*/* "$top"/Tests/fuzz/corpus/hessian/*
fuzz potentials "$vectors"/potentials/{pass/*.eam,pass/*.alloy,pass/*.fs,pass/*.tersoff,fail/*.eam,fail/*.alloy,fail/*.tersoff} "$top"/examples/potentials/*.tersoff
fuzz springs "$top"/examples/potentials/*.json "$top"/Tests/fuzz/corpus/springs/* &
first=$!
fuzz h5 "$vectors"/h5md/pass/{frames,hessian,features,model,big-endian,units-nm,species-enumeration,dictionary}.h5 "$vectors"/hessian/pass/*.hdf5 "$vectors"/h5md/fail/{frames,hessian,features}-*.h5 "$top"/Tests/fuzz/corpus/h5/*
wait "$first"
