"""Writes formats/vectors/h5md: files of other programs that we read (pass), and files that we refuse
(fail), each with the message in a file beside it, `.error`, written by hand. Two are
older, good files with changed bytes: on fail/damaged-heap.h5 HDF5 1.10.8 never ended, for
fail/heap-of-gigabytes.h5 it took all memory.

    python3 Tests/interop/generators/hdf5_vectors.py
"""

import json
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


def whole_numbers(file):
    """What znh5md makes of frames of which some lack a key, and h5py scripts of types."""
    file["observables/all/vacancies/value"] = [1.0, 0.0]
    file["observables/all/antisites/value"] = [np.nan, 2.0]
    file["observables/all/mean/value"] = [1.0, 2.0]
    file["particles/all/sublattice/value"] = [[0.0, 1.0], [1.0, 0.0]]
    file["particles/all/mass/value"] = [[28, 29], [30, 31]]
    file["particles/all/core/value"] = [[1.0, 0.0], [np.nan, np.nan]]


def half_a_vacancy(file):
    file["observables/all/vacancies/value"] = [0.5, 0.0]


def virtual(file):
    whole = h5py.VirtualLayout((2, 2, 3), "f8")
    whole[:] = h5py.VirtualSource("other.h5", "data", (2, 2, 3))
    file.create_virtual_dataset(POSITION, whole)


# MARK: Trees of ours, as small as they can be; each mutant changes one thing.

ROOT = "particles/trajectory"


def our_frames(file):
    """One frame of two silicon atoms."""
    file[f"{ROOT}/position/value"] = np.arange(6.0).reshape(1, 2, 3)
    file[f"{ROOT}/species/value"] = np.array([[14, 14]], "i4")
    file[f"{ROOT}/box/edges/value"] = np.eye(3)[None] * 5
    file[f"{ROOT}/box/pbc/value"] = np.ones((1, 3), "i1")
    record = file.create_group("sitevib/frames")
    record.attrs["version"] = np.int32(1)
    columns = [
        {"name": "species", "type": "text", "width": 1, "path": f"{ROOT}/species"},
        {"name": "pos", "type": "real", "width": 3, "path": f"{ROOT}/position"},
    ]
    record["columns"] = np.array([json.dumps([columns]).encode()])
    record["layout"] = np.array([0], "i4")
    record["natoms"] = np.array([2])
    keys = b'[["energy", "r", -1.5]]'
    record["keys"] = np.frombuffer(keys, "u1")
    record["key_ends"] = np.array([len(keys)])


def our_hessian(file):
    our_frames(file)
    group = file.create_group("sitevib/hessian/0")
    group.attrs["encoding-type"], group.attrs["encoding-version"] = "bsr_matrix", "0.1.0"
    group.attrs["shape"], group.attrs["blocksize"] = [6, 6], np.array([3, 3], "i4")
    group.attrs["mass_weighted"], group.attrs["unit"] = np.int32(0), "eV Angstrom-2"
    group["data"] = np.array([np.eye(3), -np.eye(3), -np.eye(3), np.eye(3)])
    group["indices"], group["indptr"] = np.array([0, 1, 0, 1], "i4"), np.array([0, 2, 4])


def plain_hessian(file):
    """As SciPy and h5py write it without a word on the encoding."""
    our_hessian(file)
    for name in ("encoding-type", "encoding-version"):
        del file["sitevib/hessian/0"].attrs[name]


def our_features(file):
    our_frames(file)
    group = file.create_group("sitevib/features")
    group.attrs["version"] = np.int32(1)
    group["X"], group["y"] = np.arange(6.0).reshape(2, 3), np.array([0.5, 1.5])
    group["frame"], group["atom"] = np.zeros(2, "i4"), np.arange(2, dtype="i4")
    group["channel"], group["channel_names"] = np.zeros(2, "i4"), np.array([b"Si.0"])
    group["basis"] = np.array([b"{}"])


