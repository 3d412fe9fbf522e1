#!/usr/bin/env bash
# From cells to the infinite crystal: the total entropy of one displaced core in larger and larger periodic cells of silicon (site-entropy --embed), the value
# for the infinite crystal with its error (--embed infinite), and the limit fitted to the cells alone: S(L) = S + a L^-3 + b L^-5.
#   examples/figures/limit.sh [--quick] [FOLDER]     results go to FOLDER (default: limit)
# limit.tsv: core, cells along an edge, entropy (k_B), its difference from that of the infinite crystal. infinite.tsv: core, entropy of the infinite crystal and
# its error by --embed infinite, the limit fitted here, the difference of both, and the exponent of S(L) - S over the larger half of the cells.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure limit "$@"

if [ "$quick" = 1 ]; then sizes="3 4 5 6 8 10"; else sizes="3 4 5 6 8 10 12 16 20 24 32"; fi
largest=${sizes##* }

# total FILE KEY: one key of the frame.
total() {
  xyz-table --columns "$2" --no-header "$1" | awk 'NR == 1'
}

# fitted FILE: S of the least squares fit of S + a L^-3 + b L^-5 to the last four cells; L and entropy are columns 2 and 3.
fitted() {
  tail -n 4 "$1" | awk -F '\t' '
    { # The differences from the last row keep the digits of sums.
      l[NR] = $2; y[NR] = $3 }
    END {
      for (r = 1; r <= NR; r++) {
        f[1] = 1; f[2] = (l[NR] / l[r]) ^ 3; f[3] = (l[NR] / l[r]) ^ 5
        for (i = 1; i <= 3; i++) { for (j = 1; j <= 3; j++) m[i, j] += f[i] * f[j]; m[i, 4] += f[i] * (y[r] - y[NR]) }
      }
      for (i = 1; i <= 3; i++) for (k = 1; k <= 3; k++) if (k != i) {
        q = m[k, i] / m[i, i]
        for (j = 1; j <= 4; j++) m[k, j] -= q * m[i, j]
      }
      printf "%.12g\n", y[NR] + m[1, 4] / m[1, 1]
    }'
}

printf 'core\tcells\tentropy\tdifference\n' > limit.tsv
printf 'core\tinfinite\terror\tfitted\tfitted_difference\texponent\n' > infinite.tsv
for radius in 3 5 6.5; do
  core="displaced within $radius Å"
  echo "Embedding a core $core ..." >&2
  xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 |
    xyz-perturb --mode localized --amplitude 0.05 --radius $radius --center 100 --seed 3 > core.tmp
  site-entropy --potential "$potentials/Si.sw" --embed infinite core.tmp > infinite.tmp
  limit=$(total infinite.tmp entropy)
  error=$(total infinite.tmp entropy_error_estimate)
  for cells in $sizes; do
    site-entropy --potential "$potentials/Si.sw" --embed "$cells" "$cells" "$cells" core.tmp > cell.tmp
    total cell.tmp entropy | awk -v OFS='\t' -v core="$core" -v n="$cells" -v s="$limit" '{ d = $1 - s; print core, n, $1, sprintf("%.6g", d < 0 ? -d : d) }'
  done > grid.tmp
  own=$(fitted grid.tmp)
  middle=$(awk '{ l[NR] = $0 } END { split(l[int(NR / 2) + 1], f, "\t"); print f[2] }' grid.tmp)
  awk -v OFS='\t' -v core="$core" -v s="$limit" -v e="$error" -v f="$own" -v p="$(power_law grid.tmp 2 4 "$middle" "$largest")" \
    'BEGIN { d = f - s; printf "%s\t%s\t%.3g\t%s\t%.3g\t%s\n", core, s, e, f, d < 0 ? -d : d, p }' >> infinite.tsv
  cat grid.tmp >> limit.tsv
done
rm ./*.tmp
gnuplot "$figures/limit.gp"
echo "Wrote limit.tsv, infinite.tsv and limit.png in $PWD" >&2
