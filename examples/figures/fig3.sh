#!/usr/bin/env bash
# Truncation errors of site entropies against the cutoff radius: three spring models and silicon, under localized, cosine and tail displacements,
# cut off hard and smoothly.
#   examples/figures/fig3.sh [--quick] [FOLDER]     results go to FOLDER (default: fig3)
# fig3.tsv holds for each crystal, displacement and truncation the fitted slope of the rmse, the range of the fit, the smallest scanned radius with an rmse
# below 1e-4 k_B, and the radius that the theorem's rate R^-d recommends for it (conservative where the decay is faster), in Å.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure fig3 "$@"

# scan NAME POTENTIAL BUILD...: all tables of one crystal.
scan() {
  local name=$1 potential=$potentials/$2 mode truncation sites
  shift 2
  echo "Scanning $name ..." >&2
  xyz-build "$@" > "$name.xyz"
  for mode in localized cosine tail; do
    case $mode in
      localized) sites=$some; set -- --radius 6 --samples 4 ;;
      cosine) sites=$some; set -- --wave 1 0 0 --direction 0.6 0.48 0.64 --samples 1 ;;
      tail) sites=center; set -- --radius 3 --exponent 2 --samples "$some" ;;
    esac
    xyz-perturb --mode "$mode" --amplitude 0.05 --seed 1 "$@" "$name.xyz" > "$name-$mode.xyz"
    for truncation in hard smooth; do
      cutoff-scan --potential "$potential" --truncation "$truncation" --sites "$sites" --radii shells --target-rmse 1e-4 \
        "$name-$mode.xyz" > "$name-$mode-$truncation.tsv"
    done
  done
}

if [ "$quick" = 1 ]; then some=4 chain=60 square=12 cscl=5 si=3; else some=16 chain=200 square=32 cscl=12 si=8; fi
scan chain chain.json chain --species Na Cl -a 5 --supercell $chain 1 1
scan square square.json square --species Na Cl -a 4 --supercell $square $square 1
scan cscl cscl.json cscl --species Cs Cl -a 4 --supercell $cscl $cscl $cscl
scan si Si.sw diamond --species Si -a 5.431 --supercell $si $si $si
{
  printf 'crystal\tdisplacement\ttruncation\tslope\tfrom\tto\tscanned_radius\trule_radius\n'
  for crystal in chain square cscl si; do
    for mode in localized cosine tail; do
      for truncation in hard smooth; do
        awk -F '\t' -v name="$crystal"$'\t'"$mode"$'\t'"$truncation" '
          function short(x) { return x == "-" ? x : sprintf("%.4g", x) }
          /^# / { sub(/^# /, "", $1); value[$1] = $2; last[$1] = $3 }
          END {
            print name "\t" short(value["slope"]) "\t" short(value["fit_range"]) "\t" short(last["fit_range"]) "\t" \
              short(value["scanned_radius"]) "\t" short(value["rule_radius"])
          }' "$crystal-$mode-$truncation.tsv"
      done
    done
  done
} > fig3.tsv
gnuplot "$figures/fig3.gp"
echo "Wrote fig3.tsv, fig3.png and the scans in $PWD" >&2
