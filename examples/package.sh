#!/usr/bin/env bash
# Makes packages that run where nothing is installed but a C library as old as this machine's or newer:
#   examples/package.sh [FOLDER]        (default: package)
# gives sitevib-VERSION-x86_64.tar.xz, which runs from wherever it is unpacked, and sitevib_VERSION_amd64.deb, both with manual pages and
# completions. bin/sitevib holds what is the same for every processor (the libraries of Swift, HDF5), lib/sitevib our own code once for each
# level (SITEVIB_LEVELS, default x86-64-v2 x86-64-v3 x86-64-v4; equal bytes come out of the last two), of which the start takes the highest that the
# processor has, and the libraries that are not of the C library. The folder SITEVIB_BUILT, if set, has the build of the one level asked for;
# SITEVIB_EFFORT (6) is that of compression, 0 to 9.
set -euo pipefail
export LC_ALL=C
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-package}
effort=${SITEVIB_EFFORT:-6}
. "$top/examples/setup.sh"
need_swift
need_libraries
need_packages /strip=binutils /patchelf=patchelf /xz=xz-utils /dpkg-deb=dpkg
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
lib=$root/lib/sitevib
mkdir -p "$root/bin" "$lib"
swift=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
clang=$swift/../../bin/clang
static=${swift}_static/linux
openblas=$(pkg-config --variable=libdir openblas)
linking=(-fuse-ld=lld -s -Wl,--gc-sections -Wl,-z,nostart-stop-gc -Wl,--icf=all -Wl,-O2)

# link_level LEVEL BUILT: our own code of a build as a library; what it takes from the start is added to $work/taken.
link_level() {
  # What OpenBLAS asks for when it is loaded must be there before any level is.
  grep -v CBLASStart "$2/sitevib.product/Objects.LinkFileList" > "$work/objects"
  "$clang" -shared "${linking[@]}" -Wl,-Bsymbolic -Wl,--defsym,main=sitevib_main \
    -Wl,--version-script=<(echo '{ global: sitevib_main; local: *; };') -Wl,-z,undefs \
    "$static/x86_64/swiftrt.o" "@$work/objects" -lm -o "$lib/$1.so"
  "$swift/../../bin/swift-autolink-extract" $(< "$work/objects") -o "$work/autolink"
  undefined "$lib/$1.so" >> "$work/taken"
}

# undefined FILE, defined FILE ...: names of functions and data that are taken from others, those of the C library aside, and that are given.
undefined() { nm -D --undefined-only "$1" | awk '$2 !~ /@/ && $1 == "U" { print $2 }'; }
defined() { nm --defined-only "$@" 2> /dev/null | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort -u; }

# link_start BUILT: the executable, with all that the levels take of it.
link_start() {
  sort -u "$work/taken" -o "$work/taken"
  { echo "{"; sed 's/$/;/' "$work/taken"; echo "};"; } > "$work/exported"
  sed 's/^/-Wl,-u,/' "$work/taken" > "$work/wanted"
  "$clang" -O2 -Wall -Werror -c "$top/examples/package/start.c" -o "$work/start.o"
  "$clang" -pie "${linking[@]}" "-Wl,--export-dynamic-symbol-list=$work/exported" -Wl,-rpath,'$ORIGIN/../lib/sitevib' \
    "$work/start.o" "$1/CBLASStart.build/start.c.o" "$static/x86_64/swiftrt.o" "@$work/wanted" \
    "-L$static" "@$work/autolink" -l_FoundationCShims -l_FoundationCollections -lstdc++ \
    $(PKG_CONFIG_PATH=$1/../../modules pkg-config --libs hdf5-serial lapacke openblas spglib) -o "$root/bin/sitevib"
}

