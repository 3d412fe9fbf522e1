import Formats
import LinearAlgebra
import Potentials
import Testing

struct EmbeddedAtomTests {
  /// Two atoms in a large box: E = F₁(f₂₁(r)) + F₂(f₁₂(r)) + φ(r).
  @Test(arguments: ["made.eam.alloy", "made.eam.fs"]) func aDimerIsItsFormula(file: String) throws {
    let r = 2.713
    let frame = Frame(
      species: ["Cu", "Al"], positions: [1, 2, 3, 1, 2 + r, 3],
      cell: [30, 0, 0, 0, 30, 0, 0, 0, 30])
    // In a setfl file a density is the same everywhere.
    let site = file == "made.eam.fs" ? "Al" : "Cu"
    let atCopper = MadeFiles.density("Al", at: "Cu", r)
    let atAluminium = MadeFiles.density("Cu", at: site, r)
    let expected =
      MadeFiles.embedding("Cu", atCopper) + MadeFiles.embedding("Al", atAluminium)
      + MadeFiles.pair("Cu", "Al", r) / r
    let potential = try shipped(file)
    #expect(abs(try potential.energy(of: frame) - expected) < 1e-12 * abs(expected))
    #expect(potential.name == "\(file.dropFirst(5).replacing(".", with: "/")):\(file)")
  }

  /// φ = 27.2 · 0.529 Z²/r of a funcfl file.
  @Test func effectiveChargesMakeThePair() throws {
    let r = 3.1
    let frame = Frame(
      species: ["Cu", "Cu"], positions: [0, 0, 0, 0, 0, r],
      cell: [30, 0, 0, 0, 30, 0, 0, 0, 30])
    let rho = MadeFiles.density("Cu", at: "Cu", r)
    let charge = MadeFiles.charge(r)
    let expected = 2 * MadeFiles.embedding("Cu", rho) + 27.2 * 0.529 * charge * charge / r
    #expect(abs(try shipped("made.eam").energy(of: frame) - expected) < 1e-12 * abs(expected))
  }

  /// A plain sum over all pairs of a rattled crystal, far from any assembly.
  @Test func energiesOfACrystalAreThePlainSum() throws {
    let frame = Crystals.zincblende(["Cu", "Al"], a: 6.2, repeats: 2).rattled(0.1, seed: 71)
    let n = frame.atomCount
    var (energy, edge) = (0.0, frame.cell[0])
    for i in 0..<n {
      var rho = 0.0
      for j in 0..<n where j != i {
        var squared = 0.0
        for axis in 0..<3 {
          var x = frame.positions[3 * j + axis] - frame.positions[3 * i + axis]
          x -= edge * (x / edge).rounded()
          squared += x * x
        }
        let r = squared.squareRoot()
        let (one, other) = (frame.species[i], frame.species[j])
        rho += MadeFiles.density(other, at: one, r)
        energy += 0.5 * MadeFiles.pair(one, other, r) / r
      }
      energy += MadeFiles.embedding(frame.species[i], rho)
    }
    #expect(abs(try shipped("made.eam.fs").energy(of: frame) - energy) < 1e-11 * abs(energy))
  }

