import Foundation
import TestSupport
import Testing

/// hessian and site-entropy as a shell sees them.
struct LabelTests {
  static func potential(_ name: String) -> String {
    repositoryFile("examples/potentials/\(name)").path(percentEncoded: false)
  }

  static let silicon = potential("Si.sw")

  /// Two displaced frames of 64 atoms of silicon.
  static func frames(_ scratch: Scratch, mode: String = "rattle --amplitude 0.04") throws {
    let made = try scratch.shell(
      "xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 | "
        + "xyz-perturb --mode \(mode) --samples 2 --seed 5 > frames.xyz")
    try #require(made.status == 0, "\(made.error)")
  }

  @Test func labelsThroughHDF5AtEveryPipeAreTheSame() throws {
    let scratch = try Scratch()
    try Self.frames(scratch)
    let run = try scratch.shell(
      """
      set -eo pipefail
      site-entropy -p '\(Self.silicon)' frames.xyz | xyz-table --columns site_entropy > a.tsv
      xyz-convert -f h5 frames.xyz | hessian -p '\(Self.silicon)' | site-entropy |
        xyz-table --columns site_entropy > b.tsv
      xyz-convert -f h5 frames.xyz | site-entropy -p '\(Self.silicon)' |
        xyz-convert -f extxyz | xyz-table --columns site_entropy > c.tsv
      """)
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    let tables = try ["a.tsv", "b.tsv", "c.tsv"].map {
      try String(decoding: scratch.bytes($0), as: UTF8.self).split(separator: "\n").dropFirst()
        .compactMap { Double($0) }
    }
    #expect(tables[0].count == 128 && tables[0] == tables[2])
    #expect(zip(tables[0], tables[1]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(tables[1].count == 128)
  }

  @Test func bytesDoNotDependOnTheThreads() throws {
    let scratch = try Scratch()
    try Self.frames(scratch)
    for mode in ["rattle --amplitude 0.04", "localized --amplitude 0.05 --radius 3"] {
      try Self.frames(scratch, mode: mode)
      let outputs = try ["1", "2", "7"].map {
        try scratch.run("site-entropy", ["-p", Self.silicon, "-j", $0, "frames.xyz"])
      }
      #expect(outputs[0].status == 0 && !outputs[0].output.isEmpty)
      #expect(outputs[0] == outputs[1] && outputs[0] == outputs[2])
    }
  }

  /// Engine moments: potential and given Hessians, equal bytes at any number of threads.
  @Test func momentsGiveTheLabelsToTheirTolerance() throws {
    let scratch = try Scratch()
    try Self.frames(scratch)
    let arguments = ["--engine", "moments", "--tolerance", "1e-5", "frames.xyz"]
    let outputs = try ["1", "3"].map {
      try scratch.run("site-entropy", ["-p", Self.silicon, "-j", $0] + arguments)
    }
    #expect(outputs[0].status == 0 && outputs[0] == outputs[1])
    #expect(outputs[0].output.contains("entropy_engine=moments"))
    #expect(outputs[0].output.contains("entropy_error_estimate="))
    let run = try scratch.shell(
      """
      set -eo pipefail
      site-entropy -p '\(Self.silicon)' frames.xyz | xyz-table --columns site_entropy > a.tsv
      hessian -p '\(Self.silicon)' frames.xyz | site-entropy --engine moments --tolerance 1e-5 |
        xyz-table --columns site_entropy > b.tsv
      site-entropy -p '\(Self.silicon)' --engine moments --steps 5 --radius 20 frames.xyz |
        xyz-table --columns site_entropy > c.tsv
      """)
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    let tables = try ["a.tsv", "b.tsv", "c.tsv"].map {
      try String(decoding: scratch.bytes($0), as: UTF8.self).split(separator: "\n").dropFirst()
        .compactMap { Double($0) }
    }
    #expect(tables.allSatisfy { $0.count == 128 })
    for table in tables.dropFirst() {
      #expect(zip(tables[0], table).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test(arguments: [
    [], ["--steps", "3"], ["--radius", "5"], ["--steps", "13", "--radius", "5"],
    ["--steps", "3", "--radius", "5", "--tolerance", "1e-4"],
    ["--steps", "3", "--radius", "5", "--kind", "absolute"],
    ["--tolerance", "1e-4", "--kind", "formation"],
  ])
  func momentsAreToldHowExactTheyShallBe(options: [String]) throws {
    let run = try Scratch().run(
      "site-entropy", ["-p", Self.silicon, "--engine", "moments"] + options, input: "")
    #expect(run.status == 64)
  }

