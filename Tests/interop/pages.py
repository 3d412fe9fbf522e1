"""Every command of every page: run here on small files, or named with the script of ours that runs it.

    pages.py FOLDER_OF_THE_TOOLS

A command is a line of a block of shell, a synopsis (indented, beginning with a name of ours), or a span of code that begins with
one and says what it works on. What a page shows as an output or an input is compared with what comes, and fed. Beside that: options
named in a page are in the help of a tool that the page is about, paths and links lead somewhere, and no line exceeds 120 columns.
"""

import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import ase.io
import numpy as np

tools_folder = pathlib.Path(sys.argv[1]).resolve()
built = (tools_folder / "sitevib").resolve().parent
top = pathlib.Path(__file__).resolve().parents[2]
pages = [top / "README.md", top / "Sources/README.md"]
pages += sorted((top / "formats").rglob("*.md")) + sorted((top / "examples").rglob("*.md"))
environment = {
    **os.environ,
    "PATH": os.pathsep.join([str(tools_folder), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]),
    "SITEVIB_BIN": str(tools_folder), "LC_ALL": "C.UTF-8",
}
failures = []


def complain(where, what):
    failures.append(f"{where}: {what}")


def shell(script, folder):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)


helps = {}
for name in ["sitevib"] + re.findall(r"^  ([a-z-]+)  ", shell("sitevib --help", top).stdout, flags=re.M):
    text = shell(f"{name} --help", top)
    assert text.returncode == 0, f"{name} --help: exit code {text.returncode}"
    helps[name] = set(re.findall(r"^  (?:-\w, )?(--[a-z][a-z-]*)", text.stdout, flags=re.M))
assert len(helps) == 20

# What the commands below work on.
PREPARED = r"""
cp examples/potentials/Si.sw examples/potentials/chain.json .
xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 > perfect.xyz
xyz-perturb --mode rattle --amplitude 0.04 --samples 2 --seed 5 perfect.xyz > frames.xyz
xyz-perturb --mode rattle --amplitude 0.01 --samples 1 --seed 2 perfect.xyz > one.xyz
xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 | xyz-defect --vacancy center > hole.xyz
for site in 0 1; do
  xyz-defect --vacancy $site perfect.xyz | xyz-relax -p Si.sw --push inward > end-$site.xyz
done
xyz-relax -p Si.sw --push inward hole.xyz > vacancy.xyz
xyz-path -p Si.sw --match end-0.xyz end-1.xyz > path.xyz
xyz-convert --first-frame 0 --frames 1 path.xyz > minimum.xyz
xyz-convert --first-frame 1 path.xyz > saddles.xyz
site-entropy -p Si.sw frames.xyz > labels.xyz
hessian -p Si.sw one.xyz -f h5 > si.h5
site-entropy -p Si.sw frames.xyz -f h5 | ridge --order 2 --degree 6 --cutoff 4 --quiet > model.h5
ace-features --order 2 --degree 6 --cutoff 4 labels.xyz > features.h5
predict -m model.h5 --frames 1 labels.xyz --quiet > predicted.xyz
xyz-convert labels.xyz -o labels.h5
"""

INSTALL, RUN = "Tests/interop/install.sh", "Tests/run.sh"
LONG = "minutes to hours, by hand, for the tables of README.md"


class By:
    """Which script of ours runs the command, and the words there that do."""

    def __init__(self, script, *words):
        self.script, self.words = script, words


