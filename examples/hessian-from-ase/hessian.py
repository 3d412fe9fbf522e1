"""hessian.py FRAME OUTPUT: the Hessian under a calculator of ASE by central differences, as ASE's VibrationsData."""

import sys

import ase.io
import numpy as np
from ase.calculators.emt import EMT
from ase.vibrations import VibrationsData

atoms, step = ase.io.read(sys.argv[1], 0), 1e-3
atoms.calc = EMT()  # any calculator with forces
hessian = np.zeros((len(atoms), 3, len(atoms), 3))
for i, a in np.ndindex(len(atoms), 3):
    for sign in (1, -1):
        atoms.positions[i, a] += sign * step
        hessian[i, a] -= sign * atoms.get_forces() / (2 * step)
        atoms.positions[i, a] -= sign * step
VibrationsData(atoms, (hessian + hessian.transpose(2, 3, 0, 1)) / 2).write(sys.argv[2])
