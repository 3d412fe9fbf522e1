#!/usr/bin/env bash
# How local site entropies are: the upper envelope of |dS_i/du_n| in perfect crystals against the distance of atom n from site i, with fitted slopes and a picture.
#   examples/figures/envelope.sh [FOLDER]     results go to FOLDER (default: envelope)
# slopes.tsv holds for each crystal, site i (one of each sublattice) and window of distances: the slope of the envelope on logarithmic scales (theory: at most -2d),
# the constant C of |dS_i/du_n| <= C r^-2d in that window (k_B Å^(2d-1)), and the distance beyond which every |dS_i/du_n| is below 1e-4 k_B/Å.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-envelope}
. "$top/examples/setup.sh"
need_swift
need_libraries
need_packages /gnuplot=gnuplot-nox

for product in xyz-build xyz-perturb site-gradient xyz-table; do
  swift build --package-path "$top" -c release --quiet --product "$product"
done
PATH="$(swift build --package-path "$top" -c release --show-bin-path):$PATH"
mkdir -p "$folder"
cd "$folder"

# envelope TABLE FARTHEST: the largest gradient of each bin of distances, at the distance where it is; 15 bins a decade. Farther out the periodic images of site i show.
envelope() {
  awk -F '\t' -v farthest="$2" 'NR > 1 && $1 > 0 && $1 <= farthest {
      bin = int(15 * log($1) / log(10) + 1000)
      if ($2 > largest[bin]) { largest[bin] = $2; place[bin] = $1 }
    }
    END { for (bin in largest) printf "%.8g\t%.8g\n", place[bin], largest[bin] }' "$1" | LC_ALL=C sort -g
}

# fit ENVELOPE DIMENSION FROM TO: slope by least squares, C, distance of 1e-4 k_B/Å.
fit() {
  awk -F '\t' -v d="$2" -v from="$3" -v to="$4" '
    $2 > 1e-4 { reach = $1 }
    $1 >= from && $1 <= to {
      x = log($1); y = log($2); n++; sx += x; sy += y; sxx += x * x; sxy += x * y
      c = $2 * exp(2 * d * x); if (c > constant) constant = c
    }
    END { printf "%.2f\t%.4g\t%.3g\n", (n * sxy - sx * sy) / (n * sxx - sx * sx), constant, reach }' "$1"
}

# crystal NAME DIMENSION POTENTIAL FARTHEST "FROM TO FROM TO" BUILD...: both sublattices of one crystal.
crystal() {
  local name=$1 dimension=$2 potential=$top/examples/potentials/$3 farthest=$4 windows=$5 site
  shift 5
  xyz-build "$@" -o crystal.tmp
  for site in 0 1; do
    # An amplitude of 0 moves nothing and marks the centre, from which xyz-table counts.
    xyz-perturb --mode localized --amplitude 0 --radius 0.1 --center "$site" crystal.tmp |
      site-gradient --potential "$potential" --site center |
      xyz-table --columns center_distance,site_entropy_gradient_norm > table.tmp
    envelope table.tmp "$farthest" > "$name-$site.tsv"
    # shellcheck disable=SC2086
    set -- $windows
    while [ $# -gt 0 ]; do
      printf '%s\t%s\t%s\t%s\t%s\t' "$name" "$dimension" "$site" "$1" "$2"
      fit "$name-$site.tsv" "$dimension" "$1" "$2"
      shift 2
    done
  done
  rm crystal.tmp table.tmp
}

{
  printf 'crystal\tdimension\tsublattice\tfrom\tto\tslope\tC\treach\n'
  for stiffness in "" -soft; do
    crystal "chain$stiffness" 1 "chain$stiffness.json" 8000 "50 500 500 4000" chain --species Na Cl -a 5 --supercell 16384 1 1
    crystal "square$stiffness" 2 "square$stiffness.json" 300 "20 100 50 250" square --species Na Cl -a 4 --supercell 256 256 1
    crystal "cscl$stiffness" 3 "cscl$stiffness.json" 55 "12 30 20 45 12 50" cscl --species Cs Cl -a 4 --supercell 32 32 32
  done
  crystal Si 3 Si.sw 55 "12 30 20 45 12 50" diamond --species Si -a 5.431 --primitive --supercell 32 32 32
  crystal CdTe 3 CdTe-Wang1989.sw 55 "12 30 20 45 12 50" zincblende --species Cd Te -a 6.5064 --primitive --supercell 32 32 32
} > slopes.tsv
gnuplot -c "$top/examples/figures/envelope.gp" . envelope.png
cat slopes.tsv
echo "Wrote slopes.tsv, envelope.png and an envelope for each site in $PWD" >&2
