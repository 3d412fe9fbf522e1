import CommandLine
import Foundation
import TestSupport
import Testing

/// What meets a command at its edges: names of files, signals, outputs that are inputs.
struct BoundaryTests {
  private static let build = "xyz-build diamond --species Si -a 5.431"
  private static let silicon =
    repositoryFile("examples/potentials/Si.sw").path(percentEncoded: false)

  /// Twelve labelled frames, enough for a fit.
  private func labels(_ scratch: Scratch) throws {
    let run = try scratch.shell(
      """
      set -o pipefail
      \(Self.build) --supercell 2 1 1 | xyz-perturb --mode rattle --amplitude 0.02 --samples 6 |
        site-entropy -p \(Self.silicon) > l.xyz
      """)
    try #require(run.status == 0, "\(run.error)")
  }

  private static let fit = "ridge -q --order 1 --degree 3 --cutoff 4 l.xyz"

  // MARK: Outputs

  static let oneFile: [(String, String)] = [
    ("-o m.h5 --report m.h5", "m.h5: expected another file than that of m.h5"),
    ("-o m.h5 --report ./m.h5", "./m.h5: expected another file than that of m.h5"),
    ("-o link.h5 --report m.h5", "m.h5: expected another file than that of link.h5"),
    ("-o m.h5 --report - > m.h5", "standard output: expected another file than that of m.h5"),
    ("--report - | cat", "standard output: expected another file than that of standard output"),
    ("--report /dev/stdout > x", "/dev/stdout: expected another file than that of standard output"),
  ]

  @Test(arguments: oneFile)
  func theReportNeverTakesThePlaceOfTheModel(options: String, message: String) throws {
    let scratch = try Scratch()
    try labels(scratch)
    let run = try scratch.shell("set -o pipefail; ln -s m.h5 link.h5; \(Self.fit) \(options)")
    #expect(run.status == 64 && run.error == "ridge: \(message), found the same\n")
  }

  @Test(arguments: ["-", "/dev/stdout"]) func theReportMayGoToStandardOutput(name: String) throws {
    let scratch = try Scratch()
    try labels(scratch)
    let run = try scratch.shell(
      """
      \(Self.fit) -o m.h5 --report \(name) > r.json && \(Self.fit) -o n.h5 --report s.json
      cmp r.json s.json && test -s r.json -a -s m.h5 && echo same; ls -A | grep -c tmp
      """)
    #expect(run.output == "same\n0\n", "\(run.error)")
  }

  @Test func aReportThatCannotBeMadeCostsNoTime() throws {
    let scratch = try Scratch()
    let run = try scratch.shell("\(Self.fit) -o m.h5 --report no/r.json < /dev/null; ls")
    #expect(run.error.hasPrefix("ridge: no/r.json: cannot create"))
    #expect(run.output.isEmpty)
  }

  @Test(arguments: [
    "xyz-convert f >> f", "xyz-convert < f >> f", "xyz-convert f 1<> f",
    "cat f | xyz-convert - f >> f",
    "xyz-convert f -o /dev/stdout >> f",
  ])
  func anInputThatGrowsWithTheOutputIsRefused(line: String) throws {
    let scratch = try Scratch()
    let run = try scratch.shell("\(Self.build) > f; cp f g; \(line); echo $?; cmp f g && echo same")
    #expect(run.error.contains("expected another file than standard output writes, found the same"))
    // What came of other inputs before stays.
    #expect(run.output == (line.hasPrefix("cat") ? "64\n" : "64\nsame\n") || line.hasPrefix("cat"))
  }

  @Test(arguments: ["xyz-convert f > g", "cat f | xyz-convert >> f", "xyz-convert f -o f"])
  func otherFilesMayStandBesideTheOutput(line: String) throws {
    let scratch = try Scratch()
    #expect(try scratch.shell("\(Self.build) > f; \(line)").status == 0)
  }

  @Test(arguments: [200, 240, 251, 255]) func namesOfFilesMayBeAsLongAsTheSystemTakes(
    length: Int
  ) throws {
    let scratch = try Scratch()
    let name = String(repeating: "a", count: length - 4) + ".xyz"
    let accents = String(repeating: "é", count: (length - 5) / 2) + ".xyz"
    for name in [name, accents] {
      let run = try scratch.shell(
        "\(Self.build) -o \(name) && xyz-convert \(name) -o \(name) && ls")
      #expect(run.status == 0 && run.output == name + "\n", "\(run.error)")
      _ = try scratch.shell("rm \(name)")
    }
    let tooLong = String(repeating: "a", count: 256)
    let run = try scratch.shell("\(Self.build) -o \(tooLong)")
    #expect(run.status == 73 && run.error.contains("File name too long"))
  }

