"""Writes formats/vectors/extxyz/libatoms.tsv: what the C library of libAtoms makes of each file of pass.

    pip install extxyz numpy
    python3 Tests/interop/generators/extxyz_libatoms.py formats/vectors/extxyz

One line a file: its name, `same` or what differs from the truth of the `.json` beside it (the first of count, cell,
pbc, species, pos, columns, keys), or `refused`. Files are read in a child process, as some of them crash the library.
"""

import json
import multiprocessing
import sys
from pathlib import Path

import numpy as np


def compare(path, answer):
    import extxyz

    truth = json.loads(path.with_suffix(".json").read_text())
    try:
        frames = list(extxyz.iread_dicts(str(path)))
    except Exception:
        answer.put("refused")
        return
    answer.put(difference(truth, frames))


def equal(values, other):
    other = np.ravel(np.asarray(other))
    if len(values) != len(other):
        return False
    return all(str(b) == a if isinstance(a, str) else b == a for a, b in zip(values, other))


def difference(truth, frames):
    if len(frames) != len(truth):
        return "count"
    for wanted, frame in zip(truth, frames):
        info, arrays = frame.info, frame.arrays
        if not equal(wanted["cell"], np.zeros(9) if frame.cell is None else np.transpose(frame.cell)):
            return "cell"
        if frame.pbc is not None and not equal(wanted["periodic"], frame.pbc):
            return "pbc"
        columns = dict(wanted["columns"])
        names = {"species": ("species", "symbols"), "pos": ("pos", "positions")}
        for name, column in columns.items():
            found = next((n for n in names.get(name, (name,)) if n in arrays), None)
            values = next(column[k] for k in ("reals", "integers", "logicals", "texts") if k in column)
            if found is None or not equal(values, arrays[found]):
                return name if name in names else "columns"
        for name, value in wanted["keys"].items():
            (value,) = value.values()
            if name not in info or not equal(value if isinstance(value, list) else [value], info[name]):
                return "keys"
    return "same"


def main(folder):
    lines = []
    for path in sorted((Path(folder) / "pass").glob("*.xyz")):
        answer = multiprocessing.Queue()
        child = multiprocessing.Process(target=compare, args=(path, answer))
        child.start()
        child.join(20)
        if child.is_alive():
            child.kill()
            verdict = "no end"
        else:
            verdict = answer.get(timeout=5) if child.exitcode == 0 else f"signal {-child.exitcode}"
        lines.append(f"{path.stem}\t{verdict}\n")
    (Path(folder) / "libatoms.tsv").write_text("".join(lines))


if __name__ == "__main__":
    main(sys.argv[1])
