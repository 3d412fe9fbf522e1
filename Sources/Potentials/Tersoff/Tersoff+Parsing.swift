public import Formats

extension Tersoff {
  /// Entries of three elements and 14 numbers, or more.
  static let reader = PotentialReader(
    recognises: { (14...18).contains(numberCount(in: $0)) },
    read: { bytes, file in
      switch numberCount(in: bytes) {
      case 14, 15, 16: break
      case let count:
        throw InputError(
          file: file,
          "expected entries of 17 words (pair_style tersoff), found entries of \(count + 3), as "
            + (count == 17 ? "tersoff/mod" : "tersoff/zbl") + " has")
      }
      return try Tersoff(parsing: bytes, file: file)
    })

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

  private static let layout = ParameterText.Layout(
    names: [
      "m", "gamma", "lambda3", "c", "d", "costheta0", "n", "beta", "lambda2", "B", "R", "D",
      "lambda1", "A",
    ], signed: ["lambda3", "costheta0"],
    check: { numbers in
      if numbers[0] != 1, numbers[0] != 3 { return "m: expected 1 or 3, found \(numbers[0])" }
      if numbers[4] == 0 { return "d: expected a number above 0, found 0" }
      if numbers[9] > 0, numbers[6] == 0 { return "n: expected a number above 0, found 0" }
      if numbers[11] > numbers[10] {
        return "D: expected at most R = \(numbers[10]), found \(numbers[11])"
      }
      if numbers[10] + numbers[11] >= 1000 {
        return "R + D: expected less than 1000 Å, found \(numbers[10] + numbers[11])"
      }
      return numbers.allSatisfy { abs($0) < 1e100 }
        ? nil : "expected numbers below 1e100, found a larger one"
    })

  /// Reads the text of a LAMMPS `.tersoff` file (formats/potentials.md).
  ///
  /// - Throws: `InputError` with the line, for anything but entries of three elements and fourteen
  ///   numbers.
  public init(parsing bytes: [UInt8], file: String) throws(InputError) {
    let text = try ParameterText(bytes, file: file, layout: Self.layout)
    let (elements, found) = try text.table()
    let count = elements.count
    var entries = found.map { $0.map { Entry($0.numbers, energyUnit: text.energyUnit) } }
    for i in 0..<count {
      for j in 0..<i {
        let (here, there) = ((i * count + j) * count + j, (j * count + i) * count + i)
        guard let one = found[here], let other = found[there] else { continue }
        // Each pair has one repulsion: LAMMPS would take either entry, by the numbers of the atoms.
        // Published tables agree to their last digit only: the mean.
        var mean: [Double] = []
        for (name, index) in [("R", 10), ("D", 11), ("lambda1", 12), ("A", 13)] {
          let (x, y) = (one.numbers[index], other.numbers[index])
          guard abs(x - y) <= 1e-4 * max(x, y) else {
            throw InputError(
              file: file, line: max(one.line, other.line),
              "\(name): expected equal numbers in \(other.title) and \(one.title), found \(y) and "
                + "\(x)")
          }
          mean.append(0.5 * (x + y))
        }
        for index in [here, there] {
          entries[index]?.setPair(
            middle: mean[0], half: mean[1], lambda1: mean[2], a: mean[3] * text.energyUnit)
        }
      }
    }
    self.init(
      origin: PotentialOrigin(style: "tersoff", file: file, bytes: bytes), elements: elements,
      entries: entries)
  }
}

extension Tersoff.Entry {
  fileprivate mutating func setPair(middle: Double, half: Double, lambda1: Double, a: Double) {
    (self.middle, self.half, self.lambda1, self.a) = (middle, half, lambda1, a)
  }

  /// m gamma lambda3 c d costheta0 n beta lambda2 B R D lambda1 A.
  init(_ numbers: [Double], energyUnit: Double) {
    isCubed = numbers[0] == 3
    (gamma, lambda3) = (numbers[1], numbers[2])
    (squaredC, squaredD) = (numbers[3] * numbers[3], numbers[4] * numbers[4])
    (cosine, n, beta) = (numbers[5], numbers[6], numbers[7])
    (lambda2, b) = (numbers[8], numbers[9] * energyUnit)
    (middle, half) = (numbers[10], numbers[11])
    (lambda1, a) = (numbers[12], numbers[13] * energyUnit)
  }
}
