#!/usr/bin/env bash
# The surrogate against SOAP ridge and PACE on the same frames in one run, and what its options are worth: tables as TSV.
#   examples/benchmarks/surrogate.sh [FOLDER] [TABLE ...]     FOLDER: default benchmarks; TABLE: accuracy baseline transfer trust speed learning channels rows (default: all)
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-benchmarks}
shift || true
. "$top/examples/setup.sh"
use_sitevib Benchmarks
python=$top/.build/surrogate/bin/python
if ! [ -x "$python" ]; then
  python3 -m venv --clear "$top/.build/surrogate"
  "$top/.build/surrogate/bin/pip" install --quiet --disable-pip-version-check -r "$top/examples/benchmarks/surrogate-requirements.txt"
fi
mkdir -p "$folder"
cd "$folder"
"$python" "$top/examples/benchmarks/surrogate.py" "$top/examples/potentials" "$@"
