import TestSupport
import Testing

/// Frames that are well formed and cannot be computed on: every command refuses them with their place, or
/// gives what is right; none writes a number that is none.
struct HostileFrameTests {
  /// Writes `NAME.xyz` files into the folder: a good frame of the workshop with one thing changed.
  private static let frames = """
    head -n 66 $files/frames.xyz > good
    # put FILE ROW COLUMN VALUE: changes a value of an atom; the columns are species pos sublattice ….
    put() { awk -v r=$(($2 + 2)) -v c=$3 -v v="$4" 'NR == r { $c = v } { print }' good > $1.xyz; }
    # beside FILE OFFSET: puts atom 2 on atom 1, with another x.
    beside() {
      awk -v d=$2 'NR == 3 { x = $2; y = $3; z = $4 }
        NR == 4 { $2 = sprintf("%.17g", x + d); $3 = y; $4 = z } { print }' good > $1.xyz
    }
    beside same 0; beside image 10.862; beside near 1e-12; beside nearer 1e-160
    put far15 2 2 1e15; put far19 2 2 1e19; put far300 2 2 1e300
    sed 's/^Si/Ge/' good > germanium.xyz
    weighed() {
      awk -v m=$2 'NR == 2 { sub(/species:S:1/, "&:masses:R:1") }
        NR > 2 { $1 = $1 " " (NR == 9 ? m : 28) } { print }' good > $1.xyz
    }
    weighed massless 0; weighed negative -28
    single() {
      printf '1\\n%s Properties=species:S:1:pos:R:3:sublattice:I:1:cell_index:I:3:ref_pos:R:3\\n%s\\n' \\
        "$2" 'Si 0 0 0 0 0 0 0 0 0 0' > $1.xyz
    }
    single alone ''; single one 'Lattice="5.4 0 0 0 5.4 0 0 0 5.4"'
    single tiny 'Lattice="1e-3 0 0 0 1e-3 0 0 0 1e-3"'
    single needle 'Lattice="1e4 0 0 0 1e-3 0 0 0 1e4"'
    single flat 'Lattice="5 0 0 4.999999999999 1e-9 0 0 0 5"'
    # labels FILE: no number is NaN or infinite, and the site entropies add up to the total.
    sound() {
      grep -ciE '\\b(nan|-?inf)' $1 > /dev/null && violation "$2: no number"
    }
    """

  static let physics = Tool.textReaders.filter {
    !["xyz-convert", "xyz-label", "xyz-table", "ridge"].contains($0.name)
  }
  static let mechanics = physics.filter { $0.line.contains("Si.sw") }

  private func check(_ tool: Tool, _ script: String) throws {
    let found = try Scratch().violations(of: tool, Self.frames + "\n" + script)
    #expect(found.isEmpty, "\(found)")
  }

  @Test(arguments: physics) func atomsInOnePlaceAreRefused(tool: Tool) throws {
    try check(
      tool,
      """
      for frame in same image near nearer; do
        timeout -s KILL 20 \(tool.filter) $frame.xyz > out 2> err; refused $? 65
        grep -q "$frame.xyz: frame 1, line 4: expected .*atoms\\? \\(1 and \\)\\?2" err || violation $frame
      done
      """)
  }

  private static let onPositions = ["ace-features", "ridge", "predict", "hessian"]
  private static let heedlessOfSites = [
    "predict", "hessian", "xyz-convert", "xyz-energy", "xyz-label", "xyz-table",
  ]
  /// Energies and forces know no masses.
  private static let heedlessOfMasses = ["xyz-energy", "xyz-relax"]

