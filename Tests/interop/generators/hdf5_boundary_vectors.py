"""Adds to formats/vectors/h5md: units, several groups, species that are no atomic numbers, types that no
program writes, files of a later library and of a writer that did not end. The messages of fail, `.error`,
are written by hand.

    python3 Tests/interop/generators/hdf5_boundary_vectors.py
"""

from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).parents[3] / "formats/vectors/h5md"
POSITION = "particles/all/position/value"
DATA = np.arange(12.0).reshape(2, 2, 3) / 8


def file(name, change, **options):
    """Two frames of two silicon atoms in a cell of 5 x 6 x 7 Å, changed in one way."""
    path = FOLDER / name
    with h5py.File(path, "w", **options) as out:
        out[POSITION] = DATA
        out["particles/all/species"] = np.array([14, 14], "i4")
        out["particles/all/box/edges"] = [5.0, 6.0, 7.0]
        out["particles/all/box"].attrs["boundary"] = ["periodic"] * 3
        change(out)


def units(unit, factor):
    def change(out):
        out[POSITION][...] = DATA * factor
        out["particles/all/box/edges"][...] = np.array([5.0, 6, 7]) * factor
        for path in (POSITION, "particles/all/box/edges"):
            out[path].attrs["unit"] = unit

    return change


def unit_of(path, values, unit):
    def change(out):
        out[path] = values
        out[path].attrs["unit"] = unit

    return change


def unit_of_position(out):
    out[POSITION].attrs["unit"] = "nm"


def both_masses(out):
    out["particles/all/mass"] = [28.085, 28.085]
    out["particles/all/masses"] = [28.085, 29.97]


def masses(value):
    def change(out):
        out["particles/all/mass/value"] = np.full((2, 2), value)

    return change


def second_group(out):
    out.copy("particles/all", "particles/rest")
    del out["particles/all/species"]
    out["particles/all/species"] = np.array([32, 32], "i4")


def species(values):
    def change(out):
        del out["particles/all/species"]
        out["particles/all/species"] = values

    return change


def enumeration(names, values):
    kind = h5py.enum_dtype(names, basetype="i4")

    def change(out):
        del out["particles/all/species"]
        out.create_dataset("particles/all/species", data=np.array(values, "i4"), dtype=kind)

    return change


def dictionary(out):
    out["observables/all/setting/value"] = ['{"a": 1, "b": [1, 2]}', '"word"']


def bent(old, new):
    """Bytes that no program writes: those of a type in the header of a dataset, changed."""
    old, new = bytes.fromhex(old), bytes.fromhex(new)
    assert len(old) == len(new)

    def change(path):
        image = path.read_bytes()
        assert old in image, path
        path.write_bytes(image.replace(old, new))

    return change


def later(out):
    """What the library of 2025 writes of chunked data, 1.10 cannot read."""
    del out[POSITION]
    out.create_dataset(POSITION, data=DATA, chunks=(1, 2, 3), compression="gzip")


def logical_positions(out):
    del out[POSITION]
    out[POSITION] = DATA > 0.5


PASS = {
    "units-nm": units("nm", 0.1),
    "units-bohr": units("bohr", 1 / 0.529177210903),
    "units-pm": units("pm", 100.0),
    "units-angstrom": units("Å", 1.0),
    "units-masses": unit_of("particles/all/mass/value", np.full((2, 2), 28.0e-3), "kg mol-1"),
    # Without a unit: one of an isotope, and QUIP's eV fs²/Å².
    "mass-without-unit": masses(29.97),
    "mass-of-another-unit": masses(28.085 * 103.642697),
    "mass-and-masses": both_masses,
    "species-enumeration": enumeration({"Ge": 0, "Si": 1}, [1, 0]),
    "dictionary": dictionary,
}
FAIL = {
    "units-unknown": units("furlong", 1.0),
    "units-other-quantity": units("fs", 1.0),
    "units-masses-length": unit_of("particles/all/mass/value", np.full((2, 2), 28.0), "nm"),
    "units-position-alone": unit_of_position,
    "two-groups": second_group,
    "species-types": species(np.array([1, 2], "i4")),
    "species-enumeration-other": enumeration({"Core": 0, "Si": 1}, [1, 0]),
    "position-logical": logical_positions,
}
# class and version, flags, size; then for integers offset and precision, for reals also where exponent
# and mantissa stand, and the bias.
INTEGER, REAL = "1008000004000000", "11203f0008000000"
BENT = {
    "position-bias": bent(REAL + "00004000340b0034ff030000", REAL + "00004000340b0034fe030000"),
    "position-exponent": bent(REAL + "00004000340b0034ff030000", REAL + "00004000350b0034ff030000"),
    "position-precision": bent(REAL + "00004000340b0034ff030000", REAL + "00003f00340b0034ff030000"),
    "species-precision": bent(INTEGER + "00002000", INTEGER + "00000700"),
    "species-offset": bent(INTEGER + "00002000", INTEGER + "18000800"),
    "species-offset-beyond": bent(INTEGER + "00002000", INTEGER + "30002000"),
}


def main():
    for kind, files in (("pass", PASS), ("fail", FAIL)):
        for name, change in files.items():
            file(f"{kind}/{name}.h5", change)
    for name, change in BENT.items():
        file(f"fail/{name}.h5", lambda out: None)
        change(FOLDER / f"fail/{name}.h5")
    file("fail/later-library.h5", later, libver="latest")
    # A writer that is still at work: its flags in the first block of the file.
    with h5py.File(FOLDER / "fail/open-for-writing.h5", "w", libver=("v110", "v110")) as out:
        out[POSITION] = DATA
        out["particles/all/species"] = np.array([14, 14], "i4")
        out.swmr_mode = True
        out.flush()
        image = (FOLDER / "fail/open-for-writing.h5").read_bytes()
    (FOLDER / "fail/open-for-writing.h5").write_bytes(image)


main()
