public import Formats

extension Tersoff {
  /// Entries of three elements and 14 numbers, or more.
  static let reader = PotentialReader(
    recognises: { (14...18).contains(numberCount(in: $0)) },
    read: { bytes, file in try Tersoff(parsing: bytes, file: file) })

  /// How many numbers follow the first three elements, until the next element.
  private static func numberCount(in bytes: [UInt8]) -> Int {
    var count = 0
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      for word in ParameterText.words(of: line.prefix { $0 != UInt8(ascii: "#") }) {
        if count >= 3, let first = word.first, ParameterText.isLetter(first) { return count - 3 }
        count += 1
        if count > 30 { return 0 }
      }
    }
    return max(0, count - 3)
  }

  /// Reads the text of a LAMMPS `.tersoff` file (formats/potentials.md), of the style that the length
  /// of its first entry tells.
  ///
  /// - Throws: `InputError` with the line, for anything but entries of three elements and as many
  ///   numbers as the style has.
  public init(parsing bytes: [UInt8], file: String) throws(InputError) {
    let numbers = Self.numberCount(in: bytes)
    let style = Style.allCases.first { $0.names.count == numbers } ?? .plain
    let text = try ParameterText(bytes, file: file, layout: style.layout)
    let (elements, found) = try text.table()
    let count = elements.count
    var entries = found.map {
      $0.map { Entry($0.numbers, style: style, energyUnit: text.energyUnit) }
    }
    for i in 0..<count {
      for j in 0..<i {
        let (here, there) = ((i * count + j) * count + j, (j * count + i) * count + i)
        guard let one = found[here], let other = found[there] else { continue }
        // Each pair has one repulsion: LAMMPS would take either entry, by the numbers of the atoms.
        // Published tables agree to their last digit only: the mean.
        var mean = one.numbers
        for name in style.namesOfPairs {
          guard let index = style.names.firstIndex(of: name) else { continue }
          let (x, y) = (one.numbers[index], other.numbers[index])
          guard abs(x - y) <= 1e-4 * max(x, y) else {
            throw InputError(
              file: file, line: max(one.line, other.line),
              "\(name): expected equal numbers in \(other.title) and \(one.title), found \(y) and "
                + "\(x)")
          }
          mean[index] = 0.5 * (x + y)
        }
        let pair = Entry(mean, style: style, energyUnit: text.energyUnit)
        entries[here]?.setPair(pair)
        entries[there]?.setPair(pair)
      }
    }
    self.init(
      origin: PotentialOrigin(style: style.rawValue, file: file, bytes: bytes),
      elements: elements, entries: entries)
  }
}

extension Tersoff.Entry {
  /// Takes what a pair has in common.
  fileprivate mutating func setPair(_ pair: Tersoff.Entry) {
    (middle, half, lambda1, a) = (pair.middle, pair.half, pair.lambda1, pair.a)
    if nuclei != nil { nuclei = pair.nuclei }
  }
}
