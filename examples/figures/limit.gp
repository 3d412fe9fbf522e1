# Entropy of displaced cores against the size of the cell, and its distance from the infinite crystal; reads the tables of limit.sh from the current folder.
set terminal pngcairo size 1300,600 font "Sans,13" linewidth 1.5
set output "limit.png"
set datafile separator "\t"
set grid linecolor rgb "#dddddd"
array cores[3] = ["displaced within 3 Å", "displaced within 5 Å", "displaced within 6.5 Å"]
array colors[3] = ["#1f5fa8", "#c2452d", "#2c8a3c"]
mine(c) = strcol(1) eq cores[c]
set multiplot layout 1,2
set title "silicon, one core in periodic cells"
set xlabel "L^{-3}, L in cubic cells"
set format x "%g"
set ylabel "S(L) - S(∞)  (k_B)"
set key bottom left Left reverse
set xrange [0:0.04]
set yrange [-0.0145:0.001]
limit(c) = real(system(sprintf("awk -F '\t' '$1 == \"%s\" { print $2 }' infinite.tsv", cores[c])))
worst = system("awk -F '\t' 'NR > 1 && $5 > m { m = $5 } END { printf \"%.1e\", m }' infinite.tsv")
array limits[3]
do for [c = 1:3] { limits[c] = limit(c) }
plot for [c = 1:3] "limit.tsv" using (mine(c) ? $2**-3 : NaN):($3 - limits[c]) skip 1 with linespoints pointtype 7 linecolor rgb colors[c] \
  title sprintf("%s, S(∞) = %.6f", cores[c], limits[c])
set title sprintf("distance from the infinite crystal\n(the fits to the cells alone agree with it to %s)", worst)
set yrange [*:*]
set xlabel "L in cubic cells"
set ylabel "|S(L) - S(∞)|  (k_B)"
set logscale xy
set xrange [2.5:40]
set xtics (3, 4, 6, 8, 12, 16, 24, 32)
set format y "10^{%T}"
set key top right
plot for [c = 1:3] "limit.tsv" using (mine(c) ? $2 : NaN):4 skip 1 with linespoints pointtype 7 linecolor rgb colors[c] title cores[c], \
  "limit.tsv" using (mine(2) ? $2 : NaN):(0.6 * $2**-3) skip 1 with lines dashtype 2 linecolor rgb "#555555" title "L^{-3}"
unset multiplot