  @Test func severalTemperaturesHaveColumnsOfTheirOwn() throws {
    let scratch = try Scratch()
    try Self.frames(scratch)
    let run = try scratch.shell(
      """
      set -eo pipefail
      label() { site-entropy -p '\(Self.silicon)' --kind quantum --temperature "$@" frames.xyz; }
      label 200:400:100 --engine dense > dense.xyz
      label 200:400:100 --engine moments --tolerance 1e-3 > moments.xyz
      label 300 --engine dense | xyz-table --columns site_entropy > alone.tsv
      xyz-table --columns site_entropy_300K dense.xyz > one.tsv
      xyz-table --columns site_entropy_300K moments.xyz > other.tsv
      site-entropy -p '\(Self.silicon)' --kind quantum --temperature 300 dense.xyz > again.xyz
      """)
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    func text(_ name: String) throws -> String {
      try String(decoding: scratch.bytes(name), as: UTF8.self)
    }
    func numbers(_ name: String) throws -> [Double] {
      try text(name).split(separator: "\n").dropFirst().compactMap { Double($0) }
    }
    let (alone, one) = (try numbers("alone.tsv"), try numbers("one.tsv"))
    #expect(alone.count == 128 && alone == one)
    #expect(zip(alone, try numbers("other.tsv")).allSatisfy { abs($0 - $1) < 1e-3 })
    let header = try text("moments.xyz").split(separator: "\n")[1]
    for name in ["site_entropy_200K:R:1", "entropy_400K=", "temperature=200", "engine=moments"] {
      #expect(header.contains(name))
    }
    // Another run leaves no column of the one before.
    #expect(try text("again.xyz").split(separator: "\n")[1].contains("_400K") == false)
  }

  @Test(arguments: [
    ["--embed", "2 2 2"], ["--temperature", "400:300:10"], ["--kind", "absolute"],
  ])
  func aRangeOfTemperaturesIsForItsOwnKindAndCell(options: [String]) throws {
    let range = ["-p", Self.silicon, "--kind", "quantum", "--temperature", "100:300:100"]
    let run = try Scratch().run("site-entropy", range + options, input: "")
    #expect(run.status == 64)
  }

  @Test func slicesEqualTheWholeRun() throws {
    let scratch = try Scratch()
    try Self.frames(scratch)
    let whole = try scratch.run("site-entropy", ["-p", Self.silicon, "frames.xyz"])
    let parts = try ["0", "1"].map {
      try scratch.run(
        "site-entropy", ["-p", Self.silicon, "--first-frame", $0, "--frames", "1", "frames.xyz"])
    }
    #expect(parts.map(\.output).joined() == whole.output)
  }

  /// One atom pushed far out of its site is unstable: an error, or left out, or kept and marked.
  @Test func unstableFramesAreNamedAndCounted() throws {
    let scratch = try Scratch()
    try Self.frames(scratch, mode: "rattle --amplitude 0.01")
    // The second frame of the two has an atom pushed towards its neighbour.
    let pushed = try scratch.shell(
      "awk 'NR == 70 { $4 += 0.66; $2 += 0.66; $3 += 0.66 } { print }' frames.xyz > pushed.xyz")
    try #require(pushed.status == 0)
    let arguments = ["-p", Self.silicon, "pushed.xyz"]
    let stopped = try scratch.run("site-entropy", arguments)
    #expect(stopped.status == 70)
    #expect(stopped.error.contains("frame 2") && stopped.error.contains("negative"))
    #expect(stopped.error.split(separator: "\n").count == 1)
    let skipped = try scratch.run("site-entropy", arguments + ["--on-unstable", "skip"])
    #expect(skipped.status == 3 && skipped.output.split(separator: "\n").count == 66)
    let kept = try scratch.run("site-entropy", arguments + ["--on-unstable", "keep"])
    #expect(kept.status == 3 && kept.output.contains("stable=F"))
    #expect(!kept.output.lowercased().contains("nan"))
  }

