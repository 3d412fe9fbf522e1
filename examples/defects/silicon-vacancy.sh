#!/usr/bin/env bash
# The vacancy in silicon, from nothing: made, relaxed and labelled in cells of several sizes; its formation energy and entropy at fixed volume and at fixed
# pressure, extrapolated in 1/N; its free energy and concentration against temperature.
#   examples/defects/silicon-vacancy.sh [--quick] [FOLDER]     results go to FOLDER (default: silicon-vacancy)
# formation.tsv: the table of the command formation, one line a cell and temperature; sizes.tsv: the same without temperatures.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure silicon-vacancy "$@"
defects=${figures%/*}/defects
potential=$potentials/Si.sw

if [ "$quick" = 1 ]; then sizes="2 3 4"; else sizes="2 3 4 5 6"; fi
files=()
for n in $sizes; do
  echo "Relaxing and labelling $((8 * n * n * n)) sites ..." >&2
  xyz-build diamond --species Si -a 5.431 --supercell "$n" "$n" "$n" | xyz-defect --vacancy center |
    xyz-relax --potential "$potential" --push inward |
    site-entropy --potential "$potential" --kind formation > "vacancy-$n.xyz"
  files+=("vacancy-$n.xyz")
done
formation "${files[@]}" > sizes.tsv
formation --temperatures 300:1600:50 "${files[@]}" > formation.tsv
gnuplot "$defects/silicon-vacancy.gp"
awk -F '\t' '$3 == "inf" { printf "S_f = %.4f k_B at fixed volume (%.0e), %.4f k_B at fixed pressure (%.0e); E_f = %.4f eV\n", $8, $17, $9, $18, $7 }' sizes.tsv >&2
echo "Wrote formation.tsv, sizes.tsv and silicon-vacancy.png in $PWD" >&2
