#!/usr/bin/env bash
# Builds the commands and installs them with their manual pages and completions:
#   ./install.sh [PREFIX]        (/usr/local)
# gives PREFIX/bin, PREFIX/share/man/man1, and completions for bash, zsh and fish under PREFIX/share.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
prefix=${1:-/usr/local}
. examples/setup.sh
need_swift
need_libraries
swift build -c release
binaries=$(swift build -c release --show-bin-path)
bash=$prefix/share/bash-completion/completions zsh=$prefix/share/zsh/site-functions fish=$prefix/share/fish/vendor_completions.d
mkdir -p "$prefix"/{bin,share/man/man1} "$bash" "$zsh" "$fish"
# The commands of Package.swift.
for tool in $(sed -n 's/^ *command("\([a-z-]*\)".*/\1/p' Package.swift); do
  install -m 755 "$binaries/$tool" "$prefix/bin/$tool"
  "$prefix/bin/$tool" --generate-completion-script bash > "$bash/$tool"
  "$prefix/bin/$tool" --generate-completion-script zsh > "$zsh/_$tool"
  "$prefix/bin/$tool" --generate-completion-script fish > "$fish/$tool.fish"
done
# One page for each command, by the plugin of swift-argument-parser.
swift package --allow-writing-to-package-directory generate-manual --output-directory .build/manual > /dev/null
install -m 644 .build/manual/*.1 "$prefix/share/man/man1"
echo "installed in $prefix"