  @Test func whatIsMissingIsNamed() throws {
    let scratch = try Scratch()
    let bare = """
      2
      Lattice="0 2.7155 2.7155 2.7155 0 2.7155 2.7155 2.7155 0" Properties=species:S:1:pos:R:3 \
      pbc="T T T"
      Si 0 0 0
      Si 1.35775 1.35775 1.35775

      """
    let reference = try scratch.run("site-entropy", ["-p", Self.silicon], input: bare)
    #expect(reference.status == 65 && reference.output.isEmpty)
    #expect(reference.error.contains("ref_pos:R:3") && reference.error.contains("--kind absolute"))
    let absolute = try scratch.run(
      "site-entropy", ["-p", Self.silicon, "--kind", "absolute"], input: bare)
    #expect(absolute.status == 0 && absolute.output.contains("entropy_kind=absolute"))
    let foreign = try scratch.run(
      "hessian", ["-p", Self.silicon],
      input: bare.replacingOccurrences(of: "Si 1", with: "Ge 1"))
    #expect(foreign.status == 65 && foreign.output.isEmpty)
    #expect(foreign.error.contains("Ge") && foreign.error.contains("line 4"))
    let close = try scratch.run(
      "site-entropy", ["-p", Self.silicon, "--kind", "absolute"],
      input: bare.replacingOccurrences(of: "1.35775 1.35775 1.35775", with: "0 0 1e-12"))
    #expect(close.status == 65 && close.error.contains("atoms 1 and 2"))
    let lost = try scratch.run("site-entropy", ["-p", "absent.sw"], input: bare)
    #expect(lost.status == 66 && lost.error.contains("absent.sw"))
  }

  @Test func wrongOptionsExit64() throws {
    let scratch = try Scratch()
    for arguments in [
      ["--kind", "quantum"], ["--temperature", "300"], ["--kind", "quantum", "--temperature", "0"],
      ["--engine", "magic"], ["--embed", "3", "3"], ["--kind", "formation", "--embed", "infinite"],
      ["--on-unstable", "hide"],
    ] {
      let run = try scratch.run("site-entropy", ["-p", Self.silicon] + arguments)
      #expect(run.status == 64 && run.output.isEmpty, "\(arguments)")
    }
  }

  @Test func hessiansAreCheckedAndConverted() throws {
    let scratch = try Scratch()
    try Self.frames(scratch)
    let checked = try scratch.run(
      "hessian", ["-p", Self.silicon, "--check", "-o", "h.h5", "--frames", "1", "frames.xyz"])
    #expect(checked.status == 0)
    let words = checked.error.split(separator: " ")
    let value = words.firstIndex(of: "eV/Å²\n").flatMap { Double(words[$0 - 1]) } ?? 1
    #expect(value < 1e-6 && value > 0)
    let text = try scratch.run(
      "hessian", ["-p", Self.silicon, "--write", "phonopy-text", "--frames", "1", "frames.xyz"])
    #expect(text.status == 0 && text.output.split(separator: "\n").count == 1 + 4 * 64 * 64)
    let two = try scratch.run(
      "hessian", ["-p", Self.silicon, "--write", "ase", "-o", "two.json", "frames.xyz"])
    #expect(two.status == 65 && !scratch.exists("two.json"))
    let plain = try scratch.run("hessian", ["-p", Self.silicon, "-f", "extxyz", "frames.xyz"])
    #expect(plain.status == 64 && plain.output.isEmpty)
  }

  /// A reference that symmetry does not hold where it is, but for its parameter, is said.
  @Test func forcesOnTheReferenceAreSaid() throws {
    let scratch = try Scratch()
    for (parameter, words) in [("0.0625", ""), ("0.064", "forces up to")] {
      let run = try scratch.shell(
        """
        set -o pipefail
        xyz-build lonsdaleite --species Si -a 3.84 --internal \(parameter) --supercell 2 2 2 |
          xyz-perturb --mode rattle --amplitude 0.01 --samples 3 --seed 1 |
          site-entropy -p \(Self.silicon) > labels.xyz
        """)
      #expect(run.status == 0)
      #expect(run.error.split(separator: "\n").count == (words.isEmpty ? 0 : 1))
      #expect(words.isEmpty || run.error.contains(words), "\(run.error)")
    }
  }
}
