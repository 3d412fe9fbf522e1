#!/usr/bin/env bash
# Installs the commands into a folder, and looks at what is there.
#   Tests/interop/install.sh
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$top/examples/install.sh" "$folder" > /dev/null
cd "$folder/share"
for tool in "$folder"/bin/*; do
  name=${tool##*/}
  "$tool" --version > /dev/null
  grep -q "^$name .*- " <(sed -n '/^.SH NAME/{n;s/\\//g;p}' "man/man1/$name.1")
  [ "$name" = sitevib ] || grep -q '^\\-\\-output\|\\-\\-output <file>' "man/man1/$name.1"
  grep -q '^74 read or write failed' "man/man1/$name.1"
  bash -c "source 'bash-completion/completions/$name'; complete -p '$name'" > /dev/null
  grep -q "^#compdef $name" "zsh/site-functions/_$name"
  grep -q "complete -c '$name'" "fish/vendor_completions.d/$name.fish"
done
# An older processor, as valgrind shows one to programs built for AVX-512, is named in one line.
if [ "${SITEVIB_CPU:-x86-64-v4}" = x86-64-v4 ] && command -v valgrind > /dev/null && grep -qs ' avx512vl ' /proc/cpuinfo; then
  status=0
  valgrind -q "$folder/bin/xyz-convert" --version 2> "$folder/older" || status=$?
  [ "$status" -eq 70 ]
  grep -q '^xyz-convert: expected a processor of level x86-64-v4' "$folder/older"
fi
# One executable, and nothing of Foundation but its essentials, which would double it.
[ "$(du -sk "$folder/bin" | cut -f 1)" -le 40960 ]
count=$(ls "$folder/bin" | wc -l)
[ "$count" -ge 12 ]
echo "install: $count commands with manual pages and completions"
