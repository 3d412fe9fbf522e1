# Entropy along the path of an atom that leaves its site, and the entropies of the shells around; reads the tables of defect.sh from the current folder.
set terminal pngcairo size 1650,600 font "Sans,13" linewidth 1.5
set output "defect.png"
set datafile separator "\t"
set grid linecolor rgb "#dddddd"
set xlabel "displacement along the bond (Å)"
set multiplot layout 1,3
set title "silicon, one atom pushed along a bond"
set ylabel "entropy (k_B)"
set key top center
set yrange [-0.5:5.2]
plot "defect.tsv" using 2:(strcol(7) eq "T" ? $3 : NaN) skip 1 with linespoints pointtype 7 pointsize 0.6 linecolor rgb "#1f5fa8" title "this cell", \
  "defect.tsv" using 2:(strcol(7) eq "T" ? NaN : $3) skip 1 with points pointtype 6 pointsize 0.8 linecolor rgb "#c2452d" title "unstable, positive modes only", \
  "defect.tsv" using 2:(strcol(4) eq "-" ? NaN : $4) skip 1 with lines dashtype 2 linecolor rgb "#2c8a3c" title "infinite crystal"
set title "smallest eigenvalue of A"
set ylabel "λ_{min}"
set key top right
set yrange [-1:1.2]
plot "defect.tsv" using 2:5 skip 1 with linespoints pointtype 7 pointsize 0.6 linecolor rgb "#1f5fa8" notitle, \
  0 with lines linecolor rgb "#555555" notitle
set title "stable images: entropy by shell"
set ylabel "sum over the shell (k_B)"
set yrange [*:*]
set xrange [-0.5:0.5]
array shells[5] = ["0.000", "2.352", "3.840", "4.503", "5.431"]
array names[5] = ["the atom itself", "4 sites, 2.35 Å", "12 sites, 3.84 Å", "12 sites, 4.50 Å", "6 sites, 5.43 Å"]
array colors[5] = ["#1f5fa8", "#c2452d", "#2c8a3c", "#c8860a", "#8b4fa8"]
set key top center
shell(s) = sprintf("< awk '$2 == \"T\" && $3 == \"%s\"' map.tsv", shells[s])
plot for [s = 1:5] shell(s) using 1:5 with linespoints pointtype 7 pointsize 0.5 linecolor rgb colors[s] title names[s]
unset multiplot
