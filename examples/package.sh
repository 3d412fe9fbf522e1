#!/usr/bin/env bash
# Makes packages that run where nothing is installed but a C library as old as this machine's or newer:
#   examples/package.sh [FOLDER]        (default: package)
# gives sitevib-VERSION-x86_64.tar.xz, which runs from wherever it is unpacked, and sitevib_VERSION_amd64.deb, both with manual pages and
# completions. They hold the tools once for each level of processor (SITEVIB_LEVELS, default x86-64-v2 x86-64-v3 x86-64-v4; equal bytes
# come out of each), of which the start takes the highest that the processor has, and the libraries that are not of the C library.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-package}
. "$top/examples/setup.sh"
need_swift
need_libraries
need_packages /strip=binutils /patchelf=patchelf /xz=xz-utils /dpkg-deb=dpkg
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/bin" "$root/lib/sitevib"

for level in ${SITEVIB_LEVELS:-x86-64-v2 x86-64-v3 x86-64-v4}; do
  echo "Building for $level ..." >&2
  SITEVIB_CPU=$level SITEVIB_SCRATCH=.build/$level build_sitevib "$top"
  install -D -s -m 755 "$SITEVIB_BIN/sitevib" "$root/lib/sitevib/$level/sitevib"
  patchelf --set-rpath '$ORIGIN/..' "$root/lib/sitevib/$level/sitevib"
done

# All that the tools load but the C library itself.
ldd "$root"/lib/sitevib/*/sitevib | sed -n 's/^\t\([^ ]*\) => \(\/[^ ]*\) .*/\1 \2/p' | sort -u |
  while read -r name path; do
    case $name in
      libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | ld-linux*) continue ;;
    esac
    install -m 644 "$(readlink -f "$path")" "$root/lib/sitevib/$name"
    patchelf --set-rpath '$ORIGIN' "$root/lib/sitevib/$name"
  done

# The start: a script, as it must run on every processor. Its name, or that of the link to it, is the tool.
cat > "$root/bin/sitevib" <<'SH'
#!/bin/sh
# Starts the build of sitevib for the level of this processor.
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=${self%/*}/$link ;; esac
done
lib=${self%/*}/../lib/sitevib
flags=
while read -r key _ rest; do
  case $key in flags) flags=" $rest "; break ;; esac
done < /proc/cpuinfo
has() { for flag; do case $flags in *" $flag "*) ;; *) return 1 ;; esac; done; }
level=x86-64-v2
if has avx avx2 bmi1 bmi2 f16c fma abm movbe xsave; then
  level=x86-64-v3
  if has avx512f avx512bw avx512cd avx512dq avx512vl; then level=x86-64-v4; fi
fi
for each in "$level" x86-64-v3 x86-64-v2; do
  if [ "$each" = x86-64-v3 ] && [ "$level" = x86-64-v2 ]; then continue; fi
  if [ -x "$lib/$each/sitevib" ]; then
    case ${0##*/} in
      sitevib) exec "$lib/$each/sitevib" "$@" ;;
      *) exec "$lib/$each/sitevib" "${0##*/}" "$@" ;;
    esac
  fi
done
echo "${0##*/}: expected a build for this processor ($level) in $lib, found none" >&2
exit 70
SH
chmod 755 "$root/bin/sitevib"
link_names "$root/bin"
install_pages "$root/bin" "$root"

version=$("$root/bin/sitevib" --version)
name=sitevib-$version-x86_64
mkdir -p "$root/share/doc/sitevib"
cp "$top/README.md" "$root/share/doc/sitevib/"
cp -r "$top/examples/potentials" "$root/share/doc/sitevib/"
rm -rf "$work/$name"
cp -a "$root" "$work/$name"
# Equal trees give equal archives.
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}" \
  -cf - "$name" | xz -T0 -6 > "$folder/$name.tar.xz"

deb=$work/deb
mkdir -p "$deb/DEBIAN"
cp -a "$root" "$deb/usr"
gzip -9n "$deb"/usr/share/man/man1/*.1
cat > "$deb/DEBIAN/control" <<CONTROL
Package: sitevib
Version: $version
Architecture: amd64
Section: science
Priority: optional
Maintainer: sitevib
Installed-Size: $(du -sk "$deb/usr" | cut -f 1)
Depends: libc6 (>= $(ldd --version | sed -n '1s/.* //p'))
Description: site-resolved harmonic vibrational entropy of crystals
 Small filters that label, learn and predict the harmonic vibrational entropy
 of every site of a crystal, with point defects, from the shell.
CONTROL
dpkg-deb --root-owner-group --build "$deb" "$folder/sitevib_${version}_amd64.deb" > /dev/null
du -sh "$root" | awk '{ print "unpacked: " $1 }'
ls -l "$folder/$name.tar.xz" "$folder/sitevib_${version}_amd64.deb" | awk '{ print $9 ": " $5 " bytes" }'
