#!/usr/bin/env bash
# Vacancies and antisites in the ordered alloy NiAl: made, relaxed and labelled in cells of several sizes, and their concentrations against temperature,
# at the composition of the crystal.
#   examples/defects/nial.sh [--quick] [FOLDER]     results go to FOLDER (default: nial)
# The potential is NIAL_POTENTIAL with the lattice constant NIAL_CONSTANT, such as a file that examples/potentials/from-lammps.sh takes from an
# installed LAMMPS:
#   examples/potentials/from-lammps.sh NiAlH_jea.eam.alloy
#   NIAL_POTENTIAL=$PWD/NiAlH_jea.eam.alloy NIAL_CONSTANT=2.86298934 examples/defects/nial.sh
# or else the table that examples/potentials/second-moment.sh makes.
# sizes.tsv: the table of the command formation, one line a defect and cell, chemical potentials those of 1000 K; concentrations.tsv: that of formation
# --balance, with groups of defects that keep the composition (Schottky pairs, triple defects, exchanges).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
potential=${NIAL_POTENTIAL:+$(realpath "$NIAL_POTENTIAL")}
begin_figure nial "$@"
defects=${figures%/*}/defects
if [ -z "$potential" ]; then
  "$potentials/second-moment.sh" NiAl > NiAl.eam.fs
  potential=NiAl.eam.fs
  NIAL_CONSTANT=2.86961906
fi
if [ -z "${NIAL_CONSTANT:-}" ]; then
  echo "nial.sh: expected NIAL_CONSTANT beside NIAL_POTENTIAL, found none" >&2
  exit 64
fi

if [ "$quick" = 1 ]; then sizes="3 4"; else sizes="4 5 6 7"; fi
files=()
for n in $sizes; do
  xyz-build cscl --species Ni Al -a "$NIAL_CONSTANT" --supercell "$n" "$n" "$n" > perfect.xyz
  echo "Relaxing and labelling $((2 * n * n * n)) sites ..." >&2
  for defect in "--vacancy Ni" "--vacancy Al" "--antisite Ni=Al" "--antisite Al=Ni"; do
    # shellcheck disable=SC2086
    xyz-defect $defect perfect.xyz | xyz-relax --potential "$potential"
  done | site-entropy --potential "$potential" --kind formation > "defects-$n.xyz"
  files+=("defects-$n.xyz")
done
formation --balance --temperatures 400:1800:50 "${files[@]}" > concentrations.tsv
nickel=$(awk -F '\t' '$1 == "1000.0" { for (i = 1; i <= NF; i++) if (name[i] == "chemical_potential_Ni") print $i } NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i }' \
  concentrations.tsv | head -n 1)
formation --reference-energy "Ni=$nickel" "${files[@]}" > sizes.tsv
gnuplot "$defects/nial.gp"
awk -F '\t' '$1 == "1000.0" { printf "%-14s E_f %.4f eV, S_f %.4f k_B, G_f(1000 K) %.4f eV%s\n", $2, $5, $6, $7, $8 == "-" ? "" : ", " sprintf("%.3g", $8) " a site" }' \
  concentrations.tsv >&2
echo "Wrote sizes.tsv, concentrations.tsv and nial.png in $PWD" >&2