def empty_features(file):
    """Of no site: reading them frame by frame ended our reader."""
    our_features(file)
    group = file["sitevib/features"]
    for name in ("X", "y", "frame", "atom", "channel"):
        values = group[name][:0]
        del group[name]
        group[name] = values


def our_model(file):
    file.attrs["sitevib_kind"], file.attrs["sitevib_format"] = np.bytes_("model"), np.int32(1)
    file.attrs["sitevib_version"] = np.bytes_("0.1.0")
    for name in ("coefficients", "feature_mean", "feature_scale"):
        file[name] = np.ones((1, 3))
    for name in ("value_at_mean", "intercept", "lambda"):
        file[name] = np.ones(1)
    file["channel_names"], file["species"] = np.array([b"Si.0"]), np.array([14], "i4")
    file["basis"], file["potential"] = np.array([b"{}"]), np.array([b"sw Si.sw"])
    file["history"] = np.array([b"ridge"])
    file["channel_values/rows"], file["metrics/rmse"] = np.ones(1), np.ones(1)
    file["scalars/cutoff"], file["texts/target"] = np.ones(1), np.array([b"site_entropy"])


def put(path, values, **options):
    """A change: a dataset with other values."""

    def change(file):
        fixed = path.removesuffix("/value")
        for old in (path, fixed):
            if isinstance(file.get(old), h5py.Dataset):
                del file[old]
        file.create_dataset(path, data=values, **options)

    return change


def attribute(path, name, value=None):
    """A change: an attribute with another value, or none."""

    def change(file):
        del file[path].attrs[name]
        if value is not None:
            file[path].attrs[name] = value

    return change


def drop(path):
    return lambda file: file.pop(path)


def columns(text):
    return put("sitevib/frames/columns", np.array([text]))


def keys(text):
    def change(file):
        put("sitevib/frames/keys", np.frombuffer(text, "u1"))(file)
        put("sitevib/frames/key_ends", np.array([len(text)]))(file)

    return change


