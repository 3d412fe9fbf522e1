#!/usr/bin/env bash
# How exact engine moments is, and how right its estimate: labels of random frames of every kind of crystal and of displacement against the dense ones. Fails
# where the largest error of a frame is above its estimate in more than 5 % of the frames of a line and one more, or above three times the estimate in any.
#   examples/accuracy/moments.sh [--quick] [--frames N] [--seed N] [FOLDER]     moments.tsv goes to FOLDER (default: accuracy)
# --frames: of each kind (default: 50); --seed: of the displacements (default: 11); --quick: two frames of each, one tolerance.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
count=50
seed=11
tolerances="1e-3 1e-4 1e-5"
while :; do
  case ${1:-} in
    --quick) count=2 tolerances=1e-4 && shift ;;
    --frames) count=${2:?--frames: expected a number} && shift 2 ;;
    --seed) seed=${2:?--seed: expected a number} && shift 2 ;;
    *) break ;;
  esac
done
folder=${1:-accuracy}
. "$top/examples/setup.sh"
use_sitevib
potentials=$top/examples/potentials
mkdir -p "$folder"
cd "$folder"

# compare CRYSTAL KIND POTENTIAL: a line of the table for each tolerance, from frames.tmp.
compare() {
  local atoms tolerance
  atoms=$(head -n 1 frames.tmp)
  if ! site-entropy --potential "$3" --engine dense --on-unstable skip frames.tmp > stable.tmp 2> skipped.tmp; then
    [ -s stable.tmp ] || { cat skipped.tmp >&2; return 1; }
  fi
  xyz-table --columns site_entropy stable.tmp > exact.tmp
  for tolerance in $tolerances; do
    if ! site-entropy --potential "$3" --engine moments --tolerance "$tolerance" stable.tmp > labels.tmp 2> refused.tmp; then
      printf '%s\t%s\t%s\t%s\t\t\t\t\t\t%s\n' "$1" "$2" "$atoms" "$tolerance" "$(head -c 200 refused.tmp)"
      continue
    fi
    sed -n 's/.*entropy_error_estimate=\([^ ]*\).*/\1/p' labels.tmp > estimates.tmp
    paste exact.tmp <(xyz-table --columns site_entropy labels.tmp) | awk -F '\t' -v n="$atoms" -v crystal="$1" -v kind="$2" -v tolerance="$tolerance" '
      FILENAME == "estimates.tmp" { estimate[++frames] = $1; next }
      FNR > 1 {
        e = $1 - $2; square += e * e; if (e < 0) e = -e
        f = int((FNR - 2) / n) + 1
        if (e > largest[f]) largest[f] = e
      }
      END {
        for (f = 1; f <= frames; f++) {
          if (largest[f] > top) top = largest[f]
          if (estimate[f] > most) most = estimate[f]
          if (largest[f] <= estimate[f]) covered++
          if (largest[f] > worst * estimate[f]) worst = largest[f] / estimate[f]
        }
        printf "%s\t%s\t%d\t%s\t%d\t%.1e\t%.1e\t%.1e\t%.0f\t%.2f\n", crystal, kind, n, tolerance, frames, sqrt(square / n / frames), top, most, 100 * covered / frames, worst
      }' estimates.tmp -
  done
}

# crystal NAME POTENTIAL AMPLITUDE RADIUS < REFERENCE: all kinds of displacement.
crystal() {
  cat > perfect.tmp
  echo "Labelling $1 ..." >&2
  perturb() { xyz-perturb --seed "$seed" --samples "$count" "$@" perfect.tmp > frames.tmp; }
  perturb --mode rattle --amplitude "$3"
  compare "$1" rattled "$2"
  perturb --mode localized --amplitude "$3" --radius "$4"
  compare "$1" localized "$2"
  perturb --mode strain --amplitude 0.01
  compare "$1" strained "$2"
  perturb --mode cosine --amplitude "$3" --wave 1 0 0
  compare "$1" cosine "$2"
  perturb --mode tail --amplitude "$(awk -v a="$3" 'BEGIN { print 4 * a }')" --radius "$4" --exponent 2
  compare "$1" tail "$2"
}

{
  printf 'crystal\tdisplaced\tatoms\ttolerance\tframes\trmse\tlargest_error\testimate\tcovered_percent\tworst_ratio\n'
  xyz-build chain --species Na Cl -a 5 --supercell 40 1 1 | crystal chain "$potentials/chain.json" 0.05 12
  xyz-build square --species Na Cl -a 4 --supercell 8 8 1 | crystal square "$potentials/square.json" 0.05 8
  xyz-build cscl --species Cs Cl -a 4 --supercell 4 4 4 | crystal cscl "$potentials/cscl.json" 0.05 5
  xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 | crystal Si "$potentials/Si.sw" 0.05 5
  xyz-build zincblende --species Cd Te -a 6.478 --supercell 3 3 3 | crystal CdTe "$potentials/CdTe-Zhou2013.sw" 0.05 6
  xyz-build wurtzite --species Ga N -a 3.19 --supercell 4 4 3 | crystal GaN "$potentials/GaN.sw" 0.04 4
  "$potentials/second-moment.sh" NiAl > NiAl.eam.fs
  xyz-build cscl --species Ni Al -a 2.86961906 --supercell 4 4 4 | crystal NiAl "$PWD/NiAl.eam.fs" 0.05 5
} | tee moments.tsv
awk -F '\t' 'NR > 1 && NF == 10 && $5 != "" && ((100 - $9) * $5 / 100 > 0.05 * $5 + 1 || $10 > 3) { print "not as the estimate says: " $0; failed = 1 }
  END { exit failed }' moments.tsv >&2
echo "Wrote moments.tsv in $PWD" >&2
