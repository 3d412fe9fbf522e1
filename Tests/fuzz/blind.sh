#!/usr/bin/env bash
# Blind mutation of every format that a command reads: Tests/fuzz/blind.sh FOLDER-OF-BINARIES [COUNT [SEED [FORMAT...]]]
# Each of COUNT changed inputs goes to a command in a process of its own, with 2 GB of memory: no signal, no run beyond 20 s, no
# number that is none at exit code 0. One thread of BLAS: with more, commands under such a limit start twice. Changes of HDF5 know where types are described. What fails is left here as fuzz-*.input.
set -euo pipefail
binaries=$(cd "$1" && pwd) count=${2:-10000} seed=${3:-1}
shift $(($# < 3 ? $# : 3))
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
vectors=$top/formats/vectors potentials=$top/examples/potentials
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PATH=$binaries:$PATH

# Frames of few atoms, their Hessians and models.
si=$potentials/Si.sw
xyz-build diamond --species Si -a 5.431 --supercell 1 1 1 > "$folder/si8.xyz"
xyz-perturb --mode rattle --amplitude 0.02 --seed 2 --samples 2 "$folder/si8.xyz" > "$folder/moved.xyz"
xyz-convert --frames 1 "$folder/moved.xyz" > "$folder/one.xyz"
site-entropy -j 1 -p "$si" "$folder/moved.xyz" > "$folder/labelled.xyz"
xyz-convert "$folder/labelled.xyz" -o "$folder/labelled.h5"
hessian -j 1 -p "$si" "$folder/moved.xyz" -o "$folder/hessians.h5"
ace-features -j 1 --order 1 --degree 3 --cutoff 4 "$folder/labelled.xyz" -o "$folder/features.h5"
ridge -q -j 1 --order 2 --degree 4 --cutoff 4 "$folder/labelled.xyz" -o "$folder/model.h5"
for kind in phonopy phonopy-text ase; do hessian -j 1 -p "$si" --write $kind "$folder/one.xyz" -o "$folder/hessian.$kind"; done
# LAMMPS' text and binary, and NumPy's, of the same numbers; silicon has one mass.
awk 'NR == 1 { n = $1; next } NF == 2 { i = $1; j = $2; k = 0; next }
     { for (c = 1; c <= 3; c++) h[3 * (i - 1) + k, 3 * (j - 1) + c - 1] = $c / 28.085; k++ }
     END { for (r = 0; r < 3 * n; r++) for (c = 0; c < 3 * n; c += 3)
             printf "%.8f %.8f %.8f\n", h[r, c], h[r, c + 1], h[r, c + 2] }' "$folder/hessian.phonopy-text" > "$folder/hessian.dm"
head -c 4608 /dev/zero > "$folder/hessian.bin"
printf '\223NUMPY\1\0v\0%-117s\n' "{'descr': '<f8', 'fortran_order': False, 'shape': (24, 24), }" | cat - "$folder/hessian.bin" > "$folder/hessian.npy"
cat > "$folder/POSCAR" <<'END'
Si8
1.0
5.431 0 0
0 5.431 0
0 0 5.431
Si Ge
7 1
Selective dynamics
Direct
0 0 0 T T F
0 0.5 0.5 T T T
0.5 0 0.5 T T T
0.5 0.5 0 T T T
0.25 0.25 0.25 F F F
0.25 0.75 0.75 T T T
0.75 0.25 0.75 T T T
0.75 0.75 0.25 T T T
END
xyz-build chain --species Na Cl -a 5 --supercell 4 1 1 | xyz-perturb --mode rattle --amplitude 0.03 --seed 3 > "$folder/chain.xyz"
xyz-build fcc --species Cu -a 3.615 --supercell 2 2 2 > "$folder/cu.xyz"

wanted=("$@") failed=0
run() { # NAME FORMAT COMMAND SEED-FILE...
  local name=$1 format=$2 command=$3
  shift 3
  if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return; fi
  mkdir -p "fuzz-$name"
  printf '%s: ' "$name"
  (cd "fuzz-$name" && ulimit -v 2000000 && "$binaries/Fuzz" "$format" --seconds 100000 --count "$count" --seed "$seed" \
    --command "/usr/bin/env OPENBLAS_NUM_THREADS=1 $binaries/$command" "$@") || failed=1
  rm -f "fuzz-$name"/fuzz-command-* "fuzz-$name"/*.state
  rmdir --ignore-fail-on-non-empty "fuzz-$name"
}

shopt -s nullglob
corpus=$top/Tests/fuzz/corpus
run extxyz extxyz "site-entropy -j 1 -p $si @" "$folder"/{si8,moved,labelled}.xyz
run extxyz-odd extxyz "xyz-convert -j 1 @" "$vectors"/extxyz/pass/*.xyz "$corpus"/extxyz/*
run sw sw "site-entropy -j 1 -p @ $folder/one.xyz" "$si" "$vectors"/sw/pass/*.sw "$corpus"/sw/*
run eam potentials "xyz-energy -j 1 -p @ $folder/cu.xyz" "$vectors"/potentials/pass/*.{eam,alloy,fs}
run tersoff potentials "xyz-energy -j 1 -p @ $folder/one.xyz" "$vectors"/potentials/pass/*.tersoff
run springs springs "site-entropy -j 1 -p @ $folder/chain.xyz" "$potentials"/chain*.json "$corpus"/springs/*
run hessian hessian "site-entropy -j 1 --kind absolute --on-unstable keep --hessian @ $folder/one.xyz" \
  "$folder"/hessian.{phonopy-text,ase,dm,npy,bin} "$vectors"/hessian/pass/{FORCE_CONSTANTS,vibrations.json} "$corpus"/hessian/*
run poscar extxyz "xyz-convert -j 1 @" "$folder/POSCAR"
run h5 h5 "xyz-convert -j 1 -f extxyz @" "$folder/labelled.h5" "$vectors"/h5md/pass/*.h5 "$corpus"/h5/*
run h5-hessian h5 "site-entropy -j 1 -f extxyz @" "$folder/hessians.h5"
run h5-given h5 "site-entropy -j 1 --kind absolute --on-unstable keep --hessian @ $folder/one.xyz" "$folder/hessian.phonopy"
run features h5 "ridge -j 1 -q -o /dev/null @" "$folder/features.h5"
run model h5 "predict -j 1 --std -m @ $folder/one.xyz" "$folder/model.h5"
exit $failed
