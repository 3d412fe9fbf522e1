import Foundation
import TestSupport
import Testing

/// stability and cutoff-scan as a shell sees them.
struct ScanTests {
  static let silicon = LabelTests.potential("Si.sw")

  static func rows(_ output: String) -> [[String]] {
    output.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func stabilityPrintsConstantsAndFrames() throws {
    let scratch = try Scratch()
    try LabelTests.frames(scratch)
    let run = try scratch.run(
      "stability", ["-p", Self.silicon, "--grid", "3", "3", "3", "frames.xyz"])
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    let rows = Self.rows(run.output)
    #expect(rows[0] == ["quantity", "frame", "value", "unit", "q1", "q2", "q3"])
    #expect(
      rows.dropFirst().map { $0[0] } == [
        "wave_vectors", "optical_constant", "acoustic_constant", "coercivity", "coupling",
        "lambda_min", "lambda_max", "perturbation_norm", "lambda_min", "lambda_max",
        "perturbation_norm",
      ])
    #expect(rows[1][2] == "108" && rows[1][1] == "-" && rows[6][1] == "0" && rows[9][1] == "1")
    #expect(rows.allSatisfy { $0.count == 7 })
    #expect(abs((Double(rows[2][2]) ?? 0) - 11.792829878020568) < 1e-10)
    let (least, most, norm) = (Double(rows[6][2]), Double(rows[7][2]), Double(rows[8][2]))
    #expect(try #require(norm) == max(try #require(most) - 1, 1 - (try #require(least))))
  }

  @Test func anUnstableFrameIsNamedAndTheTableComplete() throws {
    let scratch = try Scratch()
    try LabelTests.frames(scratch, mode: "rattle --amplitude 0.22")
    let run = try scratch.run("stability", ["-p", Self.silicon, "frames.xyz"])
    #expect(run.status == 3)
    #expect(run.error.contains("frame 1") && run.error.contains("negative"))
    #expect(Self.rows(run.output).count == 12)
  }

  @Test func anUnstableCrystalIsAFailedComputation() throws {
    let scratch = try Scratch()
    let run = try scratch.shell(
      "xyz-build diamond --species Si -a 7.2 --supercell 2 2 2 | stability -p '\(Self.silicon)'")
    #expect(run.status == 70 && run.output.isEmpty)
    #expect(run.error.contains("stable reference crystal") && run.error.contains("smallest"))
  }

  @Test func cutoffScanPrintsATableAndItsFit() throws {
    let scratch = try Scratch()
    let run = try scratch.shell(
      """
      xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 |
        xyz-perturb --mode cosine --amplitude 0.05 --wave 1 0 0 --direction 1 2 3 > wave.xyz
      cutoff-scan -p '\(Self.silicon)' --sites 3 --target-rmse 1e-3 wave.xyz
      """)
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    let lines = Self.rows(run.output)
    #expect(lines[0] == ["radius", "atoms", "samples", "rmse", "max", "mean", "bound"])
    let rows = lines.dropFirst().filter { !$0[0].hasPrefix("#") }.map { $0.compactMap(Double.init) }
    #expect(rows.count == 8 && rows.allSatisfy { $0.count == 7 && $0[2] == 3 })
    // Shells of diamond, and the atoms within them.
    #expect(rows.prefix(3).map { $0[1] } == [5, 17, 29])
    for row in rows { #expect(row[3] <= row[4] && row[4] <= row[6] * (1 + 1e-12)) }
    let names = lines.filter { $0[0].hasPrefix("#") }.map { $0[0] }
    #expect(
      names == [
        "# fit_range", "# fit_radii", "# slope", "# prefactor", "# rate_constant",
        "# bound_constant", "# target_rmse", "# rule_radius", "# scanned_radius",
      ])
    let slope = try #require(lines.first { $0[0] == "# slope" }.flatMap { Double($0[1]) })
    #expect(slope < -2.5)
  }

  @Test func scansDoNotDependOnTheThreads() throws {
    let scratch = try Scratch()
    try LabelTests.frames(scratch)
    for command in [["stability"], ["cutoff-scan", "--sites", "5"]] {
      let runs = try ["1", "2", "7"].map {
        try scratch.run(
          command[0], command.dropFirst() + ["-p", Self.silicon, "-j", $0, "frames.xyz"])
      }
      #expect(runs[0].status == 0 && !runs[0].output.isEmpty)
      #expect(runs[0] == runs[1] && runs[0] == runs[2])
    }
  }

  @Test func sitesAreChosenAsAsked() throws {
    let scratch = try Scratch()
    try LabelTests.frames(scratch, mode: "localized --amplitude 0.05 --radius 3")
    func samples(_ sites: String) throws -> CommandRun {
      try scratch.run(
        "cutoff-scan", ["-p", Self.silicon, "--radii", "3:4:1", "--sites", sites, "frames.xyz"])
    }
    #expect(Self.rows(try samples("center").output)[1][2] == "2")
    #expect(Self.rows(try samples("all").output)[1][2] == "128")
    let few = try samples("7")
    #expect(Self.rows(few.output)[1][2] == "14")
    #expect(few == (try samples("7")))
    try LabelTests.frames(scratch)
    let none = try samples("center")
    #expect(none.status == 65 && none.error.contains("perturb_center"))
  }

  @Test(arguments: [
    ["stability", "--grid", "0", "1", "1"], ["stability", "--grid", "2,2"],
    ["stability", "--format", "h5"], ["cutoff-scan", "--radii", "5:4:1"],
    ["cutoff-scan", "--radii", "0:4:1"], ["cutoff-scan", "--radii", "1:4"],
    ["cutoff-scan", "--sites", "0"], ["cutoff-scan", "--truncation", "soft"],
    ["cutoff-scan", "--target-rmse", "0"], ["cutoff-scan", "--format", "extxyz"],
    ["cutoff-scan", "--radii", "1:1e9:1e-9"],
  ])
  func wrongOptionsAreNamed(arguments: [String]) throws {
    let run = try Scratch().run(arguments[0], arguments.dropFirst() + ["-p", Self.silicon])
    #expect(run.status == 64 && run.output.isEmpty && run.error.contains(arguments[1]))
  }

  @Test func aFullDiskIsAnError() throws {
    let scratch = try Scratch()
    try LabelTests.frames(scratch)
    for command in ["stability", "cutoff-scan --sites 1"] {
      let run = try scratch.shell("\(command) -p '\(Self.silicon)' frames.xyz > /dev/full")
      #expect(run.status == 74 && run.error.contains("No space left"))
    }
  }
}
