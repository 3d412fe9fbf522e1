#!/usr/bin/env bash
# The claims of figures 2, 3 and 4 on a metallic alloy, NiAl under an embedded-atom potential: how local its site entropies are, what a cutoff of the
# displacements costs, and how well a surrogate learns them.
#   examples/figures/nial.sh [--quick] [FOLDER]     results go to FOLDER (default: nial)
# NIAL_POTENTIAL and NIAL_CONSTANT: another potential and its lattice constant; else the table of examples/potentials/second-moment.sh.
# locality.tsv: as fig2.tsv; cutoff.tsv: as fig3.tsv; surrogate.tsv: as fig4.tsv.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
potential=${NIAL_POTENTIAL:+$(realpath "$NIAL_POTENTIAL")}
begin_figure nial "$@"
if [ -z "$potential" ]; then
  "$potentials/second-moment.sh" NiAl > NiAl.eam.fs
  potential=NiAl.eam.fs
fi
constant=${NIAL_CONSTANT:-2.86961906}
build() { xyz-build cscl --species Ni Al -a "$constant" --supercell "$1" "$1" "$1"; }

if [ "$quick" = 1 ]; then
  cells=12 end=16 windows="8 15" scan=5 some=2 supercell=4 samples=15 ace=(--order 2 --degree 10 --cutoff 5.5)
else
  cells=24 end=33 windows="8 20 12 30" scan=8 some=12 supercell=5 samples=60 ace=(--order 3 --degree 8 --cutoff 6.5)
fi

echo "Differentiating ..." >&2
printf 'crystal\tdimension\tsublattice\tfrom\tto\tslope\n' > locality.tsv
build "$cells" > crystal.tmp
for site in 0 1; do
  xyz-perturb --mode localized --amplitude 0 --radius 0.1 --center "$site" crystal.tmp |
    site-gradient --potential "$potential" --site center |
    xyz-table --columns center_distance,site_entropy_gradient_norm |
    awk -F '\t' -v farthest="$end" 'NR > 1 && $1 > 0 && $1 <= farthest {
        bin = int(15 * log($1) / log(10) + 1000)
        if ($2 > largest[bin]) { largest[bin] = $2; place[bin] = $1 }
      }
      END { for (bin in largest) printf "%.8g\t%.8g\n", place[bin], largest[bin] }' | LC_ALL=C sort -g > "envelope-$site.tsv"
  # shellcheck disable=SC2086
  set -- $windows
  while [ $# -gt 0 ]; do
    printf 'NiAl\t3\t%s\t%s\t%s\t%s\n' "$site" "$1" "$2" "$(power_law "envelope-$site.tsv" 1 2 "$1" "$2")" >> locality.tsv
    shift 2
  done
done
rm crystal.tmp

echo "Scanning cutoffs ..." >&2
printf 'crystal\tdisplacement\ttruncation\tslope\tfrom\tto\tscanned_radius\trule_radius\n' > cutoff.tsv
build "$scan" > perfect.xyz
for mode in localized cosine; do
  case $mode in
    localized) set -- --radius 5 --samples 4 ;;
    cosine) set -- --wave 1 0 0 --direction 0.6 0.48 0.64 --samples 1 ;;
  esac
  xyz-perturb --mode "$mode" --amplitude 0.04 --seed 1 "$@" perfect.xyz > "$mode.xyz"
  for truncation in hard smooth; do
    cutoff-scan --potential "$potential" --truncation "$truncation" --sites "$some" --radii shells --target-rmse 1e-4 "$mode.xyz" > "$mode-$truncation.tsv"
    awk -F '\t' -v name="NiAl"$'\t'"$mode"$'\t'"$truncation" '
      function short(x) { return x == "-" ? x : sprintf("%.4g", x) }
      /^# / { sub(/^# /, "", $1); value[$1] = $2; last[$1] = $3 }
      END {
        print name "\t" short(value["slope"]) "\t" short(value["fit_range"]) "\t" short(last["fit_range"]) "\t" \
          short(value["scanned_radius"]) "\t" short(value["rule_radius"])
      }' "$mode-$truncation.tsv" >> cutoff.tsv
  done
done

echo "Labelling $samples frames, fitting ..." >&2
kept=$((samples / 5)) trained=$((samples - samples / 5))
build "$supercell" | xyz-perturb --mode localized --amplitude 0.04 --radius 4.5 --samples "$samples" --seed 1 |
  site-entropy --potential "$potential" > labelled.xyz
printf 'basis\tsplit\tpart\tsites\trmse\tmae\tR2\n' > surrogate.tsv
ridge_errors "${ace[@]}" labelled.xyz | sed "s/^/ace\t/" >> surrogate.tsv
ridge "${ace[@]}" --frames "$trained" --quiet -o ace.h5 labelled.xyz
predict --model ace.h5 --first-frame "$trained" --frames "$kept" --quiet labelled.xyz |
  xyz-table --columns species,site_entropy,site_entropy_pred > parity.tsv
gnuplot -c "$figures/nial.gp" $((2 * cells * cells * cells))
echo "Wrote locality.tsv, cutoff.tsv, surrogate.tsv and nial.png in $PWD" >&2
