import Foundation
import TestSupport
import Testing

/// hessian --forces and --ipi with programs of a few lines: a chain of springs, and those that die, keep
/// silent or lie. Calculators of ASE are met in Tests/interop/forces.py.
struct ForceTests {
  /// Atoms on springs to their own places: f = -k (x - x0), the energy likewise.
  private static let wells = """
    import sys
    def frames():
        while line := sys.stdin.readline():
            n = int(line)
            comment = sys.stdin.readline()
            yield n, comment, [sys.stdin.readline().split() for _ in range(n)]
    """

  private static func answering(_ body: String) -> String {
    """
    \(wells)
    place = None
    for n, comment, rows in frames():
        x = [[float(v) for v in row[1:4]] for row in rows]
        place = place or x
        f = [[-(2.5 + i) * (a - b) for a, b in zip(x[i], place[i])] for i in range(n)]
        # Springs between all pairs: forces that sum to zero.
        mean = [sum(x[i][k] for i in range(n)) / n for k in range(3)]
        home = [sum(place[i][k] for i in range(n)) / n for k in range(3)]
        f = [[-1.5 * n * ((x[i][k] - mean[k]) - (place[i][k] - home[k])) for k in range(3)] for i in range(n)]
    \(body)
        sys.stdout.flush()
    """
  }

  private static let honest = """
        print(n)
        print('Properties=species:S:1:pos:R:3:forces:R:3 energy=0')
        for row, g in zip(rows, f):
            print(*row, *map(repr, g))
    """

  /// Four atoms in a box; the program is forces.py.
  private static func scratch(_ body: String) throws -> Scratch {
    let scratch = try Scratch()
    try scratch.write(
      """
      4
      Lattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3
      Si 0 0 0
      Si 2.1 0 0.1
      C 0 2.2 0.3
      C 1.9 2 2.5

      """, to: "frame.xyz")
    try scratch.write(answering(body), to: "forces.py")
    return scratch
  }

  private static func run(_ scratch: Scratch, _ more: [String] = []) throws -> CommandRun {
    try scratch.run(
      "hessian",
      ["--forces", "python3 forces.py", "--write", "phonopy-text", "-o", "fc"] + more
        + ["frame.xyz"])
  }

  /// H_ij = 1.5 (n δ_ij - 1) I for springs of 1.5 eV/Å² between all pairs of n atoms.
  @Test(arguments: ["forces", "REF_forces"])
  func theHessianIsThatOfTheSprings(column: String) throws {
    let scratch = try Self.scratch(Self.honest.replacing("forces:R", with: "\(column):R"))
    let run = try Self.run(scratch)
    try #require(run.status == 0, "\(run.error)")
    let lines = String(decoding: try scratch.bytes("fc"), as: UTF8.self).split(separator: "\n")
    var row = 1
    for i in 0..<4 {
      for j in 0..<4 {
        for a in 0..<3 {
          let numbers = lines[row + 1 + a].split(separator: " ").compactMap { Double($0) }
          for b in 0..<3 {
            let expected = a == b ? 1.5 * (i == j ? 3 : -1) : 0
            #expect(abs(numbers[b] - expected) < 1e-9)
          }
        }
        row += 4
      }
    }
  }

  @Test(arguments: [
    ("    break", "ended without a word"),
    ("    sys.exit('no such basis set')", "no such basis set"),
    ("    print(3)", "expected a frame of 4 atoms, found the line '3'"),
    (
      honest.replacing("*map(repr, g)", with: "'nan', 0, 0"),
      "expected numbers, found nan for atom 1"
    ),
    (honest.replacing("zip(rows, f)", with: "zip(rows[::-1], f[::-1])"), "the order"),
    (
      honest.replacing("zip(rows, f)", with: "zip([rows[1], rows[0], *rows[2:]], f)"),
      "another order of atoms"
    ),
    (honest.replacing(":forces:R:3", with: ":velo:R:3"), "expected a column forces:R:3"),
    (
      honest.replacing("forces:R:3", with: "a_forces:R:3:b_forces:R:3").replacing(
        "*map(repr, g)", with: "*g, *g"), "--forces-key"
    ),
  ])
  func aLiarIsNamed(body: String, word: String) throws {
    let scratch = try Self.scratch(body)
    let run = try Self.run(scratch)
    #expect(run.status == 70 && !scratch.exists("fc"), "\(run.status)")
    #expect(run.error.contains(word), "\(run.error)")
    #expect(run.error.hasPrefix("hessian: frame.xyz: frame 1, line 1: "))
    #expect(run.error.split(separator: "\n").count == 1)
  }

