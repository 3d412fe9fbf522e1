"""Writes formats/vectors/hessian/pass: one Hessian of two atoms, as phonopy and ASE write it.

Element (i, j) is 1 / (1 + i + j) - 2 δ_ij in eV/Å², i and j from 0 to 5. Prints nothing and changes no
byte where the files are up to date.

    python3 Tests/interop/generators/hessian_vectors.py
"""

from pathlib import Path

import ase
import numpy as np
import phonopy.file_IO as phonopy
from ase.vibrations import VibrationsData

FOLDER = Path(__file__).parents[3] / "formats/vectors/hessian/pass"


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    i, j = np.indices((6, 6))
    hessian = 1 / (1 + i + j) - 2 * (i == j)
    blocks = hessian.reshape(2, 3, 2, 3)
    constants = blocks.transpose(0, 2, 1, 3)
    phonopy.write_FORCE_CONSTANTS(constants, FOLDER / "FORCE_CONSTANTS")
    phonopy.write_force_constants_to_hdf5(constants, FOLDER / "force_constants.hdf5")
    atoms = ase.Atoms("CdTe", positions=[[0, 0, 0], [1, 2, 3]], cell=[5, 6, 7], pbc=True)
    VibrationsData(atoms, blocks).write(FOLDER / "vibrations.json")


main()
