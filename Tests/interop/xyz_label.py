"""Labels of crystals of any origin: prototypes of xyz-build without their labels, crystals made by ASE
against spglib, displaced and defective frames against what was done to them, entropies of labels found.

    python3 Tests/interop/xyz_label.py .build/release
"""

import io
import json
import subprocess
import sys
from pathlib import Path

import ase.io
import numpy as np
import spglib
from ase import Atom
from ase.build import bulk
from ase.geometry import find_mic, get_distances
from ase.spacegroup import crystal

BINARIES = Path(sys.argv[1]).resolve()
POTENTIALS = Path(__file__).resolve().parents[2] / "examples/potentials"
LABELS = ("sublattice", "orbit", "cell_index", "ref_pos")
PROTOTYPES = {
    "diamond": ["Si"], "zincblende": ["Cd", "Te"], "rocksalt": ["Na", "Cl"], "cscl": ["Cs", "Cl"],
    "wurtzite": ["Ga", "N"], "fluorite": ["Ca", "F"], "perovskite": ["Sr", "Ti", "O"],
    "heusler": ["Cu", "Mn", "Al"], "fcc": ["Cu"], "bcc": ["Fe"], "hcp": ["Mg"],
}
random = np.random.default_rng(3)


def run(tool, *arguments, data=b"", status=0):
    done = subprocess.run([BINARIES / tool, *map(str, arguments)], input=data, capture_output=True)
    assert done.returncode == status, (tool, arguments, done.returncode, done.stderr.decode())
    return done.stdout, done.stderr.decode()


def read(text):
    (frame,) = ase.io.read(io.StringIO(text.decode()), ":", format="extxyz")
    return frame


def written(*frames):
    text = io.StringIO()
    ase.io.write(text, frames, format="extxyz")
    return text.getvalue().encode()


def stripped(frame):
    """The frame as another program would give it: no labels, another order, atoms in any image."""
    bare = frame.copy()
    for name in LABELS:
        bare.arrays.pop(name, None)
    bare.info.clear()
    order = random.permutation(len(bare))
    bare = bare[order]
    bare.positions += random.integers(-2, 3, (len(bare), 3)) @ bare.cell.array
    return bare, order


def same_partition(left, right):
    pairs = set(zip(left, right, strict=True))
    return len(pairs) == len(set(left)) == len(set(right))


def check_cells(frame):
    """Within a sublattice ref_pos is linear in cell_index, with one matrix for all."""
    cells, places, sublattice = (frame.arrays[k] for k in ("cell_index", "ref_pos", "sublattice"))
    one_hot = np.equal.outer(sublattice, np.unique(sublattice)).astype(float)
    a = np.hstack([cells, one_hot])
    solution, *_ = np.linalg.lstsq(a, places, rcond=None)
    assert np.abs(a @ solution - places).max() < 1e-6
    if len(frame) > 4 * len(set(sublattice)):
        volume = abs(np.linalg.det(solution[:3]))
        assert np.isclose(volume * len(frame), frame.cell.volume * len(set(sublattice)))


def built(prototype, options, cells):
    text, _ = run("xyz-build", prototype, "--species", *PROTOTYPES[prototype], "-a", 5.1, "--supercell", *cells, *options)
    return text, read(text)


def prototypes():
    for prototype in PROTOTYPES:
        for options in ([], ["--primitive"]):
            for cells in ([1, 1, 1], [2, 2, 2], [3, 2, 2]):
                _, known = built(prototype, options, cells)
                bare, order = stripped(known)
                frame = read(run("xyz-label", data=written(bare))[0])
                for name in ("sublattice", "orbit"):
                    assert same_partition(known.arrays[name][order], frame.arrays[name]), (prototype, options, cells, name)
                check_cells(frame)
                if cells == [1, 1, 1]:
                    truth = spglib.get_symmetry_dataset((frame.cell.array, frame.get_scaled_positions(), frame.numbers))
                    assert same_partition(frame.arrays["orbit"], truth.crystallographic_orbits), prototype
                    assert frame.info["space_group"] == truth.international, prototype
    print(f"{len(PROTOTYPES)} prototypes: sublattices and orbits as built, and as spglib has them")


