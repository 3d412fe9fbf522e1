public import Formats
internal import Glibc

extension StillingerWeber {
  /// What is nothing else is read as entries of `pair_style sw`.
  static let reader = PotentialReader(
    recognises: { _ in true },
    read: { bytes, file in try StillingerWeber(parsing: bytes, file: file) })

  /// Reads the text of a LAMMPS `.sw` file (formats/potentials.md).
  ///
  /// - Parameter file: For messages and the name.
  /// - Throws: `InputError` with the line, for anything but entries of three elements and eleven
  ///   numbers.
  public init(parsing bytes: [UInt8], file: String) throws(InputError) {
    let text = try SWText(bytes, file: file)
    guard !text.entries.isEmpty else {
      throw InputError(file: file, "expected an entry of 14 words, found none")
    }
    var elements: [String] = []
    for entry in text.entries {
      for element in entry.elements where !elements.contains(element) { elements.append(element) }
    }
    let count = elements.count
    guard count <= 64 else {
      throw InputError(file: file, "expected at most 64 elements, found \(count)")
    }
    var found = [SWEntry?](repeating: nil, count: count * count * count)
    for entry in text.entries {
      let kinds = entry.elements.map { elements.firstIndex(of: $0) ?? 0 }
      let index = (kinds[0] * count + kinds[1]) * count + kinds[2]
      if let earlier = found[index] {
        throw InputError(
          file: file, line: entry.line,
          "expected one entry \(entry.title), found another on line \(earlier.line)")
      }
      found[index] = entry
    }
    var legs = [Leg?](repeating: nil, count: count * count)
    for i in 0..<count {
      for j in 0..<count {
        guard let entry = found[(i * count + j) * count + j] else { continue }
        legs[i * count + j] = try entry.leg(energyUnit: text.energyUnit, file: file)
        // Each pair has one φ: LAMMPS would take either entry, by the numbers of the atoms.
        if j < i, let one = legs[i * count + j], let other = legs[j * count + i],
          !one.samePair(as: other)
        {
          throw InputError(
            file: file, line: entry.line,
            "expected the two-body parameters of entry \(elements[j]) \(elements[i]) "
              + "\(elements[i]), found others in \(entry.title)")
        }
      }
    }
    var angles: [Angle?] = []
    for (index, entry) in found.enumerated() {
      let (i, j, k) = (index / (count * count), index / count % count, index % count)
      let mirror = found[(i * count + k) * count + j]
      angles.append(
        try entry?.angle(with: mirror, energyUnit: text.energyUnit, file: file))
    }
    self.init(
      origin: PotentialOrigin(style: "sw", file: file, bytes: bytes), elements: elements,
      legs: legs, angles: angles)
  }
}

extension StillingerWeber.Leg {
  /// Whether φ is the same; γ may differ, as each centre has its own.
  fileprivate func samePair(as other: Self) -> Bool {
    var other = other
    other.decay = decay
    // Without a two-body term only the angles are left, and each centre has its own.
    if repulsion == 0, attraction == 0, other.repulsion == 0, other.attraction == 0 { return true }
    // With tol the reach depends on γ.
    other.squaredCutoff = squaredCutoff
    return self == other
  }
}

/// One entry of a `.sw` file.
struct SWEntry {
  var line: Int
  var elements: [String]
  /// ε σ a λ γ cosθ₀ A B p q tol.
  var numbers: [Double]

  var title: String { elements.joined(separator: " ") }
  var epsilon: Double { numbers[0] }
  var lambda: Double { numbers[3] }
  var cosine: Double { numbers[5] }

  /// λε and cos θ₀ of the angle j i k, which are those of k i j: the mean of both entries, as
  /// published numbers agree to their last digit only.
  func angle(
    with mirror: SWEntry?, energyUnit: Double, file: String
  ) throws(InputError) -> StillingerWeber.Angle {
    let own = lambda * epsilon * energyUnit
    let other = mirror.map { $0.lambda * $0.epsilon * energyUnit } ?? own
    let otherCosine = mirror?.cosine ?? cosine
    if let mirror, abs(own - other) > 1e-4 * max(own, other) || abs(cosine - otherCosine) > 1e-4 {
      throw InputError(
        file: file, line: max(line, mirror.line),
        "expected equal lambda * epsilon and costheta0 in \(title) and \(mirror.title), found "
          + "\(own), \(cosine) and \(other), \(otherCosine)")
    }
    return StillingerWeber.Angle(
      strength: 0.5 * (own + other), cosine: 0.5 * (cosine + otherCosine))
  }

