# Sourced by the scripts of examples and Tests/run.sh: finds Swift, installs the Debian packages that are missing, and begins the figures.
# shellcheck shell=bash

# need_swift: stops with one line where there is no toolchain that can build this.
need_swift() {
  if ! command -v swift >/dev/null 2>&1; then
    echo "${0##*/}: no Swift toolchain found; install Swift 6.2 or later from https://www.swift.org/install/linux/ and run this again" >&2
    exit 69
  fi
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  if ! awk -v v="$version" 'BEGIN { split(v, p, "."); exit !(p[1] > 6 || (p[1] == 6 && p[2] >= 2)) }'; then
    echo "${0##*/}: expected Swift 6.2 or later, found '$version'; see https://www.swift.org/install/linux/" >&2
    exit 69
  fi
}

# need_packages COMMAND_OR_MODULE=PACKAGE ...: a word with a slash in front is a command, else a pkg-config module.
need_packages() {
  local entry probe missing=()
  for entry in "$@"; do
    probe=${entry%%=*}
    case $probe in
      /*) command -v "${probe#/}" >/dev/null 2>&1 || missing+=("${entry#*=}") ;;
      *) command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$probe" || missing+=("${entry#*=}") ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1; then as_root=(sudo); else as_root=(false); fi
  fi
  if ! command -v apt-get >/dev/null 2>&1 || [ "${as_root[0]:-}" = false ]; then
    echo "${0##*/}: missing packages and no way to install them; as root run: apt-get install ${missing[*]}" >&2
    exit 69
  fi
  echo "Installing ${missing[*]} ..." >&2
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "${0##*/}: apt-get could not install ${missing[*]}; the end of its output is above" >&2
    exit 69
  fi
  rm -f "$log"
}

need_libraries() {
  need_packages /pkg-config=pkg-config hdf5-serial=libhdf5-dev openblas=libopenblas-dev lapacke=liblapacke-dev spglib=libsymspg-dev
}

# link_archive FOLDER MODULE ARCHIVE LIBRARIES: a module of pkg-config, in FOLDER, that links an archive where the module of the system links a
# shared library. Debian's HDF5 loads twenty more libraries, for files on the web, at every start.
link_archive() {
  local libraries
  libraries=$(PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config --libs-only-L "$2" | sed 's/^-L//; s/ .*//')
  if [ -e "$libraries/$3" ]; then
    printf 'Name: %s\nDescription: %s\nVersion: %s\nCflags: %s\nLibs: -L%s -l:%s %s\n' \
      "$2" "$3" "$(pkg-config --modversion "$2")" "$(pkg-config --cflags "$2")" "$libraries" "$3" "$4" > "$1/$2.pc"
  fi
}

# build_sitevib PACKAGE [PRODUCT ... | --build-tests]: builds `sitevib` of a checkout, and what else is named, and sets SITEVIB_BIN, a folder with
# links of all its names, and SITEVIB_BUILT, where everything that was built is. Swift's libraries are linked into it, and HDF5 and LAPACKE: it
# starts in a third of the time, and runs on machines without Swift. It uses the vector instructions of this processor, and says so in one line on
# an older one. Builds for x86-64-v3 and v4 give equal bytes, those for older processors other last digits: they round products before they add
# them. For a cluster of several kinds set SITEVIB_CPU=x86-64-v3, for any machine SITEVIB_CPU=x86-64. It is built in SITEVIB_SCRATCH of the
# checkout, .build/static by default.
build_sitevib() {
  local product cpu=${SITEVIB_CPU:-} scratch=$1/${SITEVIB_SCRATCH:-.build/static}
  local modules=$scratch/modules
  local build=(env SITEVIB_STATIC=1 "PKG_CONFIG_PATH=$modules${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}" swift build --package-path "$1"
    --scratch-path "$scratch" -c release -Xswiftc -use-ld=lld)
  if [ -z "$cpu" ] && grep -qs '^flags.* avx2 .* bmi2 ' /proc/cpuinfo; then
    cpu=x86-64-v3
    if grep -qs '^flags.* avx512f avx512dq .* avx512bw avx512vl ' /proc/cpuinfo; then cpu=x86-64-v4; fi
  fi
  if [ -n "$cpu" ]; then build+=(-Xswiftc -Xcc -Xswiftc "-march=$cpu"); fi
  case $cpu in x86-64-v3 | x86-64-v4) build+=(-Xswiftc -DSITEVIB_FUSED) ;; esac
  if [ "$cpu" = x86-64-v4 ]; then build+=(-Xswiftc -DSITEVIB_WIDE); fi
  mkdir -p "$modules"
  link_archive "$modules" hdf5-serial libhdf5.a "-lsz -lz"
  link_archive "$modules" lapacke liblapacke.a ""
  SITEVIB_BUILT=$("${build[@]}" --show-bin-path)
  SITEVIB_BIN=$scratch/bin
  mkdir -p "$SITEVIB_BIN"
  if [ "${2:-}" = --build-tests ]; then "${build[@]}" --build-tests; else
    for product in sitevib "${@:2}"; do
      "${build[@]}" --quiet --product "$product"
      ln -sfnr "$SITEVIB_BUILT/$product" "$SITEVIB_BIN/$product"
    done
  fi
  ln -sfnr "$SITEVIB_BUILT/sitevib" "$SITEVIB_BIN/sitevib"
  link_names "$SITEVIB_BIN"
}

