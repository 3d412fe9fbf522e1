"""Checks our HDF5 files with h5py, ASE, znh5md and MDAnalysis, theirs with our reader, and that
hostile files are refused.

    python3 Tests/interop/hdf5.py .build/release
"""

import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import ase
import ase.io
import h5py
import numpy as np
import znh5md

warnings.filterwarnings("ignore")
BIN = Path(sys.argv[1]).resolve()
REFUSED = 65  # the input breaks its format
COLUMNS = ["sublattice", "cell_index", "ref_pos", "site_entropy", "core"]


def run(tool, *arguments, data=None):
    """The standard output of a tool of ours, which must succeed."""
    done = subprocess.run(
        [BIN / tool, *map(str, arguments)], input=data, capture_output=True, timeout=60
    )
    assert done.returncode == 0, f"{tool}: {done.returncode}: {done.stderr.decode()}"
    return done.stdout


def refuses(path, words=""):
    """Our reader ends with one line on standard error, that holds `words`."""
    done = subprocess.run(
        [BIN / "xyz-convert", "-f", "extxyz", path], capture_output=True, timeout=60
    )
    message = done.stderr.decode()
    assert done.returncode == REFUSED, f"{path}: exit {done.returncode}: {message}"
    assert message.count("\n") == 1 and words in message, f"{path}: {message}"


def sample(path, counts=(8, 8, 8)):
    """Frames of ours with labels, as extended XYZ."""
    random.seed(1)
    with open(path, "w") as file:
        for index, n in enumerate(counts):
            keys = f'config_id=cdte-{index} split=train seed={42 + index} entropy={0.1 / (index + 1)}'
            keys += ' sublattice_names="Cd Te" perturb_center=[1.5, 2.5, 3.5] stable=T'
            lattice = "6.482 0.0 0.0 0.1 6.482 0.0 0.0 0.2 6.482"
            properties = "species:S:1:pos:R:3:sublattice:I:1:cell_index:I:3:ref_pos:R:3"
            properties += ":site_entropy:R:1:core:L:1"
            file.write(f'{n}\nLattice="{lattice}" Properties={properties} pbc="T T F" {keys}\n')
            for i in range(n):
                r = [random.gauss(0, 3) for _ in range(7)]
                file.write(
                    f"{('Cd', 'Te')[i % 2]} {r[0]!r} {r[1]!r} {r[2]!r} {i % 2} {i} {-i} 0 "
                    f"{r[3]!r} {r[4]!r} {r[5]!r} {r[6]!r} {'TF'[i % 2]}\n"
                )


def same(left, right, columns=COLUMNS, keys=True):
    assert len(left) == len(right)
    for a, b in zip(left, right):
        assert (a.numbers == b.numbers).all()
        assert a.positions.tobytes() == b.positions.tobytes()
        assert a.cell.array.tobytes() == b.cell.array.tobytes()
        assert (a.pbc == b.pbc).all()
        for name in columns:
            assert a.arrays[name].shape == b.arrays[name].shape, name
            assert (a.arrays[name] == b.arrays[name]).all(), name
        if keys:
            # Files whose frames differ in size say so.
            assert set(a.info) == set(b.info) - {"natoms"}, (a.info, b.info)
            for name, value in a.info.items():
                assert np.all(value == b.info[name]), (name, value, b.info[name])


def text_and_back(folder):
    for counts in [(8, 8, 8), (8, 2, 5)]:
        xyz, h5 = folder / "frames.xyz", folder / "frames.h5"
        sample(xyz, counts)
        first = run("xyz-convert", "--no-history", xyz)
        run("xyz-convert", "--no-history", xyz, "-o", h5)
        assert run("xyz-convert", "--no-history", "-f", "extxyz", h5) == first
        assert run("xyz-convert", "--no-history", h5) == h5.read_bytes(), "bytes differ"
        for reader in (ase.io.read(h5, ":"), znh5md.IO(h5)[:]):
            same(ase.io.read(xyz, ":"), reader)