EDGES = "particles/all/box/edges"
FRAMES, HESSIAN, FEATURES = "sitevib/frames", "sitevib/hessian/0", "sitevib/features"
NAN = np.array([0.0, np.nan, 1])
MUTANTS = {
    "foreign": {
        "position-nan": put(POSITION, np.where(DATA == 0.5, np.nan, DATA)),
        "position-infinite": put(POSITION, np.where(DATA == 0.5, np.inf, DATA)),
        "position-rank-2": put(POSITION, DATA[0]),
        "position-rank-4": put(POSITION, DATA[None]),
        "position-empty": put(POSITION, DATA[:0]),
        "position-no-atoms": put(POSITION, DATA[:, :0]),
        "position-text": put(POSITION, np.full((2, 2, 3), b"1.0")),
        "position-f16": put(POSITION, DATA.astype("g")),
        "position-void": put(POSITION, DATA.view("V8")),
        "position-group": lambda f: (f.pop(POSITION), f.create_group(POSITION)),
        "position-scaleoffset": put(POSITION, DATA, scaleoffset=3),
        "position-cycle": lambda f: (f.pop(POSITION), f.__setitem__(POSITION, h5py.SoftLink("/" + POSITION))),
        "position-absent": drop("particles/all/position"),
        "particles-empty": drop("particles/all"),
        "species-negative": put("particles/all/species", [14, -1]),
        "species-real": put("particles/all/species", [14.0, 14.5]),
        "species-three": put("particles/all/species", [14, 14, 14]),
        "species-four-frames": put("particles/all/species/value", np.full((4, 2), 14)),
        "species-text": put("particles/all/species", np.array([b"Si", b"Si"])),
        "edges-nan": put(EDGES, NAN),
        "edges-zero": put(EDGES, np.zeros(3)),
        "edges-flat": put(EDGES, [[5.0, 0, 0], [0, 5.0, 0], [5.0, 0, 0]]),
        "edges-two": put(EDGES, [5.0, 6.0]),
        "edges-text": put(EDGES, np.array([b"5", b"6", b"7"])),
        "edges-other-frames": put(EDGES + "/value", np.ones((3, 3, 3))),
        "boundary-words": attribute("particles/all/box", "boundary", ["periodic", "maybe", "none"]),
        "boundary-two": attribute("particles/all/box", "boundary", ["periodic", "none"]),
        "label-three-atoms": put("particles/all/label/value", np.zeros((2, 3))),
        "label-u8": put("particles/all/label/value", np.full((2, 2), 2**64 - 1, "u8")),
        "masses-text": put("particles/all/mass/value", np.full((2, 2), b"28")),
        "observable-frames": put("observables/all/energy/value", np.zeros(5)),
        "observable-compound": put("observables/all/energy/value", np.zeros(2, [("a", "f8"), ("b", "i4")])),
        "huge-chunks": lambda f: (f.pop(POSITION), f.create_dataset(
            POSITION, (2, 2, 3), "f8", maxshape=(None,) * 3, chunks=(2**20, 16, 16))),
    },
    "frames": {
        "version-absent": attribute(FRAMES, "version"),
        "version-future": attribute(FRAMES, "version", np.int32(2)),
        "version-text": attribute(FRAMES, "version", "1"),
        "natoms-negative": put(FRAMES + "/natoms", [-2]),
        "natoms-three": put(FRAMES + "/natoms", [3]),
        "natoms-largest": put(FRAMES + "/natoms", [2**63 - 1]),
        "natoms-two-frames": put(FRAMES + "/natoms", [2, 2]),
        "natoms-absent": drop(FRAMES + "/natoms"),
        "layout-beyond": put(FRAMES + "/layout", np.array([1], "i4")),
        "layout-half": put(FRAMES + "/layout", [0.5]),
        "ends-beyond": put(FRAMES + "/key_ends", [24]),
        "ends-negative": put(FRAMES + "/key_ends", [-1]),
        "keys-open": keys(b'[["energy", "r", -1.5]'),
        "keys-no-list": keys(b'{"energy": 1}'),
        "keys-type": keys(b'[["energy", "q", 1]]'),
        "keys-other-value": keys(b'[["energy", "i", "text"]]'),
        "keys-deep": keys(b"[" * 5000),
        "keys-bytes": keys(b'[["energy", "t", "\xff"]]'),
        "columns-open": columns(b"[["),
        "columns-no-path": columns(b'[[{"name": "species"}]]'),
        "columns-elsewhere": columns(
            b'[[{"name": "pos", "type": "real", "width": 3, "path": "/etc/passwd"}]]'),
        "columns-width": columns(
            b'[[{"name": "pos", "type": "real", "width": 1000000000000, "path": "particles/trajectory/position"}]]'),
        "columns-twice": columns(
            b'[[{"name": "pos", "type": "real", "width": 3, "path": "particles/trajectory/position"},'
            b' {"name": "pos", "type": "real", "width": 3, "path": "particles/trajectory/position"}]]'),
        "species-119": put(f"{ROOT}/species/value", np.array([[14, 119]], "i4")),
        "position-short": put(f"{ROOT}/position/value", np.zeros((1, 1, 3))),
        "position-nan": put(f"{ROOT}/position/value", np.full((1, 2, 3), np.nan)),
        "pbc-two": put(f"{ROOT}/box/pbc/value", np.full((1, 3), 2, "i1")),
    },
    "hessian": {
        "starts-short": put(HESSIAN + "/indptr", [0, 4]),
        "starts-beyond": put(HESSIAN + "/indptr", [0, 2, 5]),
        "starts-backwards": put(HESSIAN + "/indptr", [0, 4, 2]),
        "starts-largest": put(HESSIAN + "/indptr", [0, 2**63 - 1, 4]),
        "index-beyond": put(HESSIAN + "/indices", np.array([0, 2, 0, 1], "i4")),
        "index-negative": put(HESSIAN + "/indices", np.array([0, -1, 0, 1], "i4")),
        "data-short": put(HESSIAN + "/data", np.zeros((3, 3, 3))),
        "data-2-by-2": put(HESSIAN + "/data", np.zeros((4, 2, 2))),
        "data-nan": put(HESSIAN + "/data", np.full((4, 3, 3), np.nan)),
        "shape-odd": attribute(HESSIAN, "shape", [7, 7]),
        "shape-absent": attribute(HESSIAN, "shape"),
        "shape-huge": attribute(HESSIAN, "shape", [3 * 2**60, 3 * 2**60]),
        "block-4": attribute(HESSIAN, "blocksize", np.array([4, 4], "i4")),
        "masses-zero": put(HESSIAN + "/masses", [28.0, 0]),
        "encoding-csr": attribute(HESSIAN, "encoding-type", "csr_matrix"),
        "encoding-number": attribute(HESSIAN, "encoding-type", np.int32(1)),
        "encoding-future": attribute(HESSIAN, "encoding-version", "0.2.0"),
    },
    "features": {
        "version-future": attribute(FEATURES, "version", np.int32(2)),
        "rows-short": put(FEATURES + "/y", [0.5]),
        "x-nan": put(FEATURES + "/X", np.full((2, 3), np.nan)),
        "x-flat": put(FEATURES + "/X", np.zeros(6)),
        "frame-negative": put(FEATURES + "/frame", np.array([0, -1], "i4")),
        "channel-beyond": put(FEATURES + "/channel", np.array([0, 1], "i4")),
        "names-absent": drop(FEATURES + "/channel_names"),
        "names-two": put(FEATURES + "/feature_names", np.array([b"a", b"b"])),
    },
    "model": {
        "kind": attribute("/", "sitevib_kind", np.bytes_("features")),
        "kind-absent": attribute("/", "sitevib_kind"),
        "format-future": attribute("/", "sitevib_format", np.int32(3)),
        "coefficients-absent": drop("coefficients"),
        "coefficients-nan": put("coefficients", np.full((1, 3), np.nan)),
        "mean-short": put("feature_mean", np.ones((1, 2))),
        "scale-negative": put("feature_scale", -np.ones((1, 3))),
        "species-119": put("species", np.array([119], "i4")),
        "names-two": put("channel_names", np.array([b"Si.0", b"Si.1"])),
        "basis-bytes": put("basis", np.array([b"\xff"])),
    },
}
BASES = {"frames": our_frames, "hessian": our_hessian, "features": our_features, "model": our_model}