# link_names FOLDER: links of all its names to the `sitevib` in the folder.
link_names() {
  local name
  for name in $("$1/sitevib" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do ln -sfn sitevib "$1/$name"; done
}

# manual FOLDER TOOL: the manual page of a tool in the folder; what it does is told by --help alone, so that they cannot differ.
manual() {
  local version abstract readme
  readme=$(dirname "${BASH_SOURCE[0]}")/../README.md
  version=$("$1/$2" --version)
  abstract=$("$1/$2" --help | sed '/^$/,$d; s/^OVERVIEW: //' | paste -s -d ' ')
  printf '.TH %s 1 "" "sitevib %s" "sitevib"\n.SH NAME\n%s \\- %s\n' "${2^^}" "$version" "${2//-/\\-}" "$abstract"
  printf '.SH DESCRIPTION\n.nf\n'
  "$1/$2" --help | sed "1,/^$/d; s/\\\\/\\\\e/g; s/-/\\\\-/g; s/^[.']/\\\\\&&/"
  printf '.fi\n.SH EXIT STATUS\n.nf\n'
  sed -n '/^Exit codes: /,/^$/p' "$readme" | sed "s/^Exit codes: //; s/; */\n/g; s/\`//g; s/-/\\\\-/g"
  printf '.fi\n'
}

# install_pages FOLDER PREFIX: manual pages and completions of the tools in a folder go under PREFIX/share.
install_pages() {
  local tool share=$2/share
  local bash=$share/bash-completion/completions zsh=$share/zsh/site-functions fish=$share/fish/vendor_completions.d
  mkdir -p "$share/man/man1" "$bash" "$zsh" "$fish"
  for tool in sitevib $("$1/sitevib" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
    manual "$1" "$tool" > "$share/man/man1/$tool.1"
    "$1/$tool" --generate-completion-script bash > "$bash/$tool"
    "$1/$tool" --generate-completion-script zsh > "$zsh/_$tool"
    "$1/$tool" --generate-completion-script fish > "$fish/$tool.fish"
  done
}

# use_sitevib [PRODUCT ...]: puts the tools in PATH: those of SITEVIB_BIN, or else built from this checkout with what else is named.
use_sitevib() {
  if [ -z "${SITEVIB_BIN:-}" ]; then
    need_swift
    need_libraries
    local package
    package=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    echo "Building (a few minutes the first time) ..." >&2
    build_sitevib "$package" "$@"
  fi
  SITEVIB_BIN=$(cd "$SITEVIB_BIN" && pwd)
  PATH=$SITEVIB_BIN:$PATH
}

# use_peers PACKAGE: sets peers, the folder of a Python with the programs that examples/benchmarks compares with, made anew where its list has changed.
use_peers() {
  peers=$1/.build/peers
  if ! cmp -s "$1/examples/benchmarks/requirements.txt" "$peers/installed.txt"; then
    echo "Installing the peers ..." >&2
    python3 -m venv --clear "$peers"
    "$peers/bin/pip" install --quiet --disable-pip-version-check -r "$1/examples/benchmarks/requirements.txt"
    cp "$1/examples/benchmarks/requirements.txt" "$peers/installed.txt"
  fi
}

# begin_figure NAME "$@": the common beginning of the scripts in examples/figures, with their arguments [--quick] [FOLDER].
# Finds the tools in the folder SITEVIB_BIN or builds them, then makes FOLDER (default: NAME) and goes there.
# Sets figures and potentials (where the scripts and the parameter files are) and quick (1 or 0).
begin_figure() {
  local name=$1 top folder argument
  shift
  top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  figures=$top/examples/figures
  potentials=$top/examples/potentials
  folder=$name
  quick=0
  for argument in "$@"; do
    case $argument in
      --quick) quick=1 ;;
      -*) echo "${0##*/}: usage: ${0##*/} [--quick] [FOLDER]" >&2; exit 64 ;;
      *) folder=$argument ;;
    esac
  done
  need_packages /gnuplot=gnuplot-nox
  use_sitevib
  mkdir -p "$folder"
  cd "$folder"
}

# cpu_seconds OUTPUT COMMAND ...: runs the command with its output in a file and prints the seconds of processor time it took.
# Of a command with one thread that is the time by the clock on a quiet machine, and nearly the same on a busy one.
cpu_seconds() {
  local output=$1 TIMEFORMAT='%U %S'
  shift
  { time "$@" > "$output" 2>&3; } 3>&2 2>&1 | awk '{ print $1 + $2 }'
}

# power_law TABLE X Y FROM TO: exponent of y = c x^p by least squares of the logarithms over the rows with FROM <= x <= TO; X and Y are columns from 1.
power_law() {
  awk -F '\t' -v i="$2" -v j="$3" -v from="$4" -v to="$5" '
    $i + 0 > 0 && $j + 0 > 0 && $i >= from && $i <= to { x = log($i); y = log($j); n++; sx += x; sy += y; sxx += x * x; sxy += x * y }
    END { if (n > 1) printf "%.3f\n", (n * sxy - sx * sy) / (n * sxx - sx * sx); else print "-" }' "$1"
}

# ridge_errors OPTION ... LABELLED: errors of models that were trained on four fifths of the sites, then on four fifths of the frames.
# Rows without a header: split, part, number of sites, RMSE, MAE (k_B), R², all sites together.
ridge_errors() {
  local kind
  for kind in site config; do
    ridge --split "$kind" "$@" 2>&1 > /dev/null | awk -v kind="$kind" -v OFS='\t' '$3 == "all" { print kind, $2, $4, $5, $6, $7 }'
  done
}
