#!/usr/bin/env bash
# Site entropies of Cu3Au under a calculator of ASE (here EMT): structures without labels, Hessians by finite differences.
#   examples/hessian-from-ase/run.sh [FOLDER]     needs python3 with ase, and our commands in PATH
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-hessian-from-ase}
mkdir -p "$folder"
cd "$folder"

python3 "$here/structures.py"
xyz-label perfect.xyz > reference.xyz
xyz-label --reference reference.xyz rattled.xyz > frame.xyz
for name in perfect rattled; do
  python3 "$here/hessian.py" $name.xyz $name.json
done
site-entropy --hessian rattled.json --reference-hessian perfect.json frame.xyz > labelled.xyz
xyz-table --columns species,sublattice,orbit,site_entropy labelled.xyz > labelled.tsv
