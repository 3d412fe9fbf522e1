# Envelopes of |dS_i/du_n| on logarithmic scales:  gnuplot -c fig2.gp ATOMS_1D ATOMS_2D ATOMS_3D
# The current folder holds CRYSTAL-SUBLATTICE.tsv of fig2.sh: distance in Å and the largest gradient there in k_B/Å.
set terminal pngcairo size 1650,620 font "Sans,13" linewidth 1.5
set output "fig2.png"
set datafile separator "\t"
set logscale xy
set grid linecolor rgb "#dddddd"
set format y "10^{%T}"
set xlabel "distance of atom n from site i (Å)"
set key bottom left Left reverse spacing 1.1
file(name, site) = sprintf("%s-%d.tsv", name, site)
set multiplot layout 1,3
set ylabel "largest |∂S_i/∂u_n| (k_B/Å)"
set xrange [2:*]
set title "chain, " . ARG1 . " atoms"
plot file("chain", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#1f5fa8" title "stiff, site 0", \
  file("chain", 1) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#86b5e8" title "stiff, site 1", \
  file("chain-soft", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#c2452d" title "soft, site 0", \
  file("chain-soft", 1) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#eda58f" title "soft, site 1", \
  file("chain", 0) using 1:($1 > 20 ? 5 * $1**-2 : 1/0) with lines dashtype 2 linecolor rgb "#555555" title "r^{-2}"
unset ylabel
set xrange [2:400]
set title "square lattice, " . ARG2 . " atoms"
plot file("square", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#1f5fa8" title "stiff, site 0", \
  file("square", 1) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#86b5e8" title "stiff, site 1", \
  file("square-soft", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#c2452d" title "soft, site 0", \
  file("square-soft", 1) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#eda58f" title "soft, site 1", \
  file("square", 0) using 1:($1 > 8 ? 60 * $1**-4 : 1/0) with lines dashtype 2 linecolor rgb "#555555" title "r^{-4}", \
  file("square", 0) using 1:($1 > 8 ? 600 * $1**-5 : 1/0) with lines dashtype 3 linecolor rgb "#555555" title "r^{-5}"
set xrange [2:80]
set xtics (2, 5, 10, 20, 50)
set title "three dimensions, " . ARG3 . " atoms"
plot file("cscl", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#1f5fa8" title "CsCl springs, stiff", \
  file("cscl-soft", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#c2452d" title "CsCl springs, soft", \
  file("Si", 0) with linespoints pointtype 5 pointsize 0.5 linecolor rgb "#2c8a3c" title "Si", \
  file("CdTe", 0) with linespoints pointtype 5 pointsize 0.5 linecolor rgb "#8b4fa8" title "CdTe, site Cd", \
  file("CdTe", 1) with linespoints pointtype 5 pointsize 0.5 linecolor rgb "#c9a3db" title "CdTe, site Te", \
  file("Si", 0) using 1:($1 > 6 ? 6000 * $1**-6 : 1/0) with lines dashtype 2 linecolor rgb "#555555" title "r^{-6}", \
  file("Si", 0) using 1:($1 > 6 ? 40000 * $1**-7 : 1/0) with lines dashtype 3 linecolor rgb "#555555" title "r^{-7}"
unset multiplot