def of_ase():
    """Sublattices are the atoms that translations exchange, orbits those of spglib."""
    cu3au = crystal(["Cu", "Au"], [(0, 0.5, 0.5), (0, 0, 0)], spacegroup=221, cellpar=[3.75] * 3 + [90] * 3)
    crystals = [
        bulk("Si"), bulk("Si", cubic=True).repeat((2, 1, 3)), bulk("GaN", "wurtzite", a=3.19, c=5.19),
        bulk("Ti").repeat(2), cu3au.repeat(2),
        crystal(["Ti", "O"], [(0, 0, 0), (0.305, 0.305, 0)], spacegroup=136, cellpar=[4.594, 4.594, 2.959, 90, 90, 90]),
        crystal(["Mg", "Al", "O"], [(1 / 8,) * 3, (1 / 2,) * 3, (0.2624,) * 3], spacegroup=227, setting=2, cellpar=[8.08] * 3 + [90] * 3),
        crystal(["Si", "O"], [(0.4697, 0, 1 / 3), (0.4135, 0.2669, 0.2145)], spacegroup=152, cellpar=[4.916, 4.916, 5.4054, 90, 90, 120]),
    ]
    for atoms in crystals:
        bare, _ = stripped(atoms)
        text, report = run("xyz-label", "--symprec", 1e-4, "--json", data=written(bare))
        frame, report = read(text), json.loads(report)
        cell = (frame.cell.array, frame.get_scaled_positions(), frame.numbers)
        truth = spglib.get_symmetry_dataset(cell, symprec=1e-4)
        assert report["space_group_number"] == truth.number, (report, truth.number)
        assert same_partition(frame.arrays["sublattice"], truth.mapping_to_primitive), frame
        assert same_partition(frame.arrays["orbit"], truth.crystallographic_orbits), frame
        assert np.array_equal(frame.arrays["ref_pos"], frame.positions)
        check_cells(frame)
    print(f"{len(crystals)} crystals of ASE: space groups, sublattices and orbits as spglib has them")


def hole(frame, sites, nearest):
    """A place farther from every site than half the nearest-neighbour distance."""
    grid = random.random((3000, 3)) @ frame.cell.array
    _, distances = get_distances(grid, sites, cell=frame.cell, pbc=True)
    best = distances.min(axis=1).argmax()
    assert distances[best].min() > 0.5 * nearest
    return grid[best]


def displaced():
    for prototype in PROTOTYPES:
        for options, cells in (([], [2, 1, 2]), (["--primitive"], [2, 2, 2]), (["--primitive"], [1, 1, 1])):
            text, known = built(prototype, options, cells)
            Path("reference.xyz").write_bytes(text)
            _, distances = get_distances(known.positions, cell=known.cell.array, pbc=True)
            nearest = 5.1 if len(known) == 1 else distances[distances > 1e-6].min()
            defects = ("none", "vacancy", "antisite", "interstitial", "shift") if len(known) >= 4 else ("none",)
            made = [defective(prototype, known, nearest, defect) for defect in defects]
            data = written(*(bare for bare, _, _ in made))
            text, reports = run("xyz-label", "--reference", "reference.xyz", "--json", data=data)
            frames = ase.io.read(io.StringIO(text.decode()), ":", format="extxyz")
            reports = [json.loads(line) for line in reports.splitlines() if line.startswith("{")]
            for (bare, order, site), defect, frame, report in zip(made, defects, frames, reports, strict=True):
                check_match(known, order, site, defect, frame, report, (prototype, options, cells, defect))
    print(f"displaced frames of {len(PROTOTYPES)} prototypes with defects: as made")


def defective(prototype, known, nearest, defect):
    """A displaced frame without labels, the order of its atoms, and the site of its defect."""
    moved = known.copy()
    steps = random.normal(size=(len(moved), 3))
    moved.positions += 0.1 * steps / np.linalg.norm(steps, axis=1)[:, None]
    site = int(random.integers(len(moved)))
    if defect == "vacancy":
        del moved[site]
    if defect == "antisite":
        species = PROTOTYPES[prototype]
        moved.symbols[site] = "Ge" if len(species) == 1 else next(s for s in species if s != known.symbols[site])
    if defect == "interstitial":
        moved.append(Atom(PROTOTYPES[prototype][-1], hole(known, known.positions, nearest)))
    if defect == "shift":
        moved.positions += random.normal(size=3) * 5
    return (*stripped(moved), site)


