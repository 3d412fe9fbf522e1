#!/usr/bin/env bash
# A diatomic chain displaced everywhere: time of the total entropy against the number of atoms, directly (dense engine) and by a surrogate of fixed radius,
# with the polynomial and local engines beside them, fitted exponents, and the errors of the totals.
#   examples/figures/fig6.sh [--quick] [FOLDER]     results go to FOLDER (default: fig6)
# fig6.tsv: method, atoms, seconds a frame (processor time of one thread), error of the total against an exact engine in k_B (dense, else
# polynomial; 0 where the method is that engine, - where both are too slow). exponents.tsv: method and the exponent of its time, fitted over the larger half
# of its sizes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure fig6 "$@"

if [ "$quick" = 1 ]; then
  train_cells=128 train_samples=40 cutoff=7.6
  dense="128 256 512 1024" polynomial="128 256 512 1024" local="128 512 2048" surrogate="128 256 512 1024 4096"
else
  train_cells=512 train_samples=24 cutoff=12.6
  dense="128 256 512 1024 2048 4096" polynomial="128 256 512 1024 2048 4096 8192 16384"
  local="128 512 2048 8192 32768" surrogate="128 256 512 1024 2048 4096 8192 16384 65536"
fi
largest=${surrogate##* }

# chain CELLS SAMPLES SEED: displaced chains.
chain() {
  xyz-build chain --species Na Cl -a 5 --supercell "$1" 1 1 | xyz-perturb --mode rattle --amplitude 0.03 --samples "$2" --seed "$3"
}

# total KEY FILE: the total entropy under that key of the first frame.
total() {
  xyz-table --frames 1 --columns "$1" --no-header "$2" | awk 'NR == 1'
}

echo "Learning from $train_samples chains of $((2 * train_cells)) atoms ..." >&2
chain "$train_cells" "$train_samples" 1 | site-entropy --potential "$potentials/chain.json" |
  ridge --cartesian 3 --cutoff $cutoff --quiet -o chain.h5

printf 'method\tatoms\tseconds\terror\n' > fig6.tsv
row() { printf '%s\t%s\t%s\t%s\n' "$@" >> fig6.tsv; }
exact_of() { awk -v n="$1" '$1 == n { print $2 }' exact.tmp; }
difference() { awk -v a="$1" -v b="$2" 'BEGIN { if (b == "") print "-"; else printf "%.3g\n", (a > b ? a - b : b - a) }'; }

: > exact.tmp
for method in dense polynomial local surrogate; do
  echo "Timing $method ..." >&2
  for atoms in ${!method}; do
    # Small frames are repeated, so that the start of the program counts for little.
    copies=$((1 + 4096 / atoms))
    case $method in
      surrogate)
        copies=$((1 + largest / atoms))
        command=(predict --model chain.h5) key=entropy_pred ;;
      local) command=(site-entropy --potential "$potentials/chain.json" --engine local --radius 30) key=entropy ;;
      *) command=(site-entropy --potential "$potentials/chain.json" --engine "$method") key=entropy ;;
    esac
    chain $((atoms / 2)) "$copies" 2 > frames.tmp
    seconds=$(cpu_seconds result.tmp "${command[@]}" --threads 1 --quiet frames.tmp)
    value=$(total $key result.tmp)
    if [ $method = dense ] || { [ $method = polynomial ] && [ -z "$(exact_of "$atoms")" ]; }; then echo "$atoms $value" >> exact.tmp; fi
    row $method "$atoms" "$(awk -v t="$seconds" -v k="$copies" 'BEGIN { printf "%.4g\n", t / k }')" "$(difference "$value" "$(exact_of "$atoms")")"
  done
done
printf 'method\texponent\n' > exponents.tsv
for method in dense polynomial local surrogate; do
  awk -F '\t' -v m=$method '$1 == m' fig6.tsv > method.tmp
  from=$(awk '{ n[NR] = $2 } END { print n[int(NR / 2) + 1] }' method.tmp)
  printf '%s\t%s\n' $method "$(power_law method.tmp 2 3 "$from" 1e9)" >> exponents.tsv
done
rm ./*.tmp
gnuplot "$figures/fig6.gp"
echo "Wrote fig6.tsv, exponents.tsv and fig6.png in $PWD" >&2
