/// A coordinate of a site in fractions of a conventional vector, a whole-number fraction and
/// multiples of the internal parameters: "1/2-u", "3/8", "-x+1/4".
///
/// As fractions stay whole numbers, a site of any supercell is computed with one rounding.
struct Coordinate: Equatable, Sendable {
  /// Numerator and positive denominator of the constant.
  private(set) var numerator = 0
  private(set) var denominator = 1
  /// Factor of each internal parameter, shape [parameters].
  private(set) var factors: [Int]

  /// - Parameters:
  ///   - text: Terms with signs: whole numbers, fractions, names of parameters.
  ///   - parameters: Names, one letter each.
  /// - Precondition: The text is one; prototypes are written by us.
  init(_ text: Substring, parameters: [Character]) {
    factors = [Int](repeating: 0, count: parameters.count)
    var (sign, rest) = (1, text)
    precondition(!text.isEmpty, "coordinate: expected a term, found none")
    while let first = rest.first {
      if first == "+" || first == "-" {
        sign = first == "-" ? -1 : 1
        rest = rest.dropFirst()
        continue
      }
      let term = rest.prefix { $0 != "+" && $0 != "-" }
      rest = rest.dropFirst(term.count)
      if let name = term.first, let index = parameters.firstIndex(of: name), term.count == 1 {
        factors[index] += sign
      } else {
        let parts = term.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count <= 2, let top = parts[0], let bottom = parts.count == 2 ? parts[1] : 1,
          bottom > 0
        else { preconditionFailure("coordinate: expected a fraction, found '\(term)'") }
        (numerator, denominator) = (
          numerator * bottom + sign * top * denominator, denominator * bottom
        )
      }
      sign = 1
    }
  }

  /// The coordinate moved by `steps` / `parts` of the vector, with the parameters at their values.
  func value(steps: Int, of parts: Int, parameters: [Double]) -> Double {
    let fixed =
      Double(steps * denominator + numerator * parts) / Double(parts * denominator)
    var result = fixed
    for (factor, value) in zip(factors, parameters) where factor != 0 {
      result += Double(factor) * value
    }
    return result
  }
}