def layout(h5):
    with h5py.File(h5) as file:
        assert list(file["h5md"].attrs["version"]) == [1, 1]
        group = file["particles/trajectory"]
        assert group["position/value"].shape == (3, 8, 3)
        assert group["position/value"].fletcher32 and group["position/value"].shuffle
        assert group["position/value"].maxshape == (None, None, None)
        assert group["position/value"].attrs["unit"] == "Angstrom"
        assert group["site_entropy"].attrs["ASE_ENTRY_ORIGIN"] == "arrays"
        assert group["site_entropy/value"].attrs["unit"] == "kB"
        assert group["core/value"].dtype == bool
        assert group["species/value"].dtype == np.int32
        assert group["box"].attrs["dimension"] == 3
        assert list(group["box"].attrs["boundary"]) == [b"periodic", b"periodic", b"none"]
        for name in ["species", "sublattice", "box/edges", "box/pbc"]:
            assert group[name + "/step"] == group["position/step"], "not one dataset"
        observables = file["observables/trajectory"]
        assert observables["entropy/value"].dtype == np.float64
        assert observables["seed/value"].dtype == np.int32
        assert observables["split/value"].asstr()[0] == '"train"'
        assert observables["site_entropy"] == group["site_entropy"]


def mdanalysis(h5, xyz):
    import MDAnalysis

    universe = MDAnalysis.Universe.empty(8, trajectory=True)
    universe.load_new(str(h5), format="H5MD")
    frames = ase.io.read(xyz, ":")
    assert len(universe.trajectory) == len(frames)
    for step, frame in zip(universe.trajectory, frames):
        # It keeps single precision.
        assert np.allclose(step.positions, frame.positions, rtol=1e-6)
        assert (step.data["trajectory/site_entropy"] == frame.arrays["site_entropy"]).all()


