"""Runs the commands of README.md, in the order of the page, as a reader would.

    readme.py FOLDER_OF_THE_TOOLS
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import ase.io
import numpy as np

tools = pathlib.Path(sys.argv[1]).resolve()
top = pathlib.Path(__file__).resolve().parents[2]
page = (top / "README.md").read_text()
sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", page, flags=re.M | re.S))
journeys = sections["Three journeys"]
commands = re.findall(r"^```bash\n(.*?)^```", journeys, flags=re.M | re.S)
assert len(commands) == 4, f"README.md: expected the commands of three journeys, found {len(commands)} blocks"
for number, line in enumerate(page.splitlines(), 1):
    assert len(line) <= 120, f"README.md: line {number}: expected at most 120 columns, found {len(line)}"


def stated(pattern):
    """The numbers that the page states in words."""
    found = re.search(pattern, " ".join(journeys.split()))
    assert found, f"README.md: expected the words {pattern!r}"
    return [float(value) for value in found.groups()]


def agrees(value, number, digits):
    assert abs(value - number) < 0.6 * 10**-digits, f"README.md states {number}, its commands give {value}"


with tempfile.TemporaryDirectory() as folder:
    (pathlib.Path(folder) / "examples").symlink_to(top / "examples")
    path = os.pathsep.join([str(tools), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(commands)], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, f"README.md: exit code {done.returncode}\n{done.stderr}"
    (exact,) = ase.io.read(f"{folder}/si-labels.xyz", ":")
    agrees(exact.info["entropy"], *stated(r"all displaced, have ([0-9.]+) k_B more"), 4)
    assert len(exact) == 1000 and abs(exact.arrays["site_entropy"].sum() - exact.info["entropy"]) < 1e-6
    (whole,) = ase.io.read(f"{folder}/si-predicted.xyz", ":")
    assert len(whole) == 64000 and np.isfinite(whole.arrays["site_entropy_pred"]).all()
    # The line of the sites left out, of both models: the second is that of Cu3Au.
    shares = [float(line.split()[6]) for line in done.stderr.splitlines() if re.match("ridge: test +all ", line)]
    agrees(shares[1], *stated(r"R² ([0-9.]+) on frames left out"), 4)
    (mine,) = ase.io.read(f"{folder}/mine-predicted.xyz", ":")
    assert len(mine) == 256 and (mine.arrays["site_entropy_std"] > 0).all()
    rows = [line.split("\t") for line in pathlib.Path(folder, "vacancy.tsv").read_text().splitlines()]
    found = {name: float(value) for name, value in zip(rows[0], rows[1]) if value[:1].isdigit()}
    volume, pressure = stated(r"S_f = ([0-9.]+) and ([0-9.]+) k_B in 216 sites")
    agrees(found["formation_entropy_V"], volume, 3)
    agrees(found["formation_entropy_p"], pressure, 3)
    for picture in "si-labels", "mine-predicted", "vacancy":
        assert pathlib.Path(folder, f"{picture}.png").stat().st_size > 1000, picture
print(f"the commands of README.md: R² {shares} of frames left out, the numbers of the page")
