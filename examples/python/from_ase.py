"""Site entropies for users of ASE: atoms to the tools and back to arrays, through files and through pipes.

    python3 examples/python/from_ase.py [FOLDER_OF_THE_TOOLS]

The tools read and write the extended XYZ that ASE writes and reads. They need to know the perfect crystal behind a frame: the array ref_pos (where each atom
belongs, in Å) and the array sublattice (which site of the primitive cell it is, counted from 0).
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

import ase.io
import numpy as np
from ase.build import bulk

POTENTIAL = Path(__file__).resolve().parents[1] / "potentials/Si.sw"
TOOLS = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / ".build/release"


def tool(name, *options, frames=None, text=None):
    """Runs a tool with ASE frames on its standard input; returns what it writes."""
    if frames is not None:
        buffer = io.StringIO()
        ase.io.write(buffer, frames, format="extxyz")
        text = buffer.getvalue().encode()
    done = subprocess.run([TOOLS / name, *map(str, options)], input=text, stdout=subprocess.PIPE, check=True)
    return done.stdout


def frames_of(text):
    """Frames of extended XYZ, a list of ase.Atoms. Always with ':', or ASE takes the last frame only."""
    return ase.io.read(io.StringIO(text.decode()), ":", format="extxyz")


# 1. ASE to the tools: a crystal, its labels, displaced copies.
crystal = bulk("Si", "diamond", a=5.431) * (4, 4, 4)
crystal.arrays["ref_pos"] = crystal.positions.copy()
crystal.arrays["sublattice"] = np.arange(len(crystal)) % 2
displaced = []
for seed in range(24):
    atoms = crystal.copy()
    atoms.rattle(stdev=0.03, seed=seed)
    displaced.append(atoms)
labelled = frames_of(tool("site-entropy", "--potential", POTENTIAL, frames=displaced))

# 2. The tools to ASE: columns are arrays, keys are info.
for atoms in labelled:
    assert abs(atoms.arrays["site_entropy"].sum() - atoms.info["entropy"]) < 1e-9
print(f"first frame: S = {labelled[0].info['entropy']:.4f} k_B, of a site {labelled[0].arrays['site_entropy'].std():.4f} k_B around its mean")

with tempfile.TemporaryDirectory() as folder:
    # 3. Through files: a model learned from 18 frames, ASE writing what ridge reads.
    ase.io.write(f"{folder}/train.xyz", labelled[:18])
    subprocess.run([TOOLS / "ridge", "--order", "2", "--degree", "12", "--cutoff", "5", "--weight-l", "0.75", "--quiet", "-o", f"{folder}/si.h5", f"{folder}/train.xyz"],
                   check=True)
    # 4. The other frames over a pipe, and a whole pipeline of two tools without a file between them.
    predicted = frames_of(tool("predict", "--model", f"{folder}/si.h5", "--std", "--quiet", frames=labelled[18:]))
    strained = frames_of(tool("predict", "--model", f"{folder}/si.h5", "--quiet",
                              text=tool("xyz-perturb", "--mode", "localized", "--amplitude", 0.03, "--radius", 4, "--samples", 2, frames=crystal)))

exact = np.concatenate([atoms.arrays["site_entropy"] for atoms in predicted])
model = np.concatenate([atoms.arrays["site_entropy_pred"] for atoms in predicted])
explained = 1 - ((model - exact) ** 2).mean() / exact.var()
print(f"{len(exact)} sites of frames not seen: R² = {explained:.4f}, RMSE = {np.sqrt(((model - exact) ** 2).mean()):.1e} k_B")
print("localized: predicted totals", " ".join(f"{atoms.info['entropy_pred']:.4f}" for atoms in strained), "k_B")
assert explained > 0.9 and all(np.isfinite(atoms.arrays["site_entropy_pred"]).all() for atoms in strained)
