#!/usr/bin/env bash
# Tries the packages of examples/package.sh in an empty root of another release of Debian, without Swift and without our libraries: the
# first pipe of README.md, a labelled frame against the bytes of this machine's build, manual page and completion.
#   Tests/interop/package.sh FOLDER-OF-PACKAGES FOLDER-OF-BINARIES [RELEASE]      (trixie); as root, with debootstrap
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
packages=$(cd "$1" && pwd)
binaries=$(cd "$2" && pwd)
release=${3:-trixie}
. "$top/examples/setup.sh"
need_packages /debootstrap=debootstrap
root=$(mktemp -d)
trap 'umount "$root/proc" 2> /dev/null || true; rm -rf "$root"' EXIT
debootstrap --variant=minbase "$release" "$root" > "$root.log" 2>&1 || { tail -n 3 "$root.log" >&2; exit 1; }
mount -t proc proc "$root/proc"
cp "$packages"/sitevib-*.tar.xz "$packages"/sitevib_*.deb "$top/examples/potentials/Si.sw" "$root/root/"
cat > "$root/root/pipe.sh" <<'PIPE'
set -eu
xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 |
  xyz-perturb --mode localized --amplitude 0.05 --radius 5 --samples 2 --seed 1 |
  site-entropy -p Si.sw --no-history > labels.xyz
ridge --order 2 --degree 6 --cutoff 4 --quiet labels.xyz > model.h5
predict -m model.h5 labels.xyz --quiet --no-history > predicted.xyz
PIPE
inside() { chroot "$root" /bin/sh -c "cd /root && $1"; }
# The archive, unpacked anywhere.
chroot "$root" /bin/sh -c 'command -v xz > /dev/null' || xz -d "$root"/root/sitevib-*.tar.xz
inside 'tar -xf sitevib-*.tar* && mv sitevib-*/ /opt/sitevib && PATH=/opt/sitevib/bin:$PATH sh pipe.sh'
(cd "$root/root" && mkdir here && cp Si.sw pipe.sh here && cd here && PATH=$binaries:$PATH sh pipe.sh)
cmp "$root/root/labels.xyz" "$root/root/here/labels.xyz"
outside=$(inside 'ldd /opt/sitevib/lib/sitevib/*/sitevib' | grep '=> /' | grep -v ' /opt/sitevib/' |
  grep -v '^\s*\(libc\|libm\|libdl\|libpthread\|librt\)\.so' || true)
[ -z "$outside" ] || { echo "package.sh: libraries from outside the package: $outside" >&2; exit 1; }
# The package of Debian.
inside 'rm labels.xyz && dpkg -i sitevib_*.deb > /dev/null && sh pipe.sh'
cmp "$root/root/labels.xyz" "$root/root/here/labels.xyz"
inside 'dpkg -L sitevib | grep -q man1/site-entropy.1.gz && bash -c "source /usr/share/bash-completion/completions/site-entropy && complete -p site-entropy" > /dev/null'
echo "package: the archive and the package of Debian give the labels of this machine in $release"
