#!/usr/bin/env bash
# A vacancy in silicon from nothing to the labels of its formation entropy: our pipe against LAMMPS' minimize and dynamical_matrix with NumPy, in one run.
#   examples/benchmarks/defects.sh [FOLDER] [LARGEST]     defects.tsv goes to FOLDER (default: benchmarks); LARGEST: sites up to which the peers run (default: 1728, some minutes)
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-benchmarks}
. "$top/examples/setup.sh"
use_sitevib
use_peers "$top"
mkdir -p "$folder"
cd "$folder"
LD_LIBRARY_PATH=$peers/lib "$peers/bin/python" "$top/examples/benchmarks/defects.py" "$top/examples/potentials/Si.sw" "${2:-1728}" | tee defects.tsv
echo "Wrote defects.tsv in $PWD" >&2
