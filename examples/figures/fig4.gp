# Predicted against exact site entropies for three models, and their errors by split; reads the tables of fig4.sh from the current folder.
set terminal pngcairo size 1960,560 font "Sans,13" linewidth 1.4
set output "fig4.png"
set datafile separator "\t"
set grid linecolor rgb "#dddddd"
stats "ace.tsv" using 1:2 skip 1 name "both" nooutput
low = both_min_x; high = both_max_x
margin = 0.05 * (high - low)
array bases[3] = ["cartesian", "ace", "baseline"]
array titles[3] = ["Cartesian polynomial", "ACE", "ACE on a baseline 10 % off"]
array colors[3] = ["#c2452d", "#1f5fa8", "#3f8f4f"]
set multiplot layout 1,4
do for [b = 1:3] {
  stats bases[b] . ".tsv" using ($1 - $2) skip 1 name "error" nooutput
  rsquared = 1 - (error_mean**2 + error_stddev**2) / both_stddev_x**2
  set xrange [low - margin:high + margin]
  set yrange [low - margin:high + margin]
  set size square
  set xlabel "exact site entropy (k_B)"
  set ylabel "predicted site entropy (k_B)"
  set title titles[b] . ", frames not seen"
  set key top left Left reverse
  set label 1 sprintf("R² = %.6f, %d sites", rsquared, error_records) at graph 0.05, 0.83
  plot x with lines linecolor rgb "#888888" title "equal", \
    bases[b] . ".tsv" using 1:2 skip 1 with points pointtype 7 pointsize 0.4 linecolor rgb colors[b] title "site"
}
unset label 1
set size nosquare
set title "errors of sites and of frames not seen"
unset xlabel
set ylabel "RMSE (k_B)"
set xrange [*:*]
set yrange [*:*]
stats "fig4.tsv" using 5 skip 1 nooutput
set logscale y
set format y "10^{%T}"
set xrange [-0.6:1.6]
set yrange [0.3 * STATS_min:30 * STATS_max]
set xtics ("sites left out" 0, "frames left out" 1)
set style fill solid 0.8 border
set boxwidth 0.27
set key top right
plot for [b = 1:3] "fig4.tsv" using ((strcol(2) eq "site" ? 0 : 1) + (b - 2) * 0.3):((strcol(1) eq bases[b] && strcol(3) eq "test") ? $5 : 1/0) skip 1 \
    with boxes linecolor rgb colors[b] title titles[b], \
  for [b = 1:3] "fig4.tsv" using ((strcol(2) eq "site" ? 0 : 1) + (b - 2) * 0.3):((strcol(1) eq bases[b] && strcol(3) eq "test") ? 1.25 * $5 : 1/0):(sprintf("%.1e", $5)) skip 1 \
    with labels font "Sans,11" notitle
unset multiplot
