#!/usr/bin/env bash
# Silicon in one command: exact site entropies of 60 frames, a surrogate learned from 48 of them, its errors on the other 12, 64,000 atoms predicted, and a picture.
#   examples/quickstart.sh [FOLDER]     results go to FOLDER (default: quickstart)
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-quickstart}
. "$top/examples/setup.sh"
need_packages /gnuplot=gnuplot-nox
use_sitevib
potential=$top/examples/potentials/Si.sw
mkdir -p "$folder"
cd "$folder"

echo "Labelling 60 frames of 216 atoms, exactly ..." >&2
xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 > si216.xyz
xyz-perturb --mode localized --amplitude 0.05 --radius 5 --samples 60 --seed 1 si216.xyz |
  site-entropy --potential "$potential" > labelled.xyz

echo "Learning the site entropy from 48 of them ..." >&2
ridge --order 3 --degree 18,18,8 --weight-l 0.5 --cutoff 6.7 --split config --report report.json labelled.xyz > si.h5

echo "Predicting frames that the model has not seen ..." >&2
xyz-perturb --mode localized --amplitude 0.05 --radius 5 --samples 12 --seed 2 si216.xyz |
  site-entropy --potential "$potential" | predict --model si.h5 > unseen.xyz
xyz-table --columns site_entropy,site_entropy_pred unseen.xyz > unseen.tsv
gnuplot -c "$top/examples/figures/parity.gp" unseen.tsv parity.png "Si 216, frames of another seed"

echo "Predicting 64,000 atoms ..." >&2
xyz-build diamond --species Si -a 5.431 --supercell 20 20 20 | xyz-perturb --mode rattle --amplitude 0.03 --seed 3 |
  predict --model si.h5 > predicted.xyz
echo "Wrote labelled.xyz, si.h5, report.json, unseen.tsv, parity.png and predicted.xyz in $PWD" >&2
