# Energy along a hop, and its rate against temperature; reads the tables of hop.sh.
set terminal pngcairo size 1300,600 font "Sans,13" linewidth 1.5
set output "hop.png"
set datafile separator "\t"
set datafile missing "-"
set grid linecolor rgb "#dddddd"
first = real(system("awk -F '\t' 'NR == 2 { print $3 }' path.tsv"))
field(column) = real(system(sprintf("awk -F '\t' 'NR == 2 { print $%d }' rates.tsv", column)))
set multiplot layout 1,2
set title "vacancy in silicon (Stillinger-Weber), hop to a neighbour"
set xlabel "reaction coordinate"
set ylabel "E - E_{min}  (eV)"
set key top right
plot "path.tsv" using 2:($3 - first) skip 1 with linespoints pointtype 7 linecolor rgb "#1f5fa8" \
  title sprintf("barrier %.4f eV", field(4))
set title sprintf("ν = %.3f THz", field(6))
set xlabel "1000/T  (1/K)"
set ylabel "hops to one neighbour  (1/s)"
set logscale y
set format y "10^{%T}"
plot "rates.tsv" using (1000 / $8):9 skip 1 with lines linecolor rgb "#1f5fa8" title "classical", \
  "quantum.tsv" using (1000 / $8):9 skip 1 with lines dashtype 2 linecolor rgb "#c2452d" title "quantum modes"
unset multiplot
