"""The example for users of ASE runs as it stands, and what it says is what the tools say.

    python3 Tests/interop/from_ase.py .build/release
"""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/python/from_ase.py"

done = subprocess.run([sys.executable, EXAMPLE, sys.argv[1]], capture_output=True, text=True)
assert done.returncode == 0 and done.stderr == "", done.stderr
print(done.stdout, end="")
explained = float(re.search(r"R² = ([0-9.]+)", done.stdout)[1])
assert explained > 0.99, explained
