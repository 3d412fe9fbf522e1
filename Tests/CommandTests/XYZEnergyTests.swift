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
}
