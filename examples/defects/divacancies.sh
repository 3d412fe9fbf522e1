#!/usr/bin/env bash
# Divacancies in silicon from a surrogate that has seen vacancies and perfect crystals only: the labels of each site of every divacancy within 9.5 Å, exact
# and predicted, by a model of the whole labels and by one of what a few steps of Lanczos' process leave of them (ridge --baseline).
#   examples/defects/divacancies.sh [--quick] [FOLDER]     results go to FOLDER (default: divacancies)
# divacancies.tsv: one line a separation, and the sites of all together: R², rmse and largest error of the sites and error of the total (k_B), largest
# extrapolation of a site (above 1: training has not seen the like); for both models.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure divacancies "$@"
potential=$potentials/Si.sw
basis=(--order 2 --degree 8,8 --cutoff 6)

if [ "$quick" = 1 ]; then copies=10; else copies=60; fi
xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 > perfect.xyz
xyz-defect --vacancy center perfect.xyz | xyz-relax --potential "$potential" --push inward > vacancy.xyz
echo "Labelling $((copies + copies / 3 + 1)) frames of training and the divacancies ..." >&2
{
  xyz-perturb --mode rattle --amplitude 0.02 --samples $copies --seed 1 vacancy.xyz
  cat vacancy.xyz
  xyz-perturb --mode rattle --amplitude 0.02 --samples $((copies / 3)) --seed 2 perfect.xyz
} | site-entropy --potential "$potential" --kind formation > training.xyz
xyz-defect --vacancy any --vacancy any --every --within 9.5 perfect.xyz | xyz-relax --potential "$potential" --push inward |
  site-entropy --potential "$potential" --kind formation > labelled.xyz

# separations FILE: the distance of the two empty sites of each frame, by the minimum image.
separations() {
  awk 'FNR == NR { if (FNR > 2) { for (a = 0; a < 3; a++) site[FNR - 3, a] = $(2 + a) }
                   if (FNR == 2) { split($1, word, "\""); cell = word[2] } next }
       match($0, /vacancy_sites=\[[0-9, ]*\]/) {
         split(substr($0, RSTART + 15, RLENGTH - 16), v, ","); sum = 0
         for (a = 0; a < 3; a++) { u = site[v[1] + 0, a] - site[v[2] + 0, a]; u -= cell * sprintf("%.0f", u / cell); sum += u * u }
         printf "%.4f\n", sqrt(sum) }' perfect.xyz "$1"
}

# errors FILE: R², rmse, largest error, error of the total and largest extrapolation of each frame, then of all.
errors() {
  xyz-table --columns frame,site_entropy,site_entropy_pred,extrapolation "$1" | awk -F '\t' '
    function line(k) {
      printf "%.6f\t%.2e\t%.2e\t%.4f\t%.3g\n", 1 - square[k] / (labels[k] - sum[k] ^ 2 / n[k]), sqrt(square[k] / n[k]), most[k], k == "all" ? 0 : total[k], far[k]
    }
    function add(k) {
      e = $3 - $2; n[k]++; sum[k] += $2; labels[k] += $2 ^ 2; square[k] += e ^ 2; total[k] += e
      if (e < 0) e = -e
      if (e > most[k]) most[k] = e
      if ($4 + 0 > far[k]) far[k] = $4 + 0
    }
    NR > 1 { add($1); add("all"); if ($1 + 0 > last) last = $1 + 0 }
    END { for (k = 0; k <= last; k++) line(k); line("all") }'
}

ridge "${basis[@]}" -q training.xyz -o whole.h5
ridge "${basis[@]}" -q --baseline "$potential" training.xyz -o rest.h5
predict -q -m whole.h5 labelled.xyz > whole.xyz
predict -q -m rest.h5 --potential "$potential" labelled.xyz > rest.xyz
{
  printf 'separation'
  for model in whole baseline; do printf '\t%s' {r2,rmse,largest,total,extrapolation}_$model; done
  echo
  paste <(separations labelled.xyz; echo all) <(errors whole.xyz) <(errors rest.xyz)
} > divacancies.tsv
awk -F '\t' '$1 == "all" { printf "R² of the sites of all divacancies: %s of whole labels, %s with a baseline\n", $2, $7 }' divacancies.tsv >&2
echo "Wrote divacancies.tsv in $PWD" >&2