def theirs(folder):
    """What znh5md wrote, in its ways, is what we read."""
    frames = []
    for n in (4, 2, 3):
        atoms = ase.Atoms("CdTe" * (n // 2) + "Si" * (n % 2), positions=np.random.rand(n, 3))
        atoms.cell, atoms.pbc = np.diag([5.0, 6, 7]) + 0.1, [True, True, False]
        atoms.arrays["sublattice"] = np.arange(n) % 2
        atoms.arrays["ref_pos"] = atoms.positions.round(1)
        atoms.arrays["name"] = np.array([f"a{i}" for i in range(n)])
        atoms.info.update(split="train", seed=n, weight=0.1 * n, stable=True)
        if n == 2:
            atoms.info["extra"] = 1.5
        frames.append(atoms)
    for options in [{}, {"store": "time"}, {"compression": None}, {"particles_group": "other"}]:
        h5, xyz = folder / "znh5md.h5", folder / "znh5md.xyz"
        h5.unlink(missing_ok=True)
        io = znh5md.IO(h5, **options)
        io.extend(frames[:2])
        io.append(frames[2])
        run("xyz-convert", "--no-history", h5, "-o", xyz)
        read = ase.io.read(xyz, ":")
        same(frames, read, ["sublattice", "ref_pos", "name"], keys=False)
        for a, b in zip(frames, read):
            assert a.info["split"] == b.info["split"] and a.info["seed"] == b.info["seed"]
            assert a.info["weight"] == b.info["weight"] and ("extra" in b.info) == (len(a) == 2)


def by_hand(path, change=lambda file: None, **options):
    """A small H5MD file that another program might write, changed in one way."""
    with h5py.File(path, "w", **options) as file:
        file["particles/all/position/value"] = np.arange(12.0).reshape(2, 2, 3) / 7
        file["particles/all/species"] = [14, 14]
        file["particles/all/box/edges"] = [5.0, 6.0, 7.0]
        file["particles/all/box"].attrs["boundary"] = ["periodic"] * 3
        change(file)


def foreign_types(folder):
    path = folder / "hand.h5"
    xyz = folder / "hand.xyz"

    def big_endian(file):
        del file["particles/all/position/value"]
        file["particles/all/position/value"] = (np.arange(12.0).reshape(2, 2, 3) / 8).astype(">f4")
        file["particles/all/label/value"] = np.arange(4).reshape(2, 2).astype(">i2")
        file["observables/all/note/value"] = np.array([b"one", b"two"])

    by_hand(path, big_endian)
    run("xyz-convert", path, "-o", xyz)
    frames = ase.io.read(xyz, ":")
    assert (frames[1].positions.ravel() == np.arange(6, 12) / 8).all()
    assert (frames[1].arrays["label"] == [2, 3]).all()
    assert frames[1].info["note"] == "two"
    assert (frames[0].cell.lengths() == [5, 6, 7]).all() and frames[0].pbc.all()


def changed_by_others(folder, h5):
    """What h5py changes in a file of ours is what we read."""
    path, xyz = folder / "changed.h5", folder / "changed.xyz"
    path.write_bytes(h5.read_bytes())
    with h5py.File(path, "r+") as file:
        file["particles/trajectory/site_entropy/value"][1, 2] = 0.125
    run("xyz-convert", "--no-history", path, "-o", xyz)
    assert ase.io.read(xyz, "1").arrays["site_entropy"][2] == 0.125
    with h5py.File(path, "r+") as file:
        del file["sitevib"]
        file["observables/trajectory/seed/value"][0] = 7
    run("xyz-convert", "--no-history", path, "-o", xyz)
    frame = ase.io.read(xyz, "0")
    assert frame.info["seed"] == 7 and frame.info["split"] == "train" and "core" in frame.arrays


def hostile(folder):
    path = folder / "hostile.h5"
    position = "particles/all/position/value"

    def replace(make):
        def change(file):
            del file[position]
            make(file)

        by_hand(path, change)

    replace(lambda f: f.__setitem__(position, h5py.SoftLink("/particles/all/species")))
    refuses(path, "link")
    replace(lambda f: f.__setitem__(position, h5py.ExternalLink("/etc/passwd", "/")))
    refuses(path, "link")
    replace(
        lambda f: f.create_dataset(
            position, (1, 1, 3), "f8", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
        )
    )
    refuses(path, "external storage")

    def virtual(file):
        whole = h5py.VirtualLayout((2, 2, 3), "f8")
        whole[:] = h5py.VirtualSource("other.h5", "data", (2, 2, 3))
        file.create_virtual_dataset(position, whole)

    replace(virtual)
    refuses(path, "virtual")
    data = np.arange(12.0).reshape(2, 2, 3)
    replace(lambda f: f.create_dataset(position, data=data, compression="lzf"))
    refuses(path, "filter")
    replace(lambda f: f.create_dataset(position, data=data, scaleoffset=3))
    refuses(path, "filter")
    replace(lambda f: f.create_dataset(position, (10**12, 2, 3), "f8", chunks=(1, 2, 3)))
    refuses(path, position)

    def big_chunk(file):
        shape, unlimited = (2, 2, 3), (None, None, None)
        chunks = (2**20, 16, 16)
        file.create_dataset(position, shape, "f8", maxshape=unlimited, chunks=chunks)

    replace(big_chunk)
    refuses(path, position)
    replace(lambda f: f.create_dataset(position, data=data.astype("c16")))
    refuses(path, position)
    replace(lambda f: f.create_dataset(position, data=data[:, :, :2]))
    refuses(path, "shape")
    replace(lambda f: f.create_group(position))
    refuses(path, position)
    replace(lambda f: f.create_dataset(position, data=np.array([[["a"] * 3] * 2] * 2, "S1")))
    refuses(path, position)
    by_hand(path, lambda f: f.pop("particles/all/species"))
    refuses(path, "species")
    by_hand(path, lambda f: f.__setitem__("particles/all/charge/value", [[1.0]]))
    refuses(path, "charge")
    by_hand(path, lambda f: f.create_group("particles/all/x\033[31m").__setitem__("value", data))
    refuses(path, "?")

    def loop(file):
        file["particles/all/again"] = file["particles/all"]

    by_hand(path, loop)
    run("xyz-convert", "-f", "extxyz", path)
    by_hand(path, lambda f: f.create_group("sitevib/frames"), libver="latest")
    refuses(path)


def hessians(folder):
    """SciPy, phonopy and ASE read the same Hessian, and write the same text."""
    import phonopy.file_IO as phonopy
    import scipy.sparse as sparse
    from ase.io.jsonio import read_json

    potential = Path(__file__).parents[2] / "examples/potentials/Si.sw"
    xyz, h5 = folder / "si.xyz", folder / "si.h5"
    perfect = run("xyz-build", "diamond", "--species", "Si", "-a", "5.431", "--supercell", 2, 2, 2)
    rattle = ["--mode", "rattle", "--amplitude", "0.03", "--seed", "1"]
    xyz.write_bytes(run("xyz-perturb", *rattle, data=perfect))
    run("hessian", "--no-history", "-p", potential, xyz, "-o", h5)
    with h5py.File(h5) as file:
        group = file["sitevib/hessian/0"]
        parts = (group["data"][:], group["indices"][:], group["indptr"][:])
        matrix = sparse.bsr_matrix(parts, shape=group.attrs["shape"])
        assert group.attrs["encoding-type"] == "bsr_matrix"
        assert matrix.blocksize == (3, 3) and matrix.has_sorted_indices
    dense = matrix.toarray()
    n = len(dense) // 3
    assert np.abs(dense - dense.T).max() < 1e-12 and np.abs(dense.sum(0)).max() > 0
    blocks = dense.reshape(n, 3, n, 3)
    assert np.abs(blocks.sum(axis=2)).max() < 1e-10, "translations"

    path = folder / "force_constants.hdf5"
    run("hessian", "-p", potential, "--write", "phonopy", xyz, "-o", path)
    assert (phonopy.read_force_constants_hdf5(path) == blocks.transpose(0, 2, 1, 3)).all()
    text = folder / "FORCE_CONSTANTS"
    run("hessian", "-p", potential, "--write", "phonopy-text", xyz, "-o", text)
    assert np.abs(phonopy.parse_FORCE_CONSTANTS(text) - blocks.transpose(0, 2, 1, 3)).max() < 1e-15
    theirs = folder / "THEIRS"
    phonopy.write_FORCE_CONSTANTS(blocks.transpose(0, 2, 1, 3), theirs)
    assert theirs.read_text().rstrip() == text.read_text().rstrip()
    vibrations = folder / "vibrations.json"
    run("hessian", "-p", potential, "--write", "ase", xyz, "-o", vibrations)
    assert (read_json(vibrations).get_hessian() == blocks).all()


def damaged(folder, h5):
    """One byte changed anywhere: refused, or read as before; no signal, and no other numbers."""
    znh5md.IO(folder / "theirs.h5").extend(
        [ase.Atoms("Si2", positions=np.eye(3)[:2], info={"a": "text", "b": i}) for i in range(3)]
    )
    for source, rounds in [(h5, 100), (folder / "theirs.h5", 200)]:
        good = source.read_bytes()
        expected = run("xyz-convert", "-f", "extxyz", "--no-history", source)
        path = folder / "damaged.h5"
        generator = random.Random(7)
        other = 0
        for _ in range(rounds):
            bad = bytearray(good)
            bad[generator.randrange(len(bad))] ^= 1 << generator.randrange(8)
            path.write_bytes(bad)
            done = subprocess.run(
                [BIN / "xyz-convert", "-f", "extxyz", "--no-history", path],
                capture_output=True,
                timeout=60,
            )
            assert done.returncode in (0, REFUSED), f"exit {done.returncode}"
            other += done.returncode == 0 and done.stdout != expected
        # Their files have no checksums; ours must not be misread.
        assert source != h5 or other == 0, f"{other} files misread"


def main():
    np.random.seed(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text_and_back(folder)
        xyz, h5 = folder / "sample.xyz", folder / "sample.h5"
        sample(xyz)
        run("xyz-convert", "--no-history", xyz, "-o", h5)
        layout(h5)
        mdanalysis(h5, xyz)
        theirs(folder)
        foreign_types(folder)
        changed_by_others(folder, h5)
        hostile(folder)
        hessians(folder)
        damaged(folder, h5)


main()
