#!/usr/bin/env bash
# Silicon: (a) a surrogate learned in cells of 216 atoms, tested in cells of 512 and 1000 by sublattice; (b) time a frame against the number of atoms for
# every engine and for the surrogate.
#   examples/figures/fig7.sh [--quick] [FOLDER]     results go to FOLDER (default: fig7)
# transfer.tsv: atoms, sublattice, number of sites, RMSE, MAE (k_B), R². times.tsv: method, atoms, seconds a frame (processor time of one thread);
# core takes frames displaced within 5 Å, all others frames displaced everywhere; local reaches 8 Å, moments keeps its estimates below 1e-3 k_B. exponents.tsv: method and fitted exponent.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure fig7 "$@"

if [ "$quick" = 1 ]; then
  samples=24 options=(--order 2 --degree 12 --cutoff 5.5 --weight-l 0.75) unseen=3 sizes="3 4" copied=2000
  dense="2 3 4" polynomial="2 3 4" local="2 3 4" moments="3 4 6" core="3 4 6 8" surrogate="3 4 6 8"
else
  samples=60 options=(--order 3 --degree 18,18,8 --cutoff 6.7 --weight-l 0.5 --keep 450) unseen=12 sizes="3 4 5" copied=20000
  dense="2 3 4 5 6" polynomial="2 3 4 5 6 8" local="2 3 4 5 6 8" moments="3 4 5 6 8 10 12 16 20"
  core="3 4 5 6 8 10 12 16 20" surrogate="3 4 5 6 8 10 12 16 20"
fi

# silicon CELLS OPTION ...: displaced cubic cells.
silicon() {
  local cells=$1
  shift
  xyz-build diamond --species Si -a 5.431 --supercell "$cells" "$cells" "$cells" | xyz-perturb --amplitude 0.05 "$@"
}

echo "Learning from $samples frames of 216 atoms ..." >&2
silicon 3 --mode localized --radius 5 --samples "$samples" --seed 1 | site-entropy --potential "$potentials/Si.sw" |
  ridge "${options[@]}" --quiet -o si.h5

printf 'atoms\tsublattice\tsites\trmse\tmae\tR2\n' > transfer.tsv
for cells in $sizes; do
  atoms=$((8 * cells ** 3))
  echo "Predicting frames of $atoms atoms ..." >&2
  silicon "$cells" --mode localized --radius 5 --samples "$unseen" --seed 2 | site-entropy --potential "$potentials/Si.sw" |
    predict --model si.h5 --quiet | xyz-table --columns sublattice,site_entropy,site_entropy_pred > "transfer-$atoms.tsv"
  awk -F '\t' -v OFS='\t' -v atoms="$atoms" 'NR > 1 {
      e = $3 - $2; n[$1]++; square[$1] += e * e; size[$1] += e < 0 ? -e : e; sum[$1] += $2; both[$1] += $2 * $2
    }
    END {
      for (s in n) print atoms, s, n[s], sprintf("%.4g", sqrt(square[s] / n[s])), sprintf("%.4g", size[s] / n[s]), \
        sprintf("%.6f", 1 - square[s] / (both[s] - sum[s] * sum[s] / n[s]))
    }' "transfer-$atoms.tsv" | LC_ALL=C sort -g >> transfer.tsv
done

printf 'method\tatoms\tseconds\n' > times.tsv
printf 'method\texponent\n' > exponents.tsv
for method in dense core polynomial local moments surrogate; do
  echo "Timing $method ..." >&2
  : > method.tmp
  for cells in ${!method}; do
    atoms=$((8 * cells ** 3))
    # Small frames are repeated, so that the start of the program counts for little.
    copies=1
    mode=(--mode rattle)
    command=(site-entropy --potential "$potentials/Si.sw" --engine "$method")
    case $method in
      core) mode=(--mode localized --radius 5) copies=$((1 + copied / atoms / 4)) ;;
      polynomial) copies=$((1 + 400 / atoms)) ;;
      local) command+=(--radius 8) ;;
      moments) command+=(--tolerance 1e-3) copies=$((1 + 4000 / atoms)) ;;
      surrogate) command=(predict --model si.h5) copies=$((1 + copied / atoms)) ;;
    esac
    silicon "$cells" "${mode[@]}" --samples $copies --seed 3 > frames.tmp
    seconds=$(cpu_seconds result.tmp "${command[@]}" --threads 1 --quiet frames.tmp)
    awk -v m=$method -v n="$atoms" -v t="$seconds" -v k="$copies" 'BEGIN { printf "%s\t%d\t%.4g\n", m, n, t / k }' >> method.tmp
  done
  cat method.tmp >> times.tsv
  from=$(awk '{ n[NR] = $2 } END { print n[int(NR / 2) + 1] }' method.tmp)
  printf '%s\t%s\n' $method "$(power_law method.tmp 2 3 "$from" 1e9)" >> exponents.tsv
done
rm ./*.tmp
gnuplot "$figures/fig7.gp"
echo "Wrote transfer.tsv, times.tsv, exponents.tsv and fig7.png in $PWD" >&2
