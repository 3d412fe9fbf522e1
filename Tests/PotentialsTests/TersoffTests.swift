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

  /// The length of an entry tells the style.
  @Test func filesAreToldFromOthers() throws {
    #expect(try shipped("made.tersoff").name == "tersoff:made.tersoff")
    #expect(try shipped("made-mod.tersoff").name == "tersoff/mod:made-mod.tersoff")
    #expect(try shipped("made-zbl.tersoff").name == "tersoff/zbl:made-zbl.tersoff")
  }

  /// E = ½ f (A exp(-λ₁ r) - B exp(-λ₂ r) b) of a bent molecule of tersoff/mod, written out.
  @Test func aTrimerOfTheModifiedFormIsItsFormula() throws {
    let (r, s) = (2.2, 2.45)
    let frame = Frame(
      species: ["Si", "Si", "Si"], positions: [0, 0, 0, r, 0, 0, 0, s, 0],
      cell: [30, 0, 0, 0, 30, 0, 0, 0, 30])
    let text = "Si Si Si 1 1.2 -0.4 0.8 1.3 1.5 150 2.5 0.1 3.2 1500 0.9 0.3 0.8 1.1 0.7 1.5"
    func fade(_ r: Double) -> Double {
      let a = Double.pi / 2 * (r - 2.5) / 0.1
      return r < 2.4 ? 1 : 0.5 - 9 / 16.0 * sin(a) - sin(3 * a) / 16
    }
    let g = 0.3 + 0.8 * 0.16 / (1.1 + 0.16) * (1 + 0.7 * exp(-1.5 * 0.16))
    func bond(_ own: Double, _ other: Double) -> Double {
      let zeta = fade(other) * g * exp(1.2 * (own - other))
      let order = pow(1 + pow(1.3 * zeta, 0.8), -1 / 1.8)
      return fade(own) * (1500 * exp(-3.2 * own) - 0.5 * 150 * exp(-1.5 * own) * (1 + order))
    }
    let expected = bond(r, s) + bond(s, r)
    #expect(abs(try potential(text).energy(of: frame) - expected) < 1e-12 * abs(expected))
  }

  /// Where the nuclei rule, a pair has their energy and none of Tersoff's.
  @Test func nucleiAtShortDistanceAreScreened() throws {
    let r = 0.7
    let frame = Frame(
      species: ["Si", "Si"], positions: [0, 0, 0, 0, 0, r],
      cell: [30, 0, 0, 0, 30, 0, 0, 0, 30])
    let x = r / (0.8854 * 0.529 / (2 * pow(14, 0.23)))
    let screening =
      0.1818 * exp(-3.2 * x) + 0.5099 * exp(-0.9423 * x) + 0.2802 * exp(-0.4029 * x)
      + 0.02817 * exp(-0.2016 * x)
    // e²/4πε₀ = 14.3996 eV Å.
    let expected = 196 * 14.399645 / r * screening
    let energy = try potential("\(Self.entry) 14 14 2.0 60").energy(of: frame)
    #expect(abs(energy - expected) < 1e-4 * expected)
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