  /// What the pair i j of an entry i j j needs.
  func leg(energyUnit: Double, file: String) throws(InputError) -> StillingerWeber.Leg {
    let (sigma, a, gamma) = (numbers[1], numbers[2], numbers[4])
    let strength = numbers[6] * epsilon * energyUnit
    if strength != 0, sigma == 0 || a == 0 {
      throw InputError(
        file: file, line: line,
        "expected sigma and a above 0 in entry \(title), found \(sigma) and \(a)")
    }
    let end = sigma * a
    var reach = end
    var tolerance = numbers[10]
    if tolerance > 0, end > 0 {
      // As LAMMPS does: the distance at which the exponential has fallen to tol.
      tolerance = min(tolerance, 0.01)
      reach += (gamma < 1 ? gamma : 1) * sigma / log(tolerance)
    }
    let (p, q) = (numbers[8], numbers[9])
    let leg = StillingerWeber.Leg(
      squaredCutoff: max(reach, 0) * max(reach, 0), end: end, sigma: sigma, decay: gamma * sigma,
      repulsion: strength * numbers[7] * pow(sigma, p), attraction: strength * pow(sigma, q),
      p: p, q: q)
    guard end < 1000, leg.repulsion.isFinite, leg.attraction.isFinite, leg.decay.isFinite else {
      throw InputError(
        file: file, line: line,
        "expected a cutoff below 1000 Å and finite powers in entry \(title), found larger ones")
    }
    return leg
  }
}

/// The words of a `.sw` file, entry by entry.
private struct SWText {
  var entries: [SWEntry] = []
  /// eV in one unit of energy of the file.
  var energyUnit = 1.0

  private static let names = [
    "epsilon", "sigma", "a", "lambda", "gamma", "costheta0", "A", "B", "p", "q", "tol",
  ]
  private static let entryLimit = 64 * 64 * 64
  /// eV in 1 kcal/mol: 4184 J / (N_A e), exact in the SI.
  private static let kilocaloriePerMole = 4184 / (6.02214076e23 * 1.602176634e-19)

  private let file: String
  private var words: [ArraySlice<UInt8>] = []
  private var firstLine = 0
  private var unitsLine: Int?

  init(_ bytes: [UInt8], file: String) throws(InputError) {
    self.file = file
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let comment = line.firstIndex(of: UInt8(ascii: "#")) ?? line.endIndex
      if unitsLine == nil, entries.isEmpty { try readUnits(line[comment...], line: number) }
      try read(line[..<comment], line: number)
    }
    if !words.isEmpty {
      throw InputError(
        file: file, line: firstLine, "expected 14 words in an entry, found \(words.count)")
    }
  }

  /// `UNITS: metal` in a comment before the first entry.
  private mutating func readUnits(
    _ comment: ArraySlice<UInt8>, line: Int
  ) throws(InputError) {
    let words = Self.words(of: comment)
    let tag = Array("UNITS:".utf8)
    guard let index = words.firstIndex(where: { $0.starts(with: tag) }) else { return }
    let value =
      words[index].count > tag.count
      ? words[index].dropFirst(tag.count) : (words.dropFirst(index + 1).first ?? [])
    unitsLine = line
    switch String(decoding: value, as: UTF8.self) {
    case "metal": energyUnit = 1
    case "real": energyUnit = Self.kilocaloriePerMole
    default:
      throw InputError(
        file: file, line: line, "UNITS: expected metal or real, found \(quoted(value))")
    }
  }

  private mutating func read(_ text: ArraySlice<UInt8>, line: Int) throws(InputError) {
    let found = Self.words(of: text)
    guard !found.isEmpty else { return }
    if words.isEmpty { firstLine = line }
    words += found
    guard words.count <= 14 else {
      throw InputError(
        file: file, line: line,
        "expected 14 words in an entry (of three elements and 11 numbers), found \(words.count)")
    }
    guard words.count == 14 else { return }
    guard entries.count < Self.entryLimit else {
      throw InputError(file: file, line: line, "expected at most \(Self.entryLimit) entries")
    }
    var elements: [String] = []
    for word in words.prefix(3) {
      guard word.count <= 32, word.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
        let first = word.first, Self.isLetter(first)
      else {
        throw InputError(
          file: file, line: firstLine, "expected an element, found \(quoted(word))")
      }
      elements.append(String(decoding: word, as: UTF8.self))
    }
    var numbers: [Double] = []
    for (name, word) in zip(Self.names, words.dropFirst(3)) {
      guard let value = decimal(word) else {
        throw InputError(
          file: file, line: line, "\(name): expected a number, found \(quoted(word))")
      }
      guard value >= 0 || name == "costheta0" else {
        throw InputError(file: file, line: line, "\(name): expected at least 0, found \(value)")
      }
      numbers.append(value)
    }
    guard abs(numbers[5]) <= 1 else {
      throw InputError(
        file: file, line: line, "costheta0: expected -1 to 1, found \(numbers[5])")
    }
    entries.append(SWEntry(line: firstLine, elements: elements, numbers: numbers))
    words.removeAll()
  }

  private static func words(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    text.split { $0 == 0x20 || (0x09...0x0d).contains($0) }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5a).contains(byte & 0xdf)
  }
}
