"""Writes perfect.xyz, a cell of Cu3Au at the lattice constant of EMT, and rattled.xyz, the same displaced by 0.05 Å."""

import ase.io
from ase.calculators.emt import EMT
from ase.spacegroup import crystal


def cu3au(a):
    atoms = crystal(["Au", "Cu"], [(0, 0, 0), (0, 0.5, 0.5)], spacegroup=221, cellpar=[a, a, a, 90, 90, 90])
    atoms.calc = EMT()
    return atoms


best = min((3.6 + 0.005 * k for k in range(60)), key=lambda a: cu3au(a).get_potential_energy())
perfect = cu3au(best).repeat(2)
ase.io.write("perfect.xyz", perfect)
rattled = perfect.copy()
rattled.rattle(0.05, seed=1)
ase.io.write("rattled.xyz", rattled)