# Commands of the pages: the lines that try them, or By. Each option and each choice of a synopsis is among the lines.
COMMANDS = {
    # README.md, Sources/README.md and examples
    "examples/quickstart.sh": "examples/quickstart.sh quick && test -s quick/parity.png && test -s quick/predicted.xyz",
    "Tests/run.sh": By(RUN, "Tests/interop/[a-z]*.py"),
    "examples/install.sh PREFIX": By(INSTALL, "examples/install.sh"),
    "examples/package.sh": By("Tests/interop/package.sh", '"$top/examples/package.sh"'),
    "sitevib site-entropy …": "cmp <(sitevib site-entropy -p Si.sw one.xyz) <(site-entropy -p Si.sw one.xyz)",
    "site-entropy …": "site-entropy -p Si.sw one.xyz",
    "TOOL --help": "for tool in $(sitevib --help | sed -n 's/^  \\([a-z-]*\\)  .*/\\1/p'); do $tool --help; done",
    "sitevib --version": "sitevib --version",
    "examples/figures/all.sh": By(RUN, "examples/figures/all.sh --quick"),
    "all.sh --quick": By(RUN, "examples/figures/all.sh --quick"),
    "examples/figures/all.sh [--quick] [FOLDER]": By(RUN, "examples/figures/all.sh --quick"),
    "examples/figures/fig2.sh [--quick] [FOLDER]": By("examples/figures/all.sh", "fig2", '"$figures/$script.sh"', "--quick"),
    "examples/accuracy/moments.sh --frames 12 --seed 29": By(RUN, "examples/accuracy/moments.sh --quick"),
    "examples/defects/divacancies.sh": By(RUN, "examples/defects/divacancies.sh --quick"),
    "examples/defects/hop.sh": By(RUN, "examples/defects/hop.sh --quick"),
    "examples/defects/truncation.sh": By(RUN, "examples/defects/truncation.sh --quick"),
    "examples/benchmarks/run.sh": LONG,
    "examples/benchmarks/surrogate.sh": LONG,
    "examples/benchmarks/surrogate.sh FOLDER transfer": LONG,
    "swift format lint --strict -r Sources Tests Package.swift":
        By(RUN, "swift format lint --strict -r Sources Tests Package.swift"),
    "swift run -c release Benchmarks": f"{built}/Benchmarks extxyz",
    "swift run NAME": "".join(f"{built}/{name} --version\n" for name in helps),
    "swift test -c release --filter NAME": By(RUN, "swift test", "-c release"),
    # formats
    "xyz-relax --potential FILE [--max-force 1e-8] [--push inward|random] [--saddle] [--cell volume|full [--pressure GPa]]": """
        xyz-relax --potential Si.sw --max-force 1e-8 one.xyz
        xyz-relax --potential Si.sw --push inward hole.xyz
        xyz-relax --potential Si.sw --push random hole.xyz
        xyz-relax --potential Si.sw --saddle <(xyz-convert --first-frame 4 --frames 1 path.xyz)
        xyz-relax --potential Si.sw --cell volume --pressure 1 one.xyz
        xyz-relax --potential Si.sw --cell full one.xyz""",
    "xyz-relax --forces COMMAND | --ipi ADDRESS | --lammps COMMANDS [--model FILE] [--no-count] …": """
        xyz-build fcc --species Cu -a 3.6 --supercell 2 2 2 | xyz-perturb --mode rattle --amplitude 0.02 > cu.xyz
        forces='python3 examples/python/forces.py'
        xyz-relax --forces "$forces emt" --no-count cu.xyz
        xyz-relax --ipi unix:pages$$ --forces "$forces --socket unix:pages$$ cu.xyz emt" --timeout 60 --no-count cu.xyz
        if command -v lmp; then
          xyz-relax --lammps 'pair_style sw; pair_coeff * * Si.sw Si' --model Si.sw --no-count one.xyz
        fi""",
    "xyz-path --potential FILE [--images 7] BEFORE AFTER": """
        xyz-convert --first-frame 8 path.xyz > after.xyz
        xyz-path --potential Si.sw minimum.xyz after.xyz
        xyz-path --potential Si.sw --images 7 minimum.xyz after.xyz""",
    "site-entropy --potential FILE --kind formation [--saddle]": """
        site-entropy --potential Si.sw --kind formation vacancy.xyz
        xyz-convert --first-frame 4 --frames 1 path.xyz | site-entropy --potential Si.sw --kind formation --saddle""",
    "site-entropy --kind formation": "site-entropy --kind formation -p Si.sw vacancy.xyz",
    "formation [--potential FILE] [--temperatures lo:hi:step] [--quantum]"
    " [--reference-energy Species=eV | --balance] [PERFECT] DEFECTS": """
        formation --potential Si.sw perfect.xyz end-0.xyz
        site-entropy -p Si.sw --kind formation vacancy.xyz | formation
        formation --potential Si.sw --temperatures 300:600:300 --quantum end-0.xyz
        formation --potential Si.sw --reference-energy Si=-4.3365 end-0.xyz
        grep 'formation --balance' examples/defects/nial.sh  # run by Tests/run.sh""",
    "vineyard --potential FILE [--temperatures lo:hi:step] [--quantum] MINIMUM SADDLES": """
        vineyard --potential Si.sw minimum.xyz saddles.xyz
        vineyard --potential Si.sw --temperatures 300:600:300 minimum.xyz saddles.xyz
        vineyard --potential Si.sw --temperatures 300:600:300 --quantum minimum.xyz saddles.xyz""",
    "vineyard --potential FILE --by-site MINIMUM SADDLES": "vineyard --potential Si.sw --by-site minimum.xyz saddles.xyz",
    "site-entropy --hessian FILE --reference-hessian FILE": """
        hessian -p Si.sw perfect.xyz > perfect.h5
        site-entropy --hessian si.h5 --reference-hessian perfect.h5 one.xyz""",
    "site-entropy --embed infinite": """
        xyz-perturb --mode localized --amplitude 0.05 --radius 4 perfect.xyz | site-entropy --embed infinite -p Si.sw""",
    "ridge --share auto": "ridge --share auto --order 2 --degree 6 --cutoff 4 labels.xyz",
    "ridge --scale common": "ridge --scale common --order 2 --degree 6 --cutoff 4 labels.xyz",
    "hessian --lammps 'pair_style …; pair_coeff * * FILE Si C'": By("Tests/interop/lammps_forces.py", "--lammps", "pair_style"),
    "xyz-convert SPOSCAR": """
        printf 'Si\n5.431\n1 0 0\n0 1 0\n0 0 1\nSi\n2\nDirect\n0 0 0\n.25 .25 .25\n' > SPOSCAR
        xyz-convert SPOSCAR""",
    "xyz-convert --types Si Ge": f"""
        {sys.executable} made.py types
        xyz-convert --types Si Ge types.h5""",
    # A file that is refused for what the page says, and read after what the page advises.
    "h5repack -f GZIP=3": f"""
        {sys.executable} made.py scaleoffset
        ! xyz-convert scaleoffset.h5 2> said && grep -q scaleoffset said
        h5repack -f GZIP=3 scaleoffset.h5 repacked.h5
        xyz-convert repacked.h5""",
    "h5repack --high=2": f"""
        {sys.executable} made.py latest
        ! xyz-convert latest.h5 2> said && grep -q 'h5repack --high=2' said
        h5repack --high=2 latest.h5 older.h5
        xyz-convert older.h5""",
    "h5clear -s": f"""
        {sys.executable} made.py open
        ! xyz-convert open.h5 2> said && grep -q 'h5clear -s' said
        h5clear -s open.h5
        xyz-convert open.h5""",
}

