"""Labels from the shell against independent software, and the way through ASE and back.

    python3 Tests/interop/labels.py .build/release
"""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import ase.io
import numpy as np

TOP = Path(__file__).resolve().parents[2]
VECTORS = TOP / "formats/vectors/site-entropy"
POTENTIALS = TOP / "examples/potentials"
CASES = {"si216": "Si.sw", "cdte64": "CdTe-Wang1989.sw", "gan192": "GaN.sw"}
COLUMNS = ("sublattice", "ref_pos", "site_entropy")


def run(tool, *arguments, data=b""):
    done = subprocess.run([BINARIES / tool, *map(str, arguments)], input=data, capture_output=True)
    assert done.returncode == 0, (tool, arguments, done.stderr.decode())
    return done.stdout


def frames(text):
    return ase.io.read(io.StringIO(text.decode()), ":", format="extxyz")


def known_labels():
    """Every site within 3e-8 k_B, labels stripped first or not."""
    truth = json.loads((VECTORS / "truth.json").read_text())
    for name, potential in CASES.items():
        text = (VECTORS / f"{name}.xyz").read_bytes()
        stripped = io.StringIO()
        for frame in frames(text):
            for column in ("site_entropy", "site_entropy_absolute"):
                frame.arrays.pop(column, None)
            ase.io.write(stripped, frame, format="extxyz")
        for source in (text, stripped.getvalue().encode()):
            for kind in ("relative", "absolute"):
                out = frames(run("site-entropy", "-p", POTENTIALS / potential, "--kind", kind, data=source))
                perfect = None
                if kind == "absolute":
                    crystal = out[0].copy()
                    crystal.positions = crystal.arrays["ref_pos"]
                    bare = io.StringIO()
                    ase.io.write(bare, crystal, format="extxyz")
                    perfect = frames(run("site-entropy", "-p", POTENTIALS / potential, "--kind", kind, data=bare.getvalue().encode()))[0]
                worst = total = 0
                for frame, known in zip(out, truth[name], strict=True):
                    labels = frame.arrays["site_entropy"]
                    if kind == "absolute":
                        if "site_entropy_absolute" not in known:
                            total = max(total, abs(frame.info["entropy"] - perfect.info["entropy"] - known["entropy"]))
                            continue
                        labels = labels - perfect.arrays["site_entropy"]
                    key = "site_entropy" if kind == "relative" else "site_entropy_absolute"
                    worst = max(worst, np.abs(labels - known[key]).max())
                    total = max(total, abs(labels.sum() - known["entropy"]))
                print(f"{name} {kind}: worst site {worst:.1e}, worst total {total:.1e} k_B")
                assert worst < 3e-8 and total < 3e-8, (name, kind)


def through_ase(folder):
    """Our text and our HDF5 in ASE are equal; ASE's rewrite goes back through site-entropy."""
    built = run("xyz-build", "zincblende", "--species", "Cd", "Te", "-a", 6.4802, "--supercell", 2, 2, 2)
    moved = run("xyz-perturb", "--mode", "rattle", "--amplitude", 0.03, "--samples", 3, "--seed", 4, data=built)
    potential = POTENTIALS / "CdTe-Zhou2013.sw"
    labelled = run("site-entropy", "-p", potential, data=moved)
    (folder / "a.xyz").write_bytes(labelled)
    (folder / "a.h5").write_bytes(run("xyz-convert", "-f", "h5", data=labelled))
    text, hdf5 = ase.io.read(folder / "a.xyz", ":"), ase.io.read(folder / "a.h5", ":")
    for left, right in zip(text, hdf5, strict=True):
        assert left.get_chemical_symbols() == right.get_chemical_symbols()
        assert np.array_equal(left.positions, right.positions) and np.array_equal(left.cell, right.cell)
        for column in COLUMNS:
            assert np.array_equal(left.arrays[column], right.arrays[column]), column
    ase.io.write(folder / "b.xyz", text)
    again = frames(run("site-entropy", "-p", potential, folder / "b.xyz"))
    worst = max(np.abs(a.arrays["site_entropy"] - b.arrays["site_entropy"]).max() for a, b in zip(text, again, strict=True))
    print(f"ASE rewrite (8 decimals) through site-entropy: worst site {worst:.1e} k_B")
    assert worst < 3e-8


def same_at_every_pipe(folder):
    """The pipeline of the README through text and through HDF5 at every pipe: the same numbers."""
    built = run("xyz-build", "diamond", "--species", "Si", "-a", 5.431, "--supercell", 2, 2, 2)
    moved = run("xyz-perturb", "--mode", "localized", "--amplitude", 0.05, "--radius", 4, "--samples", 12, "--seed", 1, data=built)
    potential, basis = POTENTIALS / "Si.sw", ("--order", 2, "--degree", 8, "--cutoff", 5.0)
    text = run("ridge", *basis, data=run("site-entropy", "-p", potential, data=moved))
    stage = run("xyz-convert", "-f", "h5", data=moved)
    stage = run("hessian", "-p", potential, data=stage)
    stage = run("site-entropy", data=stage)
    stage = run("ace-features", *basis, data=stage)
    stages = run("ridge", data=stage)
    (folder / "text.h5").write_bytes(text)
    (folder / "stages.h5").write_bytes(stages)
    unseen = run("xyz-perturb", "--mode", "rattle", "--amplitude", 0.03, "--seed", 9, data=built)
    predicted = [frames(run("predict", "-m", folder / name, data=unseen))[0].arrays["site_entropy_pred"] for name in ("text.h5", "stages.h5")]
    through = run("xyz-convert", "-f", "extxyz", data=run("predict", "-m", folder / "text.h5", data=run("xyz-convert", "-f", "h5", data=unseen)))
    worst = np.abs(predicted[0] - predicted[1]).max()
    print(f"pipeline at once against a stage at a time through HDF5: {worst:.1e} k_B")
    assert worst < 1e-9 and np.array_equal(predicted[0], frames(through)[0].arrays["site_entropy_pred"])


BINARIES = Path(sys.argv[1]).resolve()
with tempfile.TemporaryDirectory() as name:
    known_labels()
    through_ase(Path(name))
    same_at_every_pipe(Path(name))
