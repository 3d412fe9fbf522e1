#!/usr/bin/env bash
# Builds `sitevib` (or takes that of the folder SITEVIB_BIN) and installs it under all its names, with their manual pages and completions:
#   examples/install.sh [PREFIX]        (/usr/local)
# gives PREFIX/bin, PREFIX/share/man/man1, and completions for bash, zsh and fish under PREFIX/share.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
prefix=${1:-/usr/local}
. examples/setup.sh
need_packages /strip=binutils
use_sitevib
mkdir -p "$prefix/bin"
install -s -m 755 "$SITEVIB_BIN/sitevib" "$prefix/bin/sitevib"
link_names "$prefix/bin"
install_pages "$prefix/bin" "$prefix"
echo "installed in $prefix"
