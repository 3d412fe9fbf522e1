"""examples/python/sitevib_ase.py: labels and predictions on Atoms are those of the commands; errors are exceptions.

    python3 Tests/interop/sitevib_ase.py .build/release
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ase.io
import numpy as np
from ase.build import bulk

BINARIES = Path(sys.argv[1]).resolve()
TOP = Path(__file__).resolve().parents[2]
os.environ["SITEVIB_BIN"] = str(BINARIES)
sys.path.insert(0, str(TOP / "examples/python"))
import sitevib_ase as sitevib

SI = TOP / "examples/potentials/Si.sw"

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    shell = f"""
        set -e; PATH={BINARIES}:$PATH
        xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 > ideal.xyz
        xyz-perturb --mode rattle --amplitude 0.03 --samples 6 --seed 1 ideal.xyz | site-entropy -p {SI} > labelled.xyz
        ridge --quiet --order 2 --degree 6 --cutoff 4.5 labelled.xyz > si.h5
        predict --quiet -m si.h5 labelled.xyz > predicted.xyz"""
    subprocess.run(["bash", "-c", shell], check=True)
    for frame, truth in zip(ase.io.read("labelled.xyz", ":"), ase.io.read("predicted.xyz", ":")):
        atoms = bulk("Si", "diamond", a=5.431, cubic=True) * (2, 2, 2)
        order = np.argmin(((frame.arrays["ref_pos"][None] - atoms.positions[:, None]) ** 2).sum(-1), axis=1)
        atoms.positions = frame.positions[order]
        sitevib.relate(atoms, "ideal.xyz")
        exact = sitevib.label(atoms, SI)
        assert np.abs(exact - frame.arrays["site_entropy"][order]).max() < 1e-9
        assert exact is atoms.arrays["site_entropy"] and abs(atoms.info["entropy"] - exact.sum()) < 1e-9
        model = sitevib.predict(atoms, "si.h5", std=True)
        assert np.abs(model - truth.arrays["site_entropy_pred"][order]).max() < 1e-9
        assert (atoms.arrays["site_entropy_std"] > 0).all()
    quantum = sitevib.label(atoms, SI, kind="quantum", temperature=300)
    assert quantum.min() > 0
    try:
        bare = bulk("Si", cubic=True)
        sitevib.label(bare, SI)
        raise AssertionError("a frame without labels was labelled")
    except sitevib.SitevibError as error:
        assert "ref_pos" in str(error) and "\n" not in str(error), error
    assert len(sitevib.label(atoms, SI)) == 64
    start = time.perf_counter()
    for _ in range(50):
        sitevib.predict(atoms, "si.h5", std=True)
    print(f"sitevib_ase: 6 frames as by the commands; a prediction of 64 atoms {(time.perf_counter() - start) / 50 * 1e3:.1f} ms")
    sitevib.close()
