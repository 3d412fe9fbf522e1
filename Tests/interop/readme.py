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
commands = []
for name in "One page of use", "Your own crystal", "A point defect":
    blocks = re.findall(r"^```bash\n(.*?)^```", sections[name], flags=re.M | re.S)
    assert blocks, f"README.md: expected commands in the section '{name}', found none"
    commands += blocks

with tempfile.TemporaryDirectory() as folder:
    (pathlib.Path(folder) / "examples").symlink_to(top / "examples")
    path = os.pathsep.join([str(tools), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(commands)], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, f"README.md: exit code {done.returncode}\n{done.stderr}"
    (exact,) = ase.io.read(f"{folder}/mine-exact.xyz", ":")
    labels, predicted = exact.arrays["site_entropy"], exact.arrays["site_entropy_pred"]
    share = 1 - np.sum((labels - predicted) ** 2) / np.sum((labels - labels.mean()) ** 2)
    assert share > 0.9995, f"README.md: R² of the reader's own frame is {share}"
    (whole,) = ase.io.read(f"{folder}/predicted.xyz", ":")
    assert len(whole) == 64000 and np.isfinite(whole.arrays["site_entropy_pred"]).all()
    rows = [line.split("\t") for line in pathlib.Path(folder, "vacancy.tsv").read_text().splitlines()]
    found = {name: float(value) for name, value in zip(rows[0], rows[1]) if value[:1].isdigit()}
    assert abs(found["formation_entropy_V"] - 5.946036) < 1e-5, found
    assert abs(found["formation_entropy_p"] - 2.9973) < 1e-3, found
    assert pathlib.Path(folder, "mine.png").stat().st_size > 1000
print(f"the commands of README.md: R² {share:.5f} of the reader's own frame")