  @Test func silenceEndsAfterTheTimeout() throws {
    let scratch = try Self.scratch("    import time; time.sleep(100)")
    let run = try Self.run(scratch, ["--timeout", "0.5"])
    #expect(run.status == 70)
    #expect(run.error.contains("expected an answer within 0.5 s, found none"))
  }

  @Test func theProtocolOfIPIGivesTheSameHessian() throws {
    let scratch = try Self.scratch(Self.honest)
    let name = "sitevib-test-\(ProcessInfo.processInfo.processIdentifier)"
    try scratch.write(
      """
      import socket, struct, sys
      s = socket.socket(socket.AF_UNIX)
      s.connect('/tmp/ipi_\(name)')
      place = None
      def take(n):
          b = b''
          while len(b) < n:
              c = s.recv(n - len(b))
              if not c:
                  sys.exit()
              b += c
          return b
      state = 'NEEDINIT'
      while True:
          word = take(12).decode().strip()
          if word == 'STATUS':
              s.sendall(f'{state:12}'.encode())
          elif word == 'INIT':
              take(4)
              take(struct.unpack('i', take(4))[0])
              state = 'READY'
          elif word == 'POSDATA':
              take(144)
              n = struct.unpack('i', take(4))[0]
              v = struct.unpack(f'{3 * n}d', take(24 * n))
              x = [v[3 * i:3 * i + 3] for i in range(n)]
              place = place or x
              state = 'HAVEDATA'
          elif word == 'GETFORCE':
              k = 1.5 * 0.529177210903 ** 2 / 27.211386245988
              m = [sum(x[i][c] - place[i][c] for i in range(n)) / n for c in range(3)]
              f = [-k * n * (x[i][c] - place[i][c] - m[c]) for i in range(n) for c in range(3)]
              s.sendall(b'FORCEREADY  ' + struct.pack(f'=di{3 * n}d9di', 0.0, n, *f, *[0.0] * 9, 0))
              state = 'READY'
          else:
              sys.exit()
      """, to: "client.py")
    let pipe = try Self.run(scratch)
    try #require(pipe.status == 0, "\(pipe.error)")
    let first = String(decoding: try scratch.bytes("fc"), as: UTF8.self)
    let run = try scratch.run(
      "hessian",
      [
        "--ipi", "unix:\(name)", "--forces", "python3 client.py", "--write", "phonopy-text", "-o",
        "fc2", "--timeout", "60", "frame.xyz",
      ])
    try #require(run.status == 0, "\(run.error)")
    let pairs = zip(
      first.split(whereSeparator: \.isWhitespace),
      String(decoding: try scratch.bytes("fc2"), as: UTF8.self).split(
        whereSeparator: \.isWhitespace))
    for (a, b) in pairs {
      #expect(abs((Double(a) ?? 0) - (Double(b) ?? 1)) < 1e-7)
    }
    #expect(!FileManager.default.fileExists(atPath: "/tmp/ipi_\(name)"))
  }

  @Test func wrongOptionsExit64() throws {
    let scratch = try Scratch()
    for (arguments, word) in [
      (["--forces", "cat", "-p", "Si.sw"], "--forces"), (["--forces", " "], "--forces"),
      (["--forces-key", "f", "-p", "Si.sw"], "--forces-key"), (["--ipi", "host:3"], "--ipi"),
      (["--timeout", "3", "-p", "Si.sw"], "--timeout"),
      (["--lammps", "pair_style sw; shell rm x"], "shell"),
      (["--lammps", "pair_style sw; print x file y"], "print"),
    ] {
      let run = try scratch.run("hessian", arguments, input: "1\n\nSi 0 0 0\n")
      #expect(run.status == 64 && run.error.contains(word), "\(arguments) \(run.error)")
    }
  }
}