# HDF5 of another program, as made.py writes it.
MADE = """
import os, sys, h5py
kind = sys.argv[1]
options = {"libver": "latest"} if kind in ("latest", "open") else {}
file = h5py.File(kind + ".h5", "w", **options)
group = file.create_group("particles/all")
frames = [[[0.0, 0, 0], [1.4, 1.4, 1.4]]]
extra = {"scaleoffset": 6, "chunks": (1, 2, 3)} if kind == "scaleoffset" else {}
group.create_dataset("position/value", data=frames, **extra)
group.create_dataset("box/edges", data=[5.5, 5.5, 5.5])
group["box"].attrs["dimension"] = 3
group["box"].attrs["boundary"] = [b"periodic"] * 3
group["species"] = [1, 2] if kind == "types" else [14, 32]
if kind == "open":
    file.swmr_mode = True
    file.flush()
    os._exit(0)
file.close()
"""

# Blocks of Python of the pages: what stands in front, and what must hold behind.
PYTHON = {
    "formats/features.md": ("", "assert X.shape[0] == 128 and y.shape == (128,) and names[0] == 'Si.0' and basis['version'] == 1"),
    "formats/h5md-dataset.md": (
        "import os, shutil; os.mkdir('labels'); shutil.copy('labels.h5', 'labels/si.h5'); os.chdir('labels')",
        "assert labels.shape == (2, 64) and abs(labels[0].sum() - frames[0].info['entropy']) < 1e-10"),
    "formats/hessian.md": ("", "assert H.shape == (192, 192) and abs(H - H.T).max() < 1e-12 and abs(H.sum(axis=0)).max() < 1e-10"),
    "formats/model.md": (
        "import ase.io; X = h5py.File('features.h5')['sitevib/features/X'][:64]",
        "assert abs(prediction - ase.io.read('predicted.xyz').arrays['site_entropy_pred']).max() < 1e-9"),
}


