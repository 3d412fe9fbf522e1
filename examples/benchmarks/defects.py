"""Relaxation and labels of a vacancy in silicon: the whole pipe against LAMMPS and NumPy on the same machine, in one run.

    defects.py POTENTIAL [LARGEST]     LARGEST: sites up to which the peers run (default 1728)
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

potential = sys.argv[1]
largest = int(sys.argv[2]) if len(sys.argv) > 2 else 1728
LMP = Path(sys.executable).with_name("lmp")
A, MASS = 5.431, 28.085
# Of an atom of the infinite crystal, in units of eV/(A^2 u), from meshes that were extrapolated.
S_INFINITE = 1.31114291


def pipe(cells):
    script = f"""set -eo pipefail
xyz-build diamond --species Si -a {A} --supercell {cells} {cells} {cells} | xyz-defect --vacancy center |
  xyz-relax -p {potential} --push inward | site-entropy -p {potential} --kind formation > ours.xyz"""
    start = time.perf_counter()
    subprocess.run(["bash", "-c", script], check=True)
    seconds = time.perf_counter() - start
    comment = open("ours.xyz").read().split("\n", 2)[1]
    found = {w.split("=")[0]: w.split("=")[1] for w in comment.split() if "=" in w}
    return seconds, float(found["energy"]), float(found["formation_entropy"])


def entropies(matrix):
    values, vectors = np.linalg.eigh(matrix)
    weights = -0.5 * np.log(values[3:])
    labels = (vectors[:, 3:] ** 2 @ weights).reshape(-1, 3).sum(axis=1)
    return weights.sum(), labels


def lammps(cells):
    """Minimise, and take the dynamical matrices of defect and crystal; labels by NumPy."""
    half = cells // 2
    text = f"""units metal
atom_modify map array sort 0 0
lattice diamond {A}
region box block 0 {cells} 0 {cells} 0 {cells}
create_box 1 box
create_atoms 1 box
mass 1 {MASS}
pair_style sw
pair_coeff * * {potential} Si
"""
    site = half * A
    start = time.perf_counter()
    perfect = text + "dynamical_matrix all regular 1e-4 file perfect.bin binary yes\n"
    defect = text + f"""region site sphere {half} {half} {half} 0.1
group gone region site
delete_atoms group gone compress yes
region near sphere {half} {half} {half} 0.5
group near region near
variable dx atom (({site})-x)*0.127
variable dy atom (({site})-y)*0.127
variable dz atom (({site})-z)*0.127
displace_atoms near move v_dx v_dy v_dz units box
min_style cg
min_modify line quadratic dmax 0.1
minimize 0 1e-8 10000 100000
variable e equal pe
print "energy $(v_e:%.12g)"
dynamical_matrix all regular 1e-4 file defect.bin binary yes
"""
    energy = None
    for name, commands in (("perfect", perfect), ("defect", defect)):
        Path(f"{name}.in").write_text(commands)
        done = subprocess.run([LMP, "-in", f"{name}.in", "-log", "none", "-nocite"], check=True, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if line.startswith("energy "):
                energy = float(line.split()[1])
    totals = []
    for name in ("perfect", "defect"):
        data = np.fromfile(f"{name}.bin")
        n = int(round(len(data) ** 0.5))
        matrix = data.reshape(n, n)
        total, _ = entropies(0.5 * (matrix + matrix.T))
        totals.append(total)
    seconds = time.perf_counter() - start
    return seconds, energy, totals[1] - totals[0] + S_INFINITE


print("sites\tours_s\tpeer_s\tratio\tenergy_difference_eV\tS_f_kB")
for cells in (4, 6, 8):
    sites = 8 * cells**3
    seconds, energy, entropy = pipe(cells)
    if sites > largest:
        print(f"{sites}\t{seconds:.2f}\t-\t-\t-\t{entropy:.6f}", flush=True)
        continue
    theirs, their_energy, their_entropy = lammps(cells)
    assert abs(energy - their_energy) < 1e-5, (energy, their_energy)
    # Differences of forces leave some digits.
    assert abs(entropy - their_entropy) < 1e-3, (entropy, their_entropy)
    print(f"{sites}\t{seconds:.2f}\t{theirs:.2f}\t{theirs / seconds:.1f}\t{energy - their_energy:.1e}\t{entropy:.6f}", flush=True)
