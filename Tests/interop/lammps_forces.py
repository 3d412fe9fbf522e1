"""Hessians from forces of LAMMPS: against our analytic ones, and against LAMMPS' own dynamical_matrix.

    python3 Tests/interop/lammps_forces.py .build/release [--whole]

--whole compares all atoms where dynamical_matrix takes minutes.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import ase.io
import h5py
import numpy as np
import scipy.sparse as sp

BINARIES = Path(sys.argv[1]).resolve()
POTENTIALS = Path(__file__).resolve().parents[2] / "examples/potentials"
WHOLE = "--whole" in sys.argv
LMP = Path(sys.executable).with_name("lmp")


def run(tool, *arguments, data=b"", status=0, path=None):
    environment = dict(os.environ, PATH=path or f"{LMP.parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run([BINARIES / tool, *map(str, arguments)], input=data, capture_output=True, env=environment)
    assert done.returncode == status, (tool, arguments, done.returncode, done.stderr.decode())
    return done.stdout, done.stderr.decode()


def hessian(file, name="0"):
    with h5py.File(file) as store:
        g = store[f"sitevib/hessian/{name}"]
        return sp.bsr_matrix((g["data"][:], g["indices"][:], g["indptr"][:]), shape=g.attrs["shape"]).toarray()


def from_lammps(commands, frame, output, *options):
    _, report = run("hessian", "--lammps", commands, "--json", "-o", output, *options, frame)
    return json.loads(report)


def relative(left, right):
    return np.abs(left - right).max() / np.abs(right).max()


def built(prototype, species, constant, supercell, amplitude, *options):
    text, _ = run("xyz-build", prototype, "--species", *species, "-a", constant, "--supercell", *supercell, *options)
    moved, _ = run("xyz-perturb", "--mode", "rattle", "--amplitude", amplitude, "--seed", 2, data=text)
    return moved


def turned(text, matrix):
    """The frame with all its vectors multiplied by a matrix."""
    (atoms,) = ase.io.read(io.StringIO(text.decode()), ":", format="extxyz")
    moved = atoms.copy()
    moved.set_cell(atoms.cell.array @ matrix)
    moved.positions = atoms.positions @ matrix
    moved.arrays["ref_pos"] = atoms.arrays["ref_pos"] @ matrix
    out = io.StringIO()
    ase.io.write(out, moved, format="extxyz")
    return out.getvalue().encode()


def stillinger_weber():
    """Any cell in any position: the analytic Hessians and the labels they give."""
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    if np.linalg.det(rotation) < 0:
        rotation = -rotation
    cubic = built("zincblende", ["Cd", "Te"], 6.4802, (2, 2, 1), 0.04)
    primitive = built("zincblende", ["Cd", "Te"], 6.4802, (3, 2, 3), 0.04, "--primitive")
    potential = POTENTIALS / "CdTe-Zhou2013.sw"
    cases = {"conventional": cubic, "primitive": primitive, "turned": turned(primitive, rotation), "left-handed": turned(primitive, -rotation)}
    for name, text in cases.items():
        Path("frame.xyz").write_bytes(text)
        run("hessian", "-p", potential, "-o", "exact.h5", "frame.xyz")
        report = from_lammps(f"pair_style sw; pair_coeff * * {potential} Te Cd", "frame.xyz", "found.h5")
        errors = [relative(hessian("found.h5", k), hessian("exact.h5", k)) for k in ("0", "reference")]
        labels = [ase.io.read(io.StringIO(run("site-entropy", "-f", "extxyz", f)[0].decode()), format="extxyz").arrays["site_entropy"] for f in ("exact.h5", "found.h5")]
        worst = np.abs(labels[0] - labels[1]).max()
        style = f"pair_style sw; pair_coeff * * {potential} Te Cd"
        ours, theirs = (ase.io.read(io.StringIO(run("xyz-energy", *source, "frame.xyz")[0].decode()), format="extxyz") for source in (("-p", potential), ("--lammps", style)))
        for quantity in ("get_potential_energy", "get_forces", "get_stress"):
            left, right = (np.array(getattr(atoms, quantity)()) for atoms in (ours, theirs))
            assert np.abs(left - right).max() < 1e-11 * max(1, np.abs(left).max()), (name, quantity)
        print(f"CdTe {name}: Hessians to {max(errors):.1e}, labels to {worst:.1e} k_B, asymmetry {report['asymmetry']:.1e}")
        assert max(errors) < 1e-7 and worst < 1e-6 and report["asymmetry"] < 1e-6, (name, errors, worst)
    run("hessian", "--reference", "-p", potential, "-o", "exact.h5", "frame.xyz")
    report = from_lammps(f"pair_style sw; pair_coeff * * {potential} Te Cd", "frame.xyz", "found.h5", "--reference")
    assert report["force_calls"] == 12 and relative(hessian("found.h5"), hessian("exact.h5")) < 1e-7
    run("hessian", "-p", potential, "--write", "phonopy-text", "-o", "exact.fc", "frame.xyz")
    run("hessian", "--lammps", f"pair_style sw; pair_coeff * * {potential} Te Cd", "--write", "phonopy-text", "-o", "found.fc", "frame.xyz")
    assert relative(*(np.array(Path(f).read_text().split(), float) for f in ("found.fc", "exact.fc"))) < 1e-7


def dynamical_matrix(frame, elements, commands, atoms):
    """Blocks between some atoms under unit masses, by LAMMPS itself."""
    (structure,) = ase.io.read(frame, ":")
    ase.io.write("atoms.data", structure, format="lammps-data", specorder=elements)
    lines = "\n".join(c.strip() for c in commands.split(";"))
    masses = "\n".join(f"mass {k + 1} 1.0" for k in range(len(elements)))
    Path("in.lammps").write_text(f"""units metal
