"""Compares the reading of extended XYZ with ASE and with the C library of libAtoms, in seconds of the processor.

    pip install ase extxyz
    python3 examples/benchmarks/reading.py .build/release [FRAMES]

Our figure is that of a whole process: xyz-convert reads every frame to find that the one it is asked for is missing.
"""

import os
import resource
import subprocess
import sys
import tempfile

import ase.io
import extxyz
import numpy as np


def write(path, frames, atoms=1000):
    """Frames of 8 columns with 8 decimals, as ASE writes them."""
    generator = np.random.default_rng(1)
    with open(path, "w") as file:
        for _ in range(frames):
            file.write(f'{atoms}\nLattice="32.4 0.0 0.0 0.0 32.4 0.0 0.0 0.0 32.4" ')
            file.write("Properties=species:S:1:pos:R:3:sublattice:I:1:ref_pos:R:3:site_entropy:R:1 ")
            file.write('pbc="T T T" entropy=-0.16690824480531966\n')
            numbers = generator.random((atoms, 7)) * 32.4
            for i, row in enumerate(numbers):
                x = [f"{value:16.8f}" for value in row]
                file.write(f"{('Cd', 'Te')[i % 2]} {' '.join(x[:3])} {i % 2} {' '.join(x[3:])}\n")


def seconds(who, work):
    before = resource.getrusage(who)
    work()
    after = resource.getrusage(who)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(folder, frames):
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "frames.xyz")
        write(path, frames)
        size = os.path.getsize(path)

        def ours():
            command = [os.path.join(folder, "xyz-convert"), "-j", "1", "--first-frame", "1000000", path]
            done = subprocess.run(command, capture_output=True)
            assert done.returncode == 65 and b"found %d" % frames in done.stderr, done.stderr

        def count(reader):
            assert sum(1 for _ in reader) == frames

        best = {
            "sitevib": min(seconds(resource.RUSAGE_CHILDREN, ours) for _ in range(5)),
            "libAtoms": min(
                seconds(resource.RUSAGE_SELF, lambda: count(extxyz.iread_dicts(path)))
                for _ in range(5)
            ),
            "ASE": min(
                seconds(resource.RUSAGE_SELF, lambda: count(ase.io.iread(path, ":")))
                for _ in range(2)
            ),
        }
    for name, value in best.items():
        print(f"{name}\t{size / value / 1e6:.0f} MB/s\t{value / best['sitevib']:.2f}")


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1200)
