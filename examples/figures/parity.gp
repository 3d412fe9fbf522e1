# Predicted against exact site entropies:  gnuplot -c parity.gp TABLE.tsv PICTURE.png TITLE
# TABLE: a header line, then exact and predicted values in k_B.
set terminal pngcairo size 900,840 font "Sans,14" linewidth 1.4
set output ARG2
set datafile separator "\t"
stats ARG1 using ($1 - $2) skip 1 name "error" nooutput
stats ARG1 using 1:2 skip 1 name "both" nooutput
rsquared = 1 - (error_mean**2 + error_stddev**2) / both_stddev_x**2
low = (both_min_x < both_min_y) ? both_min_x : both_min_y
high = (both_max_x > both_max_y) ? both_max_x : both_max_y
margin = 0.04 * (high - low)
set xrange [low - margin:high + margin]
set yrange [low - margin:high + margin]
set size square
set grid linecolor rgb "#dddddd"
set xlabel "exact site entropy (k_B)"
set ylabel "predicted site entropy (k_B)"
set title ARG3
set key top left Left reverse
set label 1 sprintf("R^2 = %.5f, %d sites", rsquared, both_records) at graph 0.04, 0.86
plot x with lines linecolor rgb "#888888" title "equal", \
  ARG1 using 1:2 skip 1 with points pointtype 7 pointsize 0.45 linecolor rgb "#1f5fa8" title "site"
