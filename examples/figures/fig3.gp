# Four panels of root mean square truncation errors against the radius; reads the tables of fig3.sh from the current folder.
set terminal pngcairo size 1500,1150 font "Sans,13" linewidth 1.5
set output "fig3.png"
set datafile separator "\t"
set datafile commentschars "#"
set logscale xy
set format y "10^{%L}"
set xtics (2, 3, 5, 10, 20, 30, 50, 100, 200, 500)
set xlabel "cutoff radius R (Å)"
set ylabel "rmse of S_i(u) - S_i(u^R) (k_B)"
set grid linecolor rgb "#dddddd"
set key bottom left Left reverse samplen 2.5 font "Sans,11"
blue = "#1f5fa8"; red = "#c0392b"; green = "#2e7d32"
floor = 1e-11

# Errors within rounding are no decay: points below `floor` are left out.
cut(y) = y > floor ? y : 1/0
array modes[3] = ["localized", "cosine", "tail"]
array colors[3] = [blue, red, green]
array crystals[4] = ["chain", "square", "cscl", "si"]
array titles[4] = ["diatomic chain, d = 1", "square lattice, d = 2", "CsCl springs, d = 3", "silicon (Stillinger-Weber), d = 3"]
array dimensions[4] = [1, 2, 3, 3]

entry(file, name) = real(system(sprintf("awk -F '\t' '$1 == \"# %s\" { print $2 + 0 }' %s", name, file)))
target = 1e-4

set multiplot layout 2,2
do for [i = 1:4] {
  d = dimensions[i]
  set xrange [*:*]
  set yrange [*:*]
  stats sprintf("%s-cosine-hard.tsv", crystals[i]) using 1:4 skip 1 nooutput
  r0 = STATS_min_x; r1 = STATS_max_x; y0 = 2 * STATS_max_y
  set title titles[i]
  # What cosine, cut off hard, needs for the target: as scanned, and by the theorem's rate.
  scan = sprintf("%s-cosine-hard.tsv", crystals[i])
  scanned = entry(scan, "scanned_radius")
  rule = entry(scan, "rule_radius")
  unset arrow
  unset label
  if (scanned > 0) {
    set arrow from scanned, target to scanned, graph 0.93 nohead linecolor rgb colors[2] dashtype 4
    set label sprintf("%.3g Å", scanned) at scanned, graph 0.96 center textcolor rgb colors[2]
  }
  set arrow from rule, target to rule, graph 0.93 nohead linecolor rgb "#555555" dashtype 4
  set label sprintf("%.3g Å", rule) at rule, graph 0.96 center textcolor rgb "#555555"
  set xrange [0.9 * r0:1.1 * r1]
  set yrange [1e-10:*]
  plot for [m = 1:3] sprintf("%s-%s-hard.tsv", crystals[i], modes[m]) using 1:(cut($4)) skip 1 with linespoints \
      pointtype 7 pointsize 0.7 linecolor rgb colors[m] title modes[m] . ", hard", \
    for [m = 1:3] sprintf("%s-%s-smooth.tsv", crystals[i], modes[m]) using 1:(cut($4)) skip 1 with linespoints \
      pointtype 6 pointsize 0.7 dashtype 2 linecolor rgb colors[m] title modes[m] . ", smooth", \
    [r0:r1] y0 * (x / r0)**(-d) with lines linecolor rgb "#555555" dashtype 3 title sprintf("R^{-%d}", d), \
    [r0:r1] target with lines linecolor rgb "#aaaaaa" dashtype 4 title "target and its radii: cosine, hard"
}
unset multiplot
