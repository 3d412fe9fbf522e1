import Foundation
import TestSupport
import Testing

struct GradientCommandTests {
  private static let folder = repositoryFile("examples/potentials").path(percentEncoded: false)
  private static let build = "xyz-build diamond --species Si -a 5.431 --supercell 2 2 2"
  private static let gradient = "site-gradient --potential \(folder)/Si.sw"

  @Test func columnsAndKeysSayWhatTheyAre() throws {
    let result = try Scratch().shell(
      """
      \(Self.build) | xyz-perturb --mode localized --amplitude 0.05 --radius 1 --center 9 |
        \(Self.gradient) --site center | \(Self.gradient) --total --engine dense > both.xyz
      sed -n 2p both.xyz | grep -o 'site_entropy_gradient:R:3:entropy_gradient:R:3'
      sed -n 2p both.xyz | grep -o 'gradient_[a-z]*=[^ ]*'
      """)
    #expect(
      result
        == CommandRun(
          status: 0,
          output: """
            site_entropy_gradient:R:3:entropy_gradient:R:3
            gradient_site=9
            gradient_engine=dense
            gradient_units=kB/Ang
            gradient_potential=sw:Si.sw

            """, error: ""))
  }

  @Test(arguments: [
    ("chain", "Na Cl", "5", "8 1 1", "chain.json"),
    ("square", "Na Cl", "4", "4 4 1", "square-soft.json"),
    ("cscl", "Cs Cl", "4", "3 3 3", "cscl.json"),
    ("diamond", "Si", "5.431", "1 1 2", "Si.sw"),
  ])
  func theReferenceOfTheWholeCellIsThatOfItsSites(
    prototype: String, species: String, a: String, cells: String, file: String
  ) throws {
    // Σ_i ∂S_i/∂u = 0 by the symmetry of the crystal where every site is a centre of inversion or
    // of a tetrahedron; the chain has neither.
    let result = try Scratch().shell(
      """
      xyz-build \(prototype) --species \(species) -a \(a) --supercell \(cells) > c.xyz
      site-gradient --potential \(Self.folder)/\(file) --total c.xyz |
        xyz-table --columns entropy_gradient_norm --no-header |
        awk '$1 > m { m = $1 } END { print (m < 1e-12) ? "zero" : "not zero" }'
      site-gradient --potential \(Self.folder)/\(file) --site 1 c.xyz |
        xyz-table --columns site_entropy_gradient_norm --no-header | sort -g | tail -n 1 |
        awk '{ print ($1 > 0.1) }'
      """)
    let total = prototype == "chain" ? "not zero" : "zero"
    #expect(result == CommandRun(status: 0, output: "\(total)\n1\n", error: ""))
  }

  @Test func bytesDoNotDependOnTheThreads() throws {
    let result = try Scratch().shell(
      """
      \(Self.build) | xyz-perturb --mode localized --amplitude 0.05 --radius 3 --samples 3 > f.xyz
      head -n 66 f.xyz > one.xyz
      for options in "--site 3" "--total" "--site center --engine dense"; do
        for file in f one; do
          for j in 1 2 5; do \(Self.gradient) $options --no-history -j $j $file.xyz > $j.out; done
          cmp 1.out 2.out && cmp 1.out 5.out && echo equal
        done
      done
      """)
    #expect(result.error.isEmpty && result.status == 0)
    #expect(result.output == String(repeating: "equal\n", count: 6))
  }

  @Test func theReportNamesTheEngine() throws {
    let result = try Scratch().shell(
      "\(Self.build) | \(Self.gradient) --site 0 --json > /dev/null")
    #expect(result.status == 0)
    #expect(result.error.contains("\"engine\":\"core\""))
    #expect(result.error.contains("\"reason\":\"no atom is displaced\""))
  }

  @Test func anUnstableFrameIsAFailedComputation() throws {
    let result = try Scratch().shell(
      """
      \(Self.build) |
        awk 'NR == 3 { $2 -= 0.65; $3 -= 0.65; $4 -= 0.65 } { print }' > far.xyz
      \(Self.gradient) --site 0 far.xyz
      """)
    #expect(result.status == 70 && result.output.isEmpty)
    let start = "site-gradient: far.xyz: frame 1, line 1: expected a stable frame, found "
    #expect(result.error.hasPrefix(start) && result.error.hasSuffix("\n"))
    #expect(result.error.contains(" negative and 3 zero modes (expected 0 and 3)"))
    #expect(result.error.contains("smallest eigenvalue -"))
  }

  @Test(arguments: [
    ["--site", "0", "--total"], [], ["--site", "-1"], ["--site", "middle"],
    ["--total", "--engine", "local"], ["--total", "--max-memory", "0"],
  ])
  func wrongOptionsAreNamed(options: [String]) throws {
    let result = try Scratch().run(
      "site-gradient", ["--potential", "\(Self.folder)/Si.sw"] + options)
    #expect(result.status == 64 && result.output.isEmpty)
    #expect(result.error.contains(options.count == 2 ? options[0] : "--"))
  }

  @Test func whatTheInputLacksIsNamed() throws {
    let scratch = try Scratch()
    let site = try scratch.shell("\(Self.build) | \(Self.gradient) --site 64")
    #expect(site.status == 65)
    #expect(site.error.contains("site: expected an atom from 0 to 63, found 64"))
    let labels = try scratch.shell(
      "printf '1\\nLattice=\"9 0 0 0 9 0 0 0 9\"\\nSi 0 0 0\\n' | \(Self.gradient) --total")
    #expect(labels.status == 65 && labels.error.contains("ref_pos:R:3"))
    let memory = try scratch.shell(
      """
      \(Self.build) | xyz-perturb --mode rattle --amplitude 0.02 |
        \(Self.gradient) --total --max-memory 0.0001
      """)
    #expect(memory.status == 70 && memory.error.contains("a dense matrix of order 192"))
  }
}