def mutants():
    for kind, changes in MUTANTS.items():
        if kind in BASES:
            with h5py.File(FOLDER / f"pass/{kind}.h5", "w") as file:
                BASES[kind](file)
        for name, change in changes.items():
            path = f"fail/{kind}-{name}.h5"
            if kind == "foreign":
                by_hand(path, change)
            else:
                with h5py.File(FOLDER / path, "w") as file:
                    BASES[kind](file)
                    change(file)
            # What HDF5 leaves behind a deleted object would double the file.
            with h5py.File(FOLDER / path) as old, h5py.File(FOLDER / "compact.h5", "w") as new:
                for attribute_name, value in old.attrs.items():
                    new.attrs[attribute_name] = value
                for child in old:
                    old.copy(child, new)
            if "cycle" not in name and "huge" not in name:
                (FOLDER / "compact.h5").replace(FOLDER / path)
    (FOLDER / "compact.h5").unlink(missing_ok=True)


def main():
    for kind in ("pass", "fail"):
        (FOLDER / kind).mkdir(parents=True, exist_ok=True)
    znh5md_file(FOLDER / "pass/znh5md.h5")
    by_hand("pass/big-endian.h5", big_endian)
    by_hand("pass/whole-numbers.h5", whole_numbers)
    by_hand("fail/half-a-vacancy.h5", half_a_vacancy)
    by_hand(
        "fail/entropy-of-three.h5",
        lambda f: f.__setitem__("particles/all/site_entropy/value", DATA),
    )
    for name, make in {"hessian-plain": plain_hessian, "features-empty": empty_features}.items():
        with h5py.File(FOLDER / f"pass/{name}.h5", "w") as file:
            make(file)
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
    mutants()


main()
