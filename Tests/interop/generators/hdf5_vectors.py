"""Writes formats/vectors/h5md: files of other programs that we read (pass), and files that we refuse
(fail), each with the message in a file beside it, `.error`, written by hand. fail/damaged-heap.h5 is
older: a file of znh5md with changed bytes, on which HDF5 1.10.8 never ended.

    python3 Tests/interop/generators/hdf5_vectors.py
"""

from pathlib import Path

import ase
import h5py
import numpy as np
import znh5md

FOLDER = Path(__file__).parents[3] / "formats/vectors/h5md"
POSITION = "particles/all/position/value"
DATA = np.arange(12.0).reshape(2, 2, 3) / 8


def znh5md_file(path):
    """Frames of 3 and 2 atoms; one key in the second alone; integers that become reals."""
    frames = []
    for n in (3, 2):
        atoms = ase.Atoms("CdTeSi"[: 2 * n], positions=np.arange(3.0 * n).reshape(n, 3) / 7)
        atoms.cell, atoms.pbc = np.diag([5.0, 6, 7]), [True, True, False]
        atoms.arrays["sublattice"] = np.arange(n)
        atoms.arrays["name"] = np.array([f"a{i}" for i in range(n)])
        atoms.info.update(split="train", seed=n)
        if n == 2:
            atoms.info["weight"] = 0.1
        frames.append(atoms)
    path.unlink(missing_ok=True)
    znh5md.IO(path, store="linear").extend(frames)


def by_hand(name, change, **options):
    """A small H5MD file that another program might write, changed in one way."""
    with h5py.File(FOLDER / name, "w", **options) as file:
        file[POSITION] = DATA
        file["particles/all/species"] = [14, 14]
        file["particles/all/box/edges"] = [5.0, 6.0, 7.0]
        file["particles/all/box"].attrs["boundary"] = ["periodic", "none", "periodic"]
        change(file)


def instead(name, make):
    def change(file):
        del file[POSITION]
        make(file)

    by_hand(name, change)


def big_endian(file):
    del file[POSITION]
    file[POSITION] = DATA.astype(">f4")
    file["particles/all/label/value"] = np.arange(4).reshape(2, 2).astype(">i2")
    file["observables/all/note/value"] = np.array([b"one", b"two"])
    file["observables/other/value"] = [0.5]


def virtual(file):
    whole = h5py.VirtualLayout((2, 2, 3), "f8")
    whole[:] = h5py.VirtualSource("other.h5", "data", (2, 2, 3))
    file.create_virtual_dataset(POSITION, whole)


def main():
    for kind in ("pass", "fail"):
        (FOLDER / kind).mkdir(parents=True, exist_ok=True)
    znh5md_file(FOLDER / "pass/znh5md.h5")
    by_hand("pass/big-endian.h5", big_endian)
    soft, outside = h5py.SoftLink("/particles/all/species"), h5py.ExternalLink("/etc/passwd", "/")
    instead("fail/soft-link.h5", lambda f: f.__setitem__(POSITION, soft))
    instead("fail/external-link.h5", lambda f: f.__setitem__(POSITION, outside))
    storage = [("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
    instead(
        "fail/external-storage.h5",
        lambda f: f.create_dataset(POSITION, (1, 1, 3), "f8", external=storage),
    )
    instead("fail/virtual.h5", virtual)
    instead("fail/lzf.h5", lambda f: f.create_dataset(POSITION, data=DATA, compression="lzf"))
    instead("fail/complex.h5", lambda f: f.create_dataset(POSITION, data=DATA.astype("c16")))
    instead("fail/two-components.h5", lambda f: f.create_dataset(POSITION, data=DATA[:, :, :2]))
    instead(
        "fail/declared-only.h5",
        lambda f: f.create_dataset(POSITION, (10**12, 2, 3), "f8", chunks=(1, 2, 3)),
    )
    instead(
        "fail/unwritten-chunk.h5",
        lambda f: f.create_dataset(POSITION, (2, 2, 3), "f8", chunks=(1, 2, 3)).__setitem__(0, 1.0),
    )
    by_hand("fail/no-species.h5", lambda f: f.pop("particles/all/species"))
    by_hand("fail/short-charge.h5", lambda f: f.__setitem__("particles/all/charge/value", [[1.0]]))
    by_hand("fail/element-0119.h5", lambda f: f["particles/all/species"].__setitem__(1, 119))
    by_hand("fail/bad-name.h5", lambda f: f.__setitem__("particles/all/x\033[31m/value", DATA))


main()
