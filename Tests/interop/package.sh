#!/usr/bin/env bash
# Tries the packages of examples/package.sh against the build in a folder of binaries: the first pipe of README.md and labels of two engines,
# equal bytes; libraries, manual pages, completions, what a processor without a build is told.
#   Tests/interop/package.sh BINARIES                        a package of that build alone, made and unpacked here
#   Tests/interop/package.sh BINARIES PACKAGES [RELEASE]     packages in a folder, in an empty root of another release of Debian (trixie),
#                                                            without Swift and without our libraries; as root, with debootstrap
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
binaries=$(cd "$1" && pwd)
. "$top/examples/setup.sh"
folder=$(mktemp -d)
trap 'umount "$folder/root/proc" 2> /dev/null || true; rm -rf "$folder"' EXIT
fail() {
  echo "package.sh: $*" >&2
  exit 1
}

mkdir "$folder/work"
cp "$top/examples/potentials/Si.sw" "$top/formats/vectors/h5md/pass/units-bohr.h5" "$folder/work/"
cat > "$folder/work/pipe.sh" <<'PIPE'
set -eu
xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 |
  xyz-perturb --mode localized --amplitude 0.05 --radius 5 --samples 2 --seed 1 |
  site-entropy -p Si.sw --no-history > labels.xyz
ridge --order 2 --degree 6 --cutoff 4 --quiet labels.xyz > model.h5
predict -m model.h5 labels.xyz --quiet --no-history > predicted.xyz
# HDF5 of others is tried by a process of its own: this program, started anew.
xyz-convert --no-history units-bohr.h5 -o foreign.xyz
xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 | xyz-perturb --mode rattle --amplitude 0.05 --seed 1 --no-history > rattled.xyz
# Kernels of OpenBLAS for several processors: LAPACK's eigenvalues, QR and Cholesky.
for kernels in ${KERNELS:-Prescott Nehalem Sandybridge Haswell Zen}; do
  for engine in dense polynomial; do
    OPENBLAS_CORETYPE=$kernels site-entropy -p Si.sw --engine $engine --no-history rattled.xyz > $engine-$kernels.xyz
  done
done
PIPE

# same FOLDER [LEVEL]: what the pipe wrote there are the bytes of the build here; the numbers to nine digits from a build for processors that
# round a product before they add it.
same() {
  local file
  for file in labels.xyz predicted.xyz foreign.xyz $(cd "$folder/here" && ls dense-* polynomial-*); do
    if [ "$(rounds "${2:-${SITEVIB_CPU:-x86-64-v3}}")" != "$(rounds "${SITEVIB_CPU:-x86-64-v3}")" ]; then
      near "$folder/here/$file" "$1/$file" || fail "$file: expected the numbers of the build in $binaries"
    else
      cmp "$folder/here/$file" "$1/$file" || fail "$file: expected the bytes of the build in $binaries"
    fi
  done
}

# rounds LEVEL: how often a build for it rounds a sum and its product.
rounds() { case $1 in x86-64-v3 | x86-64-v4) echo once ;; *) echo twice ;; esac; }

near() {
  python3 - "$1" "$2" <<'PYTHON'
import re, sys

one, other = (re.split(r'[\s="]+', open(name).read()) for name in sys.argv[1:])
assert len(one) == len(other)
for a, b in zip(one, other):
    if a != b:
        a, b = float(a), float(b)
        assert abs(a - b) <= 1e-9 * max(1, abs(a)), (a, b)
PYTHON
}

cp -r "$folder/work" "$folder/here"
(cd "$folder/here" && PATH=$binaries:$PATH sh pipe.sh)

