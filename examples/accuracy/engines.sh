#!/usr/bin/env bash
# How exact the engines are: labels of every engine against the dense ones, labels of one core in growing cells and in the infinite crystal, and the same bytes at
# any number of threads. Fails where core is off by more than 1e-10 k_B, polynomial by more than its bound, or the infinite crystal by more than its error.
#   examples/accuracy/engines.sh [--quick] [FOLDER]     engines.tsv, bound.tsv and embedding.tsv go to FOLDER (default: accuracy); --quick leaves out the large cells
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
quick=
if [ "${1:-}" = --quick ]; then
  quick=1
  shift
fi
folder=${1:-accuracy}
. "$top/examples/setup.sh"
use_sitevib
potentials=$top/examples/potentials
vectors=$top/formats/vectors/site-entropy
mkdir -p "$folder"
cd "$folder"

# labels FRAMES ENGINE POTENTIAL OPTION...: label and bound of every site.
labels() {
  local frames=$1 engine=$2 potential=$3
  shift 3
  site-entropy --potential "$potential" --engine "$engine" "$@" "$frames" > "labels-$engine.tmp"
}

# differ ENGINE: the largest difference of a label from the dense one.
differ() {
  paste <(xyz-table --columns site_entropy labels-dense.tmp) <(xyz-table --columns site_entropy "labels-$1.tmp") |
    awk -F '\t' 'NR > 1 { e = $1 - $2; if (e < 0) e = -e; if (e > worst) worst = e; n++ } END { printf "%.2e\n", worst }'
}

# bound ENGINE: the largest error bound that the frames carry.
bound() {
  sed -n 's/.*entropy_error_\(bound\|estimate\)=\([^ ]*\).*/\2/p' "labels-$1.tmp" | LC_ALL=C sort -g | tail -n 1
}

# compare NAME POTENTIAL FRAMES ENGINE...: a line of engines.tsv for each engine.
compare() {
  local name=$1 potential=$potentials/$2 frames=$3 engine
  shift 3
  echo "Labelling $name ..." >&2
  labels "$frames" dense "$potential"
  for engine; do
    case $engine in
      local) labels "$frames" local "$potential" --radius 6 ;;
      *)
        labels "$frames" "$engine" "$potential" --threads 1
        mv "labels-$engine.tmp" one.tmp
        labels "$frames" "$engine" "$potential" --threads 2
        # The key history names the command, the number of threads with it.
        cmp <(sed 's/history="[^"]*"//' one.tmp) <(sed 's/history="[^"]*"//' "labels-$engine.tmp")
        ;;
    esac
    printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$(head -n 1 labels-dense.tmp)" "$engine" "$(differ "$engine")" "$(bound "$engine")"
  done
}

# frames PERTURBATION... < REFERENCE
localized() { xyz-perturb --mode localized --amplitude 0.05 --radius 5 --seed 3 --samples "$1"; }
rattled() { xyz-perturb --mode rattle --amplitude "$2" --seed 4 --samples "$1"; }

{
  printf 'frames\tatoms\tengine\tlargest_error\tbound\n'
  compare si216 Si.sw "$vectors/si216.xyz" core polynomial local
  compare cdte64 CdTe-Wang1989.sw "$vectors/cdte64.xyz" core polynomial local
  compare gan192 GaN.sw "$vectors/gan192.xyz" core polynomial local
  xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 > si.tmp
  localized 4 < si.tmp > frames.tmp
  compare "Si, localized" Si.sw frames.tmp core polynomial local
  if [ -z "$quick" ]; then
    xyz-build diamond --species Si -a 5.431 --supercell 4 4 4 > si.tmp
    xyz-build zincblende --species Cd Te -a 6.5064 --supercell 4 4 4 > cdte.tmp
    xyz-build wurtzite --species Ga N -a 3.19 --supercell 4 4 3 > gan.tmp
    localized 2 < si.tmp > frames.tmp
    compare "Si, localized" Si.sw frames.tmp core polynomial local
    rattled 2 0.05 < si.tmp > frames.tmp
    compare "Si, rattled" Si.sw frames.tmp polynomial local
    localized 2 < cdte.tmp > frames.tmp
    compare "CdTe, localized" CdTe-Zhou2013.sw frames.tmp core polynomial local
    rattled 2 0.05 < cdte.tmp > frames.tmp
    compare "CdTe, rattled" CdTe-Zhou2013.sw frames.tmp polynomial local
    localized 2 < gan.tmp > frames.tmp
    compare "GaN, localized" GaN.sw frames.tmp core polynomial local
    rattled 2 0.03 < gan.tmp > frames.tmp
    compare "GaN, rattled" GaN.sw frames.tmp polynomial local
  fi
} > engines.tsv

