"""Tables of the surrogate: accuracy beside SOAP, what a baseline leaves, transfer between kinds of displacement with the coverage of
the quoted intervals, speed beside SOAP and PACE, learning curve, channels, further rows.

    surrogate.py POTENTIALS [TABLE ...]      writes TABLE.tsv in this folder; TABLE: accuracy baseline transfer trust speed learning channels rows

The commands of sitevib are taken from PATH. Every comparison is made on the same frames in one run.
"""
import json
import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import ase.io
import numpy as np

POTENTIALS = pathlib.Path(sys.argv[1])
RECOMMENDED = "--order 3 --degree 18,18,8 --weight-l 0.5 --cutoff 6.7"


def run(command):
    """Runs a pipe of the shell and returns its standard output."""
    return subprocess.run(
        ["bash", "-c", "set -o pipefail\n" + command], check=True, stdout=subprocess.PIPE).stdout


def labelled(name, crystal, perturbation, potential, columns=""):
    """Labelled frames in NAME, made once."""
    if not pathlib.Path(name).exists():
        run(f"xyz-build {crystal} | xyz-perturb {perturbation} | "
            f"site-entropy -p {POTENTIALS / potential} {columns} > {name}.part && mv {name}.part {name}")
    return name


def silicon(cells, samples, seed, columns=""):
    return labelled(
        f"si{cells}_{samples}_{seed}{'g' if columns else ''}.xyz",
        f"diamond --species Si -a 5.431 --supercell {cells} {cells} {cells}",
        f"--mode localized --amplitude 0.05 --radius 5 --samples {samples} --seed {seed}", "Si.sw", columns)


def telluride():
    return labelled(
        "cdte.xyz", "zincblende --species Cd Te -a 6.482 --supercell 2 2 2",
        "--mode rattle --amplitude 0.03 --samples 100 --seed 1", "CdTe-Zhou2013.sw")


def ridge(options, train, tests=()):
    """The report of a fit: {(part, channel): metrics}, and the first line on the fit."""
    report = "report.json"
    extra = " ".join(f"--test {test}" for test in tests)
    run(f"ridge -q {options} {extra} --report {report} {train} -o model.h5")
    report = json.load(open(report))
    return {(m["part"], m["channel"]): m for m in report["metrics"]}, report


def table(name, header, rows):
    with open(f"{name}.tsv", "w") as file:
        for row in [header] + rows:
            file.write("\t".join(f"{v:.7g}" if isinstance(v, float) else str(v) for v in row) + "\n")
    print(open(f"{name}.tsv").read())


def split(frames, seed, fraction=0.8):
    """Whole frames of one file, in two files."""
    order = random.Random(seed).sample(range(len(frames)), len(frames))
    count = round(fraction * len(frames))
    for name, chosen in [("train.xyz", order[:count]), ("test.xyz", order[count:])]:
        with open(name, "w") as file:
            for index in sorted(chosen):
                file.write(frames[index])
    return order[:count], order[count:]


def texts(name):
    """The frames of an extended XYZ file as text."""
    lines = open(name).read().splitlines(keepends=True)
    result, place = [], 0
    while place < len(lines):
        count = int(lines[place]) + 2
        result.append("".join(lines[place:place + count]))
        place += count
    return result


def ridge_by_frames(x, y, frames, train, test):
    """Ridge with an intercept on standardised features, lambda by leaving out frames; R2 and rmse of the test."""
    keep = np.isin(frames, train)
    mean, scale = x[keep].mean(axis=0), x[keep].std(axis=0)
    z = (x - mean) / np.where(scale > 1e-12 * np.abs(mean), scale, np.inf)
    offset = y[keep].mean()
    u, s, vt = np.linalg.svd(z[keep], full_matrices=False)
    group, target = frames[keep], y[keep] - offset
    best = (np.inf, None)
    for lam in np.logspace(-12, 2, 29) * s[0] ** 2 * 1e-2:
        q = u * np.sqrt(s ** 2 / (s ** 2 + lam))
        residual = target - q @ (q.T @ target)
        error = 0.0
        for g in train:
            rows = group == g
            h = q[rows] @ q[rows].T
            error += np.sum(np.linalg.solve(np.eye(len(h)) - h, residual[rows]) ** 2)
        if error < best[0]:
            best = (error, lam)
    c = vt.T @ (s / (s ** 2 + best[1]) * (u.T @ target))
    out = np.isin(frames, test)
    error = z[out] @ c + offset - y[out]
    return 1 - np.sum(error ** 2) / np.sum((y[out] - y[out].mean()) ** 2), np.sqrt(np.mean(error ** 2))


