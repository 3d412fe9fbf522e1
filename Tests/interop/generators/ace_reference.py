"""Features of formats/ace-basis.md up to order 3, from SciPy alone: complex spherical harmonics,
Clebsch-Gordan coefficients from their recursion-free sum, dense symmetrised tensors.

Prints the JSON beside this file: python3 reference.py > features.json
"""
import itertools
import json
from math import factorial, sqrt

import numpy as np
from scipy.special import eval_jacobi, sph_harm_y


def clebsch_gordan(l1, m1, l2, m2, l3, m3):
    if m1 + m2 != m3 or not abs(l1 - l2) <= l3 <= l1 + l2:
        return 0.0
    f = factorial
    pre = (2 * l3 + 1) * f(l3 + l1 - l2) * f(l3 - l1 + l2) * f(l1 + l2 - l3) / f(l1 + l2 + l3 + 1)
    pre *= f(l3 + m3) * f(l3 - m3) * f(l1 - m1) * f(l1 + m1) * f(l2 - m2) * f(l2 + m2)
    total = 0.0
    for k in range(0, l1 + l2 + l3 + 1):
        args = [k, l1 + l2 - l3 - k, l1 - m1 - k, l2 + m2 - k, l3 - l2 + m1 + k, l3 - l1 - m2 + k]
        if min(args) >= 0:
            total += (-1) ** k / np.prod([float(f(a)) for a in args])
    return sqrt(pre) * total


def radial(n, r, o):
    def x(r):
        if o["transform"] == "linear":
            return -r / o["bondLength"]
        p, q, s = o["p"], o["q"], r / o["bondLength"]
        a = (4 * p * q - 2 * p - 2 * q) / (p * p + p + q * q + q)
        return 1 / (1 + a * s**q / (1 + s ** (q - p)))

    y = -1 + 2 * (x(r) - x(0.0)) / (x(o["cutoff"]) - x(0.0))
    e = o["envelope"]
    value = sqrt(2 * (n - 1) + 2 * e + 1) * eval_jacobi(n - 1, 2 * e, 0, y) * ((1 - y) / 2) ** e
    return np.where(r < o["cutoff"], value, 0)


def features(vectors, channels, o):
    r = np.linalg.norm(vectors, axis=1)
    theta, phi = np.arccos(vectors[:, 2] / r), np.arctan2(vectors[:, 1], vectors[:, 0])

    def projection(z, n, l):
        harmonic = [sqrt(4 * np.pi) * sph_harm_y(l, m, theta, phi) for m in range(-l, l + 1)]
        return np.array(harmonic) @ (radial(n, r, o) * (channels == z))

    def tensor(ls):
        t = np.zeros([2 * l + 1 for l in ls])
        for ms in itertools.product(*[range(-l, l + 1) for l in ls]):
            index = tuple(m + l for m, l in zip(ms, ls))
            if len(ls) == 1:
                t[index] = ls[0] == 0
            elif len(ls) == 2:
                t[index] = clebsch_gordan(ls[0], ms[0], ls[1], ms[1], 0, 0) * (ls[0] == ls[1])
            else:
                m = ms[0] + ms[1]
                if abs(m) <= ls[2]:
                    t[index] = clebsch_gordan(ls[0], ms[0], ls[1], ms[1], ls[2], m)
                    t[index] *= clebsch_gordan(ls[2], m, ls[2], ms[2], 0, 0)
        return t

    factors = [
        (l, n, z)
        for l in range(8) for n in range(1, 20) for z in range(o["channelCount"])
        if n + o["weightL"] * l <= o["degree"]
    ]
    result = []
    for order in range(1, o["order"] + 1):
        rows = []
        for product in itertools.combinations_with_replacement(factors, order):
            ls = [f[0] for f in product]
            cost = sum(n + o["weightL"] * l for l, n, z in product)
            if cost > o["degree"] + 1e-9 or sum(ls) % 2:
                continue
            t = tensor(ls)
            # Symmetrised over exchanges of equal factors only.
            swaps = [
                p for p in itertools.permutations(range(order))
                if all(product[a] == product[b] for a, b in enumerate(p))
            ]
            symmetric = sum(np.transpose(t, p) for p in swaps) / len(swaps)
            norm = np.linalg.norm(symmetric)
            if norm < 1e-10:
                continue
            value = symmetric / norm
            for l, n, z in product:
                value = np.tensordot(projection(z, n, l), value, axes=(0, 0))
            assert abs(value.imag) < 1e-9 * max(1, abs(value))
            name = "*".join(f"{z}({n},{l})" for l, n, z in product)
            key = (ls, [f[1] for f in product], [f[2] for f in product])
            rows.append((key, name, float(value.real)))
        result += sorted(rows)
    return result


def main():
    rng = np.random.default_rng(1)
    cases = []
    for transform, channel_count, degree in [("agnesi", 1, 9.0), ("linear", 2, 6.0)]:
        options = dict(
            transform=transform, p=2, q=4, bondLength=3.5, envelope=3, cutoff=5.5, order=3,
            degree=degree, weightL=1.5, channelCount=channel_count)
        directions = rng.normal(size=(9, 3))
        vectors = directions / np.linalg.norm(directions, axis=1)[:, None]
        vectors *= rng.uniform(1.8, 5.6, size=(9, 1))
        channels = np.arange(9) % channel_count
        found = features(vectors, channels, options)
        cases.append(dict(
            options=options, vectors=vectors.ravel().tolist(), channels=channels.tolist(),
            names=[name for _, name, _ in found], values=[value for _, _, value in found]))
    print(json.dumps(cases, indent=1))


if __name__ == "__main__":
    main()