# Fifty frames: the printed bound against the error.
echo "Comparing bounds with errors ..." >&2
samples=$([ -n "$quick" ] && echo 6 || echo 50)
xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 | rattled "$samples" 0.05 > frames.tmp
site-entropy --potential "$potentials/Si.sw" --engine dense frames.tmp > labels-dense.tmp
{
  printf 'tolerance\tframes\tlargest_error\tlargest_bound\tframes_beyond_bound\n'
  for tolerance in 1e-10 1e-8 1e-6; do
    site-entropy --potential "$potentials/Si.sw" --engine polynomial --tolerance "$tolerance" frames.tmp > labels-polynomial.tmp
    paste <(xyz-table --columns frame,site_entropy labels-dense.tmp) <(xyz-table --columns site_entropy,entropy_error_bound labels-polynomial.tmp) |
      awk -F '\t' -v tolerance="$tolerance" 'NR > 1 {
          e = $2 - $3; if (e < 0) e = -e
          if (e > error[$1]) error[$1] = e
          limit[$1] = $4
        }
        END {
          for (f in limit) {
            n++
            if (error[f] > limit[f]) beyond++
            if (error[f] > worst) worst = error[f]
            if (limit[f] > most) most = limit[f]
          }
          printf "%s\t%d\t%.2e\t%.2e\t%d\n", tolerance, n, worst, most, beyond
        }'
  done
} > bound.tsv

# key NAME: of the frame in labels.tmp.
key() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" labels.tmp; }

# center: the label of the atom that the key center names.
center() { xyz-table --columns atom,site_entropy labels.tmp | awk -F '\t' -v atom="$(key center)" '$1 == atom { print $2 }'; }

# One core in growing cells of n x n x n conventional cells, and without bounds.
echo "Embedding ..." >&2
xyz-convert --frames 1 "$vectors/si216.xyz" > first.tmp
{
  printf 'cells\tentropy\tcenter_label\terror\n'
  for n in 3 4 5 6 8 10 12; do
    site-entropy --potential "$potentials/Si.sw" --embed "$n" "$n" "$n" first.tmp > labels.tmp
    printf '%s\t%s\t%s\t\n' "$n" "$(key entropy)" "$(center)"
  done
  site-entropy --potential "$potentials/Si.sw" --embed infinite first.tmp > labels.tmp
  printf 'infinite\t%s\t%s\t%s\n' "$(key entropy)" "$(center)" "$(key entropy_error_estimate)"
} > embedding.tsv
rm -f ./*.tmp
# S(L) = S + a L^-3 + b L^-5 through the three largest cells.
awk -F '\t' '$1 ~ /^[0-9]+$/ { n++; l[n] = $1; s[n] = $2 } $1 == "infinite" { mine = $2; error = $4 }
  END {
    for (i = 0; i < 3; i++) { a[i, 0] = 1; a[i, 1] = l[n - i] ^ -3; a[i, 2] = l[n - i] ^ -5; a[i, 3] = s[n - i] }
    for (p = 0; p < 3; p++) for (i = 0; i < 3; i++) if (i != p) { f = a[i, p] / a[p, p]; for (k = p; k < 4; k++) a[i, k] -= f * a[p, k] }
    printf "extrapolated\t%.9f\t\t\ndifference\t%.1e\t\t%s\n", a[0, 3] / a[0, 0], mine - a[0, 3] / a[0, 0], error
  }' embedding.tsv >> embedding.tsv
cat engines.tsv bound.tsv embedding.tsv
awk -F '\t' 'FNR == 1 { file++; next }
  file == 1 && $3 == "core" && $4 > 1e-10 || file == 1 && $3 == "polynomial" && $4 > $5 || file == 2 && $5 > 0 || $1 == "difference" && ($2 > $4 || -$2 > $4) {
    print "not as exact as promised: " $0; failed = 1
  }
  END { exit failed }' engines.tsv bound.tsv embedding.tsv >&2
echo "Wrote engines.tsv, bound.tsv and embedding.tsv in $PWD" >&2