# installed FOLDER: the package there, in whichever root, has what it should.
installed() {
  [ "$(ls "$1/bin" | wc -l)" -eq 20 ] || fail "expected 20 names in bin"
  grep -q '^74 read or write failed' "$1/share/man/man1/site-entropy.1" || fail "expected exit codes in the manual page"
  for library in swift libhdf5-dev liblapacke-dev libstdc++6 zlib1g; do
    [ -s "$1/share/doc/sitevib/terms/$library" ] || fail "expected the terms of $library"
  done
  bash -c "source '$1/share/bash-completion/completions/site-entropy' && complete -p site-entropy" > /dev/null
  outside=$(env -u LD_LIBRARY_PATH ldd "$1/bin/sitevib" "$1"/lib/sitevib/*.so* | grep '=> ' | grep -v "=> $(cd "$1" && pwd -P)/" |
    grep -v '^\s*\(libc\|libm\|libdl\|libpthread\|librt\)\.so' || true)
  [ -z "$outside" ] || fail "libraries from outside the package: $outside"
}

if [ $# -eq 1 ]; then
  level=${SITEVIB_CPU:-x86-64-v3}
  if [ "$level" = x86-64 ]; then level=x86-64-v2; fi
  built=$(dirname "$(readlink -f "$binaries/sitevib")")
  SITEVIB_BUILT=$built SITEVIB_LEVELS=$level SITEVIB_EFFORT=0 "$top/examples/package.sh" "$folder/packages" > "$folder/said"
  mkdir "$folder/unpacked"
  tar -C "$folder/unpacked" -xf "$folder"/packages/sitevib-*.tar.xz
  tree=$(echo "$folder"/unpacked/sitevib-*)
  installed "$tree"
  (cd "$folder/work" && PATH=$tree/bin:$PATH sh pipe.sh)
  same "$folder/work"
  [ "$(du -sk "$tree" | cut -f 1)" -le 40960 ] || fail "expected at most 40 MB with one level, found $(du -sh "$tree" | cut -f 1)"
  rm "$tree/lib/sitevib/$level.so"
  status=0
  "$tree/bin/xyz-table" --version 2> "$folder/said" || status=$?
  [ "$status" -eq 70 ] && grep -q '^xyz-table: expected a build for this processor in ' "$folder/said" || fail "expected exit code 70 and a line"
  dpkg-deb --contents "$folder"/packages/sitevib_*.deb | grep ./usr/share/man/man1/site-entropy.1.gz > /dev/null || fail "expected pages in the .deb"
  echo "package: the labels of $binaries, from $level unpacked"
  exit 0
fi

packages=$(cd "$2" && pwd)
release=${3:-trixie}
need_packages /debootstrap=debootstrap
root=$folder/root
debootstrap --variant=minbase "$release" "$root" > "$folder/log" 2>&1 || { tail -n 3 "$folder/log" >&2; exit 1; }
mount -t proc proc "$root/proc"
cp "$packages"/sitevib-*.tar.xz "$packages"/sitevib_*.deb "$folder/work"/* "$root/root/"
inside() { chroot "$root" /bin/sh -c "cd /root && $1"; }
# The archive, unpacked anywhere, at each level that the processor has.
xz -d "$root"/root/sitevib-*.tar.xz
inside 'tar -xf sitevib-*.tar && mv sitevib-*/ /opt/sitevib'
for level in $(inside 'ls -r /opt/sitevib/lib/sitevib' | sed -n 's/^\(x86-64-v[0-9]\).so$/\1/p'); do
  inside 'rm -f *.xyz && PATH=/opt/sitevib/bin:$PATH sh pipe.sh'
  same "$root/root" "$level"
  echo "package: the labels of this machine from $level in $release"
  inside "mv /opt/sitevib/lib/sitevib/$level.so /root"
done
inside 'mv x86-64-v?.so /opt/sitevib/lib/sitevib'
outside=$(inside 'ldd /opt/sitevib/bin/sitevib /opt/sitevib/lib/sitevib/*.so*' | grep '=> /' | grep -v ' /opt/sitevib/' |
  grep -v '^\s*\(libc\|libm\|libdl\|libpthread\|librt\)\.so' || true)
[ -z "$outside" ] || fail "libraries from outside the package: $outside"
size=$(du -sk "$root/opt/sitevib" | cut -f 1)
[ "$size" -le 81920 ] || fail "expected at most 80 MB, found $size KiB"
# The package of Debian.
inside 'rm -f *.xyz && dpkg -i sitevib_*.deb > /dev/null && sh pipe.sh'
same "$root/root"
inside 'dpkg -L sitevib | grep -q man1/site-entropy.1.gz && bash -c "source /usr/share/bash-completion/completions/site-entropy && complete -p site-entropy" > /dev/null'
echo "package: the archive, $size KiB unpacked, and the package of Debian give the labels of this machine in $release"
