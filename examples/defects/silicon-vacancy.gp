# Formation entropy of a vacancy against the size of the cell, and its free energy against temperature; reads the tables of silicon-vacancy.sh.
set terminal pngcairo size 1300,600 font "Sans,13" linewidth 1.5
set output "silicon-vacancy.png"
set datafile separator "\t"
set datafile missing "-"
set grid linecolor rgb "#dddddd"
limit(column) = real(system(sprintf("awk -F '\t' '$3 == \"inf\" { print $%d }' sizes.tsv", column)))
set multiplot layout 1,2
set title "vacancy in silicon (Stillinger-Weber)"
set xlabel "1/N, N sites"
set ylabel "S_f(N) - S_f(∞)  (k_B)"
set format x "%g"
set key bottom left Left reverse
set xrange [0:0.0165]
plot "sizes.tsv" using (strcol(3) eq "inf" ? 0 : 1.0 / $3):($8 - limit(8)) skip 1 with linespoints pointtype 7 linecolor rgb "#1f5fa8" \
    title sprintf("fixed volume, S_f(∞) = %.4f", limit(8)), \
  "sizes.tsv" using (strcol(3) eq "inf" ? 0 : 1.0 / $3):($9 - limit(9)) skip 1 with linespoints pointtype 7 linecolor rgb "#c2452d" \
    title sprintf("fixed pressure, S_f(∞) = %.4f", limit(9))
set title "in the infinite crystal"
set xlabel "T  (K)"
set ylabel "free energy of formation  (eV)"
set xrange [300:1600]
set key bottom left Left reverse
plot "formation.tsv" using (strcol(3) eq "inf" ? $11 : NaN):12 skip 1 with lines linecolor rgb "#1f5fa8" title "E_f - T S_f at fixed volume", \
  "formation.tsv" using (strcol(3) eq "inf" ? $11 : NaN):13 skip 1 with lines linecolor rgb "#c2452d" title "G_f at fixed pressure"
unset multiplot