  @Test(arguments: ["XCPU", "USR1", "USR2", "ALRM", "VTALRM", "PROF", "IO", "PWR", "40"])
  func anySignalThatEndsTheCommandLeavesNothing(signal: String) throws {
    let scratch = try Scratch()
    let run = try scratch.shell(
      """
      \(Self.build) > f; mkfifo in; (cat f; exec sleep 9) > in & feeder=$!
      env --default-signal xyz-convert in -o out.xyz & child=$!
      for i in $(seq 100); do ls | grep -q tmp && break; sleep 0.05; done
      ls | grep -c tmp; kill -\(signal) $child; wait $child; echo $(($? > 128))
      kill -KILL $feeder; ls
      """)
    #expect(run.output == "1\n1\nf\nin\n", "\(run.error)")
  }

  // MARK: Frames that are left out

  @Test(arguments: ["-o out.xyz", "-o out.h5", "> out.xyz", "--format h5 > out.h5"])
  func whereNoFrameIsLeftNoFileIsWritten(output: String) throws {
    let scratch = try Scratch()
    // An atom pushed towards its neighbour, beyond what is stable.
    let run = try scratch.shell(
      """
      \(Self.build) --supercell 2 2 2 |
        awk 'NR == 4 { $4 += 0.66; $2 += 0.66; $3 += 0.66 } { print }' > pushed.xyz
      site-entropy -p \(Self.silicon) --on-unstable skip pushed.xyz \(output)
      echo $?; cat out.* 2> /dev/null | wc -c
      """)
    #expect(run.output == "3\n0\n")
    #expect(run.error.contains("expected frames to write, found every one rejected"))
  }

  // MARK: Usage

  static let wrongUsage: [(String, String)] = [
    (
      "site-entropy -p x.sw --kind absolute --engine core",
      "--engine core: expected --kind relative"
    ),
    ("site-entropy -p x.sw --kind quantum --temperature 300 --engine polynomial", "--engine polyn"),
    ("site-entropy --engine local --tolerance 1e-3", "--engine local: expected --potential"),
    ("site-entropy --embed infinite", "--embed: expected --potential"),
    ("site-gradient -p x.sw --total --engine polynomial", "--engine polynomial: expected --site"),
    (
      "touch Si && xyz-convert --types Ge Si",
      "took 'Si' for an element, and a file has that name: give it as ./Si"
    ),
    (
      "hessian --lammps 'pair_style tersoff' --types Si C sic.xyz",
      "found 'sic.xyz' (an INPUT stands in front of --types"
    ),
  ]

  @Test(arguments: wrongUsage)
  func whatIsWrongUsageExits64(line: String, message: String) throws {
    let run = try Scratch().shell("\(line) < /dev/null")
    #expect(run.status == 64 && run.error.contains(message), "\(run.error)")
  }

  // MARK: History

  static let commands: [([String], String)] = [
    (["-p", "dir/Si.sw"], "-p Si.sw"), (["--potential=dir/Si.sw"], "--potential=Si.sw"),
    (
      ["--lammps", "pair_style eam/alloy; pair_coeff * * p/Cu.eam.alloy Cu"],
      "--lammps 'pair_style eam/alloy; pair_coeff * * p/Cu.eam.alloy Cu'"
    ),
    (["--lammps=pair_style sw/mod; x"], "--lammps='pair_style sw/mod; x'"),
    (["-a", "5.431", "in.xyz", "-o", "x", "-j2"], "-a 5.431"), (["a\"b", "c|d\\e"], "a'b c/d/e"),
    ([""], "''"),
  ]

  @Test(arguments: commands)
  func theHistoryHoldsWholeCommands(arguments: [String], words: String) {
    let entry = historyEntry(command: "hessian", arguments: arguments, inputs: ["in.xyz"])
    #expect(entry.hasPrefix("hessian ") && entry.hasSuffix(" " + words))
  }

  @Test func longCommandsAreKeptWhole() {
    let long = (0..<300).map { "fix\($0)" }.joined(separator: "; ")
    let entry = historyEntry(command: "hessian", arguments: ["--lammps", long], inputs: [])
    #expect(entry.hasSuffix("--lammps '\(long)'"))
  }
}