atom_style atomic
atom_modify map array sort 0 0
read_data atoms.data
{lines}
{masses}
group some id {' '.join(str(a + 1) for a in atoms)}
dynamical_matrix some regular 1e-4 file dm.bin binary yes
""")
    subprocess.run([LMP, "-in", "in.lammps", "-log", "none"], check=True, capture_output=True)
    n = 3 * len(atoms)
    matrix = np.fromfile("dm.bin").reshape(n, n)
    return (matrix + matrix.T) / 2


def against_lammps(name, text, elements, style, file, fraction, count=None, more=""):
    """`more`: words of pair_coeff between the file and the elements. `count`: atoms of dynamical_matrix, which is slow; all if None."""
    folder = next(Path(sys.prefix).glob("lib/python3*/site-packages/lammps/share/lammps/potentials"))
    Path("frame.xyz").write_bytes(text)
    commands = f"pair_style {style}; pair_coeff * * {folder / file} {more} {' '.join(elements)}"
    report = from_lammps(commands, "frame.xyz", "found.h5")
    total = report["atoms"]
    # A ball of atoms around the first: all blocks between them.
    (structure,) = ase.io.read("frame.xyz", ":")
    atoms = np.sort(np.argsort(structure.get_distances(0, range(total), mic=True))[: count or total])
    rows = (3 * atoms[:, None] + np.arange(3)).ravel()
    error = relative(hessian("found.h5")[np.ix_(rows, rows)], dynamical_matrix("frame.xyz", elements, commands, atoms))
    calls = report["force_calls"]
    print(f"{name}, {total} atoms: {calls} force calls (dynamical_matrix {6 * total}), {len(atoms)} atoms agree to {error:.1e}, range {report['range']:.2f} Å")
    assert error < 1e-5 and calls <= fraction * 6 * total, (name, error, calls)


def refused():
    text = built("diamond", ["Si"], 5.431, (1, 1, 1), 0.01)
    sw = f"pair_coeff * * {POTENTIALS / 'Si.sw'} Si"
    for arguments, status, words, path in (
        ([f"pair_style sw; {sw}"], 70, "'lmp' in PATH", "/nowhere"),
        ([f"pair_style swx; {sw}"], 70, "ERROR: Unrecognized pair style 'swx'", None),
        (["pair_style sw; pair_coeff * * absent.sw Si"], 70, "cannot open sw potential file absent.sw", None),
        (["pair_style sw; pair_coeff * * absent.sw Ge"], 65, "expected one of the types Ge, found 'Si'", None),
        ([f"pair_style sw; {sw}", "--range", "2.5"], 70, "range 2.5 Å: expected no force to change", None),
        ([f"pair_style sw; {sw}", "--lmp", "/bin/true"], 70, "/bin/true", None),
        (["pair_coeff * * Si.sw Si"], 64, "pair_style", None),
        ([f"units real; pair_style sw; {sw}"], 64, "units", None),
        ([f"pair_style sw; {sw}", "-p", "Si.sw"], 64, "--potential", None),
    ):
        _, message = run("hessian", "--lammps", *arguments, "-o", "none.h5", data=text, status=status, path=path)
        assert words in message and message.count("\n") == 1, message
        assert not Path("none.h5").exists()


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    if not LMP.exists():
        sys.exit(print("skipped: LAMMPS is not installed (Tests/interop/lammps.txt)"))
    stillinger_weber()
    against_lammps("SiC, Tersoff", built("zincblende", ["Si", "C"], 4.36, (3, 3, 3), 0.01), ["Si", "C"], "tersoff", "SiC.tersoff", 1)
    against_lammps("SiC, Tersoff", built("zincblende", ["Si", "C"], 4.36, (5, 5, 5), 0.01), ["Si", "C"], "tersoff", "SiC.tersoff", 0.1, None if WHOLE else 30)
    silicon = built("diamond", ["Si"], 5.431, (5, 5, 5), 0.03)
    against_lammps("Si, MEAM", silicon, ["Si"], "meam", "library.meam", 0.1, None if WHOLE else 30, "Si NULL")
    against_lammps("NiAl, EAM", built("cscl", ["Ni", "Al"], 2.88, (3, 3, 3), 0.03), ["Ni", "Al"], "eam/alloy", "NiAlH_jea.eam.alloy", 1.1)
    refused()
