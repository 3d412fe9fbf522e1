# CdTe with species kept and collapsed: points by Cartesian polynomials, errors of all fits; reads the tables of fig5.sh from the current folder.
set terminal pngcairo size 1500,1000 font "Sans,13" linewidth 1.4
set output "fig5.png"
set datafile separator "\t"
set grid linecolor rgb "#dddddd"
array potentials[2] = ["Wang1989", "Zhou2013"]
array bases[2] = ["cartesian", "ace"]
array titles[2] = ["Cartesian polynomial", "ACE"]
array species[3] = ["kept", "neighbours", "collapsed"]
array colors[3] = ["#1f5fa8", "#2c8a3c", "#c2452d"]
array names[3] = ["species kept", "neighbours of one name", "all of one name"]
set multiplot layout 2,3
do for [p = 1:2] {
  stats potentials[p] . "-ace-kept.tsv" using 1:2 skip 1 name "both" nooutput
  low = both_min_x; high = both_max_x
  margin = 0.05 * (high - low)
  unset logscale
  set format y "%g"
  step = high - low > 0.1 ? 0.05 : 0.02
  set xtics step
  set size square
  set xlabel "exact site entropy (k_B)"
  set ylabel "predicted site entropy (k_B)"
  set key top left Left reverse font "Sans,11"
  do for [b = 1:2] {
    set xrange [low - margin:high + margin]
    set yrange [low - margin:high + margin]
    set title potentials[p] . ": " . titles[b] . ", frames not seen"
    plot x with lines linecolor rgb "#888888" title "equal", \
      potentials[p] . "-" . bases[b] . "-collapsed.tsv" using 1:2 skip 1 with points pointtype 7 pointsize 0.35 linecolor rgb colors[3] title names[3], \
      potentials[p] . "-" . bases[b] . "-kept.tsv" using 1:2 skip 1 with points pointtype 7 pointsize 0.35 linecolor rgb colors[1] title names[1]
  }
  set size nosquare
  unset xlabel
  set ylabel "RMSE (k_B)"
  set title potentials[p] . ": frames not seen"
  set xrange [*:*]
  set yrange [*:*]
  stats "fig5.tsv" using (strcol(1) eq potentials[p] && strcol(5) eq "test" ? $7 : NaN) skip 1 nooutput
  set logscale y
  set format y "10^{%T}"
  set xrange [-0.6:2.5]
  set yrange [0.3 * STATS_min:8 * STATS_max]
  set xtics ("Cartesian" 0, "ACE" 1, "ACE, baseline" 2)
  set style fill solid 0.8 border
  set boxwidth 0.27
  set key top right
  mine(s) = strcol(1) eq potentials[p] && strcol(3) eq species[s] && strcol(4) eq "config" && strcol(5) eq "test"
  place(s) = strcol(2) eq "baseline" ? 2 : (strcol(2) eq "ace" ? 1 : 0) + (s - 2) * 0.31
  plot for [s = 1:3] "fig5.tsv" using (place(s)):(mine(s) ? $7 : NaN) skip 1 with boxes linecolor rgb colors[s] title names[s], \
    for [s = 1:3] "fig5.tsv" using (place(s)):(mine(s) ? (s == 2 ? 0.75 : 1.3) * $7 : NaN):(sprintf("%.1e", $7)) skip 1 with labels font "Sans,9" notitle
}
unset multiplot