  /// The line is that of the later of the two, whether their positions are one or their sites.
  @Test(arguments: Tool.textReaders) func atomsInOnePlaceAreNamedByTheirLine(tool: Tool) throws {
    try check(
      tool,
      """
      head -n 66 $files/labels.xyz > good
      beside same 0
      # The sites of atoms 1 and 2 are one, and atom 2 is where it may be.
      awk 'NR == 3 { x = $2; s = $10 } NR == 4 { $2 = x + 1; $3 = $4 = 0; $10 = s; $11 = $12 = 0 }
        { print }' good > sites.xyz
      named() {
        \(tool.filter) $1.xyz > out 2> err; refused $? 65
        place="\(tool.name): $1.xyz: frame 1, line 4:$2"
        [ "$(< err)" = "$place expected distinct places, found atoms 1 and 2 in one place" ] ||
          violation "$1: other words"
      }
      \(Self.onPositions.contains(tool.name) ? "named same ''" : "")
      \(Self.heedlessOfSites.contains(tool.name) ? "" : "named sites ' reference positions:'")
      """)
  }

  @Test(arguments: physics) func atomsFarAwayAreRefused(tool: Tool) throws {
    try check(
      tool,
      """
      for frame in far15 far19 far300; do
        timeout -s KILL 20 \(tool.filter) $frame.xyz > out 2> err; refused $? 65
        grep -q "$frame.xyz: frame 1, line" err && grep -q 'atom 2' err || violation "$frame"
      done
      """)
  }

  @Test(arguments: physics) func cellsThatHoldTooManyImagesAreRefused(tool: Tool) throws {
    try check(
      tool,
      """
      for frame in tiny needle flat; do
        (ulimit -v 4000000; timeout -s KILL 20 \(tool.filter) $frame.xyz > out 2> err); refused $? 65
        grep -q "$frame.xyz: frame 1, line" err || violation "$frame: no place"
      done
      """)
  }

  /// Nanometres and fractions in the place of Å: so many atoms are neighbours that their triplets
  /// would fill any memory.
  @Test(arguments: mechanics) func cellsInAnotherUnitAreRefused(tool: Tool) throws {
    try check(
      tool,
      """
      for a in 0.5431 0.5; do
        xyz-build diamond --species Si -a $a --supercell 2 2 2 |
          xyz-perturb --mode rattle --amplitude 0.001 --samples 2 > small.xyz
        (ulimit -v 4000000; timeout -s KILL 60 \(tool.filter) small.xyz > out 2> err)
        refused $? 65
        grep -q 'neighbours within the cutoff, found more at atom .*; cell and positions are in Å' err ||
          violation "$a: other words"
      done
      """)
  }

  @Test(arguments: mechanics) func elementsAndMassesAreChecked(tool: Tool) throws {
    try check(
      tool,
      """
      \(tool.filter) germanium.xyz > out 2> err; refused $? 65
      potential="species of the potential .*Si.sw \\(Si\\), found 'Ge'"
      grep -qE "frame 1, line 3: expected a ($potential|site of the channels .*, found Ge on)" err ||
        violation 'the element is not named'
      for frame in \(Self.heedlessOfMasses.contains(tool.name) ? "" : "massless negative"); do
        \(tool.filter) $frame.xyz > out 2> err; refused $? 65
        grep -q 'frame 1, line 9: expected a positive mass, found' err || violation $frame
      done
      """)
  }

  @Test(arguments: physics) func loneAtomsGiveNumbersOrAnError(tool: Tool) throws {
    try check(
      tool,
      """
      for frame in alone one; do
        \(tool.filter) $frame.xyz > out 2> err; s=$?
        [ $s = 0 ] && { sound err $frame; \(tool.isBinary ? ":" : "sound out $frame"); continue; }
        refused $s 65 70
      done
      """)
  }

  @Test func aHessianTooLargeForMemoryIsRefusedBeforeItIsMade() throws {
    let found = try Scratch().violations(
      of: Tool(name: "site-entropy", options: "", input: nil),
      """
      xyz-build diamond --species Si -a 5.431 --supercell 15 15 15 |
        xyz-perturb --mode rattle --amplitude 0.01 > large.xyz
      (ulimit -v 2000000
       timeout -s KILL 60 site-entropy -j 1 --engine dense -p $files/Si.sw large.xyz > out 2> err)
      refused $? 65 70
      grep -qE '[0-9]+ (bytes|MB|MiB|GB|GiB)' err || violation 'no size'
      """)
    #expect(found.isEmpty, "\(found)")
  }
}