  /// Beyond the table F is a straight line: a second derivative of the pairs alone.
  @Test func aDensityBeyondTheTableIsExtrapolatedInALine() throws {
    let text = try #require(MadeFiles.text("made.eam"))
    // Half of the densities are cut away by a smaller step.
    let potential = try loadPotential(
      parsing: Array(text.replacing("800 0.25", with: "800 1e-4").utf8), file: "short.eam")
    func energy(_ r: Double) throws -> Double {
      try potential.energy(
        of: Frame(
          species: ["Cu", "Cu"], positions: [0, 0, 0, 0, 0, r],
          cell: [30, 0, 0, 0, 30, 0, 0, 0, 30]))
    }
    // The tables hold F at k · 0.25, read at k · 1e-4: the end is F(798 · 0.25), the slope the last
    // difference.
    let end = MadeFiles.embedding("Cu", 798 * 0.25)
    let slope = (end - MadeFiles.embedding("Cu", 797 * 0.25)) / 1e-4
    let r = 3.0
    let rho = MadeFiles.density("Cu", at: "Cu", r)
    let pair = 27.2 * 0.529 * MadeFiles.charge(r) * MadeFiles.charge(r) / r
    let expected = 2 * (end + slope * (rho - 798e-4)) + pair
    #expect(potential.remarks.isEmpty)
    #expect(abs(try energy(r) - expected) < 1e-9 * abs(expected))
    #expect(potential.remarks.count == 1)
    #expect(
      potential.remarks[0].hasPrefix("short.eam: densities at Cu lie beyond the table"),
      "\(potential.remarks)")
  }

  /// An atom without neighbours has F(0).
  @Test func aLoneAtomHasTheEnergyOfNoDensity() throws {
    var lines = try #require(MadeFiles.text("made.eam")).split(separator: "\n").map(String.init)
    lines[3] = "0.25"
    let potential = try loadPotential(
      parsing: Array(lines.joined(separator: "\n").utf8), file: "x.eam")
    let frame = Frame(
      species: ["Cu"], positions: [0, 0, 0], cell: [30, 0, 0, 0, 30, 0, 0, 0, 30])
    #expect(try potential.energy(of: frame) == 0.25)
    #expect(try potential.hessian(of: frame).values.allSatisfy { $0 == 0 })
  }

  /// What is wrong, on which line, and a word of the message.
  @Test(
    arguments: [
      (2, "29 63.5\n800 0.25 962 0.005", nil, "0.0"), (4, "0 Cu", 4, "1 to 64"),
      (4, "3 Cu Al", 4, "names"), (4, "2 Cu Cu", 4, "different elements"),
      (5, "800 0.25 962 0.005", 5, "nrho drho nr dr cutoff"),
      (5, "800 -0.25 962 0.005 4.8", 5, "drho: expected a number above 0"),
      (5, "800 0.25 962 0 4.8", 5, "dr: expected a number above 0"),
      (5, "800 0.25 4 0.005 4.8", 5, "nr: expected 5 to 1000000"),
      (5, "800 0.25 962 0.005 5.2", 5, "cutoff: expected at most nr dr"),
      (5, "801 0.25 962 0.005 4.8", 1769, "atomic number and mass of Al"),
      (6, "Cu 63", 6, "atomic number and mass of Cu"), (9, "nan", 9, "F of Cu"),
      (9, "1e999", 9, "F of Cu"), (9, "0x12", 9, "F of Cu"),
      (900, "", nil, "found"), (900, "1 1", nil, "found"),
    ] as [(Int, String, Int?, String)])
  func whatIsNoTableIsRefused(line: Int, text: String, at: Int?, words: String) throws {
    var lines = try #require(MadeFiles.text("made.eam.alloy")).split(separator: "\n")
      .map(String.init)
    lines[line - 1] = text
    let error = #expect(throws: InputError.self) {
      try loadPotential(
        parsing: Array(lines.joined(separator: "\n").utf8), file: "x.eam.alloy")
    }
    #expect(error?.file == "x.eam.alloy")
    #expect(at == nil || error?.line == at, "\(error?.description ?? "")")
    #expect(error?.message.contains(words) == true || at == nil, "\(error?.message ?? "")")
  }

  @Test func aTruncatedFileIsRefused() throws {
    let text = try #require(MadeFiles.text("made.eam.fs"))
    let error = #expect(throws: InputError.self) {
      try loadPotential(parsing: Array(text.utf8.dropLast(3000)), file: "x.eam.fs")
    }
    #expect(error?.message.contains("found the end of the file") == true)
    let longer = #expect(throws: InputError.self) {
      try loadPotential(parsing: Array((text + "1 2 3\n").utf8), file: "x.eam.fs")
    }
    #expect(longer?.message.contains("found 3 more words") == true)
  }

  /// No byte makes the reader trap.
  @Test(arguments: ["made.eam", "made.eam.fs"]) func changedBytesAreReadOrRefused(
    file: String
  ) throws {
    var noise = Noise(seed: 73)
    let bytes = Array(try #require(MadeFiles.text(file)).utf8)
    for _ in 0..<60 {
      var changed = bytes
      for _ in 0..<3 {
        // Half of the changes in the lines that say how much there is.
        let end = noise.next() > 0 ? 120 : changed.count
        changed[Int((noise.next() + 1) / 2 * Double(end))] = UInt8((noise.next() + 1) * 127.9)
      }
      do { _ = try loadPotential(parsing: changed, file: "x") } catch let error as InputError {
        #expect(!error.message.isEmpty)
      }
    }
  }
}
