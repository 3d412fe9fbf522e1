#!/usr/bin/env bash
# Silicon: predicted against exact site entropies of displaced cells, for Cartesian polynomials, invariant features (ACE), and ACE of what another
# potential leaves, whose three-body term is a tenth too strong; tested on sites and on whole frames that were kept from training.
#   examples/figures/fig4.sh [--quick] [FOLDER]     results go to FOLDER (default: fig4)
# The Cartesian polynomials keep the two sublattices apart, as in the paper: their bonds point in opposite directions.
# fig4.tsv: basis, split, part, number of sites, RMSE, MAE (k_B), R².
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure fig4 "$@"

if [ "$quick" = 1 ]; then
  samples=20 cartesian=(--cartesian 2 --cutoff 2.5 --share never) ace=(--order 2 --degree 12 --cutoff 5.5 --weight-l 0.75)
  baseline=(--order 2 --degree 8 --cutoff 5.5 --weight-l 0.75 --baseline off.sw)
else
  samples=60 cartesian=(--cartesian 2 --cutoff 3.9 --share never) ace=(--order 3 --degree 18,18,8 --cutoff 6.7 --weight-l 0.5)
  baseline=(--order 2 --degree 12 --cutoff 6.7 --weight-l 0.5 --baseline off.sw)
fi
sed 's/ 21\.0 / 23.1 /' "$potentials/Si.sw" > off.sw
kept=$((samples / 5)) trained=$((samples - samples / 5))

echo "Labelling $samples frames of 216 atoms ..." >&2
xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 |
  xyz-perturb --mode localized --amplitude 0.05 --radius 5 --samples "$samples" --seed 1 |
  site-entropy --potential "$potentials/Si.sw" > labelled.xyz

echo "Fitting ..." >&2
printf 'basis\tsplit\tpart\tsites\trmse\tmae\tR2\n' > fig4.tsv
for basis in cartesian ace baseline; do
  declare -n options=$basis
  with=()
  if [ "$basis" = baseline ]; then with=(--potential off.sw); fi
  ridge_errors "${options[@]}" labelled.xyz | sed "s/^/$basis\t/" >> fig4.tsv
  # The points of the picture: the last fifth of the frames, by a model of the others.
  ridge "${options[@]}" --frames "$trained" --quiet -o "$basis.h5" labelled.xyz
  predict --model "$basis.h5" "${with[@]}" --first-frame "$trained" --frames "$kept" --quiet labelled.xyz |
    xyz-table --columns site_entropy,site_entropy_pred > "$basis.tsv"
done
gnuplot "$figures/fig4.gp"
echo "Wrote fig4.tsv, fig4.png and the points in $PWD" >&2
