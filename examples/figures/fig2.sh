#!/usr/bin/env bash
# How local site entropies are: the upper envelope of |dS_i/du_n| in perfect crystals against the distance of atom n from site i, with fitted slopes and a picture.
#   examples/figures/fig2.sh [--quick] [FOLDER]     results go to FOLDER (default: fig2)
# fig2.tsv holds for each crystal, site i (one of each sublattice) and window of distances: the slope of the envelope on logarithmic scales (theory: at most -2d),
# the constant C of |dS_i/du_n| <= C r^-2d in that window (k_B Å^(2d-1)), and the distance beyond which every |dS_i/du_n| is below 1e-4 k_B/Å.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure fig2 "$@"

# envelope TABLE FARTHEST: the largest gradient of each bin of distances, at the distance where it is; 15 bins a decade. Farther out the periodic images of site i show.
envelope() {
  awk -F '\t' -v farthest="$2" 'NR > 1 && $1 > 0 && $1 <= farthest {
      bin = int(15 * log($1) / log(10) + 1000)
      if ($2 > largest[bin]) { largest[bin] = $2; place[bin] = $1 }
    }
    END { for (bin in largest) printf "%.8g\t%.8g\n", place[bin], largest[bin] }' "$1" | LC_ALL=C sort -g
}

# constants ENVELOPE DIMENSION FROM TO: C and the distance of 1e-4 k_B/Å.
constants() {
  awk -F '\t' -v d="$2" -v from="$3" -v to="$4" '
    $2 > 1e-4 { reach = $1 }
    $1 >= from && $1 <= to { c = $2 * $1 ^ (2 * d); if (c > constant) constant = c }
    END { printf "%.4g\t%.3g\n", constant, reach }' "$1"
}

# crystal NAME DIMENSION POTENTIAL FARTHEST "FROM TO FROM TO" BUILD...: both sublattices of one crystal.
crystal() {
  local name=$1 dimension=$2 potential=$potentials/$3 farthest=$4 windows=$5 site
  shift 5
  echo "Differentiating in $name ..." >&2
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
      printf '%s\t%s\t%s\t%s\t%s\t%s\t' "$name" "$dimension" "$site" "$1" "$2" "$(power_law "$name-$site.tsv" 1 2 "$1" "$2")"
      constants "$name-$site.tsv" "$dimension" "$1" "$2"
      shift 2
    done
  done
  rm crystal.tmp table.tmp
}

if [ "$quick" = 1 ]; then
  chain=2048 chain_end=1200 chain_windows="20 100 50 500"
  square=64 square_end=75 square_windows="12 40 20 60"
  cells=16 end=27 windows="10 22 10 26"
else
  chain=16384 chain_end=8000 chain_windows="50 500 500 4000"
  square=256 square_end=300 square_windows="20 100 50 250"
  cells=32 end=55 windows="12 30 20 45 12 50"
fi
{
  printf 'crystal\tdimension\tsublattice\tfrom\tto\tslope\tC\treach\n'
  for stiffness in "" -soft; do
    crystal "chain$stiffness" 1 "chain$stiffness.json" "$chain_end" "$chain_windows" chain --species Na Cl -a 5 --supercell "$chain" 1 1
    crystal "square$stiffness" 2 "square$stiffness.json" "$square_end" "$square_windows" square --species Na Cl -a 4 --supercell "$square" "$square" 1
    crystal "cscl$stiffness" 3 "cscl$stiffness.json" "$end" "$windows" cscl --species Cs Cl -a 4 --supercell "$cells" "$cells" "$cells"
  done
  crystal Si 3 Si.sw "$end" "$windows" diamond --species Si -a 5.431 --primitive --supercell "$cells" "$cells" "$cells"
  crystal CdTe 3 CdTe-Wang1989.sw "$end" "$windows" zincblende --species Cd Te -a 6.5064 --primitive --supercell "$cells" "$cells" "$cells"
} > fig2.tsv
gnuplot -c "$figures/fig2.gp" $((2 * chain)) $((2 * square * square)) $((2 * cells * cells * cells))
echo "Wrote fig2.tsv, fig2.png and an envelope for each site in $PWD" >&2
