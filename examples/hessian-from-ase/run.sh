#!/usr/bin/env bash
# Site entropies of Cu3Au under a calculator of ASE (here EMT): structures without labels, forces over a pipe.
#   examples/hessian-from-ase/run.sh [FOLDER]     needs python3 with ase, and our commands in PATH
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
forces="python3 '$here/../python/forces.py' emt" # any calculator of ASE: see the head of forces.py
folder=${1:-hessian-from-ase}
mkdir -p "$folder"
cd "$folder"

python3 "$here/structures.py"
xyz-label perfect.xyz > reference.xyz
xyz-label --reference reference.xyz rattled.xyz > frame.xyz
hessian --forces "$forces" frame.xyz | site-entropy -f extxyz > labelled.xyz
xyz-table --columns species,sublattice,orbit,site_entropy labelled.xyz > labelled.tsv

# The same from Hessians that are at hand already, here as ASE's VibrationsData.
for name in perfect rattled; do
  python3 "$here/hessian.py" $name.xyz $name.json
done
site-entropy --hessian rattled.json --reference-hessian perfect.json frame.xyz > from-vibrations.xyz
