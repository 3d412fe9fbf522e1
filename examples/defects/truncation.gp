# Formation entropy of a vacancy whose displacements end at a radius, in the infinite crystal; reads the tables of truncation.sh.
set terminal pngcairo size 800,600 font "Sans,13" linewidth 1.5
set output "truncation.png"
set datafile separator "\t"
set grid linecolor rgb "#dddddd"
limit = real(system("awk -F '\t' '$3 == \"inf\" { print $8 }' limit.tsv"))
set title "vacancy in silicon (Stillinger-Weber), fixed volume"
set xlabel "displacements end at R  (Å)"
set ylabel "S_f of the cut core in the infinite crystal  (k_B)"
set key top right
plot "truncation.tsv" using 1:3 skip 1 with linespoints pointtype 7 linecolor rgb "#1f5fa8" title "hard", \
  "truncation.tsv" using 1:4 skip 1 with linespoints pointtype 7 linecolor rgb "#c2452d" title "smooth from R/2", \
  limit with lines dashtype 2 linecolor rgb "#555555" title sprintf("all displacements, %.4f", limit)
