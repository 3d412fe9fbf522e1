"""The lines of usage of every --help, run as typed, in a folder that has small files of these names.

    usage.py FOLDER_OF_THE_TOOLS
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

tools = pathlib.Path(sys.argv[1]).resolve()
top = pathlib.Path(__file__).resolve().parents[2]
path = os.pathsep.join([str(tools), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])

# Files of silicon, by the names that the lines have.
PREPARED = r"""
cp examples/potentials/Si.sw .
cp examples/potentials/SiC-Tersoff1989.tersoff SiC.tersoff
examples/potentials/second-moment.sh NiAl > NiAl.eam.alloy
cp NiAl.eam.alloy NiAlH_jea.eam.alloy
silicon() { xyz-build diamond --species Si -a 5.431 --supercell $1 $1 $1; }
silicon 2 > reference.xyz
cp reference.xyz si.xyz
cp reference.xyz si216.xyz
xyz-perturb --mode rattle --amplitude 0.03 --samples 6 --seed 1 reference.xyz > many.xyz
xyz-convert --frames 1 many.xyz | tee part-1.xyz trajectory.xyz > rattled.xyz
hessian -p Si.sw --write phonopy -o rattled.fc rattled.xyz
hessian -p Si.sw --write phonopy -o perfect.fc reference.xyz
xyz-perturb --mode localized --amplitude 0.05 --radius 4 --samples 2 --seed 1 reference.xyz > perturbed.xyz
site-entropy -p Si.sw many.xyz > labels.xyz
xyz-convert labels.xyz -o labels.h5
ridge --order 2 --degree 6 --cutoff 4 --quiet labels.xyz > si.h5
ridge --order 2 --degree 6 --cutoff 4 --quiet --baseline Si.sw labels.xyz > rest.h5
for n in 2 3 4; do
  silicon $n >> perfect.xyz
  silicon $n | xyz-defect --vacancy center | xyz-relax -p Si.sw --push inward > vacancy-$((8 * n * n * n)).xyz
done
cp vacancy-512.xyz vacancy-1000.xyz
cp vacancy-64.xyz vacancy-512.xyz
cp vacancy-216.xyz vacancy.xyz
cp vacancy-216.xyz relaxed.xyz
for site in 0 1; do xyz-defect --vacancy $site reference.xyz | xyz-relax -p Si.sw --push inward > end-$site.xyz; done
cp end-0.xyz start.xyz
xyz-path -p Si.sw --match end-0.xyz end-1.xyz > path.xyz
xyz-convert --frames 1 path.xyz | tee before.xyz > minimum.xyz
xyz-convert --first-frame 8 path.xyz | tee after.xyz > end.xyz
xyz-convert --first-frame 4 --frames 1 path.xyz | tee saddle.xyz > halfway.xyz
silicon 2 | xyz-defect --split center=Si:1,1,0 > split.xyz
xyz-build L1_2 --species Cu Au -a 3.74 --supercell 2 2 2 > cu3au.xyz
xyz-build zincblende --species Si C -a 4.321 --supercell 2 2 2 | xyz-perturb --mode rattle --amplitude 0.02 > sic.xyz
xyz-build cscl --species Ni Al -a 2.87 --supercell 3 3 3 | tee nial.xyz | xyz-perturb --mode rattle --amplitude 0.02 > alloy.xyz
xyz-build diamond --species Si -a 5.431 | xyz-perturb --mode rattle --amplitude 0.02 --samples 110 | tee cells.xyz > frames.xyz
cp perturbed.xyz part-2.xyz
printf 'Si\n5.431\n1 0 0\n0 1 0\n0 0 1\nSi\n2\nDirect\n0 0 0\n.25 .25 .25\n' > SPOSCAR
cp si.xyz POSCAR.xyz
"""

# What a line needs beside: words of it, and what is done before.
BEFORE = {
    "xyz-energy --potential NiAl.eam.alloy": "cp alloy.xyz frames.xyz",
    "xyz-energy --lammps": "cp sic.xyz frames.xyz",
    "predict": "cp cells.xyz frames.xyz",
    "site-gradient --potential Si.sw --total": "cp rattled.xyz relaxed.xyz",
    "dump.h5md": f"{sys.executable} dump.py",
}
# Lines that need not end with 0: a reader that leaves, frames that are rejected and named.
OTHER_CODES = {"| head -2": 141, "--max-extrapolation 2": 3}
TYPES = """
import h5py
with h5py.File("dump.h5md", "w") as file:
    group = file.create_group("particles/all")
    group["position/value"] = [[[0.0, 0, 0], [1.4, 1.4, 1.4]]]
    group["box/edges"] = [5.5, 5.5, 5.5]
    group["box"].attrs["boundary"] = [b"periodic"] * 3
    group["species"] = [1, 2]
"""


def shell(script, folder):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL, capture_output=True)


def usage(tool):
    """The lines of usage of a tool."""
    text = shell(f"{tool} --help", top).stdout.decode()
    lines = re.search(r"^USAGE: (.*?)\n\n", text, flags=re.M | re.S)[1]
    return [line.strip() for line in lines.split("\n")]


failures, count = [], 0
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "examples").symlink_to(top / "examples")
    (folder / "dump.py").write_text(TYPES)
    prepared = shell(PREPARED, folder)
    assert prepared.returncode == 0, prepared.stderr.decode()
    for tool in re.findall(r"^  ([a-z-]+)  ", shell("sitevib --help", top).stdout.decode(), flags=re.M):
        for line in usage(tool):
            if "--lammps" in line and not shutil.which("lmp", path=path):
                continue
            count += 1
            before = "\n".join(script for words, script in BEFORE.items() if words in line)
            perturb = "xyz-perturb --mode localized --amplitude 0.03 --radius 4 --samples 2 reference.xyz"
            done = shell(f"{before}\n{{ {line.replace('xyz-perturb ...', perturb)}\n}} > /dev/null", folder)
            other = next((code for words, code in OTHER_CODES.items() if words in line), 0)
            if done.returncode not in (0, other):
                failures.append(f"{line}\n  exit code {done.returncode}: {done.stderr.decode().strip()[-300:]}")
for failure in failures:
    print(f"usage.py: {failure}", file=sys.stderr)
assert count > 45, f"expected the usage of 19 tools, found {count} lines"
if failures:
    sys.exit(1)
print(f"usage: {count} lines of --help run as typed")
