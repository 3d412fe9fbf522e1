#!/usr/bin/env bash
# What it costs to cut the displacements around a vacancy in silicon off at a radius R: the formation entropy of the cut core in the infinite crystal, at rest
# beyond R, against R; cut hard, and brought to 0 smoothly from R/2 to R.
#   examples/defects/truncation.sh [--quick] [FOLDER]     results go to FOLDER (default: truncation)
# truncation.tsv: R, sites that are displaced, S_f^V hard and smooth (k_B): of the core in two large cells, extrapolated in 1/N; limit.tsv: the table of the
# command formation for whole displacements.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure truncation "$@"
defects=${figures%/*}/defects
potential=$potentials/Si.sw

if [ "$quick" = 1 ]; then
  radii="4 5.5" own=3 cells="3 4" known="2 3"
else
  radii="4 4.5 5 5.5 6 6.5 7 7.5 8 8.5 9 9.5 10 10.5 11 11.5 12" own=5 cells="6 8" known="2 3 4 5 6"
fi

# vacancy N: cells of N³ conventional cells without the atom of their first site.
vacancy() { xyz-build diamond --species Si -a 5.431 --supercell "$1" "$1" "$1" | xyz-defect --vacancy 0; }

# cut FRAME CRYSTAL R SMOOTH: the crystal with the displacements of the frame out to R about the site at the origin.
cut() {
  awk -v R="$3" -v smooth="$4" '
    function whole(x) { return x < 0 ? -int(0.5 - x) : int(x + 0.5) }
    function place(a, c) { c = $(10 + a); return c - cell * whole(c / cell) }
    FNR == 2 { split($0, word, "\""); cell = word[2] + 0; if (FNR != NR) print; next }
    FNR == 1 { if (FNR != NR) print; next }
    { key = ""; square = 0
      for (a = 0; a < 3; a++) { r = place(a); square += r * r; key = key whole(100 * r) " " } }
    FNR == NR { for (a = 0; a < 3; a++) { u = $(2 + a) - $(10 + a); moved[key, a] = u - cell * whole(u / cell) }; next }
    { r = sqrt(square); t = r < R ? 2 - 2 * r / R : 0
      weight = !smooth ? (r < R) : t > 1 ? 1 : t * t * t * (10 - 15 * t + 6 * t * t)
      if (weight > 0) for (a = 0; a < 3; a++) $(2 + a) = sprintf("%.15g", $(10 + a) + weight * moved[key, a])
      print }' "$1" "$2"
}

for n in $known; do
  vacancy "$n" | xyz-relax --potential "$potential" --push inward
done | site-entropy --potential "$potential" --kind formation | formation > limit.tsv
vacancy $own | xyz-relax --potential "$potential" --push inward > relaxed.xyz
for n in $cells; do vacancy "$n" > "crystal-$n.xyz"; done
printf 'radius\tsites\thard\tsmooth\n' > truncation.tsv
for radius in $radii; do
  echo "Cutting at $radius Å ..." >&2
  row=$radius
  for smooth in 0 1; do
    for n in $cells; do cut relaxed.xyz "crystal-$n.xyz" "$radius" $smooth; done |
      site-entropy --potential "$potential" --kind formation > core.xyz
    row+=$(xyz-table --columns formation_entropy,perfect_sites,atom core.xyz | awk -F '\t' -v OFS='\t' '
      $3 == 0 { s[++n] = $1; sites[n] = $2 } END { printf "\t%.6f", (s[2] * sites[2] - s[1] * sites[1]) / (sites[2] - sites[1]) }')
  done
  moved=$(awk 'FNR > 2 && NF < 4 { exit } FNR > 2 && ($2 != $10 || $3 != $11 || $4 != $12) { n++ } END { print n }' core.xyz)
  awk -v OFS='\t' -v moved="$moved" '{ print $1, moved, $2, $3 }' <<< "$row" >> truncation.tsv
done
gnuplot "$defects/truncation.gp"
awk -F '\t' '$3 == "inf" { printf "S_f = %.4f k_B at fixed volume with all displacements\n", $8 }' limit.tsv >&2
echo "Wrote truncation.tsv, limit.tsv and truncation.png in $PWD" >&2