def accuracy():
    """Five splits of 60 frames of Si 216, the same for all; transfer to 60 other frames, on which no few sites decide, and to larger
    cells.
    """
    from dscribe.descriptors import SOAP
    name = silicon(3, 60, 1)
    frames, atoms = texts(name), ase.io.read(name, ":")
    y = np.concatenate([a.arrays["site_entropy"] for a in atoms])
    group = np.repeat(np.arange(len(atoms)), [len(a) for a in atoms])
    others = [silicon(3, 60, 78), silicon(4, 20, 94), silicon(5, 20, 95)]
    rows, soaps = [], []
    for n, l, cutoff in [(8, 8, 6.2), (10, 10, 7.0)]:
        soap = SOAP(species=["Si"], r_cut=cutoff, n_max=n, l_max=l, sigma=0.3, periodic=True)
        soaps.append((n, l, cutoff, np.concatenate([soap.create(a) for a in atoms])))
    for seed in range(5):
        train, test = split(frames, seed)
        found, report = ridge(RECOMMENDED, "train.xyz", ["test.xyz"] + others)
        for part in ["test.xyz"] + others:
            m = found["test:" + part, "all"]
            rows.append(("sitevib", report["fits"][0]["features"], 6.7, part, seed, m["r2"], m["rmse"]))
        for n, l, cutoff, x in soaps:
            r2, rmse = ridge_by_frames(x, y, group, train, test)
            rows.append((f"SOAP n={n} l={l}", x.shape[1], cutoff, "test.xyz", seed, r2, rmse))
    for key in dict.fromkeys(row[:4] for row in rows):
        same = [row for row in rows if row[:4] == key]
        rows.append(key + ("mean", statistics.mean(r[5] for r in same), statistics.mean(r[6] for r in same)))
    table("accuracy", ("method", "features", "cutoff", "part", "seed", "R2", "rmse"), rows)


def speed():
    """Microseconds an atom on one core, side by side, in turns; the median of seven rounds.

    Seconds of the processor, so that a busy machine counts less; sitevib's kernels print the least of 20.
    """
    from dscribe.descriptors import SOAP
    from pyace import ACEBBasisSet, PyACECalculator, create_multispecies_basis_config
    name = silicon(4, 20, 94)
    atoms = ase.io.read(name, 0)
    run("xyz-build diamond --species Si -a 5.431 --supercell 20 20 20 | "
        "xyz-perturb --mode rattle --amplitude 0.03 --seed 3 > large.xyz")
    # The same as in the tables of formats/ace-basis.md: 211 functions.
    run(f"ridge -q --order 3 --degree 12 --weight-l 1.5 --cutoff 5.5 {silicon(3, 60, 1)} -o 211.h5")

    def evaluator(nradmax, lmax, count):
        basis = create_multispecies_basis_config({
            "deltaSplineBins": 0.001, "elements": ["Si"],
            "embeddings": {"ALL": {"npot": "FinnisSinclairShiftedScaled", "fs_parameters": [1, 1], "ndensity": 1}},
            "bonds": {"ALL": {"radbase": "SBessel", "radparameters": [5.25], "rcut": 5.5, "dcut": 0.01,
                              "NameOfCutoffFunction": "cos"}},
            "functions": {"number_of_functions_per_element": count,
                          "ALL": {"nradmax_by_orders": nradmax, "lmax_by_orders": lmax}}})
        return PyACECalculator(ACEBBasisSet(basis), recursive_evaluator=True, recursive=True)

    def pace(calculator):
        calculator.compute_projections = False
        moved = atoms.copy()
        moved.calc = calculator

        def once():
            moved.positions[0, 0] += 1e-9
            start = time.process_time()
            moved.get_potential_energy()
            return (time.process_time() - start) / len(moved)
        return once

    def soap(n, l, cutoff):
        descriptor = SOAP(species=["Si"], r_cut=cutoff, n_max=n, l_max=l, sigma=0.3, periodic=True)

        def once():
            start = time.process_time()
            descriptor.create(atoms)
            return (time.process_time() - start) / len(atoms)
        return once

    def command(words, count):
        def once():
            start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            run(words)
            return (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - start) / count
        return once

    kernels = {}

    def kernel(name):
        """Runs the benchmarks of the descriptors once a round and keeps all their lines."""
        def once():
            if name == "ace-order-3-211-environments":
                for line in run("Benchmarks descriptors").decode().splitlines():
                    key, size, nanoseconds = line.split("\t")
                    kernels[key] = float(nanoseconds) * 1e-9 / int(size)
            return kernels[name]
        return once

    subjects = {
        "sitevib features, 211 functions": kernel("ace-order-3-211-environments"),
        "sitevib features and gradients, 211": kernel("ace-order-3-211-gradients"),
        "sitevib features, 710 functions": kernel("ace-order-4-710-environments"),
        "sitevib predict, 211, files read and written": command(
            "predict -q -j 1 -m 211.h5 large.xyz > predicted.xyz", 64000),
        "PACE recursive, energy and forces, 211": pace(evaluator([12, 6, 4], [0, 5, 3], 211)),
        "PACE recursive, energy and forces, 710": pace(evaluator([14, 8, 5, 3], [0, 6, 4, 2], 710)),
        "SOAP 147 at 5.5": soap(6, 6, 5.5),
        "SOAP 605 at 7.0": soap(10, 10, 7.0),
    }
    seconds = {name: [] for name in subjects}
    for _ in range(7):
        for name, once in subjects.items():
            seconds[name].append(once())
    base = statistics.median(seconds["sitevib features, 211 functions"])
    rows = [(name, statistics.median(values) * 1e6, statistics.median(values) / base, min(values) * 1e6)
            for name, values in seconds.items()]
    table("speed", ("subject", "median_us_an_atom", "ratio", "least_us"), rows)


