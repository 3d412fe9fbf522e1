#!/usr/bin/env bash
# Builds `sitevib` and installs it under all its names, with their manual pages and completions:
#   examples/install.sh [PREFIX]        (/usr/local)
# gives PREFIX/bin, PREFIX/share/man/man1, and completions for bash, zsh and fish under PREFIX/share.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
prefix=${1:-/usr/local}
. examples/setup.sh
need_swift
need_libraries
need_packages /strip=binutils
build_sitevib "$PWD"
bash=$prefix/share/bash-completion/completions zsh=$prefix/share/zsh/site-functions fish=$prefix/share/fish/vendor_completions.d
mkdir -p "$prefix"/{bin,share/man/man1} "$bash" "$zsh" "$fish"
# manual TOOL: its page; what it does is told by --help alone, so that they cannot differ.
manual() {
  local version abstract
  version=$("$prefix/bin/$1" --version)
  abstract=$("$prefix/bin/$1" --help | sed '/^$/,$d; s/^OVERVIEW: //' | paste -s -d ' ')
  printf '.TH %s 1 "" "sitevib %s" "sitevib"\n.SH NAME\n%s \\- %s\n' "${1^^}" "$version" "${1//-/\\-}" "$abstract"
  printf '.SH DESCRIPTION\n.nf\n'
  "$prefix/bin/$1" --help | sed "1,/^$/d; s/\\\\/\\\\e/g; s/-/\\\\-/g; s/^[.']/\\\\\&&/"
  printf '.fi\n.SH EXIT STATUS\n.nf\n'
  sed -n '/^Exit codes: /,/^$/p' README.md | sed "s/^Exit codes: //; s/; */\n/g; s/\`//g; s/-/\\\\-/g"
  printf '.fi\n'
}

install -s -m 755 "$SITEVIB_BIN/sitevib" "$prefix/bin/sitevib"
link_names "$prefix/bin"
for tool in $(cd "$SITEVIB_BIN" && echo *); do
  [ "$tool" != Benchmarks ] || continue
  manual "$tool" > "$prefix/share/man/man1/$tool.1"
  "$prefix/bin/$tool" --generate-completion-script bash > "$bash/$tool"
  "$prefix/bin/$tool" --generate-completion-script zsh > "$zsh/_$tool"
  "$prefix/bin/$tool" --generate-completion-script fish > "$fish/$tool.fish"
done
echo "installed in $prefix"
