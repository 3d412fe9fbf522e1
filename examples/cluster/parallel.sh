#!/usr/bin/env bash
# Runs a filter of sitevib on slices of a file with GNU parallel, and joins the slices: the same bytes as one run on one kind of processor.
#
#   examples/cluster/parallel.sh INPUT OUTPUT FRAMES-A-SLICE COMMAND [OPTION]...
#   examples/cluster/parallel.sh frames.xyz labels.xyz 50 site-entropy -p Si.sw
#
# A slice that fails ends the run with its exit code, and no OUTPUT is made; rejected frames are named, and do not count
# as failed. JOBS=n sets the number of jobs (otherwise as many as cores), each of one thread.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }
input=$1 output=$2 size=$3
shift 3

# One line of JSON a frame: their number.
count=$(xyz-convert --json --no-history "$input" 2>&1 > /dev/null | wc -l)
slices=$(mktemp -d "$(dirname "$output")/slices-XXXXXX")
trap 'rm -rf "$slices"' EXIT
# Slices are named by their first frame, so that the shell gives them in order.
seq 0 "$size" $((count - 1)) |
  parallel --will-cite --halt now,fail=1 --jobs "${JOBS:-100%}" --quote \
    bash -c '"${@:5}" --threads 1 --first-frame "$1" --frames "$2" "$3" --output "$4/$(printf %09d "$1").${3##*.}" || [ $? = 3 ]' \
    slice {} "$size" "$input" "$slices" "$@"
xyz-convert --no-history "$slices"/* --output "$output"