def learning():
    """Frames of training, coefficients shared between the two sublattices and not."""
    frames = texts(silicon(3, 400, 11))
    test = silicon(3, 60, 1)
    rows = []
    for count in [5, 10, 20, 40, 80, 160, 400]:
        with open("some.xyz", "w") as file:
            file.writelines(frames[:count])
        for share in ["auto", "never"]:
            found, report = ridge(f"{RECOMMENDED} --share {share} --folds 4", "some.xyz", [test])
            m, left = found["test:" + test, "all"], found.get(("left-out", "all"), {})
            rows.append((count, share, m["r2"], m["rmse"], left.get("r2", "-")))
    table("learning", ("frames", "share", "R2", "rmse", "R2_left_out"), rows)


def collapsed(name):
    """The same frames with one name for both species: one block of coefficients for all sites."""
    with open("collapsed.xyz", "w") as file:
        for line in open(name):
            words = line.split(" ")
            if words[0] in ["Cd", "Te"]:
                words[0], words[5] = "Te", "0"
            file.write(" ".join(words))
    return "collapsed.xyz"


def channels():
    """CdTe: what telling neighbours apart is worth, for both kinds of features."""
    rows = []
    bases = [("ACE", "--order 3 --degree 12,12,7 --weight-l 0.5 --cutoff 7"),
             ("Cartesian", "--cartesian 2 --cutoff 4.7 --share auto")]
    for name, options in bases:
        for neighbours in ["both", "species", "sublattice", "none", "collapsed"]:
            if name == "Cartesian" and neighbours not in ["both", "collapsed"]:
                continue
            channels = "none" if neighbours == "collapsed" else neighbours
            frames = collapsed(telluride()) if neighbours == "collapsed" else telluride()
            found, report = ridge(f"{options} --channels {channels} --split config --folds 3", frames)
            m = found["test", "all"]
            rows.append((name, neighbours, report["fits"][0]["features"], m["r2"], m["rmse"]))
    table("channels", ("features", "channels", "number", "R2", "rmse"), rows)


def further_rows():
    """Rows for totals and for gradients of the total: errors on other frames."""
    source = f"| site-gradient -p {POTENTIALS / 'Si.sw'} --total"
    frames, test = texts(silicon(2, 40, 21, source)), silicon(2, 40, 22, source)
    rows = []
    for count in [2, 4, 8, 16]:
        with open("some.xyz", "w") as file:
            file.writelines(frames[:count])
        for name, options in [("sites", ""), ("totals", "--weight-total 1"), ("gradients", "--weight-gradient 0.1")]:
            found, _ = ridge(
                f"--order 2 --degree 12 --weight-l 0.75 --cutoff 5.3 --folds 4 {options}", "some.xyz", [test])
            sites, totals = found["test:" + test, "all"], found["test:" + test, "totals"]
            slopes = np.array([
                line.split("\t") for line in run(
                    f"predict -q -m model.h5 --gradient {test} | xyz-table --no-header "
                    "--columns entropy_gradient_x,entropy_pred_gradient_x").decode().splitlines()], float)
            rows.append((count, name, sites["rmse"], totals["rmse"],
                         float(np.sqrt(np.mean((slopes[:, 0] - slopes[:, 1]) ** 2)))))
    table("rows", ("frames", "rows", "rmse_sites", "rmse_totals", "rmse_gradient"), rows)


