# Concentrations of vacancies and antisites in NiAl against temperature, and their formation entropies against the size of the cell; reads the tables of nial.sh.
set terminal pngcairo size 1400,620 font "Sans,13" linewidth 1.5
set output "nial.png"
set datafile separator "\t"
set datafile missing "-"
set grid linecolor rgb "#dddddd"
array names[4] = ["V_Ni", "V_Al", "Ni_Al", "Al_Ni"]
array titles[4] = ["V_{Ni}", "V_{Al}", "Ni_{Al}", "Al_{Ni}"]
array colors[4] = ["#1f5fa8", "#2c8a3c", "#c2452d", "#8b4fa8"]
# Lines of one defect: rows of others between them would break its curve.
rows(name, table) = sprintf("< awk -F '\t' '$2 == \"%s\"' %s", name, table)
limit(name) = real(system(sprintf("awk -F '\t' '$2 == \"%s\" && $3 == \"inf\" { print $9 }' sizes.tsv", name)))
set multiplot layout 1,2
set title "NiAl, stoichiometric: defects in equilibrium"
set xlabel "1000/T  (1/K)"
set ylabel "concentration a site"
set logscale y
set format y "10^{%T}"
set key top right
plot for [k = 1:4] rows(names[k], "concentrations.tsv") using (1000 / $1):8 with lines linewidth 2 linecolor rgb colors[k] title titles[k]
unset logscale y
set format y "%g"
set title "formation entropy at fixed pressure"
set xlabel "1/N, N sites"
set ylabel "S_f(N) - S_f(∞)  (k_B)"
set key bottom left Left reverse
set xrange [0:*]
plot for [k = 1:4] rows(names[k], "sizes.tsv") using (strcol(3) eq "inf" ? 0 : 1.0 / $3):($9 - limit(names[k])) \
  with linespoints pointtype 7 linecolor rgb colors[k] title sprintf("%s, S_f(∞) = %.3f", titles[k], limit(names[k]))
unset multiplot
