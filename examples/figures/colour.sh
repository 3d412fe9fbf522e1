#!/usr/bin/env bash
# A cell of CdTe with a displaced core, coloured by exact site entropy: what an ASE user does with a labelled frame (examples/python/colour.py).
# And the vacancy of README.md: what each atom around it adds to its formation entropy.
#   examples/figures/colour.sh [--quick] [FOLDER]     results go to FOLDER (default: colour); PYTHON names the Python that has ASE and matplotlib
# colour.tsv: atom, species, distance from the centre (Å), site entropy (k_B).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
begin_figure colour "$@"

if [ "$quick" = 1 ]; then cells=3; else cells=5; fi
xyz-build zincblende --species Cd Te -a 6.50642 --supercell $cells $cells $cells |
  xyz-perturb --mode localized --amplitude 0.06 --radius 6 --seed 5 |
  site-entropy --potential "$potentials/CdTe-Wang1989.sw" > labelled.xyz
xyz-table --columns atom,species,center_distance,site_entropy labelled.xyz > colour.tsv
if [ "$quick" = 1 ]; then cells=2; else cells=4; fi
xyz-build diamond --species Si -a 5.431 --supercell $cells $cells $cells | xyz-defect --vacancy center |
  xyz-relax --potential "$potentials/Si.sw" --push inward |
  site-entropy --potential "$potentials/Si.sw" --kind formation > vacancy.xyz
python=${PYTHON:-python3}
if ! "$python" -c 'import ase, matplotlib' 2> /dev/null; then
  echo "colour.sh: no picture: $python has no ASE or no matplotlib (pip install ase); wrote labelled.xyz and colour.tsv in $PWD" >&2
  exit 0
fi
"$python" "$figures/../python/colour.py" labelled.xyz colour.png
"$python" "$figures/../python/colour.py" vacancy.xyz vacancy.png
echo "Wrote labelled.xyz, colour.tsv, vacancy.xyz, colour.png and vacancy.png in $PWD" >&2
