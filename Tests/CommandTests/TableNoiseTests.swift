import Foundation
import TestSupport
import Testing

/// Tables of few digits: warned of, refused, refitted.
struct TableNoiseCommandTests {
  /// A scratch folder with tables of all digits and of 4, and a vacancy relaxed under the former.
  private static func workshop() throws -> Scratch {
    let scratch = try Scratch()
    try scratch.write(SecondMoment.table(["Cu"]), to: "fine.alloy")
    try scratch.write(SecondMoment.table(["Cu"], digits: 4), to: "rough.alloy")
    let made = try scratch.shell(
      """
      set -e
      xyz-build fcc --species Cu -a 3.615 --supercell 2 2 2 > perfect.xyz
      xyz-defect --vacancy center perfect.xyz | xyz-relax -p fine.alloy > vacancy.xyz
      xyz-relax -p rough.alloy --refit 20 vacancy.xyz > refitted.xyz
      """)
    try #require(made.status == 0 && made.error.isEmpty, "\(made.error)")
    return scratch
  }

  private static func formationEntropy(_ frame: String) throws -> Double {
    let word = try #require(
      frame.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("formation_entropy=") })
    return try #require(Double(word.dropFirst("formation_entropy=".count)))
  }

  @Test func formationEntropiesOfNoiseAreRefusedAndRefitted() throws {
    let scratch = try Self.workshop()
    let exact = try scratch.run(
      "site-entropy", ["-p", "fine.alloy", "--kind", "formation", "vacancy.xyz"])
    try #require(exact.status == 0 && exact.error.isEmpty, "\(exact.error)")
    for tool in [["site-entropy", "--kind", "formation"], ["formation"]] {
      let refused = try scratch.run(
        tool[0], tool.dropFirst() + ["-p", "rough.alloy", "refitted.xyz"])
      #expect(refused.status == 65 && refused.output.isEmpty)
      #expect(refused.error.contains("rough.alloy: expected second derivatives"))
      #expect(refused.error.contains("--refit 20") && refused.error.contains("--accept-noise"))
      #expect(refused.error.split(separator: "\n").count == 1)
    }
    let smooth = try scratch.run(
      "site-entropy",
      ["-p", "rough.alloy", "--refit", "20", "--kind", "formation", "refitted.xyz"])
    try #require(smooth.status == 0 && smooth.error.isEmpty, "\(smooth.error)")
    #expect(smooth.output.contains("potential=eam/alloy:rough.alloy:refit20"))
    let difference =
      try Self.formationEntropy(smooth.output) - Self.formationEntropy(exact.output)
    #expect(abs(difference) < 0.02, "\(difference)")
    try scratch.write(smooth.output, to: "labelled.xyz")
    let table = try scratch.run("formation", ["labelled.xyz"])
    let row = try #require(try FormationCommandTests.rows(table.output).first)
    let change = try FormationCommandTests.number(row, "error_formation_entropy_V")
    #expect(smooth.output.contains("refit_change=\(change) "))
    #expect(change > 0 && change < 0.2, "\(change)")
  }

  @Test func acceptedTablesCarryTheirError() throws {
    let scratch = try Self.workshop()
    let run = try scratch.run(
      "formation", ["-p", "fine.alloy", "--accept-noise", "vacancy.xyz"])
    try #require(run.status == 0, "\(run.error)")
    #expect(run.error.isEmpty)
    let row = try #require(try FormationCommandTests.rows(run.output).first)
    #expect(try FormationCommandTests.number(row, "error_formation_entropy_V") > 0)
  }

  @Test func hessiansAreWarnedOfAndForcesAreNot() throws {
    let scratch = try Self.workshop()
    for tool in ["hessian", "site-entropy"] {
      let rough = try scratch.run(
        tool,
        ["-p", "rough.alloy", "-o", "out", "vacancy.xyz"]
          + (tool == "hessian" ? [] : ["--kind", "absolute", "--on-unstable", "keep"]))
      #expect(rough.error.contains("warning: rough.alloy: second derivatives jump"))
      let fine = try scratch.run(
        tool,
        ["-p", "fine.alloy", "-o", "out", "vacancy.xyz"]
          + (tool == "hessian" ? [] : ["--kind", "absolute"]))
      #expect(fine.status == 0 && fine.error.isEmpty, "\(fine.error)")
    }
    let energy = try scratch.run("xyz-energy", ["-p", "rough.alloy", "vacancy.xyz"])
    #expect(energy.status == 0 && energy.error.isEmpty)
  }

  /// Atoms so close that the density lies beyond the table of F.
  @Test func densitiesBeyondTheTableAreSaidOnce() throws {
    let scratch = try Self.workshop()
    let run = try scratch.shell(
      """
      xyz-build fcc --species Cu -a 2.2 --supercell 2 2 2 > dense.xyz
      cat dense.xyz dense.xyz | xyz-energy -p fine.alloy > out.xyz
      """)
    #expect(run.status == 0)
    #expect(run.error.split(separator: "\n").count == 1)
    #expect(run.error.contains("warning: fine.alloy: densities at Cu lie beyond the table"))
  }

  @Test(arguments: [
    ("site-entropy", ["-p", "fine.alloy", "--refit", "4"], 64, "5 to 1000"),
    ("site-entropy", ["-p", "fine.alloy", "--accept-noise"], 64, "--kind formation"),
    ("site-entropy", ["--refit", "20"], 64, "--potential"),
    ("formation", ["--refit", "20"], 64, "--potential"),
    ("hessian", ["-p", "fine.alloy", "--refit", "999"], 65, "999 cells"),
    ("hessian", ["-p", "springs.json", "--refit", "20"], 65, "expected tables of eam"),
  ])
  func wrongOptionsAreNamed(
    tool: String, arguments: [String], status: Int32, words: String
  ) throws {
    let scratch = try Scratch()
    try scratch.write(SecondMoment.table(["Cu"]), to: "fine.alloy")
    try FileManager.default.copyItem(
      at: repositoryFile("examples/potentials/chain.json"),
      to: scratch.folder.appending(path: "springs.json"))
    let run = try scratch.run(tool, arguments)
    #expect(run.status == status && run.output.isEmpty && run.error.contains(words), "\(run.error)")
  }
}
