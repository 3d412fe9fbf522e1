"""forces.py CALCULATOR [NAME=VALUE ...]: a calculator of ASE behind a pipe, for `hessian --forces` (formats/forces.md).

Reads frames of extended XYZ on standard input and writes each again with energy, forces and, where there is one, stress, with
all digits. CALCULATOR is one of the names below, or MODULE:CLASS for any other; values are Python's, or text.

    hessian --forces 'python3 forces.py emt' -o cu3au.h5 cu3au.xyz
    hessian --forces 'python3 forces.py eam potential=NiAl.eam.alloy' -o nial.h5 nial.xyz
    hessian --forces 'python3 forces.py mace.calculators:mace_mp model=small default_dtype=float64' -o si.h5 si.xyz

With --socket unix:NAME or --socket PORT in front, it is a client of the i-PI protocol instead, for `hessian --ipi`; the atoms
are those of the file STRUCTURE:

    hessian --ipi unix:emt --forces 'python3 forces.py --socket unix:emt cu3au.xyz emt' -o cu3au.h5 cu3au.xyz
"""

import ast
import importlib
import sys

import ase.io
import numpy as np

KNOWN = {
    "emt": "ase.calculators.emt:EMT",
    "eam": "ase.calculators.eam:EAM",
    "lj": "ase.calculators.lj:LennardJones",
    "morse": "ase.calculators.morse:MorsePotential",
    "tersoff": "ase.calculators.tersoff:Tersoff",
    "tblite": "tblite.ase:TBLite",
    "xtb": "xtb.ase.calculator:XTB",
    "dftb": "ase.calculators.dftb:Dftb",
    "mace": "mace.calculators:mace_mp",
    "chgnet": "chgnet.model.dynamics:CHGNetCalculator",
    "nequip": "nequip.ase:NequIPCalculator",
    "gap": "quippy.potential:Potential",
}


def value(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def calculator(words):
    if not words:
        sys.exit("forces.py: expected a calculator, found none; one of " + ", ".join(KNOWN) + ", or MODULE:CLASS")
    module, _, name = KNOWN.get(words[0], words[0]).partition(":")
    if not name:
        sys.exit(f"forces.py: expected one of {', '.join(KNOWN)}, or MODULE:CLASS, found '{words[0]}'")
    options = dict(word.split("=", 1) for word in words[1:])
    return getattr(importlib.import_module(module), name)(**{key: value(text) for key, text in options.items()})


def frames(stream):
    """The frames of a stream as they come: the next is read when the one before has been answered."""
    from io import StringIO

    while count := stream.readline():
        lines = [count] + [stream.readline() for _ in range(int(count) + 1)]
        yield ase.io.read(StringIO("".join(lines)), format="extxyz")


def numbers(values):
    return " ".join(repr(float(x)) for x in values)


def answer(atoms, out):
    keys = [f'Lattice="{numbers(atoms.cell.array.ravel())}"', "Properties=species:S:1:pos:R:3:forces:R:3"]
    keys += [f"energy={float(atoms.get_potential_energy())!r}"]
    keys += ['pbc="' + " ".join("FT"[int(p)] for p in atoms.pbc) + '"']
    if "stress" in atoms.calc.implemented_properties and atoms.pbc.all():
        keys.append(f'stress="{numbers(atoms.get_stress(voigt=False).ravel())}"')
    rows = zip(atoms.get_chemical_symbols(), atoms.positions, atoms.get_forces())
    body = "".join(f"{symbol} {numbers(x)} {numbers(f)}\n" for symbol, x, f in rows)
    out.write(f"{len(atoms)}\n{' '.join(keys)}\n{body}")
    out.flush()


def serve_socket(address, structure, words):
    from ase.calculators.socketio import SocketClient

    atoms = ase.io.read(structure, 0)
    atoms.calc = calculator(words)
    place = {"unixsocket": address[5:]} if address.startswith("unix:") else {"host": "127.0.0.1", "port": int(address)}
    has_stress = "stress" in atoms.calc.implemented_properties and atoms.pbc.all()
    SocketClient(**place).run(atoms, use_stress=has_stress)


def main(words):
    if words[:1] == ["--socket"]:
        return serve_socket(words[1], words[2], words[3:])
    shared = calculator(words)
    for atoms in frames(sys.stdin):
        atoms.calc = shared
        answer(atoms, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
