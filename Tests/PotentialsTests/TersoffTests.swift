import Formats
import Foundation
import Potentials
import Testing

struct TersoffTests {
  private static let entry =
    "Si Si Si 3 0.9 1.1 2.5 1.7 -0.4 0.8 0.6 1.6 300 2.9 0.4 2.9 1500"

  private func potential(_ text: String) throws -> Tersoff {
    try Tersoff(parsing: Array(text.utf8), file: "x.tersoff")
  }

  /// Without others b = 1: E = A exp(-λ₁ r) - B exp(-λ₂ r) where f = 1.
  @Test func aDimerIsItsFormula() throws {
    let r = 2.2
    let frame = Frame(
      species: ["Si", "Si"], positions: [0, 0, 0, 0, 0, r],
      cell: [30, 0, 0, 0, 30, 0, 0, 0, 30])
    let expected = 1500 * exp(-2.9 * r) - 300 * exp(-1.6 * r)
    #expect(abs(try potential(Self.entry).energy(of: frame) - expected) < 1e-13 * abs(expected))
  }

  /// Three atoms with a right angle, by the formulas written out.
  @Test(arguments: [1, 3]) func aTrimerIsItsFormula(m: Int) throws {
    let (r, s) = (2.2, 2.4)
    let frame = Frame(
      species: ["Si", "Si", "Si"], positions: [0, 0, 0, r, 0, 0, 0, s, 0],
      cell: [30, 0, 0, 0, 30, 0, 0, 0, 30])
    // The far pair lies beyond R + D = 2.6.
    let text = Self.entry.replacing("Si 3 0.9", with: "Si \(m) 0.9").replacing(
      "2.9 0.4 2.9", with: "2.5 0.1 2.9")
    let g = 0.9 * (1 + 2.5 * 2.5 / (1.7 * 1.7) - 2.5 * 2.5 / (1.7 * 1.7 + 0.16))
    func order(_ own: Double, _ other: Double) -> Double {
      let x = 1.1 * (own - other)
      let zeta = g * exp(m == 3 ? x * x * x : x)
      return pow(1 + pow(0.6 * zeta, 0.8), -1 / 1.6)
    }
    func bond(_ own: Double, _ other: Double) -> Double {
      1500 * exp(-2.9 * own) - 0.5 * 300 * exp(-1.6 * own) * (1 + order(own, other))
    }
    let expected = bond(r, s) + bond(s, r)
    #expect(abs(try potential(text).energy(of: frame) - expected) < 1e-12 * abs(expected))
  }

  @Test func filesAreToldFromStillingerWeber() throws {
    #expect(try shipped("made.tersoff").name == "tersoff:made.tersoff")
    let error = #expect(throws: InputError.self) {
      try loadPotential(parsing: Array("\(Self.entry) 1 2 3\n".utf8), file: "x")
    }
    #expect(error?.message.contains("tersoff/mod") == true)
  }

  /// What is wrong, on which line, and a word of the message.
  @Test(
    arguments: [
      ("", nil, "17 words"), ("\(entry) 1.0", 1, "found 18"),
      (entry.replacing("Si 3 0.9", with: "Si 2 0.9"), 1, "m: expected 1 or 3"),
      (entry.replacing(" 1.7 ", with: " 0 "), 1, "d: expected"),
      (entry.replacing(" 0.8 ", with: " 0 "), 1, "n: expected"),
      (entry.replacing(" 0.4 2.9", with: " 3.4 2.9"), 1, "D: expected at most R"),
      (entry.replacing(" 2.9 0.4", with: " 1e4 0.4"), 1, "R + D"),
      (entry.replacing(" 300 ", with: " -300 "), 1, "B: expected at least 0"),
      (entry.replacing(" 300 ", with: " inf "), 1, "B: expected a number"),
      ("\(entry)\n\(entry)", 2, "another on line 1"),
      (
        "Si C C \(entry.dropFirst(9))\nC Si Si \(entry.dropFirst(9).replacing("1500", with: "1600"))",
        2, "A: expected equal numbers"
      ),
    ] as [(String, Int?, String)])
  func whatIsNoEntryIsRefusedWithItsLine(text: String, line: Int?, words: String) throws {
    let error = #expect(throws: InputError.self) { try potential(text) }
    #expect(error?.file == "x.tersoff" && error?.line == line)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func aMissingEntryIsNamed() throws {
    let numbers = Self.entry.dropFirst(9)
    let potential = try potential("Si Si Si \(numbers)\nC C C \(numbers)")
    let frame = Crystals.primitiveZincblende(["Si", "C"], a: 4.6)
    let error = #expect(throws: InputError.self) { try potential.energy(of: frame) }
    #expect(error?.description == "x.tersoff: expected an entry Si Si C, found none")
  }

  /// No byte makes the reader trap.
  @Test func changedBytesAreReadOrRefused() throws {
    var noise = Noise(seed: 79)
    let bytes = Array(try #require(MadeFiles.text("made.tersoff")).utf8)
    for _ in 0..<3000 {
      var changed = bytes
      for _ in 0..<3 {
        let place = Int((noise.next() + 1) / 2 * Double(changed.count))
        changed[place] = UInt8((noise.next() + 1) * 127.9)
      }
      do { _ = try loadPotential(parsing: changed, file: "x") } catch let error as InputError {
        #expect(!error.message.isEmpty)
      }
    }
  }
}