def shown(page):
    """Blocks (language, first line, text, its section), synopses (line, text) and spans (line, text, its paragraph) of a page."""
    lines = page.read_text().split("\n")
    blocks, prose, section, fence = [], [], "", None
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            if fence is None:
                fence = (line[3:], number + 1, [], section)
            else:
                blocks.append((fence[0], fence[1], "\n".join(fence[2]), fence[3]))
                fence = None
            prose.append("")
        elif fence is not None:
            fence[2].append(line)
            prose.append("")
        else:
            section = line.lstrip("# ") if line.startswith("## ") else section
            prose.append(line)
    starts = re.compile(r"    (?:" + "|".join(map(re.escape, sorted(helps, key=len, reverse=True))) + r"|examples/\S+|Tests/\S+) ")
    synopses = []
    for number, line in enumerate(prose, 1):
        if starts.match(line):
            synopses.append([number, line.strip()])
        elif synopses and line.startswith("        ") and synopses[-1][0] == number - 1:
            synopses[-1] = [number, f"{synopses[-1][1]} {line.strip()}"]
    text, spans = "\n".join(prose), []
    for match in re.finditer(r"`([^`]+)`", text):
        start, end = text.rfind("\n\n", 0, match.start()), text.find("\n\n", match.end())
        spans.append((text.count("\n", 0, match.start()) + 1, " ".join(match[1].split()), text[max(start, 0):end]))
    return blocks, synopses, spans


def is_command(span):
    """Whether a span says what to run on what: `ridge --keep` names an option, `predict(…)` is Python."""
    words = span.split()
    if re.match(r"(examples|Tests)/\S+\.sh$", words[0]) or words[0] in ("all.sh", "swift", "h5repack", "h5clear"):
        return True
    if words[0] in (*helps, "TOOL") and len(words) > 1:
        return words[-1] in ("--version", "--help") or any(not word.startswith("-") for word in words[1:])
    return False


def check_command(where, text, used):
    """A command of a page is among COMMANDS, with all its options and choices, or with a script that has its words."""
    way = COMMANDS.get(text)
    if way is None:
        return complain(where, f"expected a test of `{text}`, found none in Tests/interop/pages.py")
    used.add(text)
    if isinstance(way, By) or way == LONG:
        script = top / (way.script if isinstance(way, By) else text.split()[0])
        words = way.words if isinstance(way, By) else [word for word in text.split()[1:] if word.islower()]
        content = script.read_text() if script.exists() else ""
        for word in words or ["\n"]:
            if word not in content:
                complain(where, f"`{text}`: expected {word!r} in {script.relative_to(top)}, found none")
        return None
    for word in re.findall(r"--[a-z-]+", text):
        if word not in way and not text.startswith("swift"):
            complain(where, f"`{text}`: expected {word} in its test, found none")
    for choice in re.findall(r"[a-z]+(?:\|[a-z]+)+", text):
        for word in choice.split("|"):
            if word not in way:
                complain(where, f"`{text}`: expected {word} in its test, found none")
    return None


def check_options(where, span, about, around=""):
    """Options are in the help of the tool in front of them, or else of one that the page names, or in a script named beside them."""
    tool = None
    named = [top / path for path in re.findall(r"(?:Tests|examples)/[\w/-]+\.(?:sh|py)", around)]
    scripts = "".join(path.read_text() for path in named if path.exists())
    for word in re.findall(r"[^\s'()|]+", span):
        if word in helps:
            tool = word
        elif re.match(r"--[a-z]", word):
            name = re.match(r"--[a-z-]+", word)[0]
            known = helps[tool] if tool else set().union(*(helps[each] for each in about))
            if name not in known | {"--help", "--version", "--verbose"} and name not in scripts:
                complain(where, f"`{span}`: expected an option of {tool or ' or '.join(sorted(about))}, found {name}")


