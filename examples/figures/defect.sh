#!/usr/bin/env bash
# An atom of silicon that leaves its site along the bond to a neighbour, image by image, as on the way to a defect: the entropy of the images, their smallest
# eigenvalue, and a map of the entropy of the sites around. Images past the stable region are kept and marked: their entropy leaves the negative modes out.
#   examples/figures/defect.sh [--quick] [FOLDER]     results go to FOLDER (default: defect)
# defect.tsv: image, displacement along the bond (Å, positive towards the neighbour), entropy (k_B), entropy in the infinite crystal (stable images only),
# smallest eigenvalue, negative modes, stable. map.tsv: displacement, stable, distance of a shell from the site of the atom (Å), number of its sites, the sum of
# their entropies and the largest of them by size (k_B).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure defect "$@"

if [ "$quick" = 1 ]; then cells=3 step=0.2; else cells=5 step=0.04; fi
potential=$potentials/Si.sw

# The path: atom 0 moves from its site along (1 1 1), where a neighbour is 2.35 Å away; every image is a frame, its reference the perfect crystal.
xyz-build diamond --species Si -a 5.431 --supercell $cells $cells $cells |
  xyz-perturb --mode localized --amplitude 0 --radius 0.1 --center 0 |
  awk -v step="$step" '
    { line[NR] = $0 }
    END {
      images = int(0.8001 / step)
      for (k = -images; k <= images; k++) for (r = 1; r <= NR; r++) {
        if (r == 2) sub(/ config_id=[^ ]*/, "", line[r])
        if (r != 3) { print line[r]; continue }
        count = split(line[r], field, " ")
        # Columns 2 to 4 are pos; ref_pos stays.
        for (a = 2; a <= 4; a++) field[a] = sprintf("%.12g", field[a] + k * step / sqrt(3))
        for (a = 1; a <= count; a++) printf "%s%s", field[a], a < count ? " " : "\n"
      }
    }' > path.xyz

# Exit code 3: done, with unstable frames, which are marked.
status=0
site-entropy --potential "$potential" --on-unstable keep --quiet -o labelled.xyz path.xyz 2> unstable.txt || status=$?
[ $status = 0 ] || [ $status = 3 ] || { cat unstable.txt >&2; exit $status; }
status=0
site-entropy --potential "$potential" --embed infinite --on-unstable skip --quiet -o infinite.xyz path.xyz 2> unstable.txt || status=$?
[ $status = 0 ] || [ $status = 3 ] || { cat unstable.txt >&2; exit $status; }
xyz-table --columns frame,atom,entropy,lambda_min,negative_modes,stable,center_distance,displacement_x,site_entropy labelled.xyz > sites.tmp
# The limit is matched by the displacement: unstable images are left out there.
xyz-table --columns atom,displacement_x,entropy infinite.xyz > infinite.tmp

awk -F '\t' -v OFS='\t' '
  FNR == 1 { next }
  FILENAME == "infinite.tmp" { if ($1 == 0) limit[sprintf("%.6f", $2)] = $3; next }
  $2 == 0 {
    key = sprintf("%.6f", $8)
    print $1, sprintf("%.4g", $8 * sqrt(3)), $3, key in limit ? limit[key] : "-", $4, $5, $6
  }' infinite.tmp sites.tmp > rows.tmp
{ printf 'image\tdisplacement\tentropy\tinfinite\tlambda_min\tnegative_modes\tstable\n'; cat rows.tmp; } > defect.tsv
{
  printf 'displacement\tstable\tdistance\tsites\tsum\tlargest\n'
  awk -F '\t' -v OFS='\t' '
    NR == 1 { next }
    $2 == 0 { flush(); moved = sprintf("%.4g", $8 * sqrt(3)); stable = $6 }
    {
      shell = sprintf("%.3f", $7)
      if (shell + 0 < 8) { count[shell]++; sum[shell] += $9; size = $9 < 0 ? -$9 : $9; if (size >= top[shell]) { top[shell] = size; largest[shell] = $9 } }
    }
    END { flush() }
    function flush(shell) {
      for (shell in count) print moved, stable, shell, count[shell], sum[shell], largest[shell]
      split("", count); split("", sum); split("", top); split("", largest)
    }' sites.tmp | LC_ALL=C sort -k1,1g -k3,3g
} > map.tsv
rm ./*.tmp unstable.txt
gnuplot "$figures/defect.gp"
echo "Wrote path.xyz, labelled.xyz, infinite.xyz, defect.tsv, map.tsv and defect.png in $PWD" >&2