# link_blas: OpenBLAS from its archive, with what we call of it, for the processors of its time that matter; the others take the kernels of
# an older one, as in a build of OpenBLAS with DYNAMIC_LIST. The kernels that stay are those of the system's library, bit for bit.
link_blas() {
  local core other api=()
  local -a aliases=()
  for core in $(nm "$openblas/libopenblas.a" 2> /dev/null | sed -n 's/.* D gotoblas_\([A-Z0-9_]*\)$/\1/p' | sort -u); do
    case $core in
      PRESCOTT | NEHALEM | SANDYBRIDGE | HASWELL | ZEN | SKYLAKEX) continue ;;
      COOPERLAKE | SAPPHIRERAPIDS) other=SKYLAKEX ;;
      BULLDOZER | PILEDRIVER | STEAMROLLER | EXCAVATOR) other=SANDYBRIDGE ;;
      *) other=PRESCOTT ;;
    esac
    aliases+=("-Wl,--defsym,gotoblas_$core=gotoblas_$other")
  done
  defined "$openblas/libopenblas.a" > "$work/archive"
  mapfile -t api < <({ cat "$work/taken"; undefined "$root/bin/sitevib"; } | sort -u | comm -12 - "$work/archive")
  "$clang" -O2 -fPIC -Wall -Werror -c "$top/examples/package/concatenate.c" -o "$work/concatenate.o"
  "$clang" -shared "${linking[@]}" -Wl,-soname,libopenblas.so.0 -Wl,-z,defs "${aliases[@]}" "${api[@]/#/-Wl,-u,}" \
    -Wl,--version-script=<(echo "{ global: $(printf '%s; ' "${api[@]}" openblas_num_threads_env) local: *; };") \
    "$work/concatenate.o" "$openblas/libopenblas.a" -lm -lpthread -o "$lib/libopenblas.so.0"
}

# terms FILE ...: under which the files of the system that are in the package, and Swift's libraries, may be passed on.
terms() {
  local file package to=$root/share/doc/sitevib/terms
  mkdir -p "$to"
  for file; do
    for package in $(dpkg-query -S "*/$(basename "$(readlink -f "$file")")" | cut -d : -f 1 | sort -u); do
      cp "/usr/share/doc/$package/copyright" "$to/$package"
    done
  done
  cp "$swift/../../share/swift/LICENSE.txt" "$to/swift"
}

given=${SITEVIB_BUILT:-}
for level in ${SITEVIB_LEVELS:-x86-64-v2 x86-64-v3 x86-64-v4}; do
  if [ -z "$given" ]; then
    echo "Building for $level ..." >&2
    SITEVIB_CPU=$level SITEVIB_SCRATCH=.build/$level build_sitevib "$top"
  fi
  link_level "$level" "$SITEVIB_BUILT"
done
link_start "$SITEVIB_BUILT"
link_blas

# All that the tools load but the C library itself.
ldd "$root/bin/sitevib" | sed -n 's/^\t\([^ ]*\) => \(\/[^ ]*\) .*/\1 \2/p' | sort -u |
  while read -r name path; do
    case $name in
      libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | ld-linux* | libopenblas.so.*) continue ;;
    esac
    install -m 644 "$(readlink -f "$path")" "$lib/$name"
    patchelf --set-rpath '$ORIGIN' "$lib/$name"
    terms "$path"
  done
terms "$openblas/libopenblas.a" libhdf5.a liblapacke.a
# Nothing that a level takes is missing.
missing=$(nm -D --defined-only "$root/bin/sitevib" "$lib"/lib*.so* | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort -u |
  comm -13 - "$work/taken" | grep -v '^_ITM_\|^__gmon_start__$' || true)
[ -z "$missing" ] || { echo "package.sh: nothing gives what a level takes: ${missing//$'\n'/ }" >&2; exit 70; }
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
  -cf - "$name" | xz -T0 "-$effort" > "$folder/$name.tar.xz"

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
dpkg-deb --root-owner-group -Zxz "-z$effort" --build "$deb" "$folder/sitevib_${version}_amd64.deb" > /dev/null
du -sh "$root" | awk '{ print "unpacked: " $1 }'
ls -l "$folder/$name.tar.xz" "$folder/sitevib_${version}_amd64.deb" | awk '{ print $9 ": " $5 " bytes" }'
