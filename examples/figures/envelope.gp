# Envelopes of |dS_i/du_n| on logarithmic scales:  gnuplot -c envelope.gp FOLDER PICTURE.png
# FOLDER holds CRYSTAL-SUBLATTICE.tsv of envelope.sh: distance in Å and the largest gradient there in k_B/Å.
set terminal pngcairo size 1650,620 font "Sans,13" linewidth 1.5
set output ARG2
set datafile separator "\t"
set logscale xy
set grid linecolor rgb "#dddddd"
set format y "10^{%T}"
set xlabel "distance of atom n from site i (Å)"
set key bottom left Left reverse spacing 1.1
file(name, site) = sprintf("%s/%s-%d.tsv", ARG1, name, site)
set multiplot layout 1,3
set ylabel "largest |∂S_i/∂u_n| (k_B/Å)"
set xrange [2:10000]
set title "chain, 32,768 atoms"
plot file("chain", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#1f5fa8" title "stiff, site 0", \
  file("chain", 1) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#86b5e8" title "stiff, site 1", \
  file("chain-soft", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#c2452d" title "soft, site 0", \
  file("chain-soft", 1) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#eda58f" title "soft, site 1", \
  [20:] x**-2 with lines dashtype 2 linecolor rgb "#555555" title "r^{-2}"
unset ylabel
set xrange [2:400]
set title "square lattice, 131,072 atoms"
plot file("square", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#1f5fa8" title "stiff, site 0", \
  file("square", 1) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#86b5e8" title "stiff, site 1", \
  file("square-soft", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#c2452d" title "soft, site 0", \
  file("square-soft", 1) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#eda58f" title "soft, site 1", \
  [8:] 40 * x**-4 with lines dashtype 2 linecolor rgb "#555555" title "r^{-4}", \
  [8:] 300 * x**-5 with lines dashtype 3 linecolor rgb "#555555" title "r^{-5}"
set xrange [2:70]
set title "three dimensions, 65,536 atoms"
plot file("cscl", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#1f5fa8" title "CsCl springs, stiff", \
  file("cscl-soft", 0) with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#c2452d" title "CsCl springs, soft", \
  file("Si", 0) with linespoints pointtype 5 pointsize 0.5 linecolor rgb "#2c8a3c" title "Si", \
  file("CdTe", 0) with linespoints pointtype 5 pointsize 0.5 linecolor rgb "#8b4fa8" title "CdTe, site Cd", \
  file("CdTe", 1) with linespoints pointtype 5 pointsize 0.5 linecolor rgb "#c9a3db" title "CdTe, site Te", \
  [6:] 400 * x**-6 with lines dashtype 2 linecolor rgb "#555555" title "r^{-6}", \
  [6:] 40000 * x**-7 with lines dashtype 3 linecolor rgb "#555555" title "r^{-7}"
unset multiplot
