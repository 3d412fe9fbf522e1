#!/usr/bin/env bash
# Truncation errors of site entropies against the cutoff radius: three spring models and silicon, under localized, cosine and tail displacements,
# cut off hard and smoothly.
#   examples/figures/cutoff.sh [FOLDER]     tables and cutoff.png go to FOLDER (default: cutoff)
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-cutoff}
. "$top/examples/setup.sh"
need_swift
need_libraries
need_packages /gnuplot=gnuplot-nox

if [ -z "${SITEVIB_BIN:-}" ]; then
  echo "Building (a few minutes the first time) ..." >&2
  swift build --package-path "$top" -c release --quiet
  SITEVIB_BIN=$(swift build --package-path "$top" -c release --show-bin-path)
fi
PATH="$(cd "$SITEVIB_BIN" && pwd):$PATH"
mkdir -p "$folder"
cd "$folder"

# scan NAME POTENTIAL RADII BUILD...: all tables of one crystal.
scan() {
  local name=$1 potential=$top/examples/potentials/$2 radii=$3 mode truncation sites
  shift 3
  echo "Scanning $name ..." >&2
  xyz-build "$@" > "$name.xyz"
  for mode in localized cosine tail; do
    case $mode in
      localized) sites=16; set -- --radius 6 --samples 4 ;;
      cosine) sites=16; set -- --wave 1 0 0 --direction 0.6 0.48 0.64 --samples 1 ;;
      tail) sites=center; set -- --radius 3 --exponent 2 --samples 16 ;;
    esac
    xyz-perturb --mode "$mode" --amplitude 0.05 --seed 1 "$@" "$name.xyz" > "$name-$mode.xyz"
    for truncation in hard smooth; do
      cutoff-scan --potential "$potential" --truncation "$truncation" --sites "$sites" --radii "$radii" --target-rmse 1e-4 \
        "$name-$mode.xyz" > "$name-$mode-$truncation.tsv"
    done
  done
}

scan chain chain.json shells chain --species Na Cl -a 5 --supercell 200 1 1
scan square square.json shells square --species Na Cl -a 4 --supercell 32 32 1
scan cscl cscl.json shells cscl --species Cs Cl -a 4 --supercell 12 12 12
scan si Si.sw shells diamond --species Si -a 5.431 --supercell 8 8 8
gnuplot "$top/examples/figures/cutoff.gp"
for table in *-*-*.tsv; do
  awk -v name="${table%.tsv}" '$2 == "slope" || $2 == "fit_range" || $2 == "scanned_radius" {line = line "\t" $0} END {print name line}' "$table"
done > slopes.txt
echo "Wrote the tables, slopes.txt and cutoff.png in $PWD" >&2
