"""Vibrational entropies of phonopy 4.10 against those of site-entropy, for a displaced cell of silicon.

    phonopy_entropy.py BINARIES

The same Hessians go to both, through FORCE_CONSTANTS. Classical: phonopy's difference between the
displaced and the perfect cell is the total of kind relative, at any temperature. Quantum: it is the
difference of the totals of kind quantum. Gamma alone, as site-entropy knows nothing else.
"""
import json
import os
import subprocess
import sys
import tempfile

import ase.io
import numpy as np
from phonopy import Phonopy
from phonopy.file_IO import parse_FORCE_CONSTANTS
from phonopy.physical_units import get_physical_units
from phonopy.structure.atoms import PhonopyAtoms

# phonopy's own gas constant in J/K/mol; its units are older than the SI of 2019, which shifts
# quantum entropies by a few 1e-6 k_B.
GAS_CONSTANT = get_physical_units().EvTokJmol * 1000 * get_physical_units().KB
TOLERANCE = 1e-5  # k_B
binaries = os.path.abspath(sys.argv[1])
potential = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/potentials/Si.sw")


def run(line):
    environment = dict(os.environ, PATH=binaries + os.pathsep + os.environ["PATH"])
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line], env=environment, check=True, capture_output=True, text=True
    )


def entropy(frame, force_constants, temperatures, classical):
    """Entropy of the cell in k_B at Gamma without its three acoustic modes."""
    cell = PhonopyAtoms(
        symbols=frame.get_chemical_symbols(), cell=frame.cell.array, positions=frame.arrays["ref_pos"],
        masses=frame.get_masses(),
    )
    phonon = Phonopy(cell, np.eye(3), primitive_matrix=np.eye(3), is_symmetry=False)
    phonon.force_constants = parse_FORCE_CONSTANTS(force_constants)
    phonon.run_mesh([1, 1, 1], is_mesh_symmetry=False)
    phonon.run_thermal_properties(
        temperatures=temperatures, classical=classical, exclude_gamma_acoustic=True)
    return np.asarray(phonon.thermal_properties.entropy) / GAS_CONSTANT


def total(name, *options, source=f"-p '{potential}'"):
    report = run(f"site-entropy {source} --json --no-history {' '.join(options)} {name} 2>&1 >/dev/null")
    return json.loads(report.stdout)["entropy"]


def check(what, ours, theirs):
    difference = abs(ours - theirs)
    print(f"{what:24} site-entropy {ours:.9f}  phonopy {theirs:.9f}  difference {difference:.1e} k_B")
    return difference <= TOLERANCE


temperatures = [100, 300, 1000]
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    run("xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 > perfect.xyz")
    run("xyz-perturb --mode rattle --amplitude 0.05 --seed 4 perfect.xyz > rattled.xyz")
    for name, option in [("rattled", ""), ("perfect", "--reference")]:
        run(f"hessian -p '{potential}' {option} --write phonopy-text rattled.xyz > {name}.fc")
    frame = ase.io.read("rattled.xyz", ":")[0]
    passed = []
    classical = entropy(frame, "rattled.fc", temperatures, True) - entropy(frame, "perfect.fc", temperatures, True)
    relative = total("rattled.xyz")
    for temperature, value in zip(temperatures, classical):
        passed.append(check(f"classical {temperature} K", relative, value))
    files = "--hessian rattled.fc --reference-hessian perfect.fc"
    passed.append(check("classical, its files", total("rattled.xyz", source=files), classical[-1]))
    quantum = entropy(frame, "rattled.fc", temperatures, False) - entropy(frame, "perfect.fc", temperatures, False)
    for temperature, value in zip(temperatures, quantum):
        options = ("--kind", "quantum", "--temperature", str(temperature))
        ours = total("rattled.xyz", *options) - total("perfect.xyz", *options)
        passed.append(check(f"quantum {temperature} K", ours, value))
sys.exit(0 if all(passed) else 1)
