import Foundation
import TestSupport
import Testing

/// xyz-energy as a shell sees it.
struct XYZEnergyTests {
  private static let potentials = repositoryFile("examples/potentials").path(percentEncoded: false)

  /// The published energy of silicon, no force, and a stress that is the slope of the energy:
  /// tr σ V = a dE/da, with energies of cells of two constants.
  @Test func energyAndStressOfSilicon() throws {
    let run = try Scratch().shell(
      """
      set -eo pipefail
      for a in 5.5 5.499 5.501 5.431; do
        xyz-build diamond --species Si -a $a | xyz-energy -p \(Self.potentials)/Si.sw --json \
          > out.xyz 2> report.json
        sed -n 's/.*"energy":\\([^,}]*\\).*/\\1/p' report.json
        sed -n 2p out.xyz | sed -n 's/.*stress="\\([^"]*\\)".*/\\1/p'
        wc -l < out.xyz
      done
      """)
    #expect(run.status == 0, "\(run.error)")
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 12)
    guard lines.count == 12 else { return }
    let energies = [0, 3, 6, 9].compactMap { Double(lines[$0]) }
    let stress = lines[1].split(separator: " ").compactMap { Double($0) }
    let atoms = (Double(lines[2]) ?? 0) - 2
    #expect(energies.count == 4 && stress.count == 9)
    guard energies.count == 4, stress.count == 9 else { return }
    #expect(abs(energies[3] / atoms + 4.33663) < 1e-4)
    // Eight atoms in a³, or the primitive cell's share of it.
    let volume = 5.5 * 5.5 * 5.5 * atoms / 8
    let slope = 5.5 * (energies[2] - energies[1]) / 0.002
    let trace = stress[0] + stress[4] + stress[8]
    #expect(abs(trace * volume - slope) < 1e-5 * abs(slope))
    #expect(trace > 0)
  }

  /// xyz-build finds the constant, and the frame it builds has no stress.
  @Test func theConstantOfTheLeastEnergyIsFound() throws {
    let run = try Scratch().shell(
      """
      set -eo pipefail
      xyz-build diamond --species Si -a auto -p \(Self.potentials)/Si.sw --supercell 2 1 1 > a.xyz
      sed -n 2p a.xyz | grep -o 'lattice_constant=5.43094[0-9]*' | cut -c 1-25
      xyz-energy -p \(Self.potentials)/Si.sw a.xyz | sed -n 2p | grep -c 'stress="[-0-9.]*e-1[0-9]'
      xyz-build wurtzite --species Ga N -a auto -p \(Self.potentials)/GaN.sw | sed -n 2p |
        grep -o 'c_over_a\\|internal_parameters'
      """)
    #expect(
      run
        == CommandRun(
          status: 0,
          output: "lattice_constant=5.430949\n1\nc_over_a\ninternal_parameters\n", error: ""))
    for (options, status, word) in [
      ("diamond --species Si -a auto", 64, "--potential"),
      ("diamond --species Si -a 5 -p Si.sw", 64, "auto"),
      (
        "diamond --species Cu -a auto -p \(Self.potentials)/Si.sw", 65, "a species of the potential"
      ),
    ] {
      let run = try Scratch().shell("xyz-build \(options)")
      #expect(run.status == Int32(status) && run.error.contains(word), "\(run.error)")
      #expect(run.output.isEmpty)
    }
  }

  /// What a frame has is replaced; an open axis has no stress.
  @Test func olderResultsAreReplaced() throws {
    let run = try Scratch().shell(
      """
      set -eo pipefail
      printf '%s\\n' 2 'Lattice="9 0 0 0 9 0 0 0 9" pbc="T T F" Properties=species:S:1:pos:R:3:forces:R:3 energy=7 stress="1 0 0 0 1 0 0 0 1"' \
        'Si 0 0 0 1 2 3' 'Si 0 0 2.3 1 2 3' > a.xyz
      xyz-energy --no-history -p \(Self.potentials)/Si.sw a.xyz
      """)
    #expect(run.status == 0, "\(run.error)")
    #expect(!run.output.contains("stress") && !run.output.contains("energy=7"))
    #expect(run.output.contains("forces:R:3") && run.output.contains("energy=-"))
  }

  @Test func anUnknownSpeciesIsOneLine() throws {
    let run = try Scratch().shell(
      "xyz-build fcc --species Cu -a 3.6 | xyz-energy -p \(Self.potentials)/Si.sw")
    #expect(run.status == 65 && run.output.isEmpty)
    #expect(run.error.contains("expected a species of the potential"))
    #expect(run.error.split(separator: "\n").count == 1)
  }

  /// A program that answers with what it is told to, beside forces of (1, 2, 3) on every atom.
  private static func program(telling keys: String) -> String {
    """
    import sys
    while line := sys.stdin.readline():
        n = int(line)
        sys.stdin.readline()
        rows = [sys.stdin.readline().split()[:4] for _ in range(n)]
        print(n)
        print('Properties=species:S:1:pos:R:3:forces:R:3 \(keys)')
        for row in rows:
            print(*row, 1, 2, 3)
        sys.stdout.flush()
    """
  }

  /// What a program tells is written; what it keeps to itself is said once, and older values go.
  @Test(arguments: [
    ("energy=-3.5 stress=\"1 2 3 4 5 6\"", ["energy=-3.5", "stress=\"1.0 6.0 5.0"], 0),
    ("energy=-3.5", ["energy=-3.5"], 1), ("", [], 2),
  ])
  func programsAreAsked(keys: String, expected: [String], warnings: Int) throws {
    let scratch = try Scratch()
    try scratch.write(Self.program(telling: keys), to: "program.py")
    let run = try scratch.shell(
      """
      set -eo pipefail
      xyz-build diamond --species Si -a 5.5 | xyz-energy -p \(Self.potentials)/Si.sw > one.xyz
      cat one.xyz one.xyz | xyz-energy --no-history --forces 'python3 program.py' > out.xyz
      cat one.xyz one.xyz |
        xyz-energy --no-history --forces 'python3 program.py' -j 3 --quiet |
        cmp - out.xyz
      sed -n 2,3p out.xyz
      """)
    #expect(run.status == 0, "\(run.error)")
    for word in expected { #expect(run.output.contains(" " + word), "\(run.output)") }
    #expect(run.output.contains(" energy=") == keys.contains("energy"))
    #expect(run.output.contains(" stress=") == keys.contains("stress"))
    #expect(run.output.split(separator: "\n").last?.hasSuffix(" 1.0 2.0 3.0") ?? false)
    #expect(run.error.split(separator: "\n").count == warnings, "\(run.error)")
  }

  /// LAMMPS by a program that pretends: pressures in bar become stresses, positive under tension.
  @Test func pressuresOfLAMMPSAreStresses() throws {
    let scratch = try Scratch()
    try scratch.write(
      """
      #!/bin/bash
      while read -r command rest; do
        case $command in
        print) echo "sitevib -2.5 1602176.5 0 0 0 -3204353 0" >&2 ;;
        write_dump)
          printf 'ITEM: TIMESTEP\\n0\\nITEM: NUMBER OF ATOMS\\n1\\nITEM: BOX BOUNDS\\n0 1\\n0 1\\n0 1\\n' >&2
          printf 'ITEM: ATOMS fx fy fz\\n0.5 -1e-3 0\\n' >&2 ;;
        esac
      done

      """, to: "lmp")
    let run = try scratch.shell(
      """
      set -eo pipefail
      chmod +x lmp
      xyz-build sc --species Cu -a 3 |
        xyz-energy --lmp ./lmp --lammps 'pair_style eam; pair_coeff * * Cu.eam' --no-history
      """)
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains(" energy=-2.5 "))
    #expect(run.output.contains("stress=\"-1.0 0.0 2.0 0.0 0.0 0.0 2.0 0.0 0.0\""))
    #expect(run.output.hasSuffix(" 0.5 -0.001 0.0\n"))
  }

  @Test func oneSourceIsWanted() throws {
    for (arguments, word) in [
      ([], "--potential"), (["-p", "Si.sw", "--forces", "cat"], "--forces"),
    ] {
      let run = try Scratch().run("xyz-energy", arguments, input: "1\n\nSi 0 0 0\n")
      #expect(run.status == 64 && run.error.contains(word), "\(run.error)")
    }
  }
}