def trust():
    """Quoted deviations on frames like those of training; extrapolation there and at three times their amplitude."""
    run(f"ridge -q {RECOMMENDED} {silicon(3, 60, 1)} -o model.h5")
    run("xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 | "
        "xyz-perturb --mode localized --amplitude 0.15 --radius 5 --samples 20 --seed 77 | "
        "predict -q -m model.h5 > far.xyz")
    run(f"predict -q -m model.h5 --std {silicon(3, 60, 78)} > near.xyz")
    rows = []
    for name in ["near", "far"]:
        frames = ase.io.read(f"{name}.xyz", ":")
        core = np.concatenate([a.arrays["core"] for a in frames]).astype(bool)
        outside = np.concatenate([a.arrays["extrapolation"] for a in frames]) > 1
        covered = "-"
        if name == "near":
            error = np.concatenate([a.arrays["site_entropy_pred"] - a.arrays["site_entropy"] for a in frames])
            deviation = np.concatenate([a.arrays["site_entropy_std"] for a in frames])
            covered = float(np.mean(np.abs(error) < 1.959964 * deviation))
        rows.append((name, len(core), covered, float(outside.mean()), float(outside[core].mean())))
    table("trust", ("frames", "sites", "within_95", "outside", "outside_of_displaced"), rows)


KINDS = {
    "localized": "--mode localized --amplitude 0.05 --radius 5",
    "rattle": "--mode rattle --amplitude 0.03",
    "cosine": "--mode cosine --amplitude 0.05 --wave 1 0 0",
    "tail": "--mode tail --amplitude 0.1 --radius 4 --exponent 2",
    "strain": "--mode strain --amplitude 0.01",
}


def of_kind(kind, samples, seed):
    return labelled(
        f"{kind}_{samples}_{seed}.xyz", "diamond --species Si -a 5.431 --supercell 3 3 3",
        f"{KINDS[kind]} --samples {samples} --seed {seed}", "Si.sw")


def transfer():
    """Trained on one kind of displacement, tested on each: errors, coverage of the quoted intervals, what is flagged.

    Three models: the recommended one, a small one of what the baseline leaves, and that with a baseline whose three-body term is
    a tenth too strong.
    """
    off = pathlib.Path("Si-off.sw")
    off.write_text((POTENTIALS / "Si.sw").read_text().replace(" 21.0 ", " 23.1 "))
    small = "--order 2 --degree 12 --weight-l 0.5 --cutoff 6.7"
    models = [
        ("alone", RECOMMENDED, ""), ("baseline", f"{small} --baseline {POTENTIALS / 'Si.sw'}", f"-p {POTENTIALS / 'Si.sw'}"),
        ("baseline 10 % off", f"{small} --baseline {off}", f"-p {off}")]
    rows = []
    for name, options, potential in models:
        for train in KINDS:
            run(f"ridge -q {options} {of_kind(train, 24, 31)} -o model.h5")
            for kind in KINDS:
                run(f"predict -q --std {potential} -m model.h5 {of_kind(kind, 10, 32)} > predicted.xyz")
                frames = ase.io.read("predicted.xyz", ":")
                def sites(column):
                    return np.concatenate([a.arrays[column] for a in frames])
                def totals(key):
                    return np.array([a.info[key] for a in frames])
                error = sites("site_entropy_pred") - sites("site_entropy")
                total = totals("entropy_pred") - totals("entropy")
                rows.append((
                    name, train, kind, float(np.sqrt(np.mean(error ** 2))), float(np.sqrt(np.mean(total ** 2))),
                    float(np.mean(np.abs(error) < 1.959964 * sites("site_entropy_std"))),
                    float(np.mean(np.abs(total) < 1.959964 * totals("entropy_std"))),
                    float(np.mean(sites("extrapolation") > 1)), float(np.median(totals("frame_extrapolation")))))
    table("transfer", ("model", "train", "test", "rmse_sites", "rmse_totals", "sites_within_95", "totals_within_95",
                       "sites_outside", "frame_extrapolation"), rows)


def baseline():
    """48 training and 12 test frames of Si 216 with what a baseline leaves; totals of larger cells."""
    off = pathlib.Path("Si-off.sw")
    off.write_text((POTENTIALS / "Si.sw").read_text().replace(" 21.0 ", " 23.1 "))
    larger = [silicon(5, 20, 95), silicon(8, 10, 98)]
    bases = [("173 functions", "--order 2 --degree 12 --weight-l 0.5 --cutoff 6.7"), ("646 functions", RECOMMENDED)]
    rows = []
    for label, potential in [("the same", POTENTIALS / "Si.sw"), ("10 % off", off)]:
        for name, options in bases:
            found, _ = ridge(f"{options} --baseline {potential} --split config", silicon(3, 60, 1), larger)
            for part in ["test"] + ["test:" + file for file in larger]:
                m, t = found[part, "all"], found[part, "totals"]
                rows.append((label, name, part, m["r2"], m["rmse"], t["rmse"]))
    table("baseline", ("baseline", "basis", "part", "R2", "rmse_sites", "rmse_totals"), rows)


TABLES = {"accuracy": accuracy, "baseline": baseline, "transfer": transfer, "trust": trust, "speed": speed, "learning": learning, "channels": channels, "rows": further_rows}
for wanted in sys.argv[2:] or TABLES:
    TABLES[wanted]()
