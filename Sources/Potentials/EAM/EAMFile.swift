internal import Base
internal import Formats

/// The tables of a funcfl, setfl or eam/fs file of LAMMPS, in eV and Å.
struct EAMFile: Sendable {
  var style: String
  var elements: [String] = []
  var densityStep = 0.0
  var step = 0.0
  var cutoff = 0.0
  /// F of each element.
  var embedding: [[Double]] = []
  /// f of each element, or of each element at each (eam/fs), shape [n, n].
  var density: [[Double]] = []
  /// r φ of elements (0, 0), (1, 0), (1, 1), (2, 0), ...
  var pair: [[Double]] = []

  /// Tables shorter or longer than this are none.
  static let tableSizes = 5...1_000_000
  /// eV Å, for pairs of effective charges: 27.2 eV times 0.529 Å, the constants of the format.
  private static let chargeUnit = 27.2 * 0.529

  /// Whether bytes look like a setfl file: the fourth line counts and names elements.
  static func isSetfl(_ bytes: [UInt8]) -> Bool {
    let words = TableText.words(ofLine: 4, in: bytes)
    guard words.first.flatMap(TableText.integer) != nil, words.count >= 2 else { return false }
    return words.dropFirst().allSatisfy { TableText.isLetter($0.first) }
  }

  /// Whether bytes look like a funcfl file: the second line starts with a whole number and a mass,
  /// the third holds five numbers, the first and third of them whole.
  static func isFuncfl(_ bytes: [UInt8]) -> Bool {
    let (second, third) = (
      TableText.words(ofLine: 2, in: bytes), TableText.words(ofLine: 3, in: bytes)
    )
    guard second.count >= 2, third.count >= 5 else { return false }
    return TableText.integer(second[0]) != nil && decimal(second[1]) != nil
      && TableText.integer(third[0]) != nil && TableText.integer(third[2]) != nil
      && decimal(third[1]) != nil
  }

  init(setfl bytes: [UInt8], file: String) throws(InputError) {
    var text = try TableText(bytes, file: file, skipping: 3)
    let unit = try TableText.energyUnit(of: bytes, file: file)
    let names = text.line(atLeast: 2)
    let count = names.words.first.flatMap { TableText.integer($0) } ?? 0
    guard (1...64).contains(count), names.words.count >= count + 1 else {
      throw InputError(
        file: file, line: names.line,
        "expected a number of elements from 1 to 64 and their names, found "
          + "\(names.words.count - 1) names behind \(quoted(names.words.first ?? []))")
    }
    style = "eam/alloy"
    elements = names.words[1...count].map { String(decoding: $0, as: UTF8.self) }
    guard Set(elements).count == count else {
      throw InputError(file: file, line: names.line, "expected different elements, found one twice")
    }
    let sizes = try readGrid(&text)
    // One density an element, or one for each element at each: the number of words says which.
    let shared = count * (4 + sizes.rho + sizes.r) + count * (count + 1) / 2 * sizes.r
    let surplus = count * (count - 1) * sizes.r
    let isFinnisSinclair = count > 1 && text.remaining > shared + surplus / 2
    if isFinnisSinclair { style = "eam/fs" }
    for element in elements {
      let header = text.line(atLeast: 2)
      guard header.words.count >= 2, TableText.integer(header.words[0]) != nil,
        decimal(header.words[1]) != nil
      else {
        throw InputError(
          file: file, line: header.line,
          "expected the atomic number and mass of \(element), found "
            + quoted(header.words.first ?? []))
      }
      embedding.append(
        try text.numbers(sizes.rho, "F of \(element)").map { $0 * unit })
      for other in isFinnisSinclair ? elements : [element] {
        density.append(
          try text.numbers(
            sizes.r,
            isFinnisSinclair
              ? "the density of \(element) at \(other)" : "the density of \(element)"))
      }
    }
    for (first, element) in elements.enumerated() {
      for other in elements[...first] {
        pair.append(
          try text.numbers(sizes.r, "r phi of \(element) and \(other)").map { $0 * unit })
      }
    }
    try text.expectEnd()
  }

  init(funcfl bytes: [UInt8], file: String) throws(InputError) {
    var text = try TableText(bytes, file: file, skipping: 1)
    let unit = try TableText.energyUnit(of: bytes, file: file)
    style = "eam"
    let header = text.line(atLeast: 2)
    guard let number = header.words.first.flatMap({ TableText.integer($0) }),
      let element = Element(atomicNumber: number)
    else {
      throw InputError(
        file: file, line: header.line,
        "expected the atomic number of an element, found \(quoted(header.words.first ?? []))")
    }
    elements = [element.symbol]
    let sizes = try readGrid(&text)
    // LAMMPS keeps one value less of each table.
    embedding = [
      try text.numbers(sizes.rho, "F of \(element.symbol)").dropLast().map { $0 * unit }
    ]
    let charge = try text.numbers(sizes.r, "the effective charge of \(element.symbol)")
    pair = [charge.dropLast().map { Self.chargeUnit * unit * $0 * $0 }]
    density = [try text.numbers(sizes.r, "the density of \(element.symbol)").dropLast()]
    try text.expectEnd()
  }

  /// nrho, drho, nr, dr and the cutoff.
  private mutating func readGrid(
    _ text: inout TableText
  ) throws(InputError) -> (rho: Int, r: Int) {
    let line = text.line(atLeast: 5)
    let words = line.words
    guard words.count >= 5, let rho = TableText.integer(words[0]),
      let r = TableText.integer(words[2]), let densityStep = decimal(words[1]),
      let step = decimal(words[3]), let cutoff = decimal(words[4])
    else {
      throw InputError(
        file: text.file, line: line.line,
        "expected nrho drho nr dr cutoff, found "
          + quoted(Array(words.prefix(5).joined(separator: [0x20]))))
    }
    for (name, size) in [("nrho", rho), ("nr", r)] where !Self.tableSizes.contains(size) {
      throw InputError(
        file: text.file, line: line.line, "\(name): expected 5 to 1000000, found \(size)")
    }
    for (name, value) in [("drho", densityStep), ("dr", step), ("cutoff", cutoff)]
    where !(value > 0) {
      throw InputError(
        file: text.file, line: line.line, "\(name): expected a number above 0, found \(value)")
    }
    let end = Double(r) * step
    guard cutoff <= end * (1 + 1e-6), cutoff < 1000 else {
      throw InputError(
        file: text.file, line: line.line,
        "cutoff: expected at most nr dr = \(end) and less than 1000 Å, found \(cutoff)")
    }
    (self.densityStep, self.step, self.cutoff) = (densityStep, step, cutoff)
    return (rho, r)
  }
}

extension EmbeddedAtom {
  /// setfl and eam/fs files, told apart by their length.
  static let reader = PotentialReader(
    recognises: EAMFile.isSetfl,
    read: { bytes, file in
      let tables = try EAMFile(setfl: bytes, file: file)
      let origin = PotentialOrigin(style: tables.style, file: file, bytes: bytes)
      return try EmbeddedAtom(tables, origin: origin)
    })

  static let funcflReader = PotentialReader(
    recognises: EAMFile.isFuncfl,
    read: { bytes, file in
      let tables = try EAMFile(funcfl: bytes, file: file)
      let origin = PotentialOrigin(style: tables.style, file: file, bytes: bytes)
      return try EmbeddedAtom(tables, origin: origin)
    })
}
