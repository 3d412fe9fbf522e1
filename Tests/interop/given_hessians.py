"""Hessians of LAMMPS, phonopy and ASE instead of a potential: the labels are those of the potential.

    python3 Tests/interop/given_hessians.py .build/release
"""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import ase.io
import numpy as np
from ase.vibrations import VibrationsData

BINARIES = Path(sys.argv[1]).resolve()
POTENTIALS = Path(__file__).resolve().parents[2] / "examples/potentials"
LMP = Path(sys.executable).with_name("lmp")
KINDS = (["relative"], ["absolute"], ["quantum", "--temperature", "300"])


def run(tool, *arguments, data=b"", status=0):
    done = subprocess.run([BINARIES / tool, *map(str, arguments)], input=data, capture_output=True)
    assert done.returncode == status, (tool, arguments, done.returncode, done.stderr.decode())
    return done.stdout, done.stderr.decode()


def labels(*arguments):
    (frame,) = ase.io.read(io.StringIO(run("site-entropy", *arguments)[0].decode()), ":", format="extxyz")
    return frame.arrays["site_entropy"]


def lammps(script):
    Path("in.lammps").write_text(script)
    done = subprocess.run([LMP, "-in", "in.lammps", "-log", "none"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def dynamical_matrices(name, frame, elements, potential, style, binary):
    """Files of LAMMPS for the positions and the reference positions of a frame."""
    files = []
    for place in ("moved", "perfect"):
        atoms = frame.copy()
        if place == "perfect":
            atoms.positions = atoms.arrays["ref_pos"]
        ase.io.write("atoms.data", atoms, format="lammps-data", specorder=elements)
    
        file = f"{name}-{place}-{style}-{binary}.dm"
        weights = "\n".join(
            f"mass {k + 1} {float(atoms.get_masses()[atoms.symbols == e][0])!r}" for k, e in enumerate(elements))
        lammps(f"""units metal
atom_style atomic
atom_modify map array sort 0 0
box tilt large
read_data atoms.data
pair_style sw
pair_coeff * * {potential} {' '.join(elements)}
{weights}
dynamical_matrix all {style} 1e-4 file {file} binary {binary}
""")
        files.append(file)
    return files


def check(name, prototype, elements, constant, potential, supercell):
    built, _ = run("xyz-build", prototype, "--species", *elements, "-a", constant, "--supercell", *supercell)
    text, _ = run("xyz-perturb", "--mode", "rattle", "--amplitude", 0.04, "--seed", 3, data=built)
    Path("frame.xyz").write_bytes(text)
    (frame,) = ase.io.read("frame.xyz", ":")
    truth = {kind[0]: labels("-p", potential, "--kind", *kind, "frame.xyz") for kind in KINDS}
    sources = {}
    styles = (("regular", "yes"), ("eskm", "yes"), ("regular", "no"))
    for style, binary in styles if LMP.exists() else ():
        files = dynamical_matrices(name, frame, elements, potential, style, binary)
        sources[f"LAMMPS {style}, binary {binary}"] = (*files, ["--dynamical-matrix", style, "--quiet"], 1e-6)
    for form, suffix, tolerance in (("bsr", "h5", 1e-10), ("phonopy", "hdf5", 1e-10), ("phonopy-text", "fc", 1e-8), ("ase", "json", 1e-10)):
        files = [f"{name}-{place}.{suffix}" for place in ("moved", "perfect")]
        for file, option in zip(files, ([], ["--reference"])):
            run("hessian", "-p", potential, "--write", form, *option, "-o", file, "frame.xyz")
        sources[form] = (*files, [], tolerance)
    for source, (moved, perfect, options, tolerance) in sources.items():
        worst = {}
        for kind in KINDS:
            reference = ["--reference-hessian", perfect] if kind[0] == "relative" else []
            found = labels("--hessian", moved, *reference, "--kind", *kind, *options, "frame.xyz")
            worst[kind[0]] = np.abs(found - truth[kind[0]]).max()
        print(f"{name} {source:26}" + "".join(f"  {k} {v:.1e}" for k, v in worst.items()) + " k_B")
        assert max(worst.values()) < tolerance, (name, source, worst)


def warnings_and_refusals():
    """A text of eight decimals is said to be one; a file of another cell is named with both sizes."""
    if LMP.exists():
        _, message = run("site-entropy", "--kind", "absolute", "--hessian", "Si-moved-regular-no.dm", "frame-si.xyz")
        assert "warning" in message and "8 decimals" in message, message
    small, _ = run("xyz-build", "diamond", "--species", "Si", "-a", 5.431)
    for file in sorted(Path(".").glob("Si-moved*")):
        _, message = run("site-entropy", "--kind", "absolute", "--hessian", file, data=small, status=65)
        assert file.name in message and " 8 " in message and message.count("\n") == 1, message


def recipe():
    """examples/hessian-from-ase runs; its labels add up to the determinants of its Hessians."""
    example = Path(__file__).resolve().parents[2] / "examples/hessian-from-ase"
    environment = dict(os.environ, PATH=f"{BINARIES}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    subprocess.run(["bash", example / "run.sh", "recipe"], env=environment, check=True, capture_output=True)
    frame = ase.io.read("recipe/labelled.xyz", ":")[0]
    logs = []
    for name in ("rattled", "perfect"):
        hessian = VibrationsData.read(f"recipe/{name}.json").get_hessian_2d()
        roots = np.repeat(frame.get_masses() ** -0.5, 3)
        values = np.linalg.eigvalsh((hessian + hessian.T) / 2 * np.outer(roots, roots))
        logs.append(np.log(np.sort(np.abs(values))[3:]).sum())
    total = -0.5 * (logs[0] - logs[1])
    print(f"recipe with ASE: entropy {frame.info['entropy']:.6f}, from determinants {total:.6f} k_B")
    assert abs(frame.info["entropy"] - total) < 1e-5 and set(frame.arrays["orbit"]) == {0, 3}


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    if not LMP.exists():
        print("its dynamical matrices are skipped: LAMMPS is not installed (Tests/interop/lammps.txt)")
    check("Si", "diamond", ["Si"], 5.431, POTENTIALS / "Si.sw", (2, 2, 2))
    Path("frame.xyz").rename("frame-si.xyz")
    check("CdTe", "zincblende", ["Cd", "Te"], 6.4802, POTENTIALS / "CdTe-Zhou2013.sw", (2, 1, 1))
    warnings_and_refusals()
    recipe()
