"""sitevib for users of ASE: labels and predictions on Atoms, over commands that keep running.

    from sitevib_ase import label, predict, relate
    relate(atoms, "ideal.xyz")                 # sublattice, ref_pos, ... against an ideal crystal (xyz-label)
    label(atoms, "Si.sw")                      # atoms.arrays["site_entropy"] in k_B, atoms.info["entropy"] (site-entropy)
    predict(atoms, "si.h5")                    # atoms.arrays["site_entropy_pred"], atoms.info["entropy_pred"] (predict)

Each returns the array of the sites. Options of the command are given by name: label(atoms, "Si.sw", kind="quantum",
temperature=300); a flag is True. A command is started once for equal options and fed through its pipe (with -j 1, so that
each frame is answered before the next), so that a loop of 10,000 frames costs no start-up. What it refuses is a
SitevibError with its line; the next call starts anew. This one file needs ase alone, and our commands in PATH or in the
folder that SITEVIB_BIN names.
"""

import atexit
import io
import os
import subprocess
import tempfile

import ase.io
import numpy as np

__all__ = ["SitevibError", "label", "predict", "relate", "close"]


class SitevibError(RuntimeError):
    """What a command said when it gave up: its one line."""


class _Filter:
    """A running command that answers every frame with one."""

    def __init__(self, words):
        self.log = tempfile.TemporaryFile()
        folder = os.environ.get("SITEVIB_BIN")
        program = os.path.join(folder, words[0]) if folder else words[0]
        try:
            self.process = subprocess.Popen(
                [program, *words[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        except FileNotFoundError:
            raise SitevibError(f"{words[0]}: expected the command in PATH or SITEVIB_BIN, found none") from None

    def ask(self, text):
        try:
            self.process.stdin.write(text)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        lines = [self.process.stdout.readline()]
        if not lines[0]:
            raise SitevibError(self.last_words())
        lines += [self.process.stdout.readline() for _ in range(int(lines[0]) + 1)]
        if not lines[-1].endswith(b"\n"):
            raise SitevibError(self.last_words())
        return b"".join(lines).decode()

    def last_words(self):
        self.process.stdin.close() if not self.process.stdin.closed else None
        self.process.wait()
        self.log.seek(0)
        said = [line for line in self.log.read().decode(errors="replace").splitlines() if line.strip()]
        return said[-1] if said else f"ended with status {self.process.returncode} and no word"

    def close(self):
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        self.process.wait()
        self.log.close()


_running = {}


def close():
    """Ends all commands that are running."""
    while _running:
        _running.popitem()[1].close()


atexit.register(close)


def _words(options):
    for name, value in options.items():
        if value is False or value is None:
            continue
        yield "--" + name.replace("_", "-")
        if value is not True:
            yield from map(str, value if isinstance(value, (list, tuple)) else [value])


def _number(x):
    return repr(float(x))


def _text(atoms):
    """One frame of extended XYZ with all digits and all arrays that a column can hold."""
    columns, rows = ["species:S:1", "pos:R:3"], [np.array(atoms.get_chemical_symbols(), dtype=object)[:, None]]
    rows.append(np.vectorize(_number, otypes=[object])(atoms.positions).reshape(len(atoms), 3))
    for name, values in atoms.arrays.items():
        if name in ("numbers", "positions") or values.ndim > 2 or not name.isidentifier():
            continue
        kind = {"f": "R", "i": "I", "u": "I", "b": "L", "U": "S"}.get(values.dtype.kind)
        if kind is None:
            continue
        table = values.reshape(len(atoms), -1)
        write = {"R": _number, "I": lambda x: str(int(x)), "L": lambda x: "FT"[int(x)], "S": str}[kind]
        columns.append(f"{name}:{kind}:{table.shape[1]}")
        rows.append(np.vectorize(write, otypes=[object])(table))
    keys = []
    if atoms.cell.any():
        keys.append('Lattice="' + " ".join(map(_number, atoms.cell.array.ravel())) + '"')
    keys += ["Properties=" + ":".join(columns), 'pbc="' + " ".join("FT"[int(p)] for p in atoms.pbc) + '"']
    for name, value in atoms.info.items():
        if not str(name).isidentifier():
            continue
        if isinstance(value, (bool, np.bool_)):
            keys.append(f"{name}={'FT'[int(value)]}")
        elif isinstance(value, (int, np.integer)):
            keys.append(f"{name}={int(value)}")
        elif isinstance(value, (float, np.floating)) and np.isfinite(value):
            keys.append(f"{name}={_number(value)}")
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.isfinite(value).all():
            keys.append(f'{name}="' + " ".join(map(_number, value.ravel())) + '"')
        elif isinstance(value, str) and value and not set(value) & set('"\\\n'):
            keys.append(f'{name}="{value}"')
    body = "".join(" ".join(row) + "\n" for row in np.hstack(rows).tolist())
    return f"{len(atoms)}\n{' '.join(keys)}\n{body}".encode()


def _through(words, atoms):
    words = tuple(map(str, words))
    try:
        if words not in _running:
            _running[words] = _Filter(words)
        answer = _running[words].ask(_text(atoms))
    except SitevibError:
        if words in _running:
            _running.pop(words).close()
        raise
    found = ase.io.read(io.StringIO(answer), format="extxyz")
    for name, values in found.arrays.items():
        if name not in ("numbers", "positions"):
            atoms.arrays[name] = values
    atoms.info.update({name: value for name, value in found.info.items() if name != "history"})
    return atoms.arrays


def relate(atoms, reference, **options):
    """Labels displaced atoms against their ideal crystal, a file: sublattice, ref_pos and more. Returns ref_pos, [N, 3], Å."""
    return _through(["xyz-label", "-j", "1", "--no-history", "--reference", reference, *_words(options)], atoms)["ref_pos"]


def label(atoms, potential, **options):
    """Exact site entropies under a potential, a file. Returns site_entropy, [N], k_B."""
    return _through(["site-entropy", "-j", "1", "--no-history", "-p", potential, *_words(options)], atoms)["site_entropy"]


def predict(atoms, model, **options):
    """Site entropies of a model of ridge, a file. Returns site_entropy_pred, [N], k_B; std=True adds site_entropy_std."""
    return _through(["predict", "-j", "1", "--no-history", "--quiet", "-m", model, *_words(options)], atoms)["site_entropy_pred"]
