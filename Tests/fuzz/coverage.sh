#!/usr/bin/env bash
# Fuzzes the text readers by their coverage, with LLVM's libFuzzer: Tests/fuzz/coverage.sh [SECONDS [FOLDER]]
# Builds the fuzzer with counters (.build/coverage, some minutes). What is found is left in FOLDER (default: coverage), beside the inputs
# that reach new code; findings belong into Tests/fuzz/corpus and formats/vectors.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=${1:-600} folder=${2:-coverage}
swift build --package-path "$top" --scratch-path "$top/.build/coverage" -c release --product Fuzz --sanitize fuzzer -Xswiftc -DCOVERAGE
fuzz=$top/.build/coverage/release/Fuzz
vectors=$top/formats/vectors
mkdir -p "$folder"
cd "$folder"
shopt -s nullglob

run() { # FORMAT SEED-FILE...
  local format=$1
  shift
  mkdir -p "$format" "$format-seeds"
  # Names of seeds may be alike.
  local index=0 file
  for file in "$@" "$top/Tests/fuzz/corpus/$format"/*; do cp "$file" "$format-seeds/$((index++))"; done
  echo "$format"
  SITEVIB_FUZZ=$format "$fuzz" "$format" "$format-seeds" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2000 -max_len=20000 \
    -print_final_stats=1 -artifact_prefix="$format-" -verbosity=0
}

run extxyz "$vectors"/extxyz/*/*.xyz
run sw "$vectors"/sw/*/*.sw "$top"/examples/potentials/*.sw
run springs "$top"/examples/potentials/*.json
run hessian "$vectors"/hessian/*/*
