#!/usr/bin/env bash
# The hop of a vacancy in silicon to a neighbouring site: the path of least energy and its saddle, the attempt frequency by Vineyard's formula, rates and
# diffusivities against temperature, classical and quantum, and which atoms the entropy of the saddle sits on.
#   examples/defects/hop.sh [--quick] [FOLDER]     results go to FOLDER (default: hop)
# path.tsv: reaction coordinate and energy of the images; rates.tsv, quantum.tsv: tables of the command vineyard; sites.tsv: entropy difference by atom.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure hop "$@"
defects=${figures%/*}/defects
potential=$potentials/Si.sw

if [ "$quick" = 1 ]; then n=2; else n=3; fi
echo "Relaxing both ends in $((8 * n * n * n)) sites ..." >&2
xyz-build diamond --species Si -a 5.431 --supercell $n $n $n > perfect.xyz
# Atoms 0 and 1 of a diamond cell are neighbours.
for site in 0 1; do
  xyz-defect --vacancy $site perfect.xyz | xyz-relax --potential "$potential" --push inward > "end-$site.xyz"
done
echo "Finding the path ..." >&2
xyz-path --potential "$potential" --match end-0.xyz end-1.xyz > path.xyz
xyz-table --columns image,reaction_coordinate,energy,atom path.xyz | awk -F '\t' 'NR == 1 || $4 == 0' > path.tsv
vineyard --potential "$potential" --temperatures 400:1600:50 path.xyz > rates.tsv
vineyard --potential "$potential" --by-site path.xyz > sites.tsv
vineyard --potential "$potential" --temperatures 400:1600:50 --quantum path.xyz > quantum.tsv
gnuplot "$defects/hop.gp"
awk -F '\t' 'NR == 2 { printf "barrier %.6f eV, attempt frequency %.4f THz, negative mode %.4f THz\n", $4, $6, $5 }' rates.tsv >&2
echo "Wrote path.xyz, path.tsv, rates.tsv, quantum.tsv, sites.tsv and hop.png in $PWD" >&2
