#!/usr/bin/env bash
# Zincblende CdTe by two potentials: what the names of the species are worth. Site entropies are fitted with the species kept, with neighbours of one name
# only, and with one name for all atoms (then the two sublattices look like those of diamond and share their coefficients); Cartesian polynomials, ACE,
# and with the species kept ACE of what the other potential leaves.
#   examples/figures/fig5.sh [--quick] [FOLDER]     results go to FOLDER (default: fig5)
# fig5.tsv: potential, basis, species, split, part, number of sites, RMSE, MAE (k_B), R².
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure fig5 "$@"

if [ "$quick" = 1 ]; then
  cells=2 radius=4 samples=24 cartesian=(--cartesian 2 --cutoff 3.5 --share auto) ace=(--order 2 --degree 10 --cutoff 5.2 --weight-l 0.75)
  baseline=(--order 2 --degree 8 --cutoff 5.2 --weight-l 0.75)
else
  cells=3 radius=5 samples=60 cartesian=(--cartesian 2 --cutoff 3.5 --share auto) ace=(--order 3 --degree 12,12,7 --cutoff 7 --weight-l 0.5 --scale common)
  baseline=(--order 2 --degree 12 --cutoff 6 --weight-l 0.75)
fi
kept=$((samples / 5)) trained=$((samples - samples / 5))

# fit POTENTIAL SPECIES FRAMES OPTION...: both bases on both splits, and the points of the picture from the last fifth of the frames.
fit() {
  local potential=$1 species=$2 frames=$3 basis
  shift 3
  for basis in cartesian ace; do
    # Cartesian polynomials name each neighbour by its place: its species adds nothing.
    if [ "$basis$species" = cartesianneighbours ]; then continue; fi
    declare -n options=$basis
    ridge_errors "${options[@]}" "$@" "$frames" | sed "s/^/$potential\t$basis\t$species\t/" >> fig5.tsv
    ridge "${options[@]}" "$@" --frames "$trained" --quiet -o model.h5 "$frames"
    predict --model model.h5 --first-frame "$trained" --frames "$kept" --quiet "$frames" |
      xyz-table --columns site_entropy,site_entropy_pred > "$potential-$basis-$species.tsv"
  done
}

printf 'potential\tbasis\tspecies\tsplit\tpart\tsites\trmse\tmae\tR2\n' > fig5.tsv
while read -r potential lattice_constant other; do
  echo "Labelling and fitting with $potential ..." >&2
  xyz-build zincblende --species Cd Te -a "$lattice_constant" --supercell $cells $cells $cells |
    xyz-perturb --mode localized --amplitude 0.05 --radius $radius --samples "$samples" --seed 1 |
    site-entropy --potential "$potentials/CdTe-$potential.sw" > labelled.xyz
  # One name: the species and the orbit (column 6 of xyz-build) no longer tell Cd from Te.
  awk '/^(Cd|Te) / { $1 = "Te"; $6 = 0 } { print }' labelled.xyz > collapsed.xyz
  fit "$potential" kept labelled.xyz --channels species
  ridge_errors "${baseline[@]}" --baseline "$potentials/CdTe-$other.sw" labelled.xyz | sed "s/^/$potential\tbaseline\tkept\t/" >> fig5.tsv
  fit "$potential" neighbours labelled.xyz --channels none
  fit "$potential" collapsed collapsed.xyz --channels none
done << 'END'
Wang1989 6.50642 Zhou2013
Zhou2013 6.4802 Wang1989
END
rm collapsed.xyz model.h5
gnuplot "$figures/fig5.gp"
echo "Wrote fig5.tsv, fig5.png and the points in $PWD" >&2
