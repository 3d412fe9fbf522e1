import Formats
import Potentials
import Testing

struct SWFileTests {
  private static let entry =
    "Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0"

  private func potential(_ text: String) throws -> StillingerWeber {
    try StillingerWeber(parsing: Array(text.utf8), file: "x.sw")
  }

  private func energy(_ text: String) throws -> Double {
    let frame = Crystals.zincblende(["Si"], a: 5.43095, repeats: 1).rattled(0.1, seed: 43)
    return try potential(text).energy(of: frame)
  }

  @Test func theLayoutDoesNotMatter() throws {
    let plain = try energy(Self.entry)
    let words = Self.entry.split(separator: " ")
    #expect(try energy("# DATE: x UNITS: metal CITATION: y\r\n\(Self.entry)\r\n") == plain)
    #expect(try energy(words.joined(separator: "\t\n  ")) == plain)
    #expect(
      try energy(
        words.prefix(6).joined(separator: " ") + " # half\n# rest\n"
          + words.dropFirst(6).joined(separator: " ")) == plain)
    #expect(try energy(Self.entry + String(repeating: " ", count: 5000) + "# end") == plain)
    let other = Self.entry.split(separator: " ").dropFirst(3).joined(separator: " ")
    #expect(try energy("Ge Ge Ge \(other)\n\(Self.entry)") == plain)
  }

  @Test func aByteOrderMarkIsNamed() {
    let expected = InputError(
      file: "x.sw", "expected a potential, found a byte order mark (take it off: tail -c +4)")
    #expect(throws: expected) {
      try loadPotential(parsing: [0xEF, 0xBB, 0xBF] + Array(Self.entry.utf8), file: "x.sw")
    }
  }

  @Test func kilocaloriesBecomeElectronvolts() throws {
    let plain = try energy(Self.entry)
    let real = try energy("# DATE: x UNITS: real\n\(Self.entry)")
    #expect(abs(real / plain - 1 / 23.0605478306) < 1e-11)
  }

  /// tol cuts where the exponential has fallen to it: a nearby energy.
  @Test func aToleranceCutsTheTail() throws {
    let plain = try potential(Self.entry)
    let cut = try potential(Self.entry.dropLast(3) + "1e-5")
    #expect(abs(cut.cutoff - (2.0951 * 1.80 - 2.0951 / 11.512925464970229)) < 1e-12)
    let frame = Crystals.zincblende(["Si"], a: 5.43095, repeats: 1).rattled(0.1, seed: 43)
    let (whole, less) = (try plain.energy(of: frame), try cut.energy(of: frame))
    #expect(whole != less && abs(whole - less) < 1e-3)
  }

  /// What is wrong, on which line, and a word of the message.
  @Test(
    arguments: [
      ("", nil, "14 words"), ("# nothing\n", nil, "14 words"),
      ("\(entry) 1.0", 1, "found 15"), ("Si Si Si 2.0 1.0", 1, "found 5"),
      ("# a\n\n\(entry.dropLast(4))", 3, "found 13"),
      (entry.replacing("2.0951", with: "nan"), 1, "sigma"),
      (entry.replacing("2.0951", with: "inf"), 1, "sigma"),
      (entry.replacing("2.0951", with: "0x1p1"), 1, "sigma"),
      (entry.replacing("2.0951", with: "1e999"), 1, "sigma"),
      (entry.replacing("2.0951", with: "-2.0951"), 1, "sigma: expected at least 0"),
      (entry.replacing("2.0951", with: "0.0"), 1, "sigma and a above 0"),
      (entry.replacing(" 1.80 ", with: " 0 "), 1, "sigma and a above 0"),
      (entry.replacing(" 1.80 ", with: " 1e9 "), 1, "cutoff below"),
      (entry.replacing("2.0951", with: "1.0d0"), 1, "sigma"),
      (entry.replacing("-0.333333333333", with: "-1.5"), 1, "costheta0"),
      ("\(entry)\n\(entry)", 2, "another on line 1"),
      ("1 2 3 \(entry.dropFirst(9))", 1, "expected an element"),
      ("# UNITS: lj\n\(entry)", 1, "expected metal or real"),
      ("# UNITS:\n\(entry)", 1, "expected metal or real"),
      // Tersoff: three elements and 14 numbers.
      (
        "Si Si Si 3.0 1.0 1.3258 4.8381 2.0417 0.0 22.956 0.33675 1.3258 95.373 3.0 0.2 3.2394 3264.7",
        1, "found 17"
      ),
      // Two φ for one pair, two strengths for one angle.
      (
        "Cd Te Te \(entry.dropFirst(9))\nTe Cd Cd \(entry.dropFirst(9).replacing("2.1683", with: "2"))",
        2, "two-body"
      ),
      (
        "Cd Te Cd \(entry.dropFirst(9))\nCd Cd Te \(entry.dropFirst(9).replacing("21.0", with: "20"))",
        2, "lambda"
      ),
      ("S\u{7}i Si Si \(entry.dropFirst(9))", 1, "'S\\x07i'"),
    ] as [(String, Int?, String)])
  func whatIsNoEntryIsRefusedWithItsLine(text: String, line: Int?, words: String) throws {
    let error = #expect(throws: InputError.self) { try potential(text) }
    #expect(error?.file == "x.sw" && error?.line == line)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func aMissingEntryIsNamed() throws {
    let numbers = Self.entry.dropFirst(9)
    let potential = try potential("Si Si Si \(numbers)\nGe Ge Ge \(numbers)")
    let frame = Crystals.primitiveZincblende(["Si", "Ge"], a: 5.5)
    let error = #expect(throws: InputError.self) { try potential.energy(of: frame) }
    #expect(error?.description == "x.sw: expected an entry Si Si Ge, found none")
  }

  /// No byte makes the reader trap.
  @Test func changedBytesAreReadOrRefused() {
    var noise = Noise(seed: 47)
    let bytes = Array("# UNITS: metal\n\(Self.entry)\n".utf8)
    for _ in 0..<5000 {
      var changed = bytes
      for _ in 0..<3 {
        let place = Int((noise.next() + 1) / 2 * Double(changed.count))
        changed[place] = UInt8((noise.next() + 1) * 127.9)
      }
      do { _ = try StillingerWeber(parsing: changed, file: "x.sw") } catch {
        #expect(!error.message.isEmpty)
      }
    }
  }
}