def check_links(page):
    for number, line in enumerate(page.read_text().split("\n"), 1):
        where = f"{page.relative_to(top)}:{number}"
        if len(line) > 120 and not line.startswith(('Lattice="', '{"channels"')):
            complain(where, f"expected at most 120 columns, found {len(line)}")
        for target in re.findall(r"\]\(([^)#\s]+)|^\[\w\]: (\S+)", line):
            target = target[0] or target[1]
            if not target.startswith("http") and not (page.parent / target).exists():
                complain(where, f"expected a file behind the link, found none: {target}")
        for path in re.findall(r"`((?:examples|Tests|formats|Sources)/[\w./-]+)", line):
            if not (top / path).exists():
                complain(where, f"expected a file or folder, found none: {path}")


def check_page(page, used, python, examples):
    name = str(page.relative_to(top))
    blocks, synopses, spans = shown(page)
    about = {tool for tool in helps if re.search(rf"\b{tool}\b", page.read_text())}
    for index, (language, number, text, section) in enumerate(blocks):
        where = f"{name}:{number}"
        if language == "bash" and name != "README.md":
            follows = index + 1 < len(blocks) and blocks[index + 1][0] == "" and blocks[index + 1][1] == number + text.count("\n") + 4
            examples.append((where, text, blocks[index + 1][2] if follows else None))
        elif language == "bash" and section != "Three journeys":  # those are run by readme.py
            for offset, line in enumerate(text.split("\n")):
                check_command(f"{name}:{number + offset}", line.split("  #")[0].strip(), used)
        elif language == "python":
            python.append((name, number, text))
    for number, text in synopses:
        check_command(f"{name}:{number}", text, used)
        if text.split()[0] in helps:
            check_options(f"{name}:{number}", text, about)
    for number, span, around in spans:
        if is_command(span):
            check_command(f"{name}:{number}", span, used)
        if span.split()[0] in helps or span.startswith("--"):
            check_options(f"{name}:{number}", span, about, around)
    check_links(page)


def run_commands(folder, used):
    for text in sorted(used):
        way = COMMANDS[text]
        if isinstance(way, By) or way == LONG:
            continue
        done = shell(f"{{ {way}\n}} > /dev/null", folder)
        if done.returncode != 0:
            complain(f"`{text}`", f"exit code {done.returncode}: {done.stderr.strip().splitlines()[-3:]}\n{way}")


