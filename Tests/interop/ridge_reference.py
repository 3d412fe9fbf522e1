"""Checks the numbers of Tests/RegressionTests/RidgeReference.swift by brute force in NumPy.

    ridge_reference.py            fails where a number of the file is not what NumPy finds
    ridge_reference.py --print    prints the file

Every fit is the least-squares solution (SVD) of the rows with the penalty rows below them, every
held-out error a refit without the fold; nothing is shared with the streaming form under test.
"""
import pathlib
import re
import sys

import numpy as np

numbers = {}


def data(rows, columns, salt=0):
    """Exact fractions, the same in Swift: x = ((7 i i + 13 j j + 5 i j + 3 i + salt) % 101) / 101."""
    i, j = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    return ((7 * i * i + 13 * j * j + 5 * i * j + 3 * i + salt) % 101) / 101


def target(rows, salt=0):
    i = np.arange(rows)
    return ((11 * i * i + 17 * i + salt) % 97) / 97


def solve(x, y, intercepts, scale, prior, lam, weights=None):
    """Intercepts are the first columns of x; scale 0 takes a feature out."""
    root = np.sqrt(np.ones(len(y)) if weights is None else weights)
    inverse = np.where(scale > 0, 1 / np.where(scale > 0, scale * prior, 1), 0)
    t = np.concatenate([np.ones(intercepts), inverse])
    penalty = np.zeros((len(scale), x.shape[1]))
    penalty[:, intercepts:] = np.sqrt(lam) * np.eye(len(scale))
    a = np.vstack([root[:, None] * x * t, penalty])
    b = np.concatenate([root * y, np.zeros(len(scale))])
    return t * np.linalg.lstsq(a, b, rcond=1e-13)[0], a, t


def show(name, values):
    numbers[name] = [float(v) for v in np.atleast_1d(values)]


def single(name, x, y, prior, lam, folds=None):
    one = np.column_stack([np.ones(len(y)), x])
    scale = np.where(np.ptp(x, axis=0) > 1e-12 * np.abs(x).max(axis=0), x.std(axis=0), 0)
    theta, a, t = solve(one, y, 1, scale, prior, lam)
    show(name, theta)
    if folds is None:
        return
    inverse = np.linalg.inv(a.T @ a)
    h = np.array([t * r @ inverse @ (t * r) for r in one])
    show(name + "Leverages", h[:3])
    residual = y - one @ theta
    degrees = np.trace((one * t) @ inverse @ (one * t).T)
    show(name + "Degrees", degrees)
    show(name + "Variance", residual @ residual / (len(y) - degrees))
    total = (one[:4] * t).sum(axis=0)
    show(name + "TotalVariance", total @ inverse @ total * residual @ residual / (len(y) - degrees))

    def left_out(lam):
        squares = 0
        for g in set(folds):
            c, _, _ = solve(one[folds != g], y[folds != g], 1, scale, prior, lam)
            squares += ((y - one @ c)[folds == g] ** 2).sum()
        return np.sqrt(squares / len(y))

    show(name + "HeldOut", [left_out(l) for l in [1e-3, 0.7, 50]])
    grid = np.logspace(-12, 5, 1000)
    show(name + "LeastHeldOut", min(left_out(l) for l in grid))


def joint():
    """Two channels of 3 and 2 features, totals over frames of 4 + 2 sites, derivative rows."""
    frames = 8
    xa, xb = data(4 * frames, 3), data(2 * frames, 2, salt=40)
    ya, yb = target(4 * frames), target(2 * frames, salt=30)
    zero = np.zeros
    rows, y, w = [], [], []
    for s in range(4 * frames):
        rows.append([1, 0, *xa[s], 0, 0]), y.append(ya[s]), w.append(1)
    for s in range(2 * frames):
        rows.append([0, 1, 0, 0, 0, *xb[s]]), y.append(yb[s]), w.append(1)
    site_rows = len(rows)
    for f in range(frames):
        fa, fb = xa[4 * f:4 * f + 4].sum(axis=0), xb[2 * f:2 * f + 2].sum(axis=0)
        rows.append([4, 2, *fa, *fb]), y.append(target(frames, salt=5)[f] * 3), w.append(2.5)
    for f in range(frames):
        rows.append([0, 0, *data(frames, 5, salt=9)[f]]), y.append(target(frames, salt=8)[f])
        w.append(0.3)
    scale = np.concatenate([xa.std(axis=0), xb.std(axis=0)])
    x, y, w = np.array(rows, float), np.array(y), np.array(w)
    theta, a, t = solve(x, y, 2, scale, np.array([1, 2, 3, 1, 2.0]), 0.4, w)
    show("joint", theta)
    inverse = np.linalg.inv(a.T @ a)
    site = np.array([1, 0, *xa[5], 0, 0]) * t
    show("jointLeverage", site @ inverse @ site)
    folds = np.concatenate([np.repeat(np.arange(frames), 4), np.repeat(np.arange(frames), 2),
                            np.arange(frames), np.arange(frames)]) % 4
    squares = 0
    for g in range(4):
        c, _, _ = solve(x[folds != g], y[folds != g], 2, scale, np.array([1, 2, 3, 1, 2.0]), 0.4,
                        w[folds != g])
        squares += (w * (y - x @ c) ** 2)[folds == g].sum()
    show("jointHeldOut", np.sqrt(squares / len(y)))


single("plain", data(40, 5), target(40), np.array([1, 2, 5, 10, 17.0]), 0.7, np.arange(40) // 5 % 4)
x = data(40, 5)
x[:, 3] = x[:, 1]
single("duplicate", x, target(40), np.ones(5), 0)
single("duplicateTiny", x, target(40), np.ones(5), 1e-300)
x = data(40, 5)
x[:, 2] = 0.1
single("constant", x, target(40), np.ones(5), 0)
single("wide", data(6, 9), target(6), np.ones(9), 1e-3)
# Of the many exact solutions that of least coefficients, the intercept not counted: centre first.
x, y = data(6, 9), target(6)
c = np.linalg.lstsq((x - x.mean(axis=0)) / x.std(axis=0), y - y.mean(), rcond=1e-13)[0]
c /= x.std(axis=0)
show("wideZero", [y.mean() - x.mean(axis=0) @ c, *c])
joint()
if "--print" in sys.argv:
    print("/// Printed by Tests/interop/ridge_reference.py (NumPy).\nenum RidgeReference {")
    for name, values in numbers.items():
        print(f"  static let {name}: [Double] = [")
        for value in values:
            print(f"    {value!r},")
        print("  ]")
    print("}")
else:
    path = pathlib.Path(__file__).parent.parent / "RegressionTests" / "RidgeReference.swift"
    found = {
        name: [float(word) for word in body.replace(",", " ").split()]
        for name, body in re.findall(r"static let (\w+): \[Double\] = \[([^]]*)\]", path.read_text())
    }
    assert found.keys() == numbers.keys(), found.keys() ^ numbers.keys()
    for name, values in numbers.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-12, err_msg=name)
