# Locality, cutoff and surrogate of NiAl:  gnuplot -c nial.gp ATOMS     reads the tables of nial.sh from the current folder.
set terminal pngcairo size 1650,600 font "Sans,13" linewidth 1.5
set output "nial.png"
set datafile separator "\t"
set grid linecolor rgb "#dddddd"
set multiplot layout 1,3
set logscale xy
set format y "10^{%T}"
set key bottom left Left reverse
set title "derivatives in NiAl, " . ARG1 . " atoms"
set xlabel "distance of atom n from site i (Å)"
set ylabel "largest |∂S_i/∂u_n| (k_B/Å)"
set xtics (2, 5, 10, 20, 50)
plot "envelope-0.tsv" with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#1f5fa8" title "site Ni", \
  "envelope-1.tsv" with linespoints pointtype 7 pointsize 0.5 linecolor rgb "#c2452d" title "site Al", \
  "envelope-0.tsv" using 1:($1 > 6 ? 3000 * $1**-6 : 1/0) with lines dashtype 2 linecolor rgb "#555555" title "r^{-6}"
set title "displacements cut off beyond R"
set xlabel "R (Å)"
set ylabel "rmse of S_i (k_B)"
array modes[2] = ["localized", "cosine"]
array colors[2] = ["#1f5fa8", "#c2452d"]
plot for [k = 1:2] modes[k] . "-hard.tsv" using 1:4 skip 1 with linespoints pointtype 7 pointsize 0.6 linecolor rgb colors[k] title modes[k] . ", hard", \
  for [k = 1:2] modes[k] . "-smooth.tsv" using 1:4 skip 1 with linespoints pointtype 6 pointsize 0.6 dashtype 2 linecolor rgb colors[k] title modes[k] . ", smooth"
unset logscale
set format y "%g"
set xtics auto
set size square
set key top left Left reverse
stats "parity.tsv" using ($2 - $3) skip 1 name "error" nooutput
stats "parity.tsv" using 2 skip 1 name "all" nooutput
set title "frames not seen"
set xlabel "exact site entropy (k_B)"
set ylabel "predicted site entropy (k_B)"
set label 1 sprintf("R² = %.5f, %d sites", 1 - (error_mean**2 + error_stddev**2) / all_stddev**2, error_records) at graph 0.05, 0.78
plot x with lines linecolor rgb "#888888" title "equal", \
  "parity.tsv" using (strcol(1) eq "Ni" ? $2 : NaN):3 skip 1 with points pointtype 7 pointsize 0.4 linecolor rgb "#1f5fa8" title "Ni", \
  "parity.tsv" using (strcol(1) eq "Al" ? $2 : NaN):3 skip 1 with points pointtype 7 pointsize 0.4 linecolor rgb "#c2452d" title "Al"
unset multiplot