def run_python(folder, python):
    for name, number, text in python:
        if name not in PYTHON:
            complain(f"{name}:{number}", "expected a test of this Python, found none in Tests/interop/pages.py")
            continue
        front, behind = PYTHON[name]
        done = subprocess.run(
            [sys.executable, "-c", f"import h5py\n{front}\n{text}\n{behind}\n"],
            cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            complain(f"{name}:{number}", f"this Python fails: {done.stderr.strip().splitlines()[-2:]}")


def block(page, starting):
    """The block, or the indented lines, of a page that begin with a text."""
    blocks, _, _ = shown(top / page)
    found = [text for _, _, text, _ in blocks if text.startswith(starting)]
    lines = (top / page).read_text().split("\n")
    for number, line in enumerate(lines):
        if line.startswith("    " + starting):
            end = next((i for i in range(number, len(lines)) if not lines[i].startswith("    ")), len(lines))
            found.append("\n".join(each[4:] for each in lines[number:end]))
    assert len(found) == 1, f"{page}: expected one block that begins with {starting!r}, found {len(found)}"
    return found[0] + "\n"


def columns(line, table):
    """The words of a line, without those under q1 to q3 of a table that has them."""
    names = table.split("\n")[0].split("\t")
    return line.split("\t")[: names.index("q1")] if line and "q1" in names else line.split()


def same_table(where, shown, came):
    """Words are equal, numbers to 1e-9; but of wave vectors (q1 to q3) that are equal by symmetry any may come."""
    left, right = ([word for line in text.split("\n") for word in columns(line, text)] for text in (shown, came))
    if len(left) != len(right):
        return complain(where, f"expected {len(left)} words as shown, found {len(right)}")
    for one, other in zip(left, right):
        try:
            equal = abs(float(one) - float(other)) <= 1e-9 * max(1, abs(float(one)))
        except ValueError:
            equal = one == other
        if not equal:
            return complain(where, f"shown {one}, its command gives {other}")
    return None


def run_examples(folder, examples):
    """Blocks of shell as typed; where a block without a language follows, it is their output."""
    for where, text, output in examples:
        done = shell(text, folder)
        if done.returncode != 0:
            complain(where, f"exit code {done.returncode}: {done.stderr.strip()}")
        elif output is not None:
            same_table(where, output, done.stdout)


def check_shown_files(folder):
    """What the pages show of files is read, and means what they say."""
    (folder / "page.xyz").write_text(block("formats/extxyz.md", '2\nLattice="6.482'))
    same_table("formats/extxyz.md", (folder / "page.xyz").read_text(), shell("xyz-convert --no-history page.xyz", folder).stdout)
    (folder / "page.sw").write_text(block("formats/potentials.md", "# DATE: 1985"))
    energies = (shell(f"xyz-energy -p {file} --no-history one.xyz | tail -n +3", folder).stdout for file in ("page.sw", "Si.sw"))
    same_table("formats/potentials.md", *energies)
    (folder / "page.json").write_text(block("formats/springs.md", '{"format": "sitevib-springs"'))
    done = shell("""
        xyz-build chain --species Na Cl -a 5 --supercell 8 1 1 | xyz-perturb --mode rattle --amplitude 0.1 |
          xyz-energy -p page.json""", folder)
    atoms = ase.io.read(io.StringIO(done.stdout), format="extxyz")
    x = np.append(atoms.positions[:, 0], atoms.positions[0, 0] + 40)
    s = np.diff(x) - 2.5
    energy = sum(
        k * (s[i::2]**2).sum() / 2 + g * (s[i::2]**3).sum() / 6 + h * (s[i::2]**4).sum() / 24
        for i, k, g, h in [(0, 10, -36, 100.8), (1, 8, -28.8, 80.64)])
    if abs(atoms.get_potential_energy() - energy) > 1e-10:
        complain("formats/springs.md", f"the springs shown give {energy} eV, xyz-energy {atoms.get_potential_energy()}")
    basis = block("formats/ace-basis.md", '{"channels"').strip()
    came = shell(
        "ace-features --order 3 --degree 12 --cutoff 5.5 --weight-l 1.5 --bond-length 3.5 perfect.xyz > b.h5\n"
        f"{sys.executable} -c \"import h5py; print(h5py.File('b.h5')['sitevib/features/basis'][0].decode())\"", folder)
    if came.stdout.strip() != basis:
        complain("formats/ace-basis.md", f"shown {basis}, found {came.stdout.strip()}{came.stderr}")


def check_promises():
    """The tests that promises.md names are there."""
    sources = "".join(path.read_text() for path in (top / "Tests").rglob("*Tests/*.swift"))
    names = set(re.findall(r"`(?:[\w/]*Tests)?\.?([a-z]\w+|\w+Tests)`", (top / "formats/promises.md").read_text()))
    tests = [name for name in names - {"CommandTests", "FormatsTests"} if name.endswith("Tests") or re.search("[A-Z]", name[1:])]
    assert len(tests) > 150, f"formats/promises.md: expected the names of more tests, found {len(tests)}"
    for name in tests:
        if not re.search(rf"(?:func|struct) {name}\b", sources):
            complain("formats/promises.md", f"expected a test of this name, found none: {name}")


def main():
    used, python, examples = set(), [], []
    for page in pages:
        check_page(page, used, python, examples)
    check_promises()
    for text in COMMANDS.keys() - used:
        complain("Tests/interop/pages.py", f"`{text}` is on no page")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "examples").symlink_to(top / "examples")
        (folder / "made.py").write_text(MADE)
        done = shell(PREPARED, folder)
        assert done.returncode == 0, f"what the pages work on cannot be made: {done.stderr}"
        run_commands(folder, used)
        run_python(folder, python)
        run_examples(folder, examples)
        check_shown_files(folder)
    for failure in failures:
        print(f"pages.py: {failure}", file=sys.stderr)
    if failures:
        sys.exit(1)
    here = sum(isinstance(COMMANDS[text], str) and COMMANDS[text] != LONG for text in used)
    print(f"pages: {len(pages)} pages, {here + len(examples) + len(python)} commands run, {len(used) - here} by scripts of ours")


main()
