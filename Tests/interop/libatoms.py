"""libAtoms' C parser reads what we write, and we read what it writes, with every label.

    libatoms.py FOLDER_OF_THE_TOOLS
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from extxyz import cextxyz, core

tools = pathlib.Path(sys.argv[1]).resolve()
top = pathlib.Path(__file__).resolve().parents[2]


def run(tool, *arguments, output=None):
    command = [tools / tool, *arguments] + (["--output", output] if output else [])
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{tool}: exit code {done.returncode}\n{done.stderr}"
    return done.stdout


def read(path):
    """[(info, arrays)] by libAtoms."""
    handle, frames = cextxyz.cfopen(str(path), "r"), []
    try:
        while True:
            count, info, arrays = cextxyz.read_frame_dicts(handle)
            assert all(len(a) == count for a in arrays.values())
            frames.append((info, arrays))
    except EOFError:
        return frames
    finally:
        cextxyz.cfclose(handle)


def same(a, b, where):
    assert set(a) == set(b), f"{where}: {sorted(set(a) ^ set(b))}"
    for name in a:
        x, y = np.asarray(a[name]), np.asarray(b[name])
        assert x.shape == y.shape and (x == y).all(), f"{where}: {name} differs"


with tempfile.TemporaryDirectory() as folder:
    ours, theirs, back = (pathlib.Path(folder) / name for name in ("ours.xyz", "theirs.xyz", "back.xyz"))
    run("xyz-build", "zincblende", "--species", "Cd", "Te", "-a", "6.478", "--supercell", "2", "2", "2", output=ours)
    run("xyz-perturb", "--mode", "localized", "--amplitude", "0.05", "--radius", "4", "--samples", "3", "--seed", "5", ours, output=back)
    run("site-entropy", "--potential", top / "examples/potentials/CdTe-Wang1989.sw", back, output=ours)
    frames = read(ours)
    assert len(frames) == 3, f"libAtoms reads {len(frames)} frames of 3"
    for name in "sublattice", "orbit", "cell_index", "ref_pos", "site_entropy":
        assert all(name in arrays for _, arrays in frames), f"libAtoms does not see {name}"
    for info, arrays in frames:
        assert abs(np.sum(arrays["site_entropy"]) - info["entropy"]) < 1e-10

    # What libAtoms writes again, we read again: the same values, by its parser and by ours.
    core.write_dicts(str(theirs), core.read_dicts(str(ours)))
    again = read(theirs)
    run("xyz-convert", theirs, output=back)
    for (_, a), (_, b), (_, c) in zip(frames, again, read(back), strict=True):
        same(b, c, "libAtoms' file through xyz-convert")
        for name in "sublattice", "orbit", "cell_index":
            assert (np.asarray(a[name]) == np.asarray(b[name])).all(), name
        for name in "pos", "ref_pos", "site_entropy":
            worst = np.abs(np.asarray(a[name]) - np.asarray(b[name])).max()
            assert worst < 1e-7, f"{name}: libAtoms writes it off by {worst}"
print("libAtoms: 3 frames there and back, every label")
