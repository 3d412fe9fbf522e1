import Foundation
import TestSupport
import Testing

struct RelaxTests {
  private static let folder = repositoryFile("examples/potentials").path(percentEncoded: false)
  private static let build = "xyz-build diamond --species Si -a 5.431 --supercell 2 2 2"
  private static let relax = "xyz-relax --potential \(folder)/Si.sw"
  private static let path = "xyz-path --potential \(folder)/Si.sw"
  /// A vacancy on a site, with the key of xyz-label.
  private static let vacancy = """
    vacancy() {
      awk -v row=$(($1 + 3)) 'NR == 1 { $1-- } NR == 2 { $0 = $0 " vacancies=1" } NR != row' perfect.xyz
    }
    \(build) > perfect.xyz
    """

  @Test func keysSayWhatTheStructureIs() throws {
    let result = try Scratch().shell(
      """
      set -e
      \(Self.vacancy)
      vacancy 9 | site-entropy --potential \(Self.folder)/Si.sw --kind absolute > labelled.xyz ||
        vacancy 9 > labelled.xyz
      \(Self.relax) --push inward labelled.xyz > relaxed.xyz
      sed -n 2p relaxed.xyz | grep -o 'vacancies=1\\|negative_modes=[^ ]*\\|stationary=[^ ]*'
      sed -n 2p relaxed.xyz | grep -c 'site_entropy' || true
      sed -n 2p relaxed.xyz | grep -o 'energy=-270.36988224' | head -n 1
      sed -n 2p relaxed.xyz | grep -o ' ref_pos\\|:ref_pos:R:3'
      \(Self.relax) relaxed.xyz --no-history | \(Self.relax) --no-history > again.xyz
      \(Self.relax) --no-history -j 3 again.xyz | cmp - again.xyz && echo stays
      """)
    #expect(
      result
        == CommandRun(
          status: 0,
          output: """
            vacancies=1
            negative_modes=0
            stationary=minimum
            0
            energy=-270.36988224
            :ref_pos:R:3
            stays

            """, error: ""))
  }

  @Test func threadsDoNotChangeAByte() throws {
    let result = try Scratch().shell(
      """
      \(Self.vacancy)
      vacancy 9 > v.xyz
      for j in 1 2 5; do
        \(Self.relax) --push random --seed 4 --no-history -j $j v.xyz > relaxed-$j.xyz
      done
      cmp relaxed-1.xyz relaxed-2.xyz && cmp relaxed-1.xyz relaxed-5.xyz && echo equal
      """)
    #expect(result == CommandRun(status: 0, output: "equal\n", error: ""))
  }

  @Test(arguments: [
    ("--push inward perfect.xyz", 65, "expected a vacant site"),
    ("--max-steps 1 --push random --push-size 0.2 perfect.xyz", 70, "within 1 steps"),
    ("--push-size 0.1 perfect.xyz", 64, "expected --push"),
    ("--seed 3 perfect.xyz", 64, "--push random"),
    ("--max-force 0 perfect.xyz", 64, "max-force"),
    ("three.xyz", 65, "expected 3 empty sites of the crystal"),
  ])
  func whatCannotBeRelaxedIsNamed(options: String, status: Int, message: String) throws {
    let result = try Scratch().shell(
      """
      \(Self.vacancy)
      vacancy 9 | sed 's/vacancies=1/vacancies=3/' > three.xyz
      \(Self.relax) \(options) > out.xyz
      \(Self.leaving)
      """)
    expectRefusal(result, status, message)
  }

  /// Prints the size of what a refused command wrote, and ends as it did.
  private static let leaving = "code=$?; wc -c < out.xyz; exit $code"

  private func expectRefusal(_ result: CommandRun, _ status: Int, _ message: String) {
    #expect(result.status == Int32(status))
    #expect(result.output == "0\n")
    #expect(result.error.split(separator: "\n").count == 1)
    #expect(result.error.contains(message), "\(result.error)")
  }

  /// Two negative modes at the start: down to a minimum, or up one of them. Energies and modes are those
  /// of a decomposition of the Hessian at the end.
  @Test func theHexagonalInterstitialComesToRest() throws {
    let result = try Scratch().shell(
      """
      xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 |
        xyz-defect --interstitial Si@hexagonal > in.xyz
      for option in --no-history --saddle; do
        \(Self.relax) $option in.xyz | sed -n 2p |
          grep -o ' energy=-[0-9.]\\{10\\}\\|negative_modes=[0-9]*\\|stationary=[a-z]*' | paste -s -d ' '
      done
      """)
    #expect(
      result
        == CommandRun(
          status: 0,
          output: """
             energy=-276.690903 negative_modes=0 stationary=minimum
             energy=-277.110532 negative_modes=1 stationary=saddle

            """, error: ""))
  }

  /// A filter of ours answers each frame before it asks for the next, whatever its threads.
  @Test func ourOwnForcesAreTaken() throws {
    let result = try Scratch().shell(
      """
      xyz-build diamond --species Si -a 5.431 | xyz-perturb --mode rattle --amplitude 0.05 > in.xyz
      for threads in 1 2; do
        timeout 20 xyz-relax --no-history --no-count \
          --forces "xyz-energy -j $threads --potential \(Self.folder)/Si.sw" in.xyz > $threads || echo $?
      done
      cmp 1 2 && grep -o stationary=unknown 1
      """)
    #expect(result == CommandRun(status: 0, output: "stationary=unknown\n", error: ""))
  }

  /// The cell at rest, and its reference with it: further tools take the frame.
  @Test func theCellComesToThePressure() throws {
    let result = try Scratch().shell(
      """
      set -eo pipefail
      xyz-build diamond --species Si -a 5.6 --supercell 2 2 2 |
        \(Self.relax) --cell full > bulk.xyz
      sed -n 2p bulk.xyz | grep -o 'Lattice="[0-9.]\\{8\\}\\|stationary=[a-z]*\\|relax_[cp][^ ]*\\|lattice_c'
      xyz-perturb --mode rattle --amplitude 0.02 bulk.xyz |
        site-entropy --potential \(Self.folder)/Si.sw | grep -c entropy_kind=relative
      \(Self.relax) --cell volume --pressure -2.5 bulk.xyz | sed -n 2p | grep -o 'stress="-\\?[0-9.]\\{8\\}'
      """)
    #expect(
      result
        == CommandRun(
          status: 0,
          output: """
            Lattice="10.86189
            stationary=minimum
            relax_cell=full
            relax_pressure=0.0
            1
            stress="0.015603

            """, error: ""))
  }

  /// Eight atoms on springs to places a little off those where they were first.
  private static let program = """
    import sys
    start = None
    while line := sys.stdin.readline():
        n = int(line)
        sys.stdin.readline()
        rows = [sys.stdin.readline().split()[:4] for _ in range(n)]
        x = [[float(v) for v in row[1:]] for row in rows]
        start = start or x
        u = [[x[i][a] - start[i][a] - 0.1 * ((7 * i + a) % 5) for a in range(3)] for i in range(n)]
        mean = [sum(v[a] for v in u) / n for a in range(3)]
        u = [[v[a] - mean[a] for a in range(3)] for v in u]
        energy = sum(0.2 * c * c for v in u for c in v)
        print(n)
        print('Properties=species:S:1:pos:R:3:forces:R:3' + (f' energy={energy!r}' if TELLS else ''))
        for row, v in zip(rows, u):
            print(*row, *(repr(-0.4 * c) for c in v))
        sys.stdout.flush()
    """

  @Test func aProgramOverAPipeRelaxes() throws {
    let scratch = try Scratch()
    try scratch.write("TELLS = True\n" + Self.program, to: "program.py")
    try scratch.write("TELLS = False\n" + Self.program, to: "silent.py")
    let result = try scratch.shell(
      """
      xyz-build diamond --species Si -a 5.431 > si.xyz
      relax() { xyz-relax --no-history "$@" si.xyz; }
      relax --forces 'python3 program.py' --max-force 1e-9 > a.xyz
      sed -n 2p a.xyz | grep -o 'stationary=[a-z]*\\|negative_modes=.'
      awk 'NR == 3 { x = $2 - $10 } NR == 4 { printf "%.6f\\n", $2 - $10 - x }' a.xyz
      relax --forces 'python3 program.py' --no-count | sed -n 2p | grep -o 'stationary=[a-z]*'
      relax --forces 'python3 silent.py' || echo $?
      relax --forces 'python3 program.py' --cell full || echo $?
      """)
    #expect(
      result.output == """
        negative_modes=0
        stationary=minimum
        0.200000
        stationary=unknown
        70
        70

        """, "\(result.output)")
    #expect(
      result.error == """
        xyz-relax: si.xyz: frame 1, line 1: expected an energy with the forces, found none
        xyz-relax: si.xyz: frame 1, line 1: expected a stress with the forces, found none (--cell)

        """, "\(result.error)")
  }

  @Test(arguments: [
    ("", "--potential"), ("-p Si.sw --forces cat", "--forces"), ("-p Si.sw --pressure 1", "--cell"),
    ("-p Si.sw --saddle --cell full", "--saddle"), ("--forces cat --saddle", "--saddle"),
    ("-p Si.sw --model Si.sw", "--model"), ("-p Si.sw --no-count", "--no-count"),
    ("-p Si.sw --max-stress 1", "--max-stress"), ("-p Si.sw --cell some", "--cell"),
  ])
  func wrongOptionsExit64(options: String, word: String) throws {
    let result = try Scratch().shell("printf '1\\n\\nSi 0 0 0\\n' | xyz-relax \(options)")
    #expect(result.status == 64 && result.error.contains(word), "\(result.error)")
    #expect(result.output.isEmpty)
  }

  @Test func thePathOfAVacancyHasOneSaddle() throws {
    let result = try Scratch().shell(
      """
      set -e
      \(Self.vacancy)
      for site in 0 1; do vacancy $site | \(Self.relax) --push inward > $site.xyz; done
      \(Self.path) --match --images 5 0.xyz 1.xyz > path.xyz
      grep -o ' image=[0-9]*\\|stationary=[a-z]*' path.xyz | tr -d '\\n'
      echo
      grep -o ' energy=[^ ]*' path.xyz | cut -d = -f 2 |
        awk 'NR == 1 { least = $1 } $1 > most || NR == 1 { most = $1 } END { printf "%.7f\\n", most - least }'
      cat 0.xyz 1.xyz | \(Self.path) --match --images 5 --no-history -j 1 > a.xyz
      \(Self.path) --match --images 5 --no-history -j 4 0.xyz 1.xyz | cmp - a.xyz && echo equal
      """)
    #expect(
      result
        == CommandRun(
          status: 0,
          output: """
             image=0stationary=minimum image=1 image=2 image=3stationary=saddle image=4 image=5 \
            image=6stationary=minimum
            0.5171950
            equal

            """, error: ""))
  }

  @Test(arguments: [
    ("0.xyz", 65, "found one"),
    ("0.xyz 0.xyz", 65, "found the same"),
    ("0.xyz 9.xyz", 65, "--match"),
    ("0.xyz perfect.xyz", 65, "expected the 63 atoms"),
    ("0.xyz 1.xyz 1.xyz --match", 65, "found another"),
    ("rough.xyz 1.xyz --match", 65, "expected a stationary structure"),
    ("0.xyz 1.xyz --images 2", 64, "--images"),
  ])
  func endsThatMakeNoPathAreNamed(arguments: String, status: Int, message: String) throws {
    let result = try Scratch().shell(
      """
      \(Self.vacancy)
      for site in 0 1 9; do vacancy $site | \(Self.relax) --push inward > $site.xyz; done
      xyz-perturb --mode rattle --amplitude 0.01 perfect.xyz > perfect-rough.xyz
      mv perfect-rough.xyz perfect.tmp
      awk 'NR == 1 { $1-- } NR == 2 { $0 = $0 " vacancies=1" } NR != 3' perfect.tmp > rough.xyz
      \(Self.path) \(arguments) > out.xyz
      \(Self.leaving)
      """)
    expectRefusal(result, status, message)
  }
}
