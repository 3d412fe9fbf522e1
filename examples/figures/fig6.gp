# Times and errors of the total entropy of a chain against the number of atoms; reads the tables of fig6.sh from the current folder.
set terminal pngcairo size 1300,600 font "Sans,13" linewidth 1.5
set output "fig6.png"
set datafile separator "\t"
set logscale xy
set grid linecolor rgb "#dddddd"
set format y "10^{%T}"
set format x "10^{%T}"
set xlabel "atoms"
array methods[4] = ["dense", "polynomial", "local", "surrogate"]
array titles[4] = ["direct (dense)", "polynomial", "local, 30 Å", "surrogate"]
array colors[4] = ["#c2452d", "#8b4fa8", "#2c8a3c", "#1f5fa8"]
exponent(m) = system(sprintf("awk '$1 == \"%s\" { print $2 }' exponents.tsv", m))
set multiplot layout 1,2
set key bottom right Right spacing 1.2
set ylabel "processor time a frame (s)"
set title "diatomic chain displaced everywhere, one thread"
plot for [m = 1:4] "fig6.tsv" using 2:(strcol(1) eq methods[m] ? $3 : NaN) skip 1 with linespoints pointtype 7 linecolor rgb colors[m] \
  title sprintf("%s, N^{%.2f}", titles[m], real(exponent(methods[m])))
set ylabel "error of the total entropy (k_B)"
set title "against an exact engine"
set yrange [1e-5:1]
set key top right
plot for [m = 3:4] "fig6.tsv" using 2:(strcol(1) eq methods[m] && strcol(4) ne "-" ? $4 : NaN) skip 1 with linespoints pointtype 7 linecolor rgb colors[m] title titles[m]
unset multiplot
