"""A frame coloured by site entropy, with ASE's plotting and matplotlib.

    python3 examples/python/colour.py labelled.xyz picture.png [COLUMN]

Shows the atoms of the layer around the displaced core (key perturb_center, else the middle of the cell) from above.
"""

import sys

import ase.io
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from ase.visualize.plot import plot_atoms

source, picture = sys.argv[1:3]
column = sys.argv[3] if len(sys.argv) > 3 else "site_entropy"
atoms = ase.io.read(source, ":")[0]
center = np.asarray(atoms.info.get("perturb_center", atoms.cell.sum(axis=0) / 2), dtype=float)

# The core moves to the middle of the cell, and a layer 6 Å thick around it is kept.
atoms.positions += atoms.cell.sum(axis=0) / 2 - center
atoms.wrap()
layer = atoms[np.abs(atoms.positions[:, 2] - atoms.cell.sum(axis=0)[2] / 2) < 3]
values = layer.arrays[column]

limit = np.abs(values).max()
scale = matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(-limit, limit), "RdBu_r")
figure, axes = plt.subplots(figsize=(7.2, 6), dpi=110)
plot_atoms(layer, axes, radii=0.7, colors=scale.to_rgba(values))
axes.set(xlabel="x (Å)", ylabel="y (Å)", title=f"{column} of {len(layer)} of {len(atoms)} atoms")
figure.colorbar(scale, ax=axes, label=f"{column} ($k_B$)")
figure.tight_layout()
# Without the version of matplotlib in the file: equal frames give equal bytes.
figure.savefig(picture, metadata={"Software": None})
