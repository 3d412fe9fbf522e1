import Foundation
import TestSupport
import Testing

/// hessian --lammps with programs that only pretend: what is said when one fails. LAMMPS itself is met
/// in Tests/interop/lammps_forces.py.
struct LAMMPSTests {
  private static let style = "pair_style sw; pair_coeff * * Si.sw Si"

  /// A folder with eight atoms and a program `lmp`.
  private static func scratch(program: String) throws -> Scratch {
    let scratch = try Scratch()
    let built = try scratch.shell("xyz-build diamond --species Si -a 5.431 > si.xyz")
    try #require(built.status == 0)
    try scratch.write("#!/bin/bash\n\(program)\n", to: "lmp")
    try #require(scratch.shell("chmod +x lmp").status == 0)
    return scratch
  }

  private static func run(_ scratch: Scratch, lmp: String = "./lmp") throws -> CommandRun {
    try scratch.run("hessian", ["--lammps", style, "--lmp", lmp, "-o", "h.h5", "si.xyz"])
  }

  @Test func anAbsentProgramIsNamed() throws {
    let scratch = try Self.scratch(program: "exit")
    let run = try Self.run(scratch, lmp: "absent-lmp")
    #expect(run.status == 70 && !scratch.exists("h.h5"))
    #expect(
      run.error
        == "hessian: si.xyz: frame 1, line 1: expected the program 'absent-lmp' in PATH, found none\n"
    )
    #expect(try Self.run(scratch, lmp: "./si.xyz").error.contains("./si.xyz: expected a program"))
  }

  /// Its error and the command that met it, whether it stops at once or reads on.
  @Test(arguments: ["", "read line; read line;"])
  func theErrorOfLAMMPSIsPassedOn(first: String) throws {
    let scratch = try Self.scratch(
      program: """
        \(first) echo 'LAMMPS (22 Jul 2025)'
        echo 'ERROR: Unknown pair style (src/force.cpp:275)'
        echo 'Last input line: pair_style sw'
        [ -z '\(first)' ] || exit 1
        """)
    let run = try Self.run(scratch)
    #expect(run.status == 70 && !scratch.exists("h.h5"))
    #expect(
      run.error
        == "hessian: si.xyz: frame 1, line 1: ./lmp: ERROR: Unknown pair style (src/force.cpp:275); "
        + "Last input line: pair_style sw\n")
  }

  /// Warnings before the answers are passed over; forces that stay are no forces.
  @Test func forcesThatDoNotChangeAreRefused() throws {
    let scratch = try Self.scratch(
      program: """
        echo 'WARNING: a word' >&2
        while read -r command rest; do
          [ "$command" = write_dump ] || continue
          printf 'ITEM: TIMESTEP\\n0\\nITEM: NUMBER OF ATOMS\\n8\\nITEM: BOX BOUNDS\\n0 1\\n0 1\\n0 1\\n' >&2
          printf 'ITEM: ATOMS fx fy fz\\n' >&2
          for i in 1 2 3 4 5 6 7 8; do echo '0.5 -1e-3 0' >&2; done
        done
        """)
    let run = try Self.run(scratch)
    #expect(run.status == 70)
    #expect(run.error.hasSuffix("expected forces that change when an atom moves, found none\n"))
  }

  @Test func wrongOptionsExit64() throws {
    let scratch = try Scratch()
    for (arguments, word) in [
      ([], "--potential"), (["--lammps", "pair_coeff * * Si.sw Si"], "pair_style"),
      (["--lammps", Self.style, "--step", "0"], "--step"),
      (["-p", "Si.sw", "--range", "3"], "--range"),
      (["--lammps", Self.style, "--check"], "--check"),
      (["--lammps", "read_data x; " + Self.style], "read_data"),
      (["--lammps", Self.style, "--types", "Sx"], "'Sx'"),
    ] {
      let run = try scratch.run("hessian", arguments, input: "1\n\nSi 0 0 0\n")
      #expect(run.status == 64 && run.error.contains(word), "\(arguments) \(run.error)")
    }
  }
}