def check_match(known, order, site, defect, frame, report, case):
    expected = {"vacancies": [], "antisites": [], "interstitials": []}
    if defect == "vacancy":
        expected["vacancies"] = [site]
    if defect == "antisite":
        expected["antisites"] = np.flatnonzero(order == site).tolist()
    if defect == "interstitial":
        expected["interstitials"] = np.flatnonzero(order == len(known)).tolist()
    found = {k: report[k] for k in expected}
    assert found == expected, (case, found, expected)
    assert {k: frame.info[k] for k in expected} == {k: len(v) for k, v in expected.items()}, case
    source = np.delete(np.arange(len(known)), site) if defect == "vacancy" else np.arange(len(known))
    on_site = order < len(source)
    for name in LABELS if defect != "shift" else ("sublattice", "orbit"):
        assert np.array_equal(known.arrays[name][source[order[on_site]]], frame.arrays[name][on_site]), (case, name)
    assert (frame.arrays["sublattice"][~on_site] == -1).all()
    vectors, _ = find_mic(frame.positions - frame.arrays["ref_pos"], frame.cell)
    vectors = vectors[on_site]
    if defect == "shift":
        vectors -= vectors.mean(axis=0)
    largest = np.linalg.norm(vectors, axis=1).max()
    assert largest < (0.2 if defect == "shift" else 0.101), (case, largest)


def entropies():
    """The labels of a displaced frame whose labels were lost and found are those it had."""
    text, _ = run("xyz-build", "zincblende", "--species", "Cd", "Te", "-a", 6.4802, "--supercell", 2, 2, 2)
    Path("reference.xyz").write_bytes(text)
    moved, _ = run("xyz-perturb", "--mode", "rattle", "--amplitude", 0.05, "--seed", 5, data=text)
    potential = POTENTIALS / "CdTe-Zhou2013.sw"
    truth = read(run("site-entropy", "-p", potential, data=moved)[0])
    bare, order = stripped(read(moved))
    # The reference of another program: no labels, another order.
    Path("ideal.xyz").write_bytes(written(stripped(read(text))[0]))
    for reference in ("reference.xyz", "ideal.xyz"):
        labelled, _ = run("xyz-label", "--reference", reference, data=written(bare))
        found = read(run("site-entropy", "-p", potential, data=labelled)[0])
        worst = np.abs(found.arrays["site_entropy"] - truth.arrays["site_entropy"][order]).max()
        print(f"entropies with labels from {reference}: worst site {worst:.1e} k_B")
        assert worst < 3e-8
    perfect, _ = run("xyz-label", "ideal.xyz")
    assert np.abs(read(run("site-entropy", "-p", potential, data=perfect)[0]).arrays["site_entropy"]).max() < 1e-9
    vacant = read(moved)
    del vacant[3]
    labelled, message = run("xyz-label", "--reference", "reference.xyz", data=written(vacant))
    assert "1 vacancy (site 3)" in message, message
    _, message = run("site-entropy", "-p", potential, data=labelled, status=65)
    assert "1 vacancy" in message and message.count("\n") == 1, message
    again = read(run("xyz-perturb", "--mode", "rattle", "--amplitude", 0.1, data=labelled)[0])
    assert len(again) == len(vacant) and again.info["vacancies"] == 1
    absolute, _ = run("site-entropy", "-p", potential, "--kind", "absolute", data=labelled)
    assert np.isfinite(read(absolute).info["entropy"])


def refused():
    text, known = built("diamond", [], [2, 2, 2])
    moved, _ = run("xyz-perturb", "--mode", "rattle", "--amplitude", 0.1, "--seed", 5, data=text)
    for frame in (moved, written(stripped(known)[0][1:])):
        _, message = run("xyz-label", data=frame, status=65)
        assert "--reference" in message and message.count("\n") == 1, message
    ordered = known.copy()
    ordered.symbols[0] = "Ge"
    run("xyz-label", data=written(ordered), status=65)
    frame = read(run("xyz-label", "--distorted", data=written(ordered))[0])
    assert len(set(frame.arrays["sublattice"])) == 64 and 1 < len(set(frame.arrays["orbit"])) < 20


if __name__ == "__main__":
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        prototypes()
        of_ase()
        displaced()
        entropies()
        refused()
