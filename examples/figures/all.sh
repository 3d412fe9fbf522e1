#!/usr/bin/env bash
# All figures, each into a folder of its own, and then a check that every table and every picture is there and sane.
#   examples/figures/all.sh [--quick] [FOLDER]     results go to FOLDER (default: figures)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure figures "$@"
export SITEVIB_BIN

form=()
if [ "$quick" = 1 ]; then form=(--quick); fi
scripts="fig2 fig3 fig4 fig5 fig6 fig7 nial limit defect colour"
for script in $scripts; do
  echo "$script ..." >&2
  # What a script says is shown only where it fails.
  "$figures/$script.sh" ${form[@]+"${form[@]}"} "$script" 2> log.tmp || { cat log.tmp >&2; exit 1; }
  grep 'no picture' log.tmp >&2 || true
done
rm log.tmp

failures=0
complain() {
  echo "all.sh: $*" >&2
  failures=$((failures + 1))
}

# within TABLE COLUMN LOW HIGH [COLUMN=VALUE ...]: all numbers of the column in the rows with these values, at least one, lie in the range.
within() {
  local said
  said=$(awk -F '\t' -v column="$2" -v low="$3" -v high="$4" -v conditions="${*:5}" '
    NR == 1 { for (i = 1; i <= NF; i++) place[$i] = i; count = split(conditions, condition, " "); next }
    {
      for (i = 1; i <= count; i++) { split(condition[i], part, "="); if ($place[part[1]] != part[2]) next }
      found++
      value = $place[column]
      if (value !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/ || value + 0 < low + 0 || value + 0 > high + 0) { print "line " NR ": " column ": expected " low " to " high ", found " value; exit }
    }
    END { if (!found) print "no row with " conditions }' "$1" 2>&1) || said="cannot be read"
  [ -z "$said" ] || complain "$1: $said"
}

for script in $scripts; do
  if [ "$script" = colour ] && ! [ -e colour/colour.png ]; then continue; fi
  picture=$script/$script.png
  # The eight bytes that begin a PNG; an empty plot has fewer than 10,000.
  if ! [ -s "$picture" ] || [ "$(head -c 8 "$picture" | od -An -tx1 | tr -d ' ')" != 89504e470d0a1a0a ] || [ "$(wc -c < "$picture")" -lt 10000 ]; then
    complain "$picture: no picture"
  fi
done
within fig2/fig2.tsv slope -3 -1.8 dimension=1
within fig2/fig2.tsv slope -6 -4 dimension=2
within fig2/fig2.tsv slope -9 -4.5 dimension=3
within fig2/fig2.tsv slope -7.5 -5 crystal=Si
for crystal in chain:-1 square:-2 cscl:-3 si:-3; do
  # The rate of the theorem at least, and not twice as fast where the displacement does not decay.
  rate=${crystal#*:}
  within fig3/fig3.tsv slope "$((2 * rate - 1))" "$(awk -v r="$rate" 'BEGIN { print 0.8 * r }')" crystal="${crystal%:*}" displacement=cosine
  within fig3/fig3.tsv slope -12 "$rate" crystal="${crystal%:*}" displacement=tail
done
within fig4/fig4.tsv R2 0.99 1 basis=ace part=test
within fig4/fig4.tsv R2 0.95 1 basis=cartesian part=test
within fig5/fig5.tsv R2 0.97 1 basis=ace species=kept part=test
within fig5/fig5.tsv R2 0.9 1 basis=cartesian species=kept part=test
within fig5/fig5.tsv R2 0.98 1 basis=baseline part=test
within fig5/fig5.tsv R2 0 0.9 basis=cartesian species=collapsed part=test
within fig6/fig6.tsv error 0 1e-6 method=polynomial
within fig6/fig6.tsv seconds 0 1e6
within fig7/transfer.tsv R2 0.98 1
within fig7/times.tsv seconds 0 1e6
within nial/locality.tsv slope -9 -4
within nial/cutoff.tsv slope -12 -2.4 displacement=cosine truncation=hard
within nial/surrogate.tsv R2 0.9995 1 part=test
within limit/infinite.tsv exponent -3.2 -2.8
within limit/infinite.tsv fitted_difference 0 1e-5
within defect/defect.tsv entropy -1e-12 1e-12 displacement=0
within defect/defect.tsv lambda_min 0 1 stable=T
within defect/defect.tsv lambda_min -100 0 stable=F
within defect/defect.tsv infinite 0 10 stable=T
within defect/map.tsv sum -5 5
within colour/colour.tsv site_entropy -1 1
if [ $failures -gt 0 ]; then exit 1; fi
echo "Every table and picture is in $PWD and sane" >&2
