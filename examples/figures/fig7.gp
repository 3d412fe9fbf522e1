# Transfer of a surrogate to larger cells, and times against the number of atoms; reads the tables of fig7.sh from the current folder.
set terminal pngcairo size 1240,550 font "Sans,12" linewidth 1.5
set output "fig7.png"
set datafile separator "\t"
set grid linecolor rgb "#dddddd"
last(column) = system(sprintf("awk 'END { print $%d }' transfer.tsv", column))
table = sprintf("transfer-%s.tsv", last(1))
entry(site, column) = system(sprintf("awk '$1 == %s && $2 == %d { print $%d }' transfer.tsv", last(1), site, column))
set multiplot layout 1,2
stats table using 2:3 skip 1 name "both" nooutput
margin = 0.05 * (both_max_x - both_min_x)
set xrange [both_min_x - margin:both_max_x + margin]
set yrange [both_min_x - margin:both_max_x + margin]
set size square
set xlabel "exact site entropy (k_B)"
set ylabel "predicted site entropy (k_B)"
set title sprintf("learned in cells of 216 atoms, tested in cells of %s", last(1))
set key top left Left reverse
plot x with lines linecolor rgb "#888888" title "equal", \
  table using ($1 == 0 ? $2 : NaN):3 skip 1 with points pointtype 7 pointsize 0.5 linecolor rgb "#1f5fa8" \
    title sprintf("sublattice 0, R² = %s", entry(0, 6)), \
  table using ($1 == 1 ? $2 : NaN):3 skip 1 with points pointtype 6 pointsize 0.7 linecolor rgb "#c2452d" \
    title sprintf("sublattice 1, R² = %s", entry(1, 6))
set size nosquare
set logscale xy
set format "10^{%T}"
set xrange [50:100000]
set yrange [1e-4:100]
set xlabel "atoms"
set ylabel "processor time a frame (s)"
set title "time of all site entropies, one thread"
set key bottom right
array methods[6] = ["dense", "polynomial", "local", "moments", "core", "surrogate"]
array titles[6] = ["dense", "polynomial", "local, 8 Å", "moments, 10^{-3} k_B", "core (displaced within 5 Å)", "surrogate"]
array colors[6] = ["#c2452d", "#8b4fa8", "#2c8a3c", "#222222", "#c8860a", "#1f5fa8"]
exponent(m) = system(sprintf("awk '$1 == \"%s\" { print $2 }' exponents.tsv", m))
plot for [m = 1:6] "times.tsv" using 2:(strcol(1) eq methods[m] ? $3 : NaN) skip 1 with linespoints pointtype 7 linecolor rgb colors[m] \
  title sprintf("%s, N^{%.2f}", titles[m], real(exponent(methods[m])))
unset multiplot
